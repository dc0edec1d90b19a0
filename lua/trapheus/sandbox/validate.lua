--- What AWS refuses in the parameters of a restore and of a modify.

local errors = require "trapheus.sandbox.errors"
local template = require "trapheus.sandbox.template"

local validate = {}

---@param params table
---@param name string
function validate.present(params, name)
  if params[name] == nil or params[name] == "" then
    errors.refuse("MissingParameter", ("The request must contain the parameter %s."):format(name))
  end
end

---@param message string
function validate.refuse_value(message, ...)
  errors.refuse("InvalidParameterValue", message:format(...))
end

---@param message string
function validate.refuse_combination(message, ...)
  errors.refuse("InvalidParameterCombination", message:format(...))
end

local combination = validate.refuse_combination

--- gp3 takes Iops and StorageThroughput only from a size on, and then no less than the baseline.
local function gp3(fields, params)
  local size = params.AllocatedStorage or fields.AllocatedStorage
  if not params.Iops and not params.StorageThroughput then return end
  if size < template.gp3_threshold(fields) then
    combination("You can't specify IOPS or storage throughput for engine %s and a storage size less than %d.",
      fields.Engine, template.gp3_threshold(fields))
  end
  local baseline = { Engine = fields.Engine, AllocatedStorage = size, StorageType = "gp3" }
  template.storage_baseline(baseline)
  if (params.Iops or baseline.Iops) < baseline.Iops then
    combination("The IOPS value for gp3 must be at least %d.", baseline.Iops)
  end
  if (params.StorageThroughput or baseline.StorageThroughput) < baseline.StorageThroughput then
    combination("The storage throughput for gp3 must be at least %d.", baseline.StorageThroughput)
  end
end

---@param fields table What the instance (or the snapshot's source) has.
---@param params table
---@param storage_type string
function validate.storage(fields, params, storage_type)
  local size = params.AllocatedStorage
  if size and size < fields.AllocatedStorage then
    combination("Invalid storage size for engine name %s and storage type %s: %d", fields.Engine, storage_type, size)
  end
  if storage_type == "gp3" then gp3(fields, params) end
  if storage_type ~= "gp3" and params.StorageThroughput then
    combination("You can't specify storage throughput for the storage type %s.", storage_type)
  end
  if storage_type:find "^io" and not (params.Iops or fields.Iops) then
    combination("Iops must be specified for the storage type %s.", storage_type)
  end
end

---@param params table
function validate.zone(params)
  if params.MultiAZ and params.AvailabilityZone then
    combination("Requesting a specific availability zone is not valid for Multi-AZ instances.")
  end
end

---@param fields table
---@param params table
function validate.monitoring(fields, params)
  local interval = params.MonitoringInterval
  if not interval and not params.MonitoringRoleArn then return end
  interval = interval or fields.MonitoringInterval
  if interval > 0 and not params.MonitoringRoleArn then
    combination("A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.")
  end
  if interval == 0 and params.MonitoringRoleArn then
    combination("You must specify a MonitoringInterval value other than 0 when you specify a MonitoringRoleARN value.")
  end
end

local function retention_allowed(days)
  return days == 7 or days == 731 or days % 31 == 0 and days >= 31 and days <= 713
end

---@param fields table
---@param params table
function validate.insights(fields, params)
  local enabled = params.EnablePerformanceInsights
  if enabled == nil then enabled = fields.PerformanceInsightsEnabled end
  local days = params.PerformanceInsightsRetentionPeriod
  if days and not retention_allowed(days) then
    errors.refuse("InvalidParameterValue", ("Invalid Performance Insights retention period: %s"):format(days))
  end
  if (days or params.PerformanceInsightsKMSKeyId) and not enabled then
    combination("Performance Insights must be enabled to set its retention period or KMS key.")
  end
  if params.DatabaseInsightsMode == "advanced" and not (params.EnablePerformanceInsights and days == 465) then
    combination("To enable the Advanced mode of Database Insights, enable Performance Insights with a retention of "
      .. "465 days.")
  end
end

---@param params table
function validate.retention(params)
  local days = params.BackupRetentionPeriod
  if days and (days < 0 or days > 35) then
    errors.refuse("InvalidParameterValue", ("Invalid backup retention period: %s. Must be between 0 and 35.")
      :format(days))
  end
end

--- A parameter group is of the family that the database is of, or is going to be.
---@param sb table
---@param fields table Of the database
---@param params table DBParameterGroupName, or DBClusterParameterGroupName; and EngineVersion
function validate.family(sb, fields, params)
  local group = sb.known.parameter_groups[params.DBParameterGroupName or false]
    or sb.known.cluster_parameter_groups[params.DBClusterParameterGroupName or false]
  local version = params.EngineVersion or fields.EngineVersion
  local family = template.family { Engine = fields.Engine, EngineVersion = version }
  if group and group.family and family and group.family ~= family then
    combination("The Parameter Group %s with DBParameterGroupFamily %s cannot be used for this instance. Please use a "
      .. "Parameter Group with DBParameterGroupFamily %s", params.DBParameterGroupName
      or params.DBClusterParameterGroupName, group.family, family)
  end
end

local function parts(version)
  local list = {}
  for digits in version:gmatch "%d+" do list[#list + 1] = math.tointeger(tonumber(digits)) end
  return list
end

local function is_older(version, than)
  local a, b = parts(version), parts(than)
  for i = 1, math.min(#a, #b) do
    if a[i] ~= b[i] then return a[i] < b[i] end
  end
  return false
end

--- There is no way back to an older version; a restore has none either.
---@param fields table
---@param params table
function validate.version(fields, params)
  local version = params.EngineVersion
  if version and is_older(version, fields.EngineVersion) then
    combination("Cannot upgrade %s from %s to %s", fields.Engine, fields.EngineVersion, version)
  end
end

--- A modification goes to another major version only if that is said; the groups belong to one.
---@param fields table
---@param params table
function validate.major_version(fields, params)
  local version = params.EngineVersion
  if not version or params.AllowMajorVersionUpgrade or not template.engine(fields.Engine) then return end
  local from = template.family { Engine = fields.Engine, EngineVersion = fields.EngineVersion }
  if from ~= template.family { Engine = fields.Engine, EngineVersion = version } then
    combination "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
  end
end

--- A deletion says that it takes a final snapshot, or that it takes none.
---@param params table
function validate.final_snapshot(params)
  if params.SkipFinalSnapshot and params.FinalDBSnapshotIdentifier then
    combination "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot."
  end
  if not params.SkipFinalSnapshot and not params.FinalDBSnapshotIdentifier then
    combination "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
  end
end

--- Refuses a key that is not there, or is disabled.
---@param sb table
---@param key string?
function validate.key(sb, key)
  if key and sb.lacking.key[key] then
    errors.refuse("KMSKeyNotAccessibleFault", ("The KMS key %s cannot be used."):format(key))
  end
end

return validate
