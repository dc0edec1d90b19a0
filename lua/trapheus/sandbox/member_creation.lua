--- What a new member of a cluster has, and goes through.

local creation = require "trapheus.sandbox.creation"
local events = require "trapheus.sandbox.events"
local instances = require "trapheus.sandbox.instances"
local member_settings = require "trapheus.sandbox.member_settings"
local members = require "trapheus.sandbox.members"
local tables = require "trapheus.sandbox.tables"
local template = require "trapheus.sandbox.template"

local member_creation = {}

local FLAPS = { "modifying", "rebooting", "configuring-enhanced-monitoring", "configuring-performance-insights" }

--- What a new member has.
---@param sb table
---@param cluster table
---@param params table Of CreateDBInstance
---@return table
function member_creation.fields(sb, cluster, params)
  local fields, source = creation.blank(sb), {
    Engine = cluster.fields.Engine, EngineVersion = cluster.fields.EngineVersion, DBParameterGroups = {},
  }
  local asked = tables.shallow(params)
  asked.AvailabilityZone = params.AvailabilityZone or sb:stream("zone"):pick(cluster.fields.AvailabilityZones)
  asked.PromotionTier = params.PromotionTier or 1
  creation.configure(sb, fields, source, asked, "create", member_settings.rows)
  fields.AllocatedStorage, fields.MultiAZ = cluster.fields.AllocatedStorage or 1, false
  fields.LicenseModel = (template.engine(source.Engine) or {}).license
  fields.OptionGroupMemberships = { { OptionGroupName = template.default_option_group(source), Status = "in-sync" } }
  fields.EnabledCloudwatchLogsExports, fields.DeletionProtection, fields.DedicatedLogVolume = {}, false, false
  fields.TagList = tables.copy(params.Tags or {})
  return fields
end

--- It has come up.
---@param sb table
---@param member table
function member_creation.come_up(sb, member)
  member.creating = nil
  members.arrive(sb, member)
  creation.flap(sb, member, FLAPS, sb:draw "member_flaps", function()
    instances.settle(sb, member)
    events.add(sb, "db-instance", member.name, "creation", "DB instance created")
  end)
end

--- Lets it come up.
---@param sb table
---@param member table
---@param seconds number
---@param fault table
function member_creation.plan(sb, member, seconds, fault)
  if fault.kind == "stuck" then return end
  sb:later(seconds, function()
    if fault.kind ~= "terminal" then return member_creation.come_up(sb, member) end
    instances.become(sb, member, fault.status)
    events.failure(sb, "db-instance", member.name, "The DB instance could not be created.")
  end, member)
end

return member_creation
