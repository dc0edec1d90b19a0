--- The result of a call to its XML, as the service's model says: the inverse of decoding a reply.
local core = require "trapheus.core"
local model = require "trapheus.aws.model"
local scalars = require "trapheus.aws.query.scalars"
local sorted = require "trapheus.sorted"

local escape = core.xml.escape

local function element(name, text)
  return ("<%s>%s</%s>"):format(name, text, name)
end

-- The kinds of a trapheus.core.Writing.
local TEXT <const>, INTEGER <const>, BOOLEAN <const>, BY_FUNCTION <const>, STRUCTURE <const>, LIST <const> =
  1, 2, 3, 4, 5, 6

local KIND = { string = TEXT, character = TEXT, integer = INTEGER, long = INTEGER, boolean = BOOLEAN,
  structure = STRUCTURE, list = LIST }

local writing_of -- (shapes, ref, name): how a member, an item or an entry is written, in an element of that name

local insides = setmetatable({}, { __mode = "k" }) -- of structures and lists, by their shapes; made once

--- The members, in the order of their names.
local function members_of(shapes, shape)
  if insides[shape] then return insides[shape] end
  local list = {}
  insides[shape] = list -- before it is filled: a shape may be part of itself
  for _, name in ipairs(sorted.keys(shape.members)) do
    local ref = shape.members[name]
    list[#list + 1] = name
    list[#list + 1] = writing_of(shapes, ref, ref.locationName or name)
  end
  return list
end

--- A function that writes entries, each in an element of that name.
local function entries(shapes, shape, name)
  local key = writing_of(shapes, shape.key, shape.key.locationName or "key")
  local inner = writing_of(shapes, shape.value, shape.value.locationName or "value")
  return function(value)
    if type(value) ~= "table" then return nil end
    local out = {}
    for i, each in ipairs(sorted.keys(value)) do
      out[i] = element(name, core.xml.write(key, each) .. core.xml.write(inner, value[each]))
    end
    return table.concat(out)
  end
end

local INSIDE = {
  structure = members_of,
  list = function(shapes, shape) return writing_of(shapes, shape.member, shape.member.locationName or "member") end,
  map = function(shapes, shape) return entries(shapes, shape, "entry") end,
}

local FLATTENED = {
  list = function(shapes, shape, ref, name)
    return writing_of(shapes, shape.member, not ref.locationName and shape.member.locationName or name)
  end,
  map = function(shapes, shape, _, name) return entries(shapes, shape, name) end,
}

-- What Lua writes: a text that needs no escape.
local function text_of(shape, ref)
  local write, format = scalars.text[shape.type], ref.timestampFormat or shape.timestampFormat
  return function(value) return write(value, format) end
end

function writing_of(shapes, ref, name)
  local shape = shapes[ref.shape]
  local flattened = FLATTENED[shape.type] and model.is_flattened(ref, shape)
  local inside = INSIDE[shape.type]
  if flattened then
    inside = FLATTENED[shape.type](shapes, shape, ref, name)
  elseif inside then
    inside = inside(shapes, shape)
  elseif not KIND[shape.type] then
    inside = text_of(shape, ref)
  end
  return { KIND[shape.type] or BY_FUNCTION, name, not flattened and "<" .. name .. ">",
    not flattened and "</" .. name .. ">", shape.type, inside }
end

local written = {}

local function open(root, service)
  local namespace = service.metadata.xmlNamespace
  return namespace and ('<%s xmlns="%s">'):format(root, escape(namespace)) or ("<%s>"):format(root)
end

local results = setmetatable({}, { __mode = "k" }) -- how the result of an operation is written, by its definition

local function result_writing(service, operation, definition)
  local output = definition.output
  results[definition] = results[definition]
    or writing_of(service.shapes, output, output.resultWrapper or operation .. "Result")
  return results[definition]
end

--- A reply. Raises for a result that the model does not allow.
---@param service trapheus.Model
---@param operation string
---@param result table
---@param request_id string
---@param kept? table<table, table>  As in core.xml.write.
---@return string
function written.reply(service, operation, result, request_id, kept)
  local root, definition = operation .. "Response", service.operations[operation]
  local body = definition.output and core.xml.write(result_writing(service, operation, definition), result, kept) or ""
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
