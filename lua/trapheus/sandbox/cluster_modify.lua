--- ModifyDBCluster, and its rename: Aurora goes on serving, and members keep their names.

local changes = require "trapheus.sandbox.changes"
local cluster_settings = require "trapheus.sandbox.cluster_settings"
local cluster_validate = require "trapheus.sandbox.cluster_validate"
local clusters = require "trapheus.sandbox.clusters"
local instances = require "trapheus.sandbox.instances"
local names = require "trapheus.sandbox.names"
local resources = require "trapheus.sandbox.resources"
local validate = require "trapheus.sandbox.validate"

local cluster_modify = { operations = { rds = {} } }

local OTHERS = {
  DBClusterIdentifier = true, NewDBClusterIdentifier = true, ApplyImmediately = true, AllowMajorVersionUpgrade = true,
  MasterUserPassword = true, RotateMasterUserPassword = true, DBInstanceParameterGroupName = true,
  AllowEngineModeChange = true,
}

---@type trapheus.sandbox.Way
local WAY = { what = "DB cluster", rows = cluster_settings.rows }

--- The values of another parameter group come with the next reboot, of each member.
function WAY.attached(cluster)
  for _, member in ipairs(cluster.members) do member.cluster_group_status = "applying" end
end

local function needs_reboot(list)
  for _, change in ipairs(list or {}) do
    if change.setting.reboots then return true end
  end
end

function WAY.settle(sb, cluster, list)
  for _, member in ipairs(cluster.members) do
    if member.cluster_group_status == "applying" then member.cluster_group_status = "pending-reboot" end
    if needs_reboot(list) then
      instances.begin(member, true)
      instances.reboot(sb, member, sb:draw "reboot_s", function() end)
    end
  end
  resources.settle(sb, cluster)
end

--- Checks the values against the cluster, and gives the name it is to have, if it is to have another.
local function check(sb, cluster, params)
  cluster_settings.require_known(params, "modify", OTHERS)
  cluster_validate.settings(cluster.fields, params, "modify")
  validate.version(cluster.fields, params)
  validate.major_version(cluster.fields, params)
  validate.family(sb, cluster.fields, params)
  local new = params.NewDBClusterIdentifier
  local target = new and names.check(new, "NewDBClusterIdentifier", 63) or cluster.pending_name
  if target and target ~= cluster.name then clusters.require_free(sb, target) end
  return target
end

function cluster_modify.operations.rds.ModifyDBCluster(sb, params, fault)
  local cluster = clusters.find(sb, params.DBClusterIdentifier)
  local target = check(sb, cluster, params)
  resources.require_ready(sb, cluster)
  if sb.knobs.modify_http_endpoint == 0 then params.EnableHttpEndpoint = nil end
  changes.carry_out(sb, cluster, params, target, WAY, fault)
  return { DBCluster = resources.commit(sb, cluster) }
end

return cluster_modify
