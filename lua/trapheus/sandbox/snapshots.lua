--- What snapshots of instances and of clusters have in common. A snapshot is { kind, name, status, fields (Describe's
--- shape), source (the fields of what it was taken of), data_version, history, plan }.

local describe = require "trapheus.sandbox.describe"
local errors = require "trapheus.sandbox.errors"
local events = require "trapheus.sandbox.events"
local filters = require "trapheus.sandbox.filters"
local names = require "trapheus.sandbox.names"
local paging = require "trapheus.sandbox.paging"
local tables = require "trapheus.sandbox.tables"
local tags = require "trapheus.sandbox.tags"
local versions = require "trapheus.sandbox.versions"

local snapshots = {}

---@class trapheus.sandbox.SnapshotKind
---@field list string Of the sandbox: all there ever were
---@field names string Of the sandbox: which holds a name
---@field identifier string The parameter, and the field of Describe
---@field arn string As an ARN calls it
---@field arn_field string
---@field result string The list in Describe's result
---@field limit integer Of the length of a name
---@field quota string The knob
---@field event string The SourceType of its events
---@field of string The parameter, and the field, that names what it was taken of
---@field resource_id string The field, and the parameter of Describe, for that one's resource id
---@field filters table<string, string>
---@field copied string[] Fields that it takes from what it is taken of
---@field copy_of string The field that names what it was copied from
---@field original boolean? It has an OriginalSnapshotCreateTime
---@field codes { absent: string, exists: string, state: string }

local function progress(sb, snapshot)
  if snapshot.status == "available" then return 100 end
  if not snapshot.ready_ms then return 0 end
  return math.min(99, 100 * (sb.now - snapshot.begun_ms) // (snapshot.ready_ms - snapshot.begun_ms + 1))
end

---@param sb table
---@param snapshot table
---@return table
function snapshots.view(sb, snapshot)
  local shown = tables.copy(snapshot.fields)
  shown.Status, shown.PercentProgress = snapshot.status, progress(sb, snapshot)
  return shown
end

local function commit(sb, snapshot, status)
  snapshot.status = status
  versions.push(snapshot.history, sb.now, status == "gone" and {} or { snapshots.view(sb, snapshot) })
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
---@param kind trapheus.sandbox.SnapshotKind
---@param text string|nil An identifier or an ARN.
---@return table
function snapshots.find(sb, kind, text)
  if type(text) ~= "string" then
    errors.refuse("MissingParameter", ("The request must contain the parameter %s."):format(kind.identifier))
  end
  local snapshot = sb[kind.names][names.from(text, kind.arn)]
  if not snapshot then
    errors.refuse(kind.codes.absent, ("%s %s not found."):format(kind.identifier:gsub("Identifier$", ""), text))
  end
  sb.target = snapshot.serial
  return snapshot
end

--- What may be restored, copied or exported.
---@param sb table
---@param kind trapheus.sandbox.SnapshotKind
---@param text string|nil
---@return table
function snapshots.find_available(sb, kind, text)
  local snapshot = snapshots.find(sb, kind, text)
  if snapshot.status ~= "available" then
    errors.refuse(kind.codes.state, ("The snapshot %s is not in the available state."):format(snapshot.name))
  end
  return snapshot
end

---@param sb table
---@param kind trapheus.sandbox.SnapshotKind
---@return integer
function snapshots.manual_count(sb, kind)
  local count = 0
  for _, snapshot in ipairs(sb[kind.list]) do
    if not snapshot.gone and snapshot.fields.SnapshotType == "manual" then count = count + 1 end
  end
  return count
end

---@param sb table
---@param kind trapheus.sandbox.SnapshotKind
---@param text string|nil
---@param parameter string
---@return string name Free, and within the quota.
function snapshots.check_new(sb, kind, text, parameter)
  local name = names.check(text, parameter, kind.limit)
  if sb[kind.names][name] then
    errors.refuse(kind.codes.exists,
      ("Cannot create the snapshot because a snapshot with the identifier %s already exists."):format(name))
  end
  local quota = sb.knobs[kind.quota]
  if snapshots.manual_count(sb, kind) >= quota then
    errors.refuse("SnapshotQuotaExceeded", ("Cannot create more than %d manual snapshots"):format(quota))
  end
  return name
end

local function create(sb, kind, name, source, fields, data_version)
  fields[kind.identifier], fields[kind.arn_field] = name, names.arn(sb, kind.arn, name)
  sb.snapshot_count = sb.snapshot_count + 1
  local snapshot = {
    kind = kind, name = name, fields = fields, source = source, data_version = data_version, plan = 0, history = {},
    begun_ms = sb.now, serial = sb.snapshot_count,
  }
  table.insert(sb[kind.list], snapshot)
  sb[kind.names][name] = snapshot
  return snapshot
end

--- A snapshot of a resource as it is now, which is not yet shown.
local function of(sb, kind, name, resource, more, given_tags)
  local fields = tables.copy(more)
  fields.SnapshotType = "manual"
  for _, field in ipairs(kind.copied) do fields[field] = tables.copy(resource.fields[field]) end
  fields[kind.of] = resource.name
  fields.TagList = tags.merge(resource.fields.CopyTagsToSnapshot and resource.fields.TagList or {}, given_tags or {})
  local snapshot = create(sb, kind, name, tables.copy(resource.fields), fields, resource.data_version)
  resource.data_version = resource.data_version + 1 -- the application goes on writing
  return snapshot
end

local function stamp(sb, snapshot)
  local fields = snapshot.fields
  fields.SnapshotCreateTime = sb:seconds()
  if snapshot.kind.original then
    fields.OriginalSnapshotCreateTime = fields.OriginalSnapshotCreateTime or sb:seconds()
  end
end

local function finish(sb, snapshot, status)
  if not snapshot.fields.SnapshotCreateTime then stamp(sb, snapshot) end
  commit(sb, snapshot, status)
  if status ~= "available" then
    return events.failure(sb, snapshot.kind.event, snapshot.name, "Manual snapshot could not be created")
  end
  events.add(sb, snapshot.kind.event, snapshot.name, "creation", "Manual snapshot created")
end

local function plan_creation(sb, snapshot, fault)
  local seconds = sb:draw "snapshot_s"
  snapshot.ready_ms = fault.kind ~= "stuck" and sb.now + math.floor(seconds * 1000) or nil
  commit(sb, snapshot, "creating")
  sb:later(math.min(sb:draw "snapshot_start_s", seconds), function()
    stamp(sb, snapshot)
    commit(sb, snapshot, "creating")
  end, snapshot)
  if fault.kind == "stuck" then return nil end
  local status = fault.kind == "terminal" and fault.status or sb:chance "snapshot_fails_percent" and "failed"
  sb:later(seconds, function() finish(sb, snapshot, status or "available") end, snapshot)
  return seconds
end

--- Takes a snapshot of a resource, whose own status is the caller's business.
---@param sb table
---@param kind trapheus.sandbox.SnapshotKind
---@param name string From snapshots.check_new.
---@param resource table
---@param more table Fields that are not simply copied.
---@param given_tags table[]|nil
---@param fault table
---@return table snapshot
---@return number|nil seconds How long it takes; nil for ever.
function snapshots.take(sb, kind, name, resource, more, given_tags, fault)
  local snapshot = of(sb, kind, name, resource, more, given_tags)
  return snapshot, plan_creation(sb, snapshot, fault)
end

--- A snapshot that has long been there.
---@param sb table
---@param kind trapheus.sandbox.SnapshotKind
---@param resource table
---@param more table
---@param given table Describe's shape
---@param described boolean|nil `given` is all there is: what it does not have is not filled in
---@return table snapshot
function snapshots.add(sb, kind, resource, more, given, described)
  local name = snapshots.check_new(sb, kind, given[kind.identifier], kind.identifier)
  local snapshot = of(sb, kind, name, resource, more)
  snapshot.data_version = given.data_version or snapshot.data_version
  if described then
    snapshot.fields = { [kind.arn_field] = snapshot.fields[kind.arn_field], SnapshotType = "manual", TagList = {} }
  end
  for field, value in pairs(tables.copy(given)) do
    if field ~= "data_version" and field ~= "Status" then snapshot.fields[field] = value end
  end
  snapshot.fields[kind.identifier] = name
  if not given.SnapshotCreateTime then stamp(sb, snapshot) end
  commit(sb, snapshot, given.Status or "available")
  snapshot.history[1].at_ms = math.mininteger
  return snapshot
end

---@param sb table
---@param kind trapheus.sandbox.SnapshotKind
---@param params table Source… and Target…, CopyTags, Tags
---@param fault table
---@return table snapshot
function snapshots.copy(sb, kind, params, fault)
  local source = snapshots.find(sb, kind, params["Source" .. kind.identifier])
  tags.check(params.Tags or {})
  local target = "Target" .. kind.identifier
  local name = snapshots.check_new(sb, kind, params[target], target)
  source = snapshots.find_available(sb, kind, source.name)
  local fields = tables.copy(source.fields)
  fields.SnapshotCreateTime, fields.SnapshotType = nil, "manual"
  fields[kind.copy_of] = source.fields[kind.arn_field]
  fields.TagList = params.Tags or params.CopyTags and fields.TagList or {}
  local snapshot = create(sb, kind, name, tables.copy(source.source), fields, source.data_version)
  plan_creation(sb, snapshot, fault)
  return snapshot
end

---@param sb table
---@param kind trapheus.sandbox.SnapshotKind
---@param text string|nil
---@param fault table
---@return table reply
function snapshots.delete(sb, kind, text, fault)
  local snapshot = snapshots.find(sb, kind, text)
  if snapshot.status ~= "available" and snapshot.status ~= "failed" or snapshot.fields.SnapshotType ~= "manual" then
    errors.refuse(kind.codes.state,
      "Cannot delete the snapshot because it is not currently in the available or failed state.")
  end
  snapshot.plan = snapshot.plan + 1
  local reply = snapshots.view(sb, snapshot)
  commit(sb, snapshot, "deleting")
  if fault.kind == "stuck" then return reply end
  sb:later(sb:draw "snapshot_delete_s", function()
    snapshot.gone = true
    sb[kind.names][snapshot.name] = nil
    commit(sb, snapshot, "gone")
    events.add(sb, kind.event, snapshot.name, "deletion", "Deleted user snapshot")
  end, snapshot)
  return reply
end

local function progressing(sb, kind, shown)
  local snapshot = sb[kind.names][shown[kind.identifier]]
  if shown.Status ~= "creating" or not snapshot or snapshot.status ~= "creating" then return shown end
  local now = tables.shallow(shown)
  now.PercentProgress = progress(sb, snapshot)
  return now
end

local function matches(kind, params, wanted, shown)
  return (not wanted or shown[kind.identifier] == wanted)
    and (not params[kind.of] or shown[kind.of] == params[kind.of]:lower())
    and (not params[kind.resource_id] or shown[kind.resource_id] == params[kind.resource_id])
    and (not params.SnapshotType or shown.SnapshotType == params.SnapshotType)
    and filters.accept(params, kind.filters, shown)
end

---@param sb table
---@param kind trapheus.sandbox.SnapshotKind
---@param params table
---@return table result
function snapshots.describe(sb, kind, params)
  local given = params[kind.identifier]
  local wanted = given and names.from(given, kind.arn)
  local found = describe.look(sb, sb[kind.list], wanted, function(shown)
    return matches(kind, params, wanted, shown)
  end)
  for i = 1, #found do found[i] = progressing(sb, kind, found[i]) end
  if wanted and #found == 0 then
    errors.refuse(kind.codes.absent, ("%s %s not found."):format(kind.identifier:gsub("Identifier$", ""), given))
  end
  return paging.views(sb, found, params, kind.result, kind.identifier)
end

return snapshots
