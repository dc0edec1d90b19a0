--- Faults: which call meets one, and what it does to that call.

local errors = require "trapheus.sandbox.errors"
local kinds = require "trapheus.sandbox.fault_kinds"

local faults = {}

---@class trapheus.sandbox.Fault
---@field operation? string   Whose call meets it; "*": any. Without it, `at_s` says when it happens.
---@field occurrence? integer|string  The nth call of that operation, from 1; "every"; a chance such as "5%".
---@field at_s? number
---@field kind string         See trapheus.sandbox.fault_kinds, also for the parameters.

---@class trapheus.sandbox.Effect
---@field executes integer    How often it is executed.
---@field answer? fun(fault: table): table  The service's error, instead of the result.
---@field delivery? string    What becomes of the reply; see trapheus.sandbox.delivery.
---@field before? fun(sb: table, fault: table)

local function says(code, message)
  return function() return errors.new(code, message) end
end

local INTERNAL = says("InternalFailure", "Internal failure.")

local function denied(fault)
  return errors.new("AccessDenied", ("User is not authorized to perform: rds:%s"):format(fault.operation))
end

--- Kinds without an effect here shape what the operation begins: it reads the fault itself.
---@type table<string, trapheus.sandbox.Effect>
faults.effects = {
  drop = { executes = 0, delivery = "timeout" },
  lost = { executes = 1, delivery = "lost" },
  dup = { executes = 2 },
  zombie = { executes = 0, late = true, delivery = "timeout" },
  throttle = { executes = 0, answer = says("Throttling", "Rate exceeded") },
  ["500n"] = { executes = 0, answer = INTERNAL },
  ["500c"] = { executes = 1, answer = INTERNAL },
  ["503"] = { executes = 0, answer = says("ServiceUnavailable", "Service is unavailable.") },
  trunc = { executes = 1, delivery = "cut" },
  garbage = { executes = 1, delivery = "garbage" },
  odd = { executes = 1, delivery = "odd" },
  slow = { executes = 1, delivery = "slow" },
  reset = { executes = 1, delivery = "reset" },
  dns = { executes = 0, delivery = "unresolved" },
  tls = { executes = 0, delivery = "untrusted" },
  skew = { executes = 1, before = function(sb, fault) sb:shift_clock(fault.offset_s) end },
  expired = { executes = 0, answer = says("ExpiredToken", "The security token included in the request is expired") },
  revoked = {
    executes = 0, answer = says("InvalidClientTokenId", "The security token included in the request is invalid."),
  },
  denied = { executes = 0, answer = denied },
  error = {
    executes = 0,
    answer = function(fault) return errors.new(fault.code, fault.message or "Injected.", fault.status) end,
  },
}

for name, kind in pairs(kinds.of_calls) do
  if kind.of then faults.effects[name] = { executes = 1, shapes = true } end
end

-- Read once, as every call may meet it: "5%" is 5.
local percent = setmetatable({}, { __index = function(known, rate)
  known[rate] = tonumber(rate:sub(1, -2))
  return known[rate]
end })

local function occurs(fault, nth, stream)
  local when = fault.occurrence
  if when == "every" then return true end
  if type(when) == "string" then return stream:unit() * 100 < percent[when] end
  return nth >= when and nth < when + (fault.count or 1)
end

--- The fault that a call meets: the first of the list.
---@param list trapheus.sandbox.Fault[]
---@param operation string
---@param counts table<string, integer>  Of the calls so far, this one included; "*" is all of them.
---@param stream trapheus.core.Stream
---@return trapheus.sandbox.Fault|nil
function faults.match(list, operation, counts, stream)
  for i = 1, #list do
    local fault = list[i]
    local site = fault.operation
    if (site == operation or site == "*") and occurs(fault, counts[site], stream) then return fault end
  end
end

return faults
