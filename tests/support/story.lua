--- A long story of a sandbox, for comparing it with itself: with another run, another build, another Lua.
local json = require "trapheus.json"
local sandbox = require "trapheus.sandbox"
local trace = require "trapheus.sandbox.trace"

--- Everything is spelt out, so that only a change of the sandbox itself changes the story.
local KNOBS = {
  stale_s = { 0, 40 }, list_stale_s = { 0, 20 }, stale_apart = 1, rename_s = { 30, 90 }, rename_gap_s = { 0, 9 },
  rename_fails_percent = 30, restore_s = { 60, 500 }, restore_flaps = { 0, 4 }, throttle_rate_per_s = 0.2,
  throttle_burst = 8, neighbour_per_s = { 0, 0.3 }, clock_offset_s = { -30, 30 }, clock_drift_ppm = { -50, 50 },
  disturbance_every_s = { 600, 3600 }, disturbance_s = { 20, 300 }, credentials_s = 20000,
}

local FAULTS = { "DescribeDBInstances:10%:lost", "*:3%:500c", "CreateDBSnapshot:2:zombie", "*:1%:trunc:300",
  "1h:failover:mydb", "90m:expire", "100m:renew", "2h:tag:mydb:k:v" }

local STEPS = {
  { "CreateDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" } },
  { "ModifyDBInstance",
    { DBInstanceIdentifier = "mydb", NewDBInstanceIdentifier = "mydb-temp", ApplyImmediately = true } },
  { "RestoreDBInstanceFromDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "base" } },
  { "ModifyDBInstance", { DBInstanceIdentifier = "mydb", MultiAZ = false, Iops = 20000, ApplyImmediately = true } },
  { "RebootDBInstance", { DBInstanceIdentifier = "mydb" } },
  { "DeleteDBSnapshot", { DBSnapshotIdentifier = "s" } },
  { "DeleteDBInstance", { DBInstanceIdentifier = "mydb-temp", SkipFinalSnapshot = true } },
}

--- What was asked and answered, as two texts: the trace, and every result.
---@param seed integer
---@return string trace
---@return string results
return function(seed)
  local clock, results = { ms = 1700000000000 }, {}
  local sb = sandbox.new { now_ms = function() return clock.ms end, seed = seed, preset = "quick", knobs = KNOBS }
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  sb:add_snapshot { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "base" }
  sb:inject(FAULTS)
  for step = 1, 400 do
    clock.ms = clock.ms + 31000
    local call = step % 3 == 0 and STEPS[(step // 3 - 1) % #STEPS + 1] or { "DescribeDBInstances", {} }
    local result, err = sb:call("rds", call[1], call[2])
    results[step] = json.encode(result or err)
  end
  return trace.calls(sb), table.concat(results, "\n")
end
