--- The tags of whatever has an ARN.

local cluster_endpoints = require "trapheus.sandbox.cluster_endpoints"
local cluster_snapshots = require "trapheus.sandbox.cluster_snapshots"
local clusters = require "trapheus.sandbox.clusters"
local errors = require "trapheus.sandbox.errors"
local groups = require "trapheus.sandbox.groups"
local instance_snapshots = require "trapheus.sandbox.instance_snapshots"
local instances = require "trapheus.sandbox.instances"
local resources = require "trapheus.sandbox.resources"
local snapshots = require "trapheus.sandbox.snapshots"
local tables = require "trapheus.sandbox.tables"
local tags = require "trapheus.sandbox.tags"

local tagging = { operations = { rds = {} } }
local rds = tagging.operations.rds

local function snapshot(kind)
  return { find = function(sb, name) return snapshots.find(sb, kind, name) end, touch = snapshots.touch }
end

--- As an ARN calls it -> where it is, and how its change is committed.
local KINDS = {
  ["db"] = { find = instances.find, touch = resources.touch },
  ["cluster"] = { find = clusters.find, touch = resources.touch },
  ["cluster-endpoint"] = { find = cluster_endpoints.find, touch = resources.touch },
  ["snapshot"] = snapshot(instance_snapshots.KIND),
  ["cluster-snapshot"] = snapshot(cluster_snapshots.KIND),
}

for _, arn in ipairs { "pg", "cluster-pg", "og" } do
  KINDS[arn] = {
    find = function(sb, name) return groups.find(sb, arn, name) end, touch = function(sb) sb:committed() end,
  }
end

--- What an ARN names, and how its change is committed.
local function named(sb, arn)
  local resource, name = tostring(arn):match "^arn:[^:]*:rds:[^:]*:[^:]*:([%l-]+):(.+)$"
  local kind = KINDS[resource]
  if kind then return kind.find(sb, name), kind.touch end
  errors.refuse("InvalidParameterValue", ("The specified resource name does not match an RDS resource: %s"):format(arn))
end

function rds.AddTagsToResource(sb, params)
  local object, touch = named(sb, params.ResourceName)
  tags.check(params.Tags or {})
  local merged = tags.merge(object.fields.TagList or {}, params.Tags or {})
  tags.check(merged)
  object.fields.TagList = merged
  touch(sb, object)
  return {}
end

function rds.RemoveTagsFromResource(sb, params)
  local object, touch = named(sb, params.ResourceName)
  local kept = {}
  for _, tag in ipairs(object.fields.TagList or {}) do
    if not tables.find(params.TagKeys or {}, tag.Key) then kept[#kept + 1] = tag end
  end
  object.fields.TagList = kept
  touch(sb, object)
  return {}
end

function rds.ListTagsForResource(sb, params)
  return { TagList = tables.copy(named(sb, params.ResourceName).fields.TagList or {}) }
end

return tagging
