--- Is the replacement configured as the original was? For a test about an instance called mydb.
local json = require "trapheus.json"

-- What Describe shows and no restore can keep, or that follows from something else.
local APART = {
  DBInstanceStatus = "how it is", DBInstanceArn = "follows the name", DbiResourceId = "identity",
  InstanceCreateTime = "of the new instance", LatestRestorableTime = "of the new instance",
  EnhancedMonitoringResourceArn = "has the resource id",
  SecondaryAvailabilityZone = "RDS chooses it", CertificateDetails = "a new certificate of the same authority",
  ActivityStreamKinesisStreamName = "the new one has another name",
  data_version = "the write counter", restored_version = "the sandbox's own", PercentProgress = "progress",
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

--- Every field of the truth before against the truth after: the sandbox's, not what the program believes.
---@param before table   an instance's truth
---@param result Rehearsed
return function(before, result)
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
