--- D10: a cluster comes back with every setting of its own and of each member, the old writer writes, and what the
--- restore call and CreateDBInstance are not given the sandbox loses.
local merged = require "merged"
local rehearse = require "rehearse"
local same = require "same_database"
local settings_module = require "trapheus.settings"
local travel = require "trapheus.settings.travel"
local witness = require "witness"
local world_module = require "trapheus.world"
local tests = {}

local SECRET = { SecretArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!cluster-old",
  SecretStatus = "active", KmsKeyId = "arn:aws:kms:us-east-1:123456789012:key/secret" }

local STREAM = { ActivityStreamStatus = "started", ActivityStreamMode = "sync",
  ActivityStreamKmsKeyId = "arn:aws:kms:us-east-1:123456789012:key/stream",
  ActivityStreamKinesisStreamName = "aws-rds-das-cluster-old" }

local INSIGHTS = { PerformanceInsightsEnabled = true, PerformanceInsightsRetentionPeriod = 465,
  PerformanceInsightsKMSKeyId = "arn:aws:kms:us-east-1:123456789012:key/insights", DatabaseInsightsMode = "advanced" }

local function role(name) return "arn:aws:iam::123456789012:role/" .. name end

local MONITORING = { MonitoringInterval = 30, MonitoringRoleArn = role "rds-monitoring" } -- of the cluster itself

-- What the sandbox's template leaves at its default.
local EVERYWHERE = merged(INSIGHTS, { MasterUserSecret = SECRET, StorageEncryptionType = "sse-kms",
  DeletionProtection = true })
local AURORA = merged(EVERYWHERE, STREAM, MONITORING, { LocalWriteForwardingStatus = "enabled",
  DomainMemberships = { { Domain = "d-1234567890", IAMRoleName = "rds-directory", Status = "joined" } } })

local POSTGRESQL = merged(AURORA, { Engine = "aurora-postgresql",
  AssociatedRoles = { { RoleArn = role "s3-export", FeatureName = "s3Export", Status = "ACTIVE" },
    { RoleArn = role "s3-import", FeatureName = "s3Import", Status = "ACTIVE" } } })
local MYSQL = merged(AURORA, { Engine = "aurora-mysql", ActivityStreamMode = "async" })

-- The first one writes.
local function members(count)
  local list = {}
  for i = 1, count do
    list[i] = { DBInstanceIdentifier = "mydb-" .. i, IsClusterWriter = i == 1, PubliclyAccessible = true }
  end
  return list
end

---@type table<string, { cluster: table, members: table[]? }>
local CLUSTERS = {
  ["Aurora PostgreSQL with Serverless v2"] = {
    cluster = { Engine = "aurora-postgresql",
      ServerlessV2ScalingConfiguration = { MinCapacity = 0, MaxCapacity = 8, SecondsUntilAutoPause = 600 } },
    members = { { DBInstanceIdentifier = "mydb-1", DBInstanceClass = "db.serverless", IsClusterWriter = true },
      { DBInstanceIdentifier = "mydb-2", DBInstanceClass = "db.serverless", PubliclyAccessible = true } },
  },
  ["Aurora PostgreSQL, express networking"] = {
    cluster = { Engine = "aurora-postgresql", VPCNetworkingEnabled = false, InternetAccessGatewayEnabled = true } },
  ["Aurora MySQL without an initial database"] = { cluster = { Engine = "aurora-mysql", DatabaseName = false } },
  ["Aurora, standard storage, encrypted by RDS itself"] = {
    cluster = { Engine = "aurora-postgresql", StorageType = false, StorageEncryptionType = "sse-rds",
      KmsKeyId = "arn:aws:kms:us-east-1:123456789012:key/aws-rds" } },
  ["a Multi-AZ DB cluster of PostgreSQL"] = {
    cluster = merged(EVERYWHERE, { Engine = "postgres", PubliclyAccessible = true }) },
  ["a Multi-AZ DB cluster of MySQL"] = {
    cluster = merged(EVERYWHERE, { Engine = "mysql", PubliclyAccessible = true }) },
  ["a Multi-AZ DB cluster of MySQL, on gp3"] = { cluster = { Engine = "mysql", StorageType = "gp3", Iops = 3000 } },
}
for _, count in ipairs { 1, 3, 15 } do
  CLUSTERS[("Aurora PostgreSQL with %d members"):format(count)] = { cluster = POSTGRESQL, members = members(count) }
  CLUSTERS[("Aurora MySQL with %d members"):format(count)] = { cluster = MYSQL, members = members(count) }
end

-- Fields that are false here are not to be there at all.
local function plain(cluster)
  local fields, without = {}, {}
  for field, value in pairs(cluster) do
    if value == false and (field == "DatabaseName" or field == "StorageType") then
      without[#without + 1] = field
    else
      fields[field] = value
    end
  end
  return fields, without
end

local function take_away(sandbox, without)
  local cluster = sandbox.cluster_names.mydb
  for _, field in ipairs(without) do
    cluster.fields[field] = nil
    for _, moment in ipairs(cluster.history) do
      for _, view in ipairs(moment.views) do view[field] = nil end
    end
  end
end

local function restore(spec)
  local before
  local fields, without = plain(spec.cluster)
  local result = rehearse { cluster = fields, members = spec.members, prepare = function(sandbox)
    take_away(sandbox, without)
    before = same.cluster_of(sandbox)
  end }
  return result, before
end

for name, spec in pairs(CLUSTERS) do
  tests["every setting of " .. name] = function()
    local result, before = restore(spec)
    witness.equal(result.outcome, "restored", result.record.failure and result.record.failure.message)
    for _, row in ipairs(result.document.settings.differing) do error(row.name .. " differs") end
    same.cluster(before, result)
  end
end

-- What lies in the snapshot, and was changed after it was taken.
local function changed_later(cluster, changes)
  local before
  local result = rehearse { task = "db_restore", cluster = cluster, snapshot = {}, prepare = function(sandbox)
    local shown = sandbox.cluster_names.mydb
    for field, value in pairs(changes) do
      shown.fields[field] = value
      for _, moment in ipairs(shown.history) do moment.views[1][field] = value end
    end
    before = same.cluster_of(sandbox)
  end }
  witness.equal(result.outcome, "restored", result.record.failure and result.record.failure.message)
  same.cluster(before, result)
end

tests["what was changed after the snapshot was taken is as it was changed"] = function()
  changed_later({}, { Port = 6000, BackupRetentionPeriod = 31, EngineVersion = "16.5",
    KmsKeyId = "arn:aws:kms:us-east-1:123456789012:key/another", AvailabilityZones = { "us-east-1a", "us-east-1c" } })
  changed_later({ Engine = "mysql" }, { AllocatedStorage = 400, BackupRetentionPeriod = 31 })
end

-- Settings that not every cluster has, by patterns of the engines that have them.
local ALL_AURORA, MULTI_AZ = { "^aurora" }, { "^mysql", "^postgres" }
local ONLY = {
  AvailabilityZones = ALL_AURORA, ServerlessV2ScalingConfiguration = ALL_AURORA, NetworkType = ALL_AURORA,
  Domain = ALL_AURORA, DomainIAMRoleName = ALL_AURORA, AssociatedRoles = ALL_AURORA, EngineMode = ALL_AURORA,
  EnableLocalWriteForwarding = ALL_AURORA, HttpEndpoint = ALL_AURORA, ActivityStream = ALL_AURORA,
  Members = ALL_AURORA, BacktrackWindow = { "^aurora%-mysql" }, DBClusterInstanceClass = MULTI_AZ,
  AllocatedStorage = MULTI_AZ, Iops = MULTI_AZ, PubliclyAccessible = MULTI_AZ, CACertificateIdentifier = MULTI_AZ,
  EnableVPCNetworking = { "^aurora%-postgresql" }, EnableInternetAccessGateway = { "^aurora%-postgresql" },
  CustomEndpoints = {}, -- they move once it is verified: a test of their own
}

local function has(kind, engine, name)
  if kind == "member" then return engine:find "^aurora" ~= nil end
  for _, pattern in ipairs(ONLY[name] or { "" }) do
    if engine:find(pattern) then return true end
  end
  return false
end

-- AWS's own, where a missing value means something else.
local DEFAULTS = { AutoMinorVersionUpgrade = true, EngineLifecycleSupport = "open-source-rds-extended-support",
  NetworkType = "IPV4", DatabaseInsightsMode = "standard", StorageType = "aurora", BackupRetentionPeriod = 1 }

-- Is it another value than the default, and one that RDS is told?
local function shows(kind, row, config)
  local value, default = config[row.name], DEFAULTS[row.name]
  if default == nil then default = row.default end
  return value ~= nil and value ~= default and travel.of(kind, row, config).by ~= "rds"
end

-- Of an engine: which settings are away from their defaults in one of its clusters.
local function look(of, kind, raw)
  local settings = settings_module.load(kind)
  local config = settings:capture(raw)
  for _, row in ipairs(settings.rows) do
    local key = kind .. " " .. row.name
    of[key] = of[key] or shows(kind, row, config)
  end
end

local function looked_at()
  local seen = {}
  for _, spec in pairs(CLUSTERS) do
    local sandbox = world_module.sandbox().sandbox
    local truth = sandbox:add_cluster(merged(plain(spec.cluster), { DBClusterIdentifier = "mydb" }), spec.members)
    local of = seen[truth.Engine] or {}
    seen[truth.Engine] = of
    look(of, "cluster", truth)
    for _, member in ipairs(truth.DBClusterMembers) do
      look(of, "member", sandbox:instance(member.DBInstanceIdentifier))
    end
  end
  return seen
end

-- What is at its default in all clusters of an engine proves nothing.
tests["every setting is away from its default, of each engine"] = function()
  local found = {}
  for engine, of in pairs(looked_at()) do
    for _, kind in ipairs { "cluster", "member" } do
      for _, row in ipairs(settings_module.load(kind).rows) do
        if not row.cannot and not row.inherited and has(kind, engine, row.name) and not of[kind .. " " .. row.name] then
          found[#found + 1] = ("%s %s %s"):format(engine, kind, row.name)
        end
      end
    end
  end
  table.sort(found)
  assert(#found == 0, "at their default: " .. table.concat(found, ", "))
end

return tests
