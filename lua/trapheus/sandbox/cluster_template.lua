--- The configuration of a cluster that a test did not spell out, with hardly a field at its default, so that a setting
--- which is not carried over shows.

local clusters = require "trapheus.sandbox.clusters"
local instances = require "trapheus.sandbox.instances"
local members = require "trapheus.sandbox.members"
local names = require "trapheus.sandbox.names"
local resources = require "trapheus.sandbox.resources"
local tables = require "trapheus.sandbox.tables"
local template = require "trapheus.sandbox.template"

local cluster_template = {}

--- What it makes up, and the version: older than the Region's default, which a restore gives if it is not told.
---@type table<string, string>
cluster_template.VERSIONS = {
  ["aurora-postgresql"] = "16.4", ["aurora-mysql"] = "8.0.mysql_aurora.3.07.1", ["postgres"] = "16.3",
  ["mysql"] = "8.0.36",
}

local function role(sb, name)
  return ("arn:aws:iam::%s:role/%s"):format(sb.account, name)
end

local function common(sb, engine)
  local own, version = template.engine(engine), cluster_template.VERSIONS[engine]
  local options = template.default_option_group { Engine = engine, EngineVersion = version }
  return {
    DBClusterOptionGroupMemberships = { { DBClusterOptionGroupName = options, Status = "in-sync" } },
    Engine = engine, EngineVersion = version, EngineMode = "provisioned", DatabaseName = "app",
    MasterUsername = "app_admin", Port = own.port + 1, DBSubnetGroup = "production",
    DBClusterParameterGroup = "production-" .. engine,
    StorageEncrypted = true, KmsKeyId = template.key(sb, "production"),
    VpcSecurityGroups = {
      { VpcSecurityGroupId = "sg-0app", Status = "active" }, { VpcSecurityGroupId = "sg-0admin", Status = "active" },
    },
    BackupRetentionPeriod = 14, PreferredBackupWindow = "03:10-03:40", CopyTagsToSnapshot = true,
    PreferredMaintenanceWindow = "sun:04:30-sun:05:00", AutoMinorVersionUpgrade = false, DeletionProtection = false,
    IAMDatabaseAuthenticationEnabled = true, EnabledCloudwatchLogsExports = tables.copy(own.logs),
    EngineLifecycleSupport = "open-source-rds-extended-support-disabled", ReadReplicaIdentifiers = {},
    StatusInfos = {}, DomainMemberships = {}, AssociatedRoles = {}, ActivityStreamStatus = "stopped",
    CrossAccountClone = false, MonitoringInterval = 0, PerformanceInsightsEnabled = false,
    DatabaseInsightsMode = "standard", ClusterCreateTime = sb:seconds() // 1 - 400 * 86400,
    TagList = {
      { Key = "environment", Value = "production" }, { Key = "owner", Value = "platform" },
      { Key = "cost-centre", Value = "4711" },
    },
  }
end

local function aurora(sb, fields)
  fields.AvailabilityZones = {}
  for i, letter in ipairs(template.ZONES) do fields.AvailabilityZones[i] = sb.region .. letter end
  fields.StorageType, fields.NetworkType, fields.HttpEndpointEnabled = "aurora-iopt1", "DUAL", true
  fields.AssociatedRoles = { { RoleArn = role(sb, "s3-import"), FeatureName = "s3Import", Status = "ACTIVE" } }
  fields.ServerlessV2ScalingConfiguration = { MinCapacity = 0.5, MaxCapacity = 16 }
  if fields.Engine == "aurora-mysql" then
    fields.BacktrackWindow, fields.LocalWriteForwardingStatus = 86400, "enabled"
  end
end

local function multi_az(sb, fields)
  fields.DBClusterInstanceClass, fields.StorageType, fields.Iops = "db.r6gd.large", "io1", 3000
  fields.AllocatedStorage, fields.PubliclyAccessible, fields.HttpEndpointEnabled = 100, false, false
  fields.MonitoringInterval, fields.MonitoringRoleArn = 60, role(sb, "rds-monitoring")
  fields.PerformanceInsightsEnabled, fields.PerformanceInsightsRetentionPeriod = true, 31
  fields.PerformanceInsightsKMSKeyId = template.key(sb, "insights")
  fields.CertificateDetails = { CAIdentifier = "rds-ca-ecc384-g1", ValidTill = sb:seconds() // 1 + 300 * 86400 }
end

local function production(sb, given)
  local engine = given.Engine or "aurora-postgresql"
  if not cluster_template.VERSIONS[engine] then error("no template for clusters of the engine " .. engine) end
  local fields = common(sb, engine)
  local family = engine:find "^aurora" and aurora or multi_az
  family(sb, fields)
  return fields
end

--- What every cluster has, however little is said of it.
local function bare(sb)
  return {
    Port = 0, EngineVersion = "0", DBSubnetGroup = "default", ClusterCreateTime = sb:seconds() // 1, TagList = {},
    BackupRetentionPeriod = 1, AssociatedRoles = {}, VpcSecurityGroups = {},
  }
end

--- Fields that are derived, or not part of the configuration.
local APART = {
  DBClusterIdentifier = true, Status = true, DBClusterArn = true, PendingModifiedValues = true, data_version = true,
  DBClusterMembers = true, Endpoint = true, ReaderEndpoint = true, MultiAZ = true, HostedZoneId = true,
  EarliestRestorableTime = true, LatestRestorableTime = true, CustomEndpoints = true,
}

local function learn(sb, fields)
  if fields.DBClusterParameterGroup then
    template.learn_parameter_group(sb.known.cluster_parameter_groups, fields.DBClusterParameterGroup, fields)
  end
  for _, group in ipairs(fields.VpcSecurityGroups) do sb.known.security_groups[group.VpcSecurityGroupId] = true end
end

local function production_member(sb, cluster, i)
  local group = "production-" .. cluster.fields.Engine
  return {
    DBInstanceClass = cluster.fields.DBClusterInstanceClass or "db.r6g.large", LicenseModel =
      template.engine(cluster.fields.Engine).license,
    DBParameterGroups = { { DBParameterGroupName = group, ParameterApplyStatus = "in-sync" } },
    PreferredMaintenanceWindow = ("sun:0%d:30-sun:0%d:00"):format(4 + i, 5 + i), AutoMinorVersionUpgrade = false,
    AvailabilityZone = sb.region .. template.ZONES[(i - 1) % #template.ZONES + 1], PromotionTier = i - 1,
    PubliclyAccessible = false, CACertificateIdentifier = "rds-ca-ecc384-g1",
    CertificateDetails = { CAIdentifier = "rds-ca-ecc384-g1", ValidTill = sb:seconds() // 1 + 300 * 86400 },
    MonitoringInterval = 60, MonitoringRoleArn = role(sb, "rds-monitoring"), PerformanceInsightsEnabled = true,
    PerformanceInsightsKMSKeyId = template.key(sb, "insights"), PerformanceInsightsRetentionPeriod = 31,
    CopyTagsToSnapshot = false,
    TagList = { { Key = "environment", Value = "production" }, { Key = "member", Value = tostring(i) } },
  }
end

--- What every member has, however little is said of it.
local function bare_member(sb, cluster)
  return {
    DBInstanceClass = cluster.fields.DBClusterInstanceClass, DBParameterGroups = {}, MonitoringInterval = 0,
    InstanceCreateTime = sb:seconds() // 1 - 400 * 86400, AllocatedStorage = cluster.fields.AllocatedStorage or 1,
    StorageType = "aurora", MultiAZ = false, DbInstancePort = 0, DBSecurityGroups = {}, StatusInfos = {},
    ReadReplicaDBInstanceIdentifiers = {}, ReadReplicaDBClusterIdentifiers = {}, DomainMemberships = {},
    ProcessorFeatures = {}, AssociatedRoles = {}, EnabledCloudwatchLogsExports = {}, DeletionProtection = false,
    DedicatedLogVolume = false, PerformanceInsightsEnabled = false, OptionGroupMemberships = {}, TagList = {},
  }
end

local MEMBER_APART = {
  DBInstanceIdentifier = true, DBInstanceStatus = true, DBInstanceArn = true, PendingModifiedValues = true,
  IsClusterWriter = true, DBClusterIdentifier = true, Endpoint = true, LatestRestorableTime = true,
}

local function take(fields, given, apart)
  for field, value in pairs(tables.copy(given)) do
    if not apart[field] then fields[field] = value end
  end
end

local function add_member(sb, cluster, given, defaults)
  local fields = bare_member(sb, cluster)
  take(fields, defaults, MEMBER_APART)
  take(fields, given, MEMBER_APART)
  for _, group in ipairs(fields.DBParameterGroups) do
    template.learn_parameter_group(sb.known.parameter_groups, group.DBParameterGroupName, cluster.fields)
  end
  local name = names.check(given.DBInstanceIdentifier, "DBInstanceIdentifier", 63)
  instances.require_free(sb, name)
  local member = instances.create(sb, name, given.DBInstanceStatus or "available", fields)
  members.join(cluster, member)
  if given.IsClusterWriter or not cluster.writer then cluster.writer = member end
end

--- What was there before anybody looked: no Describe is older.
local function from_ever(sb, cluster)
  resources.commit(sb, cluster)
  for _, resource in ipairs { cluster, table.unpack(cluster.members) } do
    resource.history = { resource.history[#resource.history] }
    resource.history[1].at_ms = math.mininteger
  end
end

local function add(sb, given, fields)
  take(fields, given, APART)
  learn(sb, fields)
  local name = names.check(given.DBClusterIdentifier, "DBClusterIdentifier", 63)
  clusters.require_free(sb, name)
  return clusters.create(sb, name, given.Status or "available", fields, given.data_version or 1)
end

--- As many members as a number says, named after the cluster as RDS or a person would.
local function named(cluster, count)
  local list, pattern = {}, clusters.is_multi_az(cluster) and "%s-instance-%d" or "%s-%d"
  for i = 1, count do list[i] = { DBInstanceIdentifier = pattern:format(cluster.name, i) } end
  return list
end

--- A cluster as somebody has it in production.
---@param sb table
---@param given table Describe's shape
---@param given_members integer|table[]|nil How many, or which: Describe's shape, and IsClusterWriter. The first writes,
---                                         unless another says that it does. Two (Multi-AZ: three) unless given.
---@return table cluster
function cluster_template.add(sb, given, given_members)
  local cluster = add(sb, given, production(sb, given))
  local list = given_members or clusters.is_multi_az(cluster) and 3 or 2
  if type(list) == "number" then list = named(cluster, list) end
  for i, member in ipairs(list) do add_member(sb, cluster, member, production_member(sb, cluster, i)) end
  from_ever(sb, cluster)
  return cluster
end

--- A cluster exactly as DescribeDBClusters and DescribeDBInstances gave it.
---@param sb table
---@param raw table
---@param raw_members table[]
---@return table cluster
function cluster_template.add_described(sb, raw, raw_members)
  local cluster = add(sb, raw, bare(sb))
  cluster.subnet_group = (raw_members[1] or {}).DBSubnetGroup or cluster.subnet_group
  sb.known.subnet_groups[cluster.fields.DBSubnetGroup] = cluster.subnet_group
  for _, role_of in ipairs(raw.DBClusterMembers or {}) do
    for _, member in ipairs(raw_members) do
      if member.DBInstanceIdentifier == role_of.DBInstanceIdentifier then
        add_member(sb, cluster, member, { PromotionTier = role_of.PromotionTier })
        if role_of.IsClusterWriter then cluster.writer = cluster.members[#cluster.members] end
      end
    end
  end
  from_ever(sb, cluster)
  return cluster
end

return cluster_template
