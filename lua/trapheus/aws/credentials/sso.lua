--- IAM Identity Center: the token that `aws sso login` has left in ~/.aws/sso/cache, exchanged for a role's
--- credentials.
local core = require "trapheus.core"
local endpoints = require "trapheus.aws.endpoints"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local source = require "trapheus.aws.credentials.source"
local timestamp = require "trapheus.aws.timestamp"

local REFRESH_S = 15 * 60
local WANTED = { "sso_start_url", "sso_region", "sso_role_name", "sso_account_id" }
local TIMEOUT_MS = 20000

local function wall_s() return core.clock.wall_ms() / 1000 end

--- Older tokens say "2026-01-31T17:05:00UTC".
local function moment(text)
  return timestamp.parse((tostring(text or ""):gsub("UTC$", "Z")))
end

-- What the profile says ----------------------------------------------------------------------------

--- The profile's settings with those of its sso_session.
local function with_session(config, name, settings)
  local session_name = settings.sso_session
  if not session_name then return settings end
  local session = config.files.sso_sessions[session_name]
  if not session then
    source.fail("InvalidConfig", "profile %s names the sso_session %s, which is not in %s%s", name, session_name,
      config.config_file, model.hint(session_name, config.files.sso_sessions))
  end
  local merged = {}
  for setting, value in pairs(session) do merged[setting] = value end
  for setting, value in pairs(settings) do
    if merged[setting] and merged[setting] ~= value then
      source.fail("InvalidConfig", "%s of profile %s is not that of its sso_session %s", setting, name, session_name)
    end
    merged[setting] = value
  end
  return merged
end

local function check(name, settings)
  for _, wanted in ipairs(WANTED) do
    if not settings[wanted] then
      source.fail("InvalidConfig", "profile %s signs in by IAM Identity Center, but has no %s", name, wanted)
    end
  end
  if not endpoints.is_region(settings.sso_region) then
    source.fail("UnknownRegion", "sso_region of profile %s, '%s', is no Region", name, settings.sso_region)
  end
end

-- The token ----------------------------------------------------------------------------------------

local function login_needed(name, why)
  source.fail("SSOLoginNeeded", "%s: run 'aws sso login --profile %s'", why, name)
end

local function cache_file(config, settings)
  local directory = (config.getenv "HOME" or "") .. "/.aws/sso/cache/"
  return directory .. core.sha1(settings.sso_session or settings.sso_start_url) .. ".json"
end

local function service_url(config, service, host, region)
  local url = config:configured_endpoint_url(service)
  if url then return (url:gsub("/+$", "")) end
  return ("https://%s.%s.%s"):format(host, region, endpoints.partition(region).dnsSuffix)
end

--- A new token for the refresh token in the cache; nil when there is none, or it is not taken.
local function refreshed(config, settings, token)
  local registered_until = moment(token.registrationExpiresAt)
  if not (token.refreshToken and token.clientId and token.clientSecret and registered_until) then return nil end
  if registered_until <= wall_s() then return nil end
  local reply = source.exchange(config, {
    method = "POST", url = service_url(config, "sso-oidc", "oidc", settings.sso_region) .. "/token",
    headers = { { "Content-Type", "application/json" } }, timeout_ms = TIMEOUT_MS, max_bytes = 1 << 16,
    body = json.encode { grantType = "refresh_token", clientId = token.clientId, clientSecret = token.clientSecret,
      refreshToken = token.refreshToken },
  })
  local document = reply and reply.status == 200 and source.decode(reply.body)
  if not document or type(document.accessToken) ~= "string" then return nil end
  return {
    startUrl = settings.sso_start_url, region = settings.sso_region, accessToken = document.accessToken,
    expiresAt = timestamp.format(wall_s() // 1 + (tonumber(document.expiresIn) or 0)), clientId = token.clientId,
    clientSecret = token.clientSecret, registrationExpiresAt = token.registrationExpiresAt,
    refreshToken = document.refreshToken,
  }
end

--- The access token; renewed for sso_sessions when it soon ends, as the CLI does.
local function access_token(config, name, settings)
  local path = cache_file(config, settings)
  local text = config.read_file(path)
  if not text then login_needed(name, "nobody is signed in to IAM Identity Center") end
  local token = source.decode(text) or {}
  local ends = moment(token.expiresAt)
  if not ends or type(token.accessToken) ~= "string" then login_needed(name, path .. " has no token in it") end
  if settings.sso_session and ends - wall_s() < REFRESH_S then
    local new = refreshed(config, settings, token)
    if new then
      core.system.write_private(path, json.encode(new)) -- the next one is good for the old token, too
      return new.accessToken
    end
  end
  if ends <= wall_s() then login_needed(name, "the sign-in to IAM Identity Center has expired") end
  return token.accessToken
end

-- The credentials ----------------------------------------------------------------------------------

local NAMES = { id = "accessKeyId", secret = "secretAccessKey", token = "sessionToken", expiration = "expiration" }

local function fetch(config, name, settings)
  local url = ("%s/federation/credentials?role_name=%s&account_id=%s"):format(
    service_url(config, "sso", "portal.sso", settings.sso_region), core.uri.encode(settings.sso_role_name),
    core.uri.encode(settings.sso_account_id))
  local reply, why = source.exchange(config, { method = "GET", url = url, timeout_ms = TIMEOUT_MS, max_bytes = 1 << 16,
    headers = { { "x-amz-sso_bearer_token", access_token(config, name, settings) } } })
  local place = ("IAM Identity Center, for role %s in account %s,"):format(settings.sso_role_name,
    settings.sso_account_id)
  if reply and reply.status == 401 then login_needed(name, "IAM Identity Center no longer takes the sign-in") end
  if not reply or reply.status ~= 200 then
    source.fail("CredentialsError", "%s gave no credentials: %s", place, why or "HTTP " .. reply.status)
  end
  local document = source.decode(reply.body)
  local role = document and document.roleCredentials
  if type(role) ~= "table" then source.fail("CredentialsError", "%s gave no roleCredentials", place) end
  if type(role.expiration) == "number" then role.expiration = role.expiration // 1000 end
  return source.credentials(role, place, NAMES)
end

---@param config trapheus.Config
---@param name string  Of the profile.
---@return trapheus.aws.Source?
return function(config, name)
  local profile = config.files.profiles[name]
  if not profile or not (profile.settings.sso_role_name or profile.settings.sso_account_id) then return nil end
  local settings = with_session(config, name, profile.settings)
  check(name, settings)
  return {
    method = "sso", place = ("profile %s in %s"):format(name, config.config_file), renewable = true,
    fetch = function() return fetch(config, name, settings) end,
  }
end
