--- DB cluster snapshots.

local clusters = require "trapheus.sandbox.clusters"
local resources = require "trapheus.sandbox.resources"
local snapshots = require "trapheus.sandbox.snapshots"
local tags = require "trapheus.sandbox.tags"
local template = require "trapheus.sandbox.template"

local cluster_snapshots = { operations = { rds = {} } }
local rds = cluster_snapshots.operations.rds

---@type trapheus.sandbox.SnapshotKind
local KIND = {
  list = "cluster_snapshots", names = "cluster_snapshot_names", identifier = "DBClusterSnapshotIdentifier",
  arn = "cluster-snapshot", arn_field = "DBClusterSnapshotArn", result = "DBClusterSnapshots", limit = 63,
  quota = "cluster_snapshot_quota", event = "db-cluster-snapshot", of = "DBClusterIdentifier",
  resource_id = "DbClusterResourceId", copy_of = "SourceDBClusterSnapshotArn",
  filters = { -- none for a resource id
    ["db-cluster-id"] = "DBClusterIdentifier", ["db-cluster-snapshot-id"] = "DBClusterSnapshotIdentifier",
    ["snapshot-type"] = "SnapshotType", ["engine"] = "Engine",
  },
  copied = {
    "AvailabilityZones", "BackupRetentionPeriod", "ClusterCreateTime", "DbClusterResourceId", "Engine", "EngineMode",
    "EngineVersion", "IAMDatabaseAuthenticationEnabled", "KmsKeyId", "MasterUsername", "Port", "PreferredBackupWindow",
    "StorageEncrypted", "StorageThroughput", "StorageType",
  },
  codes = {
    absent = "DBClusterSnapshotNotFoundFault", exists = "DBClusterSnapshotAlreadyExistsFault",
    state = "InvalidDBClusterSnapshotStateFault",
  },
}
cluster_snapshots.KIND = KIND

local function derived(cluster)
  return {
    VpcId = cluster.subnet_group and cluster.subnet_group.VpcId,
    AllocatedStorage = cluster.fields.AllocatedStorage or 1,
    LicenseModel = (template.engine(cluster.fields.Engine) or {}).license,
  }
end

--- Takes a snapshot of a cluster; the cluster's own status is the caller's business.
---@param sb table
---@param name string
---@param cluster table
---@param given_tags table[]|nil
---@param fault table
---@return table snapshot
---@return number|nil seconds How long it takes; nil for ever.
function cluster_snapshots.take(sb, name, cluster, given_tags, fault)
  return snapshots.take(sb, KIND, name, cluster, derived(cluster), given_tags, fault)
end

---@param sb table
---@param text string|nil
---@param parameter string
---@return string name Free, and within the quota.
function cluster_snapshots.check_new(sb, text, parameter)
  return snapshots.check_new(sb, KIND, text, parameter)
end

--- A snapshot that has long been there.
---@param sb table
---@param given table Describe's shape
---@param described boolean|nil `given` is all there is: what it does not have is not filled in
---@return table snapshot
function cluster_snapshots.add(sb, given, described)
  local cluster = assert(sb.cluster_names[given.DBClusterIdentifier:lower()], "add_cluster_snapshot needs a cluster")
  return snapshots.add(sb, KIND, cluster, derived(cluster), given, described)
end

function rds.CreateDBClusterSnapshot(sb, params, fault)
  local cluster = clusters.find(sb, params.DBClusterIdentifier)
  tags.check(params.Tags or {})
  local name = cluster_snapshots.check_new(sb, params.DBClusterSnapshotIdentifier, KIND.identifier)
  resources.require_ready(sb, cluster)
  local snapshot, seconds = cluster_snapshots.take(sb, name, cluster, params.Tags, fault)
  resources.excursion(sb, cluster, "backing-up", seconds and seconds + sb:draw "snapshot_tail_s")
  return { DBClusterSnapshot = snapshots.view(sb, snapshot) }
end

function rds.CopyDBClusterSnapshot(sb, params, fault)
  return { DBClusterSnapshot = snapshots.view(sb, snapshots.copy(sb, KIND, params, fault)) }
end

function rds.DeleteDBClusterSnapshot(sb, params, fault)
  return { DBClusterSnapshot = snapshots.delete(sb, KIND, params.DBClusterSnapshotIdentifier, fault) }
end

function rds.DescribeDBClusterSnapshots(sb, params)
  return snapshots.describe(sb, KIND, params)
end

return cluster_snapshots
