--- DB clusters: what is their own beside what all resources have. The data of an Aurora cluster lies in its volume, and
--- its members come and go: `data_version` is the cluster's. Then there are `members`, their `writer`, and custom
--- `endpoints`.

local members = require "trapheus.sandbox.members"
local names = require "trapheus.sandbox.names"
local resources = require "trapheus.sandbox.resources"
local tables = require "trapheus.sandbox.tables"

local clusters = {}

local function in_several_zones(cluster)
  local first = cluster.members[1]
  for _, member in ipairs(cluster.members) do
    if member.fields.AvailabilityZone ~= first.fields.AvailabilityZone then return true end
  end
  return clusters.is_multi_az(cluster)
end

--- Is it one of RDS's own, with three members that RDS makes?
---@param cluster table
---@return boolean
function clusters.is_multi_az(cluster)
  return cluster.fields.DBClusterInstanceClass ~= nil
end

--- What Describe shows of a cluster, once everybody can see it.
---@param sb table
---@param cluster table
---@param name string|nil
---@return table
function clusters.view(sb, cluster, name)
  name = name or cluster.name
  local shown = tables.copy(cluster.fields)
  shown.DBClusterIdentifier = name
  shown.DBClusterArn = names.arn(sb, "cluster", name)
  shown.DbClusterResourceId = cluster.rid
  shown.Status = cluster.status
  shown.PendingModifiedValues = resources.pending(cluster)
  if not next(shown.PendingModifiedValues) then shown.PendingModifiedValues = nil end
  shown.DBClusterMembers = members.list(cluster)
  shown.MultiAZ = in_several_zones(cluster)
  shown.AllocatedStorage = shown.AllocatedStorage or 1 -- what Aurora says, however large it is
  shown.Endpoint = names.address(sb, name, "cluster")
  shown.ReaderEndpoint = names.address(sb, name, "cluster-ro")
  shown.HostedZoneId = names.ZONE
  shown.CustomEndpoints = {}
  for i, endpoint in ipairs(cluster.endpoints) do
    shown.CustomEndpoints[i] = names.address(sb, endpoint.name, "cluster-custom")
  end
  if not cluster.creating then
    shown.EarliestRestorableTime, shown.LatestRestorableTime = cluster.fields.ClusterCreateTime, sb:seconds() // 1 - 300
  end
  return shown
end

---@type trapheus.sandbox.Kind
clusters.KIND = {
  list = "clusters", names = "cluster_names", reserved = "cluster_reserved", arn = "cluster",
  identifier = "DBClusterIdentifier", resource_id = "DbClusterResourceId", prefix = "cluster", event = "db-cluster",
  ready = { ["available"] = true },
  codes = {
    absent = "DBClusterNotFoundFault", exists = "DBClusterAlreadyExistsFault", state = "InvalidDBClusterStateFault",
  },
  words = {
    absent = "DBCluster %s not found.", exists = "DB Cluster already exists",
    state = "DB cluster %s is not in available state.",
  },
  view = clusters.view,
  related = function(_, cluster)
    return table.move(cluster.endpoints, 1, #cluster.endpoints, #cluster.members + 1, { table.unpack(cluster.members) })
  end,
}

---@param sb table
---@param cluster table
---@return table
function clusters.truth(sb, cluster)
  local shown = clusters.view(sb, cluster)
  shown.data_version, shown.restored_version = cluster.data_version, cluster.restored_version
  return shown
end

--- Brings a new cluster into the world, without members.
---@param sb table
---@param name string Checked and free.
---@param status string
---@param fields table
---@param data_version integer
---@return table cluster
function clusters.create(sb, name, status, fields, data_version)
  local cluster = resources.create(sb, clusters.KIND, name, status, fields)
  cluster.data_version, cluster.members, cluster.endpoints = data_version, {}, {}
  cluster.subnet_group = sb.known.subnet_groups[fields.DBSubnetGroup]
  return cluster
end

---@param sb table
---@param text string|nil An identifier or an ARN.
---@return table cluster
function clusters.find(sb, text)
  return resources.find(sb, clusters.KIND, text)
end

--- Refuses a name that somebody holds, or is about to.
---@param sb table
---@param name string
function clusters.require_free(sb, name)
  resources.require_free(sb, clusters.KIND, name)
end

return clusters
