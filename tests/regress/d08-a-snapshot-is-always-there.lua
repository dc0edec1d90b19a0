--- D8: replacing a snapshot never leaves the database without a complete one, and a creation that fails costs nothing.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local function complete(sandbox)
  local count = 0
  for _, snapshot in ipairs(sandbox.snapshots) do
    if not snapshot.gone and snapshot.status == "available" then count = count + 1 end
  end
  return count
end

local function watched(spec)
  local old, problems
  spec.snapshot = spec.snapshot or true
  function spec.prepare(sandbox)
    old = sandbox:snapshot "mydb-snapshot"
    problems = witness.always(sandbox, function(sb)
      return complete(sb) == 0 and "there is no complete snapshot" or nil
    end)
  end
  local result = rehearse(spec)
  witness.none(problems)
  return result, old
end

for _, task in ipairs { "create_snapshot", "create_snapshot_only" } do
  tests[task .. ": at each moment one is complete"] = function()
    local result, old = watched { task = task, knobs = { snapshot_s = 1800, snapshot_delete_s = 600 } }
    assert(result.outcome == "restored" or result.outcome == "snapshotted", result.outcome)
    local new = result.sandbox:snapshot "mydb-snapshot"
    witness.equal(new.Status, "available", "the new snapshot")
    assert(new.SnapshotCreateTime > old.SnapshotCreateTime, "it is newer than the old one")
    witness.equal(complete(result.sandbox), 1, "snapshots left")
    assert(not witness.marked(new.TagList), "our mark is left on it")
  end
end

local CREATION_FAILS = {
  ["the quota is used up"] = { kind = "error", code = "SnapshotQuotaExceeded" },
  ["the key is not accessible"] = { kind = "error", code = "KMSKeyNotAccessibleFault" },
  ["no permission"] = { kind = "denied" },
  ["it ends as failed"] = { kind = "terminal", status = "failed" },
}

for name, fault in pairs(CREATION_FAILS) do
  tests["the first creation fails: " .. name] = function()
    local result, old = watched {
      faults = { { operation = "CreateDBSnapshot", occurrence = 1, kind = fault.kind, code = fault.code,
        status = fault.status } },
    }
    witness.equal(result.outcome, "failed")
    local kept = result.sandbox:snapshot "mydb-snapshot"
    witness.equal(kept and kept.SnapshotCreateTime, old.SnapshotCreateTime, "the old snapshot")
    for _, call in ipairs(result.sandbox.audit) do
      assert(call.operation ~= "DeleteDBSnapshot" or call.params.DBSnapshotIdentifier ~= "mydb-snapshot", "deleted")
    end
  end

  tests["the second creation fails: " .. name] = function()
    local result, old = watched {
      faults = { { operation = "CreateDBSnapshot", occurrence = 2, kind = fault.kind, code = fault.code,
        status = fault.status } },
    }
    witness.equal(result.outcome, "failed")
    local interim = result.sandbox:snapshot("mydb-s-" .. result.run.id)
    witness.equal(interim and interim.Status, "available", "the interim snapshot")
    assert(interim.SnapshotCreateTime > old.SnapshotCreateTime, "it is newer than the old one")
  end
end

tests["an old snapshot that may not be deleted stays, and the run goes on with the new one"] = function()
  local result, old = watched {
    faults = { { operation = "DeleteDBSnapshot", occurrence = 1, kind = "denied" } },
  }
  witness.equal(result.outcome, "restored")
  witness.equal(result.sandbox:snapshot("mydb-snapshot").SnapshotCreateTime, old.SnapshotCreateTime, "the old one")
  witness.equal(result.document.snapshot, "mydb-s-" .. result.run.id, "what was restored from")
  assert(#result.record.warnings > 0, "a person is told")
end

tests["somebody else's snapshot, made under the name meanwhile, is neither deleted nor restored from"] = function()
  local foreign
  local result = rehearse {
    prepare = function(sandbox)
      witness.once(sandbox, function(sb) return sb:instance("mydb").DeletionProtection end, function(sb)
        sb:at(0, function()
          foreign = sb:operator("CreateDBSnapshot",
            { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "mydb-snapshot" }).DBSnapshot
        end)
      end)
    end,
  }
  assert(foreign, "somebody has made it")
  witness.equal(result.outcome, "failed")
  witness.equal(result.sandbox:snapshot("mydb-snapshot").Status, "available", "their snapshot")
  witness.equal(witness.committed(result.sandbox, "DeleteDBSnapshot"), 0, "deletions")
  assert(not result.sandbox:instance("mydb").DeletionProtection, "protected as before")
end

return tests
