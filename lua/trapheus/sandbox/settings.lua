--- Settings of an instance: which field of Describe each one is, which parameter of a restore and of a modify
--- writes it, what a restore without that parameter gives, and when a modify takes effect.
---
--- field    in Describe; `shape` says how a parameter's value becomes the field's, where they differ
--- omitted  what a restore gives without the parameter: a value; or a name in `settings.given`
--- when     "now": at once, whatever ApplyImmediately says. "soon": at once too, but in the background, under the
---          status `label`. "pending": in PendingModifiedValues until ApplyImmediately or the maintenance window.
--- storage  a change is followed by `storage-optimization`
--- pending  the field of PendingModifiedValues, where it has another name

local errors = require "trapheus.sandbox.errors"
local tables = require "trapheus.sandbox.tables"
local template = require "trapheus.sandbox.template"

local settings = {}

--- @type table<string, fun(sb: table, fields: table, value: any)>
settings.shapes = {
  endpoint_port = function(_, fields, value) fields.Endpoint = { Port = value } end,
  security_groups = function(sb, fields, value)
    fields.VpcSecurityGroups = {}
    for i, id in ipairs(value) do
      if not sb.known.security_groups[id] then
        errors.refuse("InvalidParameterValue", ("Invalid security group , groupId= %s, groupName=."):format(id))
      end
      fields.VpcSecurityGroups[i] = { VpcSecurityGroupId = id, Status = "active" }
    end
  end,
  parameter_group = function(sb, fields, value)
    if not sb.known.parameter_groups[value] and value ~= template.default_parameter_group(fields) then
      errors.refuse("DBParameterGroupNotFound", ("DBParameterGroup not found: %s"):format(value))
    end
    fields.DBParameterGroups = { { DBParameterGroupName = value, ParameterApplyStatus = "in-sync" } }
  end,
  option_group = function(sb, fields, value)
    if not sb.known.option_groups[value] and value ~= template.default_option_group(fields) then
      errors.refuse("OptionGroupNotFoundFault", ("Specified OptionGroupName: %s not found."):format(value))
    end
    fields.OptionGroupMemberships = { { OptionGroupName = value, Status = "in-sync" } }
  end,
  subnet_group = function(sb, fields, value)
    local group = sb.known.subnet_groups[value]
    if not group then
      errors.refuse("DBSubnetGroupNotFoundFault", ("DB subnet group '%s' does not exist."):format(value))
    end
    fields.DBSubnetGroup = group
  end,
  certificate = function(sb, fields, value)
    if not sb.known.certificates[value] then
      errors.refuse("CertificateNotFound", ("CertificateIdentifier %s not found."):format(value))
    end
    fields.CACertificateIdentifier = value
    fields.CertificateDetails = { CAIdentifier = value, ValidTill = sb:seconds() // 1 + 365 * 86400 }
  end,
  multi_az = function(sb, fields, value)
    fields.MultiAZ = value
    fields.SecondaryAvailabilityZone = value and template.other_zone(sb, fields.AvailabilityZone) or nil
  end,
  log_types = function(_, fields, value)
    local enabled, disabled = {}, {}
    for _, kind in ipairs(value.DisableLogTypes or {}) do disabled[kind] = true end
    local function keep(list)
      for _, kind in ipairs(list or {}) do
        if not disabled[kind] then
          enabled[#enabled + 1], disabled[kind] = kind, true
        end
      end
    end
    keep(fields.EnabledCloudwatchLogsExports)
    keep(value.EnableLogTypes)
    table.sort(enabled)
    fields.EnabledCloudwatchLogsExports = enabled
  end,
  insights = function(sb, fields, value)
    fields.PerformanceInsightsEnabled = value
    if value then
      fields.PerformanceInsightsKMSKeyId = fields.PerformanceInsightsKMSKeyId or template.key(sb, "aws-rds")
      fields.PerformanceInsightsRetentionPeriod = fields.PerformanceInsightsRetentionPeriod or 7
    else
      fields.PerformanceInsightsKMSKeyId, fields.PerformanceInsightsRetentionPeriod = nil, nil
    end
  end,
  managed_secret = function(sb, fields, value)
    fields.MasterUserSecret = value and (fields.MasterUserSecret or {
      SecretArn = ("arn:aws:secretsmanager:%s:%s:secret:rds!%s-%s"):format(sb.region, sb.account,
        fields.DbiResourceId or fields.DbClusterResourceId, sb:stream("secret"):text(6, "abcdefghijklmnopqrstuvwxyz")),
      SecretStatus = "creating",
      KmsKeyId = template.key(sb, "aws-secretsmanager"),
    }) or nil
  end,
  secret_key = function(_, fields, value)
    if fields.MasterUserSecret then tables.renewed(fields, "MasterUserSecret").KmsKeyId = value end
  end,
  nothing = function() end,
  domain = function(_, fields, value)
    local joined = tables.renewed(fields, "DomainMemberships")
    joined[1] = joined[1] or { Status = "joined" }
    for key, member in pairs(value) do joined[1][key] = member end
  end,
}

--- The log types of a modify as PendingModifiedValues shows them.
---@param value table
---@return table
function settings.pending_logs(value)
  return { LogTypesToEnable = value.EnableLogTypes, LogTypesToDisable = value.DisableLogTypes }
end

--- Makes a value the one field of a table.
---@param field string
---@return fun(value: any): table
function settings.wrapped(field)
  return function(value) return { [field] = value } end
end

local wrapped = settings.wrapped

--- What a restore gives where a parameter is left out and no value says it.
settings.given = {
  source = function(source, setting) return source[setting.field] end,
  parameter_group = function(source)
    local group = source.DBParameterGroups[1]
    local name = group and group.DBParameterGroupName or ""
    return name:find "^default%." and name or template.default_parameter_group(source)
  end,
  option_group = function(source)
    local group = source.OptionGroupMemberships[1]
    local name = group and group.OptionGroupName or ""
    return name:find "^default:" and name or template.default_option_group(source)
  end,
  port = function(source) return source.Endpoint.Port end,
  backup_window = function(_, _, sb) return template.random_backup_window(sb) end,
  maintenance_window = function(_, _, sb) return template.random_maintenance_window(sb) end,
  default_security_groups = function(_, _, sb) return { sb.known.default_security_group } end,
  zone = function(_, _, sb) return sb.region .. sb:stream("zone"):pick(template.ZONES) end,
  public = function(_, _, _, params) return params.DBSubnetGroupName == nil end,
  storage_type = function(_, _, _, params) return params.Iops and "io1" or "gp3" end,
  lifecycle = function(source)
    return template.OPEN_SOURCE[source.Engine] and "open-source-rds-extended-support" or nil
  end,
}

local IAM, LOGS = "configuring-iam-database-auth", "configuring-log-exports"
local MONITOR, INSIGHTS = "configuring-enhanced-monitoring", "configuring-performance-insights"

---@class trapheus.sandbox.Setting
---@field field string
---@field restore? string
---@field modify? string
---@field when? "now"|"soon"|"pending"
---@field omitted? any

---@type trapheus.sandbox.Setting[]
settings.rows = {
  { field = "DBInstanceClass", restore = "DBInstanceClass", modify = "DBInstanceClass", when = "pending",
    omitted = settings.given.source },
  { field = "Engine", restore = "Engine", omitted = settings.given.source },
  { field = "EngineVersion", modify = "EngineVersion", when = "pending", omitted = settings.given.source },
  { field = "DBName", restore = "DBName", omitted = settings.given.source },
  { field = "AvailabilityZone", restore = "AvailabilityZone", omitted = settings.given.zone },
  { field = "MultiAZ", restore = "MultiAZ", modify = "MultiAZ", when = "pending", shape = "multi_az", omitted = false },
  { field = "Endpoint", restore = "Port", modify = "DBPortNumber", when = "pending", pending = "Port",
    shape = "endpoint_port", always = true, omitted = settings.given.port },
  { field = "StorageType", restore = "StorageType", modify = "StorageType", when = "pending", storage = true,
    omitted = settings.given.storage_type },
  { field = "AllocatedStorage", restore = "AllocatedStorage", modify = "AllocatedStorage", when = "pending",
    storage = true, omitted = settings.given.source },
  { field = "Iops", restore = "Iops", modify = "Iops", when = "pending", storage = true },
  { field = "StorageThroughput", restore = "StorageThroughput", modify = "StorageThroughput", when = "pending",
    storage = true },
  { field = "DedicatedLogVolume", restore = "DedicatedLogVolume", modify = "DedicatedLogVolume", when = "pending",
    omitted = settings.given.source },
  { field = "AdditionalStorageVolumes", restore = "AdditionalStorageVolumes", modify = "AdditionalStorageVolumes",
    when = "pending", storage = true, omitted = settings.given.source },
  { field = "MultiTenant", modify = "MultiTenant", when = "pending" },
  { field = "MaxAllocatedStorage", modify = "MaxAllocatedStorage", when = "now" },
  { field = "DBSubnetGroup", restore = "DBSubnetGroupName", modify = "DBSubnetGroupName", when = "pending",
    pending = "DBSubnetGroupName", shape = "subnet_group", omitted = "default" },
  { field = "VpcSecurityGroups", restore = "VpcSecurityGroupIds", modify = "VpcSecurityGroupIds", when = "soon",
    shape = "security_groups", omitted = settings.given.default_security_groups },
  { field = "PubliclyAccessible", restore = "PubliclyAccessible", modify = "PubliclyAccessible", when = "soon",
    omitted = settings.given.public },
  { field = "NetworkType", restore = "NetworkType", modify = "NetworkType", when = "soon", omitted = "IPV4" },
  { field = "DBParameterGroups", restore = "DBParameterGroupName", modify = "DBParameterGroupName",
    when = "parameter_group", shape = "parameter_group", omitted = settings.given.parameter_group },
  { field = "OptionGroupMemberships", restore = "OptionGroupName", modify = "OptionGroupName", when = "soon",
    shape = "option_group", omitted = settings.given.option_group },
  { field = "AutoMinorVersionUpgrade", restore = "AutoMinorVersionUpgrade", modify = "AutoMinorVersionUpgrade",
    when = "now", omitted = true },
  { field = "LicenseModel", restore = "LicenseModel", modify = "LicenseModel", when = "pending",
    omitted = settings.given.source },
  { field = "EngineLifecycleSupport", restore = "EngineLifecycleSupport", modify = "EngineLifecycleSupport",
    when = "now", omitted = settings.given.lifecycle },
  { field = "CACertificateIdentifier", restore = "CACertificateIdentifier", modify = "CACertificateIdentifier",
    when = "pending", shape = "certificate", omitted = "rds-ca-rsa2048-g1" },
  { field = "CopyTagsToSnapshot", restore = "CopyTagsToSnapshot", modify = "CopyTagsToSnapshot", when = "now",
    omitted = false },
  { field = "BackupRetentionPeriod", restore = "BackupRetentionPeriod", modify = "BackupRetentionPeriod",
    when = "pending", omitted = settings.given.source },
  { field = "PreferredBackupWindow", restore = "PreferredBackupWindow", modify = "PreferredBackupWindow", when = "now",
    omitted = settings.given.backup_window },
  { field = "PreferredMaintenanceWindow", modify = "PreferredMaintenanceWindow", when = "now",
    omitted = settings.given.maintenance_window },
  { field = "BackupTarget", restore = "BackupTarget", omitted = "region" },
  { field = "IAMDatabaseAuthenticationEnabled", restore = "EnableIAMDatabaseAuthentication",
    modify = "EnableIAMDatabaseAuthentication", when = "pending", label = IAM, omitted = false },
  { field = "EnabledCloudwatchLogsExports", restore = "EnableCloudwatchLogsExports", shape = "log_types",
    restore_shape = wrapped "EnableLogTypes", modify = "CloudwatchLogsExportConfiguration", when = "pending",
    always = true, label = LOGS, pending = "PendingCloudwatchLogsExports", pending_shape = settings.pending_logs,
    omitted = {} },
  { field = "MonitoringInterval", modify = "MonitoringInterval", when = "soon", label = MONITOR, omitted = 0 },
  { field = "MonitoringRoleArn", modify = "MonitoringRoleArn", when = "soon", label = MONITOR },
  { field = "PerformanceInsightsEnabled", modify = "EnablePerformanceInsights", when = "soon", label = INSIGHTS,
    shape = "insights", omitted = false },
  { field = "PerformanceInsightsKMSKeyId", modify = "PerformanceInsightsKMSKeyId", when = "soon", label = INSIGHTS },
  { field = "PerformanceInsightsRetentionPeriod", modify = "PerformanceInsightsRetentionPeriod", when = "soon",
    label = INSIGHTS },
  { field = "DatabaseInsightsMode", modify = "DatabaseInsightsMode", when = "soon", label = INSIGHTS,
    omitted = "standard" },
  { field = "ProcessorFeatures", restore = "ProcessorFeatures", modify = "ProcessorFeatures", when = "pending" },
  { field = "DomainMemberships", restore = "Domain", modify = "Domain", when = "soon", shape = "domain",
    wrap = wrapped "Domain" },
  { field = "DomainMemberships", restore = "DomainIAMRoleName", modify = "DomainIAMRoleName", when = "soon",
    shape = "domain", wrap = wrapped "IAMRoleName" },
  { field = "DomainMemberships", restore = "DomainFqdn", modify = "DomainFqdn", when = "soon", shape = "domain",
    wrap = wrapped "FQDN" },
  { field = "DomainMemberships", restore = "DomainOu", modify = "DomainOu", when = "soon", shape = "domain",
    wrap = wrapped "OU" },
  { field = "DomainMemberships", restore = "DomainAuthSecretArn", modify = "DomainAuthSecretArn", when = "soon",
    shape = "domain", wrap = wrapped "AuthSecretArn" },
  { field = "DomainMemberships", restore = "DomainDnsIps", modify = "DomainDnsIps", when = "soon", shape = "domain",
    wrap = wrapped "DnsIps" },
  { field = "MasterUserSecret", restore = "ManageMasterUserPassword", modify = "ManageMasterUserPassword",
    when = "soon", label = "resetting-master-credentials", shape = "managed_secret" },
  { field = "MasterUserSecret", restore = "MasterUserSecretKmsKeyId", modify = "MasterUserSecretKmsKeyId",
    when = "soon", shape = "secret_key" },
  { field = "CustomerOwnedIpEnabled", restore = "EnableCustomerOwnedIp", modify = "EnableCustomerOwnedIp",
    when = "soon", omitted = false },
  { field = "PromotionTier", modify = "PromotionTier", when = "now" },
  { field = "DeletionProtection", restore = "DeletionProtection", modify = "DeletionProtection", when = "now",
    omitted = false },
}

--- Writes a value as a parameter gives it.
---@param sb table
---@param fields table
---@param setting trapheus.sandbox.Setting
---@param value any
function settings.write(sb, fields, setting, value)
  if setting.wrap then value = setting.wrap(value) end
  local shape = setting.shape
  if shape then
    shape = type(shape) == "string" and settings.shapes[shape] or shape
    shape(sb, fields, value)
  else
    fields[setting.field] = value
  end
end

--- The parameter that writes a setting: CreateDBInstance takes those of a restore, and what else a modify takes.
---@param setting trapheus.sandbox.Setting
---@param call "create"|"restore"|"modify"
---@return string|nil
function settings.parameter(setting, call)
  if call == "create" then return setting.restore or setting.modify end
  return setting[call]
end

local known_of = setmetatable({}, { __mode = "k" }) -- the parameters of a call that write one of these rows

local function known_to(rows, call)
  known_of[rows] = known_of[rows] or {}
  local known = known_of[rows][call]
  if known then return known end
  known = {}
  for _, setting in ipairs(rows) do known[settings.parameter(setting, call) or false] = true end
  known_of[rows][call] = known
  return known
end

--- Refuses a parameter that nothing here gives a meaning to: it must not seem to be carried over.
---@param params table
---@param call "create"|"restore"|"modify"
---@param others table<string, boolean> Parameters that are not settings.
---@param rows trapheus.sandbox.Setting[]|nil An instance's, unless given.
function settings.require_known(params, call, others, rows)
  local known, unknown = known_to(rows or settings.rows, call), {}
  for name in pairs(params) do
    if not known[name] and not others[name] then unknown[#unknown + 1] = name end
  end
  table.sort(unknown)
  if unknown[1] then
    errors.refuse("InvalidParameterValue", ("The sandbox does not know the parameter %s here."):format(unknown[1]))
  end
end

return settings
