-- Writes a C file that holds the given files, so that the program needs none of them at run time.
-- usage: lua5.4 bundle.lua OUTPUT ROOT FILE…
-- JSON is kept as gzip makes it.
-- Names are as `require` or a user would say them: "trapheus/cli.lua", "scripts/restore.lua".

local output, root = arg[1], arg[2] .. "/"

local function bundled_name(path)
  if path:sub(1, #root) ~= root then return path:match "[^/]+$" end
  return (path:sub(#root + 1):gsub("^lua/", ""))
end

local function content(path)
  local packed = path:find "%.json$"
  local file = packed and assert(io.popen("gzip -9nc '" .. path .. "'", "r")) or assert(io.open(path, "rb"))
  local text = file:read "a"
  assert(file:close())
  return text, packed and "true" or "false"
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
  local text, packed = content(arg[i])
  arrays[#arrays + 1] = ("static const unsigned char f%d[] = {%s};"):format(i, #text > 0 and bytes(text) or "0")
  rows[#rows + 1] = ('    {"%s", (const char *)f%d, %d, %s},'):format(bundled_name(arg[i]), i, #text, packed)
end
table.sort(rows)

local file = assert(io.open(output, "wb"))
file:write('#include "bundle.h"\n\n', table.concat(arrays, "\n"), "\n\nconst struct bundled bundle[] = {\n",
  table.concat(rows, "\n"), "\n    {NULL, NULL, 0, false},\n};\n")
assert(file:close())
