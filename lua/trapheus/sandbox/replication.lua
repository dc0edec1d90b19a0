--- Automated backups that are replicated into another Region: asked for there, of a database here, and gone with it.

local errors = require "trapheus.sandbox.errors"
local instances = require "trapheus.sandbox.instances"
local names = require "trapheus.sandbox.names"
local tables = require "trapheus.sandbox.tables"
local template = require "trapheus.sandbox.template"

local replication = { operations = { rds = {} } }
local rds = replication.operations.rds

local function region_of(arn) return arn:match "^arn:[^:]*:rds:([^:]*):" end

-- The ARN of an instance's backups in a Region.
local function replicated(instance, region)
  for _, row in ipairs(instance.fields.DBInstanceAutomatedBackupsReplications) do
    if region_of(row.DBInstanceAutomatedBackupsArn) == region then return row.DBInstanceAutomatedBackupsArn end
  end
end

function rds.StartDBInstanceAutomatedBackupsReplication(sb, params)
  local arn = params.SourceDBInstanceArn or ""
  if region_of(arn) == sb.asked_in then
    errors.refuse("InvalidParameterCombination", "Backups are replicated into another Region.")
  end
  local instance = instances.find(sb, arn)
  instances.require_ready(sb, instance)
  if instance.fields.BackupRetentionPeriod == 0 then
    errors.refuse("InvalidDBInstanceState", "Automated backups are not enabled.")
  elseif replicated(instance, sb.asked_in) or sb.replications[instance.rid .. sb.asked_in] then
    errors.refuse("InvalidDBInstanceState", "Automated backups are replicated into this Region already.")
  end
  local backup = names.arn(sb, "auto-backup",
    "ab-" .. sb:stream("backup"):text(26, "abcdefghijklmnopqrstuvwxyz0123456789"), sb.asked_in)
  sb.replications[instance.rid .. sb.asked_in] = true -- though nobody sees it yet
  sb.replications[backup] = { BackupRetentionPeriod = params.BackupRetentionPeriod or 7, KmsKeyId = params.KmsKeyId }
  sb:later(sb:draw "replication_s", function()
    table.insert(tables.renewed(instance.fields, "DBInstanceAutomatedBackupsReplications"),
      { DBInstanceAutomatedBackupsArn = backup })
    if not instance.gone then instances.commit(sb, instance, instance.hidden and {} or nil) end
  end)
  return { DBInstanceAutomatedBackup = { DBInstanceAutomatedBackupsArn = backup, Status = "pending" } }
end

local function backup_of(sb, instance, arn)
  local kept = sb.replications[arn] or { BackupRetentionPeriod = 7, KmsKeyId = template.key(sb, "replicated") }
  return {
    DBInstanceAutomatedBackupsArn = arn, DbiResourceId = instance.rid, DBInstanceIdentifier = instance.name,
    DBInstanceArn = names.arn(sb, "db", instance.name), Status = "replicating", Region = sb.region,
    BackupRetentionPeriod = kept.BackupRetentionPeriod, KmsKeyId = kept.KmsKeyId, TagList = {},
  }
end

--- The backups that are replicated into a Region.
---@param sb table
---@param region string
---@return table[]
function replication.into(sb, region)
  local found = {}
  for _, instance in ipairs(sb.instances) do
    local arn = not instance.gone and replicated(instance, region)
    if arn then found[#found + 1] = backup_of(sb, instance, arn) end
  end
  return found
end

return replication
