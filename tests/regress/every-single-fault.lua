--- Any one fault of any one call, and a crash at any write of the journal: whatever the outcome, the data is there.
local fault_kinds = require "trapheus.sandbox.fault_kinds"
local merged = require "merged"
local rehearse = require "rehearse"
local single = require "single_fault"
local witness = require "witness"
local tests = {}

local OPERATIONS = { "ModifyDBInstance", "CreateDBSnapshot", "DeleteDBSnapshot", "RestoreDBInstanceFromDBSnapshot",
  "DeleteDBInstance", "AddTagsToResource", "RemoveTagsFromResource" }

local KINDS = single.KINDS

local TERMINAL = { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = "every", kind = "terminal",
  status = "incompatible-restore" }

-- At each change: the original is there and not on its way out, or a verified replacement is.
local function watch(spec)
  local state = {}
  function spec.prepare(sandbox)
    state.original = sandbox:instance "mydb"
    state.problems = witness.always(sandbox, function(sb)
      local truth = sb:by_resource_id(state.original.DbiResourceId)
      if truth and truth.DBInstanceStatus ~= "deleting" then return nil end
      local replacement = state.verified and sb:by_resource_id(state.verified)
      if not replacement then return "neither the original nor a verified replacement is there" end
    end)
  end
  local crash = spec.crash
  function spec.crash(kind, entry, when)
    if kind == "verified" and when == "after" then state.verified = entry.resource_id end
    return crash and crash(kind, entry, when)
  end
  return state
end

local told = single.told

local function check_restored(result, state)
  local holder = result.sandbox:instance "mydb"
  witness.equal(holder and holder.DbiResourceId, result.record.facts.replacement.resource_id, "who holds the name")
  local left = result.sandbox:instance "mydb-temp"
  assert(not left or result.record.facts.leftover and told(result), "the original is left, and nobody is told")
  if not told(result) then assert(not witness.marked(holder.TagList), "our mark is left on the replacement") end
  assert(state.verified == holder.DbiResourceId, "it was not verified")
end

local function check_back(result, state)
  local holder = result.sandbox:instance "mydb"
  witness.equal(holder and holder.DbiResourceId, state.original.DbiResourceId, "who holds the name")
  assert(not result.sandbox:instance "mydb-temp", "something is left aside")
  assert(not holder.DeletionProtection or told(result), "protection is left on, and nobody is told")
end

local CHECKS = { restored = check_restored, rolled_back = check_back, failed = check_back, refused = check_back }

local function check(label, spec)
  local state = watch(spec)
  local ok, result = pcall(rehearse, spec)
  if not ok then error(("%s: %s"):format(label, tostring(result)), 0) end
  local good, err = pcall(function()
    witness.none(state.problems)
    if result.outcome == "parked" then
      assert(told(result) and result.record.parked.todo, "nobody is told what to do")
    else
      assert(CHECKS[result.outcome], "it did not end: " .. tostring(result.outcome))(result, state)
    end
    local deletions = witness.committed(result.sandbox, "DeleteDBInstance")
    assert(deletions <= 1, deletions .. " deletions")
    local restores = witness.committed(result.sandbox, "RestoreDBInstanceFromDBSnapshot")
    assert(restores <= 1, restores .. " restores")
    for operation in pairs(result.sandbox.counts) do
      assert(witness.reads(operation) or #witness.changes(result.sandbox, operation) <= 16, "too many " .. operation)
    end
  end)
  if not good then error(("%s: %s"):format(label, err), 0) end
  return result
end

local function faults(operation, occurrence, kind, fails)
  return { merged({ operation = operation, occurrence = occurrence }, kind), fails and TERMINAL or nil }
end

-- Every other combination, so that the whole takes seconds; which half differs from operation to operation.
for i, operation in ipairs(OPERATIONS) do
  for k, kind in ipairs(KINDS) do
    tests[("%s meets %s %s"):format(operation, kind.kind, kind.delay_s or "")] = fault_kinds.suits(kind.kind, operation)
      and function()
      for occurrence = 1, 3 do
        local fails = (i + k + occurrence) % 2 == 0
        local label = ("#%d, the restore %s"):format(occurrence, fails and "fails" or "is fine")
        local result = check(label, { seed = i * 100 + k * 10 + occurrence, snapshot = (k + occurrence) % 3 > 0 or nil,
          faults = faults(operation, occurrence, kind, fails) })
        if not single.met(result) then break end
      end
    end or nil
  end
end

local STRIDE = 4

for _, fails in ipairs { false, true } do
  for _, when in ipairs { "before", "after" } do
    local label = ("a crash %s any write, and the restore %s"):format(when, fails and "fails" or "is fine")
    tests[label] = function()
      local nth = when == "before" and 1 or 3
      while true do
        local state, crash = single.crash_at(nth, when)
        local result = check("write " .. nth, { crash = crash, snapshot = true, seed = nth,
          faults = { fails and TERMINAL or nil } })
        if not state.died then break end
        witness.equal(result.outcome, fails and "rolled_back" or "restored", "write " .. nth)
        nth = nth + STRIDE
      end
      assert(nth > 20, "hardly any writes: " .. nth)
    end
  end
end

return tests
