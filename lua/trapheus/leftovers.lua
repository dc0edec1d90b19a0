--- What runs have left behind, by the journal and by the tags in the Region. What is certainly of a run that has ended,
--- by resource id, or by ARN and source, is removed by going through the end of that run again; the rest is only named.
local database = require "trapheus.databases.database"
local driver = require "trapheus.drivers.local"
local errors = require "trapheus.errors"
local export = require "trapheus.databases.export"
local log = require "trapheus.log"
local marks = require "trapheus.marks"
local origin = require "trapheus.origin"
local run_module = require "trapheus.run"
local runs = require "trapheus.runs"

local leftovers = {}

---@class trapheus.Leftover
---@field what string       "instance", "cluster", "snapshot", "cluster-snapshot", "export"
---@field name string
---@field run_id string
---@field why string        why it is there, and what may be done
---@field remove boolean    Is it certainly ours?
---@field removed boolean?
---@field failure string?   why it could not be removed

local TOLD_S = 7 * 24 * 3600

local SCANS = {
  { what = "instance", operation = "DescribeDBInstances", list = "DBInstances", name = "DBInstanceIdentifier",
    id = "DbiResourceId" },
  { what = "cluster", operation = "DescribeDBClusters", list = "DBClusters", name = "DBClusterIdentifier",
    id = "DbClusterResourceId" },
  { what = "snapshot", operation = "DescribeDBSnapshots", list = "DBSnapshots", name = "DBSnapshotIdentifier",
    source = "DbiResourceId", manual = true },
  { what = "cluster-snapshot", operation = "DescribeDBClusterSnapshots", list = "DBClusterSnapshots",
    name = "DBClusterSnapshotIdentifier", source = "DbClusterResourceId", manual = true },
}

-- The run whose marks these are; nil: nobody's.
local function marked_by(tags)
  local value = tags[marks.LEASE] or tags[marks.RUN] or tags[marks.STATE]
  return value and marks.run_of(value)
end

-- Every marked thing of the Region: { what, name, id | source, run_id, tags }.
local function scan(world)
  local found = {}
  for _, row in ipairs(SCANS) do
    local parameters = row.manual and { SnapshotType = "manual" } or {}
    for raw in world.rds:paginate(row.operation, parameters, row.list) do
      local tags = database.tag_map(raw.TagList)
      local run_id = marked_by(tags)
      if run_id then
        found[#found + 1] = { what = row.what, name = raw[row.name], id = row.id and raw[row.id],
          source = row.source and raw[row.source], run_id = run_id, tags = tags }
      end
    end
  end
  return found
end

-- Is it what the record says that its run has changed or made?
local function certain(record, thing)
  local facts = record.facts
  local original, replacement = facts.original or {}, facts.replacement or {}
  if thing.id then return thing.id == original.resource_id or thing.id == replacement.resource_id end
  local made = thing.tags[marks.RUN] == marks.of_snapshot(record.run_id) or thing.name == facts.final_snapshot
  return made and thing.source == original.resource_id
end

local function judge(record, thing)
  local leftover = { what = thing.what, name = thing.name, run_id = thing.run_id, remove = false }
  local held = marks.lease(thing.tags)
  local lease = held and ("; its lease ends, or has ended, at " .. log.time(held.ends_at)) or ""
  if not record then
    leftover.why = ("it bears marks of run %s, which is not in this journal%s: trapheus resume --from-aws"):format(
      thing.run_id, lease)
  elseif runs.unfinished(record) then
    leftover.why = ("run %s is not finished%s: trapheus resume %s"):format(thing.run_id, lease, thing.run_id)
  elseif not certain(record, thing) then
    leftover.why = ("it bears marks of run %s, which were copied to it: not ours"):format(thing.run_id)
  else
    leftover.remove = true
    leftover.why = ("run %s ended as %s, and could not take its marks off"):format(thing.run_id, record.outcome)
  end
  return leftover
end

-- The databases that an ended run could not bring to their end, without regard to marks.
local function of_record(world, record)
  local facts, kind = record.facts, require("trapheus.databases." .. record.kind)
  local original = facts.original and kind.by_resource_id(world.rds, facts.original.resource_id)
  if not original then return nil end
  local leftover = { what = original.kind, name = original.name, run_id = record.run_id, remove = true }
  if facts.leftover then
    local replacement = facts.replacement and kind.by_resource_id(world.rds, facts.replacement.resource_id)
    leftover.remove = replacement ~= nil and replacement.name == record.identifier and replacement:serving()
      and original.name == facts.aside
    leftover.why = ("the original of run %s (%s), which has ended as restored"):format(record.run_id,
      original.resource_id) .. (leftover.remove and ": it is deleted as that run would have"
      or ", but its replacement does not serve as " .. record.identifier)
    return leftover
  end
  if facts.fence_left and original.protected and not facts.original.protected then
    leftover.why = ("run %s could not turn its deletion protection off again"):format(record.run_id)
    return leftover
  end
  if record.outcome == "restored" and record.options.keep_original and original.name == facts.aside then
    leftover.remove = false
    leftover.why = ("the original of run %s (%s), kept by request and billed: delete it when nobody needs it"):format(
      record.run_id, original.resource_id)
    return leftover
  end
end

-- An export that a run has begun and not awaited: it is RDS's, and ends by itself; one that has failed is told for some
-- days, as nobody else tells of it.
local function of_export(world, record)
  local known = record.facts.export
  local seen = known and not export.ended(known.status) and export.peek(world.rds, known.name)
  local late = seen and seen:bad() and world:now_ms() / 1000 - (seen.ended_at or 0) < TOLD_S
  if not (seen and (seen:moving() or late)) then return nil end
  local leftover = { what = "export", name = seen.name, run_id = record.run_id, remove = false }
  leftover.why = seen:moving()
    and ("the export of run %s to %s goes on (%s, %d%%) and ends by itself; its snapshot is billed meanwhile"):format(
      record.run_id, export.place(seen), seen.status, seen.percent or 0)
    or ("the export of run %s has ended as %s%s; %s has what it has written so far"):format(record.run_id, seen.status,
      seen.failure and ": " .. seen.failure or "", export.place(seen))
  return leftover
end

local function records_of(world)
  local account, records = world.sts:GetCallerIdentity({}).Account, {}
  for _, record in ipairs(world.journal:list()) do
    if record.account == account and record.region == world.region and record.kind then
      records[#records + 1] = record
      records[record.run_id] = record
    end
  end
  return records
end

--- What is left in the Region of the credentials. Only looks.
---@param world trapheus.World
---@return trapheus.Leftover[]
function leftovers.find(world)
  local records, found = records_of(world), {}
  for _, record in ipairs(records) do
    local ended = not runs.unfinished(record)
    found[#found + 1] = ended and of_record(world, record) or nil
    found[#found + 1] = ended and of_export(world, record) or nil
  end
  for _, thing in ipairs(scan(world)) do found[#found + 1] = judge(records[thing.run_id], thing) end
  return found
end

-- Removing ------------------------------------------------------------------------------------

local FORWARD = { restored = true, snapshotted = true }

-- Back to where the run could not do what it wanted. What it had done is not done again: a person may have changed
-- protection since, on purpose.
local function reopen(run)
  local record, facts = run.record, run.facts
  if FORWARD[record.outcome] then
    run:go_on_from(facts.leftover and "delete" or "finish")
    local replacement = not facts.protection_left and run:find "replacement"
    if replacement then facts.config.DeletionProtection = replacement.protected end
  else
    run:go_on_from("snapshot", "fence", "lock")
    record.options.no_fence = not facts.fence_left or nil
  end
  record.outcome, record.ended_at, record.step, record.intents = nil, nil, nil, {}
  facts.leftover, facts.fence_left, facts.lease = nil, nil, {}
end

local function end_again(world, record)
  local run = run_module.wrap(world, record)
  local pipeline = require("trapheus").load(record.script)
  origin.check(record, pipeline, { back = true })
  pipeline:bind(run)
  local held, why = world.journal:lock(run)
  if not held then return why end
  reopen(run)
  local stopped = driver.run(pipeline, run)
  if stopped then return ("stopped by %s; trapheus resume %s"):format(stopped, run.id) end
  return record.parked and record.parked.reason or nil
end

--- Removes what is certainly ours of it, and notes in the list what has become of that.
---@param world trapheus.World
---@param found trapheus.Leftover[]
function leftovers.remove(world, found)
  local failures = {}
  for _, thing in ipairs(found) do
    if thing.remove and failures[thing.run_id] == nil then
      local ok, failure = errors.try(function() return true, end_again(world, world.journal:load(thing.run_id)) end)
      failures[thing.run_id] = ok and (failure or false) or tostring(failure)
    end
  end
  local still = {}
  for _, thing in ipairs(leftovers.find(world)) do still[thing.what .. " " .. thing.name] = true end
  for _, thing in ipairs(found) do
    if thing.remove and not still[thing.what .. " " .. thing.name] then
      thing.removed = true
    elseif thing.remove then
      thing.failure = failures[thing.run_id] or "trapheus status tells why"
    end
  end
end

return leftovers
