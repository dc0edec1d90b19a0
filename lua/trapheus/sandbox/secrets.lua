--- The secrets of master users that RDS manages: one comes with the database that asks for it, never with a restore,
--- and goes with it. Nothing here knows a password.

local resources = require "trapheus.sandbox.resources"
local tables = require "trapheus.sandbox.tables"

local secrets = {}

--- A secret that has just been asked for becomes active.
---@param sb table
---@param resource table An instance or a cluster
function secrets.settle(sb, resource)
  local secret = resource.fields.MasterUserSecret
  if not secret or secret.SecretStatus ~= "creating" then return end
  sb:later(sb:draw "secret_s", function()
    local now = resource.fields.MasterUserSecret
    if not now or now.SecretArn ~= secret.SecretArn then return end
    tables.renewed(resource.fields, "MasterUserSecret").SecretStatus = "active"
    resources.touch(sb, resource)
  end)
end

--- The secrets that there are, each with the resource id of its database.
---@param sb table
---@return { SecretArn: string, SecretStatus: string, KmsKeyId: string, owner: string }[]
function secrets.list(sb)
  local list = {}
  for _, kind in ipairs { sb.instances, sb.clusters } do
    for _, resource in ipairs(kind) do
      local secret = not resource.gone and resource.fields.MasterUserSecret
      if secret then
        list[#list + 1] = { SecretArn = secret.SecretArn, SecretStatus = secret.SecretStatus,
          KmsKeyId = secret.KmsKeyId, owner = resource.rid }
      end
    end
  end
  return list
end

return secrets
