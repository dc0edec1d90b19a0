--- RebootDBInstance: brings in a parameter group.

local errors = require "trapheus.sandbox.errors"
local events = require "trapheus.sandbox.events"
local instances = require "trapheus.sandbox.instances"

local reboot = { operations = { rds = {} } }

function reboot.operations.rds.RebootDBInstance(sb, params, fault)
  local instance = instances.find(sb, params.DBInstanceIdentifier)
  instances.require_ready(sb, instance)
  if sb.now < (instance.no_reboot_ms or 0) then
    errors.refuse("InvalidDBInstanceState", ("Instance %s has an in-progress management operation."):format(
      instance.name))
  end
  if params.ForceFailover and not instance.fields.MultiAZ then
    errors.refuse("InvalidParameterCombination",
      "ForceFailover cannot be specified since the instance is not Multi-AZ.")
  end
  instances.begin(instance, true)
  if fault.kind == "stuck" then
    instances.become(sb, instance, "rebooting")
  else
    instances.reboot(sb, instance, sb:draw "reboot_s", function()
      events.add(sb, "db-instance", instance.name, "availability", "DB instance restarted")
    end)
  end
  return { DBInstance = instances.view(sb, instance) }
end

return reboot
