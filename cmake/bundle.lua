-- Writes a C file that holds the given files, so that the program needs none of them at run time.
-- usage: lua5.4 bundle.lua OUTPUT ROOT FILE…
-- Each is kept as gzip makes it.
-- Names are as `require` or a user would say them: "trapheus/cli.lua", "scripts/restore.lua".

local output, root = arg[1], arg[2] .. "/"

local function bundled_name(path)
  if path:sub(1, #root) ~= root then return path:match "[^/]+$" end
  return (path:sub(#root + 1):gsub("^lua/", ""))
end

local function packed(path)
  local file = assert(io.popen("gzip -9nc '" .. path .. "'", "r"))
  local text = file:read "a"
  assert(file:close())
  return text
end

local function bytes(text)
  local numbers = {}
  for i = 1, #text, 24 do
    numbers[#numbers + 1] = table.concat({ text:byte(i, i + 23) }, ",")
  end
  return table.concat(numbers, ",\n")
end

local arrays, rows = {}, {}
for i = 3, #arg do
  local text = packed(arg[i])
  arrays[#arrays + 1] = ("static const unsigned char f%d[] = {%s};"):format(i, bytes(text))
  rows[#rows + 1] = ('    {"%s", (const char *)f%d, %d},'):format(bundled_name(arg[i]), i, #text)
end
table.sort(rows)

local file = assert(io.open(output, "wb"))
file:write('#include "bundle.h"\n\n', table.concat(arrays, "\n"), "\n\nconst struct bundled bundle[] = {\n",
  table.concat(rows, "\n"), "\n    {NULL, NULL, 0},\n};\n")
assert(file:close())
