--- Multi-AZ DB clusters: RDS makes and names their three members, and lets nobody touch them one by one.

local clusters = require "trapheus.sandbox.clusters"
local instances = require "trapheus.sandbox.instances"
local member_creation = require "trapheus.sandbox.member_creation"
local members = require "trapheus.sandbox.members"
local template = require "trapheus.sandbox.template"
local validate = require "trapheus.sandbox.validate"

local multi_az = {}

local COUNT = 3

--- Its class is what makes it one.
---@param params table
---@param engine string
function multi_az.check(params, engine)
  if engine:find "^aurora" then return end
  validate.present(params, "DBClusterInstanceClass")
  if params.StorageType and params.StorageType:find "^io" and not params.Iops then
    validate.refuse_combination("Iops must be specified for the storage type %s.", params.StorageType)
  end
end

local function member_name(cluster_name, i)
  return ("%s-instance-%d"):format(cluster_name, i)
end

--- Refuses a name from which the names of the members cannot be made.
---@param sb table
---@param name string Of the cluster
---@param params table
function multi_az.require_names(sb, name, params)
  if not params.DBClusterInstanceClass then return end
  if #member_name(name, 1) > 63 then
    validate.refuse_value("The DB cluster identifier %s is too long for the names of its instances.", name)
  end
  for i = 1, COUNT do instances.require_free(sb, member_name(name, i)) end
end

--- Makes the members of a new Multi-AZ DB cluster, as RDS does; of another, none.
---@param sb table
---@param cluster table
function multi_az.add_members(sb, cluster)
  if not clusters.is_multi_az(cluster) then return end
  for i = 1, COUNT do
    local fields = member_creation.fields(sb, cluster, {
      DBInstanceClass = cluster.fields.DBClusterInstanceClass, AvailabilityZone = sb.region .. template.ZONES[i],
      PreferredMaintenanceWindow = cluster.fields.PreferredMaintenanceWindow,
    })
    local member = instances.create(sb, member_name(cluster.name, i), "creating", fields)
    members.join(cluster, member)
    instances.commit(sb, member)
  end
end

--- A new cluster is available: so are the members that it was made with.
---@param sb table
---@param cluster table
function multi_az.come_up(sb, cluster)
  cluster.writer = #cluster.members > 0 and sb:stream("writer"):pick(cluster.members) or nil
  for _, member in ipairs(cluster.members) do member_creation.come_up(sb, member) end
end

--- The names of its members follow the cluster's.
---@param sb table
---@param cluster table
function multi_az.rename_members(sb, cluster)
  if not clusters.is_multi_az(cluster) or sb.knobs.multi_az_rename_members == 0 then return end
  for i, member in ipairs(cluster.members) do
    local name = member_name(cluster.name, i)
    if not sb.names[name] then
      sb.names[member.name], sb.names[name], member.name = nil, member, name
    end
  end
end

return multi_az
