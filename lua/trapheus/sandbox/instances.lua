--- DB instances, members of clusters among them: what is their own beside what all resources have. An instance also has
--- data_version, or as a member `cluster`.

local members = require "trapheus.sandbox.members"
local names = require "trapheus.sandbox.names"
local resources = require "trapheus.sandbox.resources"
local tables = require "trapheus.sandbox.tables"

local instances = {
  commit = resources.commit, become = resources.become, begin = resources.begin, settle = resources.settle,
  excursion = resources.excursion, require_ready = resources.require_ready,
}

--- What Describe shows of an instance, once everybody can see it. What lies in its fields is shared: whoever changes
--- that, changes a copy (tables.renewed).
---@param sb table
---@param instance table
---@param name string|nil
---@return table
function instances.view(sb, instance, name)
  name = name or instance.name
  local shown = tables.shallow(instance.fields)
  shown.DBInstanceIdentifier = name
  shown.DBInstanceArn = names.arn(sb, "db", name)
  shown.DbiResourceId = instance.rid
  shown.DBInstanceStatus = instance.status
  shown.PendingModifiedValues = resources.pending(instance)
  if instance.cluster then members.inherit(instance.cluster, shown) end
  shown.Endpoint = (not instance.creating or sb.knobs.restore_endpoint == 1)
      and { Address = names.address(sb, name, nil, instance.host_label), Port = shown.Endpoint.Port,
        HostedZoneId = shown.Endpoint.HostedZoneId or names.ZONE }
    or nil
  if (shown.MonitoringInterval or 0) > 0 then
    shown.EnhancedMonitoringResourceArn = "arn:aws:logs:" .. sb.region .. ":" .. sb.account
      .. ":log-group:RDSOSMetrics:log-stream:" .. instance.rid
  end
  if not instance.creating and not instance.cluster and instance.fields.BackupRetentionPeriod > 0 then
    shown.LatestRestorableTime = sb:seconds() // 1 - 300
  end
  return shown
end

---@type trapheus.sandbox.Kind
local KIND = {
  list = "instances", names = "names", reserved = "reserved", arn = "db", identifier = "DBInstanceIdentifier",
  resource_id = "DbiResourceId", prefix = "db", event = "db-instance",
  ready = { ["available"] = true, ["storage-optimization"] = true },
  codes = { absent = "DBInstanceNotFound", exists = "DBInstanceAlreadyExists", state = "InvalidDBInstanceState" },
  words = {
    absent = "DBInstance %s not found.", exists = "DB instance already exists",
    state = "Instance %s is not in available state.",
  },
  view = instances.view,
  related = function(_, instance)
    return instance.cluster and { instance.cluster, table.unpack(instance.cluster.endpoints) } or {}
  end,
}

---@param sb table
---@param instance table
---@return table
function instances.truth(sb, instance)
  local shown = instances.view(sb, instance)
  local holder = instance.cluster or instance
  shown.data_version, shown.restored_version = holder.data_version, holder.restored_version
  return shown
end

--- Brings a new instance into the world.
---@param sb table
---@param name string Checked and free.
---@param status string
---@param fields table
---@param data_version integer|nil A member has none: its data lies in the cluster.
---@return table instance
function instances.create(sb, name, status, fields, data_version)
  local instance = resources.create(sb, KIND, name, status, fields)
  instance.data_version = data_version
  return instance
end

---@param sb table
---@param text string|nil An identifier or an ARN.
---@return table instance
function instances.find(sb, text)
  return resources.find(sb, KIND, text)
end

--- Refuses a name that somebody holds, or is about to.
---@param sb table
---@param name string
function instances.require_free(sb, name)
  resources.require_free(sb, KIND, name)
end

--- Reboots, which brings in a parameter group.
---@param sb table
---@param instance table
---@param seconds number
---@param done fun()
function instances.reboot(sb, instance, seconds, done)
  members.may_lose_writer(sb, instance)
  instances.become(sb, instance, "rebooting")
  sb:later(seconds, function()
    for _, group in ipairs(tables.renewed(instance.fields, "DBParameterGroups")) do
      group.ParameterApplyStatus = "in-sync"
    end
    instance.cluster_group_status = "in-sync"
    instances.settle(sb, instance)
    done()
  end, instance)
end

return instances
