--- loop:listen, asked by loop:http: both sides on one loop.
local core = require "trapheus.core"

local tests = {}

local function site(options)
  local loop = assert(core.loop {})
  options = options or {}
  options.address = options.address or "127.0.0.1"
  return loop, assert(loop:listen(options))
end

local function closing(loop, server)
  return setmetatable({}, { __close = function()
    server:close()
    loop:close()
  end })
end

local function await(loop, op)
  while not op:done() do assert(loop:step(1000)) end
  return op:result()
end

local function ask(loop, server, more)
  local request = {
    method = "GET", url = ("http://127.0.0.1:%d/"):format(server:port()), allow_http = true, no_proxy = true,
    timeout_ms = 10000,
  }
  for name, value in pairs(more or {}) do request[name] = value end
  return assert(loop:http(request))
end

local function refused(part, f, ...)
  local ok, err = pcall(f, ...)
  assert(not ok and err:find(part, 1, true), tostring(err))
end

function tests.a_request_and_its_reply()
  local loop, server = site()
  local _ <close> = closing(loop, server)
  local next_request <close> = server:next()
  local reply <close> = ask(loop, server, {
    method = "POST", url = ("http://127.0.0.1:%d/a%%20b?x=1"):format(server:port()), body = "k=v",
    headers = { { "X-One", "1" } },
  })
  local request <close> = await(loop, next_request)
  assert(request.method == "POST" and request.path == "/a%20b" and request.query == "x=1" and request.body == "k=v")
  assert(request.nothing == nil and next_request:result() == request)
  local headers = {}
  for _, pair in ipairs(request.headers) do headers[pair[1]:lower()] = pair[2] end
  assert(headers["x-one"] == "1" and headers["content-length"] == "3")
  assert(request:reply(404, { { "x-two", "2" } }, "none"))
  refused("answered", request.reply, request, 200, nil, "")
  local got = await(loop, reply)
  assert(got.status == 404 and got.headers["x-two"] == "2" and got.body == "none")
end

--- Calls for something of AWS's, and replies with that body.
local function called(loop, server, body, more)
  local request = { url = ("http://127.0.0.1:%d/"):format(server:port()), body = "k=v", service = "s", region = "r",
    allow_http = true, read_only = true, max_attempts = 1 }
  for name, value in pairs(more) do request[name] = value end
  local next_request <close> = server:next()
  local op <close> = assert(loop:aws(request))
  assert(await(loop, next_request):reply(200, {}, body))
  return (await(loop, op))
end

function tests.a_body_that_is_held()
  local loop, server = site()
  local _ <close> = closing(loop, server)
  local body = "<R><Things><Thing><Name>a</Name></Thing></Things></R>"
  assert(called(loop, server, body, {}).body == body)
  local held = called(loop, server, body, { held = true }).body
  local items, first, last = core.xml.items(held, "Things", "Name", "Now")
  assert(#items == 4 and items[1] == "a" and held:sub(1, first) == "<R><Things>")
  assert(held:sub(items[3], items[4]) == "<Thing><Name>a</Name></Thing>" and held:sub(last) == "</Things></R>")
  assert(held:sub(1, -1) == body and held:sub(-5, 2) == "<R" and held:sub(3, 1000) == body:sub(3))
  assert(held:sub(4, 3) == "" and held:sub(1000, 2000) == "")
  held:close()
  held:close()
  assert(held:sub(1, -1) == "" and not core.xml.items(held, "Things", "Name", "Now"))
end

function tests.a_reply_that_breaks_off()
  local loop, server = site()
  local _ <close> = closing(loop, server)
  for _, sent_bytes in ipairs { 0, 7 } do
    local reply <close> = ask(loop, server)
    local request = await(loop, server:next())
    assert(request:reply(200, nil, ("x"):rep(10000), sent_bytes))
    local got, err = await(loop, reply)
    assert(not got and err.code == "EIO", err and err.code)
  end
  local reply <close> = ask(loop, server)
  local request = await(loop, server:next())
  refused("0 or more", request.reply, request, 200, nil, "x", -1)
  assert(request:reply(200, nil, "whole", 5))
  assert(await(loop, reply).body == "whole")
end

function tests.one_after_the_other()
  local loop, server = site()
  local _ <close> = closing(loop, server)
  local replies = {}
  for i = 1, 3 do replies[i] = ask(loop, server, { method = "POST", body = tostring(i) }) end
  for _ = 1, 3 do
    local request = await(loop, server:next())
    assert(request:reply(200, nil, request.body .. "!"))
  end
  for i = 1, 3 do assert(await(loop, replies[i]).body == i .. "!") end
end

function tests.a_request_left_alone_ends_its_connection()
  local loop, server = site()
  local _ <close> = closing(loop, server)
  local reply = ask(loop, server)
  await(loop, server:next()):close()
  local got, err = await(loop, reply)
  assert(not got and err.code == "EIO", err and err.code)
  reply = ask(loop, server)
  await(loop, server:next())
  collectgarbage()
  collectgarbage()
  got, err = await(loop, reply)
  assert(not got and err.code == "EIO", err and err.code)
end

function tests.closing_ends_what_waits()
  local loop, server = site()
  local _ <close> = closing(loop, server)
  local waits = server:next()
  refused("waited for already", server.next, server)
  server:close()
  server:close()
  local request, err = waits:result()
  assert(waits:done() and not request and err.code == "ECANCELED")
  refused("the server is closed", server.next, server)
  refused("the server is closed", server.port, server)
  assert(loop:step(0) == 0)
end

function tests.a_request_outlives_its_server()
  local loop, server = site()
  local _ <close> = closing(loop, server)
  local first, second = ask(loop, server), ask(loop, server)
  local request = await(loop, server:next())
  local unread = server:next()
  while not unread:done() do assert(loop:step(1000)) end
  server:close()
  local ok, err = request:reply(200, nil, "late")
  assert(not ok and err.code == "ECANCELED" and request.method == "GET")
  ok, err = unread:result()
  assert(not ok and err.code == "ECANCELED")
  assert(not await(loop, first) and not await(loop, second))
end

function tests.closing_the_loop_ends_what_waits()
  local loop, server = site()
  local waits <close> = server:next()
  loop:close()
  local request, err = waits:result()
  assert(not request and err.code == "ECANCELED")
  server:close()
end

function tests.a_closed_wait_lets_the_next_one_begin()
  local loop, server = site()
  local _ <close> = closing(loop, server)
  server:next():close()
  local reply <close> = ask(loop, server)
  assert(await(loop, server:next()):reply(200, nil, ""))
  assert(await(loop, reply).status == 200)
end

function tests.collected_in_any_order()
  for _ = 1, 20 do
    local op
    do
      local loop, server = site()
      op = server:next()
      ask(loop, server)
      loop:step(10)
    end
    collectgarbage()
    assert(op:done() or not op:result())
  end
  collectgarbage()
  collectgarbage()
end

function tests.only_this_machine()
  local loop, server = site()
  local _ <close> = closing(loop, server)
  local function code(options)
    local other, err = loop:listen(options)
    return other and other:close() or err.code
  end
  assert(code { address = "0.0.0.0" } == "EREFUSED" and code { address = "example" } == "EINVAL")
  assert(code { address = "127.0.0.1", port = server:port() } == "ECONNECT")
  refused("field 'port': out of range", code, { address = "127.0.0.1", port = 65536 })
  refused("field 'address'", code, {})
  refused("status", function()
    local op <close> = ask(loop, server)
    local request <close> = await(loop, server:next())
    request:reply(99, nil, op and "")
  end)
end

return tests
