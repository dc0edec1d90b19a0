--- The result of a call to its XML, as the service's model says: the inverse of decoding a reply.
local model = require "trapheus.aws.model"
local scalars = require "trapheus.aws.query.scalars"
local sorted = require "trapheus.sorted"

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["\r"] = "&#13;" }

local function escape(text)
  return (text:gsub('[&<>"\r]', ENTITIES))
end

local answer -- (shapes, ref, value, name of the element) -> text

local function element(name, text)
  return ("<%s>%s</%s>"):format(name, text, name)
end

--- The items of a list, or the entries of a map, each in an element of that name.
local function list_items(shapes, shape, value, name)
  local items = {}
  for i, item in ipairs(value) do items[i] = answer(shapes, shape.member, item, name) end
  return table.concat(items)
end

local function map_entries(shapes, shape, value, name)
  local entries = {}
  for i, key in ipairs(sorted.keys(value)) do
    entries[i] = element(name, answer(shapes, shape.key, key, shape.key.locationName or "key")
      .. answer(shapes, shape.value, value[key], shape.value.locationName or "value"))
  end
  return table.concat(entries)
end

local function flattened_list(shapes, ref, shape, value, name)
  return list_items(shapes, shape, value, not ref.locationName and shape.member.locationName or name)
end

local function answer_list(shapes, ref, shape, value, name)
  if model.is_flattened(ref, shape) then return flattened_list(shapes, ref, shape, value, name) end
  return element(name, list_items(shapes, shape, value, shape.member.locationName or "member"))
end

local function answer_map(shapes, ref, shape, value, name)
  if model.is_flattened(ref, shape) then return map_entries(shapes, shape, value, name) end
  return element(name, map_entries(shapes, shape, value, "entry"))
end

local function members(shapes, shape, value)
  local parts = {}
  for i, name in ipairs(sorted.keys(value)) do
    local ref = shape.members[name] or error("the model has no member " .. name, 0)
    parts[i] = answer(shapes, ref, value[name], ref.locationName or name)
  end
  return table.concat(parts)
end

local CONTAINERS = {
  list = answer_list,
  map = answer_map,
  structure = function(shapes, _, shape, value, name) return element(name, members(shapes, shape, value)) end,
}

function answer(shapes, ref, value, name)
  local shape = shapes[ref.shape]
  local container = CONTAINERS[shape.type]
  if container then
    if type(value) ~= "table" then error(("%s is no %s"):format(name, shape.type), 0) end
    return container(shapes, ref, shape, value, name)
  end
  local text = scalars.text[shape.type](value, ref.timestampFormat or shape.timestampFormat)
  return element(name, escape(text or error(("%s is no %s"):format(name, shape.type), 0)))
end

local written = {}

local function open(root, service)
  local namespace = service.metadata.xmlNamespace
  return namespace and ('<%s xmlns="%s">'):format(root, escape(namespace)) or ("<%s>"):format(root)
end

--- A reply. Raises for a result that the model does not allow.
---@param service trapheus.Model
---@param operation string
---@param result table
---@param request_id string
---@return string
function written.reply(service, operation, result, request_id)
  local definition, root = service.operations[operation], operation .. "Response"
  local output = definition.output
  local body = output and element(output.resultWrapper or operation .. "Result",
    members(service.shapes, service.shapes[output.shape], result)) or ""
  return open(root, service) .. body .. element("ResponseMetadata", element("RequestId", escape(request_id)))
    .. ("</%s>"):format(root)
end

--- An error in place of a reply.
---@param service trapheus.Model
---@param err { code: string, message: string, status: integer }
---@param request_id string
---@return string
function written.failure(service, err, request_id)
  local described = element("Type", err.status < 500 and "Sender" or "Receiver") .. element("Code", escape(err.code))
    .. element("Message", escape(err.message))
  return open("ErrorResponse", service) .. element("Error", described) .. element("RequestId", escape(request_id))
    .. "</ErrorResponse>"
end

return written
