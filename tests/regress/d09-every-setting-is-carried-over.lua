--- D9: the replacement has every setting of the original, except those that the report lists as impossible.
local json = require "trapheus.json"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

-- What Describe shows and no restore can keep, or that follows from something else.
local APART = {
  DBInstanceArn = "follows the name", DbiResourceId = "identity", InstanceCreateTime = "of the new instance",
  LatestRestorableTime = "of the new instance", EnhancedMonitoringResourceArn = "has the resource id",
  SecondaryAvailabilityZone = "RDS chooses it", CertificateDetails = "a new certificate of the same authority",
  MasterUserSecret = "the new one has another ARN", ActivityStreamKinesisStreamName = "the new one has another name",
  data_version = "the write counter", restored_version = "the sandbox's own", PercentProgress = "progress",
}

local function sorted(list, field)
  if type(list) ~= "table" then return list end
  local copy = table.move(list, 1, #list, 1, {})
  table.sort(copy, function(a, b) return a[field] < b[field] end)
  return copy
end

-- Order means nothing in these.
local UNORDERED = { TagList = "Key", VpcSecurityGroups = "VpcSecurityGroupId", ProcessorFeatures = "Name" }

local function text(value, field)
  if value == nil then return "nothing" end
  return json.encode { UNORDERED[field] and sorted(value, UNORDERED[field]) or value }
end

local function fields_of(...)
  local seen, list = {}, {}
  for _, truth in ipairs { ... } do
    for field in pairs(truth) do
      if not seen[field] then list[#list + 1], seen[field] = field, true end
    end
  end
  table.sort(list)
  return list
end

-- Every field of the truth before against the truth after.
local function compare(before, result)
  local after = result.sandbox:instance "mydb"
  assert(after.DbiResourceId ~= before.DbiResourceId, "there is a replacement")
  for _, field in ipairs(fields_of(before, after)) do
    local was, is = text(before[field], field), text(after[field], field)
    local zone = field == "AvailabilityZone" and before.MultiAZ
    if was ~= is and not APART[field] and not zone then
      error(("%s is %s, was %s"):format(field, is, was), 2)
    end
  end
end

local function role(name) return "arn:aws:iam::123456789012:role/" .. name end

---@type table<string, table>
local CONFIGURATIONS = {
  ["everything set, Multi-AZ"] = {},
  ["small gp3, Single-AZ, public, protected"] = {
    MultiAZ = false, AvailabilityZone = "us-east-1c", AllocatedStorage = 100, Iops = 3000, StorageThroughput = 125,
    PubliclyAccessible = true, DeletionProtection = true,
  },
  ["provisioned IOPS, another port, no backups of its own"] = {
    StorageType = "io2", Iops = 20000, StorageThroughput = json.null, Endpoint = { Port = 6432 },
    BackupRetentionPeriod = 0,
  },
  ["MySQL"] = { Engine = "mysql", DBInstanceClass = "db.m6g.4xlarge" },
  ["MariaDB"] = { Engine = "mariadb", EngineLifecycleSupport = nil },
  ["processor features, no insights, no monitoring"] = {
    ProcessorFeatures = { { Name = "coreCount", Value = "4" }, { Name = "threadsPerCore", Value = "1" } },
    PerformanceInsightsEnabled = false, DatabaseInsightsMode = "standard", MonitoringInterval = 0,
    without = { "PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod", "MonitoringRoleArn" },
  },
  ["no logs exported, no tags copied, IPv4"] = {
    EnabledCloudwatchLogsExports = {}, CopyTagsToSnapshot = false, NetworkType = "IPV4",
    IAMDatabaseAuthenticationEnabled = false, AutoMinorVersionUpgrade = true,
  },
  ["a directory, and a dozen tags"] = {
    DomainMemberships = { { Domain = "d-1234567890", IAMRoleName = "rds-directory", Status = "joined" } },
    TagList = (function()
      local tags = {}
      for i = 1, 12 do tags[i] = { Key = ("tag-%02d"):format(13 - i), Value = i == 3 and "" or "v" .. i } end
      return tags
    end)(),
  },
  ["seven days of insights"] = {
    DatabaseInsightsMode = "standard", PerformanceInsightsRetentionPeriod = 7, MonitoringInterval = 1,
    MonitoringRoleArn = role "other-monitoring",
  },
}

local function plain(fields)
  local instance, without = {}, {}
  for field, value in pairs(fields) do
    if value == json.null then
      without[#without + 1] = field
    elseif field ~= "without" then
      instance[field] = value
    end
  end
  return instance, table.move(fields.without or {}, 1, #(fields.without or {}), #without + 1, without)
end

for name, fields in pairs(CONFIGURATIONS) do
  for _, task in ipairs { "create_snapshot", "db_restore" } do
    tests[("%s, %s"):format(task, name)] = function()
      local before
      local instance, without = plain(fields)
      local result = rehearse {
        task = task,
        instance = instance,
        prepare = function(sandbox)
          witness.amend(sandbox, "mydb", {}, without)
          if task == "db_restore" then
            sandbox:add_snapshot { DBSnapshotIdentifier = "mydb-snapshot", DBInstanceIdentifier = "mydb" }
          end
          before = sandbox:instance "mydb"
        end,
      }
      witness.equal(result.outcome, "restored")
      compare(before, result)
      witness.equal(#result.document.settings.differing, 0, "settings that differ")
    end
  end
end

tests["an older minor version in the snapshot is brought up to the original's"] = function()
  local result = rehearse { task = "db_restore",
    prepare = function(sandbox)
      witness.amend(sandbox, "mydb", { EngineVersion = "16.1" })
      sandbox:add_snapshot { DBSnapshotIdentifier = "mydb-snapshot", DBInstanceIdentifier = "mydb" }
      witness.amend(sandbox, "mydb", { EngineVersion = "16.4" })
    end }
  witness.equal(result.outcome, "restored")
  witness.equal(result.sandbox:instance("mydb").EngineVersion, "16.4", "its version")
end

return tests
