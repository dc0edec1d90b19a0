--- DeleteDBInstance: `deleting` for minutes, still listed, then gone.

local cluster_endpoints = require "trapheus.sandbox.cluster_endpoints"
local clusters = require "trapheus.sandbox.clusters"
local describe = require "trapheus.sandbox.describe"
local errors = require "trapheus.sandbox.errors"
local events = require "trapheus.sandbox.events"
local instance_snapshots = require "trapheus.sandbox.instance_snapshots"
local instances = require "trapheus.sandbox.instances"
local members = require "trapheus.sandbox.members"
local replicas = require "trapheus.sandbox.replicas"
local resources = require "trapheus.sandbox.resources"
local validate = require "trapheus.sandbox.validate"

local delete = { operations = { rds = {} } }

--- From which states an instance can be deleted, and whether a final snapshot can be taken in it.
---@type table<string, { snapshot: boolean }>
local STATES = {
  ["available"] = { snapshot = true },
  ["backing-up"] = { snapshot = true },
  ["storage-optimization"] = { snapshot = true },
  ["storage-full"] = { snapshot = true },
  ["incompatible-parameters"] = { snapshot = true },
  ["incompatible-option-group"] = { snapshot = true },
  ["creating"] = { snapshot = false },
  ["failed"] = { snapshot = false },
  ["restore-error"] = { snapshot = false },
  ["incompatible-restore"] = { snapshot = false },
  ["incompatible-network"] = { snapshot = false },
  ["incompatible-create"] = { snapshot = false },
  ["incompatible-credentials"] = { snapshot = false },
  ["insufficient-capacity"] = { snapshot = false },
  ["inaccessible-encryption-credentials"] = { snapshot = false },
}

local function check_final(instance, params)
  if instance.cluster then
    if clusters.is_multi_az(instance.cluster) then
      validate.refuse_combination("The instance %s is a member of a Multi-AZ DB cluster, and is deleted with it.",
        instance.name)
    end
    if params.FinalDBSnapshotIdentifier then
      errors.refuse("InvalidParameterCombination",
        "FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance.")
    end
    return
  end
  validate.final_snapshot(params)
end

local function check_state(sb, instance, params)
  if instance.retiring then
    errors.refuse("InvalidDBInstanceState", ("Instance %s is already being deleted."):format(instance.name))
  end
  if instance.fields.DeletionProtection then
    errors.refuse("InvalidParameterCombination",
      "Cannot delete protected DB Instance, please disable deletion protection and try again.")
  end
  local state = STATES[instance.status]
  local young = instance.status == "creating" and sb.knobs.delete_in_creating == 0
  if not state or young or instance.busy then
    errors.refuse("InvalidDBInstanceState", ("Instance %s is currently %s and cannot be deleted."):format(
      instance.name, instance.status))
  end
  if params.FinalDBSnapshotIdentifier and not state.snapshot then
    errors.refuse("InvalidDBInstanceState", ("No final snapshot can be taken of instance %s, which is %s."):format(
      instance.name, instance.status))
  end
end

local function vanish(sb, instance, retained)
  cluster_endpoints.forget(instance)
  members.leave(instance)
  resources.vanish(sb, instance)
  replicas.tell(sb, instance.name)
  if retained then table.insert(sb.retained_backups, retained) end
  events.add(sb, "db-instance", instance.name, "deletion", "DB instance deleted")
  sb:committed()
end

-- How long it is looked at before it is deleted.
local function begin_deleting(sb, instance)
  local precheck_s = sb:draw "delete_precheck_s"
  instance.retiring = true
  instances.become(sb, instance, precheck_s > 0 and "delete-precheck" or "deleting")
  if precheck_s > 0 then
    sb:later(precheck_s, function() instances.become(sb, instance, "deleting") end, instance)
  end
  return precheck_s
end

function delete.operations.rds.DeleteDBInstance(sb, params, fault)
  local instance = instances.find(sb, params.DBInstanceIdentifier)
  if instance.retiring and sb.knobs.delete_again == 1 then return { DBInstance = instances.view(sb, instance) } end
  check_final(instance, params)
  check_state(sb, instance, params)
  local final = params.FinalDBSnapshotIdentifier
  final = final and instance_snapshots.check_new(sb, final, "FinalDBSnapshotIdentifier")
  local kept = params.DeleteAutomatedBackups == false and not instance.cluster
    and instance.fields.BackupRetentionPeriod > 0
  local retained = kept and describe.automated_backup(sb, instances.view(sb, instance), "retained") or nil
  instances.begin(instance, true)
  members.retire(sb, instance)
  local precheck_s = begin_deleting(sb, instance)
  local seconds = precheck_s + sb:draw "delete_s"
  if final then
    local _, taken = instance_snapshots.take(sb, final, instance, nil, {})
    seconds = seconds + taken
  end
  if fault.kind ~= "stuck" then sb:later(seconds, function() vanish(sb, instance, retained) end, instance) end
  return { DBInstance = instances.view(sb, instance) }
end

return delete
