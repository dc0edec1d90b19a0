--- Parameters to the pairs of a form, as the service's model says. `walk` carries the shapes, the pairs so far and the
--- operation, for the messages.
local core = require "trapheus.core"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local scalars = require "trapheus.aws.query.scalars"

---@class trapheus.aws.EncodeWalk
---@field shapes table<string, table>
---@field pairs string[][]
---@field operation string
---@field random_bytes fun(count: integer): string

local ARTICLES = { integer = "an integer", list = "a list", structure = "a table", map = "a table" }

local function wrong_type(walk, kind, value, path)
  error(("%s of %s must be %s, got %s"):format(path, walk.operation, ARTICLES[kind] or "a " .. kind,
    json.is_list(value) and "list" or type(value) == "number" and tostring(value) or type(value)), 0)
end

local function add(walk, key, text)
  walk.pairs[#walk.pairs + 1] = { key, text }
end

local function dot(prefix, name)
  return prefix == "" and name or prefix .. "." .. name
end

local function sorted_keys(value, walk, path)
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" then error(("%s of %s has a key that is no string"):format(path, walk.operation), 0) end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local encode_value -- (walk, ref, value, key on the wire, path in messages)

--- A flattened list whose own place in the request has no wire name takes that of its members.
local function flattened_key(ref, shape, key)
  local name = not ref.locationName and shape.member.locationName
  return name and key:gsub("[^.]*$", name) or key
end

local function encode_list(walk, ref, shape, value, key, path)
  if next(value) == nil then return add(walk, key, "") end
  if not json.is_list(value) then wrong_type(walk, "list", value, path) end
  local prefix = model.is_flattened(ref, shape) and flattened_key(ref, shape, key)
    or dot(key, shape.member.locationName or "member")
  for i, item in ipairs(value) do
    encode_value(walk, shape.member, item, dot(prefix, i), ("%s[%d]"):format(path, i))
  end
end

local function encode_map(walk, ref, shape, value, key, path)
  local prefix = model.is_flattened(ref, shape) and key or dot(key, "entry")
  for i, name in ipairs(sorted_keys(value, walk, path)) do
    local entry = dot(prefix, i)
    local inner = ("%s[%q]"):format(path, name)
    encode_value(walk, shape.key, name, dot(entry, shape.key.locationName or "key"), inner)
    encode_value(walk, shape.value, value[name], dot(entry, shape.value.locationName or "value"), inner)
  end
end

--- A random UUID, version 4.
local function new_token(random_bytes)
  local a, b, c, d, e, f = string.unpack(">I4I2I2I2I2I4", random_bytes(16))
  return ("%08x-%04x-4%03x-%04x-%04x%08x"):format(a, b, c & 0xfff, d & 0x3fff | 0x8000, e, f)
end

local function check_members(walk, shape, value, path)
  for _, name in ipairs(sorted_keys(value, walk, path == "" and "the parameters" or path)) do
    if not shape.members[name] then
      local hint = model.hint(name, shape.members)
      error(("unknown parameter %s of %s%s"):format(dot(path, name), walk.operation, hint), 0)
    end
  end
  for _, name in ipairs(shape.required or {}) do
    if value[name] == nil and not shape.members[name].idempotencyToken then
      error(("missing parameter %s of %s"):format(dot(path, name), walk.operation), 0)
    end
  end
end

local function encode_structure(walk, _, shape, value, key, path)
  check_members(walk, shape, value, path)
  for _, name in ipairs(sorted_keys(shape.members, walk, path)) do
    local ref = shape.members[name]
    local member = value[name]
    if member == nil and ref.idempotencyToken then member = new_token(walk.random_bytes) end
    if member ~= nil then
      encode_value(walk, ref, member, dot(key, ref.locationName or name), dot(path, name))
    end
  end
end

local CONTAINERS = { list = encode_list, map = encode_map, structure = encode_structure }

function encode_value(walk, ref, value, key, path)
  local shape = walk.shapes[ref.shape]
  local container = CONTAINERS[shape.type]
  if container then
    if type(value) ~= "table" then wrong_type(walk, shape.type, value, path) end
    return container(walk, ref, shape, value, key, path)
  end
  local text = scalars.text[shape.type](value, ref.timestampFormat or shape.timestampFormat)
  if not text then wrong_type(walk, shape.type, value, path) end
  add(walk, key, text)
end

local NO_INPUT = { type = "structure", members = {} }

--- The form body of a call; raises a message without a place for what the model does not allow.
---@param service trapheus.Model
---@param operation string
---@param params table
---@param random_bytes fun(count: integer): string
---@return string
return function(service, operation, params, random_bytes)
  local definition = service.operations[operation]
  local walk = { shapes = service.shapes, operation = operation, random_bytes = random_bytes,
    pairs = { { "Action", operation }, { "Version", service.metadata.apiVersion } } }
  local input = definition.input and service.shapes[definition.input.shape] or NO_INPUT
  encode_structure(walk, nil, input, params, "", "")
  return core.form.encode(walk.pairs)
end
