--- An XML reply to a table, as the service's model says.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local scalars = require "trapheus.aws.query.scalars"

local function read_blob(text, name)
  return scalars.value.blob(text) or error(name .. " is no blob", 0)
end

--- How the elements of each shape are read, for core.xml.decode; made once a shape.
local readings = setmetatable({}, { __mode = "k" })

local reading_of -- (shapes, ref)

local function add_member(members, tag, member)
  members[tag] = members[tag] or member
end

local function structure_reading(shapes, shape, reading)
  reading.members, reading.attributes = {}, {}
  for name, ref in pairs(shape.members) do
    local target = shapes[ref.shape]
    local flattened = model.is_flattened(ref, target) or nil
    local member = { name, reading_of(shapes, ref), flattened }
    add_member(ref.xmlAttribute and reading.attributes or reading.members, ref.locationName or name, member)
    local alternative = flattened and not ref.locationName and target.member and target.member.locationName
    if alternative then add_member(reading.members, alternative, member) end
  end
end

local LIST_METATABLE <const> = getmetatable(json.list {})

local function list_reading(shapes, shape, reading)
  reading.item, reading.metatable = reading_of(shapes, shape.member), LIST_METATABLE
end

local function map_reading(shapes, shape, reading)
  reading.key = { shape.key.locationName or "key", reading_of(shapes, shape.key) }
  reading.value = { shape.value.locationName or "value", reading_of(shapes, shape.value) }
end

local CONTAINER_READING = { structure = structure_reading, list = list_reading, map = map_reading }

local SCALAR_READING = { string = true, character = true, blob = read_blob }
for type, kind in pairs(scalars.kind) do SCALAR_READING[type] = kind end

function reading_of(shapes, ref)
  local shape = shapes[ref.shape]
  local fill = CONTAINER_READING[shape.type]
  if not fill then return SCALAR_READING[shape.type] end
  if not readings[shape] then
    readings[shape] = {} -- before it is filled: a shape may be part of itself
    fill(shapes, shape, readings[shape])
  end
  return readings[shape]
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
    if (shape.error and shape.error.code or ref.shape) == code then return ref.shape end
  end
end

local ERROR_ROOTS = { ErrorResponse = true, Response = true }

--- The members of an error beyond code and message, where the model has them.
local function error_details(service, name, xml)
  local reply = { members = { Error = { "details", reading_of(service.shapes, { shape = name }) } } }
  reply.members.Errors = { "errors", reply }
  local root = { "reply", reply }
  local found = core.xml.decode(xml, { members = { ErrorResponse = root, Response = root } })
  return (found.reply.errors or found.reply).details
end

--- `<ErrorResponse><Error><Code>…` and the older `<Response><Errors><Error><Code>…`.
local function service_error(service, operation, xml)
  local root = core.xml.parse(xml) --[[@as trapheus.core.Node]]
  local reply = ERROR_ROOTS[root.name] and child_of(child_of(root, "Errors") or root, "Error")
  local code = text_of(reply, "Code")
  if not code then error(("the reply is a <%s>"):format(root.name), 0) end
  local name = error_shape(service, service.operations[operation], code)
  error(errors.new {
    code = code,
    message = text_of(reply, "Message", "message"),
    operation = operation,
    request_id = text_of(root, "RequestId", "RequestID"),
    details = name and error_details(service, name, xml),
  }, 0)
end

local NOTHING <const> = { members = {} }
local METADATA <const> = { "metadata", { members = { RequestId = { "request_id", true } } } }

local function document_reading(response, reading) return { members = { [response] = { "reply", reading } } } end

--- How the replies of each operation are read: the result, where it has an element of its own for the members, and the
--- metadata; or all of the reply.
local wrapped, whole = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "k" })

local function wrapped_reading(definition, operation, reading)
  local wrapper = definition.output and definition.output.resultWrapper or operation .. "Result"
  wrapped[definition] = wrapped[definition] or document_reading(operation .. "Response",
    { members = { [wrapper] = { "result", reading }, ResponseMetadata = METADATA } })
  return wrapped[definition]
end

local function whole_reading(definition, operation, reading)
  whole[definition] = whole[definition] or document_reading(operation .. "Response", reading)
  return whole[definition]
end

--- What the members of the reply are read from, and its metadata.
local function read_reply(service, operation, xml, reading)
  local definition = service.operations[operation]
  local wrapper = definition.output and definition.output.resultWrapper
  local document, err = core.xml.decode(xml, wrapped_reading(definition, operation, reading))
  if not document then error("the reply is no XML: " .. err.message, 0) end
  local reply = document.reply
  if not reply then service_error(service, operation, xml) end
  if wrapper and not reply.result then error(("the reply has no <%s>"):format(wrapper), 0) end
  local result = reply.result or core.xml.decode(xml, whole_reading(definition, operation, reading)).reply
  return result, reply.metadata
end

--- The result and the request id of a reply; raises the service's own error, or a message for what is not the
--- operation's reply.
---@param service trapheus.Model
---@param operation string
---@param xml string
---@return table result
---@return string? request_id
return function(service, operation, xml)
  local output = service.operations[operation].output
  if xml == "" and (not output or next(service.shapes[output.shape].members) == nil) then return {} end
  local reading = output and reading_of(service.shapes, output) or NOTHING
  local result, metadata = read_reply(service, operation, xml, reading)
  return result, metadata and metadata.request_id
end
