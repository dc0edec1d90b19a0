--- Identifiers, and the names that are made of them.
local names = require "trapheus.names"

local tests = {}

local VALID = { "a", "A", "mydb", "my-db-1", "x1", "a-b-c-d", ("a"):rep(63) }

local INVALID = {
  [""] = "empty", [("a"):rep(64)] = "64 characters", ["1db"] = "first character", ["-db"] = "first character",
  ["db-"] = "hyphen", ["my--db"] = "hyphen", ["my_db"] = "letters, digits", ["my db"] = "letters, digits",
  ["my.db"] = "letters, digits", ["mydb\n"] = "letters, digits", ["mydb\0"] = "letters, digits",
  ["datenbänk"] = "letters, digits", ["my/db"] = "letters, digits", ["../x"] = "letters, digits",
}

function tests.valid_identifiers_are()
  for _, name in ipairs(VALID) do assert(names.valid(name), name) end
end

function tests.invalid_identifiers_are_not_and_it_says_why()
  for name, why in pairs(INVALID) do
    local ok, message = names.valid(name)
    assert(not ok and message:find(why, 1, true), ("%q: %s"):format(name, tostring(message)))
  end
end

function tests.a_snapshot_may_be_longer()
  assert(names.valid(("a"):rep(255), 255))
  assert(not names.valid(("a"):rep(256), 255))
end

function tests.derived_names_only_add()
  for _, name in ipairs { "mydb", "my-template-1", "orders-temp", "x-snapshot" } do
    assert(names.aside(name) == name .. "-temp")
    assert(names.snapshot(name) == name .. "-snapshot")
    assert(names.interim(name, "abcd2345") == name .. "-s-abcd2345")
    assert(names.final(name, "abcd2345") == name .. "-final-abcd2345")
  end
end

function tests.the_aside_name_must_fit_too()
  local function problem_of(name) return names.problem(names.derived(name)) end
  assert(problem_of(("a"):rep(58)) == nil)
  local problem = problem_of(("a"):rep(59))
  assert(problem and problem:find "moved to" and problem:find "64 characters", problem)
  assert(problem_of "mydb" == nil)
  assert(problem_of "my--db":find "the identifier")
end

function tests.run_ids_are_eight_letters_of_base32()
  assert(names.run_id(("\0"):rep(5)) == "aaaaaaaa")
  assert(names.run_id(("\255"):rep(5)) == "77777777")
  assert(names.run_id "\0\0\0\0\1" == "aaaaaaab")
  assert(names.run_id "\8\0\0\0\0" == "baaaaaaa")
end

function tests.every_run_id_is_a_valid_part_of_a_name()
  for i = 0, 255 do
    local id = names.run_id(string.char(i, 255 - i, i ~ 0x5a, (i * 7) & 255, (i * 31) & 255))
    assert(id:find "^[a-z2-7]+$" and #id == 8, id)
    assert(names.valid(names.interim("mydb", id)), id)
  end
end

return tests
