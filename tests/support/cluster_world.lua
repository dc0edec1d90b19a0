--- A sandbox for tests of clusters: nothing in it is left to chance.
local sandbox = require "trapheus.sandbox"
local tables = require "trapheus.sandbox.tables"

local cluster_world = {}

local START_MS = 1700000000000

--- Everything takes as long as it says here, and a Describe is never stale.
local KNOBS = {
  stale_s = 0, rename_lag_s = 10, rename_s = 60, rename_gap_s = 5, rename_both_s = 0, rename_reboot_s = 30,
  cluster_rename_s = 20, name_release_s = 0, modify_lag_s = 5, modify_s = 20, create_s = 100, delete_s = 50,
  snapshot_s = 40, snapshot_start_s = 1, snapshot_tail_s = 10, snapshot_delete_s = 5, cluster_create_s = 30,
  cluster_restore_s = 90, cluster_delete_s = 20, failover_s = 15, writer_reboot_failover_percent = 0, reboot_s = 20,
  member_flaps = 0, restore_flap_s = 10, cluster_endpoint_s = 10, role_s = 20, secret_s = 0, stream_s = 60,
  stop_s = 30, start_s = 60, export_start_s = 10, export_s = 100, export_cancel_s = 20,
}

--- A sandbox, and how time passes in it.
---@param knobs table<string, number|number[]>|nil
---@param seed integer|nil
---@return trapheus.Sandbox
---@return fun(seconds: number) pass
function cluster_world.new(knobs, seed)
  local clock = { ms = START_MS }
  local values = tables.shallow(KNOBS)
  for name, value in pairs(knobs or {}) do values[name] = value end
  local sb = sandbox.new { now_ms = function() return clock.ms end, knobs = values, seed = seed }
  return sb, function(seconds) clock.ms = clock.ms + seconds * 1000 end
end

--- The result of a call that must be granted.
function cluster_world.call(sb, operation, params)
  local result, err = sb:call("rds", operation, params)
  if err then error(("%s: %s: %s"):format(operation, err.code, err.message), 2) end
  return result
end

--- The error of a call that must be refused with that code.
function cluster_world.refused(sb, operation, params, code)
  local result, err = sb:call("rds", operation, params)
  if result then error(operation .. " was not refused", 2) end
  if err.code ~= code then error(("%s: %s (%s), not %s"):format(operation, err.code, err.message, code), 2) end
  return err
end

return cluster_world
