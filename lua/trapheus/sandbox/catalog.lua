--- What can be had and what there is of it: engine versions, orderable options, groups, quotas, maintenance. Known is
--- what the instances and snapshots here have.

local errors = require "trapheus.sandbox.errors"
local names = require "trapheus.sandbox.names"
local paging = require "trapheus.sandbox.paging"
local template = require "trapheus.sandbox.template"

local catalog = { operations = { rds = {} } }
local rds = catalog.operations.rds

-- The fields of everything of which there is a version: instances, and snapshots with their source.
local function kinds(sb)
  local list = {}
  for _, instance in ipairs(sb.instances) do list[#list + 1] = instance.fields end
  for _, snapshot in ipairs(sb.snapshots) do list[#list + 1] = snapshot.fields end
  return list
end

-- Does it have every parameter of these that is given?
local function matches(params, fields, known)
  for _, name in ipairs(known) do
    if params[name] and params[name] ~= fields[name] then return false end
  end
  return true
end

-- One item for each key, of the objects that match.
local function distinct(params, objects, known, item)
  local found, seen = {}, {}
  for _, fields in ipairs(objects) do
    local key, value = item(fields)
    if key and not seen[key] and matches(params, fields, known) then
      seen[key] = true
      found[#found + 1] = { key = key, value = value }
    end
  end
  return found
end

function rds.DescribeDBEngineVersions(sb, params)
  local found = distinct(params, kinds(sb), { "Engine", "EngineVersion" }, function(fields)
    return fields.Engine .. " " .. fields.EngineVersion,
      { Engine = fields.Engine, EngineVersion = fields.EngineVersion, Status = "available" }
  end)
  return paging.page(found, params, "DBEngineVersions")
end

local function zones(sb, fields)
  local list = { { Name = fields.AvailabilityZone } }
  for _, letter in ipairs(template.ZONES) do
    if sb.region .. letter ~= fields.AvailabilityZone then list[#list + 1] = { Name = sb.region .. letter } end
  end
  return list
end

function rds.DescribeOrderableDBInstanceOptions(sb, params)
  if not params.Engine then
    errors.refuse("MissingParameter", "The request must contain the parameter Engine.")
  end
  local found = distinct(params, kinds(sb), { "Engine", "EngineVersion", "DBInstanceClass" }, function(fields)
    if not fields.DBInstanceClass then return nil end
    local option = { AvailabilityZones = zones(sb, fields), MultiAZCapable = true }
    for _, name in ipairs { "Engine", "EngineVersion", "DBInstanceClass", "StorageType", "LicenseModel" } do
      option[name] = fields[name]
    end
    local key = { fields.Engine, fields.EngineVersion, fields.DBInstanceClass, fields.StorageType }
    return table.concat(key, " "), option
  end)
  return paging.page(found, params, "OrderableDBInstanceOptions")
end

local function groups(known, params, field, list, code, view)
  local found, wanted = {}, params[field]
  for name, group in pairs(known) do
    if not wanted or name == wanted then found[#found + 1] = { key = name, value = view(name, group) } end
  end
  if wanted and #found == 0 then errors.refuse(code, ("%s not found: %s"):format(field, wanted)) end
  return paging.page(found, params, list)
end

function rds.DescribeDBParameterGroups(sb, params)
  return groups(sb.known.parameter_groups, params, "DBParameterGroupName", "DBParameterGroups",
    "DBParameterGroupNotFound", function(name)
      return { DBParameterGroupName = name, DBParameterGroupArn = names.arn(sb, "pg", name) }
    end)
end

function rds.DescribeOptionGroups(sb, params)
  return groups(sb.known.option_groups, params, "OptionGroupName", "OptionGroupsList", "OptionGroupNotFoundFault",
    function(name) return { OptionGroupName = name, OptionGroupArn = names.arn(sb, "og", name) } end)
end

function rds.DescribeDBSubnetGroups(sb, params)
  return groups(sb.known.subnet_groups, params, "DBSubnetGroupName", "DBSubnetGroups", "DBSubnetGroupNotFoundFault",
    function(_, group) return group end)
end

-- There is never any maintenance.
function rds.DescribePendingMaintenanceActions(sb, params)
  local arn = params.ResourceIdentifier
  if arn and not sb.names[names.from(arn, "db")] then
    errors.refuse("ResourceNotFoundFault", ("%s not found."):format(arn))
  end
  return { PendingMaintenanceActions = {} }
end

local function quota(name, used, max)
  return { AccountQuotaName = name, Used = used, Max = max }
end

function rds.DescribeAccountAttributes(sb)
  local instances, storage, snapshots = 0, 0, 0
  for _, instance in ipairs(sb.instances) do
    if not instance.gone then
      instances, storage = instances + 1, storage + instance.fields.AllocatedStorage
    end
  end
  for _, snapshot in ipairs(sb.snapshots) do snapshots = snapshots + (snapshot.gone and 0 or 1) end
  return {
    AccountQuotas = {
      quota("DBInstances", instances, sb.knobs.instance_quota),
      quota("AllocatedStorage", storage, sb.knobs.storage_quota),
      quota("ManualSnapshots", snapshots, sb.knobs.snapshot_quota),
    },
  }
end

return catalog
