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
  "RDS model, AllocatedStorage and StorageType: not valid for SQL Server at a restore",
  function(config) return not is(config, "sqlserver") end)

-- Below this size gp3 has its baseline only, and RDS rejects Iops and StorageThroughput
-- (RDS User Guide, "gp3 storage").
local function above_gp3_baseline(config)
  if config.StorageType ~= "gp3" then return true end
  return (config.AllocatedStorage or 0) >= (is(config, "oracle") and 200 or 400)
end

rules.provisioned_iops = rule("RDS User Guide, gp3 and provisioned IOPS storage", function(config)
  local type = config.StorageType
  return rules.storage_at_restore.holds(config) and (type == "io1" or type == "io2" or type == "gp3")
    and above_gp3_baseline(config)
end)

rules.provisioned_throughput = rule("RDS User Guide, gp3 storage", function(config)
  return rules.storage_at_restore.holds(config) and config.StorageType == "gp3" and above_gp3_baseline(config)
end)

rules.single_az = rule(
  "RDS model, AvailabilityZone: cannot be given with MultiAZ",
  function(config) return not config.MultiAZ end)

rules.mirroring_possible = rule(
  "RDS User Guide: SQL Server mirroring needs automated backups",
  function(config) return not is(config, "sqlserver") or (config.BackupRetentionPeriod or 0) > 0 end)

-- "15.4" -> "15"; before PostgreSQL 10, and for MySQL and MariaDB, two numbers make a major version.
local function major(config)
  local first, second = (config.EngineVersion or ""):match "^(%d+)%.?(%d*)"
  local one_number = is(config, "postgres") and tonumber(first or 0) >= 10
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

--- RDS User Guide, "Tagging": keys that begin with aws: or rds: cannot be written; ours are no setting.
function rules.own_tag(record)
  return not (record.Key:find "^aws:" or record.Key:find "^rds:" or record.Key:find "^trapheus:")
end

return rules
