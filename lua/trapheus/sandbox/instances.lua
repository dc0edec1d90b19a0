--- DB instances: who holds which name, what Describe shows, and the changes of status.
---
--- An instance is { rid, name, status, fields (Describe's shape, without what is derived below), pending (a list of
--- changes), pending_name, data_version, plan (counts what it began: see sandbox:later), history }.

local errors = require "trapheus.sandbox.errors"
local names = require "trapheus.sandbox.names"
local tables = require "trapheus.sandbox.tables"
local versions = require "trapheus.sandbox.versions"

local instances = {}

local function pending_values(instance)
  local values = { DBInstanceIdentifier = instance.pending_name }
  for _, change in ipairs(instance.pending) do
    local setting, value = change.setting, change.value
    if setting.pending_shape then value = setting.pending_shape(value) end
    if setting.when == "pending" then values[setting.pending or setting.field] = value end
  end
  return values
end

--- What Describe shows of an instance, once everybody can see it.
---@param sb table
---@param instance table
---@param name string|nil
---@return table
function instances.view(sb, instance, name)
  name = name or instance.name
  local shown = tables.copy(instance.fields)
  shown.DBInstanceIdentifier = name
  shown.DBInstanceArn = names.arn(sb, "db", name)
  shown.DbiResourceId = instance.rid
  shown.DBInstanceStatus = instance.status
  shown.PendingModifiedValues = pending_values(instance)
  shown.Endpoint = not instance.creating
      and { Address = names.address(sb, name), Port = instance.fields.Endpoint.Port, HostedZoneId = "Z2R2ITUGPM61AM" }
    or nil
  if (shown.MonitoringInterval or 0) > 0 then
    shown.EnhancedMonitoringResourceArn = ("arn:aws:logs:%s:%s:log-group:RDSOSMetrics:log-stream:%s"):format(
      sb.region, sb.account, instance.rid)
  end
  if not instance.creating and instance.fields.BackupRetentionPeriod > 0 then
    shown.LatestRestorableTime = sb:seconds() // 1 - 300
  end
  return shown
end

--- Makes a change of an instance the committed truth.
---@param sb table
---@param instance table
---@param visible string[]|nil The names it answers to; its own unless given.
function instances.commit(sb, instance, visible)
  local views = {}
  for i, name in ipairs(visible or { instance.name }) do views[i] = instances.view(sb, instance, name) end
  instance.hidden = #views == 0
  versions.push(instance.history, sb.now, views)
  sb:committed()
end

---@param sb table
---@param instance table
---@return table
function instances.truth(sb, instance)
  local shown = instances.view(sb, instance)
  shown.data_version, shown.restored_version = instance.data_version, instance.restored_version
  return shown
end

--- Brings a new instance into the world.
---@param sb table
---@param name string Checked and free.
---@param status string
---@param fields table
---@param data_version integer
---@return table instance
function instances.create(sb, name, status, fields, data_version)
  local instance = {
    rid = fields.DbiResourceId or names.resource_id(sb), name = name, status = status, fields = fields,
    pending = {}, data_version = data_version, plan = 0, history = {}, creating = status == "creating",
  }
  fields.DbiResourceId = instance.rid
  sb.instances[#sb.instances + 1] = instance
  sb.names[name], sb.target = instance, instance.rid
  return instance
end

---@param sb table
---@param text string|nil An identifier or an ARN.
---@return table instance
function instances.find(sb, text)
  if type(text) ~= "string" then
    errors.refuse("MissingParameter", "The request must contain the parameter DBInstanceIdentifier.")
  end
  local instance = sb.names[names.from(text, "db")]
  if not instance or instance.hidden then
    errors.refuse("DBInstanceNotFound", ("DBInstance %s not found."):format(text))
  end
  sb.target = instance.rid
  return instance
end

--- Refuses a name that somebody holds, or is about to.
---@param sb table
---@param name string
function instances.require_free(sb, name)
  if sb.names[name] or sb.reserved[name] then
    errors.refuse("DBInstanceAlreadyExists", "DB instance already exists")
  end
end

--- The states in which an instance takes a change.
local READY = { ["available"] = true, ["storage-optimization"] = true }

---@param sb table
---@param instance table
function instances.require_ready(sb, instance)
  local tolerated = instance.status == "backing-up" and sb.knobs.modify_in_backing_up == 1
  if (READY[instance.status] or tolerated) and not instance.busy then return end
  errors.refuse("InvalidDBInstanceState", ("Instance %s is not in available state."):format(instance.name))
end

---@param sb table
---@param instance table
---@param status string
function instances.become(sb, instance, status)
  instance.status = status
  instances.commit(sb, instance)
end

--- Begins something that nothing planned earlier may disturb.
---@param instance table
---@param busy boolean|nil It refuses further changes, though it may still show `available`.
function instances.begin(instance, busy)
  instance.plan = instance.plan + 1
  instance.busy = busy
end

---@param sb table
---@param instance table
function instances.settle(sb, instance)
  instance.busy = nil
  instances.become(sb, instance, "available")
end

--- Reboots, which brings in a parameter group.
---@param sb table
---@param instance table
---@param seconds number
---@param done fun()
function instances.reboot(sb, instance, seconds, done)
  instances.become(sb, instance, "rebooting")
  sb:later(seconds, function()
    for _, group in ipairs(instance.fields.DBParameterGroups) do group.ParameterApplyStatus = "in-sync" end
    instances.settle(sb, instance)
    done()
  end, instance)
end

--- Shows another status for a while.
---@param sb table
---@param instance table
---@param status string
---@param seconds number|nil
function instances.excursion(sb, instance, status, seconds)
  instances.begin(instance)
  instances.become(sb, instance, status)
  if seconds then sb:later(seconds, function() instances.settle(sb, instance) end, instance) end
end

return instances
