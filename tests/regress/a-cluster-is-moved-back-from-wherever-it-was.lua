--- Whatever a restore of a cluster had come to when it failed: the replacement and its members are deleted, and every
--- part that was moved gets its own name back, by its resource id.
local clusters = require "clusters"
local interrupt = require "interrupt"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local function denied(operation, nth) return { operation = operation, occurrence = nth, kind = "denied" } end

local function terminal(operation, nth, status)
  return { operation = operation, occurrence = nth, kind = "terminal", status = status or "failed" }
end

local function in_vain(operation, nth)
  return { operation = operation, occurrence = nth, kind = "background_failure" }
end

-- The renames of three members are the first three calls of ModifyDBInstance, the writer's last; that of the cluster
-- is the second of ModifyDBCluster, after the fence.
local HALF_WAY = {
  ["the first reader may not be renamed"] = { denied("ModifyDBInstance", 1) },
  ["the second reader may not be renamed"] = { denied("ModifyDBInstance", 2) },
  ["the writer may not be renamed"] = { denied("ModifyDBInstance", 3) },
  ["a reader's rename fails, twice"] = { in_vain("ModifyDBInstance", 2), in_vain("ModifyDBInstance", 3) },
  ["the cluster may not be renamed"] = { denied("ModifyDBCluster", 2) },
  ["the cluster's rename fails, twice"] = { in_vain("ModifyDBCluster", 2), in_vain("ModifyDBCluster", 3) },
  ["the restore is denied"] = { denied("RestoreDBClusterFromSnapshot", 1) },
  ["the restore fails"] = { terminal("RestoreDBClusterFromSnapshot", 1, "migration-failed") },
  ["the writer may not be made"] = { denied("CreateDBInstance", 1) },
  ["the writer fails"] = { terminal("CreateDBInstance", 1) },
  ["the first reader may not be made"] = { denied("CreateDBInstance", 2) },
  ["the second reader may not be made"] = { denied("CreateDBInstance", 3) },
}

-- Only what this run has made was deleted.
local function check_deletions(result, before)
  for _, operation in ipairs { "DeleteDBInstance", "DeleteDBCluster" } do
    for _, entry in ipairs(witness.changes(result.sandbox, operation)) do
      assert(entry.target ~= before.resource_id, "the original was asked to be deleted")
      for name, member in pairs(before.members) do
        assert(entry.target ~= member.resource_id, name .. " was asked to be deleted")
      end
    end
  end
end

local function check(spec)
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "rolled_back")
  witness.none(state.problems)
  clusters.check_back(result.sandbox, state.before)
  clusters.tidy(result.sandbox)
  check_deletions(result, state.before)
  return result
end

for label, faults in pairs(HALF_WAY) do
  tests[label] = function() check { cluster = {}, members = 3, faults = faults } end

  tests[label .. ", with old reads and slow renames"] = function()
    check { cluster = {}, members = 3, faults = faults, seed = 7,
      knobs = { stale_s = { 0, 60 }, rename_s = { 20, 900 } } }
  end
end

for _, step in ipairs { "rename", "restore", "configure" } do
  tests["given up in the step " .. step] = function()
    local spec = interrupt.give_up({ cluster = {}, members = 2 }, step)
    local result = check(spec)
    witness.equal(result.crashes, 1, "crashes")
  end
end

tests["a protected cluster is protected again, or rather all the time"] = function()
  check { cluster = { DeletionProtection = true }, members = 2, faults = { terminal("CreateDBInstance", 1) } }
end

for engine, status in pairs { postgres = "incompatible-restore", mysql = "failed" } do
  tests["a Multi-AZ DB cluster, " .. engine] = function()
    check { cluster = { Engine = engine }, faults = { terminal("RestoreDBClusterFromSnapshot", 1, status) } }
  end
end

tests["what AWS stops allowing on the way back is parked, and says what is where"] = function()
  local spec = { cluster = {}, members = 3, faults = { terminal("CreateDBInstance", 1),
    denied("DeleteDBInstance", "every") } }
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "parked")
  witness.none(state.problems)
  assert(result.record.parked.todo:find "trapheus rollback", result.record.parked.todo)
  witness.equal(result.document.original.name, "mydb-temp", "where the cluster is")
  for _, member in ipairs(result.document.original.members) do assert(member.name:find "%-temp$", member.name) end
  witness.equal(clusters.picture(result.sandbox, "mydb-temp").resource_id, state.before.resource_id, "who is aside")
end

-- Somebody else ------------------------------------------------------------------------------

-- Somebody takes the name of a member as soon as RDS gives it.
local function squat(name)
  local spec, taken = { cluster = {}, members = 2 }, nil
  function spec.prepare(sandbox)
    sandbox:add_instance { DBInstanceIdentifier = "other" }
    sandbox:add_snapshot { DBSnapshotIdentifier = "theirs", DBInstanceIdentifier = "other" }
    witness.once(sandbox, function(sb) return sb:instance(name) == nil end, function(sb)
      for second = 1, 300, 2 do
        sb:at(second, function()
          taken = taken or sb:operator("RestoreDBInstanceFromDBSnapshot",
            { DBInstanceIdentifier = name, DBSnapshotIdentifier = "theirs" })
        end)
      end
    end)
  end
  return spec
end

tests["a foreign instance under a member's name is never touched: parked"] = function()
  local spec = squat "mydb-2"
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "parked")
  witness.none(state.problems)
  local foreign = result.sandbox:instance "mydb-2"
  assert(foreign and not foreign.DBClusterIdentifier, "it has gone")
  witness.equal(witness.committed(result.sandbox, "DeleteDBInstance"), 0, "deletions")
end

tests["a member that somebody has added to the replacement is not deleted: parked"] = function()
  local spec = { cluster = {}, members = 2 }
  function spec.prepare(sandbox)
    witness.once(sandbox, function(sb)
      local cluster = sb:cluster "mydb"
      return cluster ~= nil and #cluster.DBClusterMembers == 1 and sb:cluster "mydb-temp" ~= nil
        and sb:instance "mydb-1".DBInstanceStatus == "available"
    end, function(sb)
      sb:at(1, function()
        assert(sb:operator("CreateDBInstance", { DBInstanceIdentifier = "theirs", DBClusterIdentifier = "mydb",
          DBInstanceClass = "db.r6g.large", Engine = "aurora-postgresql" }))
        sb:disturb("mydb-1", "failed")
      end)
    end)
  end
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "parked")
  witness.none(state.problems)
  assert(result.sandbox:instance "theirs", "it has gone")
  assert(result.record.parked.reason:find "theirs", result.record.parked.reason)
end

tests["a replacement that somebody has protected keeps its members, too: parked"] = function()
  local spec = { cluster = {}, members = 2, faults = { denied("CreateDBInstance", 2) } }
  function spec.prepare(sandbox)
    witness.once(sandbox, function(sb)
      return sb:cluster "mydb-temp" ~= nil and sb:instance "mydb-1" ~= nil
        and sb:instance "mydb-1".DBInstanceStatus == "available"
    end, function(sb)
      sb:at(1, function()
        assert(sb:operator("ModifyDBCluster", { DBClusterIdentifier = "mydb", DeletionProtection = true }))
      end)
    end)
  end
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "parked")
  witness.none(state.problems)
  assert(result.record.parked.reason:find "protected", result.record.parked.reason)
  witness.equal(witness.committed(result.sandbox, "DeleteDBInstance"), 0, "members deleted")
end

tests["a Multi-AZ DB cluster whose members keep their names is moved back, and not restored into them"] = function()
  local result = check { cluster = { Engine = "postgres" }, knobs = { multi_az_rename_members = 0 } }
  assert(result.record.failure.message:find "has not renamed mydb%-instance%-1", result.record.failure.message)
  witness.equal(#witness.changes(result.sandbox, "RestoreDBClusterFromSnapshot"), 0, "restores")
end

return tests
