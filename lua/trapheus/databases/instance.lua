--- A DB instance: how it is looked up, judged and changed. `cluster` answers the same questions.
---
--- A change is described, not made: each such method returns operation, target, parameters for
--- `run:mutate`. Identity is DbiResourceId: it survives a rename, the name does not.
local errors = require "trapheus.errors"
local statuses = require "trapheus.statuses"
local settings = require "trapheus.settings"

---@class trapheus.Instance
---@field raw table          A DBInstance as DescribeDBInstances gives it.
---@field name string
---@field resource_id string
---@field arn string
---@field status string
---@field protected boolean  DeletionProtection
---@field tags table<string, string>
local Instance = {}
Instance.__index = Instance

local instance = { kind = "instance", settings = settings.load "instance" }

local function tag_map(list)
  local map = {}
  for _, tag in ipairs(list or {}) do map[tag.Key] = tag.Value or "" end
  return map
end

---@param raw table  A DBInstance
---@return trapheus.Instance
function instance.wrap(raw)
  return setmetatable({
    raw = raw,
    name = raw.DBInstanceIdentifier,
    resource_id = raw.DbiResourceId,
    arn = raw.DBInstanceArn,
    status = raw.DBInstanceStatus or "unknown",
    protected = raw.DeletionProtection == true,
    tags = tag_map(raw.TagList),
  }, Instance)
end

-- Looking ---------------------------------------------------------------------------------

---@param name string
---@return trapheus.Instance?  nil when nothing answers to the name
function instance.by_name(rds, name)
  local page, err = errors.try(rds.DescribeDBInstances, rds, { DBInstanceIdentifier = name })
  if err and errors.is(err, "DBInstanceNotFound") then return nil end
  if err then error(err, 0) end
  local raw = page.DBInstances[1]
  return raw and instance.wrap(raw) or nil
end

---@param resource_id string
---@return trapheus.Instance?
function instance.by_resource_id(rds, resource_id)
  local page = rds:DescribeDBInstances { Filters = { { Name = "dbi-resource-id", Values = { resource_id } } } }
  for _, raw in ipairs(page.DBInstances or {}) do
    if raw.DbiResourceId == resource_id then return instance.wrap(raw) end
  end
end

---@class trapheus.Snapshot
---@field name string
---@field arn string
---@field status string
---@field created_at number      SnapshotCreateTime, seconds since the epoch
---@field source_name string     the database it was made of
---@field source_resource_id string?
---@field raw table              a DBSnapshot
---@field tags table<string, string>

---@param name string  An identifier, or the ARN of a shared snapshot.
---@return trapheus.Snapshot?
function instance.snapshot(rds, name)
  local page, err = errors.try(rds.DescribeDBSnapshots, rds,
    { DBSnapshotIdentifier = name, IncludeShared = name:find "^arn:" and true or nil })
  if err and errors.is(err, "DBSnapshotNotFound") then return nil end
  if err then error(err, 0) end
  local raw = page.DBSnapshots[1]
  return raw and {
    kind = "snapshot",
    name = raw.DBSnapshotIdentifier,
    arn = raw.DBSnapshotArn,
    status = raw.Status or "unknown",
    created_at = raw.SnapshotCreateTime,
    source_name = raw.DBInstanceIdentifier,
    source_resource_id = raw.DbiResourceId,
    raw = raw,
    tags = tag_map(raw.TagList),
  } or nil
end

--- What an open intent was about, as text that is equal when nothing has changed.
---@param intent trapheus.Intent
---@return { text: string, moving: boolean }
function instance.trace(rds, intent)
  local target = intent.target
  if target.kind == "snapshot" then
    local seen = instance.snapshot(rds, target.name)
    return { text = seen and seen.status or "none", moving = seen ~= nil and seen.status ~= "available" }
  end
  local seen = target.resource_id and instance.by_resource_id(rds, target.resource_id)
  local parts, moving = { seen and seen:describe() or "not shown" }, seen ~= nil and seen:moving()
  for _, name in ipairs(intent.names) do
    local holder = instance.by_name(rds, name)
    parts[#parts + 1] = ("%s: %s"):format(name, holder and holder:describe() or "free")
    moving = moving or holder ~= nil and holder:moving()
  end
  return { text = table.concat(parts, ", "), moving = moving }
end

-- Judging ---------------------------------------------------------------------------------

function Instance:describe()
  return ("%s %s%s"):format(self.resource_id, self.status, self:pending() and ", a change pending" or "")
end

--- Is a modification waiting to be made?
function Instance:pending()
  local pending = self.raw.PendingModifiedValues
  return pending ~= nil and next(pending) ~= nil
end

--- No change is under way or pending.
function Instance:quiet()
  return statuses.settled[self.status] ~= nil and not self:pending()
end

--- A change is under way that will end by itself.
function Instance:moving()
  return self.status == "deleting" or not self:quiet() and not self:bad()
end

function Instance:serving() return statuses.serving[self.status] ~= nil end

--- "terminal", "recoverable" or nil.
function Instance:bad()
  return statuses.terminal_bad[self.status] and "terminal"
    or statuses.recoverable_bad[self.status] and "recoverable" or nil
end

-- What must be so in every row of these lists before the database counts as settled.
local PARTS = {
  { list = "DBParameterGroups", field = "ParameterApplyStatus", ["in-sync"] = true },
  { list = "VpcSecurityGroups", field = "Status", active = true },
  { list = "OptionGroupMemberships", field = "Status", ["in-sync"] = true },
  { list = "DomainMemberships", field = "Status", joined = true, ["kerberos-enabled"] = true },
}

--- Quiet, and every part of it has arrived. The predicate of AWS's own CloudFormation handler.
---@return boolean settled
---@return string? why  The part that has not.
function Instance:settled()
  if not self:quiet() then return false, self.status .. (self:pending() and ", a change pending" or "") end
  for _, part in ipairs(PARTS) do
    for _, row in ipairs(self.raw[part.list] or {}) do
      local status = row[part.field]
      if status and not part[status] then return false, ("%s %s"):format(part.list, status) end
    end
  end
  return true
end

--- Does a parameter group wait for a reboot?
function Instance:needs_reboot()
  for _, group in ipairs(self.raw.DBParameterGroups or {}) do
    if group.ParameterApplyStatus == "pending-reboot" then return true end
  end
  return false
end

-- Changing --------------------------------------------------------------------------------

function Instance:target()
  return { kind = "instance", resource_id = self.resource_id, name = self.name }
end

-- `parameters` with the name, which the caller has just seen behind the resource id.
function Instance:modify(parameters)
  parameters.DBInstanceIdentifier = self.name
  parameters.ApplyImmediately = true -- without it a change waits for the maintenance window
  return "ModifyDBInstance", self:target(), parameters
end

function Instance:rename(name) return self:modify { NewDBInstanceIdentifier = name } end

-- Without ApplyImmediately: protection takes effect at once in any case, and what else is pending must not.
function Instance:protect(on)
  return "ModifyDBInstance", self:target(), { DBInstanceIdentifier = self.name, DeletionProtection = on }
end

function Instance:reboot()
  return "RebootDBInstance", self:target(), { DBInstanceIdentifier = self.name }
end

---@param how { final_snapshot: string?, delete_automated_backups: boolean }
function Instance:delete(how)
  return "DeleteDBInstance", self:target(), {
    DBInstanceIdentifier = self.name,
    SkipFinalSnapshot = how.final_snapshot == nil,
    FinalDBSnapshotIdentifier = how.final_snapshot,
    DeleteAutomatedBackups = how.delete_automated_backups,
  }
end

function Instance:create_snapshot(name, tag_list)
  return "CreateDBSnapshot", { kind = "snapshot", name = name },
    { DBInstanceIdentifier = self.name, DBSnapshotIdentifier = name, Tags = tag_list }
end

function instance.delete_snapshot(snapshot)
  return "DeleteDBSnapshot", { kind = "snapshot", name = snapshot.name }, { DBSnapshotIdentifier = snapshot.name }
end

--- Takes tags off an instance or a snapshot.
function instance.untag(thing, keys)
  return "RemoveTagsFromResource", { kind = thing.kind or "instance", resource_id = thing.resource_id,
    name = thing.name }, { ResourceName = thing.arn, TagKeys = keys }
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

--- The database in a reply of the restore call.
function instance.created(reply)
  return reply.DBInstance and reply.DBInstance.DbiResourceId and instance.wrap(reply.DBInstance) or nil
end

return instance
