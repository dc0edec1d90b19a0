--- CreateDBInstance with DBClusterIdentifier: a new member of a cluster.

local creation = require "trapheus.sandbox.creation"
local clusters = require "trapheus.sandbox.clusters"
local errors = require "trapheus.sandbox.errors"
local instances = require "trapheus.sandbox.instances"
local member_creation = require "trapheus.sandbox.member_creation"
local member_settings = require "trapheus.sandbox.member_settings"
local members = require "trapheus.sandbox.members"
local names = require "trapheus.sandbox.names"
local resources = require "trapheus.sandbox.resources"
local settings = require "trapheus.sandbox.settings"
local tags = require "trapheus.sandbox.tags"
local validate = require "trapheus.sandbox.validate"

local OTHERS = { DBInstanceIdentifier = true, DBClusterIdentifier = true, Tags = true }

local MOST = 16

local function check(cluster, params)
  validate.present(params, "Engine")
  validate.present(params, "DBInstanceClass")
  if clusters.is_multi_az(cluster) then
    validate.refuse_combination("The members of the Multi-AZ DB cluster %s are RDS's own.", cluster.name)
  end
  member_settings.check_create(cluster, params)
  settings.require_known(params, "create", OTHERS)
  if not params.DBInstanceClass:find "^db%.[%w%-.]+$" then
    validate.refuse_value("Invalid DB Instance class: %s", params.DBInstanceClass)
  end
  local tier = params.PromotionTier or 1
  if tier < 0 or tier > 15 then validate.refuse_value("PromotionTier must be between 0 and 15.") end
  validate.monitoring({ MonitoringInterval = 0 }, params)
  validate.insights({ PerformanceInsightsEnabled = false }, params)
  tags.check(params.Tags or {})
  if #cluster.members >= MOST then
    errors.refuse("InstanceQuotaExceeded", ("A DB cluster has at most %d members."):format(MOST))
  end
end

--- Of two that come up together, either may be the first.
local function time_to_create(sb, cluster)
  local seconds = sb:draw "create_s"
  for _, other in ipairs(cluster.members) do
    if other.creating and not cluster.writer then return seconds * (0.75 + sb:stream("writer"):unit() / 2) end
  end
  return seconds
end

---@param sb table
---@param params table
---@param fault table
---@return table result
return function(sb, params, fault)
  local name = names.check(params.DBInstanceIdentifier, "DBInstanceIdentifier", 63)
  local cluster = clusters.find(sb, params.DBClusterIdentifier)
  instances.require_free(sb, name)
  check(cluster, params)
  resources.require_ready(sb, cluster)
  creation.check_quota(sb, 0)
  local seconds = time_to_create(sb, cluster)
  local member = instances.create(sb, name, "creating", member_creation.fields(sb, cluster, params))
  members.join(cluster, member)
  instances.commit(sb, member)
  member_creation.plan(sb, member, seconds, fault)
  return { DBInstance = instances.view(sb, member) }
end
