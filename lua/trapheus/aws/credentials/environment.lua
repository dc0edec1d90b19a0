--- AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
local core = require "trapheus.core"
local source = require "trapheus.aws.credentials.source"
local timestamp = require "trapheus.aws.timestamp"

local function fetch(config)
  local ok, made = pcall(core.credentials, {
    access_key_id = config:variable "AWS_ACCESS_KEY_ID",
    secret_access_key = config:variable "AWS_SECRET_ACCESS_KEY",
    session_token = config:variable "AWS_SECURITY_TOKEN" or config:variable "AWS_SESSION_TOKEN",
    -- As `aws configure export-credentials` gives it.
    expires_at = timestamp.parse(config:variable "AWS_CREDENTIAL_EXPIRATION" or ""),
  })
  return ok and made or source.fail("NoCredentials", "a variable of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
    .. "AWS_SESSION_TOKEN has a blank in it")
end

---@param config trapheus.Config
---@return trapheus.aws.Source?
return function(config)
  local id, secret = config:variable "AWS_ACCESS_KEY_ID", config:variable "AWS_SECRET_ACCESS_KEY"
  if not id then
    if secret then config.half = "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not" end
    return nil
  end
  if not secret then source.fail("NoCredentials", "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not") end
  return source.fixed("environment", "the environment", fetch(config))
end
