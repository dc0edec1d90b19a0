--- Scalars of the query protocol: their text on the wire, and back.
local core = require "trapheus.core"
local base64 = require "trapheus.base64"
local json = require "trapheus.json"
local timestamp = require "trapheus.aws.timestamp"

local scalars = {}

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

--- How a scalar is written, by its type: nil when the value is not of it. A timestamp has a format beside.
---@type table<string, fun(value: any, format: string?): string?>
scalars.text = {
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

--- The kind of core.scalar, by the scalar's type, where it is read there.
---@type table<string, trapheus.core.Scalar>
scalars.kind = {
  boolean = "boolean",
  integer = "integer",
  long = "integer",
  float = "float",
  double = "float",
  timestamp = "timestamp",
}

local function same(text) return text end

--- How a scalar is read, by its type: nil when the text is not of it.
---@type table<string, fun(text: string): any>
scalars.value = { string = same, character = same, blob = base64.decode }
for type, kind in pairs(scalars.kind) do
  scalars.value[type] = function(text) return core.scalar(kind, text) end
end

return scalars
