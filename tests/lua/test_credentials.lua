--- Where credentials come from, over services that answer at once: what is asked of them, and what is made of it.
local config = require "trapheus.aws.config"
local core = require "trapheus.core"
local credentials = require "trapheus.aws.credentials"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local shlex = require "trapheus.aws.shlex"
local tasks = require "trapheus.tasks"

local tests = {}

-- A loop whose services answer what a function says ---------------------------------------------

local function ended(result, err)
  return setmetatable({ done = function() return true end, result = function() return result, err end },
    { __close = function() end })
end

--- `answer(kind, request)` gives a reply, or nil and a failure; every request is kept.
local function world(answer)
  local loop = { asked = {} }
  for _, kind in ipairs { "http", "aws", "process", "timer" } do
    loop[kind] = function(_, request)
      if kind == "timer" then return ended(true) end
      loop.asked[#loop.asked + 1] = { kind = kind, request = request }
      return ended(answer(kind, request))
    end
  end
  function loop:now_ms() return 0 end
  return loop
end

local function load(files, variables, options)
  options = options or {}
  options.getenv = function(name) return variables[name] or name == "HOME" and "/home/me" or nil end
  options.read_file = function(path) return files[path] end
  return config.load(options)
end

--- What is resolved from these files and variables; the requests that were made.
local function resolve(setup)
  local loop = world(setup.answer or function() return nil, { code = "ECONNECT", message = "nobody there" } end)
  local previous = tasks.use(loop)
  local variables = setup.variables or {}
  if setup.imds == nil then variables.AWS_EC2_METADATA_DISABLED = "true" end
  local ok, result = pcall(function()
    local files = setup.files or {}
    files["/home/me/.aws/config"] = setup.config
    return credentials.resolve(load(files, variables, { profile = setup.profile }))
  end)
  tasks.use(previous)
  return ok, result, loop.asked, loop
end

local function finds(setup, key_id, method)
  local ok, found, asked = resolve(setup)
  assert(ok, tostring(found))
  assert(found:current().access_key_id == key_id, found:current().access_key_id)
  assert(found.method == method, found.method)
  return asked, found
end

local function refuses(setup, code, ...)
  local ok, err, asked = resolve(setup)
  assert(not ok, "it was taken")
  assert(errors.is(err, code), tostring(err))
  for _, part in ipairs { ... } do assert(tostring(err):find(part, 1, true), tostring(err)) end
  assert(not tostring(err):find "HUSH", tostring(err))
  return asked
end

local function role_reply(operation, id)
  return { status = 200, attempts = 1, headers = {}, body = ("<%sResponse><%sResult><Credentials><AccessKeyId>%s"
    .. "</AccessKeyId><SecretAccessKey>HUSH</SecretAccessKey><SessionToken>HUSHT</SessionToken>"
    .. "<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></%sResult></%sResponse>"):format(operation, operation,
    id, operation, operation) }
end

local function form_of(request)
  local form = {}
  for _, pair in ipairs(core.form.decode(request.body)) do form[pair[1]] = pair[2] end
  return form
end

-- Profiles ----------------------------------------------------------------------------------------

local CHAIN = [[
[default]
region = eu-west-1
[profile base]
aws_access_key_id = AKIDBASE
aws_secret_access_key = HUSH
[profile middle]
role_arn = arn:aws:iam::1:role/middle
source_profile = base
external_id = ext
role_session_name = me
duration_seconds = 900
[profile top]
role_arn = arn:aws:iam::1:role/top
source_profile = middle
[profile self]
role_arn = arn:aws:iam::1:role/self
source_profile = self
aws_access_key_id = AKIDSELF
aws_secret_access_key = HUSH
[profile a]
role_arn = arn:aws:iam::1:role/a
source_profile = b
[profile b]
role_arn = arn:aws:iam::1:role/b
source_profile = a
[profile lost]
role_arn = arn:aws:iam::1:role/lost
source_profile = bass
[profile empty]
role_arn = arn:aws:iam::1:role/empty
source_profile = default
[profile both]
role_arn = arn:aws:iam::1:role/both
source_profile = base
credential_source = Environment
[profile env]
role_arn = arn:aws:iam::1:role/env
credential_source = Environment
[profile odd]
role_arn = arn:aws:iam::1:role/odd
credential_source = Enviroment
[profile mfa]
role_arn = arn:aws:iam::1:role/mfa
source_profile = base
mfa_serial = arn:aws:iam::1:mfa/me
[profile signed-in]
login_session = arn:aws:iam::1:user/me
]]

local function assumed(kind, request)
  assert(kind == "aws")
  local form = form_of(request)
  return role_reply(form.Action, "ASIA" .. form.RoleArn:match "/(%w+)$":upper())
end

function tests.a_chain_of_roles()
  local asked = finds({ config = CHAIN, profile = "top", answer = assumed }, "ASIATOP", "assume-role")
  assert(#asked == 2)
  local first, second = form_of(asked[1].request), form_of(asked[2].request)
  assert(first.RoleArn:find "middle" and first.ExternalId == "ext" and first.RoleSessionName == "me")
  assert(first.DurationSeconds == "900" and asked[1].request.credentials.access_key_id == "AKIDBASE")
  assert(second.RoleArn:find "top" and second.RoleSessionName:find "^trapheus%-%d+$" and second.ExternalId == nil)
  assert(asked[2].request.credentials.access_key_id == "ASIAMIDDLE" and asked[1].request.read_only == true)
  assert(asked[1].request.url == "https://sts.eu-west-1.amazonaws.com/" or asked[1].request.url:find "sts%.amazonaws")
end

function tests.a_profile_may_name_itself_for_its_keys()
  local asked = finds({ config = CHAIN, profile = "self", answer = assumed }, "ASIASELF", "assume-role")
  assert(asked[1].request.credentials.access_key_id == "AKIDSELF")
end

function tests.a_role_of_the_environments_keys()
  local keys = { AWS_ACCESS_KEY_ID = "AKIDENV", AWS_SECRET_ACCESS_KEY = "HUSH" }
  local asked = finds({ config = CHAIN, profile = "env", variables = keys, answer = assumed }, "ASIAENV", "assume-role")
  assert(asked[1].request.credentials.access_key_id == "AKIDENV")
  refuses({ config = CHAIN, profile = "env" }, "NoCredentials", "profile env", "Environment")
end

function tests.profiles_that_lead_nowhere()
  refuses({ config = CHAIN, profile = "a" }, "InvalidConfig", "in a circle: a -> b -> a")
  refuses({ config = CHAIN, profile = "lost" }, "InvalidConfig", "bass, which is not in", "did you mean base?")
  refuses({ config = CHAIN, profile = "empty" }, "InvalidConfig", "default, which has no credentials")
  refuses({ config = CHAIN, profile = "both" }, "InvalidConfig", "both source_profile and credential_source")
  refuses({ config = CHAIN, profile = "odd" }, "InvalidConfig", "'Enviroment'", "did you mean Environment?")
  refuses({ config = CHAIN, profile = "signed-in" }, "NoCredentials", "aws login", "export-credentials")
end

function tests.a_role_that_is_denied_says_which()
  local function denied()
    return { status = 403, attempts = 1, error = { code = "AccessDenied", message = "no", retryable = false } }
  end
  refuses({ config = CHAIN, profile = "top", answer = denied }, "AccessDenied", "AssumeRole of arn:aws:iam::1:role/middle")
end

function tests.a_code_is_asked_for_on_the_terminal()
  local real = core.system.ask_secret
  core.system.ask_secret = function(prompt)
    assert(prompt:find("arn:aws:iam::1:mfa/me", 1, true))
    return "123456"
  end
  local ok, asked, found = pcall(finds, { config = CHAIN, profile = "mfa", answer = assumed }, "ASIAMFA", "assume-role")
  core.system.ask_secret = function() return nil end
  local refused, err = pcall(refuses, { config = CHAIN, profile = "mfa" }, "CredentialsError", "no terminal")
  core.system.ask_secret = real
  assert(ok, asked)
  assert(refused, err)
  local form = form_of(asked[1].request)
  assert(form.SerialNumber == "arn:aws:iam::1:mfa/me" and form.TokenCode == "123456")
  assert(found:ends_at() == 1893456000 and found.source.ends_unless:find "MFA")
end

-- Web identity ------------------------------------------------------------------------------------

function tests.a_web_identity_of_the_environment()
  local setup = { config = CHAIN, files = { ["/token"] = "HUSHTOKEN" }, answer = assumed, variables = {
    AWS_WEB_IDENTITY_TOKEN_FILE = "/token", AWS_ROLE_ARN = "arn:aws:iam::1:role/pod" } }
  local asked, found = finds(setup, "ASIAPOD", "assume-role-with-web-identity")
  local form = form_of(asked[1].request)
  assert(form.WebIdentityToken == "HUSHTOKEN" and asked[1].request.credentials == nil)
  assert(found:ends_at() == nil)
  setup.variables.AWS_ROLE_ARN = nil
  refuses(setup, "InvalidConfig", "AWS_ROLE_ARN")
  setup.files, setup.variables.AWS_ROLE_ARN = {}, "arn:aws:iam::1:role/pod"
  refuses(setup, "CredentialsError", "/token cannot be read")
end

-- IAM Identity Center ---------------------------------------------------------------------------------

local SSO = [[
[profile dev]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Restore
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.example/start
[profile old]
sso_region = eu-west-1
sso_start_url = https://corp.example/start
sso_account_id = 123456789012
sso_role_name = Restore
[profile half]
sso_account_id = 123456789012
]]

local CACHE = "/home/me/.aws/sso/cache/"

local function token(fields)
  fields.accessToken = fields.accessToken or "HUSHACCESS"
  return json.encode(fields)
end

local function portal(kind, request)
  assert(kind == "http")
  if request.url:find "/token$" then
    return { status = 200, headers = {}, body = '{"accessToken":"HUSHNEW","expiresIn":3600,"refreshToken":"HUSHR2"}' }
  end
  return { status = 200, headers = {}, body = '{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"HUSH",'
    .. '"sessionToken":"HUSHT","expiration":1893456000000}}' }
end

function tests.a_cached_sign_in()
  local files = { [CACHE .. core.sha1 "corp" .. ".json"] = token { expiresAt = "2099-01-01T00:00:00Z" },
    [CACHE .. core.sha1 "https://corp.example/start" .. ".json"] = token { expiresAt = "2099-01-01T00:00:00UTC" } }
  local asked, found = finds({ config = SSO, profile = "dev", files = files, answer = portal }, "ASIASSO", "sso")
  local request = asked[1].request
  assert(request.url == "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=Restore"
    .. "&account_id=123456789012", request.url)
  assert(request.headers[1][1] == "x-amz-sso_bearer_token" and request.headers[1][2] == "HUSHACCESS")
  assert(found:expires_at() == 1893456000 and found:ends_at() == nil)
  finds({ config = SSO, profile = "old", files = files, answer = portal }, "ASIASSO", "sso")
end

function tests.an_expired_sign_in_says_what_to_run()
  local path = CACHE .. core.sha1 "corp" .. ".json"
  local login = "run 'aws sso login --profile dev'"
  refuses({ config = SSO, profile = "dev" }, "SSOLoginNeeded", login, "nobody is signed in")
  refuses({ config = SSO, profile = "dev", files = { [path] = "HUSH" } }, "SSOLoginNeeded", login)
  refuses({ config = SSO, profile = "dev", files = { [path] = token { expiresAt = "2020-01-01T00:00:00Z" } } },
    "SSOLoginNeeded", login, "expired")
  refuses({ config = SSO, profile = "dev", files = { [path] = token { expiresAt = "2099-01-01T00:00:00Z" } },
    answer = function() return { status = 401, headers = {}, body = "{}" } end }, "SSOLoginNeeded", login)
  refuses({ config = SSO, profile = "half" }, "InvalidConfig", "has no sso_start_url")
end

function tests.a_sign_in_that_soon_ends_is_renewed_and_kept()
  local path = CACHE .. core.sha1 "corp" .. ".json"
  local real, written = core.system.write_private, nil
  core.system.write_private = function(name, text) written = { name, json.decode(text) } end
  local ok, asked = pcall(finds, { config = SSO, profile = "dev", answer = portal, files = { [path] = token {
    expiresAt = "2020-01-01T00:00:00Z", refreshToken = "HUSHR", clientId = "c", clientSecret = "HUSHS",
    registrationExpiresAt = "2099-01-01T00:00:00Z" } } }, "ASIASSO", "sso")
  core.system.write_private = real
  assert(ok, asked)
  assert(asked[1].request.url == "https://oidc.eu-west-1.amazonaws.com/token")
  local sent = json.decode(asked[1].request.body)
  assert(sent.grantType == "refresh_token" and sent.refreshToken == "HUSHR" and sent.clientSecret == "HUSHS")
  assert(asked[2].request.headers[1][2] == "HUSHNEW")
  assert(written[1] == path and written[2].accessToken == "HUSHNEW" and written[2].refreshToken == "HUSHR2")
  assert(written[2].region == "eu-west-1" and written[2].startUrl == "https://corp.example/start")
end

-- Containers ------------------------------------------------------------------------------------------

local DOCUMENT = '{"AccessKeyId":"ASIABOX","SecretAccessKey":"HUSH","Token":"HUSHT",'
  .. '"Expiration":"2030-01-01T00:00:00Z"}'

local function box(_, _) return { status = 200, headers = {}, body = DOCUMENT } end

function tests.a_containers_endpoint()
  local asked = finds({ variables = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = "/v2/x",
    AWS_CONTAINER_AUTHORIZATION_TOKEN = "HUSHA" }, answer = box }, "ASIABOX", "container-role")
  assert(asked[1].request.url == "http://169.254.170.2/v2/x" and asked[1].request.no_proxy)
  assert(asked[1].request.headers[2][2] == "HUSHA")
  asked = finds({ variables = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://169.254.170.23/v1/credentials",
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = "/token" }, files = { ["/token"] = "HUSHF" }, answer = box }, "ASIABOX",
    "container-role")
  assert(asked[1].request.headers[2][2] == "HUSHF")
end

function tests.a_containers_endpoint_elsewhere_is_refused()
  for _, url in ipairs { "http://10.0.0.1/", "http://evil.example/", "http://169.254.170.2.evil.example/", "nonsense" } do
    local asked = refuses({ variables = { AWS_CONTAINER_CREDENTIALS_FULL_URI = url } }, "InvalidConfig",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI")
    assert(#asked == 0)
  end
  local full = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://localhost:1/" }
  full.AWS_CONTAINER_AUTHORIZATION_TOKEN = "HUSH\n"
  refuses({ variables = full }, "CredentialsError", "line break")
  full.AWS_CONTAINER_AUTHORIZATION_TOKEN = nil
  refuses({ variables = full, answer = function() return { status = 200, headers = {}, body = "HUSH" } end },
    "CredentialsError", "not JSON")
  local asked = refuses({ variables = full, answer = function() return { status = 500, headers = {}, body = "" } end },
    "CredentialsError", "HTTP 500")
  assert(#asked == 3)
end

-- EC2 -------------------------------------------------------------------------------------------------

local function metadata(changes)
  local answers = { ["PUT latest/api/token"] = "HUSHV2", ["GET latest/meta-data/iam/security-credentials/"] = "web\n",
    ["GET latest/meta-data/iam/security-credentials/web"] = DOCUMENT,
    ["GET latest/meta-data/placement/region"] = "eu-west-3" }
  for name, body in pairs(changes or {}) do answers[name] = body end
  return function(_, request)
    local path = request.url:match "^http://[^/]+/(.*)$"
    local body = answers[request.method .. " " .. path]
    if body == "down" then return nil, { code = "ETIMEDOUT", message = "timed out" } end
    return { status = type(body) == "number" and body or body and 200 or 404, headers = {}, body = body or "" }
  end
end

function tests.the_instances_role()
  local asked = finds({ imds = true, answer = metadata() }, "ASIABOX", "iam-role")
  assert(#asked == 3 and asked[1].request.method == "PUT" and asked[1].request.timeout_ms == 1000)
  assert(asked[1].request.headers[1][2] == "21600" and asked[1].request.no_proxy)
  assert(asked[2].request.headers[1][1] == "x-aws-ec2-metadata-token" and asked[2].request.headers[1][2] == "HUSHV2")
  asked = finds({ imds = true, answer = metadata(), variables = {
    AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "IPv6", AWS_METADATA_SERVICE_TIMEOUT = "3" } }, "ASIABOX", "iam-role")
  assert(asked[1].request.url:find("http://[fd00:ec2::254]/", 1, true) and asked[1].request.timeout_ms == 3000)
end

function tests.version_one_only_for_those_who_ask()
  local old = { imds = true, answer = metadata { ["PUT latest/api/token"] = 403 }, variables = {} }
  refuses(old, "NoCredentials", "refuses a token (HTTP 403)")
  old.variables.AWS_EC2_METADATA_V1_DISABLED = "false"
  local asked = finds(old, "ASIABOX", "iam-role")
  assert(#asked[2].request.headers == 0)
end

function tests.without_a_role_it_says_why()
  refuses({ imds = true, answer = metadata { ["GET latest/meta-data/iam/security-credentials/"] = 404 } },
    "NoCredentials", "the instance has no role")
  refuses({ imds = true, answer = metadata { ["PUT latest/api/token"] = "down" } }, "NoCredentials", "timed out")
  refuses({ imds = true, answer = metadata { ["GET latest/meta-data/iam/security-credentials/web"] = "HUSH" } },
    "NoCredentials", "not JSON")
  refuses({ imds = true, variables = { AWS_EC2_METADATA_SERVICE_ENDPOINT = "http://evil.example" } }, "InvalidConfig",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT is of the host evil.example")
end

function tests.the_instances_region_is_the_last_resort()
  local previous = tasks.use(world(metadata()))
  local region = load({}, {}):region()
  tasks.use(previous)
  assert(region == "eu-west-3", region)
end

-- A program ---------------------------------------------------------------------------------------------

function tests.words_of_a_command()
  local function words(text) return table.concat(shlex.split(text) or {}, "|") end
  assert(words [[ a  b "c d" 'e "f' g\ h "i\"j\k" '' l"m"'n' ]] == [[a|b|c d|e "f|g h|i"j\k||lmn]])
  assert(words "" == "" and #shlex.split "  " == 0)
  for _, text in ipairs { "'a", '"a', "a\\" } do assert(select(2, shlex.split(text))) end
end

local function program(script, changes)
  local previous = tasks.use(nil)
  local files = { ["/home/me/.aws/config"] = ("[default]\nregion = eu-west-1\ncredential_process = %s\n"):format(script) }
  local settings = load(files, { AWS_EC2_METADATA_DISABLED = "true" })
  for name, value in pairs(changes or {}) do settings[name] = value end
  local ok, result = pcall(credentials.resolve, settings)
  tasks.use(previous)
  return ok, result
end

local GOOD = [[sh -c 'echo "{\"Version\":1,\"AccessKeyId\":\"AKIDRUN\",\"SecretAccessKey\":\"HUSH\"}"; echo HUSH >&2']]

function tests.a_program_that_prints_credentials()
  local ok, found = program(GOOD)
  assert(ok, tostring(found))
  assert(found:current().access_key_id == "AKIDRUN" and found.method == "custom-process" and found:ends_at() == nil)
end

function tests.programs_that_fail()
  for script, part in pairs {
    ["/nonexistent/helper"] = "cannot be run: /nonexistent/helper: No such file",
    ["sh -c 'echo HUSH; exit 3'"] = "ended with code 3",
    ["sh -c 'kill -9 $$'"] = "ended with code 137",
    ["echo HUSH"] = "printed no JSON object",
    ["echo [1]"] = "printed no JSON object",
    ["echo '{\"Version\":2}'"] = "printed no Version 1",
    ["echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"\"}'"] = "gave no SecretAccessKey",
    ["echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"HUSH\",\"Expiration\":\"soon\"}'"] = "no time",
    ["sh -c 'yes HUSH'"] = "printed more than 64 KiB",
    ["'unclosed"] = "a quote is not closed",
  } do
    local ok, err = program(script)
    assert(not ok and errors.is(err), tostring(err))
    assert(tostring(err):find(part, 1, true), tostring(err))
    assert(not tostring(err):find("HUSH", 1, true), tostring(err))
  end
end

function tests.a_program_that_hangs_is_stopped()
  local began_ms = core.clock.monotonic_ms()
  local ok, err = program("sh -c 'sleep 60 & sleep 60'", { process_timeout_ms = 100 })
  assert(not ok and tostring(err):find("has not ended", 1, true), tostring(err))
  assert(core.clock.monotonic_ms() - began_ms < 20000)
end

return tests
