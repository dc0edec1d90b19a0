--- Modifications that were asked for before the sandbox began: PendingModifiedValues, taken at its word.

local instances = require "trapheus.sandbox.instances"
local settings = require "trapheus.sandbox.settings"

local pending = {}

local function enabled_logs(value)
  return { EnableLogTypes = value.LogTypesToEnable, DisableLogTypes = value.LogTypesToDisable }
end

-- What writes a pending value; one that no setting has is shown, and comes to nothing.
local function change(field, value)
  for _, setting in ipairs(settings.rows) do
    if setting.when == "pending" and (setting.pending or setting.field) == field then
      return { setting = setting, value = setting.pending_shape and enabled_logs(value) or value }
    end
  end
  return { setting = { field = field, when = "pending", shape = "nothing" }, value = value }
end

--- They wait for the maintenance window, which the sandbox has none of, or for a change that applies immediately.
---@param sb table
---@param instance table
---@param values table  PendingModifiedValues
function pending.take(sb, instance, values)
  for field, value in pairs(values) do
    if field == "DBInstanceIdentifier" then
      instance.pending_name, sb.reserved[value:lower()] = value:lower(), true
    else
      table.insert(instance.pending, change(field, value))
    end
  end
  instance.history = {}
  instances.commit(sb, instance)
  instance.history[1].at_ms = math.mininteger
end

return pending
