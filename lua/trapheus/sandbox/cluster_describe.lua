--- DescribeDBClusters and DescribeDBClusterAutomatedBackups: what was true a moment ago.

local describe = require "trapheus.sandbox.describe"
local errors = require "trapheus.sandbox.errors"
local filters = require "trapheus.sandbox.filters"
local names = require "trapheus.sandbox.names"
local paging = require "trapheus.sandbox.paging"

local cluster_describe = { operations = { rds = {} } }
local rds = cluster_describe.operations.rds

local FILTERS = {
  ["db-cluster-id"] = "DBClusterIdentifier", ["db-cluster-resource-id"] = "DbClusterResourceId", ["engine"] = "Engine",
  ["clone-group-id"] = "CloneGroupId", ["domain"] = "Domain",
}

local function matches(view, wanted, params)
  return (not wanted or view.DBClusterIdentifier == wanted) and filters.accept(params, FILTERS, view)
end

function rds.DescribeDBClusters(sb, params)
  local wanted = params.DBClusterIdentifier and names.from(params.DBClusterIdentifier, "cluster")
  local found = describe.look(sb, sb.clusters, wanted, matches, params)
  if wanted and #found == 0 then
    errors.refuse("DBClusterNotFoundFault", ("DBCluster %s not found."):format(params.DBClusterIdentifier))
  end
  return paging.views(sb, found, params, "DBClusters", "DBClusterIdentifier")
end

local BACKUP_FILTERS = {
  ["status"] = "Status", ["db-cluster-id"] = "DBClusterIdentifier", ["db-cluster-resource-id"] = "DbClusterResourceId",
}

local COPIED = {
  "AvailabilityZones", "BackupRetentionPeriod", "ClusterCreateTime", "DBClusterArn", "DBClusterIdentifier",
  "DbClusterResourceId", "Engine", "EngineMode", "EngineVersion", "IAMDatabaseAuthenticationEnabled", "Iops",
  "KmsKeyId", "MasterUsername", "Port", "PreferredBackupWindow", "StorageEncrypted", "StorageThroughput",
  "StorageType", "TagList",
}

--- The automated backup of a cluster.
---@param sb table
---@param view table
---@param status "active"|"retained"
---@return table
function cluster_describe.automated_backup(sb, view, status)
  local backup = { Status = status, Region = sb.region, AllocatedStorage = view.AllocatedStorage or 1 }
  for _, field in ipairs(COPIED) do backup[field] = view[field] end
  backup.DBClusterAutomatedBackupsArn = names.arn(sb, "cluster-auto-backup",
    (view.DbClusterResourceId:gsub("^cluster%-", "ab-")))
  backup.RestoreWindow = { EarliestTime = view.ClusterCreateTime, LatestTime = sb:seconds() // 1 - 300 }
  return backup
end

function rds.DescribeDBClusterAutomatedBackups(sb, params)
  local found = {}
  local function consider(backup)
    local wanted = (not params.DbClusterResourceId or backup.DbClusterResourceId == params.DbClusterResourceId)
      and (not params.DBClusterIdentifier or backup.DBClusterIdentifier == params.DBClusterIdentifier:lower())
    if wanted and filters.accept(params, BACKUP_FILTERS, backup) then
      found[#found + 1] = { key = backup.DbClusterResourceId, value = backup }
    end
  end
  for _, view in ipairs(describe.look(sb, sb.clusters)) do
    if view.EarliestRestorableTime then consider(cluster_describe.automated_backup(sb, view, "active")) end
  end
  for _, backup in ipairs(sb.retained_cluster_backups) do consider(backup) end
  return paging.page(sb, found, params, "DBClusterAutomatedBackups")
end

return cluster_describe
