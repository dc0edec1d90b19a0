--- D9: with every setting away from its default, of each engine family, the replacement is as the original was. What
--- the restore call is not given the sandbox loses, so that a row that is forgotten shows.
local rehearse = require "rehearse"
local same = require "same_database"
local settings = require("trapheus.settings").load "instance"
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

local function with(...)
  local fields = {}
  for _, part in ipairs { ... } do
    for field, value in pairs(part) do fields[field] = value end
  end
  return fields
end

---@type table<string, table>
local ENGINES = {
  ["PostgreSQL"] = { Engine = "postgres", MasterUserSecret = SECRET, DomainMemberships = MANAGED_DIRECTORY,
    StorageEncryptionType = "sse-kms", AssociatedRoles = {
      { RoleArn = role "s3-import", FeatureName = "s3Import", Status = "ACTIVE" },
      { RoleArn = role "s3-export", FeatureName = "s3Export", Status = "ACTIVE" },
      { RoleArn = role "lambda", FeatureName = "Lambda", Status = "ACTIVE" } },
    DBInstanceAutomatedBackupsReplications = { replicated "eu-west-1", replicated "us-west-2" } },
  ["MySQL"] = { Engine = "mysql", StorageType = "io2", Iops = 20000, DedicatedLogVolume = true,
    MasterUserSecret = SECRET, DomainMemberships = MANAGED_DIRECTORY, DeletionProtection = true,
    DBInstanceAutomatedBackupsReplications = { replicated "us-west-2" } },
  ["MariaDB"] = { Engine = "mariadb", MultiAZ = false, AvailabilityZone = "us-east-1c", PubliclyAccessible = true,
    MasterUserSecret = SECRET },
  ["Oracle"] = with(STREAM, { Engine = "oracle-ee", MasterUserSecret = SECRET, DomainMemberships = OWN_DIRECTORY,
    ProcessorFeatures = { { Name = "coreCount", Value = "2" }, { Name = "threadsPerCore", Value = "1" } },
    AdditionalStorageVolumes = { { VolumeName = "rdsdbdata2", AllocatedStorage = 300, IOPS = 13000,
      MaxAllocatedStorage = 600, StorageThroughput = 600, StorageType = "gp3" } },
    DBInstanceAutomatedBackupsReplications = { replicated "us-west-2" } }),
  ["Oracle container database"] = { Engine = "oracle-ee-cdb", AutoMinorVersionUpgrade = false },
  ["SQL Server"] = with(STREAM, { Engine = "sqlserver-se", DomainMemberships = OWN_DIRECTORY,
    ActivityStreamPolicyStatus = "locked", MasterUserSecret = SECRET }),
  ["SQL Server, provisioned"] = { Engine = "sqlserver-se", StorageType = "io2", Iops = 20000, MultiAZ = false,
    AvailabilityZone = "us-east-1b", BackupRetentionPeriod = 0 },
  ["Db2"] = { Engine = "db2-se", DomainMemberships = MANAGED_DIRECTORY },
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

local RARE = { MultiTenant = "a test of its own", DBSystemId = "of RDS Custom",
  AutoMinorVersionUpgrade = "it is off everywhere, and AWS's own default is on" }

tests["where the new secret is is told"] = function()
  local result = restore { MasterUserSecret = SECRET }
  local arn, told = result.sandbox:instance("mydb").MasterUserSecret.SecretArn, false
  assert(arn ~= SECRET.SecretArn, "it is the old one")
  for _, warning in ipairs(result.record.warnings) do told = told or warning:find(arn, 1, true) ~= nil end
  assert(told, "the report does not say it")
end

tests["every setting that is carried over is away from its default somewhere"] = function()
  local seen = {}
  for _, fields in pairs(ENGINES) do
    local sandbox = require("trapheus.world").sandbox().sandbox
    local config = settings:capture(sandbox:add_instance(with(fields, { DBInstanceIdentifier = "mydb" })))
    for _, row in ipairs(settings.rows) do
      local value = config[row.name]
      seen[row.name] = seen[row.name] or value ~= nil and value ~= row.default
    end
  end
  for _, row in ipairs(settings.rows) do
    assert(row.cannot or RARE[row.name] or seen[row.name], row.name .. " is at its default everywhere")
  end
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
        BackupRetentionPeriod = 31, AdditionalStorageVolumes = { with(volume, { AllocatedStorage = 500 }) } })
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
