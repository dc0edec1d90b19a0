--- D13: a rename of a member that is throttled, lost or repeated never gives it a third name.
local clusters = require "clusters"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local FAULTS = {
  ["throttled"] = { kind = "throttle", count = 4 }, ["lost on the way"] = { kind = "drop" },
  ["executed, reply lost"] = { kind = "lost" }, ["executed ten minutes later"] = { kind = "zombie", delay_s = 600 },
  ["an internal failure, executed"] = { kind = "500c" },
}

local KNOWN = {}
for _, name in ipairs { "mydb-1", "mydb-2", "mydb-3" } do KNOWN[name], KNOWN[name .. "-temp"] = true, true end

local function check(spec, outcome)
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, outcome)
  witness.none(state.problems)
  for _, entry in ipairs(witness.renames(result.sandbox)) do
    local from, to = entry.params.DBInstanceIdentifier, entry.params.NewDBInstanceIdentifier
    assert(KNOWN[from] and KNOWN[to], from .. " to " .. to)
  end
  return result, state
end

for label, fault in pairs(FAULTS) do
  for nth = 1, 3 do
    local injected = { operation = "ModifyDBInstance", occurrence = nth, kind = fault.kind, count = fault.count,
      delay_s = fault.delay_s }
    tests[("rename #%d is %s"):format(nth, label)] = function()
      local result, state = check({ cluster = {}, members = 3, faults = { injected } }, "restored")
      clusters.check_restored(result, state.before)
    end
    tests[("rename #%d is %s, and the restore fails"):format(nth, label)] = function()
      local result, state = check({ cluster = {}, members = 3, faults = { injected,
        { operation = "RestoreDBClusterFromSnapshot", occurrence = 1, kind = "denied" } } }, "rolled_back")
      clusters.check_back(result.sandbox, state.before)
    end
  end
end

return tests
