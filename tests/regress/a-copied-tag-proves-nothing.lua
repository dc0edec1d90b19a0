--- RDS copies tags to snapshots, and from snapshots to what is restored from them: what bears our mark by that is not
--- ours.
local marks = require "trapheus.marks"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

tests["a replacement does not take over the marks of an earlier run from its snapshot"] = function()
  local born
  local result = rehearse {
    task = "db_restore",
    snapshot = { TagList = marks.list({}, { [marks.RUN] = "aaaabbbb", [marks.LEASE] = "aaaabbbb:99999999999",
      [marks.STATE] = "run=aaaabbbb of=db-X" }) },
    prepare = function(sandbox)
      witness.once(sandbox, witness.creating, function(sb) born = sb:instance "mydb".TagList end)
    end,
  }
  witness.equal(result.outcome, "restored")
  for _, tag in ipairs(born) do assert(not tag.Value:find "aaaabbbb", tag.Key .. " was copied") end
end

tests["what somebody restores from our snapshot while the name is free is not adopted"] = function()
  local stranger
  local result = rehearse {
    knobs = { stale_s = 0 },
    extend = function(pipeline)
      pipeline:before("restore", function(run) -- without Tags: RDS copies those of the snapshot
        stranger = assert(run.world.sandbox:operator("RestoreDBInstanceFromDBSnapshot",
          { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "mydb-snapshot" })).DBInstance
        witness.pass(run.world, 3600)
      end)
    end,
  }
  local marked = witness.marked(result.sandbox:instance "mydb".TagList)
  assert(marked, "the snapshot's mark was not copied, so that this shows nothing")
  witness.equal(result.outcome, "parked")
  witness.equal(result.sandbox:instance "mydb".DbiResourceId, stranger.DbiResourceId, "who holds the name")
  witness.equal(witness.committed(result.sandbox, "DeleteDBInstance"), 0, "deletions")
end

tests["a snapshot of the same name that was copied with its tags is not ours to replace"] = function()
  local result = rehearse {
    prepare = function(sandbox)
      witness.once(sandbox, function(sb) return sb:instance "mydb".DeletionProtection end, function(sb)
        assert(sb:operator("CreateDBSnapshot",
          { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "mydb-snapshot" }))
      end)
    end,
  }
  witness.equal(result.outcome, "failed")
  assert(result.record.failure.message:find "somebody else", result.record.failure.message)
end

return tests
