--- Settings of a cluster, as sandbox.settings has those of an instance.

local errors = require "trapheus.sandbox.errors"
local settings = require "trapheus.sandbox.settings"
local template = require "trapheus.sandbox.template"

local cluster_settings = {}

local function parameter_group(sb, fields, value)
  if not sb.known.cluster_parameter_groups[value] and value ~= template.default_parameter_group(fields) then
    errors.refuse("DBClusterParameterGroupNotFound", ("DBClusterParameterGroup not found: %s"):format(value))
  end
  fields.DBClusterParameterGroup = value
end

local function subnet_group(sb, fields, value)
  if not sb.known.subnet_groups[value] then
    errors.refuse("DBSubnetGroupNotFoundFault", ("DB subnet group '%s' does not exist."):format(value))
  end
  fields.DBSubnetGroup = value
end

local function option_group(_, fields, value)
  if value ~= template.default_option_group(fields) then
    errors.refuse("OptionGroupNotFoundFault", ("Specified OptionGroupName: %s not found."):format(value))
  end
  fields.DBClusterOptionGroupMemberships = { { DBClusterOptionGroupName = value, Status = "in-sync" } }
end

--- Describe leaves out Aurora's standard storage.
local function storage_type(_, fields, value)
  fields.StorageType = value ~= "aurora" and value or nil
end

local function roles(_, fields, value)
  fields.AssociatedRoles = {}
  for i, role in ipairs(value) do
    fields.AssociatedRoles[i] = { RoleArn = role.RoleArn, FeatureName = role.FeatureName, Status = "ACTIVE" }
  end
end

local function local_write_forwarding(_, fields, value)
  fields.LocalWriteForwardingStatus = value and "enabled" or "disabled"
end

local function certificate(sb, fields, value)
  local own = {}
  settings.shapes.certificate(sb, own, value)
  fields.CertificateDetails = own.CertificateDetails
end

local wrapped = settings.wrapped

local function is_aurora(engine)
  return engine:find "^aurora" ~= nil
end

local given = settings.given

local function zones(_, _, sb)
  local list = {}
  for i, letter in ipairs(template.ZONES) do list[i] = sb.region .. letter end
  return list
end

local function port(source)
  return source.Port
end

local function default_parameter_group(_, _, _, params)
  return template.default_parameter_group(params)
end

local function default_option_group(_, _, _, params)
  return template.default_option_group(params)
end

local function network(source) return is_aurora(source.Engine) and "IPV4" or nil end

local function default_storage(source, _, _, params)
  if is_aurora(source.Engine) then return "aurora" end
  return params.Iops and "io1" or "gp3"
end

---@type trapheus.sandbox.Setting[]
cluster_settings.rows = {
  { field = "EngineVersion", restore = "EngineVersion", modify = "EngineVersion", when = "pending",
    label = "upgrading" },
  { field = "EngineMode", restore = "EngineMode", omitted = "provisioned" },
  { field = "DatabaseName", restore = "DatabaseName", omitted = given.source },
  { field = "AvailabilityZones", restore = "AvailabilityZones", omitted = zones },
  { field = "DBSubnetGroup", restore = "DBSubnetGroupName", shape = subnet_group, omitted = "default" },
  { field = "VpcSecurityGroups", restore = "VpcSecurityGroupIds", modify = "VpcSecurityGroupIds", when = "now",
    shape = "security_groups", omitted = given.default_security_groups },
  { field = "Port", restore = "Port", modify = "Port", when = "soon", omitted = port, reboots = true },
  { field = "NetworkType", restore = "NetworkType", modify = "NetworkType", when = "soon", omitted = network },
  { field = "PubliclyAccessible", restore = "PubliclyAccessible" },
  { field = "DBClusterInstanceClass", restore = "DBClusterInstanceClass", modify = "DBClusterInstanceClass",
    when = "soon", label = "scaling-compute" },
  { field = "AllocatedStorage", modify = "AllocatedStorage", when = "pending", label = "scaling-storage",
    omitted = given.source },
  { field = "StorageType", restore = "StorageType", modify = "StorageType", when = "pending", shape = storage_type,
    omitted = default_storage },
  { field = "Iops", restore = "Iops", modify = "Iops", when = "pending" },
  { field = "DBClusterParameterGroup", restore = "DBClusterParameterGroupName", modify = "DBClusterParameterGroupName",
    when = "parameter_group", shape = parameter_group, omitted = default_parameter_group },
  { field = "DBClusterOptionGroupMemberships", restore = "OptionGroupName", modify = "OptionGroupName", when = "soon",
    shape = option_group, omitted = default_option_group },
  { field = "AssociatedRoles", restore = "AssociatedRoles", shape = roles, omitted = {} },
  { field = "BackupRetentionPeriod", restore = "BackupRetentionPeriod", modify = "BackupRetentionPeriod",
    when = "pending", omitted = given.source },
  { field = "PreferredBackupWindow", restore = "PreferredBackupWindow", modify = "PreferredBackupWindow", when = "now",
    omitted = given.backup_window },
  { field = "PreferredMaintenanceWindow", modify = "PreferredMaintenanceWindow", when = "now",
    omitted = given.maintenance_window },
  { field = "CopyTagsToSnapshot", restore = "CopyTagsToSnapshot", modify = "CopyTagsToSnapshot", when = "now",
    omitted = false },
  { field = "BacktrackWindow", restore = "BacktrackWindow", modify = "BacktrackWindow", when = "now" },
  { field = "AwsBackupRecoveryPointArn", modify = "AwsBackupRecoveryPointArn", when = "now" },
  { field = "AutoMinorVersionUpgrade", modify = "AutoMinorVersionUpgrade", when = "now", omitted = true },
  { field = "EngineLifecycleSupport", restore = "EngineLifecycleSupport", modify = "EngineLifecycleSupport",
    when = "now", omitted = given.lifecycle },
  { field = "IAMDatabaseAuthenticationEnabled", restore = "EnableIAMDatabaseAuthentication",
    modify = "EnableIAMDatabaseAuthentication", when = "pending", label = "configuring-iam-database-auth",
    omitted = false },
  { field = "EnabledCloudwatchLogsExports", restore = "EnableCloudwatchLogsExports", shape = "log_types",
    restore_shape = wrapped "EnableLogTypes", modify = "CloudwatchLogsExportConfiguration", when = "pending",
    always = true, pending = "PendingCloudwatchLogsExports", pending_shape = settings.pending_logs, omitted = {} },
  { field = "DomainMemberships", restore = "Domain", modify = "Domain", when = "soon", shape = "domain",
    wrap = wrapped "Domain" },
  { field = "DomainMemberships", restore = "DomainIAMRoleName", modify = "DomainIAMRoleName", when = "soon",
    shape = "domain", wrap = wrapped "IAMRoleName" },
  { field = "ServerlessV2ScalingConfiguration", restore = "ServerlessV2ScalingConfiguration",
    modify = "ServerlessV2ScalingConfiguration", when = "now" },
  { field = "MonitoringInterval", restore = "MonitoringInterval", modify = "MonitoringInterval", when = "soon",
    omitted = 0, label = "configuring-enhanced-monitoring" },
  { field = "MonitoringRoleArn", restore = "MonitoringRoleArn", modify = "MonitoringRoleArn", when = "soon" },
  { field = "PerformanceInsightsEnabled", restore = "EnablePerformanceInsights", modify = "EnablePerformanceInsights",
    when = "soon", shape = "insights", omitted = false },
  { field = "PerformanceInsightsKMSKeyId", restore = "PerformanceInsightsKMSKeyId",
    modify = "PerformanceInsightsKMSKeyId", when = "soon" },
  { field = "PerformanceInsightsRetentionPeriod", restore = "PerformanceInsightsRetentionPeriod",
    modify = "PerformanceInsightsRetentionPeriod", when = "soon" },
  { field = "DatabaseInsightsMode", modify = "DatabaseInsightsMode", when = "soon", omitted = "standard" },
  { field = "MasterUserSecret", modify = "ManageMasterUserPassword", when = "soon", shape = "managed_secret",
    label = "resetting-master-credentials" },
  { field = "MasterUserSecret", modify = "MasterUserSecretKmsKeyId", when = "soon", shape = "secret_key" },
  { field = "CertificateDetails", modify = "CACertificateIdentifier", when = "pending", shape = certificate,
    pending_shape = wrapped "CAIdentifier" },
  { field = "HttpEndpointEnabled", modify = "EnableHttpEndpoint", when = "now", omitted = false },
  { field = "LocalWriteForwardingStatus", modify = "EnableLocalWriteForwarding", when = "now",
    shape = local_write_forwarding },
  { field = "GlobalWriteForwardingRequested", modify = "EnableGlobalWriteForwarding", when = "now" },
  { field = "VPCNetworkingEnabled", restore = "EnableVPCNetworking" },
  { field = "InternetAccessGatewayEnabled", restore = "EnableInternetAccessGateway" },
  { field = "DeletionProtection", restore = "DeletionProtection", modify = "DeletionProtection", when = "now",
    omitted = false },
}

--- Refuses a parameter that nothing here gives a meaning to.
---@param params table
---@param call "create"|"restore"|"modify"
---@param others table<string, boolean> Parameters that are not settings.
function cluster_settings.require_known(params, call, others)
  settings.require_known(params, call, others, cluster_settings.rows)
end

return cluster_settings
