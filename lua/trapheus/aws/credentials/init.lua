--- Who signs: the first source that has credentials, in the order of AWS's SDKs.
local identity = require "trapheus.aws.credentials.identity"
local source = require "trapheus.aws.credentials.source"

local credentials = {}

local function provider(name) return require("trapheus.aws.credentials." .. name) end

--- A profile of `aws login`, whose tokens only AWS's own tools can use.
local function login(config, name)
  local profile = config.files.profiles[name]
  if not profile or not profile.settings.login_session then return nil end
  source.fail("NoCredentials", "profile %s signs in by 'aws login'; let another profile have credential_process = "
    .. "aws configure export-credentials --profile %s --format process", name, name)
end

--- The sources within a profile.
---@param config trapheus.Config
---@param name string
---@param with_environment boolean  Variables may say what the profile does not.
---@return trapheus.aws.Source?
function credentials.of_profile(config, name, with_environment)
  return provider "web_identity" (config, name, with_environment)
    or provider "sso" (config, name)
    or provider "shared" (config, name, "shared")
    or login(config, name)
    or provider "process" (config, name)
    or provider "shared" (config, name, "config")
end

local function first_source(config)
  local with_environment = not config.profile_given
  return with_environment and provider "environment" (config)
    or provider "assume_role" (config, config.profile)
    or credentials.of_profile(config, config.profile, with_environment)
    or provider "container" (config)
    or provider "imds".source(config)
end

local function none(config)
  local variables = config.profile_given and ""
    or (config.half or "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set") .. ", "
  local metadata = provider "imds".why_not(config)
  source.fail("NoCredentials", "%sand profile %s has none in %s or %s%s", variables, config.profile,
    config.credentials_file, config.config_file, metadata and "; " .. metadata or "")
end

--- Who signs for this configuration, with the first credentials fetched. The same one for every client of it. Raises
--- NoCredentials, naming where it looked, InvalidConfig, CredentialsError, SSOLoginNeeded.
---@param config trapheus.Config
---@return trapheus.aws.Identity
function credentials.resolve(config)
  if not config.identity then
    local found = identity.new(first_source(config) or none(config))
    found:current()
    config.identity = found
  end
  return config.identity
end

credentials.of = identity.of

return credentials
