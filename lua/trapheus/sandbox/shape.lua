--- What somebody has written down of a database, checked against the shape that AWS's service model gives it: a member
--- that does not exist or is of another type is named by its place.

local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local sorted = require "trapheus.sorted"
local timestamp = require "trapheus.aws.timestamp"
local usage = require "trapheus.usage"

local shape = {}

---@class trapheus.sandbox.Place  Where a value stands, for messages.
---@field file string
---@field path string     "DBInstances[2].AllocatedStorage"
---@field first integer   What the first element of a list is called: 0 in JSON, 1 in Lua.

--- Refuses what stands there. A usage error.
---@param place trapheus.sandbox.Place
function shape.refuse(place, message, ...)
  local text = message:format(...)
  usage.fail("%s: %s", place.file, place.path == "" and text or ("%s: %s"):format(place.path, text))
end

--- The place of a member, or of an element of a list.
---@param place trapheus.sandbox.Place
---@param key string|integer
---@return trapheus.sandbox.Place
function shape.inside(place, key)
  local path = math.type(key) and ("%s[%d]"):format(place.path, key - 1 + place.first)
    or place.path == "" and tostring(key) or ("%s.%s"):format(place.path, tostring(key))
  return { file = place.file, path = path, first = place.first }
end

--- A value as it is written, to be shown in a message.
---@param value any
---@return string
function shape.shown(value)
  if type(value) == "table" then return json.is_list(value) and "a list" or "a table" end
  local text = type(value) == "string" and ('"%s"'):format(value) or tostring(value)
  return #text > 60 and text:sub(1, 60) .. "…" or text
end

local function whole(value) return math.tointeger(value) end

local function number(value) return math.type(value) and value end

-- By the type of the model: what is expected, and the value that is meant, or nil.
local SCALARS = {
  string = { "a text", function(value) return type(value) == "string" and value or nil end },
  boolean = { "true or false", function(value)
    if type(value) == "boolean" then return value end
  end },
  integer = { "a number", function(value) return math.type(value) and whole(value) end },
  long = { "a number", function(value) return math.type(value) and whole(value) end },
  double = { "a number", number },
  float = { "a number", number },
  timestamp = { "a time as 2026-01-31T12:00:00Z", function(value)
    if math.type(value) then return value end
    return type(value) == "string" and value:find "^%d%d%d%d%-" and timestamp.parse(value) or nil
  end },
}

--- The names of what a table holds, in order; one that is no text is refused.
---@param value table<string, any>
---@param place trapheus.sandbox.Place
---@return string[]
function shape.keys(value, place)
  for key in pairs(value) do
    if type(key) ~= "string" then shape.refuse(place, "names are expected, not %s", shape.shown(key)) end
  end
  return sorted.keys(value)
end

local check -- (shapes, name, value, place)

local function structure(shapes, definition, value, place)
  local result = {}
  for _, key in ipairs(shape.keys(value, place)) do
    local ref, here = definition.members[key], shape.inside(place, key)
    if not ref then shape.refuse(here, "RDS has no such member%s", model.hint(tostring(key), definition.members)) end
    if value[key] ~= json.null then result[key] = check(shapes, ref.shape, value[key], here) end
  end
  return result
end

local function list(shapes, definition, value, place)
  if next(value) ~= nil and not json.is_list(value) then
    shape.refuse(place, "a list is expected, not %s", shape.shown(value))
  end
  local result = {}
  for i, element in ipairs(value) do
    result[i] = check(shapes, definition.member.shape, element, shape.inside(place, i))
  end
  return result
end

local function map(shapes, definition, value, place)
  local result = {}
  for _, key in ipairs(shape.keys(value, place)) do
    result[key] = check(shapes, definition.value.shape, value[key], shape.inside(place, key))
  end
  return result
end

local CONTAINERS = { structure = structure, list = list, map = map }

function check(shapes, name, value, place)
  local definition = shapes[name]
  local container, scalar = CONTAINERS[definition.type], SCALARS[definition.type]
  if not container then
    local meant = scalar[2](value)
    if meant == nil or meant == false and definition.type ~= "boolean" then
      shape.refuse(place, "%s is expected, not %s", scalar[1], shape.shown(value))
    end
    return meant
  end
  local is_list = definition.type == "list"
  if type(value) ~= "table" or not is_list and json.is_list(value) then
    shape.refuse(place, "a %s is expected, not %s", is_list and "list" or "table", shape.shown(value))
  end
  return container(shapes, definition, value, place)
end

--- The value as it is meant: timestamps are seconds, nulls are left out. Raises a usage error.
---@param name string      A shape of RDS's: "DBInstance"
---@param value any
---@param place trapheus.sandbox.Place
---@return any
function shape.check(name, value, place)
  return check(model.load("rds").shapes, name, value, place)
end

--- The status of a database or a snapshot: one that RDS knows.
---@param known table<string, boolean>
---@param value string?
---@param place trapheus.sandbox.Place
function shape.status(known, value, place)
  if value == nil or known[value] then return end
  shape.refuse(place, "%s is no status of RDS%s", shape.shown(value), model.hint(tostring(value), known))
end

return shape
