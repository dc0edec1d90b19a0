--- A rename: a lag, then a long time under the old name, then a moment when neither name answers. An instance reboots
--- under the new one; a cluster of Aurora goes on serving all the while, and its members keep their names.

local events = require "trapheus.sandbox.events"
local instances = require "trapheus.sandbox.instances"
local multi_az = require "trapheus.sandbox.multi_az"
local names = require "trapheus.sandbox.names"
local replicas = require "trapheus.sandbox.replicas"
local resources = require "trapheus.sandbox.resources"
local tables = require "trapheus.sandbox.tables"

local rename = {}

-- What else is new about an instance that has another name.
local function renew(sb, instance, old)
  local details, fields = instance.fields.CertificateDetails, instance.fields
  if details and sb.knobs.rename_certificate == 1 then
    fields.CertificateDetails = { CAIdentifier = details.CAIdentifier, ValidTill = sb:seconds() // 1 + 365 * 86400 }
  end
  if sb.knobs.rename_leaves_domain == 1 then
    for _, membership in ipairs(tables.renewed(fields, "DomainMemberships")) do membership.Status = "failed" end
  end
  if sb.knobs.rename_event == 1 then
    events.add(sb, "db-instance", instance.name, "notification", ("Renamed instance from %s to %s"):format(old,
      instance.name))
  end
end

local function reboot(sb, instance, old)
  if old then renew(sb, instance, old) end
  instances.reboot(sb, instance, sb:draw "rename_reboot_s", function()
    events.add(sb, "db-instance", instance.name, "availability", "DB instance restarted")
  end)
end

local function instance_label(sb)
  return sb:chance "rename_label_percent" and "renaming" or "modifying"
end

-- Its members keep their names, and perhaps have other addresses all the same.
local function readdress(sb, cluster)
  if sb.knobs.cluster_rename_member_endpoints == 0 then return end
  for _, member in ipairs(cluster.members) do
    member.host_label = names.host_label(sb)
    resources.touch(sb, member)
  end
end

local function arrive(sb, cluster, old)
  if old then
    multi_az.rename_members(sb, cluster)
    readdress(sb, cluster)
  end
  resources.settle(sb, cluster)
  if old then
    events.add(sb, "db-cluster", cluster.name, "notification", ("Renamed cluster from %s to %s"):format(old,
      cluster.name))
  end
end

--- SourceType -> how it goes. `arrive` is told the old name, if it is another one.
local WAYS = {
  ["db-instance"] = {
    seconds = "rename_s", label = instance_label, arrive = reboot, what = "instance", tell = replicas.tell,
  },
  ["db-cluster"] = {
    seconds = "cluster_rename_s", label = function() return "renaming" end, arrive = arrive, what = "cluster",
  },
}

local function release(sb, reserved, name)
  reserved[name] = true
  local after = sb:draw "name_release_s"
  if after == 0 then
    reserved[name] = nil
  else
    sb:later(after, function() reserved[name] = nil end)
  end
end

--- The moment of the change: from here on the new name is the one that is held.
local function move(sb, resource, new, apply)
  local old, kind = resource.name, resource.kind
  local holders, reserved, way = sb[kind.names], sb[kind.reserved], WAYS[kind.event]
  holders[old], holders[new], reserved[new] = nil, resource, nil
  resource.name, resource.pending_name = new, nil
  release(sb, reserved, old)
  if way.tell then way.tell(sb, old, new) end
  apply()
  local both = sb:draw "rename_both_s"
  local unsettled = both > 0 and both or sb:draw "rename_gap_s"
  if unsettled == 0 then return way.arrive(sb, resource, old) end
  resources.commit(sb, resource, both > 0 and { old, new } or {})
  sb:later(unsettled, function() way.arrive(sb, resource, old) end, resource)
end

local function fail(sb, resource, new)
  local kind = resource.kind
  sb[kind.reserved][new], resource.pending_name, resource.pending = nil, nil, {}
  resources.settle(sb, resource)
  events.failure(sb, kind.event, resource.name, ("Unable to rename the DB %s."):format(WAYS[kind.event].what))
end

--- Begins a rename to a name that is free.
---@param sb table
---@param resource table
---@param new string
---@param fault table
---@param apply fun() Writes what else was pending.
function rename.begin(sb, resource, new, fault, apply)
  local way = WAYS[resource.kind.event]
  resources.begin(resource, true)
  resource.pending_name = new
  sb[resource.kind.reserved][new] = true
  local lag = sb:draw "rename_lag_s"
  sb:later(lag, function() resources.become(sb, resource, way.label(sb)) end, resource)
  if fault.kind == "stuck" then return end
  local fails = fault.kind == "background_failure" or sb:chance "rename_fails_percent"
  sb:later(lag + sb:draw(way.seconds), function()
    if fails then fail(sb, resource, new) else move(sb, resource, new, apply) end
  end, resource)
end

--- A name that equals the present one may reboot an instance all the same.
---@param sb table
---@param resource table
function rename.to_itself(sb, resource)
  if sb.knobs.rename_to_itself_reboots == 0 then return end
  resources.begin(resource, true)
  sb:later(sb:draw "rename_lag_s", function() WAYS[resource.kind.event].arrive(sb, resource) end, resource)
end

return rename
