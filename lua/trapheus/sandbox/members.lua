--- Members of a cluster: which they are, who of them writes, and what they take from the cluster.
---
--- A cluster has `members`, in the order in which they joined, and among them `writer`; a member has `cluster`.

local events = require "trapheus.sandbox.events"
local resources = require "trapheus.sandbox.resources"
local tables = require "trapheus.sandbox.tables"

local members = {}

--- What a member shows of its cluster: field of the cluster -> field of the member.
local INHERITED = {
  Engine = "Engine", EngineVersion = "EngineVersion", MasterUsername = "MasterUsername", DatabaseName = "DBName",
  StorageEncrypted = "StorageEncrypted", KmsKeyId = "KmsKeyId", BackupRetentionPeriod = "BackupRetentionPeriod",
  PreferredBackupWindow = "PreferredBackupWindow", VpcSecurityGroups = "VpcSecurityGroups",
  IAMDatabaseAuthenticationEnabled = "IAMDatabaseAuthenticationEnabled", NetworkType = "NetworkType",
  DatabaseInsightsMode = "DatabaseInsightsMode", EngineLifecycleSupport = "EngineLifecycleSupport",
}

--- The same for a Multi-AZ DB cluster, whose members have hardly anything of their own.
local ALL_INHERITED = {
  DBClusterInstanceClass = "DBInstanceClass", AllocatedStorage = "AllocatedStorage", Iops = "Iops",
  StorageThroughput = "StorageThroughput", MonitoringInterval = "MonitoringInterval",
  MonitoringRoleArn = "MonitoringRoleArn", PerformanceInsightsEnabled = "PerformanceInsightsEnabled",
  PerformanceInsightsKMSKeyId = "PerformanceInsightsKMSKeyId",
  PerformanceInsightsRetentionPeriod = "PerformanceInsightsRetentionPeriod",
  AutoMinorVersionUpgrade = "AutoMinorVersionUpgrade",
}

local function take_over(cluster, shown, fields)
  for theirs, ours in pairs(fields) do shown[ours] = tables.copy(cluster.fields[theirs]) end
end

---@param cluster table
---@param shown table The view of a member.
function members.inherit(cluster, shown)
  take_over(cluster, shown, INHERITED)
  if cluster.fields.DBClusterInstanceClass then take_over(cluster, shown, ALL_INHERITED) end
  shown.DBClusterIdentifier = cluster.name
  shown.StorageType = cluster.fields.StorageType or "aurora"
  shown.DBSubnetGroup = cluster.subnet_group
  shown.Endpoint = { Port = cluster.fields.Port }
end

--- What the cluster shows of its members.
---@param cluster table
---@return table[]
function members.list(cluster)
  local list = {}
  for i, member in ipairs(cluster.members) do
    list[i] = {
      DBInstanceIdentifier = member.name, IsClusterWriter = member == cluster.writer,
      DBClusterParameterGroupStatus = member.cluster_group_status, PromotionTier = member.fields.PromotionTier,
    }
  end
  return list
end

---@param cluster table
---@param member table
function members.join(cluster, member)
  member.cluster, member.cluster_group_status = cluster, "in-sync"
  table.insert(cluster.members, member)
end

--- 2 for "db.r6g.large", 16 for "db.r6g.4xlarge", 0 where the class does not say.
local function size(class)
  local count = class:match "(%d*)xlarge$"
  return count and 4 * (math.tointeger(tonumber(count)) or 1) or class:find "large$" and 2
    or class:find "medium$" and 1 or 0
end

local function serves(member)
  return not member.creating and not member.gone and member.status ~= "deleting" and member.status ~= "stopped"
end

--- The member that would follow the writer: of the lowest promotion tier, the largest of those, or else any.
local function successor(sb, cluster)
  local best, draw = {}, sb:stream "failover"
  for _, member in ipairs(cluster.members) do
    if member ~= cluster.writer and serves(member) then
      local rank = { member.fields.PromotionTier or 1, -size(member.fields.DBInstanceClass) }
      local before = best[1] and (rank[1] < best.rank[1] or rank[1] == best.rank[1] and rank[2] < best.rank[2])
      if not best[1] or before then best = { rank = rank } end
      if rank[1] == best.rank[1] and rank[2] == best.rank[2] then best[#best + 1] = member end
    end
  end
  return best[1] and draw:pick(best) or nil
end

--- Is there somebody to take over from the writer?
---@param cluster table
---@return boolean
function members.can_fail_over(cluster)
  for _, member in ipairs(cluster.members) do
    if member ~= cluster.writer and serves(member) then return true end
  end
  return false
end

--- Somebody else writes from now on, if there is somebody.
---@param sb table
---@param cluster table
---@param to table|nil A member; RDS chooses, without it.
---@return table|nil writer
function members.fail_over(sb, cluster, to)
  to = to or successor(sb, cluster)
  if not to then return nil end
  cluster.writer = to
  resources.touch(sb, cluster)
  events.add(sb, "db-cluster", cluster.name, "failover", ("Completed failover to DB instance: %s"):format(to.name))
  return to
end

--- A member that has come up writes if nobody does.
---@param sb table
---@param member table
function members.arrive(sb, member)
  local cluster = member.cluster
  if not cluster or cluster.writer then return end
  cluster.writer = member
  resources.touch(sb, cluster)
end

--- A writer that reboots may find that another one has taken over.
---@param sb table
---@param member table
function members.may_lose_writer(sb, member)
  local cluster = member.cluster
  if not cluster or cluster.writer ~= member then return end
  if sb:stream("writer_reboot"):unit() * 100 < sb:draw "writer_reboot_failover_percent" then
    members.fail_over(sb, cluster)
  end
end

--- A member is being deleted: if it wrote, somebody else does.
---@param sb table
---@param member table
function members.retire(sb, member)
  local cluster = member.cluster
  if cluster and cluster.writer == member and not members.fail_over(sb, cluster) then cluster.writer = nil end
end

--- A member is gone.
---@param member table
function members.leave(member)
  local cluster = member.cluster
  if cluster then table.remove(cluster.members, tables.find(cluster.members, member)) end
end

return members
