--- Modifications that were asked for before the sandbox began: PendingModifiedValues, taken at its word.

local cluster_settings = require "trapheus.sandbox.cluster_settings"
local resources = require "trapheus.sandbox.resources"
local settings = require "trapheus.sandbox.settings"
local sorted = require "trapheus.sorted"

local pending = {}

local ROWS = { DBInstanceIdentifier = settings.rows, DBClusterIdentifier = cluster_settings.rows }

local function asked_logs(value)
  return { EnableLogTypes = value.LogTypesToEnable, DisableLogTypes = value.LogTypesToDisable }
end

-- What writes a pending value; one that no setting has is shown, and comes to nothing.
local function change(rows, field, value)
  for _, setting in ipairs(rows) do
    if setting.when == "pending" and (setting.pending or setting.field) == field then
      return { setting = setting, value = setting.pending_shape and asked_logs(value) or value }
    end
  end
  return { setting = { field = field, when = "pending", shape = "nothing" }, value = value }
end

--- They wait for the maintenance window, which the sandbox has none of, or for a change that applies immediately.
---@param sb table
---@param resource table
---@param values table?  PendingModifiedValues
function pending.take(sb, resource, values)
  local kind = resource.kind
  if not values or next(values) == nil then return end
  for _, field in ipairs(sorted.keys(values)) do
    local value = values[field]
    if field == kind.identifier then
      resource.pending_name, sb[kind.reserved][value:lower()] = value:lower(), true
    else
      table.insert(resource.pending, change(ROWS[kind.identifier], field, value))
    end
  end
  resource.history = {}
  resources.commit(sb, resource)
  resource.history[1].at_ms = math.mininteger
end

return pending
