--- D11: a database without an initial database name, or any other optional setting, is restored like any other.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local OPTIONAL = {
  "DBName", "MaxAllocatedStorage", "NetworkType", "TagList", "BackupTarget", "DatabaseInsightsMode",
  "EngineLifecycleSupport", "ActivityStreamStatus", "CustomerOwnedIpEnabled", "DedicatedLogVolume",
  "ReadReplicaDBInstanceIdentifiers", "ReadReplicaDBClusterIdentifiers", "StatusInfos", "DomainMemberships",
  "ProcessorFeatures", "AssociatedRoles", "DBInstanceAutomatedBackupsReplications", "DBSecurityGroups",
  "CertificateDetails", "SecondaryAvailabilityZone", "IsStorageConfigUpgradeAvailable",
}

local function restored_without(fields)
  local original
  local result = rehearse {
    knobs = { stale_s = 0 },
    prepare = function(sandbox)
      witness.amend(sandbox, "mydb", {}, fields)
      original = sandbox:instance "mydb"
    end,
  }
  witness.equal(result.outcome, "restored")
  assert(result.sandbox:instance("mydb").DbiResourceId ~= original.DbiResourceId, "there is a replacement")
  return result
end

for _, field in ipairs(OPTIONAL) do
  if field ~= "TagList" then
    tests["an original without " .. field .. " is restored"] = function() restored_without { field } end
  end
end

tests["an original without any of them is restored"] = function()
  local fields = {}
  for _, field in ipairs(OPTIONAL) do
    if field ~= "DomainMemberships" and field ~= "TagList" then fields[#fields + 1] = field end
  end
  restored_without(fields)
end

tests["no database name is sent where RDS takes none"] = function()
  local result = rehearse {}
  witness.equal(result.outcome, "restored")
  witness.equal(witness.changes(result.sandbox, "RestoreDBInstanceFromDBSnapshot")[1].params.DBName, nil, "DBName")
end

local OF_A_CLUSTER = { "DatabaseName", "StorageType", "NetworkType", "ServerlessV2ScalingConfiguration",
  "BacktrackWindow", "LocalWriteForwardingStatus", "EngineLifecycleSupport", "DatabaseInsightsMode", "StatusInfos",
  "DomainMemberships", "ReadReplicaIdentifiers", "AvailabilityZones", "ActivityStreamStatus", "MonitoringInterval",
  "EnabledCloudwatchLogsExports", "HttpEndpointEnabled", "CrossAccountClone", "CopyTagsToSnapshot" }

tests["a cluster without any optional member is restored"] = function()
  for _, engine in ipairs { "aurora-mysql", "aurora-postgresql" } do
    local result = rehearse { cluster = { Engine = engine }, members = 1, prepare = function(sandbox)
      local cluster = sandbox.cluster_names.mydb
      for _, field in ipairs(OF_A_CLUSTER) do
        cluster.fields[field] = nil
        for _, moment in ipairs(cluster.history) do moment.views[1][field] = nil end
      end
    end }
    witness.equal(result.outcome, "restored", result.record.failure and result.record.failure.message)
    witness.equal(witness.changes(result.sandbox, "RestoreDBClusterFromSnapshot")[1].params.DatabaseName, nil)
  end
end

return tests
