local core = require "trapheus.core"
local tests = {}

local here = debug.getinfo(1, "S").source:match "^@(.*)/[^/]*$"

--- Starts the peer with its answers; gives its address, and its process to close.
local function start(...)
  local command = { "python3", ("'%s/peer.py'"):format(here) }
  for _, answer in ipairs { ... } do command[#command + 1] = "'" .. answer .. "'" end
  local peer = assert(io.popen(table.concat(command, " ")))
  return ("http://127.0.0.1:%d/"):format(peer:read "n"), peer
end

for _, name in ipairs { "http_proxy", "all_proxy", "ALL_PROXY" } do core.system.setenv(name, nil) end

local function finish(loop, op, err)
  assert(op, err and err.message)
  while not op:done() do loop:step() end
  return op:result()
end

local function keys()
  return core.credentials { access_key_id = "AKIDEXAMPLE", secret_access_key = "hush" }
end

local function call(url, read_only)
  return { url = url, body = "Action=A", service = "rds", region = "eu-west-1", credentials = keys(),
    read_only = read_only, allow_http = true }
end

function tests.an_exchange()
  local url, _ <close> = start("201 hello")
  local loop <close> = core.loop {}
  local reply = finish(loop, loop:http {
    method = "POST", url = url .. "path?q", body = "a=b", headers = { { "X-A", "1" } }, allow_http = true,
    no_proxy = true, timeout_ms = 20000, connect_timeout_ms = 5000, max_bytes = 100, fresh_connection = true,
  })
  assert(reply.status == 201 and reply.body == "hello" and reply.headers.connection == "close")
  assert(reply.headers["x-seen"]:find("POST /path?q HTTP/1.1, a=b", 1, true))
end

function tests.a_failure_names_the_host_and_not_the_path()
  local loop <close> = core.loop {}
  local reply, err = finish(loop, loop:http {
    method = "GET", url = "http://127.0.0.1:1/secret", allow_http = true, no_proxy = true })
  assert(reply == nil and err.code == "ECONNECT" and err.message:find("127.0.0.1", 1, true))
  assert(not err.message:find("secret", 1, true))
end

function tests.misuse_names_the_field()
  local loop <close> = core.loop {}
  for message, options in pairs {
    ["field 'url'"] = { method = "GET" },
    ["field 'timeout_ms'"] = { method = "GET", url = "https://a.b/", timeout_ms = -1 },
    ["field 'headers'"] = { method = "GET", url = "https://a.b/", headers = { { "X-A" } } },
  } do
    local ok, err = pcall(loop.http, loop, options)
    assert(not ok and err:find(message, 1, true), err)
  end
  local op, err = loop:http { method = "GET", url = "http://127.0.0.1:1/" }
  assert(op == nil and err.code == "EREFUSED")
end

function tests.a_closed_request_is_cancelled()
  local loop <close> = core.loop {}
  do local _ <close> = loop:http { method = "GET", url = "http://127.0.0.1:1/", allow_http = true } end
  assert(loop:step() == 0)
end

function tests.a_call_succeeds()
  local url, _ <close> = start("200 <AResponse><RequestId>r1</RequestId></AResponse>")
  local loop <close> = core.loop { virtual = true }
  local reply = finish(loop, loop:aws(call(url, true)))
  assert(reply.status == 200 and reply.request_id == "r1" and reply.attempts == 1 and reply.error == nil)
  assert(reply.body:find("^<AResponse>") and reply.headers["x-seen"] == "POST / HTTP/1.1, Action=A")
end

function tests.a_call_fails()
  local url, _ <close> = start(
    "404 <ErrorResponse><Error><Code>DBInstanceNotFound</Code><Message>gone</Message></Error>"
    .. "<RequestId>r2</RequestId></ErrorResponse>", "500 oops")
  local loop <close> = core.loop { virtual = true }
  local err = finish(loop, loop:aws(call(url, true))).error
  assert(err.code == "DBInstanceNotFound" and err.message == "gone" and err.status == 404)
  assert(err.request_id == "r2" and err.attempts == 1 and err.retryable == false and err.ambiguous == false)
  err = finish(loop, loop:aws(call(url, false))).error
  assert(err.code == "MalformedReply" and err.status == 500 and err.ambiguous == true and err.request_id == nil)
end

function tests.a_call_that_reaches_nobody_is_not_ambiguous()
  local loop <close> = core.loop { virtual = true }
  local reply = finish(loop, loop:aws(call("http://127.0.0.1:1/", false)))
  assert(reply.status == nil and reply.attempts == 3 and reply.error.code == "ConnectError")
  assert(reply.error.ambiguous == false and reply.error.retryable == true and reply.error.status == nil)
end

function tests.calls_end_with_their_loop()
  local loop = core.loop { virtual = true }
  local op = loop:aws(call("http://127.0.0.1:1/", false))
  loop:close()
  assert(op:done() and select(2, op:result()).code == "ECANCELED")
end

return tests
