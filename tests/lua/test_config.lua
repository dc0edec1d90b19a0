local config = require "trapheus.aws.config"
local credentials = require "trapheus.aws.credentials"
local errors = require "trapheus.errors"
local ini = require "trapheus.aws.ini"
local json = require "trapheus.json"

local tests = {}

local CONFIG = [=[
# a comment
[default]
region = eu-central-1
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
[profile "with space"]
region: us-east-1
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
  variables.AWS_EC2_METADATA_DISABLED = variables.AWS_EC2_METADATA_DISABLED or "true"
  options.getenv = function(name) return variables[name] or name == "HOME" and "/home/me" or nil end
  options.read_file = options.read_file or function(path) return FILES[path] end
  return config.load(options)
end

local function fails(code, parts, f, ...)
  local ok, err = pcall(f, ...)
  assert(not ok and errors.is(err, code), tostring(err))
  for _, part in ipairs(parts) do assert(tostring(err):find(part, 1, true), tostring(err)) end
  return err
end

function tests.files_are_read_as_aws_reads_them()
  local text = json.encode(ini.parse(CONFIG))
  assert(text == '{"default":{"ca_bundle":"/etc/ca.pem","region":"eu-central-1"},'
    .. '"profile \\"with space\\"":{"region":"us-east-1","use_fips_endpoint":"true"},'
    .. '"profile orders":{"endpoint_url":"https://orders.example","region":"eu-west-1",'
    .. '"s3":{"max_concurrent_requests":"20"},"services":"local"},'
    .. '"profile role":{"role_arn":"arn:aws:iam::123456789012:role/x"},'
    .. '"services local":{"rds":{"endpoint_url":"http://127.0.0.1:5000"}}}', text)
end

function tests.the_dialect()
  local parsed = ini.parse "[a]\r\nb = c\r\n  more\r\n\n# note\n;x\nd=e # f\n\n[b]\nX:y=z"
  assert(json.encode(parsed) == '{"a":{"b":"c\\nmore","d":"e # f"},"b":{"x":"y=z"}}', json.encode(parsed))
end

function tests.what_is_no_such_file_is_named_with_its_line()
  for text, parts in pairs {
    ["stray = 1"] = "line 1: a [section] is expected",
    ["[a]\n\nsecretive"] = "line 3: a [section] or 'name = value'",
    ["[a]\n= 2"] = "line 2: a [section] or 'name = value'",
    ["[a]\nb=1\nB=2"] = "line 3: b is there a second time in [a]",
    ["[a]\n[b]\n[a]"] = "line 3: the section [a]",
    ["[a]\nb =\n  hidden"] = "each line below b",
  } do
    local ok, err = pcall(ini.parse, text)
    assert(not ok and err:find(parts, 1, true), err)
    assert(not err:find "secretive" and not err:find "hidden")
  end
  fails("ConfigParseError", { "/elsewhere: line 1" }, load, { AWS_CONFIG_FILE = "/elsewhere" }, {
    read_file = function(path) return path == "/elsewhere" and "what" or nil end })
end

function tests.the_region_comes_from_the_first_that_has_one()
  assert(load():region() == "eu-central-1")
  assert(load({ AWS_DEFAULT_REGION = "eu-west-2" }):region() == "eu-west-2")
  assert(load({ AWS_REGION = "eu-west-3", AWS_DEFAULT_REGION = "eu-west-2" }):region() == "eu-west-3")
  assert(load({ AWS_REGION = "eu-west-3" }, { region = "eu-north-1" }):region() == "eu-north-1")
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
  local parts = { "profile ordres", "/home/me/.aws/config", "/home/me/.aws/credentials", "did you mean orders?" }
  fails("ProfileNotFound", parts, load, { AWS_PROFILE = "ordres" })
  fails("ProfileNotFound", parts, load, {}, { profile = "ordres" })
end

local function key_id(...)
  return credentials.resolve(load(...)):current().access_key_id
end

local KEYS = { AWS_ACCESS_KEY_ID = "AKIDENV", AWS_SECRET_ACCESS_KEY = "envsecret" }

function tests.credentials_come_from_the_first_that_has_them()
  assert(key_id() == "AKIDDEFAULT" and key_id(KEYS) == "AKIDENV")
  assert(key_id { AWS_PROFILE = "orders" } == "AKIDORDERS")
  assert(key_id(KEYS, { profile = "orders" }) == "AKIDORDERS")
end

function tests.missing_credentials_say_where_it_looked()
  fails("NoCredentials", { "AWS_SECRET_ACCESS_KEY is not" }, key_id, { AWS_ACCESS_KEY_ID = "AKIDENV" })
  fails("NoCredentials", { "AWS_ACCESS_KEY_ID is not" }, key_id,
    { AWS_SECRET_ACCESS_KEY = "envsecret", AWS_PROFILE = "with space" })
  fails("NoCredentials", { "profile half", "/home/me/.aws/credentials", "no aws_secret_access_key" }, key_id,
    { AWS_PROFILE = "half" })
  fails("NoCredentials", { "are not set", "profile with space", "AWS_EC2_METADATA_DISABLED" }, key_id,
    { AWS_PROFILE = "with space" })
  fails("NoCredentials", { "profile role", "no source_profile or credential_source" }, key_id, nil,
    { profile = "role" })
end

function tests.no_secret_stays_in_the_configuration_or_in_an_error()
  local loaded = load { AWS_PROFILE = "orders" }
  local function search(value, seen)
    if type(value) ~= "table" then return assert(not tostring(value):find "orders/secret") end
    if seen[value] then return end
    seen[value] = true
    for key, inner in pairs(value) do
      if inner ~= loaded.read_file and inner ~= loaded.getenv then search(key, seen) search(inner, seen) end
    end
  end
  search(loaded, {})
  local _, err = pcall(key_id, { AWS_SECRET_ACCESS_KEY = "envsecret" })
  assert(not tostring(err):find "envsecret")
end

function tests.settings_come_from_the_first_that_has_them()
  local function setting(key, variables, lines)
    return load(variables, { read_file = function(path)
      return path:find "config" and "[default]\nregion = eu-west-1\n" .. (lines or "") or nil
    end }):setting(key)
  end
  assert(setting("max_attempts") == nil and setting("max_attempts", nil, "max_attempts = 7") == 7)
  assert(setting("max_attempts", { AWS_MAX_ATTEMPTS = "2" }, "max_attempts = 7") == 2)
  assert(setting("retry_mode", { AWS_RETRY_MODE = "Adaptive" }) == "adaptive")
  assert(setting("ec2_metadata_v1_disabled", nil, "ec2_metadata_v1_disabled = false") == false)
  fails("InvalidConfig", { "AWS_MAX_ATTEMPTS is '0'", "1 or more" }, setting, "max_attempts",
    { AWS_MAX_ATTEMPTS = "0" })
  fails("InvalidConfig", { "retry_mode of profile default in /home/me/.aws/config", "legacy, standard, adaptive" },
    setting, "retry_mode", nil, "retry_mode = fast")
end

--- By its key: its variable, a text, what it means, another text, what that means.
local PAIRS = {
  ca_bundle = { "AWS_CA_BUNDLE", "/a.pem", "/a.pem", "/b.pem", "/b.pem" },
  retry_mode = { "AWS_RETRY_MODE", "legacy", "legacy", "Adaptive", "adaptive" },
  max_attempts = { "AWS_MAX_ATTEMPTS", "2", 2, "7", 7 },
  use_fips_endpoint = { "AWS_USE_FIPS_ENDPOINT", "true", true, "FALSE", false },
  use_dualstack_endpoint = { "AWS_USE_DUALSTACK_ENDPOINT", "True", true, "false", false },
  sts_regional_endpoints = { "AWS_STS_REGIONAL_ENDPOINTS", "legacy", "legacy", "regional", "regional" },
  ignore_configured_endpoint_urls = { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", true, "false", false },
  ec2_metadata_service_endpoint = { "AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://[::1]/", "http://[::1]/", "x", "x" },
  ec2_metadata_service_endpoint_mode = { "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6", "ipv6", "ipv4", "ipv4" },
  imds_use_ipv6 = { "AWS_IMDS_USE_IPV6", "true", true, "false", false },
  ec2_metadata_v1_disabled = { "AWS_EC2_METADATA_V1_DISABLED", "true", true, "false", false },
  metadata_service_timeout = { "AWS_METADATA_SERVICE_TIMEOUT", "3", 3, "1", 1 },
  metadata_service_num_attempts = { "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "4", 4, "1", 1 },
}

function tests.a_variable_comes_before_its_key_in_the_file()
  for key, row in pairs(PAIRS) do
    local variable, one, means_one, other, means_other = table.unpack(row)
    local function setting(said, written)
      return load({ [variable] = said }, { read_file = function(path)
        return path:find "config" and "[default]\n" .. (written and key .. " = " .. written or "") or nil
      end }):setting(key)
    end
    assert(setting() == nil, key .. " is set by nobody")
    assert(setting(one) == means_one and setting(other) == means_other, variable)
    assert(setting(nil, one) == means_one and setting(nil, other) == means_other, key)
    assert(setting(one, other) == means_one and setting(other, one) == means_other, variable .. " before " .. key)
    assert(setting("", one) == means_one, "an empty variable is none: " .. variable)
  end
end

function tests.an_endpoint_that_is_none_is_refused_where_it_stands()
  for url, words in pairs {
    ["https://rds.example/path"] = "without a path", ["https://me:secret@rds.example"] = "user name or password",
    ["me:secret@rds.example"] = "user name or password", ["ftp://rds.example"] = "https://HOST",
    ["http://rds.example"] = "https is needed", ["https://"] = "https://HOST",
  } do
    for _, variable in ipairs { "AWS_ENDPOINT_URL_RDS", "AWS_ENDPOINT_URL" } do
      local err = fails("NoEndpoint", { variable .. ": ", words }, function()
        return load({ [variable] = url }):endpoint_url "rds"
      end)
      assert(not tostring(err):find "secret")
    end
    fails("NoEndpoint", { "profile default in /home/me/.aws/config: ", words }, function()
      return load(nil, { read_file = function() return "[default]\nendpoint_url = " .. url end }):endpoint_url "rds"
    end)
  end
end

function tests.what_cannot_be_a_region_is_refused()
  fails("UnknownRegion", { "'useast-1'", "did you mean us-east-1?" }, function()
    return load({ AWS_REGION = "useast-1" }):region()
  end)
  fails("UnknownRegion", { "'a.b/c' is no Region" }, function() return load({ AWS_REGION = "a.b/c" }):region() end)
  assert(load({ AWS_REGION = "mars-1", AWS_ENDPOINT_URL = "http://127.0.0.1:1" }):region() == "mars-1")
  local fips = load { AWS_REGION = "fips-us-east-1" }
  assert(fips:region() == "us-east-1" and fips.use_fips)
end

function tests.a_section_of_services_that_is_not_there_is_named()
  fails("InvalidConfig", { "[services gone]", "profile default" }, function()
    return load(nil, { read_file = function() return "[default]\nservices = gone" end }):endpoint_url "rds"
  end)
end

function tests.a_file_that_anybody_may_write_is_refused()
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write "[default]\nregion = eu-west-1\ncredential_process = x\n"
  file:close()
  local function real()
    return config.load { getenv = function(name) return name == "AWS_CONFIG_FILE" and path or nil end }
  end
  os.execute("chmod 0620 " .. path)
  assert(real().warnings[1]:find("may be written by its group", 1, true))
  os.execute("chmod 0606 " .. path)
  fails("UnsafeFile", { path, "chmod o-w" }, real)
  os.remove(path)
end

return tests
