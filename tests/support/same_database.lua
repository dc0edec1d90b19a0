--- Is the replacement configured as the original was? For a test about an instance called mydb.
local json = require "trapheus.json"

-- What Describe shows and no restore can keep, or that follows from something else.
local APART = {
  DBInstanceStatus = "how it is", DBInstanceArn = "follows the name", DbiResourceId = "identity",
  InstanceCreateTime = "of the new instance", LatestRestorableTime = "of the new instance",
  EnhancedMonitoringResourceArn = "has the resource id",
  SecondaryAvailabilityZone = "RDS chooses it", CertificateDetails = "a new certificate of the same authority",
  ActivityStreamKinesisStreamName = "the new one has another name",
  DBClusterArn = "follows the name", DbClusterResourceId = "identity", ClusterCreateTime = "of the new cluster",
  EarliestRestorableTime = "of the new cluster", Status = "how it is", data_version = "the write counter",
  restored_version = "the sandbox's own",
  PercentProgress = "progress",
  DBClusterOptionGroupMemberships = "RDS gives every cluster the same",
}

local function sorted(list, field)
  if type(list) ~= "table" then return list end
  local copy = table.move(list, 1, #list, 1, {})
  table.sort(copy, function(a, b) return a[field] < b[field] end)
  return copy
end

-- Order means nothing in these.
local UNORDERED = { TagList = "Key", VpcSecurityGroups = "VpcSecurityGroupId", ProcessorFeatures = "Name",
  AssociatedRoles = "RoleArn" }

-- The Regions, as the ARN of replicated backups is another one each time.
local function regions(replications)
  local list = {}
  for i, row in ipairs(replications) do list[i] = row.DBInstanceAutomatedBackupsArn:match "^arn:[^:]*:rds:([^:]*):" end
  table.sort(list)
  return list
end

local function text(value, field)
  if field == "MasterUserSecret" and value then value = { KmsKeyId = value.KmsKeyId } end -- its ARN is another one
  if field == "DBInstanceAutomatedBackupsReplications" then value = regions(value or {}) end
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

local same = {}

--- Every field of the truth before against the truth after: the sandbox's, not what the program believes.
---@param before table
---@param after table
---@param what string        Whose, for the message.
---@param more string[]?      Fields that may differ, beside those that always may.
function same.compare(before, after, what, more)
  local apart = {}
  for _, field in ipairs(more or {}) do apart[field] = true end
  for _, field in ipairs(fields_of(before, after)) do
    local was, is = text(before[field], field), text(after[field], field)
    if was ~= is and not APART[field] and not apart[field] then
      error(("%s: %s is %s, was %s"):format(what, field, is, was), 2)
    end
  end
end

---@param before table   the truth of an instance called mydb
---@param result Rehearsed
function same.instance(before, result)
  local after = result.sandbox:instance "mydb"
  assert(after.DbiResourceId ~= before.DbiResourceId, "there is a replacement")
  same.compare(before, after, "mydb", before.MultiAZ and { "AvailabilityZone" } or nil)
end

-- Of a Multi-AZ DB cluster RDS makes and names the members, and chooses who writes.
local OF_RDS = { "DBClusterMembers", "AvailabilityZones", "StorageThroughput" }

-- What a member has beside what its cluster gives it.
local OF_A_MEMBER = { "DBInstanceClass", "Engine", "EngineVersion", "DBClusterIdentifier", "Endpoint",
  "DBParameterGroups", "AvailabilityZone", "PreferredMaintenanceWindow", "AutoMinorVersionUpgrade",
  "PubliclyAccessible", "CACertificateIdentifier", "MonitoringInterval", "MonitoringRoleArn",
  "PerformanceInsightsEnabled", "PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod", "PromotionTier",
  "TagList", "DBSubnetGroup", "VpcSecurityGroups" }

local function member_of(truth)
  local own = {}
  for _, field in ipairs(OF_A_MEMBER) do own[field] = truth[field] end
  return own
end

--- What is known of a cluster called mydb and its members.
---@param sandbox table
---@return table truth
function same.cluster_of(sandbox)
  local truth = { cluster = sandbox:cluster "mydb", members = {} }
  for _, row in ipairs(truth.cluster.DBClusterMembers) do
    truth.members[row.DBInstanceIdentifier] = sandbox:instance(row.DBInstanceIdentifier)
  end
  table.sort(truth.cluster.DBClusterMembers, function(a, b) return a.DBInstanceIdentifier < b.DBInstanceIdentifier end)
  return truth
end

---@param before table  same.cluster_of
---@param result Rehearsed
function same.cluster(before, result)
  local after = same.cluster_of(result.sandbox)
  assert(after.cluster.DbClusterResourceId ~= before.cluster.DbClusterResourceId, "there is a replacement")
  local aurora = before.cluster.Engine:find "^aurora"
  same.compare(before.cluster, after.cluster, "mydb", not aurora and OF_RDS or nil)
  for name, member in pairs(aurora and before.members or {}) do
    same.compare(member_of(member), member_of(after.members[name] or error(name .. " is missing", 2)), name)
  end
end

return same
