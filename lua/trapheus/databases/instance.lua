--- A DB instance: how it is looked up, judged and changed. `cluster` answers the same questions; the members of an
--- Aurora cluster are instances.
---
--- A change is described, not made: each such method returns operation, target, parameters for
--- `run:mutate`. Identity is DbiResourceId: it survives a rename, the name does not.
local database = require "trapheus.databases.database"
local errors = require "trapheus.errors"
local export = require "trapheus.databases.export"
local once = require "trapheus.once"
local settings = require "trapheus.settings"

---@class trapheus.Instance : trapheus.Database
local Instance = database.class()

local instance = { kind = "instance", snapshot_kind = "snapshot", settings = settings.load "instance" }

---@type fun(raw: table): trapheus.Instance  Of a DBInstance.
instance.wrap = once(function(raw)
  return setmetatable({
    kind = "instance",
    raw = raw,
    name = raw.DBInstanceIdentifier,
    resource_id = raw.DbiResourceId,
    arn = raw.DBInstanceArn,
    status = raw.DBInstanceStatus or "unknown",
    protected = raw.DeletionProtection == true,
    tags = database.tag_map(raw.TagList),
  }, Instance)
end)

-- Looking ---------------------------------------------------------------------------------

local asking_by_name = database.asking_by "DBInstanceIdentifier"

---@param name string
---@return trapheus.Instance?  nil when nothing answers to the name
function instance.by_name(rds, name)
  local page, err = errors.try(rds.DescribeDBInstances, rds, asking_by_name(name))
  if err and errors.is(err, "DBInstanceNotFound") then return nil end
  if err then error(err, 0) end
  local raw = page.DBInstances[1]
  return raw and instance.wrap(raw) or nil
end

--- Those that one filter of DescribeDBInstances lets through.
---@param filter string    "dbi-resource-id", "db-instance-id", "db-cluster-id"
---@param values string[]
---@return trapheus.Instance[]
function instance.list(rds, filter, values)
  local list = {}
  if #values == 0 then return list end
  local filters = { { Name = filter, Values = values } }
  for raw in rds:paginate("DescribeDBInstances", { Filters = filters }, "DBInstances") do
    list[#list + 1] = instance.wrap(raw)
  end
  return list
end

local asking_for = database.asking "dbi-resource-id"

---@param resource_id string
---@return trapheus.Instance?
function instance.by_resource_id(rds, resource_id)
  for raw in rds:paginate("DescribeDBInstances", asking_for(resource_id), "DBInstances") do
    if raw.DbiResourceId == resource_id then return instance.wrap(raw) end
  end
end

local snapshot_of = once(function(raw)
  return {
    kind = instance.snapshot_kind,
    name = raw.DBSnapshotIdentifier,
    arn = raw.DBSnapshotArn,
    status = raw.Status or "unknown",
    created_at = raw.SnapshotCreateTime,
    source_name = raw.DBInstanceIdentifier,
    source_resource_id = raw.DbiResourceId,
    engine = raw.Engine,
    version = raw.EngineVersion,
    encrypted = raw.Encrypted == true,
    storage_gib = raw.AllocatedStorage,
    raw = raw,
    tags = database.tag_map(raw.TagList),
  }
end)

local asking_of_snapshot = database.asking_by "DBSnapshotIdentifier"

---@param name string  An identifier, or the ARN of a shared snapshot.
---@return trapheus.Snapshot?
function instance.snapshot(rds, name)
  local shared = name:find "^arn:" and { DBSnapshotIdentifier = name, IncludeShared = true }
  local page, err = errors.try(rds.DescribeDBSnapshots, rds, shared or asking_of_snapshot(name))
  if err and errors.is(err, "DBSnapshotNotFound") then return nil end
  if err then error(err, 0) end
  local raw = page.DBSnapshots[1]
  return raw and snapshot_of(raw) or nil
end

local KINDS = { instance = instance, snapshot = instance, export = export }

--- What an open intent was about, as text that is equal when nothing has changed.
---@param intent trapheus.Intent
---@return { text: string, moving: boolean }
function instance.trace(rds, intent) return database.trace(KINDS, rds, intent) end

--- The members that are its own: an instance has none.
---@return trapheus.Instance[]
function instance.members() return {} end

-- Judging ---------------------------------------------------------------------------------

-- What every part of these must be before it counts as settled.
Instance.ARRIVED = {
  { path = "DBParameterGroups[].ParameterApplyStatus", ["in-sync"] = true },
  { path = "VpcSecurityGroups[].Status", active = true },
  { path = "OptionGroupMemberships[].Status", ["in-sync"] = true },
  { path = "DomainMemberships[].Status", joined = true, ["kerberos-enabled"] = true },
  { path = "AssociatedRoles[].Status", ACTIVE = true, INVALID = true }, -- which no waiting mends
  { path = "MasterUserSecret.SecretStatus", active = true, rotating = true, impaired = true },
  { path = "ActivityStreamStatus", started = true, stopped = true },
}

--- Can it be used as its original was?
Instance.usable = Instance.serving

--- Does a parameter group wait for a reboot?
function Instance:needs_reboot()
  for _, group in ipairs(self.raw.DBParameterGroups or {}) do
    if group.ParameterApplyStatus == "pending-reboot" then return true end
  end
  return false
end

--- Can its automated backups outlive it?
function instance.retains_backups() return true end

instance.SNAPSHOT_QUOTA = "ManualSnapshots"

--- What a second one takes of the account's quotas, by their names.
---@return table<string, integer>
function Instance:room() return { DBInstances = 1, AllocatedStorage = self.raw.AllocatedStorage or 0 } end

--- The machines that RDS must be able to give once more.
---@return { DBInstanceClass: string, StorageType: string?, MultiAZ: boolean?, AvailabilityZone: string? }[]
function Instance:machines() return { self.raw } end

--- The names of members that are RDS's, and are renamed by RDS with the database.
---@return string[]
function Instance:followers() return {} end

--- Its VPC, if it says.
---@return string?
function Instance:vpc() return (self.raw.DBSubnetGroup or {}).VpcId end

-- Changing --------------------------------------------------------------------------------

-- `parameters` with the name, which the caller has just seen behind the resource id.
function Instance:modify(parameters)
  parameters.DBInstanceIdentifier = self.name
  parameters.ApplyImmediately = true -- without it a change waits for the maintenance window
  return "ModifyDBInstance", self:target(), parameters
end

function Instance:rename(name) return self:modify { NewDBInstanceIdentifier = name } end

-- Without ApplyImmediately: protection takes effect at once in any case, and what else is pending must not.
function Instance:protect(on)
  return "ModifyDBInstance", self:target "protection", { DBInstanceIdentifier = self.name, DeletionProtection = on }
end

function Instance:reboot()
  return "RebootDBInstance", self:target(), { DBInstanceIdentifier = self.name }
end

---@param how { final_snapshot: string?, delete_automated_backups: boolean? }  Empty for a member: its cluster has both.
function Instance:delete(how)
  return "DeleteDBInstance", self:target(), {
    DBInstanceIdentifier = self.name,
    SkipFinalSnapshot = how.final_snapshot == nil,
    FinalDBSnapshotIdentifier = how.final_snapshot,
    DeleteAutomatedBackups = how.delete_automated_backups,
  }
end

function Instance:create_snapshot(name, tag_list)
  return "CreateDBSnapshot", { kind = instance.snapshot_kind, name = name },
    { DBInstanceIdentifier = self.name, DBSnapshotIdentifier = name, Tags = tag_list }
end

function instance.delete_snapshot(snapshot)
  return "DeleteDBSnapshot", { kind = instance.snapshot_kind, name = snapshot.name },
    { DBSnapshotIdentifier = snapshot.name }
end

--- The replacement: the captured settings that the restore call takes, marked with `tags`, unprotected,
--- as a database that failed to come up could not be unprotected to delete it.
---@param parameters table  settings that the restore call takes
function instance.restore(name, snapshot, parameters)
  parameters.DBInstanceIdentifier = name
  parameters.DBSnapshotIdentifier = snapshot.arn
  parameters.DeletionProtection = false
  return "RestoreDBInstanceFromDBSnapshot", { kind = "instance", name = name }, parameters
end

--- The database in a reply that tells of a new one.
function instance.created(reply)
  return reply.DBInstance and reply.DBInstance.DbiResourceId and instance.wrap(reply.DBInstance) or nil
end

return instance
