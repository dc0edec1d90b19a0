--- DescribeDBInstances and DescribeDBInstanceAutomatedBackups: what was true a moment ago.

local errors = require "trapheus.sandbox.errors"
local filters = require "trapheus.sandbox.filters"
local names = require "trapheus.sandbox.names"
local paging = require "trapheus.sandbox.paging"
local replication = require "trapheus.sandbox.replication"
local versions = require "trapheus.sandbox.versions"

local describe = { operations = { rds = {} } }
local rds = describe.operations.rds

local INSTANCE_FILTERS = {
  ["dbi-resource-id"] = "DbiResourceId",
  ["db-instance-id"] = "DBInstanceIdentifier",
  ["db-cluster-id"] = "DBClusterIdentifier",
  ["engine"] = "Engine",
}

-- When the objects from the first to the last are seen as they were. Not before the newest of them came into being, as
-- a rule: whoever creates something sees it at once. On this the waiters of AWS's own clients rely, which take "not
-- found" for the end of the matter.
local function moment(sb, wanted, objects, first, last)
  local stale_s, more_s = sb:draw "stale_s", wanted and 0 or sb:draw "list_stale_s"
  if more_s > 0 then stale_s = math.min(stale_s + more_s, sb.stalest_s) end
  local at_ms = sb.now - stale_s * 1000
  for i = first, last do
    local oldest = objects[i].history[1]
    local born_ms = oldest and oldest.at_ms or 0
    if born_ms > at_ms and sb.now - born_ms >= sb:draw "newborn_s" * 1000 then at_ms = born_ms end
  end
  return at_ms
end

--- Gives each view of some moment in the recent past: for reading, as the next look may give the same one.
---@param sb table
---@param objects table[]
---@param wanted string|nil  The one that is asked for; nil: a list is.
---@param accept (fun(view: table, wanted: string|nil, params: table): boolean)|nil  Which of them; all, if not given.
---@param params table|nil  For `accept`.
---@return table[] views
function describe.look(sb, objects, wanted, accept, params)
  local seen = { nil } -- with room for one, which most looks find
  local at_ms, apart = moment(sb, wanted, objects, 1, #objects), sb.knobs.stale_apart == 1
  for i = 1, #objects do
    local object = objects[i]
    if apart then at_ms = moment(sb, wanted, objects, i, i) end
    local views = versions.at(object.history, at_ms)
    for j = 1, #views do
      if not accept or accept(views[j], wanted, params) then seen[#seen + 1] = views[j] end
    end
  end
  return seen
end

local function matches(view, wanted, params)
  return (not wanted or view.DBInstanceIdentifier == wanted) and filters.accept(params, INSTANCE_FILTERS, view)
end

function rds.DescribeDBInstances(sb, params)
  local wanted = params.DBInstanceIdentifier and names.from(params.DBInstanceIdentifier, "db")
  local found = describe.look(sb, sb.instances, wanted, matches, params)
  if wanted and #found == 0 then
    errors.refuse("DBInstanceNotFound", ("DBInstance %s not found."):format(params.DBInstanceIdentifier))
  end
  return paging.views(sb, found, params, "DBInstances", "DBInstanceIdentifier")
end

local BACKUP_FILTERS = {
  ["status"] = "Status",
  ["db-instance-id"] = "DBInstanceIdentifier",
  ["dbi-resource-id"] = "DbiResourceId",
}

local COPIED = {
  "DBInstanceArn", "DBInstanceIdentifier", "DbiResourceId", "AllocatedStorage", "AvailabilityZone", "Engine",
  "EngineVersion", "LicenseModel", "MasterUsername", "InstanceCreateTime", "KmsKeyId", "StorageType", "Iops",
  "StorageThroughput", "BackupRetentionPeriod", "IAMDatabaseAuthenticationEnabled", "BackupTarget", "TagList",
}

--- The automated backup of an instance.
---@param sb table
---@param truth table
---@param status "active"|"retained"
---@return table
function describe.automated_backup(sb, truth, status)
  local backup = { Status = status, Region = sb.region, Encrypted = truth.StorageEncrypted }
  for _, field in ipairs(COPIED) do backup[field] = truth[field] end
  backup.DBInstanceAutomatedBackupsArn = names.arn(sb, "auto-backup", (truth.DbiResourceId:gsub("^db%-", "ab-")))
  backup.RestoreWindow = { EarliestTime = truth.InstanceCreateTime, LatestTime = sb:seconds() // 1 - 300 }
  return backup
end

function rds.DescribeDBInstanceAutomatedBackups(sb, params)
  local found = {}
  local function consider(backup)
    local wanted = (not params.DbiResourceId or backup.DbiResourceId == params.DbiResourceId)
      and (not params.DBInstanceIdentifier or backup.DBInstanceIdentifier == params.DBInstanceIdentifier:lower())
    if wanted and filters.accept(params, BACKUP_FILTERS, backup) then
      found[#found + 1] = { key = backup.DbiResourceId, value = backup }
    end
  end
  if sb.asked_in ~= sb.region then
    for _, backup in ipairs(replication.into(sb, sb.asked_in)) do consider(backup) end
    return paging.page(sb, found, params, "DBInstanceAutomatedBackups")
  end
  for _, view in ipairs(describe.look(sb, sb.instances)) do
    if view.BackupRetentionPeriod > 0 and view.Endpoint and not view.DBClusterIdentifier then
      consider(describe.automated_backup(sb, view, "active"))
    end
  end
  for _, backup in ipairs(sb.retained_backups) do consider(backup) end
  return paging.page(sb, found, params, "DBInstanceAutomatedBackups")
end

return describe
