--- ModifyDBInstance: what is written at once, what waits in PendingModifiedValues, what takes a while.

local events = require "trapheus.sandbox.events"
local instances = require "trapheus.sandbox.instances"
local names = require "trapheus.sandbox.names"
local rename = require "trapheus.sandbox.rename"
local settings = require "trapheus.sandbox.settings"
local tables = require "trapheus.sandbox.tables"
local template = require "trapheus.sandbox.template"
local validate = require "trapheus.sandbox.validate"

local modify = { operations = { rds = {} } }
local rds = modify.operations.rds

local OTHERS = {
  DBInstanceIdentifier = true, NewDBInstanceIdentifier = true, ApplyImmediately = true,
  AllowMajorVersionUpgrade = true, CertificateRotationRestart = true, MasterUserPassword = true,
  RotateMasterUserPassword = true, UseDefaultProcessorFeatures = true,
}

--- Gives the changes that are changes, in the order of the settings, each after those before it.
local function changes(sb, instance, params)
  local list, before = {}, instance.fields
  for _, setting in ipairs(settings.rows) do
    local value = params[setting.modify or false]
    if value ~= nil then
      local after = tables.copy(before)
      settings.write(sb, after, setting, value)
      if not tables.same(after, before) then list[#list + 1] = { setting = setting, value = value } end
      before = after
    end
  end
  return list
end

--- Checks the values against the instance, and gives the name it is to have, if it is to have another.
local function check(sb, instance, params)
  settings.require_known(params, "modify", OTHERS)
  validate.retention(params)
  validate.monitoring(instance.fields, params)
  validate.insights(instance.fields, params)
  validate.storage(instance.fields, params, params.StorageType or instance.fields.StorageType)
  local new = params.NewDBInstanceIdentifier
  local target = new and names.check(new, "NewDBInstanceIdentifier", 63) or instance.pending_name
  if target and target ~= instance.name then instances.require_free(sb, target) end
  return target
end

local function write(sb, instance, list)
  for _, change in ipairs(list) do settings.write(sb, instance.fields, change.setting, change.value) end
  template.storage_baseline(instance.fields)
end

--- Puts a change among the pending ones, in the place of an earlier one of the same setting.
local function put_off(instance, change)
  for i, earlier in ipairs(instance.pending) do
    if earlier.setting == change.setting then
      instance.pending[i] = change
      return
    end
  end
  table.insert(instance.pending, change)
end

local function sort_out(list)
  local kinds = { now = {}, soon = {}, pending = {}, parameter_group = {} }
  for _, change in ipairs(list) do table.insert(kinds[change.setting.when], change) end
  return kinds
end

--- A new parameter group is attached at once; its values come with the next reboot.
local function parameter_group(sb, instance, list)
  if #list == 0 then return end
  write(sb, instance, list)
  instance.fields.DBParameterGroups[1].ParameterApplyStatus = "applying"
end

local function applying(instance)
  local group = instance.fields.DBParameterGroups[1]
  return group and group.ParameterApplyStatus == "applying" and group
end

local function label(list)
  for _, change in ipairs(list) do
    if change.setting.label then return change.setting.label end
  end
  return "modifying"
end

--- Rebalances changed storage, in a state in which the instance takes changes again.
local function optimize(sb, instance, list)
  local changed = false
  for _, change in ipairs(list) do changed = changed or change.setting.storage end
  local seconds = changed and sb:draw "storage_optimization_s" or 0
  if seconds > 0 then instances.excursion(sb, instance, "storage-optimization", seconds) end
end

--- Does in the background what takes a while.
local function work(sb, instance, list, fault)
  instances.begin(instance, true)
  local lag = sb:draw "modify_lag_s"
  sb:later(lag, function() instances.become(sb, instance, label(list)) end, instance)
  if fault.kind == "stuck" then return end
  sb:later(lag + sb:draw "modify_s", function()
    local failed = fault.kind == "background_failure"
    if not failed then write(sb, instance, list) end
    instance.pending = {}
    local group = applying(instance)
    if group then group.ParameterApplyStatus = "pending-reboot" end
    instances.settle(sb, instance)
    if not failed then optimize(sb, instance, list) end
    events.add(sb, "db-instance", instance.name, failed and "failure" or "configuration change",
      failed and "Unable to modify the DB instance." or "Finished applying modification to the DB instance.")
  end, instance)
end

--- What is done now: everything pending as well, if it applies immediately.
local function due(instance, kinds, immediately)
  local list = {}
  for _, change in ipairs(kinds.soon) do list[#list + 1] = change end
  for _, change in ipairs(instance.pending) do
    if immediately or change.setting.always then list[#list + 1] = change end
  end
  return list
end

function rds.ModifyDBInstance(sb, params, fault)
  local instance = instances.find(sb, params.DBInstanceIdentifier)
  local target = check(sb, instance, params)
  instances.require_ready(sb, instance)
  local kinds = sort_out(changes(sb, instance, params))
  write(sb, instance, kinds.now)
  parameter_group(sb, instance, kinds.parameter_group)
  for _, change in ipairs(kinds.pending) do put_off(instance, change) end
  instance.pending_name = target
  local list = due(instance, kinds, params.ApplyImmediately)
  if target == instance.name then
    instance.pending_name = nil
    if params.ApplyImmediately then rename.to_itself(sb, instance) end
  elseif target and params.ApplyImmediately then
    rename.begin(sb, instance, target, fault, function()
      write(sb, instance, list)
      instance.pending = {}
    end)
  elseif #list > 0 or #kinds.parameter_group > 0 then
    work(sb, instance, list, fault)
  end
  instances.commit(sb, instance)
  return { DBInstance = instances.view(sb, instance) }
end

return modify
