--- A profile's role_arn, assumed with the credentials of its source_profile or credential_source.
local core = require "trapheus.core"
local identity = require "trapheus.aws.credentials.identity"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local source = require "trapheus.aws.credentials.source"
local sts = require "trapheus.aws.credentials.sts"

local KEPT_S = 15 * 60 -- with less than this left, what the CLI has kept is not used

local SOURCES = {
  Environment = { "environment" },
  EcsContainer = { "container" },
  Ec2InstanceMetadata = { "imds", "source" },
}

local function settings_of(config, name)
  local profile = config.files.profiles[name]
  return profile and profile.settings
end

local function has_role(settings)
  return settings.role_arn and not settings.web_identity_token_file
end

local function has_keys(config, name)
  local profile = config.files.profiles[name]
  return profile.shared ~= nil or profile.config ~= nil
end

local function from_credential_source(config, name, wanted)
  local found = SOURCES[wanted]
  if not found then
    source.fail("InvalidConfig", "credential_source of profile %s is '%s', but Environment, EcsContainer or "
      .. "Ec2InstanceMetadata is expected%s", name, wanted, model.hint(wanted, SOURCES))
  end
  local provider = require("trapheus.aws.credentials." .. found[1])
  local made = (found[2] and provider[found[2]] or provider)(config)
  return made or source.fail("CredentialsError", "credential_source of profile %s is %s, which has no credentials",
    name, wanted)
end

--- A profile may name itself, for keys that stand beside its role.
local function check_source_profile(config, name, wanted, visited)
  if not settings_of(config, wanted) then
    source.fail("InvalidConfig", "source_profile of profile %s is %s, which is not in %s or %s%s", name, wanted,
      config.config_file, config.credentials_file, model.hint(wanted, config.files.profiles))
  end
  if not visited[wanted] or wanted == name and has_keys(config, wanted) then return end
  source.fail("InvalidConfig", "source_profile goes in a circle: %s -> %s", table.concat(visited, " -> "), wanted)
end

local role_source -- (config, name, visited)

local function from_source_profile(config, name, wanted, visited)
  check_source_profile(config, name, wanted, visited)
  if has_role(settings_of(config, wanted)) and not has_keys(config, wanted) then
    return role_source(config, wanted, visited)
  end
  return require("trapheus.aws.credentials").of_profile(config, wanted, false)
    or source.fail("InvalidConfig", "source_profile of profile %s is %s, which has no credentials", name, wanted)
end

local function origin(config, name, settings, visited)
  local profile, kind = settings.source_profile, settings.credential_source
  if profile and kind then
    source.fail("InvalidConfig", "profile %s has both source_profile and credential_source", name)
  elseif kind then
    return from_credential_source(config, name, kind)
  elseif profile then
    return from_source_profile(config, name, profile, visited)
  end
  return source.fail("NoCredentials", "profile %s has a role_arn, but no source_profile or credential_source", name)
end

local function token_code(name, serial)
  local code = core.system.ask_secret(("MFA code for %s (profile %s): "):format(serial, name))
  if not code then
    source.fail("CredentialsError", "profile %s needs an MFA code of %s, and there is no terminal to ask on; put "
      .. "temporary credentials into the environment (aws configure export-credentials)", name, serial)
  end
  if not code:find "^%d%d%d%d%d%d%d?%d?$" then
    source.fail("CredentialsError", "an MFA code of 6 digits is expected for %s", serial)
  end
  return code
end

--- What the AWS CLI has kept of the same role: a code is not asked for while that is good.
local function of_cli(config, settings)
  local members = {}
  for _, member in ipairs {
    { "DurationSeconds", math.tointeger(tonumber(settings.duration_seconds)) }, { "ExternalId", settings.external_id },
    { "RoleArn", settings.role_arn }, { "RoleSessionName", settings.role_session_name },
    { "SerialNumber", settings.mfa_serial },
  } do
    if member[2] then members[#members + 1] = json.encode(member[1]) .. ": " .. json.encode(member[2]) end
  end
  local key = core.sha1("{" .. table.concat(members, ", ") .. "}") -- as Python writes it
  local text = config.read_file(("%s/.aws/cli/cache/%s.json"):format(config.getenv "HOME" or "", key))
  local document = text and source.decode(text)
  local ok, kept = pcall(source.credentials, document and document.Credentials or {}, "the AWS CLI")
  return ok and (kept.expires_at or 0) > core.clock.wall_ms() / 1000 + KEPT_S and kept or nil
end

local function assume(config, name, settings, signer)
  local serial = settings.mfa_serial
  local kept = serial and of_cli(config, settings)
  if kept then return kept end
  return sts.call(config, "AssumeRole", {
    RoleArn = settings.role_arn,
    RoleSessionName = settings.role_session_name or sts.session_name(),
    ExternalId = settings.external_id,
    DurationSeconds = math.tointeger(tonumber(settings.duration_seconds)),
    SerialNumber = serial,
    TokenCode = serial and token_code(name, serial),
  }, signer)
end

function role_source(config, name, visited)
  local settings = settings_of(config, name)
  visited[#visited + 1], visited[name] = name, true
  local signer = identity.new(origin(config, name, settings, visited))
  local with_mfa = settings.mfa_serial ~= nil
  return {
    method = "assume-role",
    place = ("profile %s in %s"):format(name, config.config_file),
    fetch = function() return assume(config, name, settings, signer) end,
    renewable = not with_mfa,
    ends_unless = with_mfa and "an MFA code is good for one session: start again for another" or nil,
  }
end

---@param config trapheus.Config
---@param name string  Of the profile.
---@return trapheus.aws.Source?
return function(config, name)
  local settings = settings_of(config, name)
  return settings and has_role(settings) and role_source(config, name, {}) or nil
end
