--- The sandbox speaks as AWS's service model says: results have no other members, settings no other parameters.
local knobs = require "trapheus.sandbox.knobs"
local model = require "trapheus.aws.model"
local sandbox = require "trapheus.sandbox"
local settings = require "trapheus.sandbox.settings"

local tests = {}

local rds = model.load "rds"

local LUA = {
  string = "string", integer = "number", long = "number", double = "number", float = "number", boolean = "boolean",
  timestamp = "number", blob = "string",
}

local check

local function check_structure(shape, value, path)
  for key, member in pairs(value) do
    local ref = shape.members[key]
    if not ref then error(path .. " has no member " .. key, 0) end
    check(ref, member, path .. "." .. key)
  end
end

function check(ref, value, path)
  local shape = rds.shapes[ref.shape]
  if shape.type == "structure" then
    check_structure(shape, value, path)
  elseif shape.type == "list" then
    for i, member in ipairs(value) do check(shape.member, member, ("%s[%d]"):format(path, i)) end
  elseif type(value) ~= LUA[shape.type] then
    error(("%s is a %s, not a %s"):format(path, type(value), shape.type), 0)
  elseif shape.type == "integer" and math.type(value) ~= "integer" then
    error(path .. " is not whole", 0)
  end
end

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
    local output = rds.operations[operation].output
    if output then check(output, result, operation) end
    clock.ms = clock.ms + (step.wait or 0) * 1000
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

--- The parameters that the sandbox refuses to pretend to know.
local function unknown(operation, shape, base)
  local sb = stand_up()
  local list = {}
  for name, ref in pairs(rds.shapes[shape].members) do
    local kind = rds.shapes[ref.shape].type
    if base[name] == nil then
      local params = { [name] = kind == "list" and {} or kind == "structure" and {} or kind == "boolean" and false
        or kind == "integer" and 1 or "x" }
      for key, value in pairs(base) do params[key] = value end
      local _, err = sb:call("rds", operation, params)
      if err and err.message:find("does not know", 1, true) then list[#list + 1] = name end
      if not err then sb = stand_up() end
    end
  end
  table.sort(list)
  return table.concat(list, " ")
end

function tests.what_is_not_modelled_is_refused()
  local restore = unknown("RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceFromDBSnapshotMessage",
    { DBInstanceIdentifier = "n", DBSnapshotIdentifier = "s" })
  local expected = "AdditionalStorageVolumes CustomIamInstanceProfile DBClusterSnapshotIdentifier TagSpecifications "
    .. "TdeCredentialArn TdeCredentialPassword"
  if restore ~= expected then error("restore: " .. restore) end
  local modify = unknown("ModifyDBInstance", "ModifyDBInstanceMessage", { DBInstanceIdentifier = "mydb" })
  expected = "AdditionalStorageVolumes AutomationMode AwsBackupRecoveryPointArn DBSecurityGroups DisableDomain Engine "
    .. "MasterUserAuthenticationType MultiTenant ReplicaMode ResumeFullAutomationModeMinutes TagSpecifications "
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
