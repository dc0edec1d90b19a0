-- Writes a C file that holds the given files, so that the program needs none of them at run time.
-- usage: lua5.4 bundle.lua OUTPUT ROOT FILE…
-- Names are as `require` or a user would say them: "trapheus/cli.lua", "scripts/restore.lua".
-- Modules are compiled, as parsing them would be most of our own part of start-up, with what tracebacks need. Scripts,
-- scenarios and data stay texts, as they are read as such. What fills a page of memory is kept as gzip makes it; less
-- is read sooner than it would be unpacked.

local output, root = arg[1], arg[2] .. "/"
local PAGE_BYTES = 4096

local function bundled_name(path)
  if path:sub(1, #root) ~= root then return path:match "[^/]+$" end
  return (path:sub(#root + 1):gsub("^lua/", ""))
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function bundled_text(path, name)
  local text = read(path)
  local is_module = name:find "%.lua$" and not name:find "^scripts/" and not name:find "^trapheus/sandbox/scenarios/"
  return is_module and string.dump(assert(load(text, "@" .. name, "t"))) or text
end

local function packed(text)
  local name = output .. ".unpacked"
  local file = assert(io.open(name, "wb"))
  assert(file:write(text))
  assert(file:close())
  local gzip = assert(io.popen("gzip -9nc <'" .. name .. "'", "r"))
  local result = gzip:read "a"
  assert(gzip:close())
  assert(os.remove(name))
  return result
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
  local name = bundled_name(arg[i])
  local text = bundled_text(arg[i], name)
  local is_packed = #text >= PAGE_BYTES
  if is_packed then text = packed(text) end
  arrays[#arrays + 1] = ("static const unsigned char f%d[] = {%s};"):format(i, bytes(text))
  rows[#rows + 1] = ('    {"%s", (const char *)f%d, %d, %s},'):format(name, i, #text, is_packed)
end
table.sort(rows)

local file = assert(io.open(output, "wb"))
file:write('#include "bundle.h"\n\n', table.concat(arrays, "\n"), "\n\nconst struct bundled bundle[] = {\n",
  table.concat(rows, "\n"), "\n    {NULL, NULL, 0, false},\n};\n")
assert(file:close())
