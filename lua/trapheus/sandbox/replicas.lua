--- Read replicas: which instance reads from which, in the fields of both. They stay with the instance, not with its
--- name.

local events = require "trapheus.sandbox.events"
local resources = require "trapheus.sandbox.resources"

local replicas = {}

-- The name in a list of names is another one, or (nil) is there no more. Gives nil if it is not in the list.
local function renamed(list, old, new)
  local result, found = {}, false
  for _, name in ipairs(list or {}) do
    if name:lower() ~= old then
      result[#result + 1] = name
    else
      result[#result + 1], found = new, true
    end
  end
  return found and result or nil
end

-- The source is called otherwise, or is gone: its replica is promoted, and has none any more.
local function follow(sb, instance, new)
  instance.fields.ReadReplicaSourceDBInstanceIdentifier = new
  if not new then events.add(sb, "db-instance", instance.name, "read replica", "Promoted Read Replica instance") end
  resources.touch(sb, instance)
end

--- Tells the others that an instance has another name, or is gone.
---@param sb table
---@param old string
---@param new string?
function replicas.tell(sb, old, new)
  for _, other in ipairs(sb.instances) do
    local source = other.fields.ReadReplicaSourceDBInstanceIdentifier
    local list = renamed(other.fields.ReadReplicaDBInstanceIdentifiers, old, new)
    if list then
      other.fields.ReadReplicaDBInstanceIdentifiers = list
      resources.touch(sb, other)
    end
    if source and source:lower() == old and not other.gone then follow(sb, other, new) end
  end
end

return replicas
