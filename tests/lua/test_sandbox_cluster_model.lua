--- The sandbox's clusters speak as AWS's service model says, and have every setting that it has.
local cluster_settings = require "trapheus.sandbox.cluster_settings"
local sandbox = require "trapheus.sandbox"
local shapes = require "shapes"

local tests = {}

local function stand_up()
  local clock = { ms = 1700000000000 }
  local sb = sandbox.new { now_ms = function() return clock.ms end, knobs = { stale_s = 0 } }
  sb:add_cluster({ DBClusterIdentifier = "orders", Engine = "aurora-mysql" }, 2)
  sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  sb:add_cluster { DBClusterIdentifier = "three", Engine = "postgres" }
  sb:add_cluster_snapshot { DBClusterIdentifier = "three", DBClusterSnapshotIdentifier = "m" }
  return sb, clock
end

local NEW = {
  DBClusterIdentifier = "new", Engine = "aurora-mysql", MasterUsername = "app", MasterUserPassword = "correct-horse",
}

local ORDERS, THREE = { DBClusterIdentifier = "orders" }, { DBClusterIdentifier = "three" }
local ARN = "arn:aws:rds:us-east-1:123456789012:cluster:orders"

-- Operation, parameters, whether it must be refused, and the seconds after it.
local STEPS = {
  { "DescribeDBClusters", {} },
  { "DescribeDBInstances", {} },
  { "DescribeDBClusterSnapshots", {} },
  { "DescribeDBClusterAutomatedBackups", {} },
  { "CreateDBCluster", NEW, wait = 900 },
  { "CreateDBInstance", { DBInstanceIdentifier = "new-1", DBClusterIdentifier = "new", Engine = "aurora-mysql",
    DBInstanceClass = "db.serverless" }, refused = true },
  { "ModifyDBCluster", { DBClusterIdentifier = "new", ApplyImmediately = true,
    ServerlessV2ScalingConfiguration = { MinCapacity = 0, MaxCapacity = 8, SecondsUntilAutoPause = 300 } } },
  { "CreateDBInstance", { DBInstanceIdentifier = "new-1", DBClusterIdentifier = "new", Engine = "aurora-mysql",
    DBInstanceClass = "db.serverless" }, wait = 900 },
  { "ModifyDBCluster", {
    DBClusterIdentifier = "orders", BackupRetentionPeriod = 3, EnableIAMDatabaseAuthentication = false,
    EngineVersion = "8.0.mysql_aurora.3.08.0", StorageType = "aurora", Domain = "d-1", BacktrackWindow = 0,
    CloudwatchLogsExportConfiguration = { DisableLogTypes = { "audit" } }, ManageMasterUserPassword = true,
    EnableLocalWriteForwarding = false, Port = 3400,
  } },
  { "DescribeDBClusters", ORDERS, wait = 900 },
  { "ModifyDBCluster", { DBClusterIdentifier = "three", AllocatedStorage = 200, Iops = 4000, StorageType = "io2",
    CACertificateIdentifier = "rds-ca-rsa2048-g1", DBClusterInstanceClass = "db.r6gd.xlarge" } },
  { "DescribeDBClusters", THREE, wait = 900 },
  { "CreateDBClusterEndpoint",
    { DBClusterIdentifier = "orders", DBClusterEndpointIdentifier = "e", EndpointType = "ANY" }, wait = 300 },
  { "ModifyDBClusterEndpoint", { DBClusterEndpointIdentifier = "e", StaticMembers = { "orders-1" } }, wait = 300 },
  { "DescribeDBClusterEndpoints", {} },
  { "DeleteDBClusterEndpoint", { DBClusterEndpointIdentifier = "e" } },
  { "AddRoleToDBCluster", { DBClusterIdentifier = "orders", RoleArn = "r" } },
  { "EnableHttpEndpoint", { ResourceArn = ARN } },
  { "StartActivityStream", { ResourceArn = ARN, Mode = "async", KmsKeyId = "k" }, wait = 900 },
  { "DescribeDBClusters", ORDERS },
  { "StopActivityStream", { ResourceArn = ARN }, wait = 900 },
  { "FailoverDBCluster", ORDERS, wait = 300 },
  { "RebootDBCluster", ORDERS, refused = true },
  { "RebootDBCluster", THREE, wait = 300 },
  { "CreateDBClusterSnapshot", { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "t" }, wait = 900 },
  { "CopyDBClusterSnapshot",
    { SourceDBClusterSnapshotIdentifier = "t", TargetDBClusterSnapshotIdentifier = "u" }, wait = 900 },
  { "DeleteDBClusterSnapshot", { DBClusterSnapshotIdentifier = "u" } },
  { "RestoreDBClusterFromSnapshot",
    { DBClusterIdentifier = "n", SnapshotIdentifier = "s", Engine = "aurora-mysql" }, wait = 900 },
  { "RestoreDBClusterFromSnapshot", { DBClusterIdentifier = "m", SnapshotIdentifier = "m", Engine = "postgres",
    DBClusterInstanceClass = "db.r6gd.large", StorageType = "io1", Iops = 3000 }, wait = 900 },
  { "ListTagsForResource", { ResourceName = ARN } },
  { "DeleteDBCluster", { DBClusterIdentifier = "n", FinalDBSnapshotIdentifier = "f", DeleteAutomatedBackups = false },
    wait = 900 },
  { "DescribeDBClusterAutomatedBackups", {} },
  { "DescribeDBClusters", {} },
  { "DescribeDBInstances", {} },
  { "DescribeEvents", { SourceType = "db-cluster" } },
}

function tests.results_are_of_the_output_shapes()
  local sb, clock = stand_up()
  for _, step in ipairs(STEPS) do
    local operation = step[1]
    local result, err = sb:call("rds", operation, step[2])
    if err and not step.refused then error(("%s: %s: %s"):format(operation, err.code, err.message)) end
    if result then shapes.check_output(operation, result) end
    clock.ms = clock.ms + (step.wait or 0) * 1000
  end
end

function tests.settings_are_of_the_input_shapes()
  local rds = shapes.rds
  local restore = rds.shapes.RestoreDBClusterFromSnapshotMessage.members
  local modify = rds.shapes.ModifyDBClusterMessage.members
  local create = rds.shapes.CreateDBClusterMessage.members
  for _, setting in ipairs(cluster_settings.rows) do
    assert(rds.shapes.DBCluster.members[setting.field], setting.field)
    assert(not setting.restore or restore[setting.restore], setting.restore)
    assert(not setting.modify or modify[setting.modify] and setting.when, setting.modify)
    assert(setting.when ~= "pending" or rds.shapes.ClusterPendingModifiedValues.members[setting.pending
      or setting.field], setting.field)
    local name = setting.restore or setting.modify
    local not_at_creation = { AwsBackupRecoveryPointArn = true, EnableVPCNetworking = true,
      EnableInternetAccessGateway = true }
    assert(create[name] or not_at_creation[name], name)
  end
end

-- Serverless v1, RDS Custom and Limitless: other products. The rest cannot be seen afterwards.
function tests.what_is_not_modelled_is_refused()
  for operation, expected in pairs {
    CreateDBCluster = "ClusterScalabilityType DBSystemId EnableLimitlessDatabase GlobalClusterIdentifier "
      .. "MasterUserAuthenticationType PreSignedUrl RdsCustomClusterConfiguration ReplicationSourceIdentifier "
      .. "ScalingConfiguration TagSpecifications WithExpressConfiguration",
    ModifyDBCluster = "EnableLimitlessDatabase EngineMode MasterUserAuthenticationType ScalingConfiguration",
    RestoreDBClusterFromSnapshot = "RdsCustomClusterConfiguration ScalingConfiguration TagSpecifications",
  } do
    local base = operation == "CreateDBCluster" and NEW or operation == "ModifyDBCluster"
      and { DBClusterIdentifier = "orders" } or { DBClusterIdentifier = "n", SnapshotIdentifier = "s",
        Engine = "aurora-mysql" }
    local unknown = shapes.unknown_parameters(operation, base, stand_up)
    if unknown ~= expected then error(operation .. ": " .. unknown) end
  end
end

return tests
