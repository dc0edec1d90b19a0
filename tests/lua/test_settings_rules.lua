--- Each rule keeps a value from being sent that RDS would refuse, or from being missed that RDS chooses. Without the
--- rule the same restore is refused something, or ends with a difference.
local rehearse = require "rehearse"
local rules = require "trapheus.settings.rules"
local witness = require "witness"

local tests = {}

-- How often RDS refused what it was given.
local function refusals(result)
  local count = 0
  for _, entry in ipairs(result.sandbox.audit) do
    local refused = entry.outcome:find "^InvalidParameter" or entry.outcome:find "GroupNotFound"
    if entry.by == "client" and refused then count = count + 1 end
  end
  return count
end

local function restore(spec)
  local result = rehearse { instance = spec.instance, cluster = spec.cluster, task = spec.task, prepare = spec.prepare }
  return refusals(result), #(result.record.facts.differing or {}), result.outcome
end

local function managed_directory(more)
  local membership = { Domain = "d-1", IAMRoleName = "rds-directory", FQDN = "corp.example.org", Status = "joined" }
  for field, value in pairs(more or {}) do membership[field] = value end
  return { membership }
end

-- The original was upgraded after its snapshot was taken.
local function upgraded(sandbox)
  witness.amend(sandbox, "mydb", { EngineVersion = "15.8" })
  sandbox:add_snapshot { DBSnapshotIdentifier = "mydb-snapshot", DBInstanceIdentifier = "mydb" }
  witness.amend(sandbox, "mydb", { EngineVersion = "16.4" })
end

---@type table<string, table>
local CASES = {
  same_major = { task = "db_restore", instance = {}, prepare = upgraded },
  engine_at_restore = { instance = { Engine = "oracle-ee-cdb" } },
  named_database = { instance = {} },
  oracle_or_sqlserver = { instance = { AdditionalStorageVolumes = { { VolumeName = "v", AllocatedStorage = 1 } } } },
  storage_at_restore = { instance = { Engine = "sqlserver-se" } },
  provisioned_iops = { instance = { AllocatedStorage = 100, Iops = 3000, StorageThroughput = 125 } },
  provisioned_throughput = { instance = { StorageType = "io2", Iops = 20000, StorageThroughput = 500 } },
  single_az = { instance = {} },
  mirroring_possible = { instance = { Engine = "sqlserver-se", MultiAZ = true, BackupRetentionPeriod = 0 } },
  extended_support = { instance = { Engine = "mariadb",
    EngineLifecycleSupport = "open-source-rds-extended-support-disabled" } },
  own_directory = { instance = { DomainMemberships = managed_directory() } },
  managed_directory = { instance = { DomainMemberships = managed_directory { AuthSecretArn = "arn:secret",
    DnsIps = { "10.0.0.1", "10.0.0.2" } } } },
  monitored = { instance = { MonitoringInterval = 0 } },
  insights = { instance = { PerformanceInsightsEnabled = false, DatabaseInsightsMode = "standard" } },
  streams = { instance = { ActivityStreamPolicyStatus = "locked" } },
  aurora = { cluster = { Engine = "postgres", AvailabilityZones = { "us-east-1a" } } },
  multi_az_cluster = { cluster = { CertificateDetails = { CAIdentifier = "rds-ca-rsa4096-g1" } } },
  aurora_mysql = { cluster = { BacktrackWindow = 3600 } },
  cluster_storage_at_restore = { cluster = { Engine = "mysql", StorageType = "gp3" } },
  cluster_iops = { cluster = { Iops = 3000 } },
  cluster_monitoring_role = { cluster = { Engine = "aurora-mysql", MonitoringInterval = 0,
    MonitoringRoleArn = "arn:monitoring" } },
  express_networking = { cluster = { VPCNetworkingEnabled = true } },
  own_key = { cluster = { Engine = "aurora-postgresql", StorageEncryptionType = "sse-rds" } },
}

for name, spec in pairs(CASES) do
  tests[name .. " keeps a value from being refused"] = function()
    local refused, differing, outcome = restore(spec)
    witness.equal(refused, 0, "refusals with the rule, outcome " .. outcome)
    local rule, holds = rules[name], rules[name].holds
    rule.holds = function() return true end
    local ok, refused_without, differing_without, outcome_without = pcall(restore, spec)
    rule.holds = holds
    assert(ok, refused_without)
    assert(refused_without > refused or differing_without > differing or outcome_without ~= outcome, "nobody misses it")
  end
end

-- Those of which the sandbox makes nothing, by what they say.
local SAID = {
  own_parameter_group = { true, { DBParameterGroupName = "mine" }, nil,
    false, { DBParameterGroupName = "default.postgres16" }, nil },
  own_option_group = { true, { OptionGroupName = "mine" }, nil, false, { OptionGroupName = "default:mysql-8-0" }, nil },
  new_secret = { true, {}, {}, false, {}, { ManageMasterUserPassword = true } },
  encrypted = { true, { StorageEncrypted = true }, nil, false, { StorageEncrypted = false }, nil },
  multi_tenant = { true, { MultiTenant = true }, { MultiTenant = false }, false, { MultiTenant = false }, {} },
  outposts = { true, { BackupTarget = "outposts" }, nil, false, { BackupTarget = "region" }, nil },
  aurora_when_modified = { true, { Engine = "mysql" }, nil, false, { Engine = "mysql" }, {} },
  cluster_monitoring = { true, { Engine = "aurora-mysql", MonitoringInterval = 30 }, nil,
    false, { Engine = "aurora-mysql", MonitoringInterval = 30 }, {} },
  own_cluster_parameter_group = { true, { DBClusterParameterGroupName = "mine" }, nil,
    false, { DBClusterParameterGroupName = "default.aurora-mysql8.0" }, nil },
}

for name, case in pairs(SAID) do
  tests[name .. " says what it says"] = function()
    for i = 1, 4, 3 do witness.equal(rules[name].holds(case[i + 1], case[i + 2]), case[i], "case " .. i) end
  end
end

function tests.every_rule_is_shown()
  for name, rule in pairs(rules) do
    assert(type(rule) == "function" or CASES[name] or SAID[name], name .. " is not shown")
  end
end

return tests
