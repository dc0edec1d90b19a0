--- The sandbox speaks as AWS's service model says: results have no other members, settings no other parameters.
local knobs = require "trapheus.sandbox.knobs"
local sandbox = require "trapheus.sandbox"
local settings = require "trapheus.sandbox.settings"
local shapes = require "shapes"

local tests = {}

local rds = shapes.rds

local function stand_up()
  local clock = { ms = 1700000000000 }
  local sb = sandbox.new { now_ms = function() return clock.ms end, knobs = { stale_s = 0 } }
  local arn = sb:add_instance({ DBInstanceIdentifier = "mydb" }).DBInstanceArn
  sb:add_snapshot { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" }
  return sb, clock, arn
end

function tests.results_are_of_the_output_shapes()
  local sb, clock, arn = stand_up()
  local log_types = { DisableLogTypes = { "upgrade" } }
  for _, step in ipairs {
    { "DescribeDBInstances", {} },
    { "DescribeDBSnapshots", {} },
    { "DescribeDBClusters", {} },
    { "DescribeBlueGreenDeployments", {} },
    { "DescribeGlobalClusters", {} },
    { "DescribeExportTasks", {} },
    { "DescribePendingMaintenanceActions", { ResourceIdentifier = arn } },
    { "DescribeDBEngineVersions", { Engine = "postgres" } },
    { "DescribeOrderableDBInstanceOptions", { Engine = "postgres" } },
    { "DescribeDBParameterGroups", {} },
    { "DescribeOptionGroups", {} },
    { "DescribeDBSubnetGroups", {} },
    { "DescribeDBProxies", {} },
    { "DescribeIntegrations", {} },
    { "DescribeAccountAttributes", {} },
    { "DescribeDBInstanceAutomatedBackups", {} },
    { "ListTagsForResource", { ResourceName = arn } },
    { "AddTagsToResource", { ResourceName = arn, Tags = { { Key = "a", Value = "b" } } } },
    { "RemoveTagsFromResource", { ResourceName = arn, TagKeys = { "a" } } },
    { "CreateDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "t" }, wait = 900 },
    { "CopyDBSnapshot", { SourceDBSnapshotIdentifier = "t", TargetDBSnapshotIdentifier = "u" }, wait = 900 },
    { "DeleteDBSnapshot", { DBSnapshotIdentifier = "u" } },
    { "ModifyDBInstance", {
      DBInstanceIdentifier = "mydb", DBPortNumber = 6000, DBSubnetGroupName = "default", MultiAZ = false,
      CloudwatchLogsExportConfiguration = log_types, ManageMasterUserPassword = true, Domain = "d-1",
      EnableIAMDatabaseAuthentication = false, CACertificateIdentifier = "rds-ca-rsa2048-g1",
    }, wait = 900 },
    { "RebootDBInstance", { DBInstanceIdentifier = "mydb" }, wait = 900 },
    { "RestoreDBInstanceFromDBSnapshot", { DBInstanceIdentifier = "n", DBSnapshotIdentifier = "t" }, wait = 3000 },
    { "AddRoleToDBInstance", { DBInstanceIdentifier = "n", RoleArn = "r", FeatureName = "f" }, wait = 60 },
    { "RemoveRoleFromDBInstance", { DBInstanceIdentifier = "n", RoleArn = "r", FeatureName = "f" } },
    { "DescribeDBInstances", {} },
    { "DescribeEvents", {} },
    { "DeleteDBInstance", { DBInstanceIdentifier = "n", SkipFinalSnapshot = true, DeleteAutomatedBackups = false },
      wait = 900 },
    { "DescribeDBInstanceAutomatedBackups", {} },
  } do
    local operation = step[1]
    local result, err = sb:call("rds", operation, step[2])
    if err then error(("%s: %s: %s"):format(operation, err.code, err.message)) end
    shapes.check_output(operation, result)
    clock.ms = clock.ms + (step.wait or 0) * 1000
  end
end

local ODD = "DescribeDBInstances.DBInstances[1].ActivityStreamStatus is odd: stopped, starting, started, stopping are "
  .. "possible"

function tests.every_reply_is_held_against_the_model()
  local sb = stand_up()
  local honest = require "honest"
  local before = honest.checked["rds DescribeDBInstances"] or 0
  assert(sb:call("rds", "DescribeDBInstances"))
  assert(honest.checked["rds DescribeDBInstances"] == before + 1)
  for wanted, wrong in pairs {
    ["DescribeDBInstances.DBInstances[1] has no member Nothing"] = { Nothing = 1 },
    ["DescribeDBInstances.DBInstances[1].MultiAZ is a string, not a boolean"] = { MultiAZ = "yes" },
    ["DescribeDBInstances.DBInstances[1].Iops is not whole"] = { Iops = 1.5 },
    ["DescribeDBInstances.DBInstances[1].TagList is a string, not a list"] = { TagList = "none" },
    [ODD] = { ActivityStreamStatus = "odd" },
  } do
    local broken = stand_up()
    for field, value in pairs(wrong) do broken.names.mydb.history[1].views[1][field] = value end
    local ok, err = pcall(broken.call, broken, "rds", "DescribeDBInstances")
    assert(not ok and err == wanted, err)
  end
end

function tests.settings_are_of_the_input_shapes()
  local fields = rds.shapes.DBInstance.members
  local restore = rds.shapes.RestoreDBInstanceFromDBSnapshotMessage.members
  local modify = rds.shapes.ModifyDBInstanceMessage.members
  for _, setting in ipairs(settings.rows) do
    assert(fields[setting.field], setting.field)
    assert(not setting.restore or restore[setting.restore], setting.restore)
    assert(not setting.modify or modify[setting.modify], setting.modify)
    assert(not setting.modify or setting.when, setting.field)
    assert(setting.when ~= "pending" or rds.shapes.PendingModifiedValues.members[setting.pending or setting.field],
      setting.field)
  end
end

function tests.what_is_not_modelled_is_refused()
  local restore = shapes.unknown_parameters("RestoreDBInstanceFromDBSnapshot",
    { DBInstanceIdentifier = "n", DBSnapshotIdentifier = "s" }, stand_up)
  local expected = "CustomIamInstanceProfile DBClusterSnapshotIdentifier TagSpecifications "
    .. "TdeCredentialArn TdeCredentialPassword"
  if restore ~= expected then error("restore: " .. restore) end
  local modify = shapes.unknown_parameters("ModifyDBInstance", { DBInstanceIdentifier = "mydb" }, stand_up)
  expected = "AutomationMode AwsBackupRecoveryPointArn DBSecurityGroups DisableDomain Engine "
    .. "MasterUserAuthenticationType ReplicaMode ResumeFullAutomationModeMinutes TagSpecifications "
    .. "TdeCredentialArn TdeCredentialPassword"
  if modify ~= expected then error("modify: " .. modify) end
end

function tests.every_knob_has_three_values()
  local known = {}
  for _, knob in ipairs(knobs.register) do
    assert(not known[knob.name], knob.name)
    known[knob.name] = true
    for _, preset in ipairs { "quick", "typical", "adversarial" } do
      local value = knob[preset]
      assert(type(value) == "number" or value[1] <= value[2], knob.name)
    end
    assert(#knob.unit > 0 and #knob.about > 0, knob.name)
  end
end

return tests
