--- FailoverDBCluster and RebootDBCluster.

local clusters = require "trapheus.sandbox.clusters"
local errors = require "trapheus.sandbox.errors"
local events = require "trapheus.sandbox.events"
local instances = require "trapheus.sandbox.instances"
local members = require "trapheus.sandbox.members"
local resources = require "trapheus.sandbox.resources"
local tables = require "trapheus.sandbox.tables"
local validate = require "trapheus.sandbox.validate"

local failover = { operations = { rds = {} } }
local rds = failover.operations.rds

local function target_of(sb, cluster, name)
  if not name then return nil end
  local member = instances.find(sb, name)
  sb.target = cluster.rid
  if not tables.find(cluster.members, member) then
    validate.refuse_value("%s is not a member of the DB cluster %s.", name, cluster.name)
  end
  resources.require_ready(sb, member)
  return member
end

function rds.FailoverDBCluster(sb, params, fault)
  local cluster = clusters.find(sb, params.DBClusterIdentifier)
  resources.require_ready(sb, cluster)
  local target = target_of(sb, cluster, params.TargetDBInstanceIdentifier)
  if not members.can_fail_over(cluster) then
    errors.refuse("InvalidDBClusterStateFault", ("The DB cluster %s has no instance to fail over to."):format(
      cluster.name))
  end
  resources.begin(cluster, true)
  resources.become(sb, cluster, "failing-over")
  if fault.kind ~= "stuck" then
    sb:later(sb:draw "failover_s", function()
      if fault.kind ~= "background_failure" then members.fail_over(sb, cluster, target) end
      resources.settle(sb, cluster)
    end, cluster)
  end
  return { DBCluster = clusters.view(sb, cluster) }
end

function rds.RebootDBCluster(sb, params, fault)
  local cluster = clusters.find(sb, params.DBClusterIdentifier)
  if not clusters.is_multi_az(cluster) then
    validate.refuse_combination("%s is not a Multi-AZ DB cluster: its instances are rebooted.", cluster.name)
  end
  resources.require_ready(sb, cluster)
  resources.begin(cluster, true)
  resources.become(sb, cluster, "rebooting")
  if fault.kind == "stuck" then return { DBCluster = clusters.view(sb, cluster) } end
  local seconds = sb:draw "reboot_s"
  for _, member in ipairs(cluster.members) do
    instances.begin(member, true)
    instances.reboot(sb, member, seconds, function() end)
  end
  sb:later(seconds, function()
    resources.settle(sb, cluster)
    events.add(sb, "db-cluster", cluster.name, "availability", "DB cluster restarted")
  end, cluster)
  return { DBCluster = clusters.view(sb, cluster) }
end

return failover
