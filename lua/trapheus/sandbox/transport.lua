--- The sandbox as a client's transport: every call is answered at once, an error is raised in the client's form.

local errors = require "trapheus.errors"
local model = require "trapheus.aws.model"

local transport = {}
transport.__index = transport

local UNSENT = { NameResolutionError = true, TLSError = true }

---@param sb trapheus.Sandbox
---@param region string|nil The Region whose endpoint is called, if not the sandbox's own.
---@return table
function transport.new(sb, region)
  return setmetatable({ sandbox = sb, region = region or sb.region }, transport)
end

--- Answers one call, as a client asks it. It is sent once: whoever wants to ask again waits in between.
---@param call { service: string, operation: string, params: table|nil }
---@return table result
---@return { status: integer, request_id: string, attempts: integer } info
function transport:send(call)
  local result, err = self.sandbox:call(call.service, call.operation, call.params, self.region)
  local request_id = ("sandbox-%08d"):format(#self.sandbox.audit)
  if result then return result, { status = 200, request_id = request_id, attempts = 1 } end
  local reads, class = model.is_read_only(call.operation), errors.class(call.operation, err.code, err.status)
  local answered = UNSENT[err.code] or err.status and err.status < 500 and not err.malformed
  error(errors.new {
    code = err.code, message = err.message, status = err.status, operation = call.operation, service = call.service,
    request_id = err.status and request_id or nil, attempts = 1,
    retryable = class == "throttle" or reads and (class == "transient" or not answered),
    ambiguous = not answered and not reads,
  }, 0)
end

return transport
