--- Credentials of IAM Identity Center, of containers, and of EC2 instances.
local core = require "trapheus.core"
local json = require "trapheus.json"
local sources = require "sources"
local tasks = require "trapheus.tasks"

local finds, refuses = sources.finds, sources.refuses

local tests = {}

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
  for _, url in ipairs { "http://10.0.0.1/", "http://evil.example/", "http://169.254.170.2.evil.example/",
    "nonsense" } do
    local asked = refuses({ variables = { AWS_CONTAINER_CREDENTIALS_FULL_URI = url } }, "InvalidConfig",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI")
    assert(#asked == 0)
  end
  local full = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://localhost:1/" }
  full.AWS_CONTAINER_AUTHORIZATION_TOKEN = "HUSH\n"
  refuses({ variables = full }, "InvalidConfig", "line break")
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

function tests.the_old_name_of_ipv6()
  local asked = finds({ imds = true, answer = metadata(), variables = { AWS_IMDS_USE_IPV6 = "true" } }, "ASIABOX",
    "iam-role")
  assert(asked[1].request.url:find("http://[fd00:ec2::254]/", 1, true))
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
  local previous = tasks.use(sources.world(metadata()))
  local region = sources.load({}, {}):region()
  tasks.use(previous)
  assert(region == "eu-west-3", region)
end

return tests
