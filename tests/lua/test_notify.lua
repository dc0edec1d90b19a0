local core = require "trapheus.core"
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

return tests
