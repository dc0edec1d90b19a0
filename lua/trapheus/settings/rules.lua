--- When a captured setting may be sent: what RDS would reject is left out. Each rule has the
--- source that says so. `config` is the captured configuration by setting name, `current` the
--- replacement's (nil at the restore).
local rules = {}

local function engine(config) return config.Engine or "" end
local function is(config, prefix) return engine(config):sub(1, #prefix) == prefix end

---@class trapheus.SettingRule
---@field source string
---@field holds fun(config: table, current: table?): boolean

local function rule(source, holds) return { source = source, holds = holds } end

rules.engine_at_restore = rule(
  "AWS's CloudFormation handler leaves Engine out for Oracle container databases",
  function(config) return not engine(config):find "^oracle.*%-cdb$" end)

rules.named_database = rule(
  "RDS model, RestoreDBInstanceFromDBSnapshot DBName: Oracle and SQL Server only",
  function(config) return is(config, "oracle") or is(config, "sqlserver") end)

rules.oracle_or_sqlserver = rule("RDS model, AdditionalStorageVolumes", rules.named_database.holds)

rules.storage_at_restore = rule(
  "RDS model, AllocatedStorage and StorageType: not valid for SQL Server at a restore, only in a modification",
  function(config, current) return current ~= nil or not is(config, "sqlserver") end)

-- Below this size gp3 has its baseline only, and RDS rejects Iops and StorageThroughput
-- (RDS User Guide, "gp3 storage").
local function above_gp3_baseline(config)
  if config.StorageType ~= "gp3" then return true end
  if is(config, "sqlserver") then return true end -- which has no threshold
  return (config.AllocatedStorage or 0) >= (is(config, "oracle") and 200 or 400)
end

rules.provisioned_iops = rule("RDS User Guide, gp3 and provisioned IOPS storage", function(config, current)
  local type = config.StorageType
  return rules.storage_at_restore.holds(config, current) and (type == "io1" or type == "io2" or type == "gp3")
    and above_gp3_baseline(config)
end)

rules.provisioned_throughput = rule("RDS User Guide, gp3 storage", function(config, current)
  return rules.storage_at_restore.holds(config, current) and config.StorageType == "gp3" and above_gp3_baseline(config)
end)

rules.single_az = rule(
  "RDS model, AvailabilityZone: cannot be given with MultiAZ",
  function(config) return not config.MultiAZ end)

rules.mirroring_possible = rule(
  "RDS User Guide: SQL Server mirroring needs automated backups",
  function(config) return not is(config, "sqlserver") or (config.BackupRetentionPeriod or 0) > 0 end)

-- "15.4" -> "15"; before PostgreSQL 10, and for MySQL and MariaDB, two numbers make a major version. Aurora's too:
-- "8.0.mysql_aurora.3.04.0" -> "8.0".
local function major(config)
  local first, second = (config.EngineVersion or ""):match "^(%d+)%.?(%d*)"
  local one_number = engine(config):find "postgres" and tonumber(first or 0) >= 10
  return one_number and first or ("%s.%s"):format(first, second)
end

rules.same_major = rule(
  "RDS User Guide: a major upgrade needs AllowMajorVersionUpgrade and cannot be undone: left to a person",
  function(config, current) return not current or major(config) == major(current) end)

-- The default groups belong to a major version, and are what a restore gives when none is named.
local DEFAULTS = "RDS User Guide, restoring from a DB snapshot: without a name, the default group"

rules.own_parameter_group = rule(DEFAULTS, function(config)
  return not (config.DBParameterGroupName or ""):find "^default%."
end)

rules.own_option_group = rule(DEFAULTS, function(config)
  return not (config.OptionGroupName or ""):find "^default:"
end)

rules.outposts = rule(
  "RDS model, BackupTarget and EnableCustomerOwnedIp: RDS on Outposts only",
  function(config) return config.BackupTarget == "outposts" or config.EnableCustomerOwnedIp == true end)

rules.extended_support = rule(
  "RDS model, EngineLifecycleSupport: RDS for MySQL and PostgreSQL",
  function(config) return is(config, "mysql") or is(config, "postgres") end)

rules.own_directory = rule(
  "RDS model, DomainFqdn: a self-managed directory, instead of Domain",
  function(config) return config.DomainAuthSecretArn ~= nil end)

rules.managed_directory = rule(
  "RDS model, Domain: AWS Managed Microsoft AD",
  function(config) return config.Domain ~= nil and config.DomainAuthSecretArn == nil end)

rules.monitored = rule(
  "RDS model, MonitoringRoleArn: with an interval other than 0",
  function(config) return (config.MonitoringInterval or 0) > 0 end)

rules.insights = rule(
  "RDS model, PerformanceInsightsKMSKeyId: when Performance Insights is on",
  function(config) return config.EnablePerformanceInsights == true end)

rules.multi_tenant = rule(
  "RDS model, MultiTenant: lies in the snapshot, unless the instance was converted afterwards; there is no way back",
  function(config, current) return config.MultiTenant == true and current ~= nil end)

rules.streams = rule(
  "RDS model, ModifyActivityStream: of an activity stream that is started",
  function(config) return config.ActivityStream ~= nil end)

rules.new_secret = rule(
  "RDS model, MasterUserSecretKmsKeyId: only in the call that turns the management of the password on",
  function(_, current) return not current or not current.ManageMasterUserPassword end)

-- Clusters ----------------------------------------------------------------------------------

rules.aurora = rule("RDS model: valid for Aurora DB clusters only", function(config) return is(config, "aurora") end)

rules.multi_az_cluster = rule(
  "RDS model: valid for Multi-AZ DB clusters only",
  function(config) return not is(config, "aurora") end)

rules.aurora_mysql = rule(
  "RDS model, BacktrackWindow: Aurora MySQL DB clusters only",
  function(config) return engine(config) == "aurora-mysql" end)

rules.aurora_when_modified = rule(
  "RDS model, ModifyDBCluster Port: Aurora only; a restore takes it for both",
  function(config, current) return not current or is(config, "aurora") end)

rules.cluster_storage_at_restore = rule(
  "RDS model, RestoreDBClusterFromSnapshot StorageType: io1 only for Multi-AZ DB clusters; a modification takes more",
  function(config, current) return current ~= nil or is(config, "aurora") or config.StorageType == "io1" end)

rules.cluster_iops = rule(
  "RDS model, Iops: of Multi-AZ DB clusters, with the storage type that they are for",
  function(config, current)
    return rules.multi_az_cluster.holds(config) and rules.cluster_storage_at_restore.holds(config, current)
  end)

rules.cluster_monitoring = rule(
  "RDS model, ModifyDBCluster MonitoringInterval: of Multi-AZ DB clusters only; a restore takes it for Aurora",
  function(config, current)
    if is(config, "aurora") then return current == nil and rules.monitored.holds(config) end
    return current ~= nil
  end)

rules.cluster_monitoring_role = rule(
  "RDS model, ModifyDBCluster MonitoringRoleArn: as the interval, which is not 0",
  function(config, current)
    return rules.cluster_monitoring.holds(config, current) and rules.monitored.holds(config)
  end)

rules.own_key = rule(
  "RDS model, KmsKeyId: where a key was chosen; a key of RDS's own has no name to give",
  function(config) return config.StorageEncrypted == true and config.StorageEncryptionType ~= "sse-rds" end)

rules.encrypted = rule(
  "Aurora User Guide, since 2026-02: a restore of an unencrypted cluster snapshot is encrypted: nothing is lost",
  function(config) return config.StorageEncrypted == true end)

rules.own_cluster_parameter_group = rule(DEFAULTS, function(config)
  return not (config.DBClusterParameterGroupName or ""):find "^default%."
end)

rules.express_networking = rule(
  "RDS model, EnableVPCNetworking: Aurora PostgreSQL, with EnableInternetAccessGateway and IAM authentication",
  function(config)
    return engine(config) == "aurora-postgresql" and config.EnableInternetAccessGateway == true
      and config.EnableIAMDatabaseAuthentication == true
  end)

-- Parts of lists ----------------------------------------------------------------------------

--- An activity stream that is wanted. RDS model, ActivityStreamStatus.
function rules.streaming(element)
  return element.ActivityStreamStatus == "started" or element.ActivityStreamStatus == "starting"
end

local RESERVED = { aws = true, rds = true, trapheus = true }

--- RDS User Guide, "Tagging": keys that begin with aws: or rds: cannot be written; ours are no setting.
function rules.own_tag(record)
  local key = tostring(record.Key) -- of a file it may be anything
  return not RESERVED[key:match "^(%l+):"]
end

return rules
