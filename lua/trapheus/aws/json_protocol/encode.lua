--- Parameters to the JSON of a request, as the service's model says.
local json = require "trapheus.json"
local scalars = require "trapheus.aws.query.scalars"
local shapes = require "trapheus.aws.shapes"

local encode_value -- (walk, ref, value, path in messages)

local function encode_list(walk, shape, value, path)
  if next(value) ~= nil and not json.is_list(value) then shapes.wrong_type(walk, "list", value, path) end
  local list = json.list {}
  for i, item in ipairs(value) do list[i] = encode_value(walk, shape.member, item, ("%s[%d]"):format(path, i)) end
  return list
end

local function encode_map(walk, shape, value, path)
  local map = {}
  for _, name in ipairs(shapes.sorted_keys(value, walk, path)) do
    map[name] = encode_value(walk, shape.value, value[name], ("%s[%q]"):format(path, name))
  end
  return map
end

local function encode_structure(walk, shape, value, path)
  if shape.document then return value end
  shapes.check_members(walk, shape, value, path)
  local structure = {}
  for name, ref in pairs(shape.members) do
    local member = value[name]
    if member == nil and ref.idempotencyToken then member = shapes.new_token(walk) end
    if member ~= nil and member ~= json.null then
      structure[ref.locationName or name] = encode_value(walk, ref, member, shapes.dot(path, name))
    end
  end
  return structure
end

local CONTAINERS = { list = encode_list, map = encode_map, structure = encode_structure }

--- What JSON has a word for, it has as that.
local PLAIN = { integer = true, long = true, float = true, double = true, timestamp = true }

local function encode_scalar(walk, ref, shape, value, path)
  if shape.type == "boolean" and type(value) == "boolean" then return value end
  local format = ref.timestampFormat or shape.timestampFormat or "unixTimestamp"
  local text = scalars.text[shape.type](value, format)
  if not text then shapes.wrong_type(walk, shape.type, value, path) end
  return PLAIN[shape.type] and tonumber(text) or text
end

function encode_value(walk, ref, value, path)
  local shape = walk.shapes[ref.shape]
  local container = CONTAINERS[shape.type]
  if value == json.null or shape.document then return value end
  if not container then return encode_scalar(walk, ref, shape, value, path) end
  if type(value) ~= "table" then shapes.wrong_type(walk, shape.type, value, path) end
  return container(walk, shape, value, path)
end

--- The body of a call; raises a message without a place for what the model does not allow.
---@param service trapheus.Model
---@param operation string
---@param params table
---@param random_bytes fun(count: integer): string
---@return string
return function(service, operation, params, random_bytes)
  local walk = { shapes = service.shapes, operation = operation, random_bytes = random_bytes }
  return json.encode(encode_structure(walk, shapes.input(service, operation), params, ""))
end
