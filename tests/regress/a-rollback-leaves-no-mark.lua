--- What a run that was rolled back leaves, the snapshot, does not bear its mark.
local marks = require "trapheus.marks"
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

  ["the pin of a snapshot that is all that shows is ours too"] = function()
    local keys = marks.keys({ [marks.SNAPSHOT] = "abcdefgh 1.000 mydb-snapshot", [marks.LEASE] = "hgfedcba:1" },
      "abcdefgh")
    assert(#keys == 1 and keys[1] == marks.SNAPSHOT, table.concat(keys, ", "))
  end,
}
