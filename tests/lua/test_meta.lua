--- lua/meta says what the C module has: no more, no less.
local core = require "trapheus.core"
local tests = {}

local META <const> = "lua/meta"

local function declared()
  local found = {}
  local pipe <close> = assert(io.popen("find " .. META .. " -name '*.lua' -exec cat {} +"))
  for line in pipe:lines() do
    local name = line:match "^function ([%w_.:]+)%("
    if name then
      assert(not found[name], name .. " is declared twice")
      found[name] = true
    end
  end
  return found
end

local function add_functions(found, prefix, library)
  for name, value in pairs(library) do
    if type(value) == "function" then
      found[prefix .. name] = true
    elseif type(value) == "table" then
      add_functions(found, prefix .. name .. ".", value)
    end
  end
end

-- "trapheus.loop" -> Loop, and its methods. Where __index is a function they are its upvalue; that of
-- credentials has none, and `close` is all there is.
local function add_class(found, name, index)
  local methods = type(index) == "function" and select(2, debug.getupvalue(index, 1)) or index
  if name == "trapheus.credentials" then methods = { close = index } end
  assert(type(methods) == "table", name)
  add_functions(found, name:match("%.(.+)"):gsub("^%l", string.upper) .. ":", methods)
end

local function registered()
  local found = {}
  add_functions(found, "core.", core)
  found["core.bundled"] = nil -- a field: the program puts it there
  for name, value in pairs(debug.getregistry()) do
    local index = type(name) == "string" and name:find "^trapheus%." and value.__index
    if index then add_class(found, name, index) end
  end
  return found
end

local function missing(from, present)
  local names = {}
  for name in pairs(present) do
    if not from[name] then names[#names + 1] = name end
  end
  table.sort(names)
  return table.concat(names, " ")
end

function tests.everything_registered_is_declared()
  local names = missing(declared(), registered())
  assert(names == "", "not in " .. META .. ": " .. names)
end

function tests.everything_declared_is_registered()
  local names = missing(registered(), declared())
  assert(names == "", "only in " .. META .. ": " .. names)
end

function tests.credentials_close()
  local credentials = core.credentials { access_key_id = "a", secret_access_key = "b" }
  credentials:close()
  assert(credentials.access_key_id == nil)
end

return tests
