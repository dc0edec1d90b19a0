--- The shipped scenarios: each ends as its file says, whenever the looks of the run happen to be.
local command = require "trapheus.command"
local driver = require "trapheus.drivers.local"
local options = require "trapheus.options"
local path = require "trapheus.path"
local run_module = require "trapheus.run"
local scenario = require "trapheus.sandbox.scenario"

local unmet = require "trapheus.sandbox.unmet"

local tests = {}

-- As the command runs it, in virtual time.
local function play(name, seed)
  local given = options.restore { "--sandbox", name }
  given.scenario.seed = seed
  local world = command.sandbox_world(given)
  local told = {}
  world:listen(function(event)
    if event.event == "outside" then told[#told + 1] = event.message end
  end)
  local run = run_module.new(world, { identifier = given.id, task = given.task, options = options.recorded(given),
    script = "scripts/restore.lua" })
  driver.run(path.script "scripts/restore.lua"(), run, { until_ms = world:now_ms() + 30 * 86400 * 1000 })
  return run.record, world, told, given
end

local function met(world, fault)
  for _, entry in ipairs(world.sandbox.audit) do
    if entry.fault == fault.kind and entry.operation == fault.operation then return true end
  end
end

-- The calls that the sandbox answered so.
local function answered(world, operation, outcome)
  local list = {}
  for _, entry in ipairs(world.sandbox.audit) do
    if entry.operation == operation and entry.outcome == outcome then list[#list + 1] = entry end
  end
  return list
end

local function hours(world) return (world:now_ms() - world.sandbox.begun_ms) / 3600000 end

--- What no fault and no action is the witness of: that it happened which the title says.
---@type table<string, fun(world: trapheus.World): any>
local SEEN = {
  ["slow-rename"] = function(world)
    local renamed = answered(world, "ModifyDBInstance", "ok")[2]
    return answered(world, "RestoreDBInstanceFromDBSnapshot", "ok")[1].at_ms - renamed.at_ms > 900 * 1000
  end,
  ["backing-up-for-hours"] = function(world) return hours(world) > 6 end,
  ["stuck-rename"] = function(world) return hours(world) > 6 end,
  ["snapshot-quota"] = function(world) return answered(world, "CreateDBSnapshot", "SnapshotQuotaExceeded")[1] end,
  ["throttled"] = function(world) return answered(world, "DescribeDBInstances", "Throttling")[1] end,
  ["old-snapshot"] = function(world) return #answered(world, "DeleteDBSnapshot", "ok") > 1 end,
  ["deletion-protection"] = function(world) return world.sandbox:instance("mydb").DeletionProtection end,
  ["aurora-protected"] = function(world) return world.sandbox:cluster("mydb").DeletionProtection end,
  ["aurora-three-members"] = function(world) return #answered(world, "CreateDBInstance", "ok") == 3 end,
  ["multi-az-cluster"] = function(world)
    return #answered(world, "CreateDBInstance", "ok") == 0 and #world.sandbox:cluster("mydb").DBClusterMembers == 3
  end,
}

local function check(name, seed)
  local record, world, told, given = play(name, seed)
  local failure = record.parked and record.parked.reason or record.failure and record.failure.message
  assert(record.outcome == given.scenario.expected, ("seed %d: %s, not %s: %s"):format(seed, record.outcome,
    given.scenario.expected, failure))
  assert(#(record.facts.differing or {}) == 0, "a setting differs")
  local due = #given.scenario.actions
  for _, fault in ipairs(given.scenario.faults) do
    if fault.at_s then due = due + 1 else assert(met(world, fault), "no call met " .. fault.kind) end
  end
  assert(#told == due, "not everything happened: " .. table.concat(told, "; "))
  assert(#unmet(world.sandbox, given.scenario.actions) == 0, "something was not met")
  assert(not SEEN[name] or SEEN[name](world), "it does not show what it says")
end

for _, name in ipairs(scenario.names()) do
  tests["scenario " .. name] = function()
    for seed = 1, 2 do check(name, seed) end
  end
end

function tests.what_did_not_happen_is_told()
  local sb = require("trapheus.world").sandbox({ knobs = { stale_s = 0 } }).sandbox
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  sb:inject { "RebootDBInstance:1:lost", "DescribeDBInstances:2:lost", "DescribeDBInstances:every:slow:1",
    "StopDBInstance:5%:lost", "1h:failover:mydb" }
  sb:call("rds", "DescribeDBInstances", {})
  sb:call("rds", "CreateDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" })
  local list = unmet(sb, { { after = "CreateDBSnapshot" }, { after = "CreateDBSnapshot", nth = 2 }, { at_s = 60 } })
  assert(table.concat(list, " ") ==
    "RebootDBInstance:1:lost DescribeDBInstances:2:lost 3600s:failover actions[2] actions[3]", table.concat(list, " "))
end

function tests.flags_come_before_what_the_scenario_says()
  local given = options.restore { "--sandbox", "slow-rename", "--preset", "quick", "--knob", "rename_s=3",
    "--knob", "stale_s=0..7", "--seed", "7" }
  local sb = command.sandbox_world(given).sandbox
  assert(sb.seed == 7 and sb.knobs.rename_s == 3 and sb.knobs.stale_s[2] == 7, "flags")
  assert(sb.knobs.rename_lag_s == 60, "the scenario")
  assert(sb.knobs.restore_s == 60, "the preset")
  assert(scenario.load("slow-rename").knobs.rename_s == 900, "the scenario itself is as it was")
end

return tests
