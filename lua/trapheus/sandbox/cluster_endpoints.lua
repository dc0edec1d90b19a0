--- Custom endpoints of Aurora clusters. One keeps its name and stays with its cluster when that is renamed; meanwhile
--- no other can have the name. It has `cluster`, and `static` and `excluded`, lists of members.

local clusters = require "trapheus.sandbox.clusters"
local describe = require "trapheus.sandbox.describe"
local errors = require "trapheus.sandbox.errors"
local filters = require "trapheus.sandbox.filters"
local instances = require "trapheus.sandbox.instances"
local names = require "trapheus.sandbox.names"
local paging = require "trapheus.sandbox.paging"
local resources = require "trapheus.sandbox.resources"
local tables = require "trapheus.sandbox.tables"
local tags = require "trapheus.sandbox.tags"
local validate = require "trapheus.sandbox.validate"

local cluster_endpoints = { operations = { rds = {} } }
local rds = cluster_endpoints.operations.rds

local MOST = 5

local function names_of(list)
  local shown = {}
  for i, member in ipairs(list) do shown[i] = member.name end
  return shown
end

local function view(sb, endpoint)
  return {
    DBClusterEndpointIdentifier = endpoint.name, DBClusterIdentifier = endpoint.cluster.name,
    DBClusterEndpointResourceIdentifier = endpoint.rid, DBClusterEndpointArn = names.arn(sb, "cluster-endpoint",
      endpoint.name),
    Endpoint = names.address(sb, endpoint.name, "cluster-custom"), Status = endpoint.status, EndpointType = "CUSTOM",
    CustomEndpointType = endpoint.fields.EndpointType, StaticMembers = names_of(endpoint.static),
    ExcludedMembers = names_of(endpoint.excluded),
  }
end

---@type trapheus.sandbox.Kind
local KIND = {
  list = "endpoints", names = "endpoint_names", reserved = "endpoint_names", arn = "cluster-endpoint",
  identifier = "DBClusterEndpointIdentifier", resource_id = "DBClusterEndpointResourceIdentifier",
  prefix = "cluster-endpoint", event = "db-cluster", ready = { ["available"] = true },
  codes = {
    absent = "DBClusterEndpointNotFoundFault", exists = "DBClusterEndpointAlreadyExistsFault",
    state = "InvalidDBClusterEndpointStateFault",
  },
  words = {
    absent = "DBClusterEndpoint %s not found.", exists = "DB Cluster Endpoint %s already exists",
    state = "DB cluster endpoint %s is not in available state.",
  },
  view = view,
  related = function(_, endpoint) return { endpoint.cluster } end,
}

---@param sb table
---@param text string|nil
---@return table endpoint
function cluster_endpoints.find(sb, text)
  return resources.find(sb, KIND, text)
end

local function member_list(sb, cluster, given)
  local list = {}
  for i, name in ipairs(given or {}) do
    list[i] = instances.find(sb, name)
    if list[i].cluster ~= cluster then
      validate.refuse_value("%s is not a member of the DB cluster %s.", name, cluster.name)
    end
  end
  return list
end

local function check_type(kind)
  if kind ~= "READER" and kind ~= "ANY" then
    validate.refuse_value("The type of a custom endpoint is READER or ANY, not %s.", kind)
  end
end

--- Who belongs to it is said by one list or by the other.
local function check_lists(params)
  local static, excluded = params.StaticMembers or {}, params.ExcludedMembers or {}
  if #static > 0 and #excluded > 0 then
    validate.refuse_combination "StaticMembers and ExcludedMembers exclude each other."
  end
end

local function check_new(cluster, params)
  validate.present(params, "EndpointType")
  check_type(params.EndpointType)
  check_lists(params)
  tags.check(params.Tags or {})
  if clusters.is_multi_az(cluster) then
    validate.refuse_combination("The Multi-AZ DB cluster %s cannot have custom endpoints.", cluster.name)
  end
  if #cluster.endpoints >= MOST then
    errors.refuse("DBClusterEndpointQuotaExceededFault", ("A DB cluster has at most %d custom endpoints."):format(MOST))
  end
end

local function settle_later(sb, endpoint)
  sb:later(sb:draw "cluster_endpoint_s", function() resources.settle(sb, endpoint) end, endpoint)
end

function rds.CreateDBClusterEndpoint(sb, params)
  local name = names.check(params.DBClusterEndpointIdentifier, "DBClusterEndpointIdentifier", 63)
  local cluster = clusters.find(sb, params.DBClusterIdentifier)
  resources.require_free(sb, KIND, name)
  check_new(cluster, params)
  resources.require_ready(sb, cluster)
  local static = member_list(sb, cluster, params.StaticMembers)
  local excluded = member_list(sb, cluster, params.ExcludedMembers)
  local endpoint = resources.create(sb, KIND, name, "creating", {
    EndpointType = params.EndpointType, TagList = tables.copy(params.Tags or {}),
  })
  endpoint.cluster, endpoint.static, endpoint.excluded = cluster, static, excluded
  table.insert(cluster.endpoints, endpoint)
  resources.commit(sb, endpoint)
  settle_later(sb, endpoint)
  return view(sb, endpoint)
end

function rds.ModifyDBClusterEndpoint(sb, params)
  local endpoint = cluster_endpoints.find(sb, params.DBClusterEndpointIdentifier)
  if params.EndpointType then check_type(params.EndpointType) end
  check_lists(params)
  resources.require_ready(sb, endpoint)
  local static = member_list(sb, endpoint.cluster, params.StaticMembers)
  local excluded = member_list(sb, endpoint.cluster, params.ExcludedMembers)
  if params.StaticMembers or params.ExcludedMembers then endpoint.static, endpoint.excluded = static, excluded end
  endpoint.fields.EndpointType = params.EndpointType or endpoint.fields.EndpointType
  resources.begin(endpoint, true)
  resources.become(sb, endpoint, "modifying")
  settle_later(sb, endpoint)
  return view(sb, endpoint)
end

function rds.DeleteDBClusterEndpoint(sb, params)
  local endpoint = cluster_endpoints.find(sb, params.DBClusterEndpointIdentifier)
  resources.require_ready(sb, endpoint)
  resources.begin(endpoint, true)
  resources.become(sb, endpoint, "deleting")
  sb:later(sb:draw "cluster_endpoint_s", function()
    table.remove(endpoint.cluster.endpoints, tables.find(endpoint.cluster.endpoints, endpoint))
    resources.vanish(sb, endpoint)
  end, endpoint)
  return view(sb, endpoint)
end

--- The endpoints that every cluster has, without a name of their own.
local function built_in(cluster)
  local function of(kind, address)
    return { DBClusterIdentifier = cluster.DBClusterIdentifier, Endpoint = address, Status = "available",
      EndpointType = kind }
  end
  return { of("WRITER", cluster.Endpoint), of("READER", cluster.ReaderEndpoint) }
end

local FILTERS = {
  ["db-cluster-endpoint-type"] = "EndpointType", ["db-cluster-endpoint-custom-type"] = "CustomEndpointType",
  ["db-cluster-endpoint-id"] = "DBClusterEndpointIdentifier", ["db-cluster-endpoint-status"] = "Status",
}

--- Types in filters are in lower case.
local function filtered(params, shown)
  local lower = tables.shallow(shown)
  for _, field in ipairs { "EndpointType", "CustomEndpointType" } do
    lower[field] = shown[field] and shown[field]:lower()
  end
  return filters.accept(params, FILTERS, lower)
end

local function all(sb)
  local list = describe.look(sb, sb.endpoints)
  for _, cluster in ipairs(describe.look(sb, sb.clusters)) do
    if not cluster.DBClusterInstanceClass then table.move(built_in(cluster), 1, 2, #list + 1, list) end
  end
  return list
end

function rds.DescribeDBClusterEndpoints(sb, params)
  local cluster, endpoint = params.DBClusterIdentifier, params.DBClusterEndpointIdentifier
  if cluster then cluster = clusters.find(sb, cluster).name end
  local found = {}
  for _, shown in ipairs(all(sb)) do
    local wanted = (not cluster or shown.DBClusterIdentifier == cluster)
      and (not endpoint or shown.DBClusterEndpointIdentifier == endpoint:lower())
    if wanted and filtered(params, shown) then found[#found + 1] = { key = shown.Endpoint, value = shown } end
  end
  return paging.page(sb, found, params, "DBClusterEndpoints")
end

--- A cluster that goes takes its endpoints along.
---@param sb table
---@param cluster table
function cluster_endpoints.vanish(sb, cluster)
  for _, endpoint in ipairs(cluster.endpoints) do resources.vanish(sb, endpoint) end
  cluster.endpoints = {}
end

--- A member that goes leaves the lists that it is on.
---@param member table
function cluster_endpoints.forget(member)
  for _, endpoint in ipairs(member.cluster and member.cluster.endpoints or {}) do
    for _, list in ipairs { endpoint.static, endpoint.excluded } do
      local position = tables.find(list, member)
      if position then table.remove(list, position) end
    end
  end
end

return cluster_endpoints
