--- D9: the replacement has every setting of the original, except those that the report lists as impossible.
local json = require "trapheus.json"
local rehearse = require "rehearse"
local same = require "same_database"
local witness = require "witness"
local tests = {}

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
      same.instance(before, result)
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
