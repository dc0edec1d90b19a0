--- ModifyDBInstance: what is written at once, what waits in PendingModifiedValues, what takes a while.

local changes = require "trapheus.sandbox.changes"
local engine_rules = require "trapheus.sandbox.engine_rules"
local instances = require "trapheus.sandbox.instances"
local member_settings = require "trapheus.sandbox.member_settings"
local names = require "trapheus.sandbox.names"
local settings = require "trapheus.sandbox.settings"
local tables = require "trapheus.sandbox.tables"
local validate = require "trapheus.sandbox.validate"

local modify = { operations = { rds = {} } }
local rds = modify.operations.rds

---@type trapheus.sandbox.Way
local WAY = { what = "DB instance", rows = settings.rows }

local OTHERS = {
  DBInstanceIdentifier = true, NewDBInstanceIdentifier = true, ApplyImmediately = true,
  AllowMajorVersionUpgrade = true, CertificateRotationRestart = true, MasterUserPassword = true,
  RotateMasterUserPassword = true, UseDefaultProcessorFeatures = true,
}

--- Checks the values against the instance, and gives the name it is to have, if it is to have another.
local function check(sb, instance, params)
  settings.require_known(params, "modify", OTHERS)
  if instance.cluster then
    member_settings.check_modify(sb, instance, params)
  else
    engine_rules.check(instance.fields, params, "modify")
    validate.storage(instance.fields, params, params.StorageType or instance.fields.StorageType)
  end
  validate.retention(params)
  validate.version(instance.fields, params)
  validate.major_version(instance.fields, params)
  validate.family(sb, (instance.cluster or instance).fields, params)
  validate.monitoring(instance.fields, params)
  validate.insights(instance.fields, params)
  local new = params.NewDBInstanceIdentifier
  local target = new and names.check(new, "NewDBInstanceIdentifier", 63) or instance.pending_name
  if target and target ~= instance.name then instances.require_free(sb, target) end
  return target
end

--- A new parameter group is attached at once; its values come with the next reboot.
function WAY.attached(instance)
  tables.renewed(instance.fields, "DBParameterGroups")[1].ParameterApplyStatus = "applying"
end

--- Rebalances changed storage, in a state in which the instance takes changes again.
local function optimize(sb, instance, list)
  local changed = false
  for _, change in ipairs(list) do changed = changed or change.setting.storage end
  local seconds = changed and sb:draw "storage_optimization_s" or 0
  if seconds > 0 then instances.excursion(sb, instance, "storage-optimization", seconds) end
end

function WAY.settle(sb, instance, list)
  local group = instance.fields.DBParameterGroups[1]
  if group and group.ParameterApplyStatus == "applying" then
    tables.renewed(instance.fields, "DBParameterGroups")[1].ParameterApplyStatus = "pending-reboot"
  end
  instances.settle(sb, instance)
  optimize(sb, instance, list or {})
end

function rds.ModifyDBInstance(sb, params, fault)
  local instance = instances.find(sb, params.DBInstanceIdentifier)
  local target = check(sb, instance, params)
  instances.require_ready(sb, instance)
  changes.carry_out(sb, instance, params, target, WAY, fault)
  return { DBInstance = instances.commit(sb, instance) }
end

return modify
