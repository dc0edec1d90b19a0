--- D12: a call that makes a cluster or a member is never repeated into a second one, and a throttled one fails nothing.
local clusters = require "clusters"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local MAKERS = { RestoreDBClusterFromSnapshot = { 1 }, CreateDBInstance = { 1, 2, 3 } }

local FAULTS = {
  ["throttled ten times"] = { kind = "throttle", count = 10 },
  ["not sent"] = { kind = "drop" },
  ["executed, reply lost"] = { kind = "lost" },
  ["executed half a minute later"] = { kind = "zombie", delay_s = 30 },
  ["executed ten minutes later"] = { kind = "zombie", delay_s = 600 },
}

local function check(spec)
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "restored")
  witness.none(state.problems)
  witness.equal(witness.committed(result.sandbox, "RestoreDBClusterFromSnapshot"), 1, "clusters made")
  witness.equal(witness.committed(result.sandbox, "CreateDBInstance"), 3, "members made")
  clusters.check_restored(result, state.before)
  for name, made in pairs(result.record.facts.replacement.members) do
    witness.equal(made.resource_id, result.sandbox:instance(name).DbiResourceId, name .. " on record")
  end
end

for operation, occurrences in pairs(MAKERS) do
  for _, nth in ipairs(occurrences) do
    for label, fault in pairs(FAULTS) do
      tests[("%s #%d is %s"):format(operation, nth, label)] = function()
        check { cluster = {}, members = 3, knobs = { stale_s = { 0, 60 } }, faults = { {
          operation = operation, occurrence = nth, kind = fault.kind, count = fault.count, delay_s = fault.delay_s,
        } } }
      end
    end
  end
end

tests["AlreadyExists after a lost reply means that the member is ours"] = function()
  check { cluster = {}, members = 3, faults = {
    { operation = "CreateDBInstance", occurrence = 2, kind = "zombie", delay_s = 1 },
    { operation = "CreateDBInstance", occurrence = 3, kind = "error", code = "DBInstanceAlreadyExists" },
  } }
end

return tests
