--- What every protocol checks of parameters before it writes them. A walk carries the shapes of the service, the
--- operation for messages, and where random bytes come from.
local json = require "trapheus.json"
local model = require "trapheus.aws.model"

local shapes = {}

---@class trapheus.aws.Walk
---@field shapes table<string, table>
---@field operation string
---@field random_bytes fun(count: integer): string

local ARTICLES = { integer = "an integer", list = "a list", structure = "a table", map = "a table" }

--- Raises: the value is not of that kind.
---@param walk trapheus.aws.Walk
---@param kind string
---@param value any
---@param path string
function shapes.wrong_type(walk, kind, value, path)
  error(("%s of %s must be %s, got %s"):format(path, walk.operation, ARTICLES[kind] or "a " .. kind,
    json.is_list(value) and "list" or type(value) == "number" and tostring(value) or type(value)), 0)
end

---@param prefix string
---@param name string|integer
---@return string
function shapes.dot(prefix, name)
  return prefix == "" and tostring(name) or prefix .. "." .. name
end

--- The keys of a structure or map, which are strings, in order.
---@param value table
---@param walk trapheus.aws.Walk
---@param path string
---@return string[]
function shapes.sorted_keys(value, walk, path)
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" then error(("%s of %s has a key that is no string"):format(path, walk.operation), 0) end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local in_order = setmetatable({}, { __mode = "k" }) -- shape -> the names of its members

--- The names of a structure's members, in order.
---@param shape table
---@param walk trapheus.aws.Walk
---@return string[]
function shapes.members(shape, walk)
  local names = in_order[shape] or shapes.sorted_keys(shape.members, walk, "a shape")
  in_order[shape] = names
  return names
end

-- The first in order that the structure does not have.
local function refuse_unknown(walk, shape, value, path)
  for _, name in ipairs(shapes.sorted_keys(value, walk, path == "" and "the parameters" or path)) do
    if not shape.members[name] then
      local hint = model.hint(name, shape.members)
      error(("unknown parameter %s of %s%s"):format(shapes.dot(path, name), walk.operation, hint), 0)
    end
  end
end

--- Raises for a member that the structure does not have, or lacks.
---@param walk trapheus.aws.Walk
---@param shape table
---@param value table
---@param path string
function shapes.check_members(walk, shape, value, path)
  for name in pairs(value) do
    if not shape.members[name] then refuse_unknown(walk, shape, value, path) end
  end
  for _, name in ipairs(shape.required or {}) do
    if value[name] == nil and not shape.members[name].idempotencyToken then
      error(("missing parameter %s of %s"):format(shapes.dot(path, name), walk.operation), 0)
    end
  end
end

--- A random UUID, version 4, for a member that makes repeated requests one.
---@param walk trapheus.aws.Walk
---@return string
function shapes.new_token(walk)
  local a, b, c, d, e, f = string.unpack(">I4I2I2I2I2I4", walk.random_bytes(16))
  return ("%08x-%04x-4%03x-%04x-%04x%08x"):format(a, b, c & 0xfff, d & 0x3fff | 0x8000, e, f)
end

--- The structure that an operation takes.
---@param service trapheus.Model
---@param operation string
---@return table
function shapes.input(service, operation)
  local definition = service.operations[operation]
  return definition.input and service.shapes[definition.input.shape] or { type = "structure", members = {} }
end

return shapes
