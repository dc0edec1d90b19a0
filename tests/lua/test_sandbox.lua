--- The sandbox: timelines of rename, snapshot, restore and delete, turned by hand.
local sandbox = require "trapheus.sandbox"
local equal = require("witness").equal

local tests = {}

local START_MS = 1700000000000

--- A sandbox whose times are known, and the clock that it is given.
local function world(knobs, options)
  local clock = { ms = START_MS }
  local values = {
    stale_s = 0, rename_lag_s = 10, rename_s = 100, rename_gap_s = 5, rename_reboot_s = 50, name_release_s = 0,
    rename_label_percent = 100, modify_lag_s = 5, modify_s = 30, reboot_s = 40, snapshot_start_s = 2, snapshot_s = 60,
    snapshot_tail_s = 10, snapshot_delete_s = 5, restore_s = 300, restore_flaps = 2, restore_flap_s = 20,
    restore_backup_lag_s = 30, restore_backup_s = 60, delete_s = 100, role_s = 5,
  }
  for name, value in pairs(knobs or {}) do values[name] = value end
  options = options or {}
  local sb = sandbox.new {
    now_ms = function() return clock.ms end, seed = options.seed or 1, knobs = values,
    region = options.region, account = options.account,
  }
  function clock.to(seconds) clock.ms = START_MS + math.floor(seconds * 1000) end
  return sb, clock
end

local function call(sb, operation, params)
  local result, err = sb:call("rds", operation, params)
  if err then error(("%s: %s: %s"):format(operation, err.code, err.message), 2) end
  return result
end

local function refused(sb, operation, params)
  local result, err = sb:call("rds", operation, params)
  assert(result == nil, operation .. " was not refused")
  return err.code, err
end

local function status(sb, name)
  local result, err = sb:call("rds", "DescribeDBInstances", { DBInstanceIdentifier = name })
  return result and result.DBInstances[1].DBInstanceStatus or err.code
end

local function rename(sb, from, to)
  return call(sb, "ModifyDBInstance",
    { DBInstanceIdentifier = from, NewDBInstanceIdentifier = to, ApplyImmediately = true })
end

function tests.rename_timeline()
  local sb, clock = world()
  local rid = sb:add_instance { DBInstanceIdentifier = "MyDB" }.DbiResourceId
  local reply = rename(sb, "mydb", "MyDB-Temp").DBInstance
  equal(reply.DBInstanceStatus, "available")
  equal(reply.PendingModifiedValues.DBInstanceIdentifier, "mydb-temp")
  for _, moment in ipairs {
    { 9, "available", "DBInstanceNotFound" },
    { 11, "renaming", "DBInstanceNotFound" },
    { 109, "renaming", "DBInstanceNotFound" },
    { 112, "DBInstanceNotFound", "DBInstanceNotFound" },
    { 116, "DBInstanceNotFound", "rebooting" },
    { 164, "DBInstanceNotFound", "rebooting" },
    { 166, "DBInstanceNotFound", "available" },
  } do
    clock.to(moment[1])
    equal(status(sb, "mydb"), moment[2], "old name at " .. moment[1])
    equal(status(sb, "mydb-temp"), moment[3], "new name at " .. moment[1])
  end
  local moved = call(sb, "DescribeDBInstances", { DBInstanceIdentifier = "MYDB-TEMP" }).DBInstances[1]
  equal(moved.DbiResourceId, rid)
  equal(moved.DBInstanceArn, "arn:aws:rds:us-east-1:123456789012:db:mydb-temp")
  assert(moved.Endpoint.Address:find "^mydb%-temp%.")
  equal(next(moved.PendingModifiedValues), nil)
  equal(sb:by_resource_id(rid).DBInstanceIdentifier, "mydb-temp")
  equal(sb:instance "mydb", nil)
end

function tests.rename_target_is_reserved_and_old_name_is_held()
  local sb, clock = world { name_release_s = 60 }
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  sb:add_instance { DBInstanceIdentifier = "other" }
  sb:add_snapshot { DBSnapshotIdentifier = "s", DBInstanceIdentifier = "mydb" }
  equal(refused(sb, "ModifyDBInstance", { DBInstanceIdentifier = "other", NewDBInstanceIdentifier = "mydb" }),
    "DBInstanceAlreadyExists")
  rename(sb, "mydb", "mydb-temp")
  local restore = { DBInstanceIdentifier = "mydb-temp", DBSnapshotIdentifier = "s" }
  equal(refused(sb, "RestoreDBInstanceFromDBSnapshot", restore), "DBInstanceAlreadyExists")
  equal(refused(sb, "ModifyDBInstance", { DBInstanceIdentifier = "mydb", NewDBInstanceIdentifier = "x" }),
    "InvalidDBInstanceState")
  clock.to(120) -- gone from Describe, and yet not to be had
  equal(status(sb, "mydb"), "DBInstanceNotFound")
  restore.DBInstanceIdentifier = "mydb"
  equal(refused(sb, "RestoreDBInstanceFromDBSnapshot", restore), "DBInstanceAlreadyExists")
  clock.to(171)
  call(sb, "RestoreDBInstanceFromDBSnapshot", restore)
end

function tests.rename_can_wait_for_the_window_and_brings_the_rest_with_it()
  local sb, clock = world()
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  call(sb, "ModifyDBInstance", { DBInstanceIdentifier = "mydb", DBInstanceClass = "db.r6g.2xlarge" })
  clock.to(60)
  local shown = call(sb, "DescribeDBInstances", { DBInstanceIdentifier = "mydb" }).DBInstances[1]
  equal(shown.DBInstanceClass, "db.r6g.xlarge")
  equal(shown.PendingModifiedValues.DBInstanceClass, "db.r6g.2xlarge")
  rename(sb, "mydb", "mydb-temp")
  clock.to(300)
  equal(sb:instance "mydb-temp".DBInstanceClass, "db.r6g.2xlarge")
end

function tests.rename_to_itself_reboots()
  local sb, clock = world()
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  rename(sb, "mydb", "mydb")
  clock.to(20)
  equal(status(sb, "mydb"), "rebooting")
  clock.to(70)
  equal(status(sb, "mydb"), "available")
end

function tests.both_names_may_answer()
  local sb, clock = world { rename_both_s = 4 }
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  rename(sb, "mydb", "mydb-temp")
  clock.to(112)
  equal(status(sb, "mydb"), "renaming")
  equal(status(sb, "mydb-temp"), "renaming")
  clock.to(115)
  equal(status(sb, "mydb"), "DBInstanceNotFound")
end

local function snapshot_status(sb, name)
  local result, err = sb:call("rds", "DescribeDBSnapshots", { DBSnapshotIdentifier = name })
  return result and result.DBSnapshots[1].Status or err.code, result and result.DBSnapshots[1]
end

function tests.snapshot_timeline()
  local sb, clock = world()
  local rid = sb:add_instance { DBInstanceIdentifier = "mydb" }.DbiResourceId
  local new = { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "mydb-snapshot" }
  local reply = call(sb, "CreateDBSnapshot", new).DBSnapshot
  equal(reply.Status, "creating")
  equal(reply.SnapshotCreateTime, nil)
  equal(reply.PercentProgress, 0)
  equal(status(sb, "mydb"), "backing-up")
  equal(refused(sb, "CreateDBSnapshot", new), "DBSnapshotAlreadyExists")
  new.DBSnapshotIdentifier = "another"
  equal(refused(sb, "CreateDBSnapshot", new), "InvalidDBInstanceState")
  equal(refused(sb, "DeleteDBSnapshot", { DBSnapshotIdentifier = "mydb-snapshot" }), "InvalidDBSnapshotState")
  clock.to(30)
  local state, shown = snapshot_status(sb, "mydb-snapshot")
  equal(state, "creating")
  assert(shown.PercentProgress >= 45 and shown.PercentProgress <= 55, shown.PercentProgress)
  equal(shown.SnapshotCreateTime, START_MS / 1000 + 2)
  clock.to(61)
  state, shown = snapshot_status(sb, "mydb-snapshot")
  equal(state, "available")
  equal(shown.PercentProgress, 100)
  equal(shown.DbiResourceId, rid)
  equal(status(sb, "mydb"), "backing-up", "the instance, a little later")
  clock.to(71)
  equal(status(sb, "mydb"), "available")
  equal(call(sb, "DescribeDBSnapshots", { DBInstanceIdentifier = "mydb" }).DBSnapshots[1].Status, "available")
  equal(call(sb, "DeleteDBSnapshot", { DBSnapshotIdentifier = "mydb-snapshot" }).DBSnapshot.Status, "available")
  equal(snapshot_status(sb, "mydb-snapshot"), "deleting")
  clock.to(80)
  equal(snapshot_status(sb, "mydb-snapshot"), "DBSnapshotNotFound")
end

function tests.snapshots_differ_in_what_was_written()
  local sb, clock = world()
  sb:add_instance { DBInstanceIdentifier = "mydb", data_version = 7 }
  sb:add_snapshot { DBSnapshotIdentifier = "old", DBInstanceIdentifier = "mydb" }
  sb:write("mydb", 3)
  call(sb, "CreateDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "new" })
  clock.to(90)
  equal(sb:snapshot "old".data_version, 7)
  equal(sb:snapshot "new".data_version, 11)
  equal(call(sb, "DescribeDBInstances", {}).DBInstances[1].data_version, nil)
  equal(call(sb, "DescribeDBSnapshots", {}).DBSnapshots[1].data_version, nil)
  call(sb, "CopyDBSnapshot", { SourceDBSnapshotIdentifier = "old", TargetDBSnapshotIdentifier = "copy" })
  clock.to(160)
  equal(sb:snapshot "copy".data_version, 7)
  equal(sb:snapshot "copy".Status, "available")
  call(sb, "RestoreDBInstanceFromDBSnapshot", { DBInstanceIdentifier = "n", DBSnapshotIdentifier = "copy" })
  equal(sb:instance "n".restored_version, 7)
end

function tests.snapshot_quota()
  local sb = world { snapshot_quota = 1 }
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  sb:add_snapshot { DBSnapshotIdentifier = "a", DBInstanceIdentifier = "mydb" }
  equal(refused(sb, "CreateDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "b" }),
    "SnapshotQuotaExceeded")
end

local function with_snapshot(knobs)
  local sb, clock = world(knobs)
  sb:add_instance { DBInstanceIdentifier = "mydb", StorageType = "io2", Iops = 20000 }
  sb:add_snapshot { DBSnapshotIdentifier = "s", DBInstanceIdentifier = "mydb" }
  return sb, clock
end

function tests.restore_without_parameters_has_aws_defaults()
  local sb = with_snapshot()
  local new = call(sb, "RestoreDBInstanceFromDBSnapshot",
    { DBInstanceIdentifier = "n", DBSnapshotIdentifier = "s" }).DBInstance
  for field, value in pairs {
    DBInstanceStatus = "creating", MultiAZ = false, StorageType = "gp3", Iops = 12000, StorageThroughput = 500,
    IAMDatabaseAuthenticationEnabled = false, MonitoringInterval = 0, PerformanceInsightsEnabled = false,
    DatabaseInsightsMode = "standard", CopyTagsToSnapshot = false, DeletionProtection = false, NetworkType = "IPV4",
    AutoMinorVersionUpgrade = true, CACertificateIdentifier = "rds-ca-rsa2048-g1", PubliclyAccessible = true,
    EngineLifecycleSupport = "open-source-rds-extended-support",
    DBInstanceClass = "db.r6g.xlarge", EngineVersion = "16.4", AllocatedStorage = 500, MasterUsername = "app_admin",
  } do
    equal(new[field], value, field)
  end
  for _, field in ipairs { "Endpoint", "MaxAllocatedStorage", "MonitoringRoleArn", "SecondaryAvailabilityZone" } do
    equal(new[field], nil, field)
  end
  equal(new.DBParameterGroups[1].DBParameterGroupName, "default.postgres16")
  equal(new.OptionGroupMemberships[1].OptionGroupName, "default:postgres-16")
  equal(#new.VpcSecurityGroups, 1)
  equal(new.VpcSecurityGroups[1].VpcSecurityGroupId, "sg-default")
  equal(new.DBSubnetGroup.DBSubnetGroupName, "default")
  equal(#new.EnabledCloudwatchLogsExports, 0)
  equal(#new.AssociatedRoles, 0)
  assert(new.DbiResourceId ~= sb:instance "mydb".DbiResourceId)
  assert(new.PreferredBackupWindow ~= sb:instance "mydb".PreferredBackupWindow)
  assert(new.PreferredMaintenanceWindow ~= sb:instance "mydb".PreferredMaintenanceWindow)
  equal(new.TagList[1].Value, "production", "the source's tags")
end

function tests.restore_takes_what_it_is_given()
  local sb = with_snapshot()
  local new = call(sb, "RestoreDBInstanceFromDBSnapshot", {
    DBInstanceIdentifier = "n", DBSnapshotIdentifier = sb:snapshot "s".DBSnapshotArn, MultiAZ = true,
    DBParameterGroupName = "production-postgres", OptionGroupName = "production-postgres",
    VpcSecurityGroupIds = { "sg-0app", "sg-0admin" }, DBSubnetGroupName = "production", StorageType = "gp3",
    Iops = 16000, StorageThroughput = 700, EnableIAMDatabaseAuthentication = true, Port = 5433,
    EnableCloudwatchLogsExports = { "upgrade", "postgresql" }, PubliclyAccessible = false,
    AutoMinorVersionUpgrade = false, CopyTagsToSnapshot = true, BackupRetentionPeriod = 0,
    PreferredBackupWindow = "01:00-01:30", Tags = { { Key = "only", Value = "this" } },
  }).DBInstance
  for field, value in pairs {
    MultiAZ = true, Iops = 16000, StorageThroughput = 700, IAMDatabaseAuthenticationEnabled = true,
    PubliclyAccessible = false, AutoMinorVersionUpgrade = false, CopyTagsToSnapshot = true,
    BackupRetentionPeriod = 0, PreferredBackupWindow = "01:00-01:30",
  } do
    equal(new[field], value, field)
  end
  equal(new.DBParameterGroups[1].DBParameterGroupName, "production-postgres")
  equal(new.VpcSecurityGroups[2].VpcSecurityGroupId, "sg-0admin")
  equal(table.concat(new.EnabledCloudwatchLogsExports, ","), "postgresql,upgrade")
  equal(#new.TagList, 1)
  equal(new.TagList[1].Key, "only")
  assert(new.SecondaryAvailabilityZone and new.SecondaryAvailabilityZone ~= new.AvailabilityZone)
end

function tests.restore_timeline()
  local sb, clock = with_snapshot()
  call(sb, "RestoreDBInstanceFromDBSnapshot", { DBInstanceIdentifier = "n", DBSnapshotIdentifier = "s" })
  clock.to(299)
  equal(status(sb, "n"), "creating")
  clock.to(301)
  local flapping = status(sb, "n")
  assert(flapping ~= "creating" and flapping ~= "available", flapping)
  equal(sb:instance "n".Endpoint.Port, 5432)
  clock.to(341)
  equal(status(sb, "n"), "available")
  clock.to(371)
  equal(status(sb, "n"), "backing-up", "baseline backup")
  equal(refused(sb, "ModifyDBInstance", { DBInstanceIdentifier = "n", DeletionProtection = true }),
    "InvalidDBInstanceState")
  clock.to(431)
  equal(status(sb, "n"), "available")
end

function tests.restore_refusals()
  local sb = with_snapshot()
  local function refusal(params)
    params.DBInstanceIdentifier = params.DBInstanceIdentifier or "n"
    params.DBSnapshotIdentifier = params.DBSnapshotIdentifier or "s"
    return (refused(sb, "RestoreDBInstanceFromDBSnapshot", params))
  end
  equal(refusal { DBInstanceIdentifier = "mydb" }, "DBInstanceAlreadyExists")
  equal(refusal { DBInstanceIdentifier = "my--db" }, "InvalidParameterValue")
  equal(refusal { DBInstanceIdentifier = "1db" }, "InvalidParameterValue")
  equal(refusal { DBInstanceIdentifier = ("d"):rep(64) }, "InvalidParameterValue")
  equal(refusal { DBSnapshotIdentifier = "none" }, "DBSnapshotNotFound")
  equal(refusal { MultiAZ = true, AvailabilityZone = "us-east-1a" }, "InvalidParameterCombination")
  equal(refusal { DBParameterGroupName = "unknown" }, "DBParameterGroupNotFound")
  equal(refusal { OptionGroupName = "unknown" }, "OptionGroupNotFoundFault")
  equal(refusal { DBSubnetGroupName = "unknown" }, "DBSubnetGroupNotFoundFault")
  equal(refusal { VpcSecurityGroupIds = { "sg-none" } }, "InvalidParameterValue")
  equal(refusal { StorageType = "gp3", Iops = 3000 }, "InvalidParameterCombination")
  equal(refusal { AllocatedStorage = 100 }, "InvalidParameterCombination")
  equal(refusal { Engine = "mysql" }, "InvalidParameterCombination")
  equal(refusal { DBName = "app" }, "InvalidParameterCombination")
  equal(refusal { ManageMasterUserPassword = true }, "InvalidParameterCombination")
  equal(refusal { MonitoringInterval = 60 }, "InvalidParameterValue")
  equal(refusal { BackupRetentionPeriod = 36 }, "InvalidParameterValue")
  equal(refusal { Tags = { { Key = "aws:x", Value = "y" } } }, "InvalidParameterValue")
  equal(sb:instance "n", nil)
end

function tests.delete_timeline()
  local sb, clock = world()
  local rid = sb:add_instance { DBInstanceIdentifier = "mydb", DeletionProtection = true }.DbiResourceId
  local delete = { DBInstanceIdentifier = "mydb", SkipFinalSnapshot = true, DeleteAutomatedBackups = false }
  local code, err = refused(sb, "DeleteDBInstance", delete)
  equal(code, "InvalidParameterCombination")
  equal(err.message, "Cannot delete protected DB Instance, please disable deletion protection and try again.")
  call(sb, "ModifyDBInstance", { DBInstanceIdentifier = "mydb", DeletionProtection = false })
  equal(refused(sb, "DeleteDBInstance", { DBInstanceIdentifier = "mydb" }), "InvalidParameterCombination")
  equal(call(sb, "DeleteDBInstance", delete).DBInstance.DBInstanceStatus, "deleting")
  clock.to(50)
  equal(refused(sb, "DeleteDBInstance", delete), "InvalidDBInstanceState")
  local filter = { Filters = { { Name = "dbi-resource-id", Values = { rid } } } }
  equal(call(sb, "DescribeDBInstances", filter).DBInstances[1].DBInstanceStatus, "deleting")
  clock.to(101)
  equal(#call(sb, "DescribeDBInstances", filter).DBInstances, 0)
  equal(refused(sb, "DeleteDBInstance", delete), "DBInstanceNotFound")
  equal(sb:by_resource_id(rid), nil)
  local backups = call(sb, "DescribeDBInstanceAutomatedBackups", { DbiResourceId = rid }).DBInstanceAutomatedBackups
  equal(backups[1].Status, "retained")
end

function tests.delete_with_a_final_snapshot_drops_the_backups()
  local sb, clock = world()
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  call(sb, "DeleteDBInstance", { DBInstanceIdentifier = "mydb", FinalDBSnapshotIdentifier = "final" })
  equal(snapshot_status(sb, "final"), "creating")
  clock.to(170)
  equal(snapshot_status(sb, "final"), "available")
  equal(status(sb, "mydb"), "DBInstanceNotFound")
  equal(#call(sb, "DescribeDBInstanceAutomatedBackups", {}).DBInstanceAutomatedBackups, 0)
end

function tests.modify_in_its_three_ways()
  local sb, clock = world()
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  local reply = call(sb, "ModifyDBInstance", {
    DBInstanceIdentifier = "mydb", DeletionProtection = true, MonitoringInterval = 0, MultiAZ = false,
    ApplyImmediately = true,
  }).DBInstance
  equal(reply.DeletionProtection, true, "at once")
  equal(reply.MonitoringInterval, 60, "soon")
  equal(reply.MultiAZ, true, "pending")
  equal(reply.PendingModifiedValues.MultiAZ, false)
  equal(reply.PendingModifiedValues.MonitoringInterval, nil)
  clock.to(6)
  equal(status(sb, "mydb"), "configuring-enhanced-monitoring")
  clock.to(36)
  local after = sb:instance "mydb"
  equal(after.DBInstanceStatus, "available")
  equal(after.MonitoringInterval, 0)
  equal(after.MultiAZ, false)
  equal(next(after.PendingModifiedValues), nil)
end

function tests.a_parameter_group_needs_a_reboot()
  local sb, clock = world()
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  local function group() return sb:instance "mydb".DBParameterGroups[1] end
  call(sb, "ModifyDBInstance", { DBInstanceIdentifier = "mydb", DBParameterGroupName = "default.postgres16" })
  equal(group().DBParameterGroupName, "default.postgres16")
  equal(group().ParameterApplyStatus, "applying")
  clock.to(40)
  equal(group().ParameterApplyStatus, "pending-reboot")
  equal(call(sb, "RebootDBInstance", { DBInstanceIdentifier = "mydb" }).DBInstance.DBInstanceStatus, "rebooting")
  equal(refused(sb, "RebootDBInstance", { DBInstanceIdentifier = "mydb" }), "InvalidDBInstanceState")
  clock.to(81)
  equal(status(sb, "mydb"), "available")
  equal(group().ParameterApplyStatus, "in-sync")
end

function tests.changed_storage_is_optimized()
  local sb, clock = world { storage_optimization_s = 600 }
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  call(sb, "ModifyDBInstance", { DBInstanceIdentifier = "mydb", Iops = 20000, ApplyImmediately = true })
  clock.to(40)
  equal(status(sb, "mydb"), "storage-optimization")
  equal(sb:instance "mydb".Iops, 20000)
  call(sb, "ModifyDBInstance", { DBInstanceIdentifier = "mydb", DeletionProtection = true })
  clock.to(640)
  equal(status(sb, "mydb"), "available")
end

function tests.modify_refusals()
  local sb = world()
  sb:add_instance { DBInstanceIdentifier = "mydb", MonitoringInterval = 0 }
  local function refusal(params)
    params.DBInstanceIdentifier = "mydb"
    return (refused(sb, "ModifyDBInstance", params))
  end
  equal(refusal { MonitoringInterval = 60 }, "InvalidParameterCombination")
  equal(refusal { PerformanceInsightsRetentionPeriod = 8 }, "InvalidParameterValue")
  equal(refusal { DatabaseInsightsMode = "advanced" }, "InvalidParameterCombination")
  equal(refusal { DBParameterGroupName = "none" }, "DBParameterGroupNotFound")
  equal(refusal { Tags = {} }, "InvalidParameterValue")
  equal(refusal { NewDBInstanceIdentifier = "bad-" }, "InvalidParameterValue")
end

function tests.tags()
  local sb = world()
  local arn = sb:add_instance { DBInstanceIdentifier = "mydb", TagList = { { Key = "a", Value = "1" } } }.DBInstanceArn
  local new = { { Key = "b", Value = "2" }, { Key = "a", Value = "3" } }
  call(sb, "AddTagsToResource", { ResourceName = arn, Tags = new })
  local shown = call(sb, "DescribeDBInstances", {}).DBInstances[1].TagList
  equal(#shown, 2)
  equal(shown[1].Value, "3")
  call(sb, "RemoveTagsFromResource", { ResourceName = arn, TagKeys = { "a", "none" } })
  shown = call(sb, "ListTagsForResource", { ResourceName = arn }).TagList
  equal(#shown, 1)
  equal(shown[1].Key, "b")
  equal(refused(sb, "AddTagsToResource", { ResourceName = arn, Tags = { { Key = "AWS:x", Value = "" } } }),
    "InvalidParameterValue")
  local many = {}
  for i = 1, 50 do many[i] = { Key = "k" .. i, Value = "" } end
  equal(refused(sb, "AddTagsToResource", { ResourceName = arn, Tags = many }), "InvalidParameterValue")
  equal(refused(sb, "ListTagsForResource", { ResourceName = arn .. "x" }), "DBInstanceNotFound")
end

function tests.pages()
  local sb = world()
  for i = 1, 45 do sb:add_instance { DBInstanceIdentifier = ("db%02d"):format(i) } end
  local seen, marker, pages = 0, nil, 0
  repeat
    local page = call(sb, "DescribeDBInstances", { MaxRecords = 20, Marker = marker })
    for i, instance in ipairs(page.DBInstances) do
      equal(instance.DBInstanceIdentifier, ("db%02d"):format(seen + i))
    end
    seen, marker, pages = seen + #page.DBInstances, page.Marker, pages + 1
  until not marker
  equal(seen, 45)
  equal(pages, 3)
  equal(refused(sb, "DescribeDBInstances", { MaxRecords = 5 }), "InvalidParameterValue")
  equal(refused(sb, "DescribeDBInstances", { Marker = "5" }), "InvalidParameterValue")
  equal(refused(sb, "DescribeDBInstances", { Filters = { { Name = "colour", Values = { "red" } } } }),
    "InvalidParameterValue")
end

function tests.reads_are_stale_and_may_go_backwards()
  local sb, clock = world { stale_s = { 0, 30 } }
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  call(sb, "RebootDBInstance", { DBInstanceIdentifier = "mydb" })
  local last, backwards, stale
  for tenth = 1, 300 do
    clock.to(tenth / 10)
    local now = status(sb, "mydb")
    stale = stale or now == "available"
    backwards = backwards or last == "rebooting" and now == "available"
    last = now
  end
  assert(stale, "no stale read")
  assert(backwards, "no read went backwards")
end

--- Asks until the answer is yes, as a patient client does.
local function insist(sb, clock, operation, params)
  for _ = 1, 2000 do
    local result, err = sb:call("rds", operation, params)
    if result then return result end
    if err.code == "ExpiredToken" then sb:renew_credentials() end
    clock.ms = clock.ms + 60000
  end
  error(operation .. " is refused for ever")
end

local function settle(sb, clock, name)
  for _ = 1, 2000 do
    local instance = sb:instance(name)
    if instance and instance.DBInstanceStatus == "available" then return instance end
    clock.ms = clock.ms + 60000
  end
  error(name .. " does not settle")
end

local NOTHING_FAILS = {
  rename_fails_percent = 0, modify_fails_percent = 0, snapshot_fails_percent = 0, restore_fails_percent = 0,
}

function tests.a_restore_in_place_ends_under_every_preset()
  for _, preset in ipairs { "quick", "typical", "adversarial" } do
    local clock = { ms = START_MS }
    local sb = sandbox.new { now_ms = function() return clock.ms end, preset = preset, knobs = NOTHING_FAILS }
    local original = sb:add_instance { DBInstanceIdentifier = "mydb" }.DbiResourceId
    insist(sb, clock, "CreateDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" })
    settle(sb, clock, "mydb")
    insist(sb, clock, "ModifyDBInstance",
      { DBInstanceIdentifier = "mydb", NewDBInstanceIdentifier = "mydb-temp", ApplyImmediately = true })
    settle(sb, clock, "mydb-temp")
    insist(sb, clock, "RestoreDBInstanceFromDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" })
    local restored = settle(sb, clock, "mydb")
    assert(restored.DbiResourceId ~= original)
    equal(restored.restored_version, sb:snapshot "s".data_version)
    insist(sb, clock, "DeleteDBInstance", { DBInstanceIdentifier = "mydb-temp", SkipFinalSnapshot = true })
    equal(sb.audit[#sb.audit].target, original)
    clock.ms = clock.ms + 3600 * 1000
    equal(sb:by_resource_id(original), nil, preset)
  end
end

function tests.what_stands_beside()
  local sb = world(nil, { account = "210987654321", region = "eu-west-1" })
  local arn = sb:add_instance { DBInstanceIdentifier = "mydb" }.DBInstanceArn
  equal(arn, "arn:aws:rds:eu-west-1:210987654321:db:mydb")
  equal(sb:call("sts", "GetCallerIdentity").Account, "210987654321")
  assert(sb:call("ses", "SendEmail", { Source = "a@example.com", Message = { Subject = { Data = "s" } } }).MessageId)
  equal(sb.mail[1].Source, "a@example.com")
  equal(sb:webhook("https://hooks.example.com/x", "{}"), true)
  equal(sb.webhooks[1].url, "https://hooks.example.com/x")
  equal(#call(sb, "DescribeDBClusters", {}).DBClusters, 0)
  equal(refused(sb, "DescribeDBClusters", { DBClusterIdentifier = "mydb" }), "DBClusterNotFoundFault")
  equal(#call(sb, "DescribeBlueGreenDeployments", {}).BlueGreenDeployments, 0)
  equal(#call(sb, "DescribeGlobalClusters", {}).GlobalClusters, 0)
  equal(call(sb, "DescribeAccountAttributes", {}).AccountQuotas[1].Used, 1)
  local code, err = refused(sb, "CreateTenantDatabase", {})
  equal(code, "InvalidAction")
  assert(err.message:find("CreateTenantDatabase", 1, true))
end

function tests.the_catalog_is_of_what_is_there()
  local sb = world { storage_quota = 900 }
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  sb:add_snapshot { DBSnapshotIdentifier = "old", DBInstanceIdentifier = "mydb", EngineVersion = "16.1" }
  local versions = call(sb, "DescribeDBEngineVersions", { Engine = "postgres" }).DBEngineVersions
  equal(#versions, 2)
  equal(versions[1].EngineVersion, "16.1")
  equal(#call(sb, "DescribeDBEngineVersions", { Engine = "postgres", EngineVersion = "9.6" }).DBEngineVersions, 0)
  local options = { Engine = "postgres", EngineVersion = "16.4", DBInstanceClass = "db.r6g.xlarge" }
  local offered = call(sb, "DescribeOrderableDBInstanceOptions", options).OrderableDBInstanceOptions
  equal(#offered, 1)
  equal(offered[1].StorageType, "gp3")
  equal(#offered[1].AvailabilityZones, 3)
  equal(refused(sb, "DescribeOrderableDBInstanceOptions", {}), "MissingParameter")
  local groups = call(sb, "DescribeDBParameterGroups", { DBParameterGroupName = "production-postgres" })
  equal(groups.DBParameterGroups[1].DBParameterGroupName, "production-postgres")
  equal(refused(sb, "DescribeDBParameterGroups", { DBParameterGroupName = "x" }), "DBParameterGroupNotFound")
  equal(refused(sb, "DescribeOptionGroups", { OptionGroupName = "x" }), "OptionGroupNotFoundFault")
  equal(refused(sb, "DescribeDBSubnetGroups", { DBSubnetGroupName = "x" }), "DBSubnetGroupNotFoundFault")
  equal(refused(sb, "DescribeDBProxyTargets", { DBProxyName = "x" }), "DBProxyNotFoundFault")
  equal(refused(sb, "DescribePendingMaintenanceActions", { ResourceIdentifier = "x" }), "ResourceNotFoundFault")
  equal(call(sb, "DescribeAccountAttributes", {}).AccountQuotas[2].Used, 500)
  equal(refused(sb, "RestoreDBInstanceFromDBSnapshot",
    { DBInstanceIdentifier = "two", DBSnapshotIdentifier = "old", StorageType = "gp3" }), "StorageQuotaExceeded")
end

function tests.roles()
  local sb, clock = world()
  sb:add_instance { DBInstanceIdentifier = "mydb", AssociatedRoles = {} }
  local role = { DBInstanceIdentifier = "mydb", RoleArn = "arn:aws:iam::1:role/r", FeatureName = "s3Export" }
  call(sb, "AddRoleToDBInstance", role)
  equal(sb:instance "mydb".AssociatedRoles[1].Status, "PENDING")
  equal(refused(sb, "AddRoleToDBInstance", role), "DBInstanceRoleAlreadyExists")
  clock.to(6)
  equal(sb:instance "mydb".AssociatedRoles[1].Status, "ACTIVE")
  call(sb, "RemoveRoleFromDBInstance", role)
  equal(refused(sb, "RemoveRoleFromDBInstance", role), "DBInstanceRoleNotFound")
end

return tests
