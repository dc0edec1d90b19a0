--- AWS's query protocol: parameters to a form body, an XML reply to a table, both as the service's model says.
---
--- In Lua a list is a list (an empty one too), a structure or a map is a table, numbers are numbers, a blob is its
--- bytes, and a timestamp is the seconds since the epoch: an integer when whole. Requests take timestamps as numbers or
--- as text in any of AWS's formats; NaN and the infinities as numbers or as "NaN", "Infinity", "-Infinity".
local base64 = require "trapheus.base64"
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local timestamp = require "trapheus.aws.timestamp"

local query = {}

-- Encoding. `walk` carries the shapes, the pairs so far and the operation, for the messages.

---@class trapheus.aws.EncodeWalk
---@field shapes table<string, table>
---@field pairs string[][]
---@field operation string
---@field random_bytes fun(count: integer): string

local FLOAT_WORDS = { NaN = true, Infinity = true, ["-Infinity"] = true }

local function float_text(value)
  if FLOAT_WORDS[value] then return value end
  if type(value) ~= "number" then return nil end
  if value ~= value then return "NaN" end
  if value - value ~= 0 then return value > 0 and "Infinity" or "-Infinity" end
  return json.encode(value)
end

local function integer_text(value)
  local whole = type(value) == "number" and math.tointeger(value)
  return whole and ("%d"):format(whole)
end

local function timestamp_text(value, format)
  local seconds = type(value) == "string" and timestamp.parse(value) or value
  return type(seconds) == "number" and timestamp.format(seconds, format) or nil
end

local function string_text(value) return type(value) == "string" and value or nil end

--- How a scalar is written, by its type: nil when the value is not of it.
local SCALAR_TEXT = {
  string = string_text,
  character = string_text,
  boolean = function(value) return type(value) == "boolean" and tostring(value) or nil end,
  integer = integer_text,
  long = integer_text,
  float = float_text,
  double = float_text,
  timestamp = timestamp_text,
  blob = function(value) return type(value) == "string" and base64.encode(value) or nil end,
}

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

local function is_flattened(ref, shape)
  if ref.flattened ~= nil then return ref.flattened end
  return shape.flattened or false
end

--- A flattened list whose own place in the request has no wire name takes that of its members.
local function flattened_key(ref, shape, key)
  local name = not ref.locationName and shape.member.locationName
  return name and key:gsub("[^.]*$", name) or key
end

local function encode_list(walk, ref, shape, value, key, path)
  if next(value) == nil then return add(walk, key, "") end
  if not json.is_list(value) then wrong_type(walk, "list", value, path) end
  local prefix = is_flattened(ref, shape) and flattened_key(ref, shape, key)
    or dot(key, shape.member.locationName or "member")
  for i, item in ipairs(value) do
    encode_value(walk, shape.member, item, dot(prefix, i), ("%s[%d]"):format(path, i))
  end
end

local function encode_map(walk, ref, shape, value, key, path)
  local prefix = is_flattened(ref, shape) and key or dot(key, "entry")
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
  local text = SCALAR_TEXT[shape.type](value, ref.timestampFormat or shape.timestampFormat)
  if not text then wrong_type(walk, shape.type, value, path) end
  add(walk, key, text)
end

local NO_INPUT = { type = "structure", members = {} }

local function encode(service, operation, params, random_bytes)
  local definition = service.operations[operation]
  local walk = { shapes = service.shapes, operation = operation, random_bytes = random_bytes,
    pairs = { { "Action", operation }, { "Version", service.metadata.apiVersion } } }
  local input = definition.input and service.shapes[definition.input.shape] or NO_INPUT
  encode_structure(walk, nil, input, params, "", "")
  return core.form.encode(walk.pairs)
end

--- The form body of a call. Raises, blaming the caller, for an unknown operation or parameter (naming the nearest), a
--- wrong type and a missing parameter.
---@param service string|trapheus.Model
---@param operation string
---@param params? table
---@param options? { level?: integer, random_bytes?: fun(count: integer): string }
---   `level`: whom to blame, as for `error`. `random_bytes`: for idempotency tokens.
---@return string body
function query.encode(service, operation, params, options)
  options = options or {}
  local level = (options.level or 1) + 1
  model.operation(service, operation, level)
  if type(params or {}) ~= "table" then
    error(("the parameters of %s must be a table, got %s"):format(operation, type(params)), level)
  end
  local random_bytes = options.random_bytes or core.random_bytes
  local ok, body = pcall(encode, model.load(service), operation, params or {}, random_bytes)
  if not ok then error(body, level) end
  return body
end

-- Decoding.

local FLOATS = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge }
local BOOLEANS = { ["true"] = true, ["false"] = false, ["1"] = true, ["0"] = false }

local function same(text) return text end
local function to_integer(text) return math.tointeger(tonumber(text)) end
local function to_float(text) return FLOATS[text] or tonumber(text) end

--- How a scalar is read, by its type: nil when the text is not of it.
local SCALAR_VALUE = {
  string = same,
  character = same,
  boolean = function(text) return BOOLEANS[text] end,
  integer = to_integer,
  long = to_integer,
  float = to_float,
  double = to_float,
  timestamp = timestamp.parse,
  blob = base64.decode,
}

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
    local flattened = is_flattened(ref, target) and target
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
  local value = SCALAR_VALUE[shape.type](node.text or "")
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

local function malformed(operation, why)
  return errors.new {
    code = "MalformedReply",
    message = why,
    operation = operation,
    retryable = model.is_read_only(operation),
    ambiguous = not model.is_read_only(operation),
  }
end

--- The element that holds the members: `<OperationResult>`, where the reply has one.
local function result_node(definition, operation, root)
  local wrapper = definition.output and definition.output.resultWrapper
  local result = child_of(root, wrapper or operation .. "Result")
  if wrapper and not result then error(("the reply has no <%s>"):format(wrapper), 0) end
  return result or root
end

local function decode(service, operation, xml)
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

--- The reply of a call as a table, and its request id. Raises an error table: the service's own error, or
--- MalformedReply for what is not the operation's reply (and then a change may have been made).
---@param service string|trapheus.Model
---@param operation string
---@param xml string
---@return table result
---@return string? request_id
function query.decode(service, operation, xml)
  model.operation(service, operation, 2)
  local ok, result, request_id = pcall(decode, model.load(service), operation, xml)
  if ok then return result, request_id end
  error(errors.is(result) and result or malformed(operation, result), 0)
end

return query
