local core = require "trapheus.core"
local tests = {}

local SUITE = "tests/data/sigv4/botocore-aws4_testsuite/"
local KEY = {
  access_key_id = "AKIDEXAMPLE",
  secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}

local function read(case, extension)
  local file = assert(io.open(("%s%s/%s.%s"):format(SUITE, case, case:match "[^/]+$", extension), "rb"))
  local text = file:read "a"
  file:close()
  return text
end

--- What the simple cases of the suite ask for: no folded headers, no body.
local function request(case)
  local text = read(case, "req")
  local method, path, query = text:match "^(%u+) ([^?\n]*)%??([^\n]*) HTTP/1.1\n"
  local headers = {}
  for name, value in text:gmatch "\n([^:\n]+):([^\n]*)" do
    headers[#headers + 1] = { name, value }
  end
  return {
    method = method, path = path, query = query, headers = headers, body = "",
    service = "service", region = "us-east-1", time = 1440938160, credentials = KEY,
  }
end

local function with(base, changes)
  local copy = {}
  for name, value in pairs(base) do copy[name] = value end
  for name, value in pairs(changes) do copy[name] = value end
  return copy
end

local function header(signed, name)
  local found
  for _, pair in ipairs(signed.headers) do
    if pair[1]:lower() == name then
      assert(found == nil, "two of " .. name)
      found = pair[2]
    end
  end
  return found
end

local function refused(fragment, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and tostring(message):find(fragment, 1, true), tostring(message))
  assert(not message:find("wJalr", 1, true), "the message shows the secret")
end

function tests.signs_the_published_cases()
  for _, case in ipairs {
    "get-vanilla", "get-header-key-duplicate", "get-header-value-trim", "get-vanilla-utf8-query",
    "get-vanilla-query-order-encoded", "post-header-key-sort", "normalize-path/get-slashes",
  } do
    local signed = core.sigv4.sign(request(case))
    assert(signed.canonical_request == read(case, "creq"), case)
    assert(signed.string_to_sign == read(case, "sts"), case)
    assert(signed.authorization == read(case, "authz"), case)
    assert(signed.authorization:match "Signature=(%x+)$" == signed.signature, case)
    assert(header(signed, "authorization") == signed.authorization)
  end
end

function tests.gives_all_headers_to_send_once()
  local asked = request "get-header-key-duplicate"
  local signed = core.sigv4.sign(asked)
  assert(#asked.headers == 5 and #signed.headers == 6)
  assert(signed.headers[1][1] == "Host" and signed.headers[4][2] == "value1")
  assert(header(signed, "x-amz-date") == "20150830T123600Z")
  assert(header(signed, "x-amz-security-token") == nil and header(signed, "x-amz-content-sha256") == nil)
end

function tests.signs_the_token_or_only_sends_it()
  local asked = request "get-vanilla"
  asked.credentials = with(KEY, { session_token = "TOKEN" })
  local signed = core.sigv4.sign(asked)
  assert(signed.canonical_request:find("\nx-amz-security-token:TOKEN\n", 1, true))
  assert(header(signed, "x-amz-security-token") == "TOKEN")
  asked.omit_session_token = true
  signed = core.sigv4.sign(asked)
  assert(signed.authorization == read("get-vanilla", "authz"))
  assert(header(signed, "x-amz-security-token") == "TOKEN")
end

function tests.signs_the_hash_of_the_body_when_asked()
  local asked = with(request "post-vanilla", { body = "Param1=value1", sign_body = true })
  local signed = core.sigv4.sign(asked)
  local hash = core.sha256 "Param1=value1"
  assert(header(signed, "x-amz-content-sha256") == hash)
  assert(signed.canonical_request:find("\nx-amz-content-sha256:" .. hash .. "\n", 1, true))
  assert(signed.canonical_request:sub(-64) == hash)
end

function tests.leaves_the_path_alone_when_asked()
  local asked = with(request "normalize-path/get-slashes", { normalize_path = false })
  assert(core.sigv4.sign(asked).canonical_request:find("^GET\n//example//\n"))
  asked.path = "/example space/.."
  assert(core.sigv4.sign(asked).canonical_request:find("^GET\n/example%%20space/%.%.\n"))
end

function tests.takes_credentials_as_userdata()
  local asked = request "get-vanilla"
  local credentials <close> = core.credentials(KEY)
  asked.credentials = credentials
  assert(core.sigv4.sign(asked).authorization == read("get-vanilla", "authz"))
  credentials:close()
  refused("field 'credentials': they are closed", core.sigv4.sign, asked)
end

function tests.credentials_keep_their_secret()
  local credentials = core.credentials(with(KEY, { session_token = "TOKEN", expires_at = 1700000000 }))
  assert(credentials.access_key_id == "AKIDEXAMPLE" and credentials.expires_at == 1700000000)
  assert(credentials.secret_access_key == nil and credentials.session_token == nil)
  assert(tostring(credentials) == "credentials(AKIDEXAMPLE, ****)")
  assert(getmetatable(credentials) == "credentials")
  credentials:close()
  credentials:close()
  assert(tostring(credentials) == "credentials(closed)")
  assert(credentials.access_key_id == nil and credentials.expires_at == nil)
  assert(core.credentials(KEY).expires_at == nil)
end

function tests.refuses_bad_credentials_without_showing_them()
  refused("field 'access_key_id': string expected, got nil", core.credentials, { secret_access_key = "wJalr" })
  refused("field 'secret_access_key': string expected, got boolean", core.credentials,
    with(KEY, { secret_access_key = true }))
  refused("field 'expires_at': number expected", core.credentials, with(KEY, { expires_at = "soon" }))
  refused("an empty key, or a blank in one", core.credentials, with(KEY, { access_key_id = "" }))
  refused("an empty key, or a blank in one", core.credentials, with(KEY, { session_token = "a\nb" }))
  refused("table expected", core.credentials)
end

function tests.names_the_field_that_is_wrong()
  local good = request "get-vanilla"
  for _, row in ipairs {
    { "method", 1, "field 'method': string expected, got number" },
    { "method", "G T", "method: malformed" },
    { "path", "x", "path: not absolute" },
    { "query", {}, "field 'query': string expected, got table" },
    { "body", true, "field 'body': string expected, got boolean" },
    { "headers", "Host: x", "field 'headers': table expected, got string" },
    { "headers", {}, "headers: no host" },
    { "headers", { { "Host", "h" }, { "X" } }, "field 'headers': entry 2 is no pair of strings" },
    { "region", "", "region: malformed" },
    { "service", "a b", "service: malformed" },
    { "time", "now", "field 'time': number expected, got string" },
    { "time", 0 / 0, "field 'time': out of range" },
    { "time", -1, "time: outside" },
    { "credentials", "AKID", "field 'credentials': core.credentials or a table expected" },
    { "credentials", {}, "field 'access_key_id': string expected, got nil" },
    { "normalize_path", 1, "field 'normalize_path': boolean expected, got number" },
  } do
    refused(row[3], core.sigv4.sign, with(good, { [row[1]] = row[2] }))
  end
  local crowd = {}
  for i = 1, 65 do crowd[i] = { "Host", "h" } end
  refused("field 'headers': too many", core.sigv4.sign, with(good, { headers = crowd }))
  refused("test_sigv4.lua", function() core.sigv4.sign {} end)
end

return tests
