--- The sandbox: every kind of fault, operators, the audit, and that a seed says everything.
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local sandbox = require "trapheus.sandbox"
local equal = require("witness").equal

local tests = {}

local function world(knobs, seed)
  local clock = { ms = 1700000000000 }
  local values = { stale_s = 0 }
  for name, value in pairs(knobs or {}) do values[name] = value end
  local sb = sandbox.new { now_ms = function() return clock.ms end, seed = seed or 1, knobs = values }
  function clock.wait(seconds) clock.ms = clock.ms + seconds * 1000 end
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  sb:add_snapshot { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" }
  return sb, clock
end

local SNAPSHOT = { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "new" }
local RENAME = { DBInstanceIdentifier = "mydb", NewDBInstanceIdentifier = "mydb-temp", ApplyImmediately = true }
local RESTORE = { DBInstanceIdentifier = "n", DBSnapshotIdentifier = "s" }

--- Injects a fault into CreateDBSnapshot and makes the call.
local function snapshot_with(kind, more)
  local sb, clock = world()
  local fault = more or {}
  fault.operation, fault.occurrence, fault.kind = "CreateDBSnapshot", 1, kind
  sb:inject { fault }
  local result, err = sb:call("rds", "CreateDBSnapshot", SNAPSHOT)
  return sb, clock, result, err, sb.audit[#sb.audit]
end

local function outcome(kind, more, code, status, committed)
  local sb, _, result, err, entry = snapshot_with(kind, more)
  equal(result, nil)
  equal(err.code, code)
  equal(err.status, status)
  equal(entry.outcome, code)
  equal(entry.committed, committed, "committed")
  equal(sb:snapshot "new" ~= nil, committed, "done")
end

function tests.drop() outcome("drop", nil, "RequestTimeout", nil, false) end

function tests.lost() outcome("lost", nil, "ConnectionLost", nil, true) end

function tests.garbage() outcome("garbage", nil, "MalformedReply", 502, true) end

tests["500n"] = function() outcome("500n", nil, "InternalFailure", 500, false) end

tests["500c"] = function() outcome("500c", nil, "InternalFailure", 500, true) end

function tests.denied() outcome("denied", nil, "AccessDenied", 403, false) end

function tests.error()
  outcome("error", { code = "SnapshotQuotaExceeded", message = "m" }, "SnapshotQuotaExceeded", 400, false)
  outcome("error", { code = "ServiceUnavailable" }, "ServiceUnavailable", 503, false)
  outcome("error", { code = "Odd", status = 418 }, "Odd", 418, false)
end

function tests.zombie()
  local sb, clock, _, err, entry = snapshot_with("zombie", { delay_s = 300 })
  equal(err.code, "RequestTimeout")
  equal(entry.committed, false)
  clock.wait(299)
  equal(sb:snapshot "new", nil)
  clock.wait(2)
  equal(sb:snapshot "new".Status, "creating")
  local late = sb.audit[#sb.audit]
  equal(late.late, true)
  equal(late.committed, true)
  equal(late.at_ms, entry.at_ms + 300000)
end

function tests.a_zombie_that_comes_too_late_is_refused()
  local sb, clock = snapshot_with("zombie", { delay_s = 300 })
  assert(sb:call("rds", "CreateDBSnapshot", SNAPSHOT))
  clock.wait(301)
  sb:advance()
  local late = sb.audit[#sb.audit]
  equal(late.outcome, "DBSnapshotAlreadyExists")
  equal(late.committed, false)
end

function tests.throttle_counts_calls()
  local sb = world()
  sb:inject { { operation = "DescribeDBInstances", occurrence = 2, kind = "throttle", count = 3 } }
  local seen = {}
  for i = 1, 6 do
    local _, err = sb:call("rds", "DescribeDBInstances", {})
    seen[i] = err and err.code or "ok"
  end
  equal(table.concat(seen, " "), "ok Throttling Throttling Throttling ok ok")
end

function tests.every_occurrence_until_healed()
  local sb = world()
  sb:inject { { operation = "DescribeDBInstances", occurrence = "every", kind = "denied" } }
  for _ = 1, 3 do equal(select(2, sb:call("rds", "DescribeDBInstances", {})).code, "AccessDenied") end
  sb:heal()
  assert(sb:call("rds", "DescribeDBInstances", {}))
end

function tests.terminal_states()
  local sb, clock = world()
  sb:inject {
    {
      operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal",
      status = "incompatible-restore",
    },
    { operation = "CreateDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" },
  }
  assert(sb:call("rds", "RestoreDBInstanceFromDBSnapshot", RESTORE))
  assert(sb:call("rds", "CreateDBSnapshot", SNAPSHOT))
  clock.wait(3600)
  equal(sb:instance "n".DBInstanceStatus, "incompatible-restore")
  equal(sb:snapshot "new".Status, "failed")
  local _, err = sb:call("rds", "ModifyDBInstance", { DBInstanceIdentifier = "n", DeletionProtection = true })
  equal(err.code, "InvalidDBInstanceState")
  _, err = sb:call("rds", "DeleteDBInstance", { DBInstanceIdentifier = "n", FinalDBSnapshotIdentifier = "f" })
  equal(err.code, "InvalidDBInstanceState")
  assert(sb:call("rds", "DeleteDBInstance", { DBInstanceIdentifier = "n", SkipFinalSnapshot = true }))
end

local function failures(sb, name)
  local found = sb:call("rds", "DescribeEvents", { SourceIdentifier = name, SourceType = "db-instance" }).Events
  local list = {}
  for _, event in ipairs(found) do
    if event.EventCategories[1] == "failure" then list[#list + 1] = event end
  end
  return list
end

function tests.a_rename_that_fails_behind_the_back()
  local sb, clock = world()
  sb:inject { { operation = "ModifyDBInstance", occurrence = 1, kind = "background_failure" } }
  assert(sb:call("rds", "ModifyDBInstance", RENAME))
  clock.wait(900)
  equal(sb:instance "mydb".DBInstanceStatus, "available")
  equal(sb:instance "mydb".PendingModifiedValues.DBInstanceIdentifier, nil)
  equal(sb:instance "mydb-temp", nil)
  equal(#failures(sb, "mydb"), 1)
  assert(sb:call("rds", "ModifyDBInstance", RENAME), "the name is free again")
end

function tests.a_modify_that_fails_behind_the_back()
  local sb, clock = world()
  sb:inject { { operation = "ModifyDBInstance", occurrence = 1, kind = "background_failure" } }
  assert(sb:call("rds", "ModifyDBInstance",
    { DBInstanceIdentifier = "mydb", MultiAZ = false, ApplyImmediately = true }))
  clock.wait(900)
  equal(sb:instance "mydb".MultiAZ, true)
  equal(sb:instance "mydb".DBInstanceStatus, "available")
  equal(next(sb:instance "mydb".PendingModifiedValues), nil)
  equal(#failures(sb, "mydb"), 1)
end

function tests.stuck()
  local sb, clock = world()
  sb:inject {
    { operation = "ModifyDBInstance", occurrence = 1, kind = "stuck" },
    { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "stuck" },
  }
  assert(sb:call("rds", "ModifyDBInstance", RENAME))
  assert(sb:call("rds", "RestoreDBInstanceFromDBSnapshot", RESTORE))
  clock.wait(7 * 86400)
  local state = sb:instance "mydb".DBInstanceStatus
  assert(state == "modifying" or state == "renaming", state)
  equal(sb:instance "n".DBInstanceStatus, "creating")
end

function tests.operators_act_at_their_time()
  local sb, clock = world { snapshot_delete_s = 10 }
  local seen
  sb:at(100, function(world_then)
    world_then:operator("DeleteDBSnapshot", { DBSnapshotIdentifier = "s" })
    world_then:disturb("mydb", "maintenance", 60)
    seen = world_then.now
  end)
  clock.wait(150)
  equal(sb:instance "mydb".DBInstanceStatus, "maintenance")
  equal(seen, 1700000100000)
  equal(sb:snapshot "s", nil)
  equal(sb.audit[1].by, "operator")
  clock.wait(20)
  equal(sb:instance "mydb".DBInstanceStatus, "available")
end

function tests.disturbances()
  local sb, clock = world()
  assert(sb:call("rds", "ModifyDBInstance", RENAME))
  equal(sb:disturb("mydb", "maintenance", 60), false, "in the middle of a rename")
  clock.wait(60)
  equal(sb:disturb("mydb", "inaccessible-encryption-credentials"), true)
  clock.wait(7200)
  equal(sb:instance "mydb".DBInstanceStatus, "inaccessible-encryption-credentials")
  equal(sb:instance "mydb-temp", nil)
  assert(sb:call("rds", "RestoreDBInstanceFromDBSnapshot", { DBInstanceIdentifier = "mydb-temp",
    DBSnapshotIdentifier = "s" }), "the name is free again")
end

function tests.every_change_is_told()
  local sb, clock = world()
  local told = 0
  sb.on_commit = function(now) told = told + (now:instance "mydb" and 1 or 0) end
  assert(sb:call("rds", "CreateDBSnapshot", SNAPSHOT))
  local before = told
  assert(before >= 2)
  assert(sb:call("rds", "DescribeDBInstances", {}))
  equal(told, before, "a read")
  clock.wait(3600)
  sb:advance()
  assert(told > before)
end

function tests.the_transport_raises_in_the_client_s_form()
  local sb = world()
  local transport = sb:transport()
  local call = { service = "rds", operation = "DescribeDBInstances", params = { DBInstanceIdentifier = "none" } }
  local _, err = pcall(transport.send, transport, call)
  assert(errors.is(err, "DBInstanceNotFound"))
  equal(err.retryable, false)
  equal(err.ambiguous, false)
  assert(tostring(err):find("DescribeDBInstances: DBInstanceNotFound: DBInstance none not found. (HTTP 404", 1, true))
  sb:inject {
    { operation = "CreateDBSnapshot", occurrence = 1, kind = "lost" },
    { operation = "DescribeDBSnapshots", occurrence = 1, kind = "drop", count = 3 },
    { operation = "DescribeDBSnapshots", occurrence = 4, kind = "throttle", count = 3 },
  }
  _, err = pcall(transport.send, transport, { service = "rds", operation = "CreateDBSnapshot", params = SNAPSHOT })
  equal(err.ambiguous, true)
  equal(err.retryable, true)
  call = { service = "rds", operation = "DescribeDBSnapshots", params = {}, read_only = true }
  for _ = 1, 2 do
    _, err = pcall(transport.send, transport, call)
    equal(err.ambiguous, false)
    equal(err.retryable, true)
  end
  local result, info = transport:send(call)
  equal(#result.DBSnapshots, 2)
  equal(info.status, 200)
  equal(transport.region, "us-east-1")
end

function tests.misuse_is_told()
  local sb = world()
  local ok, err = pcall(sb.inject, sb, { "DescribeDBInstances:1:drop", "DescribeDBInstances:1:dorp" })
  assert(not ok and err:find("'DescribeDBInstances:1:dorp': there is no kind of fault 'dorp'; did you mean drop?", 1,
    true), err)
  equal(#sb.faults, 0, "faults of a plan with a mistake")
  assert(not pcall(sandbox.new, { now_ms = function() return 0 end, knobs = { nonsense_s = 1 } }))
end

--- A whole story, told by the audit and by what was seen.
local function story(seed)
  local sb, clock = world({ stale_s = { 0, 10 }, throttle_rate_per_s = 0.1, throttle_burst = 2 }, seed)
  local seen = {}
  local function ask(operation, params)
    local result, err = sb:call("rds", operation, params)
    seen[#seen + 1] = result or err
  end
  ask("ModifyDBInstance", RENAME)
  for step = 1, 200 do
    clock.wait(13)
    ask("DescribeDBInstances", {})
    if step == 60 then ask("RestoreDBInstanceFromDBSnapshot", RESTORE) end
  end
  return json.encode { seen, sb.audit }
end

function tests.a_seed_says_everything()
  local first = story(42)
  equal(first == story(42), true, "the same seed")
  equal(first == story(43), false, "another seed")
end

return tests
