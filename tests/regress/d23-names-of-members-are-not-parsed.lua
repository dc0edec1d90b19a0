--- D23: members whose names have -temp or -snapshot in them are members like any other; each gets back its own name.
local clusters = require "clusters"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local SETS = {
  { "my-template-1", "a-temperature" }, { "orders-temp", "temp" }, { "x-snapshot", "x-temp-y" },
  { "b-temp-temp", "b" }, { "mydb", "mydb-temp-x" },
}

local function spec_of(names, more)
  local spec = { cluster = {}, kind = "cluster", members = {} }
  for i, name in ipairs(names) do spec.members[i] = { DBInstanceIdentifier = name, IsClusterWriter = i == 1 } end
  for field, value in pairs(more or {}) do spec[field] = value end
  return spec
end

local FAILS = { faults = { { operation = "CreateDBInstance", occurrence = 2, kind = "denied" } } }

for _, names in ipairs(SETS) do
  local label = table.concat(names, " and ")

  tests[label .. " are restored"] = function()
    local spec = spec_of(names)
    local state = clusters.watch(spec)
    local result = rehearse(spec)
    witness.equal(result.outcome, "restored")
    clusters.check_restored(result, state.before)
  end

  tests[label .. " are rolled back to their own names"] = function()
    local spec = spec_of(names, FAILS)
    local state = clusters.watch(spec)
    local result = rehearse(spec)
    witness.equal(result.outcome, "rolled_back")
    clusters.check_back(result.sandbox, state.before)
    for _, entry in ipairs(witness.renames(result.sandbox)) do
      local to = entry.params.NewDBInstanceIdentifier
      local known = false
      for _, name in ipairs(names) do known = known or to == name or to == name .. "-temp" end
      assert(known, to)
    end
  end
end

return tests
