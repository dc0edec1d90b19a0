--- The safety invariants I1 to I14 and the liveness properties L1 to L6, as code over committed truth. Each is asked
--- at its moment: after a commit, before a mutation is sent, when an effect was committed, when all has ended.
local json = require "trapheus.json"
local operations = require "trapheus.operations"
local ends = require "ends"
local run_names = require "trapheus.names"
local liveness = require "liveness"
local sights = require "sights"
local tables = require "trapheus.sandbox.tables"

local QUIESCENCE_MS = 15 * 60 * 1000
local STALENESS_MS = 60 * 1000
local LOOKS = 3
local MOST_SENDS = 3
local MOST_REQUESTS, WINDOW_MS = 100, 60 * 1000

local DELETES = { DeleteDBInstance = true, DeleteDBCluster = true }

local function alive(thing) return thing ~= nil and thing.status ~= "deleting" end

local function any_verified(watch) return watch.verified and watch.verified.rid end

-- Has somebody else deleted the original? That may be the last of the audit, and under way.
local function deleted_by_others(watch)
  local last = watch.sb.audit[#watch.sb.audit]
  local is_it = last and last.by ~= "client" and DELETES[last.operation]
  return watch.operator_deleted or is_it and (last.target or watch.sb.target) == watch.original.rid
end

-- I1: the data is somewhere: in the original, or in a replacement that was durably verified.
local function data(watch)
  if alive(watch:thing(watch.original.rid)) or deleted_by_others(watch) then return nil end
  local replacement = watch:thing(any_verified(watch))
  if not replacement then return "neither the original nor a verified replacement is there" end
  if sights.TERMINAL[replacement.status] then
    return "the original is gone, and the verified replacement is " .. replacement.status
  end
  if watch.pinned and replacement.restored_version ~= watch.pinned.version then
    return ("the replacement has the data of version %s, not of the pinned snapshot's %s"):format(
      tostring(replacement.restored_version), tostring(watch.pinned.version))
  end
end

local CREATES = { RestoreDBInstanceFromDBSnapshot = true, RestoreDBClusterFromSnapshot = true, CreateDBInstance = true,
  CreateDBSnapshot = true, CreateDBClusterSnapshot = true }
local RESTORES = { RestoreDBInstanceFromDBSnapshot = true, RestoreDBClusterFromSnapshot = true }
local SNAPSHOT_DELETES = { DeleteDBSnapshot = true, DeleteDBClusterSnapshot = true }

local function of_original(watch, rid) return rid == watch.original.rid or watch.original.members[rid] ~= nil end

-- What an effect has brought into the world, or somebody else has taken out of it.
local function remember(watch, entry)
  local final = entry.params.FinalDBSnapshotIdentifier
  if entry.by ~= "client" then
    if DELETES[entry.operation] and entry.target == watch.original.rid then watch.operator_deleted = true end
    if SNAPSHOT_DELETES[entry.operation] and entry.target == (watch.pinned or {}).serial then
      watch.operator_unpinned = true
    end
  elseif CREATES[entry.operation] then
    watch.created[watch:made(entry)] = entry.operation
  elseif final then
    watch.created[watch:newest_serial { DBSnapshotIdentifier = final } or final] = "final"
  end
end

local function may_delete_snapshot(watch, serial)
  local old = watch.old_snapshot and watch.old_snapshot.serial == serial and watch.play.case.task ~= "db_restore"
  return old or watch.created[serial] ~= nil
end

-- D21: what is exported is a snapshot of the run's own, by the one task that is named after the run.
local function exported(watch, entry)
  local truth = watch:snapshot(entry.params.SourceArn:match "[^:]+$")
  if not truth or not watch.created[truth.serial] then return "an export of a snapshot that the run has not made" end
  for run_id in pairs(watch.run_ids) do
    if entry.params.ExportTaskIdentifier == run_names.export("mydb", run_id) then return nil end
  end
  return ("the export %s is named after no run"):format(entry.params.ExportTaskIdentifier)
end

-- I2: what is deleted is the original, once verified, or what this run created; what is changed is one of those.
local function identity(watch, entry, index)
  remember(watch, entry)
  if entry.by ~= "client" or CREATES[entry.operation] then return nil end
  if entry.operation == "StartExportTask" then return exported(watch, entry) end
  local ours = watch.created[entry.target] ~= nil
  if SNAPSHOT_DELETES[entry.operation] then
    return not may_delete_snapshot(watch, entry.target) and entry.operation .. " of a snapshot that is not ours" or nil
  end
  if not ours and not of_original(watch, entry.target) then
    return ("%s took effect on a third resource, %s"):format(entry.operation, tostring(entry.target))
  end
  if not DELETES[entry.operation] then return nil end
  if watch.operator_deleted and RESTORES[watch.created[entry.target]] then
    return "the replacement was deleted, though somebody had deleted the original"
  end
  if of_original(watch, entry.target) and not (watch.verified and watch.verified.audit < index) then
    return ("%s of the original before VERIFIED was durable"):format(entry.operation)
  end
  if entry.target == any_verified(watch) then return "the verified replacement was deleted" end
end

-- I3: no delete of the original is even sent before VERIFIED is durable.
local function order(watch, _, call)
  if not DELETES[call.operation] or watch.verified then return nil end
  local name = call.params.DBInstanceIdentifier or call.params.DBClusterIdentifier
  local names = call.operation == "DeleteDBCluster" and watch.sb.cluster_names or watch.sb.names
  local holder = names[name]
  if holder and of_original(watch, holder.rid) then
    return ("%s %s is sent before the replacement is verified"):format(call.operation, name)
  end
end

-- I4: the intent is durable before the call leaves.
local function write_ahead(watch, host, call)
  for _, intent in pairs((watch.durable[host.name] or { intents = {} }).intents) do
    if intent.operation == call.operation and intent.state == "sent" then return nil end
  end
  return ("%s is sent without a durable intent"):format(call.operation)
end

-- Has this very call taken effect since?
local function executed(watch, call, from_ms)
  local audit = watch.sb.audit
  for i = #audit, 1, -1 do
    local entry = audit[i]
    if entry.at_ms < from_ms then return false end
    local same = entry.committed and entry.operation == call.operation
    if same and tables.same(entry.params, call.params) then return true end
  end
  return false
end

-- I4: what is not harmless twice is not sent again while the first sending may still be executed. A mark that was seen
-- to be off, and is there again in a look from before, is taken off again.
local function no_twin(watch, _, call, sent)
  local previous, rule = sent.times[#sent.times - 1], operations[call.operation]
  if not previous or rule.repeatable then return nil end
  if rule.marks and executed(watch, call, sent.times[1].at_ms // 1) then return nil end
  local unknown = previous.ambiguous or previous.ended_ms == nil
  local since_ms = watch.sb.clock() - (previous.ended_ms or previous.at_ms)
  if unknown and since_ms < QUIESCENCE_MS then
    return ("%s %s is sent again %d s after a sending whose outcome is unknown"):format(sent.operation,
      json.encode(sent.params), since_ms // 1000 | 0)
  end
end

-- I4, 6.5: what may still be executed is not sent again before three looks, none of which can be from before it. A mark
-- is put as often as it is missing.
local function looked(watch, host, call, sent)
  local previous = sent.times[#sent.times - 1]
  local unknown = previous and (previous.ambiguous or previous.ended_ms == nil)
  if not unknown or operations[call.operation].marks then return nil end
  local from_ms = (previous.ended_ms or previous.at_ms) + STALENESS_MS
  if sights.looks_since(watch, host, from_ms) < LOOKS then
    return ("%s is sent again before three looks have shown that it did not take effect"):format(call.operation)
  end
end

-- Section 3: each step begins when what it stands on is done, in truth. The replacement, when the original has come to
-- rest aside; its members, when the cluster has come to rest.
local function in_turn(watch, _, call)
  local rested = watch.sights.rested
  if RESTORES[call.operation] and rested[watch.original.rid] ~= "mydb-temp" then
    return ("%s is sent before the original has come to rest as mydb-temp"):format(call.operation)
  end
  if call.operation ~= "CreateDBInstance" then return nil end
  local cluster = watch.sb.cluster_names[call.params.DBClusterIdentifier]
  if cluster and rested[cluster.rid] ~= cluster.name then
    return ("the member %s is made before its cluster has come to rest"):format(call.params.DBInstanceIdentifier)
  end
end

-- I7: who is on the way back does not restore, wherever it goes on.
local function only_back(watch, host, call)
  if RESTORES[call.operation] and watch.turned[host.run.id] then
    return ("%s is sent by a run that was on its way back"):format(call.operation)
  end
end

-- Section 3: writes go on as long as possible; the writer is moved aside when no reader is left under its own name.
local function writer_last(watch, _, call)
  local moved = watch.writer == call.params.DBInstanceIdentifier and call.params.NewDBInstanceIdentifier
  if not moved or watch.operator_changed or watch.play.case.preset == "adversarial" then return nil end
  for rid, name in pairs(watch.original.members) do
    local member = watch:thing(rid)
    if name ~= watch.writer and member and member.name == name then
      return ("the writer is moved to %s before the reader %s"):format(moved, name)
    end
  end
end

-- I3: VERIFIED is said after three looks in a row of the step that says so, ten seconds apart, that showed the
-- replacement at rest.
local function settled_thrice(watch, host)
  if sights.settled_looks(watch, host, any_verified(watch)) < LOOKS then
    return "VERIFIED, but the last three looks have not shown the replacement at rest"
  end
end

-- I5: what is restored is what was pinned, and not what has its name by now.
local function sourced(watch)
  for rid, operation in pairs(watch.created) do
    local made = watch.pinned and RESTORES[operation] and watch:thing(rid)
    if made and made.restored_version ~= watch.pinned.version then
      return ("%s was restored from another snapshot than the one that was pinned"):format(made.name)
    end
  end
end

-- I10: at the moment at which a run says so.
local CLAIMS = {}

function CLAIMS.rolled_back(watch)
  local rested = watch.sights.rested
  if rested[watch.original.rid] ~= "mydb" then return "rolled back, and the original is not at rest under its name" end
  for rid, name in pairs(watch.original.members) do
    if watch:thing(rid) and rested[rid] ~= name then return ("rolled back, and %s is not at rest"):format(name) end
  end
end

function CLAIMS.restored(watch, record)
  local original = watch:thing(watch.original.rid)
  if watch.sights.rested[any_verified(watch)] ~= "mydb" then return "restored, and it was never at rest as mydb" end
  if original and not record.options.keep_original and not record.facts.leftover then
    return "restored, and the original is not gone"
  end
end

function CLAIMS.snapshotted(watch, record)
  local truth = watch:snapshot(record.facts.snapshot.name)
  if (truth or {}).Status ~= "available" then return "snapshotted, and the snapshot is not available" end
end

-- I5: what was asked for, by its name or its ARN, is what was pinned; and it is of this database.
local function as_asked(watch, _, record)
  local asked, pinned = record.options.snapshot, record.facts.snapshot
  local source = watch.pinned and watch.pinned.source
  if source and source ~= watch.original.rid and not record.options.allow_foreign_snapshot then
    return "the snapshot that was pinned is of another database"
  end
  if watch.play.case.task == "db_restore" and asked and pinned and asked ~= pinned.arn and asked ~= pinned.name then
    return ("%s is pinned, %s was asked for"):format(pinned.arn, asked)
  end
end

local function claimed(watch, _, record)
  local claim = CLAIMS[record.outcome]
  if claim and not watch.operator_changed then return claim(watch, record) end
end

-- I5: while the original is aside and no replacement was accepted, the pinned snapshot is there.
local function snapshot(watch)
  if watch.operator_unpinned then return nil end
  local original = watch:thing(watch.original.rid)
  if not original or original.name == "mydb" or next(watch.created) == nil and not watch.pinned then return nil end
  for rid in pairs(watch.created) do
    if watch:thing(rid) then return nil end
  end
  if not watch.pinned then return "the original is aside, and no snapshot is pinned" end
  local truth = watch:snapshot(watch.pinned.name)
  if not truth or truth.serial ~= watch.pinned.serial or truth.Status ~= "available" then
    return "the original is aside, and the pinned snapshot is not available"
  end
end

local TAG_RUN = "trapheus:run"

local function marked(watch, thing)
  for _, tag in ipairs(thing.fields.TagList or {}) do
    if tag.Key == TAG_RUN and watch.run_ids[tag.Value] then return true end
  end
  return false
end

-- I6: one replacement at a time, with the run's mark from birth.
local function ownership(watch)
  local wholes = 0
  for rid, operation in pairs(watch.created) do
    local thing = RESTORES[operation] and watch:thing(rid)
    if alive(thing) then wholes = wholes + 1 end
  end
  if wholes > 1 then return "two replacements are there" end
  local list = watch.kind == "cluster" and watch.sb.clusters or watch.sb.instances
  local newest = list[#list]
  local born = watch.sender and newest.rid ~= watch.newest
  watch.newest = newest.rid
  if born and not marked(watch, newest) then return newest.name .. " is born without the mark of the run" end
end

local TAGGING = { AddTagsToResource = true, RemoveTagsFromResource = true }

-- Is another run that never was away in the middle of its changes?
local function busy_rival(watch, host)
  for _, other in ipairs(watch.play.hosts) do
    local durable = watch.durable[other.name]
    local away = other.lives > 1 or other.dead or other.slept
    if other ~= host and durable and durable.locked and not durable.outcome and not away then
      return other.name
    end
  end
end

-- I8: nothing is changed by a run while another one has the lease, on the original or on its replacement; nor while
-- another one is at it.
local function exclusion(watch, host, call)
  if TAGGING[call.operation] then return nil end
  local thing = watch:thing(watch.original.rid) or watch:thing(any_verified(watch))
  for _, tag in ipairs(thing and thing.fields.TagList or {}) do
    local run_id, ends_at = tag.Value:match "^(%w+):(%d+)$"
    local theirs = tag.Key == "trapheus:lease" and run_id ~= host.run.id
    if theirs and tonumber(ends_at) > watch.sb:seconds() then
      return ("%s sends %s while run %s has the lease"):format(host.name, call.operation, run_id)
    end
  end
  local other = busy_rival(watch, host)
  return other and ("%s sends %s while %s is at work"):format(host.name, call.operation, other)
end

-- The run that has to keep the fence up: the only one; of several the one that has the lease, while the original is
-- away from its name. Before that, another one may have taken it down.
local function keeper(watch, original)
  if not watch.play.case.rival_s then return watch.durable.a end
  for _, tag in ipairs(original and original.fields.TagList or {}) do
    for _, durable in pairs(watch.durable) do
      local has_lease = tag.Key == "trapheus:lease" and tag.Value:match "^%w+" == durable.run_id
      if has_lease and (original.pending_name or original.name ~= "mydb") then return durable end
    end
  end
end

-- I9: the original is fenced until the replacement is verified and protected.
local function fence(watch)
  local original = watch:thing(watch.original.rid)
  local durable = keeper(watch, original)
  if not durable or not durable.fenced or not original or original.fields.DeletionProtection then return nil end
  if (watch.play.case.options or {}).no_fence or watch.operator_protection then return nil end
  if durable.direction == "back" and not original.pending_name and original.name == "mydb" then return nil end
  local replacement = watch:thing(any_verified(watch))
  if replacement and replacement.fields.DeletionProtection then return nil end
  if durable.outcome or durable.step == "finish" then return nil end
  return "the fence is down, and no verified replacement is protected"
end

-- I14: requests in every window, and sendings of one mutation.
local function budget(watch, host)
  for _, intent in pairs((watch.durable[host.name] or { intents = {} }).intents) do
    if intent.sends > MOST_SENDS then return ("%s was sent %d times"):format(intent.operation, intent.sends) end
  end
  local requests = watch.requests
  local first = requests[#requests - MOST_REQUESTS]
  if first and requests[#requests] - first < WINDOW_MS then return "too many requests in a minute" end
end

local function row(name, check) return { name = name, check = check } end

return {
  commit = { row("I1", data), row("I5", snapshot), row("I5", sourced), row("I6", ownership), row("I9", fence) },
  effect = { row("I2", identity) },
  sending = { row("I3", order), row("I4", write_ahead), row("I4", no_twin), row("I4", looked), row("3", in_turn),
    row("3", writer_last), row("I7", only_back), row("I8", exclusion), row("I14", budget) },
  verified = { row("I3", settled_thrice) },
  claimed = { row("I10", claimed), row("I5", as_asked) },
  ended = ends, over = liveness,
}
