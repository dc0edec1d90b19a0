--- What can be had and what there is of it: engine versions, orderable options, groups, quotas, maintenance. Known is
--- what the instances and snapshots here have.

local cluster_snapshots = require "trapheus.sandbox.cluster_snapshots"
local errors = require "trapheus.sandbox.errors"
local instance_snapshots = require "trapheus.sandbox.instance_snapshots"
local names = require "trapheus.sandbox.names"
local paging = require "trapheus.sandbox.paging"
local snapshots = require "trapheus.sandbox.snapshots"
local template = require "trapheus.sandbox.template"

local catalog = { operations = { rds = {} } }
local rds = catalog.operations.rds

-- What a member is: its version is the cluster's.
local function member(instance)
  local fields, cluster = instance.fields, instance.cluster.fields
  return {
    Engine = cluster.Engine, EngineVersion = cluster.EngineVersion, StorageType = cluster.StorageType or "aurora",
    DBInstanceClass = cluster.DBClusterInstanceClass or fields.DBInstanceClass, LicenseModel = fields.LicenseModel,
    AvailabilityZone = fields.AvailabilityZone,
  }
end

-- The fields of everything of which there is a version: instances and clusters, and snapshots with their source.
local function kinds(sb)
  local list = {}
  for _, instance in ipairs(sb.instances) do
    list[#list + 1] = instance.cluster and member(instance) or instance.fields
  end
  for _, others in ipairs { sb.clusters, sb.snapshots, sb.cluster_snapshots } do
    for _, other in ipairs(others) do list[#list + 1] = other.fields end
  end
  return list
end

-- What there is, and of clusters what a restore gives that is not told.
local function versions(sb)
  local list, engines = kinds(sb), {}
  for _, cluster in ipairs(sb.clusters) do engines[cluster.fields.Engine] = true end
  for engine in pairs(engines) do
    local own = template.engine(engine)
    if own then list[#list + 1] = { Engine = engine, EngineVersion = own.version } end
  end
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
  local found = distinct(params, versions(sb), { "Engine", "EngineVersion" }, function(fields)
    return fields.Engine .. " " .. fields.EngineVersion,
      { Engine = fields.Engine, EngineVersion = fields.EngineVersion, Status = "available" }
  end)
  return paging.page(sb, found, params, "DBEngineVersions")
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
  return paging.page(sb, found, params, "OrderableDBInstanceOptions")
end

function rds.DescribeDBSubnetGroups(sb, params)
  local found, wanted = {}, params.DBSubnetGroupName
  for name, group in pairs(sb.known.subnet_groups) do
    if not wanted or name == wanted then found[#found + 1] = { key = name, value = group } end
  end
  if wanted and #found == 0 then
    errors.refuse("DBSubnetGroupNotFoundFault", ("DB subnet group '%s' does not exist."):format(wanted))
  end
  return paging.page(sb, found, params, "DBSubnetGroups")
end

-- There is never any maintenance.
function rds.DescribePendingMaintenanceActions(sb, params)
  local arn = params.ResourceIdentifier
  if arn and not sb.names[names.from(arn, "db")] and not sb.cluster_names[names.from(arn, "cluster")] then
    errors.refuse("ResourceNotFoundFault", ("%s not found."):format(arn))
  end
  return { PendingMaintenanceActions = {} }
end

local function quota(name, used, max)
  return { AccountQuotaName = name, Used = used, Max = max }
end

local function living(list)
  local count = 0
  for _, one in ipairs(list) do count = count + (one.gone and 0 or 1) end
  return count
end

local function storage(sb)
  local gib = 0
  for _, instance in ipairs(sb.instances) do
    if not instance.gone and not instance.cluster then gib = gib + instance.fields.AllocatedStorage end
  end
  return gib
end

function rds.DescribeAccountAttributes(sb)
  return {
    AccountQuotas = {
      quota("DBInstances", living(sb.instances), sb.knobs.instance_quota),
      quota("AllocatedStorage", storage(sb), sb.knobs.storage_quota),
      quota("ManualSnapshots", snapshots.manual_count(sb, instance_snapshots.KIND), sb.knobs.snapshot_quota),
      quota("DBClusters", living(sb.clusters), sb.knobs.cluster_quota),
      quota("ManualClusterSnapshots", snapshots.manual_count(sb, cluster_snapshots.KIND),
        sb.knobs.cluster_snapshot_quota),
    },
  }
end

return catalog
