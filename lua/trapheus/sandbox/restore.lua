--- RestoreDBInstanceFromDBSnapshot: a new instance, with AWS's own defaults for whatever was not asked for.

local creation = require "trapheus.sandbox.creation"
local engine_rules = require "trapheus.sandbox.engine_rules"
local errors = require "trapheus.sandbox.errors"
local events = require "trapheus.sandbox.events"
local instance_snapshots = require "trapheus.sandbox.instance_snapshots"
local instances = require "trapheus.sandbox.instances"
local names = require "trapheus.sandbox.names"
local secrets = require "trapheus.sandbox.secrets"
local settings = require "trapheus.sandbox.settings"
local snapshots = require "trapheus.sandbox.snapshots"
local statuses = require "trapheus.sandbox.statuses"
local tables = require "trapheus.sandbox.tables"
local tags = require "trapheus.sandbox.tags"
local validate = require "trapheus.sandbox.validate"

local restore = { operations = { rds = {} } }

local OTHERS = {
  DBInstanceIdentifier = true, DBSnapshotIdentifier = true, Tags = true, UseDefaultProcessorFeatures = true,
}

--- What no parameter sets: it lies in the snapshot.
local INHERITED = {
  "MasterUsername", "StorageEncrypted", "KmsKeyId", "CharacterSetName", "NcharCharacterSetName", "Timezone",
  "DBSystemId", "MultiTenant", "StorageEncryptionType",
}

local function configuration(sb, snapshot, params)
  local source, fields = snapshot.source, creation.blank(sb)
  for _, field in ipairs(INHERITED) do fields[field] = source[field] end
  creation.configure(sb, fields, source, params, "restore")
  local merges = sb.knobs.restore_merges_tags == 1 and params.Tags
  fields.TagList = merges and tags.merge(source.TagList, params.Tags) or tables.copy(params.Tags or source.TagList)
  if source.MasterUserSecret and sb.knobs.restore_keeps_secret == 1 then
    settings.shapes.managed_secret(sb, fields, true)
  end
  return fields
end

local function check(sb, snapshot, params)
  local source = snapshot.source
  validate.zone(params)
  validate.retention(params)
  validate.storage({ Engine = source.Engine, AllocatedStorage = source.AllocatedStorage }, params,
    params.StorageType or settings.given.storage_type(source, nil, sb, params))
  if params.Engine and params.Engine ~= source.Engine then
    errors.refuse("InvalidParameterCombination", ("The engine %s does not match the snapshot's, %s."):format(
      params.Engine, source.Engine))
  end
  engine_rules.check({ Engine = source.Engine, BackupRetentionPeriod = source.BackupRetentionPeriod }, params,
    "restore")
  tags.check(params.Tags or {})
  validate.key(sb, source.KmsKeyId)
end

local POSTPONED_S = 30

--- The first backup of the new instance: it serves, but takes no change. It waits for what goes on meanwhile.
local function baseline_backup(sb, instance)
  local seconds = sb:draw "restore_backup_s"
  if seconds == 0 or instance.fields.BackupRetentionPeriod == 0 then return end
  local function begin()
    if instance.gone or instance.retiring or statuses.terminal[instance.status] then return end
    if instance.busy or instance.status ~= "available" then return sb:later(POSTPONED_S, begin) end
    instances.excursion(sb, instance, "backing-up", seconds)
  end
  sb:later(sb:draw "restore_backup_lag_s", begin)
end

local FLAPS = { "backing-up", "modifying", "rebooting", "storage-initialization", "configuring-log-exports" }

local function finish(sb, instance)
  instances.settle(sb, instance)
  instance.no_reboot_ms = sb.now + sb:draw "reboot_refused_s" * 1000
  events.add(sb, "db-instance", instance.name, "restoration", "Restored from snapshot")
  baseline_backup(sb, instance)
end

-- A parameter group of one's own comes into effect at a reboot: as it is made, or later.
local function await_reboot(sb, instance)
  local group = instance.fields.DBParameterGroups[1]
  local default = not group or group.DBParameterGroupName:find "^default%."
  if default or not sb:chance "restore_pending_reboot_percent" then return end
  tables.renewed(instance.fields, "DBParameterGroups")[1].ParameterApplyStatus = "pending-reboot"
end

local function plan(sb, instance, fault)
  if fault.kind == "stuck" then return end
  local status = fault.kind == "terminal" and fault.status
    or sb:chance "restore_fails_percent" and "incompatible-restore"
  sb:later(sb:draw "restore_s", function()
    if status then
      instances.become(sb, instance, status)
      events.failure(sb, "db-instance", instance.name, "The DB instance could not be restored.")
    else
      instance.creating = nil
      await_reboot(sb, instance)
      creation.flap(sb, instance, FLAPS, sb:draw "restore_flaps", function() finish(sb, instance) end)
    end
  end, instance)
end

function restore.operations.rds.RestoreDBInstanceFromDBSnapshot(sb, params, fault)
  settings.require_known(params, "restore", OTHERS)
  local name = names.check(params.DBInstanceIdentifier, "DBInstanceIdentifier", 63)
  local snapshot = snapshots.find_available(sb, instance_snapshots.KIND, params.DBSnapshotIdentifier)
  instances.require_free(sb, name)
  creation.check_quota(sb, params.AllocatedStorage or snapshot.source.AllocatedStorage)
  check(sb, snapshot, params)
  local instance = instances.create(sb, name, "creating", configuration(sb, snapshot, params), snapshot.data_version)
  instance.restored_version = snapshot.data_version
  local view = instances.commit(sb, instance)
  plan(sb, instance, fault)
  secrets.settle(sb, instance)
  return { DBInstance = view }
end

return restore
