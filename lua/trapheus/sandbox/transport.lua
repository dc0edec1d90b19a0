--- The sandbox as a client's transport: every call is answered at once, an error is raised in the client's form.

local errors = require "trapheus.errors"
local model = require "trapheus.aws.model"

local transport = {}
transport.__index = transport

---@param sb trapheus.Sandbox
---@return table
function transport.new(sb)
  return setmetatable({ sandbox = sb }, transport)
end

--- Answers one call, as a client asks it. It is sent once: whoever wants to ask again waits in between.
---@param call { service: string, operation: string, params: table|nil }
---@return table result
function transport:send(call)
  local result, err = self.sandbox:call(call.service, call.operation, call.params)
  if result then return result end
  local reads, class = model.is_read_only(call.operation), errors.class(call.operation, err.code, err.status)
  local answered = err.status and err.status < 500
  error(errors.new {
    code = err.code, message = err.message, status = err.status, operation = call.operation, service = call.service,
    request_id = err.status and ("sandbox-%08d"):format(#self.sandbox.audit), attempts = 1,
    retryable = class == "throttle" or reads and (class == "transient" or not answered),
    ambiguous = not answered and not reads,
  }, 0)
end

return transport
