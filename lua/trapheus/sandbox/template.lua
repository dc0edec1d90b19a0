--- What exists before anybody calls: groups, zones, certificates, and the configuration of an instance that a test
--- did not spell out, with hardly a field at its default, so that a setting which is not carried over shows.

local instances = require "trapheus.sandbox.instances"
local names = require "trapheus.sandbox.names"
local tables = require "trapheus.sandbox.tables"

local template = {}

template.ZONES = { "a", "b", "c" }
template.CERTIFICATES = { ["rds-ca-rsa2048-g1"] = true, ["rds-ca-rsa4096-g1"] = true, ["rds-ca-ecc384-g1"] = true }
template.OPEN_SOURCE = { postgres = true, mysql = true, ["aurora-postgresql"] = true, ["aurora-mysql"] = true }

--- What an engine gives an instance that does not say.
template.ENGINES = {
  postgres = { version = "16.4", port = 5432, license = "postgresql-license", logs = { "postgresql", "upgrade" } },
  mysql = { version = "8.0.39", port = 3306, license = "general-public-license", logs = { "error", "slowquery" } },
  mariadb = { version = "10.11.9", port = 3306, license = "general-public-license", logs = { "error", "slowquery" } },
  ["oracle-ee"] = { version = "19.0.0.0.ru-2024-07.rur-2024-07.r1", port = 1521, license = "bring-your-own-license",
    major = "^%d+", logs = { "alert", "audit", "listener" }, unlike = { DBName = "ORCL", CharacterSetName = "AL32UTF8",
      NcharCharacterSetName = "AL16UTF16" } },
  ["oracle-ee-cdb"] = { version = "19.0.0.0.ru-2024-07.rur-2024-07.r1", port = 1521, major = "^%d+",
    license = "bring-your-own-license", logs = { "alert", "audit" }, unlike = { DBName = "ORCL",
      CharacterSetName = "AL32UTF8", MultiTenant = true } },
  ["sqlserver-se"] = { version = "15.00.4385.2.v1", port = 1433, license = "license-included", major = "^%d+%.%d",
    logs = { "agent", "error" }, unlike = { Timezone = "Central Standard Time",
      CharacterSetName = "Latin1_General_CI_AS" } },
  ["db2-se"] = { version = "11.5.9.0.sb00000000.r1", port = 50000, license = "bring-your-own-license",
    logs = { "diag.log", "notify.log" }, unlike = { Timezone = "Europe/Berlin" } },
}

--- The same, of engines of which there are only clusters.
template.CLUSTER_ENGINES = {
  ["aurora-postgresql"] = { version = "16.6", port = 5432, license = "postgresql-license", logs = { "postgresql" } },
  ["aurora-mysql"] = { version = "8.0.mysql_aurora.3.08.0", port = 3306, license = "general-public-license",
    logs = { "audit", "error", "slowquery" } },
}

---@param name string
---@return table|nil
function template.engine(name)
  return template.ENGINES[name] or template.CLUSTER_ENGINES[name]
end

--- Engines whose groups are named otherwise: "default.oracle-ee-19".
local COMMERCIAL = { "^oracle", "^sqlserver", "^db2" }

local function is_commercial(engine)
  for _, pattern in ipairs(COMMERCIAL) do
    if engine:find(pattern) then return true end
  end
  return false
end

--- "16" stands for the newest 16 there is.
---@param engine string
---@param version string|nil
---@return string
function template.full_version(engine, version)
  local newest = template.engine(engine).version
  if not version or newest:sub(1, #version + 1) == version .. "." then return newest end
  return version
end

--- "postgres", "16.4" -> "16"; "mysql", "8.0.39" -> "8.0"; "sqlserver-se", "15.00.4385.2.v1" -> "15.0"
local function major(fields)
  local known = template.engine(fields.Engine)
  local pattern = known and known.major or fields.Engine:find "postgres" and "^%d+" or "^%d+%.%d+"
  return fields.EngineVersion:match(pattern)
end

function template.default_parameter_group(fields)
  return ("default.%s%s%s"):format(fields.Engine, is_commercial(fields.Engine) and "-" or "", major(fields))
end

--- "default:postgres-16", "default:sqlserver-se-15-00"
function template.default_option_group(fields)
  local version = fields.Engine:find "^sqlserver" and fields.EngineVersion:match "^%d+%.%d+" or major(fields)
  return ("default:%s-%s"):format(fields.Engine, (version:gsub("%.", "-")))
end

function template.key(sb, alias)
  return ("arn:aws:kms:%s:%s:key/%s"):format(sb.region, sb.account, alias)
end

function template.other_zone(sb, zone)
  for _, letter in ipairs(template.ZONES) do
    if sb.region .. letter ~= zone then return sb.region .. letter end
  end
end

local function half_hour(stream, from_hour, to_hour)
  local start = stream:integer(from_hour * 60, to_hour * 60 - 31)
  local function clock(minute) return ("%02d:%02d"):format(minute // 60, minute % 60) end
  return clock(start), clock(start + 30)
end

function template.random_backup_window(sb)
  return ("%s-%s"):format(half_hour(sb:stream("window"), 6, 12))
end

function template.random_maintenance_window(sb)
  local stream = sb:stream("window")
  local day = stream:pick { "mon", "tue", "wed", "thu", "fri", "sat", "sun" }
  local from, to = half_hour(stream, 12, 18)
  return ("%s:%s-%s:%s"):format(day, from, day, to)
end

--- gp3 without Iops and StorageThroughput: the baseline, by size.
---@param fields table
function template.storage_baseline(fields)
  if fields.StorageType ~= "gp3" then
    fields.StorageThroughput = nil
    return
  end
  local large = not fields.Engine:find "^sqlserver" and fields.AllocatedStorage >= template.gp3_threshold(fields)
  fields.Iops = fields.Iops or large and 12000 or 3000
  fields.StorageThroughput = fields.StorageThroughput or large and 500 or 125
end

--- The size from which gp3 takes Iops and StorageThroughput, in GiB.
---@param fields table
---@return integer
function template.gp3_threshold(fields)
  if fields.Engine:find "^sqlserver" then return 0 end
  return fields.Engine:find "^oracle" and 200 or 400
end

local function subnet_group(sb, name)
  local group = {
    DBSubnetGroupName = name, DBSubnetGroupDescription = name .. " subnets", VpcId = "vpc-0a1b2c3d4e5f60718",
    SubnetGroupStatus = "Complete", Subnets = {}, DBSubnetGroupArn = names.arn(sb, "subgrp", name),
    SupportedNetworkTypes = { "DUAL", "IPV4" },
  }
  for i, letter in ipairs(template.ZONES) do
    group.Subnets[i] = {
      SubnetIdentifier = ("subnet-0%s%d"):format(name, i), SubnetStatus = "Active",
      SubnetAvailabilityZone = { Name = sb.region .. letter },
    }
  end
  return group
end

--- The account before the first instance.
---@param sb table
function template.provision(sb)
  sb.known = {
    parameter_groups = {}, cluster_parameter_groups = {}, option_groups = {},
    security_groups = { ["sg-default"] = true }, default_security_group = "sg-default", subnet_groups = {},
    certificates = tables.copy(template.CERTIFICATES),
  }
  for _, name in ipairs { "default", "production" } do sb.known.subnet_groups[name] = subnet_group(sb, name) end
end

--- The family of the parameter groups that a database can have; nil: its engine is not known here.
---@param fields table
---@return string|nil
function template.family(fields)
  return template.engine(fields.Engine) and template.default_parameter_group(fields):match "^default%.(.+)" or nil
end

--- A parameter group that a database uses exists, and is of its family.
---@param known table<string, table> Groups by name
---@param name string
---@param fields table Of the database
function template.learn_parameter_group(known, name, fields)
  local family, earlier = template.family(fields), known[name]
  if earlier and earlier.family ~= family then family = nil end
  known[name] = { description = name, family = family, fields = { TagList = {} } }
end

--- Groups that an instance uses exist.
local function learn(sb, fields)
  for _, group in ipairs(fields.DBParameterGroups) do
    template.learn_parameter_group(sb.known.parameter_groups, group.DBParameterGroupName, fields)
  end
  for _, group in ipairs(fields.OptionGroupMemberships) do
    sb.known.option_groups[group.OptionGroupName] = { description = group.OptionGroupName, engine = fields.Engine,
      fields = { TagList = {} } }
  end
  for _, group in ipairs(fields.VpcSecurityGroups) do sb.known.security_groups[group.VpcSecurityGroupId] = true end
  sb.known.subnet_groups[fields.DBSubnetGroup.DBSubnetGroupName] = fields.DBSubnetGroup
  if fields.CACertificateIdentifier then sb.known.certificates[fields.CACertificateIdentifier] = true end
end

local function production(sb, engine_name)
  local engine = assert(template.ENGINES[engine_name], "no template for the engine " .. engine_name)
  local group = ("production-%s"):format(engine_name)
  local role = ("arn:aws:iam::%s:role/%%s"):format(sb.account)
  local fields = {
    DBInstanceClass = "db.r6g.xlarge", Engine = engine_name, EngineVersion = engine.version,
    MasterUsername = "app_admin", DBName = "app", Endpoint = { Port = engine.port },
    AllocatedStorage = 500, StorageType = "gp3", Iops = 16000, StorageThroughput = 700, MaxAllocatedStorage = 1000,
    StorageEncrypted = true, KmsKeyId = template.key(sb, "production"), DedicatedLogVolume = false,
    InstanceCreateTime = sb:seconds() // 1 - 400 * 86400, DbInstancePort = 0,
    PreferredBackupWindow = "03:10-03:40", PreferredMaintenanceWindow = "sun:04:30-sun:05:00",
    BackupRetentionPeriod = 14, BackupTarget = "region", CopyTagsToSnapshot = true,
    DBSecurityGroups = {}, VpcSecurityGroups = {
      { VpcSecurityGroupId = "sg-0app", Status = "active" }, { VpcSecurityGroupId = "sg-0admin", Status = "active" },
    },
    DBParameterGroups = { { DBParameterGroupName = group, ParameterApplyStatus = "in-sync" } },
    OptionGroupMemberships = { { OptionGroupName = group, Status = "in-sync" } },
    DBSubnetGroup = sb.known.subnet_groups.production, NetworkType = "DUAL", PubliclyAccessible = false,
    AvailabilityZone = sb.region .. "a", MultiAZ = true, SecondaryAvailabilityZone = sb.region .. "b",
    AutoMinorVersionUpgrade = false, LicenseModel = engine.license,
    ReadReplicaDBInstanceIdentifiers = {}, ReadReplicaDBClusterIdentifiers = {}, StatusInfos = {},
    CACertificateIdentifier = "rds-ca-ecc384-g1",
    CertificateDetails = { CAIdentifier = "rds-ca-ecc384-g1", ValidTill = sb:seconds() // 1 + 300 * 86400 },
    DomainMemberships = {}, ProcessorFeatures = {}, IAMDatabaseAuthenticationEnabled = true,
    MonitoringInterval = 60, MonitoringRoleArn = role:format "rds-monitoring",
    PerformanceInsightsEnabled = true, PerformanceInsightsKMSKeyId = template.key(sb, "insights"),
    PerformanceInsightsRetentionPeriod = 465, DatabaseInsightsMode = "advanced",
    EnabledCloudwatchLogsExports = tables.copy(engine.logs), DeletionProtection = false,
    AssociatedRoles = { { RoleArn = role:format "s3-import", FeatureName = "s3Import", Status = "ACTIVE" } },
    TagList = {
      { Key = "environment", Value = "production" }, { Key = "owner", Value = "platform" },
      { Key = "cost-centre", Value = "4711" },
    },
    CustomerOwnedIpEnabled = false, ActivityStreamStatus = "stopped", IsStorageConfigUpgradeAvailable = false,
    DBInstanceAutomatedBackupsReplications = {},
  }
  if template.OPEN_SOURCE[engine_name] then
    fields.EngineLifecycleSupport = "open-source-rds-extended-support-disabled"
  end
  if is_commercial(engine_name) then fields.IAMDatabaseAuthenticationEnabled = false end
  for field, value in pairs(engine.unlike or {}) do fields[field] = value end
  return fields
end

--- Fields that are derived, or not part of the configuration.
local APART = {
  DBInstanceIdentifier = true, DBInstanceStatus = true, DBInstanceArn = true, PendingModifiedValues = true,
  data_version = true,
}

--- What every instance has, however little is said of it.
local function bare(sb)
  return {
    VpcSecurityGroups = {}, DBParameterGroups = {}, OptionGroupMemberships = {}, TagList = {}, AssociatedRoles = {},
    DBSubnetGroup = sb.known.subnet_groups.default, Endpoint = { Port = 0 }, EngineVersion = "0", AllocatedStorage = 0,
    InstanceCreateTime = sb:seconds() // 1, BackupRetentionPeriod = 0, StorageType = "gp2",
  }
end

---@param sb table
---@param given table
---@param described boolean? `given` is all there is: nothing is filled in from the template
---@return table instance
function template.add_instance(sb, given, described)
  local fields = described and bare(sb) or production(sb, given.Engine or "postgres")
  for field, value in pairs(tables.copy(given)) do
    if not APART[field] then fields[field] = value end
  end
  learn(sb, fields)
  local name = names.check(given.DBInstanceIdentifier, "DBInstanceIdentifier", 63)
  instances.require_free(sb, name)
  local instance = instances.create(sb, name, given.DBInstanceStatus or "available", fields, given.data_version or 1)
  instances.commit(sb, instance)
  instance.history[1].at_ms = math.mininteger
  return instance
end

return template
