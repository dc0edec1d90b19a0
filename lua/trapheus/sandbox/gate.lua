--- Who may call: what AWS looks at before the service does. Credentials, policies, the age of the signature.

local errors = require "trapheus.sandbox.errors"

local STALE_S = 15 * 60

local BAD_CREDENTIALS = {
  expired = { "ExpiredToken", "The security token included in the request is expired" },
  revoked = { "InvalidClientTokenId", "The security token included in the request is invalid." },
}

--- The error of a request that is not let in; nil for one that is.
---@param sb trapheus.Sandbox
---@param service string
---@param operation string
---@param signed_at_s number|nil  By the client's clock; nil: not looked at.
---@return table|nil err
return function(sb, service, operation, signed_at_s)
  if service == "webhook" then return nil end
  local over = sb.credentials_end_ms and sb.now >= sb.credentials_end_ms
  local bad = BAD_CREDENTIALS[over and "expired" or sb.credentials]
  if bad then return errors.new(bad[1], bad[2]) end
  local age_s = signed_at_s and sb:seconds() - signed_at_s or 0
  if age_s > STALE_S or age_s < -STALE_S then
    return errors.new("RequestExpired", "Request has expired: it was signed more than 15 minutes from now.")
  end
  if sb.denied[operation] then
    return errors.new("AccessDenied", ("User is not authorized to perform: %s:%s"):format(service, operation))
  end
end
