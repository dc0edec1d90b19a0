--- Roles of an instance.

local errors = require "trapheus.sandbox.errors"
local instances = require "trapheus.sandbox.instances"
local resources = require "trapheus.sandbox.resources"

local roles = { operations = { rds = {} } }
local rds = roles.operations.rds

local function find(instance, params)
  for i, role in ipairs(instance.fields.AssociatedRoles) do
    if role.RoleArn == params.RoleArn and role.FeatureName == params.FeatureName then return i, role end
  end
end

function rds.AddRoleToDBInstance(sb, params)
  local instance = instances.find(sb, params.DBInstanceIdentifier)
  instances.require_ready(sb, instance)
  if find(instance, params) then
    errors.refuse("DBInstanceRoleAlreadyExists", ("The role %s is already associated."):format(params.RoleArn))
  end
  local role = { RoleArn = params.RoleArn, FeatureName = params.FeatureName, Status = "PENDING" }
  table.insert(instance.fields.AssociatedRoles, role)
  instances.commit(sb, instance)
  sb:later(sb:draw "role_s", function()
    role.Status = "ACTIVE"
    resources.touch(sb, instance)
  end)
  return {}
end

function rds.RemoveRoleFromDBInstance(sb, params)
  local instance = instances.find(sb, params.DBInstanceIdentifier)
  instances.require_ready(sb, instance)
  local position = find(instance, params)
  if not position then
    errors.refuse("DBInstanceRoleNotFound", ("The role %s is not associated."):format(params.RoleArn))
  end
  table.remove(instance.fields.AssociatedRoles, position)
  instances.commit(sb, instance)
  return {}
end

return roles
