--- Parameters to the pairs of a form, as the service's model says. `walk` carries the shapes, the pairs so far and the
--- operation, for the messages.
local core = require "trapheus.core"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local scalars = require "trapheus.aws.query.scalars"
local shapes = require "trapheus.aws.shapes"

---@class trapheus.aws.EncodeWalk : trapheus.aws.Walk
---@field pairs string[][]

local dot = shapes.dot

local function add(walk, key, text)
  walk.pairs[#walk.pairs + 1] = { key, text }
end

local encode_value -- (walk, ref, value, key on the wire, path in messages)

--- A flattened list whose own place in the request has no wire name takes that of its members.
local function flattened_key(ref, shape, key)
  local name = not ref.locationName and shape.member.locationName
  return name and key:gsub("[^.]*$", name) or key
end

-- A hundred names in each look of a fleet: where an item stands is only written down for the message.
local function encode_scalars(walk, ref, shape, list, prefix, path)
  local text_of, format = scalars.text[shape.type], ref.timestampFormat or shape.timestampFormat
  for i, item in ipairs(list) do
    local text = text_of(item, format)
    if not text then shapes.wrong_type(walk, shape.type, item, ("%s[%d]"):format(path, i)) end
    add(walk, dot(prefix, i), text)
  end
end

local CONTAINERS = { list = true, map = true, structure = true } -- and how each is written, below

local function encode_list(walk, ref, shape, value, key, path)
  if next(value) == nil then return add(walk, key, "") end
  if not json.is_list(value) then shapes.wrong_type(walk, "list", value, path) end
  local prefix = model.is_flattened(ref, shape) and flattened_key(ref, shape, key)
    or dot(key, shape.member.locationName or "member")
  local member = walk.shapes[shape.member.shape]
  if not CONTAINERS[member.type] then return encode_scalars(walk, shape.member, member, value, prefix, path) end
  for i, item in ipairs(value) do
    encode_value(walk, shape.member, item, dot(prefix, i), ("%s[%d]"):format(path, i))
  end
end

local function encode_map(walk, ref, shape, value, key, path)
  local prefix = model.is_flattened(ref, shape) and key or dot(key, "entry")
  for i, name in ipairs(shapes.sorted_keys(value, walk, path)) do
    local entry = dot(prefix, i)
    local inner = ("%s[%q]"):format(path, name)
    encode_value(walk, shape.key, name, dot(entry, shape.key.locationName or "key"), inner)
    encode_value(walk, shape.value, value[name], dot(entry, shape.value.locationName or "value"), inner)
  end
end

local function encode_structure(walk, _, shape, value, key, path)
  shapes.check_members(walk, shape, value, path)
  for _, name in ipairs(shapes.members(shape, walk)) do
    local ref = shape.members[name]
    local member = value[name]
    if member == nil and ref.idempotencyToken then member = shapes.new_token(walk) end
    if member ~= nil then
      encode_value(walk, ref, member, dot(key, ref.locationName or name), dot(path, name))
    end
  end
end

CONTAINERS.list, CONTAINERS.map, CONTAINERS.structure = encode_list, encode_map, encode_structure

function encode_value(walk, ref, value, key, path)
  local shape = walk.shapes[ref.shape]
  local container = CONTAINERS[shape.type]
  if container then
    if type(value) ~= "table" then shapes.wrong_type(walk, shape.type, value, path) end
    return container(walk, ref, shape, value, key, path)
  end
  local text = scalars.text[shape.type](value, ref.timestampFormat or shape.timestampFormat)
  if not text then shapes.wrong_type(walk, shape.type, value, path) end
  add(walk, key, text)
end

--- The form body of a call; raises a message without a place for what the model does not allow.
---@param service trapheus.Model
---@param operation string
---@param params table
---@param random_bytes fun(count: integer): string
---@return string
return function(service, operation, params, random_bytes)
  local walk = { shapes = service.shapes, operation = operation, random_bytes = random_bytes,
    pairs = { { "Action", operation }, { "Version", service.metadata.apiVersion } } }
  encode_structure(walk, nil, shapes.input(service, operation), params, "", "")
  return core.form.encode(walk.pairs)
end
