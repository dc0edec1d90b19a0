--- Runs on two machines, with a journal each, never both change a database: the lease on it tells them of each other.
local errors = require "trapheus.errors"
local hosts = require "hosts"
local marks = require "trapheus.marks"
local rehearse = require "rehearse"
local witness = require "witness"
local world_module = require "trapheus.world"
local tests = {}

local function holder(sandbox) return sandbox:instance "mydb" end

local function lease_of(sandbox, name)
  for _, tag in ipairs(sandbox:instance(name or "mydb").TagList) do
    if tag.Key == marks.LEASE then return tag.Value end
  end
end

local function put(sandbox, text, name)
  assert(sandbox:operator("AddTagsToResource", { ResourceName = sandbox:instance(name or "mydb").DBInstanceArn,
    Tags = { { Key = marks.LEASE, Value = text } } }))
end

local function now_s(sandbox) return sandbox.now // 1000 end

-- Two that begin so many seconds apart.
for _, apart_s in ipairs { 0, 1, 10, 30, 59, 61, 100, 200, 900 } do
  tests[("two that begin %d s apart: one goes on"):format(apart_s)] = function()
    local world = world_module.sandbox { seed = apart_s + 1, knobs = { stale_s = { 0, 60 }, snapshot_tail_s = 0 } }
    local original = world.sandbox:add_instance { DBInstanceIdentifier = "mydb" }
    local first, second = hosts.run(world), hosts.run(hosts.another(world))
    hosts.race { { run = first, after_s = 0 }, { run = second, after_s = apart_s } }
    local ends = { first.record.outcome, second.record.outcome }
    table.sort(ends)
    witness.equal(table.concat(ends, " "), "refused restored")
    assert(holder(world.sandbox).DbiResourceId ~= original.DbiResourceId, "it was not restored")
    witness.equal(witness.committed(world.sandbox, "RestoreDBInstanceFromDBSnapshot"), 1, "restores")
    assert(not witness.marked(holder(world.sandbox).TagList), "a mark is left")
  end
end

tests["one that comes while another is at work is told which, and until when"] = function()
  local world = world_module.sandbox { knobs = { stale_s = 0 } }
  world.sandbox:add_instance { DBInstanceIdentifier = "mydb" }
  put(world.sandbox, "aaaabbbb:" .. now_s(world.sandbox) + 900)
  local run = hosts.run(world)
  hosts.race { { run = run, after_s = 0 } }
  witness.equal(run.record.outcome, "refused")
  local message = run.record.failure.message
  assert(message:find "aaaabbbb" and message:find "2026%-01%-01", message)
  witness.equal(#witness.changes(world.sandbox), 0, "changes")
  assert(lease_of(world.sandbox):find "^aaaabbbb", "its lease was touched")
end

tests["a lease that has ended is taken over, with a warning"] = function()
  local result = rehearse { knobs = { stale_s = 0 }, prepare = function(sandbox)
    put(sandbox, "aaaabbbb:" .. now_s(sandbox) - 10)
  end }
  witness.equal(result.outcome, "restored")
  assert(table.concat(result.record.warnings, "\n"):find "aaaabbbb", "nobody is told")
end

-- RDS copies the tags of a database to its snapshots: what the one before has named would be taken for its own.
tests["with a lease that is taken over goes the snapshot that its run has named"] = function()
  local result = rehearse { knobs = { stale_s = 0 }, instance = { CopyTagsToSnapshot = true }, task =
    "create_snapshot_only", prepare = function(sandbox)
    put(sandbox, "aaaabbbb:" .. now_s(sandbox) - 10)
    assert(sandbox:operator("AddTagsToResource", { ResourceName = sandbox:instance("mydb").DBInstanceArn,
      Tags = { { Key = marks.SNAPSHOT, Value = "aaaabbbb 1767225600.000 mydb-snapshot" } } }))
  end }
  witness.equal(result.outcome, "snapshotted")
  assert(not witness.marked(result.sandbox:snapshot("mydb-snapshot").TagList), "a mark is left on the snapshot")
  assert(not witness.marked(holder(result.sandbox).TagList), "a mark is left")
end

-- Somebody else writes his lease over ours, just before the step.
local function robbed(step, options)
  local sent, original
  local result = rehearse {
    options = options,
    prepare = function(sandbox) original = sandbox:instance "mydb" end,
    extend = function(pipeline)
      pipeline:before(step, function(run)
        local sandbox = run.world.sandbox
        local id = (run.facts.verified or original).resource_id or original.DbiResourceId
        put(sandbox, "aaaabbbb:" .. now_s(sandbox) + 900, sandbox:by_resource_id(id).DBInstanceIdentifier)
        witness.pass(run.world, 100)
        sent = #witness.changes(sandbox)
      end)
    end,
  }
  witness.equal(#witness.changes(result.sandbox), sent, "changes after the lease was lost")
  local reason = result.record.parked and result.record.parked.reason or result.record.failure.message
  assert(reason:find "aaaabbbb", reason)
  return result
end

tests["a run that has lost its lease before the rename fails, and says who has it"] = function()
  for _, step in ipairs { "snapshot", "rename" } do witness.equal(robbed(step).outcome, "failed", step) end
end

tests["a run that has lost its lease after the rename parks, and says who has it"] = function()
  for _, step in ipairs { "restore", "configure", "delete" } do
    local result = robbed(step)
    witness.equal(result.outcome, "parked", step)
    assert(result.record.parked.todo:find "trapheus resume", result.record.parked.todo)
  end
end

tests["a lease that nobody took while the machine slept is taken again"] = function()
  local seen
  local result = rehearse { extend = function(pipeline)
    pipeline:before("configure", function(run)
      witness.pass(run.world, 5 * 3600)
      seen = run.world:now_ms()
    end)
  end }
  witness.equal(result.outcome, "restored")
  for _, entry in ipairs(witness.changes(result.sandbox, "ModifyDBInstance")) do
    assert(entry.at_ms < seen or entry.at_ms > seen + 130e3, "it was changed before the lease was certain")
  end
end

tests["the lease is in force as long as the run works"] = function()
  local gaps
  local result = rehearse {
    knobs = { restore_s = 4 * 3600 },
    prepare = function(sandbox)
      gaps = witness.always(sandbox, function(sb)
        local found = sb:instance "mydb-temp" and lease_of(sb, "mydb-temp")
        local ends_at = found and tonumber(found:match ":(%d+)$")
        return ends_at and ends_at < now_s(sb) and "it had ended" or nil
      end)
    end,
  }
  witness.equal(result.outcome, "restored")
  witness.none(gaps)
end

local ENDS = {
  restored = {}, rolled_back = { faults = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1,
    kind = "terminal", status = "failed" } } },
  failed = { faults = { { operation = "CreateDBSnapshot", occurrence = "every", kind = "error",
    code = "SnapshotQuotaExceeded" } } },
  ["restored, the original kept"] = { options = { keep_original = true } },
  ["restored, with a final snapshot"] = { options = { final_snapshot = "last" } },
  snapshotted = { task = "create_snapshot_only" },
}

for outcome, spec in pairs(ENDS) do
  tests["no mark is left: " .. outcome] = function()
    local result = rehearse(spec)
    witness.equal(result.outcome, outcome:match "^[^,]+")
    for _, name in ipairs { "mydb", "mydb-temp" } do
      local instance = result.sandbox:instance(name)
      assert(not instance or not witness.marked(instance.TagList), name .. " is marked")
    end
    for _, name in ipairs { "mydb-snapshot", "last" } do
      local snapshot = result.sandbox:snapshot(name)
      assert(not snapshot or not witness.marked(snapshot.TagList), name .. " is marked")
    end
  end
end

tests["a lost writing of the lease leaves none behind, however late it is executed"] = function()
  local result = rehearse {
    faults = {
      { operation = "AddTagsToResource", occurrence = 1, kind = "zombie", delay_s = 890 },
      { operation = "CreateDBSnapshot", occurrence = "every", kind = "error", code = "SnapshotQuotaExceeded" },
    },
  }
  witness.equal(result.outcome, "failed")
  witness.pass(result.world, 3600)
  assert(not witness.marked(holder(result.sandbox).TagList), "a mark is left")
end

-- What a renewal hears once, an hour into the restore.
local function renewal_hears(code)
  local heard = 0
  local result = rehearse { knobs = { restore_s = 2 * 3600 }, extend = function(pipeline)
    pipeline:before("restore", function(run)
      local rds = run.world.rds
      local send = rds.AddTagsToResource
      function rds.AddTagsToResource(...)
        heard = heard + 1
        if heard > 1 then return send(...) end
        error(errors.new { code = code, status = 404, operation = "AddTagsToResource", service = "rds" }, 0)
      end
    end)
  end }
  witness.equal(result.outcome, "restored")
  assert(heard > 1, "it is renewed again")
  return table.concat(result.record.warnings, "\n")
end

tests["a renewal that finds the old name gone is no news"] = function()
  local told = renewal_hears "DBInstanceNotFound"
  assert(not told:find "could not be renewed", told)
  told = renewal_hears "InvalidParameterValue"
  assert(told:find "could not be renewed", told)
end

return tests
