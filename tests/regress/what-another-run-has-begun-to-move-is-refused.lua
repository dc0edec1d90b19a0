--- A run that died while it moved the members of a cluster leaves some under their names aside. Whoever begins with
--- that cluster would take these for their own names: it is refused, until that run has gone on or back.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local function half_moved(state)
  return rehearse { cluster = {}, members = 2, prepare = function(sandbox)
    local cluster = sandbox:cluster "mydb"
    local member = cluster.DBClusterMembers[2].DBInstanceIdentifier
    assert(sandbox:operator("ModifyDBInstance", { DBInstanceIdentifier = member,
      NewDBInstanceIdentifier = member .. "-temp", ApplyImmediately = true }))
    assert(sandbox:operator("AddTagsToResource", { ResourceName = cluster.DBClusterArn, Tags = {
      { Key = "trapheus:state", Value = state:format(cluster.DbClusterResourceId) } } }))
  end, extend = function(pipeline)
    pipeline:before("preflight", function(run) witness.pass(run.world, 3600) end)
  end }
end

tests["by whoever begins anew"] = function()
  local result = half_moved "run=tgep3j7p of=%s id=mydb task=create_snapshot protected=no going=forward"
  witness.equal(result.outcome, "refused")
  assert(result.record.failure.message:find "tgep3j7p", result.record.failure.message)
  witness.equal(#witness.changes(result.sandbox), 0, "changes")
end

tests["but not where they were called so from the start"] = function()
  local result = half_moved "run=tgep3j7p of=%s id=mydb task=create_snapshot protected=no going=forward like_moved=yes"
  witness.equal(result.outcome, "restored")
end

return tests
