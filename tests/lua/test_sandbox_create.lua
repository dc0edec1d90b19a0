--- The sandbox: CreateDBInstance.
local json = require "trapheus.json"
local sandbox = require "trapheus.sandbox"

local tests = {}

local PASSWORD = "correct-horse"

local function world(knobs)
  local clock = { ms = 1700000000000 }
  local values = { stale_s = 0, create_s = 100, create_backup_s = 50, delete_s = 10 }
  for name, value in pairs(knobs or {}) do values[name] = value end
  return sandbox.new { now_ms = function() return clock.ms end, knobs = values }, clock
end

local function wanted(more)
  local params = {
    DBInstanceIdentifier = "Orders", DBInstanceClass = "db.t4g.micro", Engine = "postgres", AllocatedStorage = 20,
    MasterUsername = "app", MasterUserPassword = PASSWORD,
  }
  for name, value in pairs(more or {}) do params[name] = value end
  return params
end

local function create(sb, more)
  local result, err = sb:call("rds", "CreateDBInstance", wanted(more))
  if err then error(err.code .. ": " .. err.message, 2) end
  return result.DBInstance
end

local function status(sb)
  return sb:call("rds", "DescribeDBInstances", { DBInstanceIdentifier = "orders" }).DBInstances[1].DBInstanceStatus
end

function tests.it_is_created_backed_up_and_available()
  local sb, clock = world()
  local begun = create(sb)
  assert(begun.DBInstanceIdentifier == "orders" and begun.DBInstanceStatus == "creating" and not begun.Endpoint)
  for _, moment in ipairs { { 99, "creating" }, { 101, "backing-up" }, { 149, "backing-up" }, { 151, "available" } } do
    clock.ms = 1700000000000 + moment[1] * 1000
    assert(status(sb) == moment[2], moment[1])
  end
  local made = sb:instance "orders"
  assert(made.Endpoint.Port == 5432 and made.DbiResourceId == begun.DbiResourceId and made.data_version == 1)
  assert(sb:call("rds", "CreateDBSnapshot", { DBInstanceIdentifier = "orders", DBSnapshotIdentifier = "s" }))
end

function tests.without_backups_there_is_no_first_one()
  local sb, clock = world()
  create(sb, { BackupRetentionPeriod = 0 })
  clock.ms = clock.ms + 101000
  assert(status(sb) == "available")
end

function tests.it_has_awss_defaults()
  local sb = world()
  local made = create(sb)
  assert(made.EngineVersion == "16.4" and made.BackupRetentionPeriod == 1 and made.StorageType == "gp3")
  assert(made.Iops == 3000 and made.MultiAZ == false and made.StorageEncrypted == false and made.KmsKeyId == nil)
  assert(made.DBParameterGroups[1].DBParameterGroupName == "default.postgres16")
  assert(made.VpcSecurityGroups[1].VpcSecurityGroupId == "sg-default" and made.MonitoringInterval == 0)
  assert(made.DeletionProtection == false and made.AutoMinorVersionUpgrade == true and #made.TagList == 0)
end

function tests.it_has_what_was_asked_for()
  local sb = world()
  local made = create(sb, {
    Engine = "mysql", EngineVersion = "8.0", Port = 3307, MultiAZ = true, AllocatedStorage = 500, Iops = 12000,
    StorageType = "gp3", StorageThroughput = 600, StorageEncrypted = true, DBName = "orders", PromotionTier = 2,
    BackupRetentionPeriod = 7, PreferredMaintenanceWindow = "sun:04:30-sun:05:00", MonitoringInterval = 60,
    MonitoringRoleArn = "arn:aws:iam::123456789012:role/m", DeletionProtection = true, MaxAllocatedStorage = 1000,
    EnablePerformanceInsights = true, EnableCloudwatchLogsExports = { "error" }, Tags = { { Key = "a", Value = "b" } },
  })
  assert(made.EngineVersion == "8.0.39" and made.MultiAZ and made.SecondaryAvailabilityZone and made.DBName == "orders")
  assert(made.StorageThroughput == 600 and made.StorageEncrypted and made.KmsKeyId:find "aws%-rds")
  assert(made.PreferredMaintenanceWindow == "sun:04:30-sun:05:00" and made.MonitoringInterval == 60)
  assert(made.PerformanceInsightsRetentionPeriod == 7 and made.EnabledCloudwatchLogsExports[1] == "error")
  assert(made.TagList[1].Value == "b" and made.MaxAllocatedStorage == 1000 and made.DeletionProtection)
  assert(sb.instances[1].fields.Endpoint.Port == 3307)
end

function tests.the_password_is_nowhere()
  local sb = world()
  create(sb)
  assert(sb.audit[1].params.MasterUserPassword == "****")
  for _, part in ipairs { sb.audit, sb.instances[1].fields, sb.instances[1].history, sb.events } do
    assert(not json.encode(part):find(PASSWORD, 1, true))
  end
  for _, bad in ipairs {
    "2shy", ("x"):rep(129), "with a blank", "with/slash", "quo\"ted!!", "at@at@at@", "naïve-word",
  } do
    local result, err = sb:call("rds", "CreateDBInstance",
      wanted { DBInstanceIdentifier = "other", MasterUserPassword = bad })
    assert(not result and err.code == "InvalidParameterValue" and not err.message:find(bad, 1, true), bad)
  end
  assert(not json.encode(sb.audit):find("2shy", 1, true))
end

function tests.a_managed_password_has_a_secret()
  local sb, clock = world { secret_s = 30 }
  local params = wanted { ManageMasterUserPassword = true }
  params.MasterUserPassword = nil
  assert(sb:call("rds", "CreateDBInstance", params).DBInstance.MasterUserSecret.SecretStatus == "creating")
  clock.ms = clock.ms + 31000
  assert(sb:instance("orders").MasterUserSecret.SecretStatus == "active")
end

function tests.what_aws_refuses()
  local sb = world { instance_quota = 2 }
  create(sb)
  for _, row in ipairs {
    { "DBInstanceAlreadyExists", {} },
    { "DBInstanceAlreadyExists", { DBInstanceIdentifier = "ORDERS" } },
    { "InvalidParameterValue", { DBInstanceIdentifier = "1st" } },
    { "InvalidParameterValue", { Engine = "access" } },
    { "InvalidParameterValue", { DBInstanceClass = "large" } },
    { "InvalidParameterCombination", { EngineVersion = "newest" } },
    { "InvalidParameterCombination", { Engine = "mysql", EngineVersion = "8" } },
    { "InvalidParameterValue", { MasterUsername = "admin" } },
    { "InvalidParameterValue", { MasterUsername = "1st" } },
    { "MissingParameter", { MasterUsername = "" } },
    { "MissingParameter", { MasterUserPassword = "" } },
    { "InvalidParameterCombination", { ManageMasterUserPassword = true } },
    { "InvalidParameterCombination", { AllocatedStorage = 5 } },
    { "InvalidParameterCombination", { StorageThroughput = 500 } },
    { "InvalidParameterCombination", { KmsKeyId = "arn:aws:kms:::key/x" } },
    { "InvalidParameterCombination", { MonitoringInterval = 60 } },
    { "InvalidParameterValue", { BackupRetentionPeriod = 36 } },
    { "InvalidParameterValue", { Tags = { { Key = "aws:x" } } } },
    { "InvalidParameterValue", { Timezone = "UTC" } },
    { "DBSubnetGroupNotFoundFault", { DBSubnetGroupName = "none" } },
    { "DBParameterGroupNotFound", { DBParameterGroupName = "none" } },
  } do
    local more = row[2]
    more.DBInstanceIdentifier = more.DBInstanceIdentifier or row[1] == "DBInstanceAlreadyExists" and "orders" or "other"
    local result, err = sb:call("rds", "CreateDBInstance", wanted(more))
    assert(not result and err.code == row[1], ("%s, not %s"):format(err and err.code or "done", row[1]))
  end
  assert(not sb:instance "other")
  create(sb, { DBInstanceIdentifier = "second" })
  local _, err = sb:call("rds", "CreateDBInstance", wanted { DBInstanceIdentifier = "third" })
  assert(err.code == "InstanceQuotaExceeded")
end

function tests.faults_meet_it()
  local sb, clock = world()
  sb:inject { { operation = "CreateDBInstance", occurrence = 1, kind = "terminal", status = "incompatible-network" } }
  create(sb)
  clock.ms = clock.ms + 1000000
  assert(status(sb) == "incompatible-network")
end

return tests
