--- Which settings an instance has as a member of a cluster: the others are the cluster's, and refused.

local clusters = require "trapheus.sandbox.clusters"
local errors = require "trapheus.sandbox.errors"
local resources = require "trapheus.sandbox.resources"
local settings = require "trapheus.sandbox.settings"
local sorted = require "trapheus.sorted"

local member_settings = {}

--- The fields that are a member's own.
local OWN = {
  DBInstanceClass = true, DBParameterGroups = true, AvailabilityZone = true, PreferredMaintenanceWindow = true,
  AutoMinorVersionUpgrade = true, PubliclyAccessible = true, CACertificateIdentifier = true, MonitoringInterval = true,
  MonitoringRoleArn = true, PerformanceInsightsEnabled = true, PerformanceInsightsKMSKeyId = true,
  PerformanceInsightsRetentionPeriod = true, PromotionTier = true, CopyTagsToSnapshot = true,
}

---@type trapheus.sandbox.Setting[]
member_settings.rows = {}
for _, setting in ipairs(settings.rows) do
  if OWN[setting.field] then table.insert(member_settings.rows, setting) end
end

--- Of these a creation takes what the cluster has, and nothing else.
local SAME = { Engine = "Engine", EngineVersion = "EngineVersion", DBSubnetGroupName = "DBSubnetGroup" }

local function refuse_others(params, call, message, except)
  for _, setting in ipairs(settings.rows) do
    local parameter = settings.parameter(setting, call)
    if params[parameter or false] ~= nil and not OWN[setting.field] and not except[parameter] then
      errors.refuse("InvalidParameterCombination", message:format(parameter))
    end
  end
  for _, parameter in ipairs { "MasterUsername", "MasterUserPassword", "StorageEncrypted", "KmsKeyId" } do
    if params[parameter] ~= nil then errors.refuse("InvalidParameterCombination", message:format(parameter)) end
  end
end

---@param cluster table
---@param params table Of CreateDBInstance
function member_settings.check_create(cluster, params)
  refuse_others(params, "create", "The requested DB Instance will be a member of a DB Cluster. Set %s for the DB "
    .. "Cluster.", SAME)
  for _, parameter in ipairs(sorted.keys(SAME)) do
    local field = SAME[parameter]
    if params[parameter] ~= nil and params[parameter] ~= cluster.fields[field] then
      errors.refuse("InvalidParameterCombination", ("The requested %s is not that of the DB cluster, %s."):format(
        parameter, cluster.fields[field]))
    end
  end
  local serverless = params.DBInstanceClass == "db.serverless"
  if serverless and not cluster.fields.ServerlessV2ScalingConfiguration then
    errors.refuse("InvalidDBClusterStateFault", "Set the Serverless v2 scaling configuration on the parent DB cluster "
      .. "before creating a Serverless v2 DB instance.")
  end
end

---@param sb table
---@param member table
---@param params table Of ModifyDBInstance
function member_settings.check_modify(sb, member, params)
  if clusters.is_multi_az(member.cluster) then
    errors.refuse("InvalidParameterCombination", ("The instance %s is a member of a Multi-AZ DB cluster, and cannot be "
      .. "modified by itself."):format(member.name))
  end
  refuse_others(params, "modify", "The specified DB Instance is a member of a cluster. Modify %s for the DB Cluster "
    .. "using the ModifyDBCluster API", {})
  if params.NewDBInstanceIdentifier then resources.require_ready(sb, member.cluster) end
end

return member_settings
