--- The way to AWS, on a loop that answers at once.
local client = require "trapheus.aws.client"
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local tasks = require "trapheus.tasks"
local timestamp = require "trapheus.aws.timestamp"

local tests = {}

local REPLY = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
  .. "</GetCallerIdentityResult></GetCallerIdentityResponse>"

--- A loop whose AWS calls end with this reply; it keeps what was asked.
local function answering(reply, err)
  local loop = {}
  function loop:aws(request)
    self.request = request
    return setmetatable({
      done = function() return true end,
      result = function() return reply, err end,
    }, { __close = function() end })
  end
  return loop
end

local OPTIONS = {
  region = "eu-west-1",
  credentials = { access_key_id = "AKIDTEST", secret_access_key = "hidden" },
  getenv = function() return nil end,
  read_file = function() return nil end,
}

local function options(more)
  local all = {}
  for _, source in ipairs { OPTIONS, more or {} } do
    for name, value in pairs(source) do all[name] = value end
  end
  return all
end

--- Calls an operation over such a loop; returns what pcall does, and what was asked.
local function call(reply, err, more, operation, params, service)
  local loop = answering(reply, err)
  local previous = tasks.use(loop)
  local ok, result = pcall(function()
    local aws = client.new(service or "sts", options(more))
    return aws[operation or "GetCallerIdentity"](aws, params)
  end)
  tasks.use(previous)
  return ok, result, loop.request
end

local OK = { status = 200, headers = {}, body = REPLY, request_id = "r1", attempts = 1 }

-- What a call raises whose reply does not come, when that is let go at that asking; and whether it was cancelled, nil
-- when it was not even started.
local function unanswered(operation, params, service, at)
  local cancelled, loop, asked = nil, {}, 0
  function loop:aws()
    cancelled = false
    return setmetatable({ done = function() return false end }, { __close = function() cancelled = true end })
  end
  local previous = tasks.use(loop)
  local ok, err = pcall(function()
    local aws = client.new(service, options())
    aws.transport.let_go = function()
      asked = asked + 1
      return asked >= at
    end
    return aws[operation](aws, params)
  end)
  tasks.use(previous)
  assert(not ok and errors.is(err, "Interrupted"), tostring(err))
  return err, cancelled
end

function tests.a_reply_that_is_not_waited_for_any_more_is_let_go()
  local look, cancelled = unanswered("GetCallerIdentity", {}, "sts", 2)
  assert(cancelled and look.retryable and not look.ambiguous, tostring(look))
  local change = unanswered("RebootDBInstance", { DBInstanceIdentifier = "orders" }, "rds", 2)
  assert(change.ambiguous, "it may have been made")
  assert(call(OK, nil, nil), "and what was answered is not")
end

function tests.what_would_be_let_go_at_once_is_not_sent()
  local change, cancelled = unanswered("RebootDBInstance", { DBInstanceIdentifier = "orders" }, "rds", 1)
  assert(cancelled == nil and change.retryable and not change.ambiguous, tostring(change))
end

function tests.a_call_is_signed_and_sent()
  local ok, result, request = call(OK)
  assert(ok and result.Account == "123456789012", tostring(result))
  assert(request.url == "https://sts.eu-west-1.amazonaws.com/" and request.service == "sts")
  assert(request.region == "eu-west-1" and request.read_only == true and request.allow_http == false)
  assert(request.body == "Action=GetCallerIdentity&Version=2011-06-15")
  assert(request.credentials.access_key_id == "AKIDTEST" and type(request.credentials) == "userdata")
end

function tests.mail_goes_to_its_own_host()
  local body = "<SendEmailResponse><SendEmailResult><MessageId>m</MessageId></SendEmailResult></SendEmailResponse>"
  local ok, result, request = call({ status = 200, body = body, attempts = 1 }, nil, nil, "SendEmail",
    { Source = "a", Destination = {}, Message = { Subject = { Data = "s" }, Body = {} } }, "ses")
  assert(ok and result.MessageId == "m", tostring(result))
  assert(request.url == "https://email.eu-west-1.amazonaws.com/" and request.service == "ses" and not request.read_only)
end

function tests.an_error_reply_raises_with_all_that_is_known()
  local ok, err = call { status = 403, body = "", attempts = 2, request_id = "r9",
    error = { code = "AccessDenied", message = "no", retryable = false, ambiguous = false } }
  assert(not ok and errors.is(err, "AccessDenied") and err.status == 403 and err.attempts == 2)
  assert(err.operation == "GetCallerIdentity" and err.service == "sts" and err.request_id == "r9")
end

function tests.a_cancelled_call_raises()
  local ok, err = call(nil, { code = "ECANCELED", message = "cancelled" })
  assert(not ok and errors.is(err, "ECANCELED"))
end

function tests.a_reply_cut_short_may_have_changed_something()
  local ok, err = call({ status = 200, body = "<DeleteDBInstanceRes", request_id = "r2", attempts = 1 }, nil, nil,
    "DeleteDBInstance", { DBInstanceIdentifier = "x" }, "rds")
  assert(not ok and errors.is(err, "MalformedReply") and err.ambiguous and err.status == 200 and err.request_id == "r2")
end

function tests.plain_http_is_for_this_machine_only()
  for _, url in ipairs { "http://127.0.0.1:5000", "http://localhost:5000/", "http://127.1.2.3" } do
    local ok, err, request = call(OK, nil, { endpoint_url = url })
    assert(ok, tostring(err))
    assert(request.allow_http == true and request.url == url:gsub("/$", "") .. "/")
  end
  for _, url in ipairs { "http://aws.example", "http://127.0.0.1.example:80", "ftp://localhost", "nonsense",
    "http://10.0.0.1", "https://proxy.example/rds", "https://proxy.example/?a" } do
    local ok, err = call(OK, nil, { endpoint_url = url })
    assert(not ok and tostring(err):find(url, 1, true), tostring(err))
  end
  local ok, _, request = call(OK, nil, { endpoint_url = "https://proxy.example:444" })
  assert(ok and request.url == "https://proxy.example:444/" and request.allow_http == false)
  local taken, err = call(OK, nil, { endpoint_url = "https://me:hush@proxy.example" })
  assert(not taken and tostring(err):find "user name" and not tostring(err):find "hush")
end

function tests.without_region_or_credentials_there_is_no_client()
  local ok, err = pcall(client.new, "rds", { getenv = OPTIONS.getenv, read_file = OPTIONS.read_file })
  assert(not ok and errors.is(err, "NoRegion"))
  ok, err = pcall(client.new, "rds", { region = "eu-west-1", getenv = OPTIONS.getenv, read_file = OPTIONS.read_file })
  assert(not ok and errors.is(err, "NoCredentials"))
end

function tests.a_client_knows_its_region()
  assert(client.new("rds", options()).region == "eu-west-1")
end

function tests.a_call_may_be_sent_once_only()
  local loop = answering(OK)
  local previous = tasks.use(loop)
  local sts = client.new("sts", options())
  sts:GetCallerIdentity({}, { max_attempts = 1 })
  local once = loop.request.max_attempts
  sts:GetCallerIdentity {}
  tasks.use(previous)
  assert(once == 1 and loop.request.max_attempts == nil)
end

function tests.clocks_are_compared_at_each_reply()
  for _, row in ipairs { { -420, {} }, { 420, { code = "AccessDenied", message = "no" } } } do
    local at = core.clock.wall_ms() // 1000 - row[1]
    local previous = tasks.use(answering { status = 200, body = REPLY, attempts = 1, error = row[2].code and row[2],
      headers = { date = timestamp.format(at, "rfc822") } })
    local sts = client.new("sts", options())
    assert(sts.transport.clock_ahead_s == nil)
    pcall(sts.GetCallerIdentity, sts)
    tasks.use(previous)
    assert(math.abs(sts.transport.clock_ahead_s - row[1]) < 30, sts.transport.clock_ahead_s)
  end
end

function tests.the_environment_may_say_when_credentials_end()
  local environment = { AWS_ACCESS_KEY_ID = "AKIDTEST", AWS_SECRET_ACCESS_KEY = "hidden" }
  for _, row in ipairs { { nil, nil }, { "2026-01-01T00:00:00Z", 1767225600 }, { "soon", nil } } do
    environment.AWS_CREDENTIAL_EXPIRATION = row[1]
    local sts = client.new("sts", { region = "eu-west-1", read_file = OPTIONS.read_file,
      getenv = function(name) return environment[name] end })
    assert(sts.transport.identity:expires_at() == row[2])
  end
end

return tests
