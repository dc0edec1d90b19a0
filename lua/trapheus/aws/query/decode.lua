--- An XML reply to a table, as the service's model says.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local scalars = require "trapheus.aws.query.scalars"

local decode_value -- (shapes, ref, node)

local function decode_list(shapes, shape, nodes)
  local list = json.list {}
  for i, node in ipairs(nodes) do list[i] = decode_value(shapes, shape.member, node) end
  return list
end

local function decode_map(shapes, shape, entries)
  local map = {}
  local key_name, value_name = shape.key.locationName or "key", shape.value.locationName or "value"
  for _, entry in ipairs(entries) do
    local key, value
    for _, node in ipairs(entry) do
      if node.name == key_name then key = decode_value(shapes, shape.key, node) end
      if node.name == value_name then value = decode_value(shapes, shape.value, node) end
    end
    if key ~= nil then map[key] = value end
  end
  return map
end

--- What an element of a structure is: the member it stands for, by the name on the wire. Made once a structure.
local tags_of = setmetatable({}, { __mode = "k" })

local function add_tag(tags, tag, name, ref, flattened)
  tags[tag] = tags[tag] or { name = name, ref = ref, flattened = flattened }
end

local function member_tags(shapes, shape)
  local tags = tags_of[shape]
  if tags then return tags end
  tags = {}
  for name, ref in pairs(shape.members) do
    local target = shapes[ref.shape]
    local flattened = model.is_flattened(ref, target) and target
    add_tag(tags, ref.locationName or name, name, ref, flattened)
    local alternative = flattened and not ref.locationName and flattened.member and flattened.member.locationName
    if alternative then add_tag(tags, alternative, name, ref, flattened) end
  end
  tags_of[shape] = tags
  return tags
end

local CONTAINER_VALUE = { list = decode_list, map = decode_map }

local function decode_attributes(shapes, tags, node, value)
  for attribute, text in pairs(node.attributes or {}) do
    local tag = tags[attribute]
    if tag and tag.ref.xmlAttribute then
      value[tag.name] = decode_value(shapes, tag.ref, { name = attribute, text = text })
    end
  end
end

local function decode_structure(shapes, shape, node)
  local value, flattened = {}, {}
  local tags = member_tags(shapes, shape)
  for _, child in ipairs(node) do
    local tag = tags[child.name]
    if tag and tag.flattened then
      flattened[tag] = flattened[tag] or {}
      table.insert(flattened[tag], child)
    elseif tag then
      value[tag.name] = decode_value(shapes, tag.ref, child)
    end
  end
  for tag, nodes in pairs(flattened) do
    value[tag.name] = CONTAINER_VALUE[tag.flattened.type](shapes, tag.flattened, nodes)
  end
  decode_attributes(shapes, tags, node, value)
  return value
end

function decode_value(shapes, ref, node)
  local shape = shapes[ref.shape]
  if shape.type == "structure" then return decode_structure(shapes, shape, node) end
  if CONTAINER_VALUE[shape.type] then return CONTAINER_VALUE[shape.type](shapes, shape, node) end
  local value = scalars.value[shape.type](node.text or "")
  if value == nil then error(("%s is no %s"):format(node.name, shape.type), 0) end
  return value
end

--- The first child of one of these names.
local function child_of(node, ...)
  for _, name in ipairs { ... } do
    for _, child in ipairs(node) do
      if child.name == name then return child end
    end
  end
end

local function text_of(node, ...)
  local child = node and child_of(node, ...)
  return child and (child.text or "")
end

local function error_shape(service, definition, code)
  for _, ref in ipairs(definition.errors or {}) do
    local shape = service.shapes[ref.shape]
    if (shape.error and shape.error.code or ref.shape) == code then return shape end
  end
end

local ERROR_ROOTS = { ErrorResponse = true, Response = true }

--- `<ErrorResponse><Error><Code>…` and the older `<Response><Errors><Error><Code>…`.
local function service_error(service, operation, root)
  local reply = ERROR_ROOTS[root.name] and child_of(child_of(root, "Errors") or root, "Error")
  local code = text_of(reply, "Code")
  if not code then return nil end
  local shape = error_shape(service, service.operations[operation], code)
  return errors.new {
    code = code,
    message = text_of(reply, "Message", "message"),
    operation = operation,
    request_id = text_of(root, "RequestId", "RequestID"),
    details = shape and decode_structure(service.shapes, shape, reply),
  }
end

--- The element that holds the members: `<OperationResult>`, where the reply has one.
local function result_node(definition, operation, root)
  local wrapper = definition.output and definition.output.resultWrapper
  local result = child_of(root, wrapper or operation .. "Result")
  if wrapper and not result then error(("the reply has no <%s>"):format(wrapper), 0) end
  return result or root
end

--- The result and the request id of a reply; raises the service's own error, or a message for what is not the
--- operation's reply.
---@param service trapheus.Model
---@param operation string
---@param xml string
---@return table result
---@return string? request_id
return function(service, operation, xml)
  local definition = service.operations[operation]
  local output = definition.output and service.shapes[definition.output.shape]
  if xml == "" and (not output or next(output.members) == nil) then return {} end
  local root, err = core.xml.parse(xml)
  if not root then error("the reply is no XML: " .. (type(err) == "table" and err.message or tostring(err)), 0) end
  local failure = service_error(service, operation, root)
  if failure then error(failure, 0) end
  if root.name ~= operation .. "Response" then error(("the reply is a <%s>"):format(root.name), 0) end
  local request_id = text_of(child_of(root, "ResponseMetadata"), "RequestId")
  return output and decode_structure(service.shapes, output, result_node(definition, operation, root)) or {}, request_id
end
