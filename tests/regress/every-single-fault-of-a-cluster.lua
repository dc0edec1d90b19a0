--- Any one fault of any one call of a cluster's restore, and a crash at any write of the journal: whatever the outcome,
--- the data is there, every part has a name of its own, and what is not in order is told.
local clusters = require "clusters"
local fault_kinds = require "trapheus.sandbox.fault_kinds"
local merged = require "merged"
local rehearse = require "rehearse"
local single = require "single_fault"
local witness = require "witness"
local tests = {}

-- Each with how many of its calls meet a fault: two members are renamed, made and deleted.
local OPERATIONS = { { "ModifyDBInstance", 2 }, { "ModifyDBCluster", 3 }, { "CreateDBClusterSnapshot", 1 },
  { "DeleteDBClusterSnapshot", 1 }, { "RestoreDBClusterFromSnapshot", 1 }, { "CreateDBInstance", 2 },
  { "DeleteDBInstance", 2 }, { "DeleteDBCluster", 1 }, { "AddTagsToResource", 1 }, { "RemoveTagsFromResource", 2 } }

local KINDS = { table.unpack(single.KINDS) }
KINDS[#KINDS + 1] = { kind = "terminal", status = "failed" }

local TERMINAL = { operation = "RestoreDBClusterFromSnapshot", occurrence = "every", kind = "terminal",
  status = "migration-failed" }

local told = single.told

local function check_restored(result, state)
  local facts = result.record.facts
  local holder = result.sandbox:cluster "mydb"
  witness.equal(holder and holder.DbClusterResourceId, facts.replacement.resource_id, "who holds the name")
  witness.equal(state.verified, facts.replacement.resource_id, "what was verified")
  local missing = {}
  for name, made in pairs(facts.replacement.members) do missing[name] = made.resource_id == nil or nil end
  clusters.check_restored(result, state.before, "mydb", missing)
  if facts.leftover or not result.tidy then
    assert(told(result), "something is left, and nobody is told")
  end
end

local function check_back(result, state)
  clusters.check_back(result.sandbox, state.before)
  assert(result.tidy or told(result), "something is left, and nobody is told")
end

local CHECKS = { restored = check_restored, rolled_back = check_back, failed = check_back, refused = check_back }

-- Never twice, and never without end.
local function check_calls(result)
  for operation, most in pairs { DeleteDBCluster = 1, RestoreDBClusterFromSnapshot = 1, CreateDBInstance = 4 } do
    local count = witness.committed(result.sandbox, operation)
    assert(count <= most, ("%d times %s"):format(count, operation))
  end
  for operation in pairs(result.sandbox.counts) do
    assert(witness.reads(operation) or #witness.changes(result.sandbox, operation) <= 32, "too many " .. operation)
  end
end

local function check(label, spec)
  spec.cluster, spec.members = spec.cluster or {}, spec.members or 2
  local state = clusters.watch(spec)
  local ok, result = pcall(rehearse, spec)
  if not ok then error(("%s: %s"):format(label, tostring(result)), 0) end
  local good, err = pcall(function()
    witness.none(state.problems)
    result.tidy = pcall(clusters.tidy, result.sandbox)
    if result.outcome == "parked" then
      assert(result.record.parked.todo, "nobody is told what to do")
    else
      assert(CHECKS[result.outcome], "it did not end: " .. tostring(result.outcome))(result, state)
    end
    check_calls(result)
  end)
  if not good then error(("%s: %s: %s"):format(label, result.outcome, err), 0) end
  return result
end

local function faults(operation, occurrence, kind, fails)
  return { merged({ operation = operation, occurrence = occurrence }, kind), fails and TERMINAL or nil }
end

-- Every other combination, so that the whole takes seconds; which half differs from operation to operation.
for i, row in ipairs(OPERATIONS) do
  local operation, calls = table.unpack(row)
  for k, kind in ipairs(KINDS) do
    tests[("%s meets %s %s"):format(operation, kind.kind, kind.delay_s or "")] = fault_kinds.suits(kind.kind, operation)
      and function()
      for occurrence = 1, calls do
        local fails = (i + k + occurrence) % 2 == 0 and operation ~= "CreateDBInstance"
        local label = ("#%d, the restore %s"):format(occurrence, fails and "fails" or "is fine")
        local result = check(label, { seed = i * 100 + k * 10 + occurrence, snapshot = (k + occurrence) % 3 > 0 or nil,
          faults = faults(operation, occurrence, kind, fails) })
        if not single.met(result) then break end
      end
    end or nil
  end
end

local STRIDE = 13
local WRITER = { operation = "CreateDBInstance", occurrence = 1, kind = "terminal", status = "failed" }

for _, fails in ipairs { false, true } do
  for _, when in ipairs { "before", "after" } do
    local label = ("a crash %s any write, and the writer %s"):format(when, fails and "fails" or "is fine")
    tests[label] = function()
      local nth = when == "before" and 1 or 4
      while true do
        local state, crash = single.crash_at(nth, when)
        local result = check("write " .. nth, { crash = crash, snapshot = true, seed = nth,
          faults = { fails and WRITER or nil } })
        if not state.died then break end
        witness.equal(result.outcome, fails and "rolled_back" or "restored", "write " .. nth)
        nth = nth + STRIDE
      end
      assert(nth > 40, "hardly any writes: " .. nth)
    end
  end
end

return tests
