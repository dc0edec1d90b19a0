--- What AWS refuses in the settings of a cluster.

local sorted = require "trapheus.sorted"
local validate = require "trapheus.sandbox.validate"

local cluster_validate = {}

local AURORA, MULTI_AZ = "an Aurora DB cluster", "a Multi-AZ DB cluster"

--- Parameters that only one family of clusters has.
local FAMILY = {
  AvailabilityZones = AURORA, BacktrackWindow = AURORA, Domain = AURORA, DomainIAMRoleName = AURORA,
  ServerlessV2ScalingConfiguration = AURORA, AssociatedRoles = AURORA, EnableHttpEndpoint = AURORA,
  EnableLocalWriteForwarding = AURORA, EnableGlobalWriteForwarding = AURORA, NetworkType = AURORA,
  AllocatedStorage = MULTI_AZ, Iops = MULTI_AZ, DBClusterInstanceClass = MULTI_AZ, CACertificateIdentifier = MULTI_AZ,
}

--- Parameters of which that is so in one call only.
local FAMILY_OF_CALL = {
  modify = { Port = AURORA, MonitoringInterval = MULTI_AZ, MonitoringRoleArn = MULTI_AZ },
  restore = { EngineMode = AURORA },
}

local STORAGE = {
  [AURORA] = { ["aurora"] = true, ["aurora-iopt1"] = true }, [MULTI_AZ] = { io1 = true, io2 = true, gp3 = true },
}

local function check_family(family, params, only)
  for _, parameter in ipairs(sorted.keys(only)) do
    if params[parameter] ~= nil and only[parameter] ~= family then
      validate.refuse_combination("%s is not valid for %s.", parameter, family)
    end
  end
end

--- A restore takes io1 alone for a Multi-AZ DB cluster.
local function check_storage(family, params, call)
  local type = params.StorageType
  if type and (not STORAGE[family][type] or call == "restore" and family == MULTI_AZ and type ~= "io1") then
    validate.refuse_combination("The storage type %s is not valid for %s.", type, family)
  end
end

--- Without the VPC there is the internet access gateway, and IAM authentication.
local function check_express(fields, params)
  if params.EnableVPCNetworking == nil and params.EnableInternetAccessGateway == nil then return end
  if fields.Engine ~= "aurora-postgresql" then
    validate.refuse_combination("EnableVPCNetworking is not valid for the engine %s.", fields.Engine)
  elseif params.EnableVPCNetworking ~= false or not params.EnableInternetAccessGateway
    or not params.EnableIAMDatabaseAuthentication then
    validate.refuse_combination("EnableInternetAccessGateway goes with EnableVPCNetworking set to false and IAM "
      .. "database authentication.")
  end
end

--- Backtrack is switched on when a cluster is made, or never.
local function check_backtrack(fields, params, call)
  local window = params.BacktrackWindow
  if not window or window == 0 then return end
  if fields.Engine ~= "aurora-mysql" then
    validate.refuse_combination("Backtrack is not supported for the engine %s.", fields.Engine)
  elseif call == "modify" and (fields.BacktrackWindow or 0) == 0 then
    validate.refuse_combination("Backtrack is not enabled for the DB cluster, and can only be when it is created.")
  elseif window < 0 or window > 259200 then
    validate.refuse_value("Invalid backtrack window: %d. Must be between 0 and 259200.", window)
  end
end

local function check_scaling(scaling)
  if not scaling then return end
  local low, high = scaling.MinCapacity, scaling.MaxCapacity
  if not low or not high then
    validate.refuse_value "Both MinCapacity and MaxCapacity must be specified for a Serverless v2 configuration."
  end
  if low < 0 or high < 1 or high > 256 or low > high or low % 0.5 ~= 0 or high % 0.5 ~= 0 then
    validate.refuse_combination("Serverless v2 capacity goes in half steps from 0 to 256, and its maximum from 1.")
  end
  if scaling.SecondsUntilAutoPause and low > 0 then
    validate.refuse_combination("SecondsUntilAutoPause needs a minimum capacity of 0.")
  end
end

local function check_retention(params)
  local days = params.BackupRetentionPeriod
  if days and (days < 1 or days > 35) then
    validate.refuse_value("Invalid backup retention period: %s. Must be between 1 and 35.", days)
  end
end

---@param fields table What the cluster has, or is to start from.
---@param params table
---@param call "create"|"restore"|"modify"
function cluster_validate.settings(fields, params, call)
  if params.EngineMode and params.EngineMode ~= "provisioned" then
    validate.refuse_combination("The engine mode %s you requested is currently unavailable.", params.EngineMode)
  end
  local family = fields.Engine:find "^aurora" and AURORA or MULTI_AZ
  check_family(family, params, FAMILY)
  check_family(family, params, FAMILY_OF_CALL[call] or {})
  check_storage(family, params, call)
  check_express(fields, params)
  check_retention(params)
  check_backtrack(fields, params, call)
  check_scaling(params.ServerlessV2ScalingConfiguration)
  validate.monitoring(fields, params)
  validate.insights(fields, params)
end

return cluster_validate
