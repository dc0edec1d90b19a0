--- Where credentials come from: profiles, web identities, programs.
local core = require "trapheus.core"
local credentials = require "trapheus.aws.credentials"
local errors = require "trapheus.errors"
local shlex = require "trapheus.aws.shlex"
local sources = require "sources"
local tasks = require "trapheus.tasks"

local finds, refuses, form_of = sources.finds, sources.refuses, sources.form_of

local tests = {}

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
  return sources.role_reply(form.Action, "ASIA" .. form.RoleArn:match "/(%w+)$":upper())
end

function tests.a_chain_of_roles()
  local asked = finds({ config = CHAIN, profile = "top", answer = assumed }, "ASIATOP", "assume-role")
  assert(#asked == 2)
  local first, second = form_of(asked[1].request), form_of(asked[2].request)
  assert(first.RoleArn:find "middle" and first.ExternalId == "ext" and first.RoleSessionName == "me")
  assert(first.DurationSeconds == "900" and asked[1].request.credentials.access_key_id == "AKIDBASE")
  assert(second.RoleArn:find "top" and second.RoleSessionName:find "^trapheus%-%d+$" and second.ExternalId == nil)
  assert(asked[2].request.credentials.access_key_id == "ASIAMIDDLE" and asked[1].request.read_only == true)
  assert(asked[1].request.url == "https://sts.eu-west-1.amazonaws.com/")
end

function tests.a_profile_may_name_itself_for_its_keys()
  local asked = finds({ config = CHAIN, profile = "self", answer = assumed }, "ASIASELF", "assume-role")
  assert(asked[1].request.credentials.access_key_id == "AKIDSELF")
end

function tests.a_role_of_the_environments_keys()
  local keys = { AWS_ACCESS_KEY_ID = "AKIDENV", AWS_SECRET_ACCESS_KEY = "HUSH" }
  local asked = finds({ config = CHAIN, profile = "env", variables = keys, answer = assumed }, "ASIAENV", "assume-role")
  assert(asked[1].request.credentials.access_key_id == "AKIDENV")
  refuses({ config = CHAIN, profile = "env" }, "CredentialsError", "profile env", "Environment")
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
  refuses({ config = CHAIN, profile = "top", answer = denied }, "AccessDenied",
    "AssumeRole of arn:aws:iam::1:role/middle")
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

function tests.a_code_is_not_asked_for_while_what_the_cli_has_kept_is_good()
  local text = '{"RoleArn": "arn:aws:iam::1:role/mfa", "SerialNumber": "arn:aws:iam::1:mfa/me"}'
  local path = "/home/me/.aws/cli/cache/" .. core.sha1(text) .. ".json"
  local function kept(expiration)
    return { config = CHAIN, profile = "mfa", files = { [path] = '{"Credentials":{"AccessKeyId":"ASIAKEPT",'
      .. '"SecretAccessKey":"HUSH","SessionToken":"HUSHT","Expiration":"' .. expiration .. '"}}' } }
  end
  local real = core.system.ask_secret
  core.system.ask_secret = function() return nil end
  local ok, err = pcall(finds, kept "2099-01-01T00:00:00Z", "ASIAKEPT", "assume-role")
  local refused, why = pcall(refuses, kept "2020-01-01T00:00:00Z", "CredentialsError", "no terminal")
  core.system.ask_secret = real
  assert(ok, err)
  assert(refused, why)
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

-- A program ---------------------------------------------------------------------------------------------

function tests.words_of_a_command()
  local function words(text) return table.concat(shlex.split(text) or {}, "|") end
  assert(words [[ a  b "c d" 'e "f' g\ h "i\"j\k" '' l"m"'n' ]] == [[a|b|c d|e "f|g h|i"j\k||lmn]])
  assert(words "" == "" and #shlex.split "  " == 0)
  for _, text in ipairs { "'a", '"a', "a\\" } do assert(select(2, shlex.split(text))) end
end

local function program(script, changes)
  local previous = tasks.use(nil)
  local text = "[default]\nregion = eu-west-1\ncredential_process = " .. script
  local files = { ["/home/me/.aws/config"] = text }
  local settings = sources.load(files, { AWS_EC2_METADATA_DISABLED = "true" })
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
