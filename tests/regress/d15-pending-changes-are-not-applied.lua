--- D15: a change that waits for the maintenance window is never applied by the restore's own calls.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local CLASS, OTHER = "db.r6g.xlarge", "db.r6g.large"

-- Somebody asks for another class, from the next maintenance window on.
local function put_off(sandbox)
  assert(sandbox:operator("ModifyDBInstance",
    { DBInstanceIdentifier = "mydb", DBInstanceClass = OTHER, ApplyImmediately = false }))
end

local function applied(original)
  return function(sandbox)
    local truth = sandbox:by_resource_id(original.DbiResourceId)
    return truth and truth.DBInstanceClass ~= CLASS and "the pending change was applied" or nil
  end
end

-- The change is put off once `holds`; it must never be made.
local function interfered(spec, holds)
  local original, problems
  function spec.prepare(sandbox)
    original = sandbox:instance "mydb"
    problems = witness.always(sandbox, applied(original))
    witness.once(sandbox, holds, function(sb) sb:at(spec.after_s or 0, put_off) end)
  end
  local result = rehearse(spec)
  witness.pass(result.world, 3600) -- what was begun is seen
  result.sandbox:advance()
  witness.none(problems)
  return result, original
end

local function fenced(sandbox) return sandbox:instance("mydb").DeletionProtection end

tests["a pending change is refused, whatever the task needs"] = function()
  for _, task in ipairs { "create_snapshot", "db_restore" } do
    local result = rehearse { task = task, snapshot = true, prepare = put_off, knobs = { stale_s = 0 } }
    witness.equal(result.outcome, "refused")
    witness.equal(result.sandbox:instance("mydb").DBInstanceClass, CLASS, "its class")
  end
end

tests["one that appears before the rename holds the rename up, and nothing is touched"] = function()
  local result, original = interfered({ task = "db_restore", snapshot = true, knobs = { stale_s = 0 } }, fenced)
  witness.equal(result.outcome, "failed")
  assert(not fenced(result.sandbox), "it is protected as before")
  witness.equal(#witness.renames(result.sandbox), 0, "renames")
  witness.equal(result.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
end

tests["one that preflight could not see yet is not applied by the fence"] = function()
  for _, no_fence in ipairs { false, true } do
    local problems
    local result = rehearse {
      task = "db_restore", snapshot = true, options = { no_fence = no_fence or nil }, knobs = { stale_s = { 2, 3 } },
      prepare = function(sandbox)
        problems = witness.always(sandbox, applied(sandbox:instance "mydb"))
        put_off(sandbox)
      end,
    }
    witness.none(problems)
    witness.equal(result.outcome, "failed")
  end
end

tests["one that appears before the fence is undone is not applied by undoing it"] = function()
  local result = interfered({
    after_s = 1,
    knobs = { snapshot_s = 1000, snapshot_tail_s = 0 },
    faults = { { operation = "CreateDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" } },
  }, function(sandbox)
    local made = sandbox:snapshot "mydb-snapshot"
    return made ~= nil and made.Status == "failed"
  end)
  assert(result.outcome == "failed" or result.outcome == "parked", result.outcome)
end

tests["a pending change of a cluster, or of one of its members, is refused"] = function()
  for _, put in ipairs {
    function(sandbox)
      return sandbox:operator("ModifyDBCluster", { DBClusterIdentifier = "mydb", BackupRetentionPeriod = 3 })
    end,
    function(sandbox)
      return sandbox:operator("ModifyDBInstance", { DBInstanceIdentifier = "mydb-2", DBInstanceClass = OTHER .. "1" })
    end,
  } do
    local result = rehearse { cluster = {}, knobs = { stale_s = 0 }, prepare = function(sandbox)
      assert(put(sandbox))
    end }
    witness.equal(result.outcome, "refused")
    witness.equal(#witness.changes(result.sandbox), 0, "changes")
  end
end

return tests
