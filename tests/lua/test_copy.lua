--- core.copy: what is copied, what is shared.
local constant = require "trapheus.constant"
local core = require "trapheus.core"
local json = require "trapheus.json"

local tests = {}

function tests.a_copy_has_nothing_in_common_with_what_it_was_made_of()
  local inner = { 1, 2, { deep = true } }
  local value = { list = json.list {}, inner = inner, [7] = "seven", n = 1.5, no = false }
  local copy = core.copy(value)
  assert(json.encode(copy.inner) == json.encode(inner) and copy[7] == "seven" and copy.n == 1.5 and copy.no == false)
  assert(copy ~= value and copy.inner ~= inner and copy.inner[3] ~= inner[3])
  assert(copy.list ~= value.list and json.encode(copy.list) == "[]", "an empty list stays one")
end

function tests.a_shallow_copy_shares_what_lies_in_it()
  local value = { inner = {} }
  local copy = core.copy(value, true)
  assert(copy ~= value and copy.inner == value.inner)
end

function tests.other_values_are_their_own_copies()
  for _, value in ipairs { "text", 1, true } do assert(core.copy(value) == value) end
  assert(core.copy(nil) == nil)
end

function tests.a_list_with_holes_keeps_them()
  local list = table.pack(1, nil, nil, 4, nil, 6, nil, nil, 9)
  local copy = core.copy(list)
  for i = 1, 9 do assert(copy[i] == list[i], i) end
end

function tests.what_contains_itself_is_refused()
  local value = {}
  value.value = value
  local ok, err = pcall(core.copy, value)
  assert(not ok and err:find "nested too deep", err)
end

function tests.what_is_constant_is_shared()
  local known = constant { 1 }
  assert(core.copy({ known = known }).known == known and core.copy(known) == known)
end

function tests.fields_are_picked_under_other_names()
  local picked = core.pick({ a = 1, b = false, c = 3 }, { "a", "x", "b", "y", "d", "z" })
  assert(json.encode(picked) == '{"x":1,"y":false}', json.encode(picked))
end

return tests
