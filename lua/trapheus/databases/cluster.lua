--- A DB cluster: Aurora, whose members are instances with names of their own, or a Multi-AZ DB cluster, whose members
--- belong to RDS. It answers what `instance` answers. Identity is DbClusterResourceId.
local database = require "trapheus.databases.database"
local endpoint = require "trapheus.databases.endpoint"
local errors = require "trapheus.errors"
local export = require "trapheus.databases.export"
local instance = require "trapheus.databases.instance"
local once = require "trapheus.once"
local settings = require "trapheus.settings"

---@class trapheus.Cluster : trapheus.Database
---@field aurora boolean  Or else it is a Multi-AZ DB cluster.
---@field seen_members trapheus.Instance[]?  In preflight: its own.
local Cluster = database.class()

local cluster = { kind = "cluster", snapshot_kind = "cluster-snapshot", settings = settings.load "cluster",
  member_settings = settings.load "member" }

local function is_aurora(engine) return (engine or ""):find "^aurora" ~= nil end

---@type fun(raw: table): trapheus.Cluster  Of a DBCluster.
cluster.wrap = once(function(raw)
  return setmetatable({
    kind = "cluster",
    raw = raw,
    name = raw.DBClusterIdentifier,
    resource_id = raw.DbClusterResourceId,
    arn = raw.DBClusterArn,
    status = raw.Status or "unknown",
    protected = raw.DeletionProtection == true,
    tags = database.tag_map(raw.TagList),
    aurora = is_aurora(raw.Engine),
  }, Cluster)
end)

-- Looking ---------------------------------------------------------------------------------

local asking_by_name = database.asking_by "DBClusterIdentifier"

---@param name string
---@return trapheus.Cluster?  nil when nothing answers to the name
function cluster.by_name(rds, name)
  local page, err = errors.try(rds.DescribeDBClusters, rds, asking_by_name(name))
  if err and errors.is(err, "DBClusterNotFoundFault") then return nil end
  if err then error(err, 0) end
  local raw = page.DBClusters[1]
  return raw and cluster.wrap(raw) or nil
end

local asking_for = database.asking "db-cluster-resource-id"

local function find(rds, resource_id, parameters)
  for raw in rds:paginate("DescribeDBClusters", parameters, "DBClusters") do
    if raw.DbClusterResourceId == resource_id then return cluster.wrap(raw) end
  end
end

---@param resource_id string
---@return trapheus.Cluster?
function cluster.by_resource_id(rds, resource_id)
  local found, err = errors.try(find, rds, resource_id, asking_for(resource_id))
  -- an emulator without this filter
  if err and err.code:find "^InvalidParameter" then return find(rds, resource_id, {}) end
  if err then error(err, 0) end
  return found
end

-- What the cluster's record says of each member, by name.
local function roles(seen)
  local map = {}
  for _, row in ipairs(seen.raw.DBClusterMembers or {}) do map[row.DBInstanceIdentifier] = row end
  return map
end

--- The members that are its own: those of Aurora.
---@param seen trapheus.Cluster
---@return trapheus.Instance[] members  Each with `in_cluster`, what the cluster says of it, if it does.
function cluster.members(rds, seen)
  if not seen.aurora then return {} end
  local list, known = {}, roles(seen)
  for _, member in ipairs(instance.list(rds, "db-cluster-id", { seen.name })) do
    if member.raw.DBClusterIdentifier == seen.name then
      list[#list + 1] = setmetatable({ in_cluster = known[member.name] }, { __index = member })
    end
  end
  return list
end

local snapshot_of = once(function(raw)
  return {
    kind = cluster.snapshot_kind,
    name = raw.DBClusterSnapshotIdentifier,
    arn = raw.DBClusterSnapshotArn,
    status = raw.Status or "unknown",
    created_at = raw.SnapshotCreateTime,
    source_name = raw.DBClusterIdentifier,
    source_resource_id = raw.DbClusterResourceId,
    engine = raw.Engine,
    version = raw.EngineVersion,
    encrypted = raw.StorageEncrypted == true,
    storage_gib = not is_aurora(raw.Engine) and raw.AllocatedStorage or nil, -- Aurora's grows by itself
    raw = raw,
    tags = database.tag_map(raw.TagList),
  }
end)

---@param name string  An identifier, or the ARN of a shared snapshot.
---@return trapheus.Snapshot?
function cluster.snapshot(rds, name)
  local page, err = errors.try(rds.DescribeDBClusterSnapshots, rds,
    { DBClusterSnapshotIdentifier = name, IncludeShared = name:find "^arn:" and true or nil })
  if err and errors.is(err, "DBClusterSnapshotNotFoundFault") then return nil end
  if err then error(err, 0) end
  local raw = page.DBClusterSnapshots[1]
  return raw and snapshot_of(raw) or nil
end

local KINDS = { cluster = cluster, instance = instance, ["cluster-snapshot"] = cluster,
  ["cluster-endpoint"] = endpoint, export = export }

--- What an open intent was about, as text that is equal when nothing has changed.
---@param intent trapheus.Intent
---@return { text: string, moving: boolean }
function cluster.trace(rds, intent) return database.trace(KINDS, rds, intent) end

-- Judging ---------------------------------------------------------------------------------

-- What every part of these must be before it counts as settled.
Cluster.ARRIVED = {
  { path = "DBClusterMembers[].DBClusterParameterGroupStatus", ["in-sync"] = true },
  { path = "VpcSecurityGroups[].Status", active = true },
  { path = "DBClusterOptionGroupMemberships[].Status", ["in-sync"] = true },
  { path = "DomainMemberships[].Status", joined = true, ["kerberos-enabled"] = true },
  { path = "AssociatedRoles[].Status", ACTIVE = true, INVALID = true }, -- which no waiting mends
  { path = "MasterUserSecret.SecretStatus", active = true, rotating = true, impaired = true },
  { path = "ActivityStreamStatus", started = true, stopped = true },
  { path = "LocalWriteForwardingStatus", enabled = true, disabled = true },
}

--- Can it be used as its original was? Where that had members of its own, it needs one that writes.
---@param members trapheus.MemberFacts[]  of the original
function Cluster:usable(members)
  if not self:serving() then return false end
  for _, row in ipairs(self.raw.DBClusterMembers or {}) do
    if row.IsClusterWriter then return true end
  end
  return #members == 0
end

--- Does a parameter group wait for a reboot? Members of Aurora are rebooted one by one.
function Cluster:needs_reboot()
  for _, row in ipairs(not self.aurora and self.raw.DBClusterMembers or {}) do
    if row.DBClusterParameterGroupStatus == "pending-reboot" then return true end
  end
  return false
end

--- Can its automated backups outlive it? Not a Multi-AZ DB cluster's (RDS User Guide, "Retaining automated backups").
---@param config table  as captured
function cluster.retains_backups(config) return is_aurora(config.Engine) end

cluster.SNAPSHOT_QUOTA = "ManualClusterSnapshots"
cluster.RESTORE_TAKES_KEY = true -- the restore call does; that of an instance uses the snapshot's

local MULTI_AZ_MEMBERS = 3

--- What a second one takes of the account's quotas, by their names.
---@return table<string, integer>
function Cluster:room()
  if not self.aurora then
    return { DBClusters = 1, DBInstances = MULTI_AZ_MEMBERS, AllocatedStorage = self.raw.AllocatedStorage or 0 }
  end
  return { DBClusters = 1, DBInstances = #self.seen_members }
end

--- The machines that RDS must be able to give once more; of members that are alike, one.
---@return { DBInstanceClass: string, StorageType: string?, MultiAZ: boolean?, AvailabilityZone: string? }[]
function Cluster:machines()
  if not self.aurora then
    return { { DBInstanceClass = self.raw.DBClusterInstanceClass, StorageType = self.raw.StorageType } }
  end
  local list, seen = {}, {}
  for _, member in ipairs(self.seen_members) do
    local class, zone = member.raw.DBInstanceClass, member.raw.AvailabilityZone
    local key = ("%s %s"):format(class, zone)
    if not seen[key] then list[#list + 1] = { DBInstanceClass = class, AvailabilityZone = zone } end
    seen[key] = true
  end
  return list
end

--- The names of members that are RDS's, and are renamed by RDS with the cluster.
---@return string[]
function Cluster:followers()
  local list = {}
  for i, row in ipairs(not self.aurora and self.raw.DBClusterMembers or {}) do list[i] = row.DBInstanceIdentifier end
  return list
end

--- Its VPC, if it says.
---@return string?
function Cluster:vpc() return self.seen_members[1] and self.seen_members[1]:vpc() end

-- Changing --------------------------------------------------------------------------------

-- `parameters` with the name, which the caller has just seen behind the resource id.
function Cluster:modify(parameters)
  parameters.DBClusterIdentifier = self.name
  parameters.ApplyImmediately = true -- without it a change waits for the maintenance window
  return "ModifyDBCluster", self:target(), parameters
end

function Cluster:rename(name) return self:modify { NewDBClusterIdentifier = name } end

-- Without ApplyImmediately: protection takes effect at once in any case, and what else is pending must not.
function Cluster:protect(on)
  return "ModifyDBCluster", self:target "protection", { DBClusterIdentifier = self.name, DeletionProtection = on }
end

-- RebootDBCluster is for Multi-AZ DB clusters only.
function Cluster:reboot()
  return "RebootDBCluster", self:target(), { DBClusterIdentifier = self.name }
end

---@param how { final_snapshot: string?, delete_automated_backups: boolean }
function Cluster:delete(how)
  local backups = how.delete_automated_backups
  if not self.aurora then backups = nil end -- always deleted
  return "DeleteDBCluster", self:target(), {
    DBClusterIdentifier = self.name,
    SkipFinalSnapshot = how.final_snapshot == nil,
    FinalDBSnapshotIdentifier = how.final_snapshot,
    DeleteAutomatedBackups = backups,
  }
end

function Cluster:create_snapshot(name, tag_list)
  return "CreateDBClusterSnapshot", { kind = cluster.snapshot_kind, name = name },
    { DBClusterIdentifier = self.name, DBClusterSnapshotIdentifier = name, Tags = tag_list }
end

function cluster.delete_snapshot(snapshot)
  return "DeleteDBClusterSnapshot", { kind = cluster.snapshot_kind, name = snapshot.name },
    { DBClusterSnapshotIdentifier = snapshot.name }
end

--- The replacement, without members: the captured settings that the restore call takes, marked with `tags`,
--- unprotected. Engine and version are always given: the default would be the Region's version, not the snapshot's.
--- An own snapshot is told by its name, as emulators know no ARN here; RDS makes one of the other.
---@param parameters table  settings that the restore call takes
---@param config table      as captured
function cluster.restore(name, snapshot, parameters, config)
  parameters.DBClusterIdentifier = name
  parameters.SnapshotIdentifier = snapshot.asked_as
  parameters.Engine, parameters.EngineVersion = config.Engine, config.EngineVersion
  parameters.DeletionProtection = false
  return "RestoreDBClusterFromSnapshot", { kind = "cluster", name = name }, parameters
end

--- One member of its own: the captured settings that CreateDBInstance takes.
---@param name string
---@param parameters table
function Cluster:create_member(name, parameters)
  parameters.DBInstanceIdentifier = name
  parameters.DBClusterIdentifier = self.name
  parameters.Engine = self.raw.Engine
  return "CreateDBInstance", { kind = "instance", name = name }, parameters
end

--- The cluster in a reply that tells of a new one.
function cluster.created(reply)
  return reply.DBCluster and reply.DBCluster.DbClusterResourceId and cluster.wrap(reply.DBCluster) or nil
end

return cluster
