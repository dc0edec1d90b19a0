local json = require "trapheus.json"

local tests = {}

local function fails(text, ...)
  local ok, err = pcall(...)
  assert(not ok and tostring(err):find(text, 1, true), tostring(err))
end

local function round(text) return json.encode(json.decode(text)) end

function tests.whole_numbers_are_integers()
  local value = json.decode '{"a":120,"b":120.0,"c":1.5,"d":-3,"e":1e3}'
  assert(math.type(value.a) == "integer" and value.a == 120)
  assert(math.type(value.b) == "integer" and value.c == 1.5 and value.d == -3 and value.e == 1000)
  assert(round "[120.0,1e2]" == "[120,100]")
end

function tests.long_integers_are_exact()
  assert(json.decode "[9007199254740993]"[1] == 9007199254740993)
  assert(json.decode "-9223372036854775808" == math.mininteger)
  assert(round '[9223372036854775807,{"a":-9007199254740993}]' == '[9223372036854775807,{"a":-9007199254740993}]')
  assert(math.type(json.decode "[18446744073709551616]"[1]) == "float")
  assert(json.decode '["9007199254740993"]'[1] == "9007199254740993")
  assert(json.decode "[0.1234567890123456789]"[1] == 0.1234567890123456789)
end

function tests.empty_lists_stay_lists()
  for _, text in ipairs { "[]", '{"a":[],"b":{}}', "[[],[[]],{}]", '["[]","\\"[]",[],"\\\\"]', '{"[]":[]}' } do
    assert(round(text) == text, text)
  end
  assert(json.is_list(json.decode "[ \n ]") and not json.is_list(json.decode "{}"))
  assert(json.encode(json.list {}) == "[]" and json.encode {} == "{}")
end

function tests.a_decoded_list_stays_one_when_emptied()
  local list = json.decode "[1]"
  table.remove(list)
  assert(json.encode(list) == "[]")
end

function tests.marks_never_show()
  for text, first in pairs {
    ['["\xFF",[]]'] = "\xFF",
    ['["\\u00ff",[]]'] = "ÿ",
    ['["\xFF\xFF[]",[], []]'] = "\xFF\xFF[]",
  } do
    local list = json.decode(text)
    assert(list[1] == first and json.encode(list[2]) == "[]")
  end
end

function tests.null_is_kept()
  assert(json.decode "null" == json.null and round '{"a":null,"b":[null]}' == '{"a":null,"b":[null]}')
end

function tests.bad_input_names_line_and_column()
  fails("line 2, column 2: Expected", json.decode, '{"a":1,\n }')
  fails("journal record 3: line 1, column 1", json.decode, "", "journal record 3")
  fails("line 1, column 6", json.decode, '[[], }')
  fails("the end", json.decode, "[1,2")
  for _, bad in ipairs { "[0x10]", "[NaN]", "[01]", "[1,]", "nul", "{1:2}", "{9007199254740993:[]}", '["a]', "[1] 2",
    '{"a":[]', "<html>", "[-]", "[1e999]" } do
    fails("bad JSON", json.decode, bad)
  end
  fails("expected a string", json.decode, nil)
end

function tests.keys_are_sorted()
  assert(json.encode { b = 1, a = { d = true, c = "x" }, ["1"] = false } == '{"1":false,"a":{"c":"x","d":true},"b":1}')
end

-- Of few and of many keys, such as begin alike, or with each other.
function tests.keys_are_sorted_as_lua_sorts_strings()
  for _, count in ipairs { 10, 48, 49, 500 } do
    local object, keys = { [""] = 0, prefixed = 0, ["prefixed\0"] = 0, ["prefixed\0a"] = 0, ["\xFFé"] = 0 }, {}
    for i = 1, count do object[("prefixed%s%d"):format(("x"):rep(i % 7), i * 7919 % count)] = 0 end
    for key in pairs(object) do keys[#keys + 1] = key end
    table.sort(keys)
    for i, key in ipairs(keys) do keys[i] = json.encode(key) .. ":0" end
    assert(json.encode(object) == "{" .. table.concat(keys, ",") .. "}")
  end
end

function tests.control_characters_are_escaped()
  assert(json.encode "a/b\"\\\n\1\27\127é" == [["a/b\"\\\n\u0001\u001b\u007fé"]])
  assert(json.encode "\u{9b}\u{2028}\u{202e}\u{2066}–" == [["\u009b\u2028\u202e\u2066–"]])
  assert(json.decode(json.encode "\0\u{9b}\u{202e}") == "\0\u{9b}\u{202e}")
end

function tests.numbers_are_shortest()
  assert(json.encode { 0.1, 1 / 3, 120.0, -0.5, 1e300 } == "[0.1,0.3333333333333333,120,-0.5,1e+300]")
end

function tests.indent_writes_a_member_a_line()
  assert(json.encode({ a = { 1, 2 }, b = {}, c = json.list {} }, { indent = true })
    == '{\n  "a": [\n    1,\n    2\n  ],\n  "b": {},\n  "c": []\n}')
end

function tests.what_json_cannot_hold_is_named()
  fails("cannot encode a function at $.a[2]", json.encode, { a = { 1, print } })
  fails("holes or names at $.l", json.encode, { l = { 1, nil, 3 } })
  fails("holes or names at $", json.encode, { 1, x = 2 })
  fails("the key 5", json.encode, { [5] = 1 })
  fails("cannot encode inf at $[1]", json.encode, { math.huge })
  local loop = {}
  loop.loop = loop
  fails("more than 200 levels at $" .. (".loop"):rep(200), json.encode, loop)
end

function tests.what_was_refused_leaves_nothing_behind()
  local long = ("x"):rep(100000)
  fails("cannot encode a function at $[2].f", json.encode, json.list { long, { e = long, f = print } })
  assert(json.encode { a = { 1 } } == '{"a":[1]}')
  local key = setmetatable({}, { __tostring = function() return json.encode { "inner" } end })
  fails('cannot encode the key ["inner"] at $.a', json.encode, { a = { [key] = 1 } })
  assert(json.encode(long) == '"' .. long .. '"')
end

return tests
