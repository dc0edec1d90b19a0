--- Errors of the simulated services: AWS's codes, each with its HTTP status.

local errors = {}

--- Codes whose status is not 400.
local STATUS = {
  AccessDenied = 403,
  ExpiredToken = 403,
  InvalidClientTokenId = 403,
  DBInstanceNotFound = 404,
  DBSnapshotNotFound = 404,
  DBClusterNotFoundFault = 404,
  DBClusterSnapshotNotFoundFault = 404,
  DBClusterParameterGroupNotFound = 404,
  DBClusterRoleNotFound = 404,
  DBClusterAutomatedBackupNotFoundFault = 404,
  DBClusterQuotaExceededFault = 403,
  DBParameterGroupNotFound = 404,
  DBSubnetGroupNotFoundFault = 404,
  OptionGroupNotFoundFault = 404,
  CertificateNotFound = 404,
  DBInstanceRoleNotFound = 404,
  DBInstanceAutomatedBackupNotFound = 404,
  BlueGreenDeploymentNotFoundFault = 404,
  GlobalClusterNotFoundFault = 404,
  ExportTaskNotFound = 404,
  DBProxyNotFoundFault = 404,
  ResourceNotFoundFault = 404,
  InternalFailure = 500,
  ServiceUnavailable = 503,
}

--- The error as a client is given it.
---@param code string
---@param message string
---@param status integer|nil Where it is not the code's usual one.
---@return table
function errors.new(code, message, status)
  return { code = code, message = message, status = status or STATUS[code] or 400 }
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
