--- D16: create_snapshot_only ends when its snapshot is available, not when the database happens to be.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

for _, replaced in ipairs { false, true } do
  tests["a slow snapshot is waited for" .. (replaced and ", also a replaced one" or "")] = function()
    local result = rehearse { task = "create_snapshot_only", snapshot = replaced or nil,
      knobs = { snapshot_s = 7200, snapshot_start_s = 300, snapshot_tail_s = 0 } }
    witness.equal(result.outcome, "snapshotted")
    local made = result.sandbox:snapshot "mydb-snapshot"
    witness.equal(made and made.Status, "available", "the snapshot")
    witness.equal(result.document.snapshot, "mydb-snapshot", "the snapshot that is told")
    local took_s = result.record.ended_at - result.record.created_at
    assert(took_s >= 7200, "it did not wait")
  end
end

tests["a database that is available while its snapshot is made deceives nobody"] = function()
  local result = rehearse { task = "create_snapshot_only", knobs = { snapshot_s = 3600 },
    prepare = function(sandbox)
      sandbox.on_commit = function(sb)
        local instance = sb.names.mydb
        if instance.status == "backing-up" then instance.status = "available" end
      end
    end }
  witness.equal(result.outcome, "snapshotted")
  witness.equal(result.sandbox:snapshot("mydb-snapshot").Status, "available", "the snapshot")
end

tests["a snapshot that fails is a failure"] = function()
  local result = rehearse { task = "create_snapshot_only",
    faults = { { operation = "CreateDBSnapshot", occurrence = "every", kind = "terminal", status = "failed" } } }
  witness.equal(result.outcome, "failed")
end

tests["the database itself is not touched"] = function()
  local result = rehearse { task = "create_snapshot_only" }
  witness.equal(result.outcome, "snapshotted")
  witness.equal(#witness.changes(result.sandbox, "ModifyDBInstance"), 0, "modifications")
  assert(not witness.marked(result.sandbox:snapshot("mydb-snapshot").TagList), "our mark is left on the snapshot")
end

return tests
