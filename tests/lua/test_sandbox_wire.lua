--- The sandbox over HTTP: requests as clients sign and encode them, replies as clients decode them.
local core = require "trapheus.core"
local delivery = require "trapheus.sandbox.delivery"
local protocol = require "trapheus.aws.protocol"
local sandbox = require "trapheus.sandbox"
local wire = require "trapheus.sandbox.wire"

local tests = {}

local NOW_S = 1700000000

local function world()
  local sb = sandbox.new { now_ms = function() return NOW_S * 1000 end, knobs = { stale_s = 0 } }
  return sb, wire.new(sb, { now_s = function() return NOW_S end })
end

--- A request as a client makes it. `how` may change what is signed, `after` what is sent.
local function request(service, operation, params, how, after)
  local asked = {
    method = "POST", path = "/", query = "", body = protocol.encode(service, operation, params or {}),
    headers = { { "Host", "127.0.0.1:8080" }, { "Content-Type", "application/x-www-form-urlencoded" } },
    service = service, region = "us-east-1", time = NOW_S, credentials = wire.KEYS,
  }
  for name, value in pairs(how or {}) do asked[name] = value end
  asked.headers = core.sigv4.sign(asked).headers
  table.insert(asked.headers, { "X-Forwarded-For", "unsigned" })
  for name, value in pairs(after or {}) do asked[name] = value end
  return asked
end

local function ask(served, ...)
  local asked = request(...)
  return served:answer(asked)
end

local function code_of(reply)
  return reply.status .. " " .. assert(reply.body:match "<Code>(.-)</Code>", reply.body)
end

function tests.a_call_of_each_service()
  local sb, served = world()
  sb:add_instance { DBInstanceIdentifier = "orders" }
  for service, call in pairs {
    rds = { "DescribeDBInstances", { Filters = { { Name = "engine", Values = { "postgres" } } } } },
    sts = { "GetCallerIdentity" },
    ses = { "SendEmail", { Source = "a@b", Destination = { ToAddresses = { "c@d" } },
      Message = { Subject = { Data = "s" }, Body = { Text = { Data = "<&>" } } } } },
  } do
    local reply = ask(served, service, call[1], call[2])
    assert(reply.status == 200 and reply.service == service and reply.operation == call[1], reply.body)
    local result, request_id = protocol.decode(service, call[1], reply.body)
    assert(next(result) and reply.headers[2][1] == "x-amzn-RequestId" and reply.headers[2][2] == request_id)
  end
  assert(sb.mail[1].Message.Body.Text.Data == "<&>")
end

function tests.a_reply_is_what_the_sandbox_gave()
  local sb, served = world()
  sb:add_instance { DBInstanceIdentifier = "orders", TagList = { { Key = "note", Value = 'a&b <x> "q" é ✓' } } }
  local result = protocol.decode("rds", "DescribeDBInstances", ask(served, "rds", "DescribeDBInstances").body)
  local given = sb:call("rds", "DescribeDBInstances").DBInstances[1]
  for field, value in pairs(given) do
    local got = result.DBInstances[1][field]
    assert(type(value) == "table" and type(got) == "table" or got == value, field)
  end
  assert(result.DBInstances[1].TagList[1].Value == given.TagList[1].Value)
end

function tests.a_get_is_as_good()
  local _, served = world()
  local form = protocol.encode("sts", "GetCallerIdentity", {})
  local reply = ask(served, "sts", "GetCallerIdentity", {}, { method = "GET", query = form, body = "" })
  assert(reply.status == 200 and reply.body:find "<Account>123456789012</Account>")
  assert(code_of(ask(served, "sts", "GetCallerIdentity", {}, { method = "PUT" })) == "405 InvalidAction")
end

function tests.errors_have_awss_codes()
  local _, served = world()
  for wanted, call in pairs {
    ["404 DBInstanceNotFound"] = { "DescribeDBInstances", { DBInstanceIdentifier = "none" } },
    ["404 DBSnapshotNotFound"] = { "DescribeDBSnapshots", { DBSnapshotIdentifier = "none" } },
    ["400 InvalidParameterValue"] = { "DescribeDBInstances", { MaxRecords = 5 } },
    ["400 InvalidAction"] = { "DescribeTenantDatabases", {} },
  } do
    local reply = ask(served, "rds", call[1], call[2])
    assert(code_of(reply) == wanted and reply.code == wanted:sub(5), code_of(reply))
    local ok, err = pcall(protocol.decode, "rds", call[1], reply.body)
    assert(not ok and err.code == reply.code and err.request_id == reply.headers[2][2])
  end
end

function tests.a_service_that_it_does_not_have_is_said_to_be_missing()
  local _, served = world()
  local reply = ask(served, "rds", "DescribeDBInstances", {}, { service = "iam" })
  assert(code_of(reply) == "400 InvalidAction", code_of(reply))
  assert(reply.body:find("This is a sandbox of rds, sts and ses: it has no iam.", 1, true), reply.body)
end

function tests.what_is_not_signed_rightly_is_refused()
  local sb, served = world()
  for _, row in ipairs {
    { "403 SignatureDoesNotMatch", { credentials = { access_key_id = "AKIDSANDBOX", secret_access_key = "wrong" } } },
    { "403 InvalidClientTokenId", { credentials = { access_key_id = "AKIDOTHER", secret_access_key = "x" } } },
    { "403 SignatureDoesNotMatch", { region = "eu-west-1" } },
    { "403 SignatureDoesNotMatch", {}, { body = "Action=DeleteDBInstance&Version=2014-10-31" } },
    { "403 SignatureDoesNotMatch", {}, { path = "/other" } },
    { "403 SignatureDoesNotMatch", {}, { query = "a=b" } },
    { "403 SignatureDoesNotMatch", {}, { method = "GET" } },
    { "403 MissingAuthenticationToken", {}, { headers = {} } },
    { "400 IncompleteSignature", {}, { headers = { { "Authorization", "Basic eDp5" } } } },
    { "400 IncompleteSignature", {}, { headers = { { "Authorization", "AWS4-HMAC-SHA256 Credential=a" } } } },
  } do
    local reply = ask(served, "rds", "DescribeDBInstances", {}, row[2], row[3])
    assert(code_of(reply) == row[1], ("%s, not %s"):format(code_of(reply), row[1]))
    assert(not reply.body:find("sandbox-secret", 1, true))
  end
  assert(#sb.audit == 0, "none of them reached the sandbox")
end

local function edited(edit)
  local asked = request("rds", "DescribeDBInstances")
  for _, pair in ipairs(asked.headers) do
    if pair[1]:lower() == edit[1] then pair[2] = pair[2]:gsub(edit[2], edit[3]) end
  end
  return asked
end

function tests.a_signature_is_good_for_a_quarter_of_an_hour()
  local sb, served = world()
  for _, row in ipairs { { -901, "400 RequestExpired" }, { 901, "400 RequestExpired" },
    { -900, "ok" }, { 900, "ok" } } do
    local reply = ask(served, "rds", "DescribeDBInstances", {}, { time = NOW_S + row[1] })
    assert(row[2] == "ok" and reply.status == 200 or code_of(reply) == row[2], row[1])
  end
  sb:shift_clock(1000) -- the server's
  assert(code_of(ask(served, "rds", "DescribeDBInstances")) == "400 RequestExpired")
  local reply = ask(served, "rds", "DescribeDBInstances", {}, { time = NOW_S + 1000 })
  assert(reply.status == 200)
  assert(reply.headers[3][1] == "Date" and reply.headers[3][2] == "Tue, 14 Nov 2023 22:30:00 GMT", reply.headers[3][2])
end

function tests.every_part_of_the_signature_counts()
  local _, served = world()
  for _, row in ipairs {
    { "403 SignatureDoesNotMatch", "authorization", "Signature=....", "Signature=0000" },
    { "403 SignatureDoesNotMatch", "authorization", "content%-type;", "" },
    { "400 IncompleteSignature", "authorization", "host;", "" },
    { "400 IncompleteSignature", "authorization", ";x%-amz%-date", "" },
    { "400 IncompleteSignature", "authorization", "aws4_request", "aws3_request" },
    { "403 SignatureDoesNotMatch", "authorization", "/20%d+/", "/20200101/" },
    { "400 IncompleteSignature", "x-amz-date", "Z$", "" },
    { "403 SignatureDoesNotMatch", "x-amz-date", "T......Z$", "T000000Z" },
    { "403 SignatureDoesNotMatch", "host", "8080", "8081" },
  } do
    local reply = served:answer(edited { row[2], row[3], row[4] })
    assert(code_of(reply) == row[1], ("%s: %s, not %s"):format(row[3], code_of(reply), row[1]))
  end
end

function tests.a_signed_hash_is_that_of_the_body()
  local _, served = world()
  local good = ask(served, "rds", "DescribeDBInstances", {}, { sign_body = true })
  assert(good.status == 200, good.body)
  local asked = request("rds", "DescribeDBInstances", {}, { sign_body = true }, { body = "Action=x" })
  assert(code_of(served:answer(asked)) == "400 InvalidSignatureException")
end

function tests.a_reply_says_how_it_arrives()
  local sb, served = world()
  sb:inject { "DescribeDBInstances:1:lost", "DescribeDBInstances:2:slow:20", "DescribeDBInstances:3:slow:90" }
  for _, wanted in ipairs { "lost", "slow", "timeout" } do
    local reply = ask(served, "rds", "DescribeDBInstances")
    assert(reply.status == 200 and reply.arriving.how == wanted)
  end
  assert(not ask(served, "rds", "DescribeDBInstances").arriving)
end

function tests.the_same_may_be_said_in_an_odd_way()
  local sb, served = world()
  sb:add_instance { DBInstanceIdentifier = "orders" }
  local plain = ask(served, "rds", "DescribeDBInstances").body
  for form, holds in pairs {
    unknown = function(body) return body:find("<NewInTown", 1, true) end,
    entities = function(body) return body:find("<DBInstanceIdentifier>&#x6f;rders<", 1, true) end,
    huge = function(body) return #body > 10000000 end,
  } do
    sb:heal()
    sb:inject { "DescribeDBInstances:every:odd:" .. form }
    local reply = ask(served, "rds", "DescribeDBInstances")
    local body = delivery.bytes(reply.arriving, reply).body
    assert(holds(body) and not holds(plain), form)
    local result = protocol.decode("rds", "DescribeDBInstances", body)
    assert(result.DBInstances[1].DBInstanceIdentifier == "orders")
  end
end

function tests.a_mistake_of_the_sandbox_is_told_apart()
  local sb, served = world()
  function sb.serve() return { DBInstances = { { Nothing = 1 } } } end
  local reply = ask(served, "rds", "DescribeDBInstances")
  assert(code_of(reply) == "500 InternalFailure" and reply.bug:find "the model has no member Nothing")
end

function tests.what_is_written_once_is_what_would_be_written_again()
  local server = require "trapheus.aws.query_server"
  local encode = server.encode
  local again, count = {}, 0
  function server.encode(service, operation, result, request_id, kept)
    local text = encode(service, operation, result, request_id, kept)
    assert(text == encode(service, operation, result, request_id), operation)
    local told = text:gsub("<RequestId>.*", "")
    if again[told] then count = count + 1 end
    again[told] = true
    return text
  end
  local ok, result = pcall(require "rehearse", { fidelity = "bytes", kind = "cluster", cluster = {} })
  server.encode = encode
  assert(ok and result.outcome == "restored", tostring(result))
  assert(count > 50, count)
end

return tests
