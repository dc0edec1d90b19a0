--- What others have made around a database: event subscriptions, proxies, zero-ETL integrations, blue/green
--- deployments, global clusters. They are only looked at, but for the sources of a subscription.

local errors = require "trapheus.sandbox.errors"
local filters = require "trapheus.sandbox.filters"
local names = require "trapheus.sandbox.names"
local paging = require "trapheus.sandbox.paging"
local resources = require "trapheus.sandbox.resources"
local tables = require "trapheus.sandbox.tables"

local neighbours = { operations = { rds = {} } }
local rds = neighbours.operations.rds

local function page(sb, params, by_name, wanted, code, field, known)
  local found = {}
  for name, value in pairs(by_name) do
    local accepted = not known or filters.accept(params, known, value)
    if accepted and (not wanted or name == wanted) then
      found[#found + 1] = { key = name, value = tables.copy(value) }
    end
  end
  if wanted and #found == 0 then errors.refuse(code, ("%s not found."):format(wanted)) end
  return paging.page(sb, found, params, field)
end

function rds.DescribeEventSubscriptions(sb, params)
  return page(sb, params, sb.subscriptions, params.SubscriptionName, "SubscriptionNotFound", "EventSubscriptionsList")
end

function rds.AddSourceIdentifierToSubscription(sb, params)
  local subscription, name = sb.subscriptions[params.SubscriptionName or false], params.SourceIdentifier
  if not subscription then
    errors.refuse("SubscriptionNotFound", ("Subscription %s not found."):format(params.SubscriptionName))
  end
  local holders = subscription.SourceType == "db-cluster" and sb.cluster_names or sb.names
  if not holders[name] then errors.refuse("SourceNotFound", ("Could not find source: %s"):format(name)) end
  if not tables.find(subscription.SourceIdsList, name) then table.insert(subscription.SourceIdsList, name) end
  sb:committed()
  return { EventSubscription = tables.copy(subscription) }
end

local BLUE_GREEN_FILTERS = {
  ["blue-green-deployment-identifier"] = "BlueGreenDeploymentIdentifier",
  ["blue-green-deployment-name"] = "BlueGreenDeploymentName", ["source"] = "Source", ["target"] = "Target",
}

function rds.DescribeBlueGreenDeployments(sb, params)
  return page(sb, params, sb.blue_green, params.BlueGreenDeploymentIdentifier, "BlueGreenDeploymentNotFoundFault",
    "BlueGreenDeployments", BLUE_GREEN_FILTERS)
end

function rds.DescribeGlobalClusters(sb, params)
  return page(sb, params, sb.global_clusters, params.GlobalClusterIdentifier, "GlobalClusterNotFoundFault",
    "GlobalClusters")
end

local function descriptions(sb)
  local list = {}
  for name, proxy in pairs(sb.proxies) do list[name] = proxy.fields end
  return list
end

function rds.DescribeDBProxies(sb, params)
  return page(sb, params, descriptions(sb), params.DBProxyName, "DBProxyNotFoundFault", "DBProxies")
end

local function proxy_of(sb, params)
  return sb.proxies[params.DBProxyName or false]
    or errors.refuse("DBProxyNotFoundFault", ("DB proxy %s not found."):format(params.DBProxyName))
end

--- A target is what holds its name, or else what held it when it was registered: nobody says which.
local function health(sb, target)
  local holder = sb.names[target.name] or sb.cluster_names[target.name]
  local same = holder and (sb.knobs.proxy_follows_name == 1 or holder.rid == target.rid)
  if same and holder.status == "available" then return { State = "AVAILABLE" } end
  return { State = "UNAVAILABLE", Reason = "UNREACHABLE", Description = "Database is unreachable." }
end

function rds.DescribeDBProxyTargets(sb, params)
  local found = {}
  for i, target in ipairs(proxy_of(sb, params).targets) do
    local shown = { TargetHealth = health(sb, target) }
    shown.Type = target.is_cluster and "TRACKED_CLUSTER" or "RDS_INSTANCE"
    shown[target.is_cluster and "TrackedClusterId" or "RdsResourceId"] = target.name
    found[i] = { key = target.name, value = shown }
  end
  return paging.page(sb, found, params, "Targets")
end

function rds.DescribeIntegrations(sb, params)
  return page(sb, params, sb.integrations, params.IntegrationIdentifier, "IntegrationNotFoundFault", "Integrations")
end

--- A zero-ETL integration of an instance or a cluster.
---@param sb table
---@param name string
---@param source string The name of the instance or the cluster
function neighbours.add_integration(sb, name, source)
  local kind = sb.cluster_names[source] and "cluster" or "db"
  sb.integrations[name] = { IntegrationName = name, IntegrationArn = names.arn(sb, "integration", name),
    SourceArn = names.arn(sb, kind, source), Status = "active", CreateTime = sb:seconds(),
    TargetArn = ("arn:aws:redshift-serverless:%s:%s:namespace/%s"):format(sb.region, sb.account, name) }
end

--- A proxy, and the names of the instances and clusters that are registered with it.
---@param sb table
---@param name string
---@param registered string[]
function neighbours.add_proxy(sb, name, registered)
  local targets = {}
  for i, id in ipairs(registered) do
    local cluster = sb.cluster_names[id]
    local holder = cluster or assert(sb.names[id], "a target of a proxy is there")
    targets[i] = { name = id, rid = holder.rid, is_cluster = cluster ~= nil }
  end
  sb.proxies[name] = { targets = targets, fields = {
    DBProxyName = name, DBProxyArn = names.arn(sb, "db-proxy", name), Status = "available",
    Endpoint = names.address(sb, name, "proxy"), RequireTLS = true, CreatedDate = sb:seconds(),
  } }
end

---@param sb table
---@param fields table Describe's shape; CustSubscriptionId is needed
function neighbours.add_subscription(sb, fields)
  local subscription = tables.copy(fields)
  local name = assert(fields.CustSubscriptionId, "a subscription has a CustSubscriptionId")
  subscription.CustomerAwsId, subscription.Status = sb.account, fields.Status or "active"
  subscription.EventSubscriptionArn = names.arn(sb, "es", name)
  sb.subscriptions[name] = subscription
end

--- A blue/green deployment of an instance or a cluster.
---@param sb table
---@param name string
---@param source string The name of the instance or the cluster
function neighbours.add_blue_green(sb, name, source)
  local cluster = sb.cluster_names[source]
  local id = "bgd-" .. sb:stream("resource_id"):text(16, "abcdefghijklmnopqrstuvwxyz0123456789")
  sb.blue_green[id] = {
    BlueGreenDeploymentIdentifier = id, BlueGreenDeploymentName = name, Status = "AVAILABLE", CreateTime = sb:seconds(),
    Source = names.arn(sb, cluster and "cluster" or "db", source),
  }
end

--- A global database, of clusters of Aurora; the first is its primary.
---@param sb table
---@param name string
---@param members string[] Names of clusters
function neighbours.add_global_cluster(sb, name, members)
  local list = {}
  for i, id in ipairs(members) do
    local cluster = assert(sb.cluster_names[id], "a member of a global database is there")
    list[i] = { DBClusterArn = names.arn(sb, "cluster", id), Readers = {}, IsWriter = i == 1 }
    cluster.fields.GlobalClusterIdentifier = name
    resources.touch(sb, cluster)
  end
  local fields = sb.cluster_names[members[1]].fields
  sb.global_clusters[name] = {
    GlobalClusterIdentifier = name, Status = "available", Engine = fields.Engine, EngineVersion = fields.EngineVersion,
    GlobalClusterMembers = list, DeletionProtection = false,
  }
end

return neighbours
