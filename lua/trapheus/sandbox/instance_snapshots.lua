--- DB snapshots: of instances that are not members of a cluster.

local errors = require "trapheus.sandbox.errors"
local instances = require "trapheus.sandbox.instances"
local snapshots = require "trapheus.sandbox.snapshots"
local tags = require "trapheus.sandbox.tags"

local instance_snapshots = { operations = { rds = {} } }
local rds = instance_snapshots.operations.rds

---@type trapheus.sandbox.SnapshotKind
local KIND = {
  list = "snapshots", names = "snapshot_names", identifier = "DBSnapshotIdentifier", arn = "snapshot",
  arn_field = "DBSnapshotArn", result = "DBSnapshots", limit = 255, quota = "snapshot_quota", event = "db-snapshot",
  of = "DBInstanceIdentifier", resource_id = "DbiResourceId", copy_of = "SourceDBSnapshotIdentifier", original = true,
  filters = {
    ["db-snapshot-id"] = "DBSnapshotIdentifier", ["db-instance-id"] = "DBInstanceIdentifier",
    ["dbi-resource-id"] = "DbiResourceId", ["snapshot-type"] = "SnapshotType", ["engine"] = "Engine",
  },
  copied = {
    "AllocatedStorage", "AvailabilityZone", "BackupRetentionPeriod", "DbiResourceId", "DedicatedLogVolume", "Engine",
    "EngineVersion", "IAMDatabaseAuthenticationEnabled", "InstanceCreateTime", "Iops", "KmsKeyId", "LicenseModel",
    "MasterUsername", "PreferredBackupWindow", "ProcessorFeatures", "StorageThroughput", "StorageType",
  },
  codes = { absent = "DBSnapshotNotFound", exists = "DBSnapshotAlreadyExists", state = "InvalidDBSnapshotState" },
}
instance_snapshots.KIND = KIND

local function derived(instance)
  local options = instance.fields.OptionGroupMemberships[1]
  return {
    SnapshotTarget = "region", Encrypted = instance.fields.StorageEncrypted, Port = instance.fields.Endpoint.Port,
    VpcId = instance.fields.DBSubnetGroup.VpcId,
    OptionGroupName = options and options.OptionGroupName,
  }
end

--- Takes a snapshot of an instance; the instance's own status is the caller's business.
---@param sb table
---@param name string
---@param instance table
---@param given_tags table[]|nil
---@param fault table
---@return table snapshot
---@return number|nil seconds How long it takes; nil for ever.
function instance_snapshots.take(sb, name, instance, given_tags, fault)
  return snapshots.take(sb, KIND, name, instance, derived(instance), given_tags, fault)
end

---@param sb table
---@param text string|nil
---@param parameter string
---@return string name Free, and within the quota.
function instance_snapshots.check_new(sb, text, parameter)
  return snapshots.check_new(sb, KIND, text, parameter)
end

--- A snapshot that has long been there.
---@param sb table
---@param given table Describe's shape
---@param described boolean|nil `given` is all there is: what it does not have is not filled in
---@return table snapshot
function instance_snapshots.add(sb, given, described)
  local instance = assert(sb.names[given.DBInstanceIdentifier:lower()], "add_snapshot needs an instance")
  return snapshots.add(sb, KIND, instance, derived(instance), given, described)
end

function rds.CreateDBSnapshot(sb, params, fault)
  local instance = instances.find(sb, params.DBInstanceIdentifier)
  tags.check(params.Tags or {})
  if instance.cluster then
    errors.refuse("InvalidParameterCombination",
      ("The instance %s is a member of a DB cluster: a snapshot is taken of the cluster."):format(instance.name))
  end
  local name = instance_snapshots.check_new(sb, params.DBSnapshotIdentifier, "DBSnapshotIdentifier")
  instances.require_ready(sb, instance)
  local snapshot, seconds = instance_snapshots.take(sb, name, instance, params.Tags, fault)
  instances.excursion(sb, instance, "backing-up", seconds and seconds + sb:draw "snapshot_tail_s")
  return { DBSnapshot = snapshots.view(sb, snapshot) }
end

function rds.CopyDBSnapshot(sb, params, fault)
  return { DBSnapshot = snapshots.view(sb, snapshots.copy(sb, KIND, params, fault)) }
end

function rds.DeleteDBSnapshot(sb, params, fault)
  return { DBSnapshot = snapshots.delete(sb, KIND, params.DBSnapshotIdentifier, fault) }
end

function rds.DescribeDBSnapshots(sb, params)
  return snapshots.describe(sb, KIND, params)
end

return instance_snapshots
