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
  ["it ends as failed, and so does another one"] = { kind = "terminal", status = "failed", again = true },
}

local function creation(occurrence, fault)
  return { operation = "CreateDBSnapshot", occurrence = occurrence, kind = fault.kind, code = fault.code,
    status = fault.status }
end

for name, fault in pairs(CREATION_FAILS) do
  tests["the first creation fails: " .. name] = function()
    local result, old = watched {
      faults = { creation(1, fault), fault.again and creation(2, fault) or nil },
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
      faults = { creation(2, fault) },
    }
    witness.equal(result.outcome, "restored")
    local interim = result.sandbox:snapshot("mydb-s-" .. result.run.id)
    witness.equal(interim and interim.Status, "available", "the interim snapshot")
    assert(interim.SnapshotCreateTime > old.SnapshotCreateTime, "it is newer than the old one")
    witness.equal(result.document.snapshot, "mydb-s-" .. result.run.id, "what was restored from")
    assert(table.concat(result.record.warnings, "\n"):find "which covers it, is used", "nobody is told")
  end
end

for _, old in ipairs { true, false } do
  tests["one that fails is deleted, and another one made under its own name: "
    .. (old and "the interim" or "the only")] = function()
    local result = rehearse { snapshot = old or nil, faults = {
      { operation = "CreateDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" } } }
    witness.equal(result.outcome, "restored")
    assert(table.concat(result.record.warnings, "\n"):find "ended as 'failed'; another one is made", "nobody is told")
    assert(not result.sandbox:snapshot("mydb-s-" .. result.run.id), "the failed one is left")
    witness.equal(result.document.snapshot, old and "mydb-snapshot" or "mydb-r-" .. result.run.id, "restored from")
    for _, snapshot in ipairs(result.sandbox.snapshots) do
      assert(snapshot.gone or snapshot.status == "available", "a failed one is left")
      assert(snapshot.gone or not witness.marked(snapshot.fields.TagList), "a mark is left")
    end
  end
end

tests["an old snapshot that will not go stays, and the run goes on with the new one"] = function()
  local result = watched { knobs = { snapshot_delete_s = 30 * 86400 } }
  witness.equal(result.outcome, "restored")
  witness.equal(result.document.snapshot, "mydb-s-" .. result.run.id, "what was restored from")
  assert(table.concat(result.record.warnings, "\n"):find "took too long", "nobody is told")
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
