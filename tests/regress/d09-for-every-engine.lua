--- D9: with every setting away from its default, of each engine family, the replacement is as the original was. What
--- the restore call is not given the sandbox loses, so that a row that is forgotten shows.
local merged = require "merged"
local rehearse = require "rehearse"
local same = require "same_database"
local settings = require("trapheus.settings").load "instance"
local travel = require "trapheus.settings.travel"
local witness = require "witness"
local tests = {}

local function role(name) return "arn:aws:iam::123456789012:role/" .. name end

local function replicated(region)
  return { DBInstanceAutomatedBackupsArn = ("arn:aws:rds:%s:123456789012:auto-backup:ab-%s"):format(region, region) }
end

local SECRET = { SecretArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-old", SecretStatus = "active",
  KmsKeyId = "arn:aws:kms:us-east-1:123456789012:key/secret" }

local STREAM = { ActivityStreamStatus = "started", ActivityStreamMode = "async",
  ActivityStreamKmsKeyId = "arn:aws:kms:us-east-1:123456789012:key/stream",
  ActivityStreamKinesisStreamName = "aws-rds-das-db-old", ActivityStreamEngineNativeAuditFieldsIncluded = true,
  ActivityStreamPolicyStatus = "unlocked" }

local OWN_DIRECTORY = { { FQDN = "corp.example.org", OU = "OU=rds,DC=corp", AuthSecretArn = "arn:directory",
  DnsIps = { "10.0.0.1", "10.0.0.2" }, Status = "joined" } }
local MANAGED_DIRECTORY = { { Domain = "d-1234567890", IAMRoleName = "rds-directory", Status = "joined" } }

local VOLUMES = { { VolumeName = "rdsdbdata2", AllocatedStorage = 300, IOPS = 13000, MaxAllocatedStorage = 600,
  StorageThroughput = 600, StorageType = "gp3" } }
local PROCESSOR = { { Name = "coreCount", Value = "2" }, { Name = "threadsPerCore", Value = "1" } }

-- What every engine takes and the sandbox's template leaves at its default.
local EVERYWHERE = { DeletionProtection = true, MasterUserSecret = SECRET, StorageEncryptionType = "sse-kms",
  PubliclyAccessible = true,
  DBInstanceAutomatedBackupsReplications = { replicated "eu-west-1", replicated "us-west-2" } }

-- Of what excludes each other, the other half: one zone, provisioned storage.
local SINGLE_AZ = { MultiAZ = false, AvailabilityZone = "us-east-1c", StorageType = "io2", Iops = 20000 }

---@type table<string, table>
local ENGINES = {
  ["PostgreSQL"] = merged(EVERYWHERE, { Engine = "postgres", DomainMemberships = MANAGED_DIRECTORY, AssociatedRoles = {
    { RoleArn = role "s3-import", FeatureName = "s3Import", Status = "ACTIVE" },
    { RoleArn = role "s3-export", FeatureName = "s3Export", Status = "ACTIVE" },
    { RoleArn = role "lambda", FeatureName = "Lambda", Status = "ACTIVE" } } }),
  ["PostgreSQL, one zone"] = merged(SINGLE_AZ, { Engine = "postgres", DedicatedLogVolume = true }),
  ["MySQL"] = merged(EVERYWHERE, { Engine = "mysql", DomainMemberships = MANAGED_DIRECTORY }),
  ["MySQL, one zone"] = merged(SINGLE_AZ, { Engine = "mysql", DedicatedLogVolume = true }),
  ["MariaDB"] = merged(EVERYWHERE, { Engine = "mariadb" }),
  ["MariaDB, one zone"] = merged(SINGLE_AZ, { Engine = "mariadb", DedicatedLogVolume = true }),
  ["Oracle"] = merged(EVERYWHERE, STREAM, { Engine = "oracle-ee", DomainMemberships = OWN_DIRECTORY,
    ProcessorFeatures = PROCESSOR, AdditionalStorageVolumes = VOLUMES }),
  ["Oracle, one zone"] = merged(SINGLE_AZ, { Engine = "oracle-ee", DomainMemberships = MANAGED_DIRECTORY }),
  ["Oracle container database"] = merged(EVERYWHERE, STREAM, { Engine = "oracle-ee-cdb", MultiTenant = false,
    DomainMemberships = OWN_DIRECTORY, ProcessorFeatures = PROCESSOR, AdditionalStorageVolumes = VOLUMES }),
  ["Oracle container database, one zone"] = merged(SINGLE_AZ, { Engine = "oracle-ee-cdb",
    DomainMemberships = MANAGED_DIRECTORY }),
  ["SQL Server"] = merged(EVERYWHERE, STREAM, { Engine = "sqlserver-se", DomainMemberships = OWN_DIRECTORY,
    ActivityStreamPolicyStatus = "locked", ProcessorFeatures = PROCESSOR, AdditionalStorageVolumes = VOLUMES }),
  ["SQL Server, one zone"] = merged(SINGLE_AZ, { Engine = "sqlserver-se", DomainMemberships = MANAGED_DIRECTORY,
    BackupRetentionPeriod = 0 }),
  ["Db2"] = merged(EVERYWHERE, { Engine = "db2-se", DomainMemberships = MANAGED_DIRECTORY }),
  ["Db2, one zone"] = merged(SINGLE_AZ, { Engine = "db2-se" }),
  ["on Outposts"] = { Engine = "postgres", BackupTarget = "outposts", CustomerOwnedIpEnabled = true, MultiAZ = false,
    AvailabilityZone = "us-east-1b" },
}

local LEFT_OUT = { StorageThroughput = { io2 = true }, SecondaryAvailabilityZone = { [false] = true } }

local function without(fields)
  local list = {}
  if LEFT_OUT.StorageThroughput[fields.StorageType] then list[1] = "StorageThroughput" end
  if fields.MultiAZ == false then list[#list + 1] = "SecondaryAvailabilityZone" end
  return list
end

local function restore(fields)
  local before
  local result = rehearse { instance = fields, prepare = function(sandbox)
    witness.amend(sandbox, "mydb", {}, without(fields))
    before = sandbox:instance "mydb"
  end }
  return result, before
end

for name, fields in pairs(ENGINES) do
  tests["every setting of " .. name] = function()
    local result, before = restore(fields)
    witness.equal(result.outcome, "restored", result.record.failure and result.record.failure.message)
    witness.equal(#result.document.settings.differing, 0, "settings that differ")
    same.instance(before, result)
  end
end

tests["where the new secret is is told"] = function()
  local result = restore { MasterUserSecret = SECRET }
  local arn, told = result.sandbox:instance("mydb").MasterUserSecret.SecretArn, false
  assert(arn ~= SECRET.SecretArn, "it is the old one")
  for _, warning in ipairs(result.record.warnings) do told = told or warning:find(arn, 1, true) ~= nil end
  assert(told, "the report does not say it")
end

-- Settings that not every engine has, by patterns of those that have them.
local OPEN_SOURCE, COMMERCIAL = { "^postgres", "^mysql", "^mariadb" }, { "^oracle", "^sqlserver" }
local ONLY = {
  Engine = { "^postgres", "^mysql", "^mariadb", "^oracle%-ee$", "^sqlserver", "^db2" }, DBName = COMMERCIAL,
  EnableIAMDatabaseAuthentication = OPEN_SOURCE, DedicatedLogVolume = OPEN_SOURCE,
  EngineLifecycleSupport = { "^postgres", "^mysql" }, ProcessorFeatures = COMMERCIAL,
  AdditionalStorageVolumes = COMMERCIAL, ActivityStream = COMMERCIAL, ActivityStreamPolicy = COMMERCIAL,
  Domain = { "^postgres", "^mysql", "^oracle", "^sqlserver", "^db2" },
  DomainIAMRoleName = { "^postgres", "^mysql", "^oracle", "^sqlserver", "^db2" },
  DomainFqdn = COMMERCIAL, DomainOu = COMMERCIAL, DomainAuthSecretArn = COMMERCIAL, DomainDnsIps = COMMERCIAL,
  EnableCustomerOwnedIp = {}, BackupTarget = {}, -- RDS on Outposts
  MultiTenant = {}, -- there is no way back: a test of its own
}

local function has(engine, name)
  for _, pattern in ipairs(ONLY[name] or { "" }) do
    if engine:find(pattern) then return true end
  end
  return false
end

-- AWS's own, where a missing value means something else.
local DEFAULTS = { AutoMinorVersionUpgrade = true, EngineLifecycleSupport = "open-source-rds-extended-support",
  NetworkType = "IPV4", DatabaseInsightsMode = "standard", StorageType = "gp2", BackupRetentionPeriod = 1 }

-- Is it another value than the default, and one that RDS is told?
local function shows(row, config)
  local value, default = config[row.name], DEFAULTS[row.name]
  if default == nil then default = row.default end
  return value ~= nil and value ~= default and travel.of("instance", row, config).by ~= "rds"
end

-- Every setting of every engine: what is at its default in each of an engine's databases proves nothing.
tests["every setting is away from its default, of each engine"] = function()
  local seen, found = {}, {}
  for _, fields in pairs(ENGINES) do
    local sandbox = require("trapheus.world").sandbox().sandbox
    local config = settings:capture(sandbox:add_instance(merged(fields, { DBInstanceIdentifier = "mydb" })))
    local of = seen[fields.Engine] or {}
    seen[fields.Engine] = of
    for _, row in ipairs(settings.rows) do of[row.name] = of[row.name] or shows(row, config) end
  end
  for engine, of in pairs(seen) do
    for _, row in ipairs(settings.rows) do
      if not row.cannot and not row.inherited and has(engine, row.name) and not of[row.name] then
        found[#found + 1] = engine .. " " .. row.name
      end
    end
  end
  table.sort(found)
  assert(#found == 0, "at their default: " .. table.concat(found, ", "))
end

tests["what was changed after the snapshot was taken is as it was changed"] = function()
  local before
  local volume = { VolumeName = "rdsdbdata2", AllocatedStorage = 300, StorageType = "gp3" }
  local result = rehearse { task = "db_restore", instance = { Engine = "oracle-ee", AllocatedStorage = 300,
    AdditionalStorageVolumes = { volume }, LicenseModel = "license-included" },
    prepare = function(sandbox)
      sandbox:add_snapshot { DBSnapshotIdentifier = "mydb-snapshot", DBInstanceIdentifier = "mydb" }
      witness.amend(sandbox, "mydb", { DBInstanceClass = "db.r6i.4xlarge", Endpoint = { Port = 1600 },
        AllocatedStorage = 900, DedicatedLogVolume = true, LicenseModel = "bring-your-own-license",
        BackupRetentionPeriod = 31, AdditionalStorageVolumes = { merged(volume, { AllocatedStorage = 500 }) } })
      before = sandbox:instance "mydb"
    end }
  witness.equal(result.outcome, "restored", result.record.failure and result.record.failure.message)
  same.instance(before, result)
end

tests["a converted container database is converted again"] = function()
  local result = rehearse { task = "db_restore", instance = { Engine = "oracle-ee-cdb", MultiTenant = false },
    prepare = function(sandbox)
      sandbox:add_snapshot { DBSnapshotIdentifier = "mydb-snapshot", DBInstanceIdentifier = "mydb" }
      witness.amend(sandbox, "mydb", { MultiTenant = true })
    end }
  witness.equal(result.outcome, "restored")
  witness.equal(result.sandbox:instance "mydb".MultiTenant, true)
end

return tests
