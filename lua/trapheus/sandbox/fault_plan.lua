--- Reads fault plans: from compact text, from data, from a file. Every mistake is named with what was expected.
---
---   RestoreDBInstanceFromDBSnapshot:1:lost        the first such call is executed, and its reply is lost
---   DescribeDBInstances:every:throttle            OPERATION:OCCURRENCE:KIND[:PARAMETER…]
---   *:5%:500n                                     any call, each with that chance
---   10m:delete:mydb                               TIME:ACTION[:PARAMETER…]
---
--- As data: { operation =, occurrence =, kind =, … } or { at_s =, kind =, … }, parameters by their names.

local duration = require "trapheus.duration"
local includes = require "trapheus.includes"
local json = require "trapheus.json"
local kinds = require "trapheus.sandbox.fault_kinds"
local model = require "trapheus.aws.model"
local sorted = require "trapheus.sorted"

local fault_plan = {}

local SERVICES = { "rds", "sts", "ses", "sns" }

--- What is wrong, raised as text that the reader gives its place.
local function wrong(format, ...) error({ problem = format:format(...) }, 0) end

local function unknown(what, word, names)
  wrong("there is no %s '%s'%s", what, tostring(word), model.hint(tostring(word), names))
end

local operations

--- Everything that can be called, by name.
local function known_operations()
  if operations then return operations end
  operations = { webhook = true }
  for _, service in ipairs(SERVICES) do
    for name in pairs(model.load(service).operations) do operations[name] = true end
  end
  return operations
end

local function check_operation(name)
  if name == "*" or known_operations()[name] then return name end
  unknown("operation", name, known_operations())
end

local function at_least(least)
  return function(value) return math.type(value) == "integer" and value >= least end
end

local function is_text(value) return type(value) == "string" and value ~= "" end

--- Parameter type -> what a value must be, in words and in fact, and how text becomes one (as it is, unless given).
---@type table<string, { expected: string, fits: fun(value: any): boolean, read: (fun(text: string): any)|nil }>
local TYPES = {
  duration = { expected = "a duration (90s, 45m, 2h)", read = duration,
    fits = function(value) return type(value) == "number" and value >= 0 and value < math.huge end },
  seconds = { expected = "a number of seconds", read = tonumber,
    fits = function(value) return type(value) == "number" and value > -math.huge and value < math.huge end },
  count = { expected = "a whole number from 1", read = tonumber, fits = at_least(1) },
  bytes = { expected = "a whole number of bytes", read = tonumber, fits = at_least(0) },
  name = { expected = "a name", fits = is_text },
  text = { expected = "text", fits = is_text },
  code = { expected = "AWS's code of an error",
    fits = function(value) return is_text(value) and value:find "^%a[%w.]*$" ~= nil end },
  status = { expected = "an HTTP status from 400 to 599", read = tonumber,
    fits = function(value) return math.type(value) == "integer" and value >= 400 and value <= 599 end },
  operation = { expected = "an operation", fits = function(value) return check_operation(value) ~= nil end },
}

local function expected_of(parameter)
  return parameter.choices and table.concat(parameter.choices, " or ") or TYPES[parameter.type].expected
end

local function fits(parameter, value)
  if parameter.choices then return includes(parameter.choices, value) end
  return TYPES[parameter.type].fits(value)
end

local COMMON = { call = { operation = true, occurrence = true, kind = true }, time = { at_s = true, kind = true } }

local function check_parameters(fault, kind, common)
  local known = {}
  for field in pairs(common) do known[field] = true end
  for _, parameter in ipairs(kind.parameters) do
    local value = fault[parameter.name]
    known[parameter.name] = true
    if value == nil and not parameter.optional then
      wrong("%s needs %s: %s", fault.kind, parameter.name, expected_of(parameter))
    elseif value ~= nil and not fits(parameter, value) then
      wrong("%s of %s is '%s': %s is expected", parameter.name, fault.kind, tostring(value), expected_of(parameter))
    end
  end
  for _, field in ipairs(sorted.keys(fault)) do
    if not known[field] then unknown("parameter of " .. fault.kind, field, known) end
  end
end

-- What shapes an operation's end is nothing to one that has no such end.
local function check_site(fault, kind)
  check_operation(fault.operation)
  if not kinds.suits(fault.kind, fault.operation) then
    wrong("%s does nothing to %s, only to %s", fault.kind, fault.operation, table.concat(kind.of, ", "))
  end
end

local OCCURRENCE = "a number from 1, 'every', or a chance such as '5%' is expected"

local function check_occurrence(value)
  if value == "every" or at_least(1)(value) then return end
  local percent = type(value) == "string" and tonumber(value:match "^(%d+%.?%d*)%%$")
  if not percent or percent > 100 then wrong("the occurrence is '%s': %s", tostring(value), OCCURRENCE) end
end

local function kinds_of(fault)
  if fault.at_s ~= nil then return kinds.at_times, "action", COMMON.time end
  return kinds.of_calls, "kind of fault", COMMON.call
end

local function check(fault)
  if type(fault) ~= "table" then wrong("a fault is text or a table, not a %s", type(fault)) end
  local known, what, common = kinds_of(fault)
  local kind = known[fault.kind or false] or unknown(what, fault.kind, known)
  if fault.at_s == nil then
    check_site(fault, kind)
    check_occurrence(fault.occurrence)
  elseif not TYPES.duration.fits(fault.at_s) then
    wrong("at_s is '%s': a number of seconds is expected", tostring(fault.at_s))
  end
  check_parameters(fault, kind, common)
end

local function words_of(text, count)
  local words, at = {}, 1
  for i = 1, count - 1 do
    local colon = text:find(":", at, true)
    if not colon then break end
    words[i], at = text:sub(at, colon - 1), colon + 1
  end
  words[#words + 1] = text:sub(at)
  return words
end

--- Splits the rest of a compact form into the parameters of its kind; the last one may hold colons.
local function read_parameters(fault, kind, rest)
  if not rest then return end
  if #kind.parameters == 0 then wrong("%s has no parameter, but '%s' is given", fault.kind, rest) end
  for i, word in ipairs(words_of(rest, #kind.parameters)) do
    local parameter = kind.parameters[i]
    local read = TYPES[parameter.type] and TYPES[parameter.type].read
    local value = word
    if read then value = read(word) end
    fault[parameter.name] = value == nil and word or value
  end
end

local COMPACT = "OPERATION:OCCURRENCE:KIND[:PARAMETER…] or TIME:ACTION[:PARAMETER…] is expected"

local function read_compact(text)
  local time, action, rest = text:match "^(%d[%w.]*):([^:]*):?(.*)$"
  local fault
  if time then
    fault = { at_s = duration(time) or wrong("'%s' is no time: 90s, 45m, 2h", time), kind = action }
  else
    local operation, occurrence, kind
    operation, occurrence, kind, rest = text:match "^([^:]*):([^:]*):([^:]*):?(.*)$"
    if not operation then wrong("%s", COMPACT) end
    fault = { operation = operation, occurrence = math.tointeger(tonumber(occurrence)) or occurrence, kind = kind }
  end
  local kind = kinds_of(fault)[fault.kind]
  if kind then read_parameters(fault, kind, rest ~= "" and rest or nil) end
  return fault
end

local function guarded(f, ...)
  local ok, result = pcall(f, ...)
  if ok then return result end
  if type(result) ~= "table" or not result.problem then error(result, 0) end
  return nil, result.problem
end

--- One fault from its compact form.
---@param text string
---@return trapheus.sandbox.Fault? fault
---@return string? problem
function fault_plan.parse(text)
  return guarded(function()
    local fault = read_compact(text)
    check(fault)
    return fault
  end)
end

--- A plan: a list of faults, each as text or as a table.
---@param list (string|trapheus.sandbox.Fault)[]
---@return trapheus.sandbox.Fault[]? faults
---@return string? problem  Which one, and what was expected.
function fault_plan.check(list)
  local faults = {}
  if type(list) ~= "table" then return nil, "a list of faults is expected, not a " .. type(list) end
  for key in pairs(list) do
    if math.type(key) ~= "integer" then return nil, ("a list of faults is expected; it has a key '%s'"):format(key) end
  end
  for i, given in ipairs(list) do
    local fault, problem = guarded(function()
      local fault = type(given) == "string" and read_compact(given) or given
      check(fault)
      return fault
    end)
    if not fault then
      return nil, type(given) == "string" and ("'%s': %s"):format(given, problem) or ("fault %d: %s"):format(i, problem)
    end
    faults[i] = fault
  end
  return faults
end

-- A list written in Lua, with or without `return`. It is data: it can call nothing.
local function evaluate(text, name)
  local chunk = load("return " .. text, "=" .. name, "t", {})
  local problem
  if not chunk then chunk, problem = load(text, "=" .. name, "t", {}) end
  if not chunk then return nil, problem end
  local ok, value = pcall(chunk)
  if not ok then return nil, tostring(value) end
  return value
end

--- A plan from the text of a file: a list in Lua or in JSON.
---@param text string
---@param name string  Of the file, for messages.
---@return trapheus.sandbox.Fault[]? faults
---@return string? problem
function fault_plan.read(text, name)
  local ok, list = pcall(json.decode, text)
  local problem
  if not ok then list, problem = evaluate(text, name) end
  if problem then return nil, ("%s is a list of faults neither in JSON nor in Lua: %s"):format(name, problem) end
  local faults
  faults, problem = fault_plan.check(list)
  if problem then problem = ("%s: %s"):format(name, problem) end
  return faults, problem
end

return fault_plan
