--- What the sandbox offers for clusters, and for what stands around a database: methods of trapheus.Sandbox.

local cluster_snapshots = require "trapheus.sandbox.cluster_snapshots"
local cluster_template = require "trapheus.sandbox.cluster_template"
local clusters = require "trapheus.sandbox.clusters"
local exports = require "trapheus.sandbox.exports"
local neighbours = require "trapheus.sandbox.neighbours"
local pending = require "trapheus.sandbox.pending"
local secrets = require "trapheus.sandbox.secrets"
local snapshots = require "trapheus.sandbox.snapshots"

---@class trapheus.Sandbox
local api = {}

---@param fields table Describe's shape; what is not given is that of a production Aurora PostgreSQL
---@param members integer|table[]|nil How many, or which: Describe's shape, and IsClusterWriter. The first writes
---                                   unless another does. Two unless given; of a Multi-AZ DB cluster (Engine
---                                   `postgres` or `mysql`) three.
---@return table truth
function api:add_cluster(fields, members)
  self:advance()
  local cluster = cluster_template.add(self, fields, members)
  pending.take(self, cluster, fields.PendingModifiedValues)
  return clusters.truth(self, cluster)
end

--- A cluster exactly as DescribeDBClusters gave it, with its members as DescribeDBInstances gave them.
---@param raw table
---@param raw_members table[]
---@return table truth
function api:add_described_cluster(raw, raw_members)
  self:advance()
  local cluster = cluster_template.add_described(self, raw, raw_members)
  pending.take(self, cluster, raw.PendingModifiedValues)
  return clusters.truth(self, cluster)
end

---@param fields table Describe's shape; DBClusterSnapshotIdentifier and DBClusterIdentifier are needed
---@return table truth
function api:add_cluster_snapshot(fields)
  self:advance()
  return snapshots.truth(cluster_snapshots.add(self, fields))
end

--- A cluster snapshot exactly as DescribeDBClusterSnapshots gave it.
---@param raw table
---@return table truth
function api:add_described_cluster_snapshot(raw)
  self:advance()
  return snapshots.truth(cluster_snapshots.add(self, raw, true))
end

--- The cluster that holds a name, as it really is: Describe's shape, with data_version (the write counter of its
--- volume, that snapshots and restores copy) and restored_version (what it was restored with).
---@param name string
---@return table|nil truth
function api:cluster(name)
  self:advance()
  local cluster = self.cluster_names[name:lower()]
  return cluster and clusters.truth(self, cluster)
end

---@param resource_id string
---@return table|nil truth
function api:cluster_by_resource_id(resource_id)
  self:advance()
  for _, cluster in ipairs(self.clusters) do
    if cluster.rid == resource_id and not cluster.gone then return clusters.truth(self, cluster) end
  end
end

--- The cluster snapshot that holds a name, as it really is: Describe's shape, with data_version and serial (two
--- snapshots of one name, one after the other, have different ones).
---@param name string
---@return table|nil truth
function api:cluster_snapshot(name)
  self:advance()
  local snapshot = self.cluster_snapshot_names[name:lower()]
  return snapshot and snapshots.truth(snapshot)
end

--- The secrets of master users that RDS manages, each with the resource id of its database.
---@return { SecretArn: string, SecretStatus: string, KmsKeyId: string, owner: string }[]
function api:secrets()
  self:advance()
  return secrets.list(self)
end

--- An export task as it really is: Describe's shape, with the data_version of what it exports.
---@param name string
---@return table|nil truth
function api:export_task(name)
  self:advance()
  return exports.truth(self, name)
end

--- The account lacks something from now on: what names it is refused.
---@param what "bucket"|"role"|"permission"|"key"|"topic" A permission is a role's.
---@param name string
function api:lack(what, name)
  self.lacking[what][name] = true
end

---@param name string
---@param registered string[] Names of instances and clusters
function api:add_proxy(name, registered)
  self:advance()
  neighbours.add_proxy(self, name, registered)
end

--- A zero-ETL integration of an instance or a cluster.
---@param name string
---@param source string
function api:add_integration(name, source)
  self:advance()
  neighbours.add_integration(self, name, source)
end

--- A blue/green deployment that is under way.
---@param name string
---@param source string The name of the instance or the cluster
function api:add_blue_green(name, source)
  self:advance()
  neighbours.add_blue_green(self, name, source)
end

--- A global database of which these clusters are members, the first its primary.
---@param name string
---@param members string[]
function api:add_global_cluster(name, members)
  self:advance()
  neighbours.add_global_cluster(self, name, members)
end

---@param fields table Describe's shape; CustSubscriptionId is needed
function api:add_event_subscription(fields)
  self:advance()
  neighbours.add_subscription(self, fields)
end

return api
