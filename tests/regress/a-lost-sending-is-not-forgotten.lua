--- A sending whose outcome was never known is waited for, although a later one was answered.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

-- Everything else is over before the late call comes.
local FAST = { rename_lag_s = 1, rename_s = 20, rename_gap_s = 0, rename_reboot_s = 20, name_release_s = 0, stale_s = 0,
  restore_s = 60, restore_flaps = 0, restore_backup_s = 0, delete_s = 30, snapshot_s = 30, snapshot_tail_s = 0,
  modify_lag_s = 0, modify_s = 5 }

local DENIED = { operation = "ModifyDBInstance", occurrence = 3, kind = "denied" }
local TERMINAL = { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" }

local function late(operation, occurrence, minutes)
  return { operation = operation, occurrence = occurrence, kind = "zombie", delay_s = minutes * 60 }
end

-- Rolled back, and still so when every late call has come.
local function stays_back(faults)
  local original
  local result = rehearse { knobs = FAST, faults = faults,
    prepare = function(sandbox) original = sandbox:instance "mydb" end }
  witness.equal(result.outcome, "rolled_back")
  witness.pass(result.world, 3600)
  local now = result.sandbox:instance "mydb"
  witness.equal(now and now.DbiResourceId, original.DbiResourceId, "who holds the name")
end

tests["a rename that comes late, after the rollback of what followed it"] = function()
  stays_back { late("ModifyDBInstance", 2, 14), TERMINAL }
end

tests["a rename that comes late, after the next one was denied"] = function()
  stays_back { late("ModifyDBInstance", 2, 14), DENIED }
end

for minutes = 4, 14, 2 do
  tests[("a restore that comes %d minutes late, after the next one has failed"):format(minutes)] = function()
    stays_back { late("RestoreDBInstanceFromDBSnapshot", 1, minutes),
      { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 2, kind = "terminal", status = "failed" } }
  end
end

tests["a snapshot that is made late is not left behind"] = function()
  local result = rehearse { task = "create_snapshot_only", snapshot = true, knobs = FAST,
    faults = { late("CreateDBSnapshot", 1, 14) } }
  witness.equal(result.outcome, "snapshotted")
  witness.pass(result.world, 3600)
  local page = result.world.rds:DescribeDBSnapshots {}
  witness.equal(#page.DBSnapshots, 1, "snapshots")
  witness.equal(page.DBSnapshots[1].DBSnapshotIdentifier, "mydb-snapshot", "the one")
end

return tests
