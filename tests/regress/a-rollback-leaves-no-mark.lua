--- What a run that was rolled back leaves, the snapshot, does not bear its mark.
local rehearse = require "rehearse"
local witness = require "witness"

return {
  ["the snapshot of a restore that failed"] = function()
    local result = rehearse { snapshot = true, faults = {
      { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" },
    } }
    witness.equal(result.outcome, "rolled_back")
    for _, snapshot in ipairs(result.world.rds:DescribeDBSnapshots({}).DBSnapshots) do
      assert(not witness.marked(snapshot.TagList), snapshot.DBSnapshotIdentifier)
    end
  end,
}
