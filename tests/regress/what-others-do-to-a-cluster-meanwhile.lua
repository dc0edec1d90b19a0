--- Somebody adds or deletes a member, or the writer changes, while a cluster is restored: nothing of theirs is deleted,
--- and what is not as it was is told.
local clusters = require "clusters"
local rehearse = require "rehearse"
local report = require "trapheus.report"
local witness = require "witness"
local tests = {}

-- Before the step `name`.
local function operator(name, operation, parameters)
  return function(pipeline)
    pipeline:before(name, function(run) assert(run.world.sandbox:operator(operation, parameters)) end)
  end
end

tests["a member that was added to the original stays, and so does the whole original"] = function()
  local spec = { cluster = {}, members = 2, extend = operator("delete", "CreateDBInstance",
    { DBInstanceIdentifier = "theirs", DBClusterIdentifier = "mydb-temp", Engine = "aurora-postgresql",
      DBInstanceClass = "db.r6g.large" }) }
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "restored")
  witness.equal(witness.committed(result.sandbox, "DeleteDBInstance"), 0, "members deleted")
  witness.equal(clusters.picture(result.sandbox, "mydb-temp").resource_id, state.before.resource_id, "who is aside")
  local text = report.text(result.run)
  assert(text:find "added meanwhile, theirs" and text:find "still there as mydb%-temp", text)
end

tests["a reader that is deleted before anything was moved ends it, and soon"] = function()
  local spec = { cluster = {}, members = 2, limit_s = 3600, extend = operator("rename", "DeleteDBInstance",
    { DBInstanceIdentifier = "mydb-2", SkipFinalSnapshot = true }) }
  local result = rehearse(spec)
  witness.equal(result.outcome, "failed")
  assert(result.record.failure.message:find "mydb%-2 is not there any more", result.record.failure.message)
  witness.equal(#witness.renames(result.sandbox), 0, "renames")
  clusters.tidy(result.sandbox)
end

-- Somebody deletes a member, as soon as RDS lets them.
local function take(sandbox, name)
  if not sandbox:operator("DeleteDBInstance", { DBInstanceIdentifier = name, SkipFinalSnapshot = true }) then
    sandbox:at(5, function() take(sandbox, name) end)
  end
end

tests["a member that is deleted while they are moved turns it round, and soon"] = function()
  for _, name in ipairs { "mydb-2", "mydb-1" } do -- a reader, the writer
    local before
    local result = rehearse { cluster = {}, members = 3, limit_s = 4 * 3600, prepare = function(sandbox)
      before = clusters.picture(sandbox, "mydb")
      witness.once(sandbox, function(sb) return sb:instance(name .. "-temp") ~= nil end, function(sb)
        take(sb, name .. "-temp")
      end)
    end }
    witness.equal(result.outcome, "rolled_back", name)
    assert(result.record.failure.message:find(name .. " is not there any more", 1, true), result.record.failure.message)
    local now, warnings = clusters.picture(result.sandbox, "mydb"), table.concat(result.record.warnings, "\n")
    witness.equal(now.resource_id, before.resource_id, "who holds the name")
    assert(now.members["mydb-3"] and not now.members[name], "the other members are back")
    assert(warnings:find(name .. " is not there any more", 1, true), warnings)
    clusters.tidy(result.sandbox)
  end
end

tests["another writer than before is told"] = function()
  local result = rehearse { cluster = {}, members = 2,
    extend = operator("configure", "FailoverDBCluster", { DBClusterIdentifier = "mydb" }) }
  witness.equal(result.outcome, "restored")
  witness.equal(result.document.settings.differing[1].name, "Members", "what differs")
end

tests["somebody's rename of a member of the original is no reason to delete by name: parked"] = function()
  local spec = { cluster = {}, members = 2 }
  spec.extend = operator("delete", "ModifyDBInstance", { DBInstanceIdentifier = "mydb-2-temp",
    NewDBInstanceIdentifier = "kept", ApplyImmediately = true })
  local extend = spec.extend
  function spec.extend(pipeline)
    extend(pipeline)
    pipeline:before("delete", function(run) witness.pass(run.world, 3600) end)
  end
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "parked")
  witness.none(state.problems)
  witness.equal(witness.committed(result.sandbox, "DeleteDBInstance"), 0, "members deleted")
  assert(result.record.parked.todo:find "mydb%-2%-temp", result.record.parked.todo)
end

return tests
