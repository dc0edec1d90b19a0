--- Errors of the simulated services: AWS's codes, each with its HTTP status.

local model = require "trapheus.aws.model"

local errors = {}

--- Codes that are common to all of AWS, and whose status is not 400.
local COMMON = {
  AccessDenied = 403, ExpiredToken = 403, InvalidClientTokenId = 403, MissingAuthenticationToken = 403,
  OptInRequired = 403, RequestTimeTooSkewed = 403, SignatureDoesNotMatch = 403, UnauthorizedOperation = 403,
  DefaultVpcDoesNotExist = 404, MalformedQueryString = 404,
  NotFound = 404, -- of SNS
  RequestTimeout = 408, RequestTimeoutException = 408, TooManyRequestsException = 429,
  ClientUnavailable = 500, InternalError = 500, InternalFailure = 500,
  RequestLimitExceeded = 503, ServiceUnavailable = 503, SlowDown = 503, BandwidthLimitExceeded = 509,
}

local documented -- code -> status, as the service model has it

local function status_of(code)
  if not documented then
    documented = {}
    for _, shape in pairs(model.load("rds").shapes) do
      if shape.error then documented[shape.error.code] = shape.error.httpStatusCode end
    end
  end
  return COMMON[code] or documented[code] or 400
end

--- The error as a client is given it.
---@param code string
---@param message string
---@param status integer|nil Where it is not the code's usual one.
---@return table
function errors.new(code, message, status)
  return { code = code, message = message, status = status or status_of(code) }
end

--- What the client meets when no reply of the service arrives.
---@param code "RequestTimeout"|"ConnectionLost"|"MalformedReply"
---@param message string
---@return table
function errors.transport(code, message)
  return { code = code, message = message }
end

local raised = {} -- metatable: tells a refusal from a mistake in the sandbox itself

---@param code string
---@param message string
function errors.refuse(code, message)
  error(setmetatable(errors.new(code, message), raised), 0)
end

---@param err any
---@return boolean
function errors.is_refusal(err)
  return getmetatable(err) == raised
end

return errors
