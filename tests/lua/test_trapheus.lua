--- The surface that scripts use.
local core = require "trapheus.core"
local json = require "trapheus.json"
local tasks = require "trapheus.tasks"
local trapheus = require "trapheus"

local tests = {}

--- Runs f with another value in a table's field.
local function with(target, field, value, f)
  local previous = target[field]
  target[field] = value
  local ok, err = pcall(f)
  target[field] = previous
  assert(ok, err)
end

local function ended(value, err)
  return setmetatable({ done = function() return true end, result = function() return value, err end },
    { __close = function() end })
end

function tests.each_part_is_there()
  for _, name in ipairs { "client", "request", "sleep", "spawn", "all", "try", "backoff", "waiter" } do
    assert(type(trapheus[name]) == "function", name)
  end
  assert(trapheus.json == json and trapheus.version == core.version and trapheus.nonsense == nil)
  for _, name in ipairs { "slack", "email", "sns", "webhook", "fleet_summary" } do
    assert(type(trapheus.notify[name]) == "function", name)
  end
end

function tests.try_makes_an_answer_of_a_failed_call()
  local errors = require "trapheus.errors"
  local err = errors.new { code = "DBSnapshotNotFound" }
  local result, caught = trapheus.try(function() error(err) end)
  assert(result == nil and caught == err)
  assert(select("#", trapheus.try(function(...) return ... end, 1, nil, nil)) == 3)
  local ok, bug = pcall(trapheus.try, function() error "a bug" end)
  assert(not ok and bug:find "a bug")
end

function tests.backoff_grows_to_its_cap()
  local pace = trapheus.backoff { base_s = 1, cap_s = 4, random = function() return 0.5 end }
  assert(pace:next_s() == 0.5 and pace:next_s() == 1 and pace:next_s() == 2 and pace:next_s() == 2)
  pace:reset()
  assert(pace:next_s() == 0.5)
  local loop <close> = core.loop { virtual = true, start_ms = 0 }
  local previous = tasks.use(loop)
  pace:sleep()
  tasks.use(previous)
  assert(loop:now_ms() == 1000)
end

function tests.slack_text_is_escaped_and_sent()
  local sent
  with(core, "notify", function(message) sent = message return ended { status = 200 } end, function()
    trapheus.notify.slack { url = "https://hooks.slack.com/services/x", text = "<!channel> a & b\27[0m\nc" }
  end)
  assert(sent.url == "https://hooks.slack.com/services/x" and sent.loop)
  local body = json.decode(sent.body)
  assert(body.text == "&lt;!channel&gt; a &amp; b\\x1b[0m\nc" and body.mrkdwn == false)
end

function tests.a_message_that_does_not_arrive_raises_without_its_url()
  local url = "https://hooks.slack.com/services/secret"
  for _, answer in ipairs { function() return nil, { code = "HostRefused", message = "no" } end,
    function() return ended(nil, { code = "ConnectError", message = "refused", status = 500 }) end } do
    with(core, "notify", answer, function()
      local ok, err = trapheus.try(trapheus.notify.slack, { url = url, text = "x" })
      assert(ok == nil and err.service == "slack" and not tostring(err):find "secret")
    end)
  end
  local ok, err = pcall(function() trapheus.notify.slack { text = "x" } end)
  assert(not ok and err:find "url: expected a string" and err:find "test_trapheus.lua")
end

function tests.mail_goes_through_ses()
  local sent
  local ses = trapheus.client("ses", { transport = { send = function(_, call)
    sent = call
    return { MessageId = "m1" }
  end } })
  local id = trapheus.notify.email { client = ses, from = "a@example.com", to = "b@example.com",
    subject = "restore\r\nBcc: evil@example.com", text = "done" }
  assert(id == "m1" and sent.operation == "SendEmail")
  assert(sent.params.Message.Subject.Data == "restore Bcc: evil@example.com")
  assert(sent.params.Destination.ToAddresses[1] == "b@example.com")
end

local REQUEST = {
  service = "s3", path = "/bucket", query = { ["list-type"] = "2", prefix = "a b" }, region = "eu-west-1",
  credentials = core.credentials { access_key_id = "AKIDTEST", secret_access_key = "hidden" },
  getenv = function() return nil end, read_file = function() return nil end,
}

function tests.a_request_is_signed()
  local sent
  local loop = { http = function(_, request) sent = request return ended { status = 404, headers = {}, body = "" } end }
  local previous = tasks.use(loop)
  local ok, reply = pcall(trapheus.request, REQUEST)
  tasks.use(previous)
  assert(ok and reply.status == 404, tostring(reply))
  assert(sent.url == "https://s3.eu-west-1.amazonaws.com/bucket?list-type=2&prefix=a%20b" and sent.method == "GET")
  local headers = {}
  for _, header in ipairs(sent.headers) do headers[header[1]:lower()] = header[2] end
  assert(headers.authorization:find "^AWS4%-HMAC%-SHA256 Credential=AKIDTEST/%d+/eu%-west%-1/s3/aws4_request")
  assert(headers["x-amz-content-sha256"] and headers.host == "s3.eu-west-1.amazonaws.com")
end

--- What a request is answered when these replies come in turn; the times it was signed with.
local function request_over(replies, credentials)
  local dates = {}
  local loop = { http = function(_, request)
    for _, header in ipairs(request.headers) do
      if header[1]:lower() == "x-amz-date" then dates[#dates + 1] = header[2]:sub(1, 4) end
    end
    return ended(replies[#dates])
  end }
  local asked = { credentials = credentials }
  local previous = tasks.use(loop)
  local ok, reply = pcall(trapheus.request, setmetatable(asked, { __index = REQUEST }))
  tasks.use(previous)
  assert(ok, tostring(reply))
  return reply, dates
end

local OK = { status = 200, headers = {}, body = "done" }

local function refusal(code, date)
  return { status = 403, headers = { date = date }, body = ("<Error><Code>%s</Code></Error>"):format(code) }
end

function tests.a_request_of_the_wrong_time_is_sent_again_with_the_services_once()
  local skewed = refusal("RequestTimeTooSkewed", "Sun, 02 Jan 2000 20:34:56 GMT")
  local reply, dates = request_over { skewed, OK }
  assert(reply.body == "done" and #dates == 2 and dates[2] == "2000", table.concat(dates, " "))
  reply, dates = request_over { skewed, skewed, OK }
  assert(reply.status == 403 and #dates == 2)
  reply, dates = request_over { refusal("SignatureDoesNotMatch", nil), OK }
  assert(reply.status == 403 and #dates == 1)
end

function tests.a_request_with_credentials_that_have_ended_is_sent_again_with_others()
  local identity = require "trapheus.aws.credentials.identity"
  local fetched = 0
  local who = identity.new { method = "test", place = "a test", renewable = true, fetch = function()
    fetched = fetched + 1
    return core.credentials { access_key_id = "K" .. fetched, secret_access_key = "s" }
  end }
  local reply, dates = request_over({ refusal "ExpiredToken", OK }, who)
  assert(reply.body == "done" and #dates == 2 and fetched == 2)
  reply, dates = request_over { refusal "ExpiredToken", OK }
  assert(reply.status == 403 and #dates == 1, "there are no others")
end

return tests
