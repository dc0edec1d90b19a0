--- StopDBInstance, StopDBCluster and their opposites. What is stopped refuses nearly everything, and is started again
--- by RDS after seven days.

local clusters = require "trapheus.sandbox.clusters"
local errors = require "trapheus.sandbox.errors"
local instance_snapshots = require "trapheus.sandbox.instance_snapshots"
local instances = require "trapheus.sandbox.instances"
local resources = require "trapheus.sandbox.resources"
local validate = require "trapheus.sandbox.validate"

local stop = { operations = { rds = {} } }
local rds = stop.operations.rds

local SEVEN_DAYS_S = 7 * 86400

--- A cluster, and its members with it.
local function together(resource)
  local list = { resource }
  for _, member in ipairs(resource.members or {}) do
    if member.status ~= "deleting" then list[#list + 1] = member end
  end
  return list
end

local function become(sb, resource, status)
  for _, one in ipairs(together(resource)) do
    resources.begin(one, true)
    resources.become(sb, one, status)
  end
end

local function start(sb, resource)
  become(sb, resource, "starting")
  sb:later(sb:draw "start_s", function()
    for _, one in ipairs(together(resource)) do
      one.fields.AutomaticRestartTime = nil
      resources.settle(sb, one)
    end
  end, resource)
end

local function halt(sb, resource)
  for _, one in ipairs(together(resource)) do
    one.fields.AutomaticRestartTime = sb:seconds() + SEVEN_DAYS_S
  end
  become(sb, resource, "stopped")
  sb:later(SEVEN_DAYS_S, function() start(sb, resource) end, resource)
end

local function begin(sb, resource)
  resources.require_ready(sb, resource)
  become(sb, resource, "stopping")
  sb:later(sb:draw "stop_s", function() halt(sb, resource) end, resource)
end

local function require_stopped(resource)
  if resource.status ~= "stopped" then
    errors.refuse(resource.kind.codes.state, ("%s is %s, not stopped."):format(resource.name, resource.status))
  end
end

local function require_alone(instance)
  if instance.cluster then
    validate.refuse_combination("%s is a member of a DB cluster, and is stopped and started with it.", instance.name)
  end
end

function rds.StopDBInstance(sb, params)
  local instance = instances.find(sb, params.DBInstanceIdentifier)
  require_alone(instance)
  local final = params.DBSnapshotIdentifier
  final = final and instance_snapshots.check_new(sb, final, "DBSnapshotIdentifier")
  begin(sb, instance)
  if final then instance_snapshots.take(sb, final, instance, nil, {}) end
  return { DBInstance = instances.view(sb, instance) }
end

function rds.StartDBInstance(sb, params)
  local instance = instances.find(sb, params.DBInstanceIdentifier)
  require_alone(instance)
  require_stopped(instance)
  start(sb, instance)
  return { DBInstance = instances.view(sb, instance) }
end

function rds.StopDBCluster(sb, params)
  local cluster = clusters.find(sb, params.DBClusterIdentifier)
  begin(sb, cluster)
  return { DBCluster = clusters.view(sb, cluster) }
end

function rds.StartDBCluster(sb, params)
  local cluster = clusters.find(sb, params.DBClusterIdentifier)
  require_stopped(cluster)
  start(sb, cluster)
  return { DBCluster = clusters.view(sb, cluster) }
end

return stop
