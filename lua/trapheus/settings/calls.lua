--- Settings that an operation of their own takes, and neither the restore nor a modification. Each row says which part
--- is still missing at the replacement, and with what it is asked for. Which setting it is, the rows of
--- settings/instance.lua and settings/cluster.lua say with `call`.

---@class trapheus.SettingCall
---@field missing fun(wanted: any, found: any, seen: table): any?  The first part that is not there yet; nil: none.
---@field parameters fun(run: trapheus.Run, seen: table, part: any): table
---@field region (fun(part: any): string)?  The Region in which it is called, if not the database's own.
---@field name (fun(part: any): string)?    Of a part, where there may be more than one.

-- The first element of a list of roles that another one has not.
local function missing_role(wanted, found)
  for _, role in ipairs(wanted) do
    local there = false
    for _, known in ipairs(found or {}) do
      there = there or known.RoleArn == role.RoleArn and known.FeatureName == role.FeatureName
    end
    if not there then return role end
  end
end

local function role_call(identifier)
  return {
    missing = missing_role,
    name = function(role) return ("%s %s"):format(role.FeatureName or "", role.RoleArn) end,
    parameters = function(_, seen, role)
      return { [identifier] = seen.name, RoleArn = role.RoleArn, FeatureName = role.FeatureName }
    end,
  }
end

local function missing_region(wanted, found)
  local known = {}
  for _, region in ipairs(found or {}) do known[region] = true end
  for _, region in ipairs(wanted) do
    if not known[region] then return region end
  end
end

-- How the original's backups are kept in another Region: only that Region knows it.
local function kept_backups(run, region)
  local page = run.world:rds_in(region):DescribeDBInstanceAutomatedBackups {
    DbiResourceId = run.facts.original.resource_id }
  return (page.DBInstanceAutomatedBackups or {})[1] or {}
end

---@type table<string, trapheus.SettingCall>
return {
  AddRoleToDBInstance = role_call "DBInstanceIdentifier",
  AddRoleToDBCluster = role_call "DBClusterIdentifier",

  EnableHttpEndpoint = { -- the Data API
    missing = function(wanted, found) return wanted and not found or nil end,
    parameters = function(_, seen) return { ResourceArn = seen.arn } end,
  },

  StartActivityStream = {
    missing = function(wanted, found) return found == nil and wanted or nil end,
    parameters = function(_, seen, stream)
      return { ResourceArn = seen.arn, Mode = stream.ActivityStreamMode, KmsKeyId = stream.ActivityStreamKmsKeyId,
        EngineNativeAuditFieldsIncluded = stream.ActivityStreamEngineNativeAuditFieldsIncluded,
        ApplyImmediately = true }
    end,
  },

  ModifyActivityStream = { -- only a stream that is started has a policy; a new one is locked
    missing = function(wanted, found, seen)
      return seen.raw.ActivityStreamStatus == "started" and found ~= wanted and wanted or nil
    end,
    parameters = function(_, seen, policy) return { ResourceArn = seen.arn, AuditPolicyState = policy } end,
  },

  StartDBInstanceAutomatedBackupsReplication = {
    missing = missing_region,
    name = function(region) return region end,
    region = function(region) return region end,
    parameters = function(run, seen, region)
      local kept = kept_backups(run, region)
      return { SourceDBInstanceArn = seen.arn, BackupRetentionPeriod = kept.BackupRetentionPeriod,
        KmsKeyId = kept.KmsKeyId, Tags = kept.TagList and #kept.TagList > 0 and kept.TagList or nil }
    end,
  },
}
