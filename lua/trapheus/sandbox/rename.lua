--- A rename: a lag, then a long time under the old name, a moment when neither name answers, a reboot under the new.

local events = require "trapheus.sandbox.events"
local instances = require "trapheus.sandbox.instances"

local rename = {}

local function label(sb)
  return sb:stream("rename_label"):unit() * 100 < sb.knobs.rename_label_percent and "renaming" or "modifying"
end

local function release(sb, name)
  sb.reserved[name] = true
  local after = sb:draw "name_release_s"
  if after == 0 then
    sb.reserved[name] = nil
  else
    sb:later(after, function() sb.reserved[name] = nil end)
  end
end

local function reboot(sb, instance)
  instances.reboot(sb, instance, sb:draw "rename_reboot_s", function()
    events.add(sb, "db-instance", instance.name, "availability", "DB instance restarted")
  end)
end

--- The moment of the change: from here on the new name is the one that is held.
local function move(sb, instance, new, apply)
  local old = instance.name
  sb.names[old], sb.names[new], sb.reserved[new] = nil, instance, nil
  instance.name, instance.pending_name = new, nil
  release(sb, old)
  apply()
  local both = sb:draw "rename_both_s"
  local unsettled = both > 0 and both or sb:draw "rename_gap_s"
  if unsettled == 0 then return reboot(sb, instance) end
  instances.commit(sb, instance, both > 0 and { old, new } or {})
  sb:later(unsettled, function() reboot(sb, instance) end, instance)
end

local function fail(sb, instance, new)
  sb.reserved[new], instance.pending_name, instance.pending = nil, nil, {}
  instances.settle(sb, instance)
  events.add(sb, "db-instance", instance.name, "failure", "Unable to rename the DB instance.")
end

--- Begins a rename to a name that is free.
---@param sb table
---@param instance table
---@param new string
---@param fault table
---@param apply fun() Writes what else was pending.
function rename.begin(sb, instance, new, fault, apply)
  instances.begin(instance, true)
  instance.pending_name = new
  sb.reserved[new] = true
  local lag = sb:draw "rename_lag_s"
  sb:later(lag, function() instances.become(sb, instance, label(sb)) end, instance)
  if fault.kind == "stuck" then return end
  sb:later(lag + sb:draw "rename_s", function()
    if fault.kind == "background_failure" then fail(sb, instance, new) else move(sb, instance, new, apply) end
  end, instance)
end

--- A name that equals the present one reboots the instance all the same.
---@param sb table
---@param instance table
function rename.to_itself(sb, instance)
  instances.begin(instance, true)
  sb:later(sb:draw "rename_lag_s", function() reboot(sb, instance) end, instance)
end

return rename
