--- What a new cluster goes through, whether it is created or restored.

local cluster_settings = require "trapheus.sandbox.cluster_settings"
local creation = require "trapheus.sandbox.creation"
local errors = require "trapheus.sandbox.errors"
local events = require "trapheus.sandbox.events"
local multi_az = require "trapheus.sandbox.multi_az"
local names = require "trapheus.sandbox.names"
local resources = require "trapheus.sandbox.resources"
local tables = require "trapheus.sandbox.tables"
local tags = require "trapheus.sandbox.tags"

local cluster_creation = {}

--- What a new cluster has.
---@param sb table
---@param source table What there is to start from: the snapshot's cluster, or the engine.
---@param params table With EngineVersion
---@param call "create"|"restore"
---@return table fields
function cluster_creation.configuration(sb, source, params, call)
  local fields = {
    DbClusterResourceId = names.resource_id(sb, "cluster"), ClusterCreateTime = sb:seconds(),
    MasterUsername = source.MasterUsername, CharacterSetName = source.CharacterSetName, ReadReplicaIdentifiers = {},
    StatusInfos = {}, DomainMemberships = {}, ActivityStreamStatus = "stopped", CrossAccountClone = false,
    TagList = tables.copy(params.Tags or {}),
  }
  creation.configure(sb, fields, source, params, call, cluster_settings.rows)
  return fields
end

---@param sb table
---@param params table
function cluster_creation.check(sb, params)
  tags.check(params.Tags or {})
  local count = 0
  for _, cluster in ipairs(sb.clusters) do count = count + (cluster.gone and 0 or 1) end
  if count >= sb.knobs.cluster_quota then errors.refuse("DBClusterQuotaExceededFault", "DB Cluster quota exceeded") end
end

--- Lets it come into being.
---@param sb table
---@param cluster table
---@param fault table
---@param how { knob: string, fails: string|nil, stages: string[], category: string, message: string }
function cluster_creation.plan(sb, cluster, fault, how)
  if fault.kind == "stuck" then return end
  local seconds = sb:draw(how.knob)
  local bad = fault.kind == "terminal" and fault.status or how.fails and sb:chance(how.fails) and "incompatible-restore"
  for i, status in ipairs(how.stages) do
    sb:later(seconds * i / (#how.stages + 1), function() resources.become(sb, cluster, status) end, cluster)
  end
  sb:later(seconds, function()
    if bad then
      resources.become(sb, cluster, bad)
      return events.failure(sb, "db-cluster", cluster.name, "The DB cluster could not be made.")
    end
    cluster.creating = nil
    resources.settle(sb, cluster)
    multi_az.come_up(sb, cluster)
    events.add(sb, "db-cluster", cluster.name, how.category, how.message)
  end, cluster)
end

return cluster_creation
