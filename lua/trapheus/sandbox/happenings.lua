--- What a plan of faults lets happen at a time: operators at work, RDS itself, clocks, credentials.

local instances = require "trapheus.sandbox.instances"
local names = require "trapheus.sandbox.names"

local happenings = {}

local SEVEN_DAYS_S, START_S = 7 * 86400, 300

--- An instance, or else a cluster. What only passes does so where somebody holds the name; nothing happens to who
--- does not exist.
local function holder(sb, fault)
  return sb.names[fault.name:lower()] or sb.cluster_names[fault.name:lower()]
end

--- Is it a cluster that the fault names?
local function is_cluster(sb, fault)
  local found = holder(sb, fault)
  return found ~= nil and found.members ~= nil
end

local function modify(sb, fault, params)
  local cluster = is_cluster(sb, fault)
  params[cluster and "DBClusterIdentifier" or "DBInstanceIdentifier"], params.ApplyImmediately = fault.name, true
  sb:operator(cluster and "ModifyDBCluster" or "ModifyDBInstance", params)
end

local function arn(sb, fault)
  return names.arn(sb, is_cluster(sb, fault) and "cluster" or "db", fault.name:lower())
end

--- A cluster goes after its members.
local function delete(sb, fault)
  local found = holder(sb, fault)
  for _, member in ipairs(found and found.members or {}) do
    sb:operator("DeleteDBInstance", { DBInstanceIdentifier = member.name })
  end
  if is_cluster(sb, fault) then
    sb:operator("DeleteDBCluster", { DBClusterIdentifier = fault.name, SkipFinalSnapshot = true })
  else
    sb:operator("DeleteDBInstance", { DBInstanceIdentifier = fault.name, SkipFinalSnapshot = true })
  end
end

local function make_snapshot(sb, fault)
  if is_cluster(sb, fault) then
    sb:operator("CreateDBClusterSnapshot", { DBClusterIdentifier = fault.name,
      DBClusterSnapshotIdentifier = fault.snapshot })
  else
    sb:operator("CreateDBSnapshot", { DBInstanceIdentifier = fault.name, DBSnapshotIdentifier = fault.snapshot })
  end
end

local function delete_snapshot(sb, fault)
  if sb.cluster_snapshot_names[fault.name:lower()] then
    sb:operator("DeleteDBClusterSnapshot", { DBClusterSnapshotIdentifier = fault.name })
  else
    sb:operator("DeleteDBSnapshot", { DBSnapshotIdentifier = fault.name })
  end
end

local function fail_over(sb, fault)
  if is_cluster(sb, fault) then
    sb:operator("FailoverDBCluster", { DBClusterIdentifier = fault.name })
  elseif holder(sb, fault) then
    sb:disturb(fault.name, "rebooting", sb:draw "reboot_s")
  end
end

-- A status for good, and what becomes of it after a time if nobody has changed it.
local function linger(sb, fault, status, seconds, follow)
  local instance = holder(sb, fault)
  if not instance or not sb:disturb(fault.name, status) then return end
  sb:later(seconds, function()
    if instance.status == status then follow(instance) end
  end, instance)
end

-- What is encrypted with the same key cannot be restored meanwhile.
local function set_key(sb, fault, lacking)
  local key = (holder(sb, fault) or { fields = {} }).fields.KmsKeyId
  if key then sb.lacking.key[key] = lacking end
end

---@type table<string, fun(sb: trapheus.Sandbox, fault: trapheus.sandbox.Fault)>
local ACTIONS = {
  delete = delete, snapshot = make_snapshot, delete_snapshot = delete_snapshot, failover = fail_over,
  rename = function(sb, fault)
    modify(sb, fault, { [is_cluster(sb, fault) and "NewDBClusterIdentifier" or "NewDBInstanceIdentifier"] =
      fault.new_name })
  end,
  protect = function(sb, fault) modify(sb, fault, { DeletionProtection = fault.to == "on" }) end,
  tag = function(sb, fault)
    sb:operator("AddTagsToResource", { ResourceName = arn(sb, fault), Tags = { { Key = fault.key,
      Value = fault.value or "" } } })
  end,
  untag = function(sb, fault)
    sb:operator("RemoveTagsFromResource", { ResourceName = arn(sb, fault), TagKeys = { fault.key } })
  end,
  write = function(sb, fault)
    if holder(sb, fault) then sb:write(fault.name) end
  end,
  stop = function(sb, fault)
    if is_cluster(sb, fault) then return sb:operator("StopDBCluster", { DBClusterIdentifier = fault.name }) end
    linger(sb, fault, "stopped", SEVEN_DAYS_S, function(instance)
      instances.excursion(sb, instance, "starting", START_S)
    end)
  end,
  start = function(sb, fault)
    if is_cluster(sb, fault) then return sb:operator("StartDBCluster", { DBClusterIdentifier = fault.name }) end
    if holder(sb, fault) then sb:disturb(fault.name, "starting", START_S) end
  end,
  status = function(sb, fault)
    if holder(sb, fault) then sb:disturb(fault.name, fault.status, fault.for_s) end
  end,
  key_disabled = function(sb, fault)
    set_key(sb, fault, true)
    linger(sb, fault, "inaccessible-encryption-credentials-recoverable", SEVEN_DAYS_S, function(instance)
      instances.become(sb, instance, "inaccessible-encryption-credentials")
    end)
  end,
  key_enabled = function(sb, fault)
    local instance = holder(sb, fault)
    set_key(sb, fault, nil)
    if instance and instance.status == "inaccessible-encryption-credentials-recoverable" then
      instances.settle(sb, instance)
    end
  end,
  skew = function(sb, fault) sb:shift_clock(fault.offset_s) end,
  expire = function(sb) sb.credentials = "expired" end,
  revoke = function(sb) sb.credentials = "revoked" end,
  renew = function(sb) sb:renew_credentials() end,
  deny = function(sb, fault) sb.denied[fault.operation] = true end,
  allow = function(sb, fault) sb.denied[fault.operation] = nil end,
}

--- Lets it happen. What RDS refuses the operator does not happen, and the audit says so.
---@param sb trapheus.Sandbox
---@param fault trapheus.sandbox.Fault
function happenings.happen(sb, fault)
  ACTIONS[fault.kind](sb, fault)
end

return happenings
