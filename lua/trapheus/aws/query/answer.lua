--- The result of a call to its XML, as the service's model says: the inverse of decoding a reply.
local core = require "trapheus.core"
local model = require "trapheus.aws.model"
local scalars = require "trapheus.aws.query.scalars"
local sorted = require "trapheus.sorted"

local escape = core.xml.escape

local function element(name, text)
  return ("<%s>%s</%s>"):format(name, text, name)
end

-- What is written goes to the end of a list of pieces.
local function append(out, text)
  local count = out.count + 1
  out[count], out.count = text, count
end

local put -- (out, shapes, member, value): appends the pieces of its element

-- Whose text needs no escape.
local BARE = { boolean = true, integer = true, long = true, float = true, double = true, timestamp = true, blob = true }

--- How a member, an item or an entry is written: its shape, and the tags around it. `ref` is the model's.
local function planned(shapes, ref, element_name)
  local shape = shapes[ref.shape]
  return {
    ref = ref, shape = shape, name = element_name, open = "<" .. element_name .. ">",
    close = "</" .. element_name .. ">", text = scalars.text[shape.type],
    format = ref.timestampFormat or shape.timestampFormat, bare = BARE[shape.type],
    flattened = (shape.type == "list" or shape.type == "map") and model.is_flattened(ref, shape),
  }
end

local plans = setmetatable({}, { __mode = "k" }) -- shape -> name of the element -> how its insides are written

local function plan_of(shape, element_name, make)
  local of_shape = plans[shape] or {}
  plans[shape] = of_shape
  of_shape[element_name] = of_shape[element_name] or make()
  return of_shape[element_name]
end

local function put_items(out, shapes, shape, value, element_name)
  local item = plan_of(shape, element_name, function() return planned(shapes, shape.member, element_name) end)
  for i = 1, #value do put(out, shapes, item, value[i]) end
end

local function put_entries(out, shapes, shape, value, element_name)
  local entry = plan_of(shape, element_name, function()
    return { key = planned(shapes, shape.key, shape.key.locationName or "key"),
      value = planned(shapes, shape.value, shape.value.locationName or "value") }
  end)
  for _, key in ipairs(sorted.keys(value)) do
    append(out, "<" .. element_name .. ">")
    put(out, shapes, entry.key, key)
    put(out, shapes, entry.value, value[key])
    append(out, "</" .. element_name .. ">")
  end
end

local function refuse_unknown(shape, value)
  for _, name in ipairs(sorted.keys(value)) do
    if not shape.members[name] then error("the model has no member " .. name, 0) end
  end
end

--- The members, in the order of their names.
local function put_members(out, shapes, shape, value)
  local members = plan_of(shape, "", function()
    local list = {}
    for i, name in ipairs(sorted.keys(shape.members)) do
      list[i] = planned(shapes, shape.members[name], shape.members[name].locationName or name)
      list[i].key = name
    end
    return list
  end)
  local left = 0
  for _ in next, value do left = left + 1 end
  for i = 1, #members do
    local member = members[i]
    local inner = value[member.key]
    if inner ~= nil then
      put(out, shapes, member, inner)
      left = left - 1
    end
  end
  if left > 0 then refuse_unknown(shape, value) end
end

local INSIDE = {
  structure = put_members,
  list = function(out, shapes, shape, value)
    put_items(out, shapes, shape, value, shape.member.locationName or "member")
  end,
  map = function(out, shapes, shape, value) put_entries(out, shapes, shape, value, "entry") end,
}

local function put_flattened(out, shapes, member, value)
  local shape = member.shape
  if shape.type == "map" then return put_entries(out, shapes, shape, value, member.name) end
  put_items(out, shapes, shape, value, not member.ref.locationName and shape.member.locationName or member.name)
end

function put(out, shapes, member, value)
  local write = member.text
  if write then
    local text = write(value, member.format)
    if not text then error(("%s is no %s"):format(member.name, member.shape.type), 0) end
    if not member.bare then text = escape(text) end
    local count = out.count
    out[count + 1], out[count + 2], out[count + 3], out.count = member.open, text, member.close, count + 3
    return
  end
  if type(value) ~= "table" then error(("%s is no %s"):format(member.name, member.shape.type), 0) end
  if member.flattened then return put_flattened(out, shapes, member, value) end
  append(out, member.open)
  INSIDE[member.shape.type](out, shapes, member.shape, value)
  append(out, member.close)
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
  local body = ""
  if output then
    local out = { count = 0 }
    put_members(out, service.shapes, service.shapes[output.shape], result)
    body = element(output.resultWrapper or operation .. "Result", table.concat(out, "", 1, out.count))
  end
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
