--- The sandbox as a client's transport: every call is answered at once, an error is raised in the client's form.

local transport = {}
transport.__index = transport

local Error = {
  __tostring = function(err)
    local origin = err.status and ("HTTP %d, request %s"):format(err.status, err.request_id) or "no reply"
    return ("%s: %s: %s (%s)"):format(err.operation, err.code, err.message, origin)
  end,
}

---@param sb trapheus.Sandbox
---@return table
function transport.new(sb)
  return setmetatable({ sandbox = sb }, transport)
end

local READS = { "^Describe", "^List", "^Get" }

local function reads(operation)
  for _, pattern in ipairs(READS) do
    if operation:find(pattern) then return true end
  end
  return false
end

--- Answers one call, as a client asks it.
---@param call { service: string, operation: string, params: table|nil }
---@return table result
function transport:send(call)
  local result, err = self.sandbox:call(call.service, call.operation, call.params)
  if result then return result end
  local unanswered = not err.status or err.status >= 500
  local read_only = reads(call.operation)
  error(setmetatable({
    code = err.code, message = err.message, status = err.status, operation = call.operation, service = call.service,
    request_id = err.status and ("sandbox-%08d"):format(#self.sandbox.audit), attempts = 1,
    retryable = err.code == "Throttling" or unanswered and read_only, ambiguous = unanswered and not read_only,
  }, Error), 0)
end

return transport
