--- Which profile, Region, endpoints and settings: options first, then the environment, then AWS's shared files, with
--- the AWS CLI's own names and order. An empty variable counts as none.
local errors = require "trapheus.errors"
local endpoints = require "trapheus.aws.endpoints"
local model = require "trapheus.aws.model"
local shared_files = require "trapheus.aws.shared_files"

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
---@field files trapheus.aws.SharedFiles
---@field settings table             The profile's settings, without secrets.
---@field warnings string[]          What is doubtful about the files.
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

local function fail(code, message, ...)
  error(errors.new { code = code, message = message:format(...) }, 0)
end

--- The value of an environment variable; an empty one counts as none.
---@param name string
---@return string?
function Config:variable(name)
  local value = self.getenv(name)
  return value ~= "" and value or nil
end

-- Settings ---------------------------------------------------------------------------------------

local function boolean(text) return text:lower() == "true" end

local function one_of(...)
  local list, known = table.concat({ ... }, ", "), {}
  for _, word in ipairs { ... } do known[word] = true end
  return function(text)
    local word = text:lower()
    return known[word] and word or nil, "one of " .. list
  end
end

local function whole(least)
  return function(text)
    local number = math.tointeger(tonumber(text))
    return number and number >= least and number or nil, ("a whole number of %d or more"):format(least)
  end
end

--- By its key in the shared files: its variable, and what its text means (nil: it means nothing).
---@type table<string, { [1]: string, [2]: (fun(text: string): any, string?)? }>
local SETTINGS = {
  ca_bundle = { "AWS_CA_BUNDLE" },
  retry_mode = { "AWS_RETRY_MODE", one_of("legacy", "standard", "adaptive") },
  max_attempts = { "AWS_MAX_ATTEMPTS", whole(1) },
  use_fips_endpoint = { "AWS_USE_FIPS_ENDPOINT", boolean },
  use_dualstack_endpoint = { "AWS_USE_DUALSTACK_ENDPOINT", boolean },
  sts_regional_endpoints = { "AWS_STS_REGIONAL_ENDPOINTS", one_of("legacy", "regional") },
  ignore_configured_endpoint_urls = { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", boolean },
  ec2_metadata_service_endpoint = { "AWS_EC2_METADATA_SERVICE_ENDPOINT" },
  ec2_metadata_service_endpoint_mode = { "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", one_of("ipv4", "ipv6") },
  imds_use_ipv6 = { "AWS_IMDS_USE_IPV6", boolean },
  ec2_metadata_v1_disabled = { "AWS_EC2_METADATA_V1_DISABLED", boolean },
  metadata_service_timeout = { "AWS_METADATA_SERVICE_TIMEOUT", whole(1) },
  metadata_service_num_attempts = { "AWS_METADATA_SERVICE_NUM_ATTEMPTS", whole(1) },
}

--- A setting by its key in the shared files, from its variable or from there; nil when it is nowhere. Raises
--- InvalidConfig for a text that means nothing, naming where it stands.
---@param key string
---@return any
function Config:setting(key)
  local variable, read = table.unpack(SETTINGS[key])
  local text, place = self:variable(variable), variable
  if not text then
    text, place = self.settings[key], ("%s of profile %s in %s"):format(key, self.profile, self.config_file)
  end
  if text == nil or text == "" then return nil end
  if type(text) ~= "string" then fail("InvalidConfig", "%s has settings of its own, and is no single value", place) end
  if not read then return text end
  local value, expected = read(text)
  if value == nil then fail("InvalidConfig", "%s is '%s', but %s is expected", place, text, expected) end
  return value
end

-- Loading ----------------------------------------------------------------------------------------

local function file_path(self, name, default)
  local path = self:variable(name) or default
  return (path:gsub("^~/", (self.getenv "HOME" or "") .. "/"))
end

--- A profile's settings and keys. Raises ProfileNotFound, with the names that are near.
---@param name string
---@return trapheus.aws.Profile
function Config:profile_named(name)
  local profile = self.files.profiles[name]
  if profile then return profile end
  return fail("ProfileNotFound", "there is no profile %s in %s or %s%s", name, self.config_file, self.credentials_file,
    model.hint(name, self.files.profiles))
end

local function runs_programs(self)
  for _, profile in pairs(self.files.profiles) do
    if profile.settings.credential_process then return true end
  end
  return false
end

--- Who may write a file may choose whose credentials sign: one that anybody may write is not used. Where it names
--- programs, the group is told of, too.
local function check_files(self)
  for _, path in ipairs { self.config_file, self.credentials_file } do
    local phrase, anybody = shared_files.doubt(path)
    if anybody then fail("UnsafeFile", "%s %s", path, phrase) end
    if phrase and runs_programs(self) then
      self.warnings[#self.warnings + 1] = ("%s %s, and a credential_process of it would be run"):format(path, phrase)
    end
  end
end

local function read_profile(self)
  local asked_for = self.profile_given or self:variable "AWS_DEFAULT_PROFILE" or self:variable "AWS_PROFILE"
  local profile = asked_for and self:profile_named(self.profile) or self.files.profiles[self.profile]
  self.settings = profile and profile.settings or {}
end

local function check_ca_bundle(self, read)
  if self.ca_bundle and not read(self.ca_bundle) then
    fail("InvalidConfig", "%s cannot be read: AWS_CA_BUNDLE or ca_bundle names it as the file of trusted certificates",
      self.ca_bundle)
  end
end

--- Reads what there is. Raises ProfileNotFound for a profile that was asked for and is nowhere, ConfigParseError,
--- InvalidConfig, and UnsafeFile.
---@param options? trapheus.ConfigOptions
---@return trapheus.Config
function config.load(options)
  options = options or {}
  local self = setmetatable({ options = options, getenv = options.getenv or os.getenv, warnings = {} }, Config)
  self.profile_given = options.profile ~= nil
  self.profile = options.profile or self:variable "AWS_DEFAULT_PROFILE" or self:variable "AWS_PROFILE" or "default"
  self.config_file = file_path(self, "AWS_CONFIG_FILE", "~/.aws/config")
  self.credentials_file = file_path(self, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
  self.read_file = options.read_file or read_file
  self.files = shared_files.read(self.config_file, self.credentials_file, self.read_file)
  if not options.read_file then check_files(self) end
  read_profile(self)
  self.ca_bundle = self:setting "ca_bundle"
  if not options.read_file then check_ca_bundle(self, self.read_file) end
  self.use_fips = self:setting "use_fips_endpoint" or false
  self.use_dual_stack = self:setting "use_dualstack_endpoint" or false
  self.retry_mode = self:setting "retry_mode" or "standard"
  self.max_attempts = self:setting "max_attempts" or self.retry_mode == "legacy" and 5 or nil
  self.sts_regional = self:setting "sts_regional_endpoints" ~= "legacy"
  return self
end

-- The Region -------------------------------------------------------------------------------------

--- The Region that was chosen, as it was spelt; nil when there is none.
---@return string?
function Config:chosen_region()
  local region = self.options.region or self:variable "AWS_REGION" or self:variable "AWS_DEFAULT_REGION"
    or self.settings.region
  return region ~= "" and region or nil
end

--- "fips-us-east-1" and "us-east-1-fips" are old ways to ask for FIPS endpoints.
local function without_fips(self, region)
  local plain = region:match "^fips%-(.+)$" or region:match "^(.+)%-fips$"
  if plain then self.use_fips = true end
  return plain or region
end

--- The region; raises NoRegion when there is none, and UnknownRegion for what cannot be one.
---@return string
function Config:region()
  if self.found_region then return self.found_region end
  local region = self:chosen_region() or require("trapheus.aws.credentials.imds").region(self)
  if not region then
    fail("NoRegion", "AWS_REGION is not set and profile %s in %s names none; give --region", self.profile,
      self.config_file)
  end
  region = without_fips(self, region)
  local ok, hint = endpoints.is_region(region)
  if not ok and not (hint and self:has_endpoint_url()) then
    fail("UnknownRegion", "'%s' is no Region%s", region, hint or "")
  end
  self.found_region = region
  return region
end

-- Endpoints --------------------------------------------------------------------------------------

--- Services whose settings have another name than their clients: AWS's service id, in snake case.
local IDS = { secretsmanager = "secrets_manager", states = "sfn", stepfunctions = "sfn", logs = "cloudwatch_logs",
  monitoring = "cloudwatch", email = "ses", ["sso-oidc"] = "sso_oidc" }

local function service_settings(self, id)
  local name = self.settings.services
  if not name then return {} end
  local services = self.files.services[name]
  if not services then
    fail("InvalidConfig", "profile %s names the section [services %s], which is not in %s", self.profile, name,
      self.config_file)
  end
  return type(services[id]) == "table" and services[id] or {}
end

local function checked(url, place)
  local usable, why = pcall(endpoints.allows_http, url)
  return usable and url or fail("NoEndpoint", "%s: %s", place, why)
end

--- Where the environment and the files want a service to be called, if anywhere else than at AWS's own endpoint. Raises
--- NoEndpoint for what cannot be one, naming where it stands.
---@param service string  "rds"
---@param id string?      AWS's id of the service, "Secrets Manager", where its model is there to say it.
---@return string?
function Config:configured_endpoint_url(service, id)
  if self:setting "ignore_configured_endpoint_urls" then return nil end
  id = id and id:lower():gsub("[ -]", "_") or IDS[service] or service:gsub("-", "_")
  for _, variable in ipairs { "AWS_ENDPOINT_URL_" .. id:upper(), "AWS_ENDPOINT_URL" } do
    local url = self:variable(variable)
    if url then return checked(url, variable) end
  end
  local url = service_settings(self, id).endpoint_url or self.settings.endpoint_url
  return url and url ~= "" and checked(url, ("profile %s in %s"):format(self.profile, self.config_file)) or nil
end

--- The endpoint the user wants a service to be called at, if any.
---@param service string  "rds"
---@param id string?      As for configured_endpoint_url.
---@return string?
function Config:endpoint_url(service, id)
  return self.options.endpoint_url or self:configured_endpoint_url(service, id)
end

--- Is some service called elsewhere than at AWS? An emulator may have Regions of its own.
---@return boolean
function Config:has_endpoint_url()
  return self:endpoint_url "rds" ~= nil or self:endpoint_url "sts" ~= nil
end

return config
