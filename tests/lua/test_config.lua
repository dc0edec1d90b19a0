local config = require "trapheus.aws.config"
local credentials = require "trapheus.aws.credentials"
local errors = require "trapheus.errors"
local ini = require "trapheus.aws.ini"
local json = require "trapheus.json"

local tests = {}

local CONFIG = [=[
# a comment
[default]
region = eu-central-1   # where most are
ca_bundle=/etc/ca.pem

[profile orders]
Region = eu-west-1
endpoint_url = https://orders.example
services = local
s3 =
  max_concurrent_requests = 20
[services local]
rds =
  endpoint_url = http://127.0.0.1:5000
[profile  "with space"]
region = us-east-1 ; note
use_fips_endpoint = true
[profile role]
role_arn = arn:aws:iam::123456789012:role/x
]=]

local CREDENTIALS = [=[
[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key = default#secret
[orders]
aws_access_key_id=AKIDORDERS
aws_secret_access_key=orders/secret=
aws_session_token=token
[half]
aws_access_key_id=AKIDHALF
]=]

local FILES = { ["/home/me/.aws/config"] = CONFIG, ["/home/me/.aws/credentials"] = CREDENTIALS }

--- A configuration from these variables and options, and the files above.
local function load(variables, options)
  variables = variables or {}
  options = options or {}
  options.getenv = function(name) return variables[name] or name == "HOME" and "/home/me" or nil end
  options.read_file = function(path) return FILES[path] end
  return config.load(options)
end

local function fails(code, parts, f, ...)
  local ok, err = pcall(f, ...)
  assert(not ok and errors.is(err, code), tostring(err))
  for _, part in ipairs(parts) do assert(tostring(err):find(part, 1, true), tostring(err)) end
end

function tests.files_are_read_as_aws_reads_them()
  local text = json.encode(ini.parse(CONFIG))
  assert(text == '{"default":{"ca_bundle":"/etc/ca.pem","region":"eu-central-1"},'
    .. '"profile orders":{"endpoint_url":"https://orders.example","region":"eu-west-1",'
    .. '"s3":{"max_concurrent_requests":"20"},"services":"local"},'
    .. '"profile role":{"role_arn":"arn:aws:iam::123456789012:role/x"},'
    .. '"profile with space":{"region":"us-east-1","use_fips_endpoint":"true"},'
    .. '"services local":{"rds":{"endpoint_url":"http://127.0.0.1:5000"}}}', text)
end

function tests.odd_lines_are_skipped()
  local parsed = ini.parse "stray = 1\n[a]\nnonsense\n= 2\nb = c\n  more\n\n;x\n[a]\nd=e\r\n"
  assert(json.encode(parsed) == '{"a":{"b":"c\\nmore","d":"e"}}', json.encode(parsed))
end

function tests.the_region_comes_from_the_first_that_has_one()
  assert(load():region() == "eu-central-1")
  assert(load({ AWS_DEFAULT_REGION = "a" }):region() == "a")
  assert(load({ AWS_REGION = "b", AWS_DEFAULT_REGION = "a" }):region() == "b")
  assert(load({ AWS_REGION = "b" }, { region = "c" }):region() == "c")
  assert(load({ AWS_PROFILE = "orders", AWS_REGION = "" }):region() == "eu-west-1")
  assert(load({ AWS_PROFILE = "orders" }, { profile = "with space" }):region() == "us-east-1")
end

function tests.no_region_says_where_it_looked()
  fails("NoRegion", { "AWS_REGION", "profile role", "/home/me/.aws/config", "--region" }, function()
    return load(nil, { profile = "role" }):region()
  end)
end

function tests.endpoints_come_from_the_first_that_has_one()
  local orders = load({ AWS_PROFILE = "orders" })
  assert(orders:endpoint_url "rds" == "http://127.0.0.1:5000" and orders:endpoint_url "ses" == "https://orders.example")
  assert(load():endpoint_url "rds" == nil)
  local variables = { AWS_PROFILE = "orders", AWS_ENDPOINT_URL = "https://all", AWS_ENDPOINT_URL_RDS = "https://rds" }
  assert(load(variables):endpoint_url "rds" == "https://rds" and load(variables):endpoint_url "sts" == "https://all")
  variables.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "true"
  assert(load(variables):endpoint_url "rds" == nil)
  assert(load(variables, { endpoint_url = "https://mine" }):endpoint_url "rds" == "https://mine")
end

function tests.switches_and_the_ca_bundle()
  assert(load().ca_bundle == "/etc/ca.pem" and load({ AWS_CA_BUNDLE = "/x" }).ca_bundle == "/x")
  assert(load(nil, { profile = "with space" }).use_fips == true and load().use_fips == false)
  assert(load({ AWS_USE_DUALSTACK_ENDPOINT = "true" }).use_dual_stack == true)
end

function tests.files_can_be_elsewhere()
  local loaded = load { AWS_CONFIG_FILE = "/elsewhere", AWS_SHARED_CREDENTIALS_FILE = "~/.aws/credentials" }
  assert(loaded.config_file == "/elsewhere" and loaded.credentials_file == "/home/me/.aws/credentials")
  assert(loaded.settings.region == nil and loaded.settings.aws_access_key_id == "AKIDDEFAULT")
end

function tests.an_unknown_profile_names_the_files()
  local parts = { "profile nope", "/home/me/.aws/config", "/home/me/.aws/credentials" }
  fails("ProfileNotFound", parts, load, { AWS_PROFILE = "nope" })
  fails("ProfileNotFound", parts, load, {}, { profile = "nope" })
end

local function key_id(...)
  return credentials.resolve(load(...)).access_key_id
end

local KEYS = { AWS_ACCESS_KEY_ID = "AKIDENV", AWS_SECRET_ACCESS_KEY = "envsecret" }

function tests.credentials_come_from_the_first_that_has_them()
  assert(key_id() == "AKIDDEFAULT" and key_id(KEYS) == "AKIDENV")
  assert(key_id { AWS_PROFILE = "orders" } == "AKIDORDERS")
  assert(key_id(KEYS, { profile = "orders" }) == "AKIDORDERS")
end

function tests.missing_credentials_say_where_it_looked()
  fails("NoCredentials", { "AWS_SECRET_ACCESS_KEY is not" }, key_id, { AWS_ACCESS_KEY_ID = "AKIDENV" })
  fails("NoCredentials", { "AWS_ACCESS_KEY_ID is not" }, key_id, { AWS_SECRET_ACCESS_KEY = "envsecret" })
  fails("NoCredentials", { "profile half", "/home/me/.aws/credentials", "are not set" }, key_id,
    { AWS_PROFILE = "half" })
  fails("NoCredentials", { "profile role", "role_arn", "not supported" }, key_id, nil, { profile = "role" })
end

function tests.no_secret_stays_in_the_configuration_or_in_an_error()
  local loaded = load { AWS_PROFILE = "orders" }
  assert(loaded.settings.aws_secret_access_key == nil and loaded.settings.aws_session_token == nil)
  assert(not tostring(loaded.profile_credentials):find "secret")
  local _, err = pcall(key_id, { AWS_SECRET_ACCESS_KEY = "envsecret" })
  assert(not tostring(err):find "envsecret")
end

return tests
