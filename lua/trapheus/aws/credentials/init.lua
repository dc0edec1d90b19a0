--- Who signs: the first source that has credentials.
---
--- A source takes the configuration and gives core.credentials, or nothing when it has none. Secrets pass through Lua
--- strings, which cannot be wiped; they are dropped at once, and what is kept does not show them.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local timestamp = require "trapheus.aws.timestamp"

local credentials = {}

local function no_credentials(message, ...)
  error(errors.new { code = "NoCredentials", message = message:format(...) }, 0)
end

local function from_environment(config)
  local id, secret = config:variable "AWS_ACCESS_KEY_ID", config:variable "AWS_SECRET_ACCESS_KEY"
  if not id and not secret then return nil end
  if not secret then no_credentials "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not" end
  if not id then no_credentials "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not" end
  return core.credentials {
    access_key_id = id,
    secret_access_key = secret,
    session_token = config:variable "AWS_SESSION_TOKEN",
    -- As `aws configure export-credentials` gives it.
    expires_at = timestamp.parse(config:variable "AWS_CREDENTIAL_EXPIRATION" or ""),
  }
end

local function from_profile(config)
  return config.profile_credentials
end

--- Settings that point at a source of credentials that is not here.
local OTHER_SOURCES = { "credential_process", "role_arn", "sso_account_id", "sso_session", "web_identity_token_file" }

local function check_other_sources(config)
  for _, name in ipairs(OTHER_SOURCES) do
    if config.settings[name] then
      no_credentials("profile %s in %s gets its credentials by %s, which is not supported; put temporary ones into "
        .. "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN (aws configure export-credentials)",
        config.profile, config.config_file, name)
    end
  end
end

--- The credentials to sign with: of a profile that was asked for by an option; of the environment; of the profile.
--- Raises NoCredentials, naming where it looked.
---@param config trapheus.Config
---@return userdata
function credentials.resolve(config)
  local sources = config.profile_given and { from_profile } or { from_environment, from_profile }
  for _, source in ipairs(sources) do
    local found = source(config)
    if found then return found end
  end
  check_other_sources(config)
  local variables = config.profile_given and "" or "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, and "
  return no_credentials("%sprofile %s has no aws_access_key_id with aws_secret_access_key in %s or %s",
    variables, config.profile, config.credentials_file, config.config_file)
end

return credentials
