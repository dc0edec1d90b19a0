--- Which profile, region, endpoints and credentials: options first, then the environment, then AWS's shared files.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local ini = require "trapheus.aws.ini"

local config = {}

---@class trapheus.ConfigOptions
---@field profile? string
---@field region? string
---@field endpoint_url? string
---@field getenv? fun(name: string): string?
---@field read_file? fun(path: string): string?

---@class trapheus.Config
---@field profile string             The profile's name.
---@field profile_given boolean      It was asked for by an option, and so comes before the environment.
---@field config_file string
---@field credentials_file string
---@field settings table             The profile's settings, without secrets.
---@field ca_bundle? string
---@field use_fips boolean
---@field use_dual_stack boolean
---@field getenv fun(name: string): string?
local Config = {}
Config.__index = Config

local function read_file(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a"
end

--- The value of an environment variable; an empty one counts as none.
---@param name string
---@return string?
function Config:variable(name)
  local value = self.getenv(name)
  return value ~= "" and value or nil
end

local function file_path(self, name, default)
  local path = self:variable(name) or default
  return (path:gsub("^~/", (self.getenv "HOME" or "") .. "/"))
end

--- The profile as both files have it; what the credentials file says counts more.
local function profile_settings(self, sections, credential_sections)
  local from_config = sections["profile " .. self.profile] or self.profile == "default" and sections.default
  local from_credentials = credential_sections[self.profile]
  if not from_config and not from_credentials then return nil end
  local settings = {}
  for _, source in ipairs { from_config or {}, from_credentials or {} } do
    for name, value in pairs(source) do settings[name] = value end
  end
  return settings
end

--- Takes the keys out of the settings, into credentials that do not show them.
local function take_credentials(settings)
  local id, secret = settings.aws_access_key_id, settings.aws_secret_access_key
  local token = settings.aws_session_token
  settings.aws_secret_access_key, settings.aws_session_token = nil, nil
  if not id or not secret then return nil end
  return core.credentials { access_key_id = id, secret_access_key = secret, session_token = token }
end

local function read_profile(self, read)
  local sections = ini.parse(read(self.config_file) or "")
  local credential_sections = ini.parse(read(self.credentials_file) or "")
  local settings = profile_settings(self, sections, credential_sections)
  if not settings and (self.profile_given or self:variable("AWS_PROFILE")) then
    error(errors.new {
      code = "ProfileNotFound",
      message = ("there is no profile %s in %s or %s"):format(self.profile, self.config_file, self.credentials_file),
    }, 0)
  end
  self.settings = settings or {}
  self.services = sections["services " .. (self.settings.services or "")] or {}
  self.profile_credentials = take_credentials(self.settings)
end

local function flag(self, name, setting)
  return (self:variable(name) or self.settings[setting] or ""):lower() == "true"
end

--- Reads what there is. Raises ProfileNotFound for a profile that was asked for and is nowhere.
---@param options? trapheus.ConfigOptions
---@return trapheus.Config
function config.load(options)
  options = options or {}
  local self = setmetatable({ options = options, getenv = options.getenv or os.getenv }, Config)
  self.profile_given = options.profile ~= nil
  self.profile = options.profile or self:variable("AWS_PROFILE") or "default"
  self.config_file = file_path(self, "AWS_CONFIG_FILE", "~/.aws/config")
  self.credentials_file = file_path(self, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
  read_profile(self, options.read_file or read_file)
  self.ca_bundle = self:variable("AWS_CA_BUNDLE") or self.settings.ca_bundle
  self.use_fips = flag(self, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
  self.use_dual_stack = flag(self, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
  return self
end

--- The region; raises NoRegion when there is none.
---@return string
function Config:region()
  local region = self.options.region or self:variable("AWS_REGION") or self:variable("AWS_DEFAULT_REGION")
    or self.settings.region
  if region then return region end
  error(errors.new {
    code = "NoRegion",
    message = ("AWS_REGION is not set and profile %s in %s names none; give --region"):format(
      self.profile, self.config_file),
  }, 0)
end

--- The endpoint the user wants a service to be called at, if any.
---@param service string  "rds"
---@return string?
function Config:endpoint_url(service)
  if self.options.endpoint_url then return self.options.endpoint_url end
  if flag(self, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") then return nil end
  local of_service = self.services[service]
  return self:variable("AWS_ENDPOINT_URL_" .. service:upper()) or self:variable("AWS_ENDPOINT_URL")
    or type(of_service) == "table" and of_service.endpoint_url or self.settings.endpoint_url
end

return config
