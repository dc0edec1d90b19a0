--- Faults: which call meets one, and what it does to that call.

local errors = require "trapheus.sandbox.errors"

local faults = {}

local LOST = "Connection was closed before we received a valid response."
local TIMEOUT = "Read timeout on endpoint."

--- kind -> how the call goes.
---   executes  the service does what it was asked to
---   client    what the client is given instead of the answer
---   shapes    the operation itself reads the fault, and ends differently
---@type table<string, { executes: boolean, client: (fun(fault: table): table)|nil, shapes: boolean|nil }>
faults.kinds = {
  drop = { executes = false, client = function() return errors.transport("RequestTimeout", TIMEOUT) end },
  lost = { executes = true, client = function() return errors.transport("ConnectionLost", LOST) end },
  zombie = { executes = false, client = function() return errors.transport("RequestTimeout", TIMEOUT) end },
  garbage = {
    executes = true,
    client = function() return errors.transport("MalformedReply", "The reply is not XML.") end,
  },
  throttle = { executes = false, client = function() return errors.new("Throttling", "Rate exceeded") end },
  denied = {
    executes = false,
    client = function(fault)
      return errors.new("AccessDenied", ("User is not authorized to perform: rds:%s"):format(fault.operation))
    end,
  },
  error = {
    executes = false,
    client = function(fault) return errors.new(fault.code, fault.message or "Injected.", fault.status) end,
  },
  e500n = { executes = false, client = function() return errors.new("InternalFailure", "Internal failure.") end },
  e500c = { executes = true, client = function() return errors.new("InternalFailure", "Internal failure.") end },
  terminal = { executes = true, shapes = true },
  background_failure = { executes = true, shapes = true },
  stuck = { executes = true, shapes = true },
}

---@class trapheus.sandbox.Fault
---@field operation string
---@field occurrence integer|"every" The nth call of that operation, from 1.
---@field kind string
---@field count? integer throttle: so many calls in a row
---@field delay_s? number zombie: executed so much later
---@field status? string|integer terminal: the status it ends in; error: the HTTP status
---@field code? string error
---@field message? string error

---@param list trapheus.sandbox.Fault[]
function faults.check(list)
  for _, fault in ipairs(list) do
    assert(faults.kinds[fault.kind], "no such fault: " .. tostring(fault.kind))
    assert(type(fault.operation) == "string", "a fault names its operation")
    assert(fault.occurrence == "every" or math.type(fault.occurrence) == "integer", "occurrence: a number, or every")
    assert(fault.kind ~= "zombie" or fault.delay_s, "a zombie needs delay_s")
    assert(fault.kind ~= "error" or fault.code, "an error needs a code")
    assert(fault.kind ~= "terminal" or fault.status, "a terminal fault needs a status")
  end
end

---@param list trapheus.sandbox.Fault[]
---@param operation string
---@param nth integer
---@return trapheus.sandbox.Fault|nil
function faults.match(list, operation, nth)
  for _, fault in ipairs(list) do
    local span = fault.count or 1
    local hit = fault.occurrence == "every" or nth >= fault.occurrence and nth < fault.occurrence + span
    if fault.operation == operation and hit then return fault end
  end
end

return faults
