--- A role assumed with a token in a file, as pods on EKS have it (IAM roles for service accounts).
local source = require "trapheus.aws.credentials.source"
local sts = require "trapheus.aws.credentials.sts"

local VARIABLES = { web_identity_token_file = "AWS_WEB_IDENTITY_TOKEN_FILE", role_arn = "AWS_ROLE_ARN",
  role_session_name = "AWS_ROLE_SESSION_NAME" }

local function read_token(config, path)
  local token = config.read_file(path)
  if not token or token == "" then
    source.fail("CredentialsError", "the web identity token %s cannot be read: web_identity_token_file or "
      .. "AWS_WEB_IDENTITY_TOKEN_FILE names it", path)
  end
  return token
end

---@param config trapheus.Config
---@param name string                Of the profile.
---@param with_environment boolean   Variables come before the profile.
---@return trapheus.aws.Source?
return function(config, name, with_environment)
  local profile = config.files.profiles[name]
  local function get(setting)
    return with_environment and config:variable(VARIABLES[setting]) or profile and profile.settings[setting]
  end
  local path, role_arn = get "web_identity_token_file", get "role_arn"
  if not path then return nil end
  if not role_arn then
    source.fail("InvalidConfig", "there is a web identity token, %s, but no role for it: role_arn of profile %s or "
      .. "AWS_ROLE_ARN", path, name)
  end
  return {
    method = "assume-role-with-web-identity",
    place = path,
    fetch = function()
      return sts.call(config, "AssumeRoleWithWebIdentity", {
        RoleArn = role_arn,
        RoleSessionName = get "role_session_name" or sts.session_name(),
        WebIdentityToken = read_token(config, path),
      }, false)
    end,
    renewable = true,
  }
end
