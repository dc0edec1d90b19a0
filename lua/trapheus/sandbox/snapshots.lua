--- DB snapshots: { name, status, fields (Describe's shape), source (the instance's fields when it was taken),
--- data_version, history, plan }.

local describe = require "trapheus.sandbox.describe"
local errors = require "trapheus.sandbox.errors"
local events = require "trapheus.sandbox.events"
local filters = require "trapheus.sandbox.filters"
local instances = require "trapheus.sandbox.instances"
local names = require "trapheus.sandbox.names"
local paging = require "trapheus.sandbox.paging"
local tables = require "trapheus.sandbox.tables"
local tags = require "trapheus.sandbox.tags"
local versions = require "trapheus.sandbox.versions"

local snapshots = { operations = { rds = {} } }
local rds = snapshots.operations.rds

local COPIED = {
  "AllocatedStorage", "AvailabilityZone", "BackupRetentionPeriod", "DbiResourceId", "DedicatedLogVolume", "Engine",
  "EngineVersion", "IAMDatabaseAuthenticationEnabled", "InstanceCreateTime", "Iops", "KmsKeyId", "LicenseModel",
  "MasterUsername", "PreferredBackupWindow", "ProcessorFeatures", "StorageThroughput", "StorageType",
}

local function view(sb, snapshot)
  local shown = tables.copy(snapshot.fields)
  shown.Status = snapshot.status
  shown.PercentProgress = snapshot.status == "available" and 100 or snapshot.ready_ms
      and math.min(99, 100 * (sb.now - snapshot.begun_ms) // (snapshot.ready_ms - snapshot.begun_ms + 1))
    or 0
  return shown
end

local function commit(sb, snapshot, status)
  snapshot.status = status
  versions.push(snapshot.history, sb.now, status == "gone" and {} or { view(sb, snapshot) })
  sb:committed()
end

--- Makes a change of its fields the committed truth.
---@param sb table
---@param snapshot table
function snapshots.touch(sb, snapshot)
  commit(sb, snapshot, snapshot.status)
end

---@param snapshot table
---@return table
function snapshots.truth(snapshot)
  local truth = tables.copy(snapshot.fields)
  truth.Status, truth.data_version, truth.serial = snapshot.status, snapshot.data_version, snapshot.serial
  return truth
end

---@param sb table
---@param text string|nil An identifier or an ARN.
---@return table
function snapshots.find(sb, text)
  if type(text) ~= "string" then
    errors.refuse("MissingParameter", "The request must contain the parameter DBSnapshotIdentifier.")
  end
  local snapshot = sb.snapshot_names[names.from(text, "snapshot")]
  if not snapshot then errors.refuse("DBSnapshotNotFound", ("DBSnapshot %s not found."):format(text)) end
  sb.target = snapshot.serial
  return snapshot
end

local function manual_count(sb)
  local count = 0
  for _, snapshot in ipairs(sb.snapshots) do
    if not snapshot.gone and snapshot.fields.SnapshotType == "manual" then count = count + 1 end
  end
  return count
end

---@param sb table
---@param text string|nil
---@param parameter string
---@return string name Free, and within the quota.
function snapshots.check_new(sb, text, parameter)
  local name = names.check(text, parameter, 255)
  if sb.snapshot_names[name] then
    errors.refuse("DBSnapshotAlreadyExists",
      ("Cannot create the snapshot because a snapshot with the identifier %s already exists."):format(name))
  end
  if manual_count(sb) >= sb.knobs.snapshot_quota then
    errors.refuse("SnapshotQuotaExceeded",
      ("Cannot create more than %d manual snapshots"):format(sb.knobs.snapshot_quota))
  end
  return name
end

local function create(sb, name, source, fields, data_version)
  fields.DBSnapshotIdentifier = name
  fields.DBSnapshotArn = names.arn(sb, "snapshot", name)
  local snapshot = {
    name = name, fields = fields, source = source, data_version = data_version, plan = 0, history = {},
    begun_ms = sb.now, serial = #sb.snapshots + 1,
  }
  sb.snapshots[#sb.snapshots + 1] = snapshot
  sb.snapshot_names[name] = snapshot
  return snapshot
end

local function of_instance(sb, name, instance, given_tags)
  local fields = { SnapshotType = "manual", SnapshotTarget = "region", Encrypted = instance.fields.StorageEncrypted }
  for _, field in ipairs(COPIED) do fields[field] = tables.copy(instance.fields[field]) end
  fields.DBInstanceIdentifier = instance.name
  fields.Port = instance.fields.Endpoint.Port
  fields.VpcId = instance.fields.DBSubnetGroup.VpcId
  local options = instance.fields.OptionGroupMemberships[1]
  fields.OptionGroupName = options and options.OptionGroupName
  fields.TagList = tags.merge(instance.fields.CopyTagsToSnapshot and instance.fields.TagList or {}, given_tags or {})
  local snapshot = create(sb, name, tables.copy(instance.fields), fields, instance.data_version)
  instance.data_version = instance.data_version + 1 -- the application goes on writing
  return snapshot
end

local function stamp(sb, snapshot)
  snapshot.fields.SnapshotCreateTime = sb:seconds()
  snapshot.fields.OriginalSnapshotCreateTime = snapshot.fields.OriginalSnapshotCreateTime or sb:seconds()
end

local function finish(sb, snapshot, status)
  if not snapshot.fields.SnapshotCreateTime then stamp(sb, snapshot) end
  commit(sb, snapshot, status)
  events.add(sb, "db-snapshot", snapshot.name, status == "available" and "creation" or "failure",
    status == "available" and "Manual snapshot created" or "Manual snapshot could not be created")
end

local function plan_creation(sb, snapshot, seconds, fault)
  snapshot.ready_ms = fault.kind ~= "stuck" and sb.now + math.floor(seconds * 1000) or nil
  commit(sb, snapshot, "creating")
  sb:later(math.min(sb:draw "snapshot_start_s", seconds), function()
    stamp(sb, snapshot)
    commit(sb, snapshot, "creating")
  end, snapshot)
  if fault.kind == "stuck" then return end
  sb:later(seconds, function() finish(sb, snapshot, fault.kind == "terminal" and fault.status or "available") end,
    snapshot)
end

--- Takes a snapshot of an instance; the instance's own status is the caller's business.
---@param sb table
---@param name string From snapshots.check_new.
---@param instance table
---@param given_tags table[]|nil
---@param fault table
---@return table snapshot
---@return number|nil seconds How long it takes; nil for ever.
function snapshots.take(sb, name, instance, given_tags, fault)
  local snapshot, seconds = of_instance(sb, name, instance, given_tags), sb:draw "snapshot_s"
  plan_creation(sb, snapshot, seconds, fault)
  return snapshot, fault.kind ~= "stuck" and seconds or nil
end

function rds.CreateDBSnapshot(sb, params, fault)
  local instance = instances.find(sb, params.DBInstanceIdentifier)
  tags.check(params.Tags or {})
  local name = snapshots.check_new(sb, params.DBSnapshotIdentifier, "DBSnapshotIdentifier")
  instances.require_ready(sb, instance)
  local snapshot, seconds = snapshots.take(sb, name, instance, params.Tags, fault)
  instances.excursion(sb, instance, "backing-up", seconds and seconds + sb:draw "snapshot_tail_s")
  return { DBSnapshot = view(sb, snapshot) }
end

--- A snapshot that has long been there.
---@param sb table
---@param given table Describe's shape
---@param described boolean|nil `given` is all there is: what it does not have is not filled in
---@return table snapshot
function snapshots.add(sb, given, described)
  local name = snapshots.check_new(sb, given.DBSnapshotIdentifier, "DBSnapshotIdentifier")
  local instance = assert(sb.names[given.DBInstanceIdentifier:lower()], "add_snapshot needs an instance")
  local snapshot = of_instance(sb, name, instance)
  snapshot.data_version = given.data_version or snapshot.data_version
  if described then
    snapshot.fields = { DBSnapshotArn = snapshot.fields.DBSnapshotArn, SnapshotType = "manual", TagList = {} }
  end
  for field, value in pairs(tables.copy(given)) do
    if field ~= "data_version" and field ~= "Status" then snapshot.fields[field] = value end
  end
  snapshot.fields.DBSnapshotIdentifier = name
  if not given.SnapshotCreateTime then stamp(sb, snapshot) end
  commit(sb, snapshot, given.Status or "available")
  snapshot.history[1].at_ms = math.mininteger
  return snapshot
end

function rds.CopyDBSnapshot(sb, params, fault)
  local source = snapshots.find(sb, params.SourceDBSnapshotIdentifier)
  tags.check(params.Tags or {})
  local name = snapshots.check_new(sb, params.TargetDBSnapshotIdentifier, "TargetDBSnapshotIdentifier")
  if source.status ~= "available" then
    errors.refuse("InvalidDBSnapshotState", ("Cannot copy the snapshot %s because it is not in the available state.")
      :format(source.name))
  end
  local fields = tables.copy(source.fields)
  fields.SnapshotCreateTime, fields.SnapshotType = nil, "manual"
  fields.SourceDBSnapshotIdentifier = source.fields.DBSnapshotArn
  fields.TagList = params.Tags or params.CopyTags and fields.TagList or {}
  local snapshot = create(sb, name, tables.copy(source.source), fields, source.data_version)
  plan_creation(sb, snapshot, sb:draw "snapshot_s", fault)
  return { DBSnapshot = view(sb, snapshot) }
end

function rds.DeleteDBSnapshot(sb, params, fault)
  local snapshot = snapshots.find(sb, params.DBSnapshotIdentifier)
  if snapshot.status ~= "available" and snapshot.status ~= "failed" or snapshot.fields.SnapshotType ~= "manual" then
    errors.refuse("InvalidDBSnapshotState",
      ("Cannot delete the snapshot because it is not currently in the available or failed state."))
  end
  snapshot.plan = snapshot.plan + 1
  local reply = view(sb, snapshot)
  commit(sb, snapshot, "deleting")
  if fault.kind == "stuck" then return { DBSnapshot = reply } end
  sb:later(sb:draw "snapshot_delete_s", function()
    snapshot.gone = true
    sb.snapshot_names[snapshot.name] = nil
    commit(sb, snapshot, "gone")
    events.add(sb, "db-snapshot", snapshot.name, "deletion", "Deleted user snapshot")
  end, snapshot)
  return { DBSnapshot = reply }
end

local FILTERS = {
  ["db-snapshot-id"] = "DBSnapshotIdentifier",
  ["db-instance-id"] = "DBInstanceIdentifier",
  ["dbi-resource-id"] = "DbiResourceId",
  ["snapshot-type"] = "SnapshotType",
  ["engine"] = "Engine",
}

local function progressing(sb, shown)
  local snapshot = sb.snapshot_names[shown.DBSnapshotIdentifier]
  if shown.Status ~= "creating" or not snapshot or snapshot.status ~= "creating" then return shown end
  shown.PercentProgress = view(sb, snapshot).PercentProgress
  return shown
end

local function matches(params, wanted, shown)
  return (not wanted or shown.DBSnapshotIdentifier == wanted)
    and (not params.DBInstanceIdentifier or shown.DBInstanceIdentifier == params.DBInstanceIdentifier:lower())
    and (not params.DbiResourceId or shown.DbiResourceId == params.DbiResourceId)
    and (not params.SnapshotType or shown.SnapshotType == params.SnapshotType)
    and filters.accept(params, FILTERS, shown)
end

function rds.DescribeDBSnapshots(sb, params)
  local wanted = params.DBSnapshotIdentifier and names.from(params.DBSnapshotIdentifier, "snapshot")
  local found = {}
  for _, shown in ipairs(describe.look(sb, sb.snapshots)) do
    if matches(params, wanted, shown) then
      found[#found + 1] = { key = shown.DBSnapshotIdentifier, value = progressing(sb, shown) }
    end
  end
  if wanted and #found == 0 then
    errors.refuse("DBSnapshotNotFound", ("DBSnapshot %s not found."):format(params.DBSnapshotIdentifier))
  end
  return paging.page(found, params, "DBSnapshots")
end

return snapshots
