--- DeleteDBCluster: refused while a member of Aurora is not being deleted; then `deleting` for minutes, then gone with
--- its data.

local cluster_describe = require "trapheus.sandbox.cluster_describe"
local cluster_endpoints = require "trapheus.sandbox.cluster_endpoints"
local cluster_snapshots = require "trapheus.sandbox.cluster_snapshots"
local clusters = require "trapheus.sandbox.clusters"
local errors = require "trapheus.sandbox.errors"
local events = require "trapheus.sandbox.events"
local instances = require "trapheus.sandbox.instances"
local members = require "trapheus.sandbox.members"
local resources = require "trapheus.sandbox.resources"
local validate = require "trapheus.sandbox.validate"

local cluster_delete = { operations = { rds = {} } }

--- From which states a cluster can be deleted, and whether a final snapshot can be taken in it.
---@type table<string, { snapshot: boolean }>
local STATES = {
  ["available"] = { snapshot = true },
  ["backing-up"] = { snapshot = true },
  ["incompatible-parameters"] = { snapshot = true },
  ["failed"] = { snapshot = false },
  ["restore-failed"] = { snapshot = false },
  ["migration-failed"] = { snapshot = false },
  ["cloning-failed"] = { snapshot = false },
  ["incompatible-restore"] = { snapshot = false },
  ["incompatible-network"] = { snapshot = false },
  ["insufficient-capacity"] = { snapshot = false },
  ["storage-failure"] = { snapshot = false },
  ["inaccessible-encryption-credentials"] = { snapshot = false },
}

local function refuse_state(message, ...)
  errors.refuse("InvalidDBClusterStateFault", message:format(...))
end

local function check_members(cluster)
  if clusters.is_multi_az(cluster) then return end
  for _, member in ipairs(cluster.members) do
    if member.status ~= "deleting" then
      refuse_state "Cluster cannot be deleted, it still contains DB instances in non-deleting state."
    end
  end
end

local function check_state(sb, cluster, params)
  if cluster.status == "deleting" then refuse_state("DB cluster %s is already being deleted.", cluster.name) end
  if cluster.fields.DeletionProtection then
    validate.refuse_combination "Cannot delete protected Cluster, please disable deletion protection and try again."
  end
  if cluster.fields.GlobalClusterIdentifier then
    refuse_state "This cluster is a part of a global cluster, please remove it from globalcluster first"
  end
  check_members(cluster)
  local state = STATES[cluster.status]
  if cluster.status == "creating" and sb.knobs.delete_in_creating == 1 then state = { snapshot = false } end
  if not state or cluster.busy then
    refuse_state("DB cluster %s is currently %s and cannot be deleted.", cluster.name, cluster.status)
  end
  if params.FinalDBSnapshotIdentifier and not state.snapshot then
    refuse_state("No final snapshot can be taken of DB cluster %s, which is %s.", cluster.name, cluster.status)
  end
end

local function check(sb, cluster, params)
  validate.final_snapshot(params)
  check_state(sb, cluster, params)
  if params.DeleteAutomatedBackups == false and clusters.is_multi_az(cluster) then
    validate.refuse_combination "The automated backups of a Multi-AZ DB cluster cannot be retained."
  end
end

local function vanish_member(sb, member)
  members.leave(member)
  resources.vanish(sb, member)
end

local function vanish(sb, cluster, retained)
  for i = #cluster.members, 1, -1 do vanish_member(sb, cluster.members[i]) end
  cluster_endpoints.vanish(sb, cluster)
  resources.vanish(sb, cluster)
  if retained then table.insert(sb.retained_cluster_backups, retained) end
  events.add(sb, "db-cluster", cluster.name, "deletion", "DB cluster deleted")
  sb:committed()
end

--- RDS deletes the members of a Multi-AZ DB cluster with it.
local function delete_members(sb, cluster)
  for _, member in ipairs(cluster.members) do
    if member.status ~= "deleting" then
      instances.begin(member, true)
      instances.become(sb, member, "deleting")
    end
  end
end

function cluster_delete.operations.rds.DeleteDBCluster(sb, params, fault)
  local cluster = clusters.find(sb, params.DBClusterIdentifier)
  check(sb, cluster, params)
  local final = params.FinalDBSnapshotIdentifier
  final = final and cluster_snapshots.check_new(sb, final, "FinalDBSnapshotIdentifier")
  local retained = params.DeleteAutomatedBackups == false
    and cluster_describe.automated_backup(sb, clusters.view(sb, cluster), "retained") or nil
  resources.begin(cluster, true)
  resources.become(sb, cluster, "deleting")
  delete_members(sb, cluster)
  local seconds = sb:draw "cluster_delete_s"
  if final then
    local _, taken = cluster_snapshots.take(sb, final, cluster, nil, {})
    seconds = seconds + taken
  end
  if fault.kind ~= "stuck" then
    sb:later(seconds, function() cluster_delete.when_empty(sb, cluster, retained) end, cluster)
  end
  return { DBCluster = clusters.view(sb, cluster) }
end

--- A cluster goes after its last member.
---@param sb table
---@param cluster table
---@param retained table|nil
function cluster_delete.when_empty(sb, cluster, retained)
  if clusters.is_multi_az(cluster) or #cluster.members == 0 then return vanish(sb, cluster, retained) end
  sb:later(10, function() cluster_delete.when_empty(sb, cluster, retained) end, cluster)
end

return cluster_delete
