--- Scalars of the query protocol: their text on the wire, and back.
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

local FLOATS = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge }
local BOOLEANS = { ["true"] = true, ["false"] = false, ["1"] = true, ["0"] = false }

local function same(text) return text end
local function to_integer(text) return math.tointeger(tonumber(text)) end
local function to_float(text) return FLOATS[text] or tonumber(text) end

--- How a scalar is read, by its type: nil when the text is not of it.
---@type table<string, fun(text: string): any>
scalars.value = {
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

return scalars
