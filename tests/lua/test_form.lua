local core = require "trapheus.core"
local tests = {}

local function refused(fragment, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message:find(fragment, 1, true), tostring(message))
end

function tests.encodes_pairs_in_order()
  assert(core.form.encode {} == "")
  assert(core.form.encode { { "b", "1 2" }, { "a", "+&=~\0" } } == "b=1+2&a=%2B%26%3D~%00")
end

function tests.decodes_what_it_encodes()
  local pairs_in = { { "Action", "Describe DB" }, { "", "x" }, { "é", "" }, { "Action", "%2B+" } }
  local pairs_out = assert(core.form.decode(core.form.encode(pairs_in)))
  assert(#pairs_out == #pairs_in)
  for i, pair in ipairs(pairs_in) do
    assert(pairs_out[i][1] == pair[1] and pairs_out[i][2] == pair[2])
  end
  assert(#core.form.decode "" == 0)
end

function tests.a_malformed_form_is_an_answer()
  local decoded, err = core.form.decode "a=1&b=%zz"
  assert(decoded == nil and err.code == "EPARSE" and err.message == "form: malformed")
end

function tests.misuse_raises()
  refused("entry 2 is no pair of strings", core.form.encode, { { "a", "b" }, { "a", 1 } })
  refused("table expected", core.form.encode, "a=b")
end

function tests.uri_parts()
  local uri = assert(core.uri.parse "https://[::1]:5000/a/b?c=d")
  assert(uri.scheme == "https" and uri.host == "::1" and uri.port == 5000 and uri.authority == "[::1]:5000")
  assert(uri.path == "/a/b" and uri.query == "c=d")
  uri = assert(core.uri.parse "http://h")
  assert(uri.port == nil and uri.path == "/" and uri.query == "")
  local none, err = core.uri.parse "https://user:pass@h/"
  assert(none == nil and err.code == "EPARSE" and not err.message:find("pass", 1, true))
end

function tests.uri_escapes()
  assert(core.uri.encode "a/b c" == "a%2Fb%20c" and core.uri.encode("a/b c", true) == "a/b%20c")
  assert(core.uri.decode "a%2fb+" == "a/b+")
  local none, err = core.uri.decode "%"
  assert(none == nil and err.code == "EPARSE")
end

return tests
