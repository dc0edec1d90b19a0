--- Roles of an instance, and of a cluster.

local clusters = require "trapheus.sandbox.clusters"
local errors = require "trapheus.sandbox.errors"
local instances = require "trapheus.sandbox.instances"
local resources = require "trapheus.sandbox.resources"
local tables = require "trapheus.sandbox.tables"

local roles = { operations = { rds = {} } }
local rds = roles.operations.rds

local INSTANCE = { find = instances.find, identifier = "DBInstanceIdentifier", code = "DBInstanceRole" }
local CLUSTER = { find = clusters.find, identifier = "DBClusterIdentifier", code = "DBClusterRole" }

local MOST = 5

local function position(list, params)
  for i, role in ipairs(list) do
    if role.RoleArn == params.RoleArn and role.FeatureName == params.FeatureName then return i end
  end
end

local function find(sb, kind, params)
  local resource = kind.find(sb, params[kind.identifier])
  resources.require_ready(sb, resource)
  return resource, resource.fields.AssociatedRoles
end

local function add(sb, kind, params)
  local resource, list = find(sb, kind, params)
  if position(list, params) then
    errors.refuse(kind.code .. "AlreadyExists", ("The role %s is already associated."):format(params.RoleArn))
  end
  if #list >= MOST then
    errors.refuse(kind.code .. "QuotaExceeded", ("At most %d roles can be associated."):format(MOST))
  end
  table.insert(tables.renewed(resource.fields, "AssociatedRoles"),
    { RoleArn = params.RoleArn, FeatureName = params.FeatureName, Status = "PENDING" })
  resources.commit(sb, resource)
  sb:later(sb:draw "role_s", function()
    local now = tables.renewed(resource.fields, "AssociatedRoles")
    local at = position(now, params)
    if at then now[at].Status = "ACTIVE" end
    resources.touch(sb, resource)
  end)
  return {}
end

local function remove(sb, kind, params)
  local resource, list = find(sb, kind, params)
  local at = position(list, params)
  if not at then
    errors.refuse(kind.code .. "NotFound", ("The role %s is not associated."):format(params.RoleArn))
  end
  table.remove(tables.renewed(resource.fields, "AssociatedRoles"), at)
  resources.commit(sb, resource)
  return {}
end

function rds.AddRoleToDBInstance(sb, params) return add(sb, INSTANCE, params) end

function rds.RemoveRoleFromDBInstance(sb, params) return remove(sb, INSTANCE, params) end

function rds.AddRoleToDBCluster(sb, params) return add(sb, CLUSTER, params) end

function rds.RemoveRoleFromDBCluster(sb, params) return remove(sb, CLUSTER, params) end

return roles
