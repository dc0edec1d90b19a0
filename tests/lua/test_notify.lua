local ambient = require "trapheus.ambient"
local bounded = require "trapheus.notify.bounded"
local core = require "trapheus.core"
local json = require "trapheus.json"
local tasks = require "trapheus.tasks"
local trapheus = require "trapheus"
local webhook = require "trapheus.notify.webhook"
local tests = {}

local here = debug.getinfo(1, "S").source:match "^@(.*)/[^/]*$"

for _, name in ipairs { "http_proxy", "all_proxy", "ALL_PROXY" } do core.system.setenv(name, nil) end

local function deliver(answers)
  local peer <close> = assert(io.popen(("python3 '%s/peer.py' %s"):format(here, answers)))
  local loop <close> = core.loop { virtual = true }
  local op <close> = assert(core.notify {
    loop = loop, url = ("http://127.0.0.1:%d/services/hush"):format(peer:read "n"), body = '{"text":"done"}',
    allow_host = "127.0.0.1", allow_private = true, allow_http = true,
  })
  while not op:done() do loop:step() end
  return op:result()
end

function tests.a_message_is_delivered()
  assert(deliver("'500 x' '200 ok'").status == 200)
end

function tests.another_answer_is_an_error_that_names_the_host_only()
  local reply, err = deliver "'404 x'"
  assert(reply == nil and err.code == "HTTPError" and err.status == 404 and err.message == "127.0.0.1: HTTP 404")
end

function tests.a_failure_names_the_host_only()
  local loop <close> = core.loop { virtual = true }
  local op = assert(core.notify { loop = loop, url = "http://127.0.0.1:1/hush", body = "{}",
    allow_host = "127.0.0.1", allow_private = true, allow_http = true })
  while not op:done() do loop:step() end
  local reply, err = op:result()
  assert(reply == nil and err.code == "ECONNECT")
  assert(err.message == "connection refused or host unreachable (127.0.0.1)", err.message)
end

function tests.a_refusal_does_not_show_the_address()
  local loop <close> = core.loop { virtual = true }
  local op, err = core.notify { loop = loop, url = "https://example.org/hush", body = "{}" }
  assert(op == nil and err.code == "EREFUSED")
  assert(err.message == "webhook refused: a host that is not Slack's and was not allowed")
  local ok, message = pcall(core.notify, { url = "https://hooks.slack.com/x", body = "{}" })
  assert(not ok and not message:find("/x", 1, true))
end

-- What a message is made of, and how long it may take -----------------------------------------------------

local function fails(f, message, ...)
  local ok, err = pcall(f, message)
  assert(not ok, "it was taken")
  for _, words in ipairs { ... } do assert(tostring(err):find(words, 1, true), tostring(err)) end
end

function tests.a_field_that_is_none_is_named_where_it_was_given()
  local notify = trapheus.notify
  local file = "test_notify.lua"
  fails(function() notify.slack { url = "x" } end, nil, file, "notify.slack: text: expected a string, got nil")
  fails(function() notify.slack { url = "x", text = "x", blocks = 1 } end, nil, "blocks: expected a table, got number")
  fails(function() notify.email { from = "a", to = 1, subject = "s", text = "t" } end, nil, file,
    "to: expected a string or a table")
  fails(function() notify.webhook { url = "https://x.org", body = "{}" } end, nil, here, "body: expected a table")
  fails(function() notify.sns { text = "x" } end, nil, here, "topic: expected a string")
end

function tests.the_host_of_an_address_is_the_one_that_is_called()
  for url, host in pairs { ["https://a.example/x"] = "a.example", ["https://A.example:99"] = "A.example",
    ["https://[::1]:8443/x"] = "::1", ["https://a.example?x=@y"] = "a.example" } do
    assert(webhook.host(url) == host, url)
    assert(core.notify_fault { url = url, allow_host = host } == nil, url)
  end
  for _, url in ipairs { "https://u@a.example/", "https://a.example\\@b.example/", "https:///x", "a.example",
    "https://a.example:x/", "https://a example/", "http://a.example/", "ftp://a.example/", "" } do
    assert(core.notify_fault { url = url, allow_host = webhook.host(url) }, url)
  end
end

local function client(reply)
  local sent = {}
  return { Publish = function(_, params, how)
    sent.params, sent.how = params, how
    return reply
  end }, sent
end

function tests.machines_that_subscribe_get_the_json_and_people_the_text()
  local sns, sent = client { MessageId = "m1" }
  local id = trapheus.notify.sns { client = sns, topic = "arn:aws:sns:eu-west-1:1:x", subject = "Ünder\nway",
    text = "t", json = { a = 1 }, attributes = { event = "start" }, id = "r-1" }
  local parts = json.decode(sent.params.Message)
  assert(id == "m1" and sent.how.repeatable and parts.default == "t" and parts.sqs == '{"a":1}' and not parts.email)
  assert(sent.params.Subject == "?nder way" and sent.params.MessageStructure == "json")
  assert(sent.params.MessageAttributes.event.StringValue == "start" and sent.params.MessageGroupId == nil)
  trapheus.notify.sns { client = sns, topic = "arn:aws:sns:eu-west-1:1:x.fifo", text = "t", id = "r-1" }
  assert(sent.params.MessageDeduplicationId == "r-1" and sent.params.Message == "t" and not sent.params.Subject)
end

function tests.what_takes_too_long_is_given_up()
  local loop <close> = core.loop { virtual = true }
  local previous, closed = tasks.use(loop), false
  local ok, err = pcall(bounded.call, 5, function()
    local _ <close> = setmetatable({}, { __close = function() closed = true end })
    tasks.sleep(6)
  end)
  assert(not ok and err.code == "NotifyTimeout" and err.message == "no answer within 5 s" and closed)
  assert(bounded.call(5, function(a) tasks.sleep(4) return a end, "a") == "a")
  assert(loop:now_ms() - 9000 < 1, loop:now_ms())
  tasks.use(previous)
end

function tests.by_a_faster_clock_there_is_as_much_real_time()
  local loop <close> = core.loop { virtual = true }
  local _ <close> = ambient.enter { loop = loop, pace = 100 }
  assert(bounded.call(5, function() tasks.sleep(400) return "in time" end) == "in time")
end

return tests
