--- The JSON of a reply to a table, as the service's model says.
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local scalars = require "trapheus.aws.query.scalars"

local decode_value -- (shapes, ref, value, path)

local function decode_list(shapes, shape, value, path)
  local list = json.list {}
  for i, item in ipairs(value) do list[i] = decode_value(shapes, shape.member, item, ("%s[%d]"):format(path, i)) end
  return list
end

local function decode_map(shapes, shape, value, path)
  local map = {}
  for name, item in pairs(value) do map[name] = decode_value(shapes, shape.value, item, path .. "." .. name) end
  return map
end

--- Members that the model does not have, and nulls, are passed over.
local function decode_structure(shapes, shape, value, path)
  if shape.document then return value end
  local structure = {}
  for name, ref in pairs(shape.members) do
    local member = value[ref.locationName or name]
    if member ~= nil and member ~= json.null then
      structure[name] = decode_value(shapes, ref, member, path .. "." .. name)
    end
  end
  return structure
end

local CONTAINERS = { list = decode_list, map = decode_map, structure = decode_structure }
local AS_THEY_ARE = { integer = "number", long = "number", float = "number", double = "number", timestamp = "number",
  boolean = "boolean", string = "string", character = "string" }

local function decode_scalar(shape, value, path)
  if type(value) == AS_THEY_ARE[shape.type] then
    local whole = math.type(value) == "float" and shape.type ~= "float" and shape.type ~= "double"
    return whole and math.tointeger(value) or value
  end
  local found = type(value) == "string" and scalars.value[shape.type](value)
  if found == nil or found == false then error(("%s is no %s"):format(path, shape.type), 0) end
  return found
end

function decode_value(shapes, ref, value, path)
  local shape = shapes[ref.shape]
  local container = CONTAINERS[shape.type]
  if value == json.null or shape.document then return value end
  if not container then return decode_scalar(shape, value, path) end
  if type(value) ~= "table" then error(("%s is no %s"):format(path, shape.type), 0) end
  return container(shapes, shape, value, path)
end

local function parse(text)
  if text == "" then return {} end
  local ok, document = pcall(json.decode, text)
  if not ok or type(document) ~= "table" or json.is_list(document) then error("the reply is no JSON object", 0) end
  return document
end

--- "namespace#Code:http://…" -> "Code"
local function bare_code(text)
  return type(text) == "string" and text:gsub(":.*$", ""):gsub("^.*#", "") or nil
end

local function error_shape(service, operation, code)
  for _, ref in ipairs(service.operations[operation].errors or {}) do
    local shape = service.shapes[ref.shape]
    if (shape.error and shape.error.code or ref.shape) == code then return ref end
  end
end

local decode = {}

--- The result of a reply; raises a message for what is not the operation's.
---@param service trapheus.Model
---@param operation string
---@param text string
---@return table
function decode.result(service, operation, text)
  local output = service.operations[operation].output
  local document = parse(text)
  return output and decode_value(service.shapes, output, document, operation) or {}
end

--- The error that a reply tells of, with what the model has beside code and message.
---@param service trapheus.Model
---@param operation string
---@param text string
---@param header? string  x-amzn-errortype
---@return trapheus.Error
function decode.failure(service, operation, text, header)
  local ok, document = pcall(parse, text)
  document = ok and document or {}
  local code = bare_code(header) or bare_code(document.__type) or bare_code(document.code)
  if not code then error("the reply names no error", 0) end
  local ref = error_shape(service, operation, code)
  local details = ref and decode_value(service.shapes, ref, document, code)
  return errors.new { code = code, operation = operation, message = document.message or document.Message,
    details = details }
end

return decode
