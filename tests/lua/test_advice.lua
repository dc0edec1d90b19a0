--- Advice in preflight: each question with a good, a doubtful and no answer; and that it never refuses.
local errors = require "trapheus.errors"
local merged = require "merged"
local preflight = require "trapheus.steps.preflight"
local rehearse = require "rehearse"
local report = require "trapheus.report"
local run_module = require "trapheus.run"
local world_module = require "trapheus.world"

local tests = {}

-- A database about which nothing needs to be said.
local PLAIN = { DBInstanceIdentifier = "mydb", IAMDatabaseAuthenticationEnabled = false,
  PerformanceInsightsEnabled = false, AvailabilityZone = "us-east-1a" }

local ADVISORY = { "DescribeDBEngineVersions", "DescribeOrderableDBInstanceOptions", "DescribeDBParameterGroups",
  "DescribeOptionGroups", "DescribeDBSubnetGroups", "DescribeAccountAttributes", "DescribeExportTasks",
  "DescribePendingMaintenanceActions", "DescribeDBProxies", "DescribeIntegrations" }

-- Answers an operation in the place of the sandbox; a function may raise.
local function stand_in(world, operation, reply, asked)
  local real = world.rds[operation]
  world.rds[operation] = function(client, parameters, how)
    asked[#asked + 1] = { operation = operation, parameters = parameters, how = how }
    if reply == nil then return real(client, parameters, how) end
    return type(reply) == "function" and reply(parameters) or reply
  end
end

--- One preflight: what it warns of, its answer, and the advisory calls.
---@param spec table  task, instance, snapshot, options; replies in the place of the sandbox's; prepare(world)
local function advise(spec)
  local world = world_module.sandbox { knobs = { stale_s = 0 } }
  world.sandbox:add_instance(merged(PLAIN, spec.instance or {}))
  if spec.snapshot then
    world.sandbox:add_snapshot(merged({ DBSnapshotIdentifier = "mydb-snapshot", DBInstanceIdentifier = "mydb" },
      spec.snapshot))
  end
  local asked = {}
  for _, operation in ipairs(ADVISORY) do stand_in(world, operation, (spec.replies or {})[operation], asked) end
  for operation, reply in pairs(spec.replies or {}) do
    if operation == "DescribeDBProxyTargets" then stand_in(world, operation, reply, asked) end
  end
  if spec.prepare then spec.prepare(world) end
  local run = run_module.new(world, { identifier = "mydb", task = spec.task or "create_snapshot",
    options = spec.options or {}, script = "scripts/restore.lua" })
  local answer = preflight.advance(run)
  assert(answer.done, answer.fail or answer.wait)
  return run.record.warnings, asked, run
end

local function silent(spec)
  local warnings = advise(spec)
  assert(#warnings == 0, table.concat(warnings, "\n"))
end

-- Exactly one line, with each of these texts in it.
local function says(spec, ...)
  local warnings = advise(spec)
  assert(#warnings == 1, #warnings .. " lines: " .. table.concat(warnings, "\n"))
  for _, text in ipairs { ... } do
    assert(warnings[1]:find(text, 1, true), ("%q is not in: %s"):format(text, warnings[1]))
  end
  assert(not warnings[1]:find "\n", "one line")
end

local function one(list, item) return { [list] = { item } } end

function tests.of_a_healthy_database_nothing_is_said()
  for _, task in ipairs { "create_snapshot", "db_restore", "create_snapshot_only" } do
    silent { task = task, snapshot = {} }
    silent { task = task, snapshot = {}, instance = { MultiAZ = false } }
  end
end

function tests.each_question_is_sent_once()
  local _, asked = advise { snapshot = {} }
  assert(#asked == #ADVISORY, #asked)
  for _, call in ipairs(asked) do assert(call.how.max_attempts == 1, call.operation) end
end

function tests.only_a_restore_asks_what_a_restore_needs()
  local _, asked = advise { task = "create_snapshot_only", snapshot = {}, instance = {
    IAMDatabaseAuthenticationEnabled = true } }
  local operations = {}
  for i, call in ipairs(asked) do operations[i] = call.operation end
  assert(table.concat(operations, " ")
    == "DescribeAccountAttributes DescribeExportTasks DescribePendingMaintenanceActions", table.concat(operations, " "))
end

function tests.engine_version()
  local function reply(versions) return { replies = { DescribeDBEngineVersions = { DBEngineVersions = versions } } } end
  silent(reply { { EngineVersion = "16.4", Status = "available" } })
  silent(reply { { EngineVersion = "16.4" } })
  says(reply { { EngineVersion = "16.4", Status = "deprecated" } }, "postgres 16.4 is deprecated")
  says(reply {}, "postgres 16.4 is not offered any more", "upgrade the database first")
end

function tests.the_version_is_that_of_the_snapshot()
  local warnings, asked = advise { task = "db_restore", snapshot = { EngineVersion = "16.1" },
    replies = { DescribeDBEngineVersions = { DBEngineVersions = {} } } }
  assert(asked[1].parameters.EngineVersion == "16.1" and asked[2].parameters.EngineVersion == "16.1")
  assert(#warnings == 1 and warnings[1]:find "16%.1", table.concat(warnings, "\n"))
end

function tests.class_storage_type_and_zone()
  local function offer(fields)
    return one("OrderableDBInstanceOptions", merged({ DBInstanceClass = "db.r6g.xlarge", StorageType = "gp3",
      MultiAZCapable = true, AvailabilityZones = { { Name = "us-east-1a" } } }, fields))
  end
  local function spec(fields, instance)
    return { instance = instance, replies = { DescribeOrderableDBInstanceOptions = fields and offer(fields)
      or { OrderableDBInstanceOptions = {} } } }
  end
  local single = { MultiAZ = false }
  silent(spec {})
  silent(spec({}, single))
  silent(spec { AvailabilityZones = {} })
  says(spec(nil), "the class db.r6g.xlarge is not offered for postgres 16.4", "change the class")
  says(spec { DBInstanceClass = "db.t3.micro" }, "the class db.r6g.xlarge is not offered")
  says(spec { StorageType = "io1" }, "gp3 storage is not offered for db.r6g.xlarge", "change the storage type")
  says(spec { MultiAZCapable = false }, "not offered as Multi-AZ")
  silent(spec({ MultiAZCapable = false }, single))
  says(spec({ AvailabilityZones = { { Name = "us-east-1b" } } }, single), "db.r6g.xlarge is not offered in us-east-1a")
end

local function fails(code, status)
  return function() error(errors.new { code = code, status = status, operation = "DescribeX", service = "rds" }, 0) end
end

function tests.a_version_that_could_not_be_asked_leaves_the_class_open()
  says({ replies = { DescribeDBEngineVersions = fails("InternalFailure", 500),
    DescribeOrderableDBInstanceOptions = { OrderableDBInstanceOptions = {} } } },
    "could not be asked, as the endpoint gives no usable answer: engine version, instance class and storage type")
  local warnings = advise { replies = { DescribeDBEngineVersions = fails("AccessDenied", 403),
    DescribeOrderableDBInstanceOptions = { OrderableDBInstanceOptions = {} } } }
  assert(#warnings == 2 and warnings[1]:find "the class db.r6g.xlarge is not offered", table.concat(warnings, "\n"))
end

function tests.groups()
  for _, row in ipairs {
    { "DescribeDBParameterGroups", "DBParameterGroups", "DBParameterGroupNotFound",
      "parameter group production-postgres" },
    { "DescribeOptionGroups", "OptionGroupsList", "OptionGroupNotFoundFault", "option group production-postgres" },
    { "DescribeDBSubnetGroups", "DBSubnetGroups", "DBSubnetGroupNotFoundFault", "subnet group production" },
  } do
    says({ replies = { [row[1]] = fails(row[3], 404) } }, row[4], "does not exist any more")
    says({ replies = { [row[1]] = { [row[2]] = {} } } }, row[4], "does not exist any more", "make it first")
  end
  says({ replies = { DescribeDBSubnetGroups = one("DBSubnetGroups", { SubnetGroupStatus = "Incomplete" }) } },
    "subnet group production is 'Incomplete'", "repair it first")
end

function tests.default_groups_are_always_there()
  silent { instance = {
    DBParameterGroups = { { DBParameterGroupName = "default.postgres16", ParameterApplyStatus = "in-sync" } },
    OptionGroupMemberships = { { OptionGroupName = "default:postgres-16", Status = "in-sync" } },
  }, replies = { DescribeDBParameterGroups = { DBParameterGroups = {} },
    DescribeOptionGroups = { OptionGroupsList = {} } } }
end

local function quota(name, used, max)
  return { DescribeAccountAttributes = one("AccountQuotas", { AccountQuotaName = name, Used = used, Max = max }) }
end

function tests.quotas()
  silent { replies = quota("DBInstances", 39, 40) }
  says({ replies = quota("DBInstances", 40, 40) }, "40 of 40 DB instances are used", "1 more")
  silent { task = "create_snapshot_only", replies = quota("DBInstances", 40, 40) }
  says({ replies = quota("AllocatedStorage", 600, 1000) }, "600 of 1000 GiB of storage", "500 more")
  silent { replies = quota("AllocatedStorage", 500, 1000) }
  silent { replies = quota("ReservedDBInstances", 40, 40) }
end

-- With one place left for a snapshot, or none: task, options, whether a snapshot is there, how many more it takes.
function tests.the_snapshots_that_a_run_makes()
  for i, row in ipairs {
    { "create_snapshot", {}, false, 1 },
    { "create_snapshot", {}, true, 1 },
    { "create_snapshot", { replace_snapshot = "direct" }, true, 0 },
    { "create_snapshot", { final_snapshot = "last" }, false, 2 },
    { "create_snapshot", { final_snapshot = "last" }, true, 1 },
    { "create_snapshot", { final_snapshot = "last", keep_original = true }, false, 1 },
    { "create_snapshot_only", {}, false, 1 },
    { "db_restore", {}, true, 0 },
    { "db_restore", { delete_automated_backups = true }, true, 1 },
    { "db_restore", { delete_automated_backups = true, skip_final_snapshot = true }, true, 0 },
  } do
    local spec = { task = row[1], options = row[2], snapshot = row[3] and {} or nil }
    spec.replies = quota("ManualSnapshots", 100 - row[4], 100)
    local warnings = advise(spec)
    assert(#warnings == 0, i .. table.concat(warnings))
    spec.replies = quota("ManualSnapshots", 101 - row[4], 100)
    warnings = advise(spec)
    assert(#warnings == (row[4] > 0 and 1 or 0), i .. table.concat(warnings))
  end
end

function tests.running_exports()
  local function spec(status)
    return { snapshot = {}, replies = { DescribeExportTasks = one("ExportTasks",
      { ExportTaskIdentifier = "to-s3", Status = status, PercentProgress = 43 }) } }
  end
  silent(spec "COMPLETE")
  says(spec "IN_PROGRESS", "mydb-snapshot is being exported (to-s3, 43%)", "goes on with the export", "--snapshot")
  local restoring = spec "IN_PROGRESS"
  restoring.task = "db_restore"
  silent(restoring)
end

function tests.pending_maintenance()
  local function spec(action, task)
    return { task = task, replies = { DescribePendingMaintenanceActions = one("PendingMaintenanceActions",
      { PendingMaintenanceActionDetails = { merged({ Action = "system-update" }, action) } }) } }
  end
  local now = world_module.sandbox():now_ms() // 1000
  silent(spec {})
  silent(spec { CurrentApplyDate = now + 3 * 86400 })
  says(spec { CurrentApplyDate = now + 3600 }, "'system-update' is due at 2026-01-01 01:00 UTC")
  says(spec { CurrentApplyDate = now - 3600 }, "'system-update' is due")
  says(spec { CurrentApplyDate = now + 3 * 86400, OptInStatus = "next-maintenance" }, "opt in again")
  silent(spec({ OptInStatus = "next-maintenance" }, "create_snapshot_only"))
end

local function proxies(count, target, vpc)
  local list = {}
  for i = 1, count do list[i] = { DBProxyName = "p" .. i, VpcId = vpc or "vpc-0a1b2c3d4e5f60718" } end
  return { DescribeDBProxies = { DBProxies = list }, DescribeDBProxyTargets = function(parameters)
    return { Targets = { { RdsResourceId = parameters.DBProxyName == "p2" and target or "other" } } }
  end }
end

function tests.zero_etl_integrations_of_this_database()
  local function integrate(world)
    world.sandbox:add_instance { DBInstanceIdentifier = "other" }
    world.sandbox:add_integration("of-another", "other")
  end
  silent { prepare = integrate }
  says({ prepare = function(world)
    integrate(world)
    world.sandbox:add_integration("to-redshift", "mydb")
  end }, "zero-ETL integrations have it as their source (to-redshift)")
end

function tests.proxies()
  silent { replies = proxies(3) }
  says({ replies = proxies(3, "mydb") }, "RDS proxies have it as their target (p2)", "AVAILABLE")
  silent { replies = proxies(3, "mydb", "vpc-other") }
  says({ replies = proxies(12) }, "only 10 of 12 RDS proxies")
  local _, asked = advise { replies = proxies(40) }
  local targets = 0
  for _, call in ipairs(asked) do targets = targets + (call.operation == "DescribeDBProxyTargets" and 1 or 0) end
  assert(targets == 10, targets)
end

function tests.credentials_that_end_too_early()
  local function ending(after_s)
    return { prepare = function(world)
      local ends_at = tonumber(after_s) and world:now_ms() // 1000 + after_s
      world.rds.transport.identity = { source = {}, ends_at = function() return ends_at end,
        ends_unknown = function() return after_s == "unknown" end }
    end }
  end
  silent(ending(nil))
  silent(ending(2 * 86400))
  says(ending "unknown", "nothing says when they end", "trapheus resume")
  says(ending(3240), "the credentials end at 2026-01-01 00:54 UTC, in 54 min", "trapheus resume ")
end

function tests.a_clock_that_is_wrong()
  local function skewed(seconds)
    return { prepare = function(world) world.sandbox:shift_clock(-seconds) end }
  end
  silent(skewed(59))
  silent(skewed(-59))
  says(skewed(420), "7 min ahead of AWS's")
  says(skewed(-420), "7 min behind AWS's")
end

function tests.nobody_is_told()
  silent { prepare = function(world) world.unattended = false end }
  says({ prepare = function(world) world.unattended = true end }, "nobody is told", "trapheus notify")
end

function tests.what_goes_by_resource_id()
  local function spec(instance, task) return { task = task, instance = instance } end
  says(spec { IAMDatabaseAuthenticationEnabled = true, DbiResourceId = "db-OLD" }, "db-OLD", "rds-db:connect")
  silent(spec({ IAMDatabaseAuthenticationEnabled = true }, "create_snapshot_only"))
  says(spec { PerformanceInsightsEnabled = true, PerformanceInsightsRetentionPeriod = 31 }, "31 days")
  silent(spec { PerformanceInsightsEnabled = true, PerformanceInsightsRetentionPeriod = 7 })
end

function tests.a_directory_and_replicas()
  says({ instance = { DomainMemberships = { { Domain = "d-1", FQDN = "corp.example.com" } } } },
    "joined to the domain corp.example.com")
  says({ instance = { ReadReplicaDBInstanceIdentifiers = { "r1" }, ReadReplicaDBClusterIdentifiers = { "c1" } },
    options = { allow_replicas = true } }, "read replicas (r1, c1)", "make new ones")
end

function tests.a_snapshot_with_another_key()
  says({ task = "db_restore", snapshot = { KmsKeyId = "arn:aws:kms:other" } }, "the snapshot's key arn:aws:kms:other")
  silent { task = "create_snapshot", snapshot = { KmsKeyId = "arn:aws:kms:other" } }
end

-- No answer -----------------------------------------------------------------------------------

function tests.what_is_denied_is_one_line_that_names_the_permissions()
  local replies = {}
  for _, operation in ipairs { "DescribeDBEngineVersions", "DescribeDBProxies" } do
    replies[operation] = function()
      error(errors.new { code = "AccessDenied", status = 403, operation = operation, service = "rds" }, 0)
    end
  end
  says({ replies = replies }, "not permitted (rds:DescribeDBEngineVersions, rds:DescribeDBProxies): "
    .. "engine version, RDS proxies")
end

function tests.an_answer_that_makes_no_sense_is_none()
  says({ replies = { DescribeAccountAttributes = one("AccountQuotas", { AccountQuotaName = "DBInstances" }) } },
    "no usable answer: quotas")
end

function tests.one_without_an_answer_does_not_hide_the_others()
  local warnings = advise { replies = merged(quota("DBInstances", 40, 40), {
    DescribeDBEngineVersions = fails("InternalFailure", 500), DescribeDBProxies = fails("MalformedReply", 500),
    DescribeOptionGroups = fails("AccessDenied", 403),
  }) }
  assert(#warnings == 3, table.concat(warnings, "\n"))
  assert(warnings[1]:find "40 of 40" and warnings[2]:find "not permitted")
  assert(warnings[3] == "could not be asked, as the endpoint gives no usable answer: engine version, RDS proxies")
end

function tests.what_is_no_answer_goes_up()
  local signal = {}
  local ok, err = pcall(advise, { replies = { DescribeDBProxies = function() error(signal, 0) end } })
  assert(not ok and err == signal)
end

function tests.who_is_not_waited_for_has_not_refused_to_answer()
  local interrupted = errors.new { code = "Interrupted", operation = "DescribeDBProxies", retryable = true }
  for _, operation in ipairs { "DescribeDBProxies", "DescribeEventSubscriptions" } do
    local ok, err = pcall(advise, { prepare = function(world)
      world.rds[operation] = function() error(interrupted, 0) end
    end })
    assert(not ok and err == interrupted, operation)
  end
end

-- All of it -----------------------------------------------------------------------------------

for _, kind in ipairs { "denied", "500n", "drop", "garbage", "throttle" } do
  tests["a run goes on when every question ends in " .. kind] = function()
    local faults = {}
    for i, operation in ipairs(ADVISORY) do
      faults[i] = { operation = operation, occurrence = "every", kind = kind }
    end
    local result = rehearse { instance = PLAIN, snapshot = true, faults = faults }
    assert(result.outcome == "restored", result.outcome)
    local lines = 0
    for _, warning in ipairs(result.document.warnings) do
      lines = lines + (warning:find "^could not be asked" and 1 or 0)
    end
    assert(lines == 1, table.concat(result.document.warnings, "\n"))
    local counts = {}
    for _, entry in ipairs(result.sandbox.audit) do counts[entry.operation] = (counts[entry.operation] or 0) + 1 end
    for _, operation in ipairs(ADVISORY) do assert(counts[operation] == 1, operation) end
  end
end

function tests.the_plan_that_is_confirmed_shows_the_warnings()
  local text = report.plan({ calls = {}, carried = {}, impossible = {}, not_asked = {} }, { "beware \27[2J" })
  assert(text:find("Warning: beware \\x1b[2J", 1, true), text)
end

function tests.the_report_gives_both_resource_ids()
  local result = rehearse { instance = merged(PLAIN, { IAMDatabaseAuthenticationEnabled = true }) }
  local text = report.text(result.run)
  assert(text:find(result.record.facts.original.resource_id, 1, true))
  assert(text:find("replacement  " .. result.record.facts.replacement.resource_id, 1, true))
end

return tests
