--- What must hold when all has ended: the outcome that the run claims, against the sandbox's truth.
local copy = require "trapheus.copy"
local json = require "trapheus.json"
local run_marks = require "trapheus.marks"
local report = require "trapheus.report"
local settings = require "trapheus.settings"
local sights = require "sights"
local tables = require "trapheus.sandbox.tables"

-- How a report calls what stays behind.
local LEFT = {
  original = { "the original is still there" }, aside = { "mydb%-temp" },
  protection = { "protection.* could not be", "undo fence did not end", "finish is not done" },
  marks = { "trapheus:", "the marks? on", "undo lock did not end", "finish is not done" },
  uncompared = { "could not be compared" },
}

-- Does the report say so? A warning of what to expect, which every run has, says nothing of what was left behind.
local function told(run, words)
  local lines = table.move(run.record.warnings, 1, #run.record.warnings, 1, {})
  lines[#lines + 1] = run.record.parked and run.record.parked.reason
  for _, line in ipairs(lines) do
    for _, word in ipairs(words) do
      if line:find(word) then return true end
    end
  end
  return false
end

-- Does the report of any run say so? What one has left is not another's to tell.
local function told_by_any(watch, words)
  for _, host in ipairs(watch.play.hosts) do
    if told(host.run, words) then return true end
  end
  return false
end

-- Was the journal of this run lost, and with it what it had made and was told?
local function forgotten(watch, run_id)
  for _, host in ipairs(watch.play.hosts) do
    if host.forgetful and host.run.id == run_id then return true end
  end
  return false
end

local function plain(text) return (text:gsub("%-", "%%-")) end

-- The tags of a run on a thing.
local function marks(thing)
  local list = {}
  for _, tag in ipairs(thing and thing.fields.TagList or {}) do
    if tag.Key:find "^trapheus:" then list[#list + 1] = tag.Key end
  end
  return table.concat(list, ", ")
end

-- The configuration by setting: what both tables of settings can see of a thing.
local function config_of(watch, truth) return settings.load(watch.kind):capture(truth) end

-- I10: restored means that the name belongs to the verified replacement, which serves, and that the original is gone
-- or was kept by request, or that somebody is told.
local function restored(watch, run)
  local holder = watch:holder "mydb"
  if not holder or holder.rid ~= (watch.verified or {}).rid then return "restored, but another one has the name" end
  if sights.TERMINAL[holder.status] then return "restored, but it is " .. holder.status end
  local original = watch:thing(watch.original.rid)
  if original and original.status ~= "deleting" and not run.options.keep_original and not told(run, LEFT.original) then
    return "restored, but the original is there and nobody is told"
  end
end

-- D7: what becomes of the original's data: backups that are kept, a snapshot of this run, or a final one.
local function covered(watch, run)
  local options = run.options
  if watch:thing(watch.original.rid) or options.skip_final_snapshot or watch.play.case.task ~= "db_restore" then
    return nil
  end
  local retained = (watch.before.BackupRetentionPeriod or 0) > 0 and not options.delete_automated_backups
  local final = false
  for _, operation in pairs(watch.created) do final = final or operation == "final" end
  if not final and not retained then return "the original is gone, with neither backups nor a final snapshot" end
  local backups = watch.kind == "cluster" and watch.sb.retained_cluster_backups or watch.sb.retained_backups
  if retained and not final and #backups == 0 then
    return "the original's automated backups are gone"
  end
end

-- Where the journal was lost, the writer that was found counts, too: a rename may have made another one that before.
local function writer_found(watch, run)
  for _, host in ipairs(watch.play.hosts) do
    if host.run == run and not host.forgetful then return "" end
  end
  for _, member in ipairs(run.facts.original.members) do
    if member.role == "writer" then return member.name end
  end
  return ""
end

-- T15: the writer is the one that it was. Of a Multi-AZ DB cluster RDS makes the members itself, and chooses (T16).
local function same_writer(watch, run)
  -- a failover, in the adversarial preset or by a person's hand, makes another one the writer
  local failover = watch.play.case.preset == "adversarial" or watch.operator_changed or watch.play.parked[1]
  local chosen = watch.kind ~= "cluster" or not watch.before.Engine:find "^aurora"
  if chosen or failover then return nil end
  local now = {}
  for _, member in ipairs(watch:truth("mydb").DBClusterMembers) do
    now[member.DBInstanceIdentifier] = member.IsClusterWriter
  end
  local known = now[watch.writer] or now[writer_found(watch, run)]
  if watch.writer and not known then return ("the writer %s is not the writer any more"):format(watch.writer) end
end

-- D16: the snapshot is there to be used. A rival may have replaced it since: it is judged when it is said, too (I10).
local function snapshotted(watch, run)
  if watch.play.case.rival_s then return nil end
  local truth = watch:snapshot(run.facts.snapshot.name)
  if not watch.operator_changed and (truth or {}).Status ~= "available" then return "the snapshot is not available" end
end

-- D8: there is always a snapshot, if there was one.
local function still_covered(watch, run)
  local asked = (watch.play.case.options or {}).replace_snapshot or run.options.replace_snapshot
  if not watch.old_snapshot or asked or watch.operator_changed then return nil end
  local snapshots = watch.kind == "cluster" and watch.sb.cluster_snapshots or watch.sb.snapshots
  for _, snapshot in ipairs(snapshots) do
    local its = watch.created[snapshot.serial] or snapshot.serial == watch.old_snapshot.serial
    if its and not snapshot.gone and snapshot.status == "available" then return nil end
  end
  return "the old snapshot is gone, and no other is there"
end

-- What is to be carried over: as it was, but for the writer, where the run could only find another one.
local function wanted_of(watch, run)
  local wanted, writer = config_of(watch, copy(watch.before)), writer_found(watch, run)
  for _, member in ipairs(writer ~= "" and wanted.Members or {}) do
    member.IsClusterWriter = member.DBInstanceIdentifier == writer
  end
  return wanted
end

-- I13: as captured, but for what the report says.
local function configured(watch, run)
  -- another host that finds only the replacement says that it could not be compared
  if watch.operator_changed or forgotten(watch, run.id) and told(run, LEFT.uncompared) then return nil end
  local excused = { Members = watch.play.case.preset == "adversarial" } -- where RDS may fail over by itself at any time
  for _, row in ipairs(report.document(run).settings.differing) do excused[row.name] = true end
  local truth = watch:truth "mydb"
  if not truth then return nil end
  local differing = settings.load(watch.kind):diff(wanted_of(watch, run), config_of(watch, truth))
  for _, difference in ipairs(differing) do
    if not excused[difference.name] then
      return ("%s is %s, was %s, and the report does not say so"):format(difference.name,
        json.encode(difference.found or json.null), json.encode(difference.wanted or json.null))
    end
  end
end

-- Has RDS made another member the writer? A renamed writer reboots, at which it may.
local function failed_over(watch, truth)
  for _, member in ipairs(truth.DBClusterMembers or {}) do
    if member.IsClusterWriter then return member.DBInstanceIdentifier ~= watch.writer end
  end
  return false
end

-- I7: the original under its own name, its members too, as it was.
local function back(watch)
  local holder = watch:holder "mydb"
  if not holder or holder.rid ~= watch.original.rid then return "the original has not got its name back" end
  for rid, name in pairs(watch.original.members) do
    local member = watch:thing(rid)
    if member and member.name ~= name then return ("the member %s is %s"):format(name, member.name) end
  end
  local truth = watch:truth "mydb"
  if truth.data_version < watch.before.data_version then return "it has lost data" end
  if watch.operator_changed then return nil end
  if told_by_any(watch, LEFT.protection) then return nil end
  if (truth.DeletionProtection == true) ~= watch.original.protected then return "its deletion protection differs" end
  local differing = settings.load(watch.kind):diff(config_of(watch, watch.before), config_of(watch, truth))
  for _, difference in ipairs(differing) do
    if difference.name ~= "Members" or not failed_over(watch, truth) then
      return ("after the rollback its %s differs"):format(difference.name)
    end
  end
end

-- Is it what was asked for, of a run whose journal was lost after it had taken its mark off?
local function unknowable(watch, snapshot)
  local lost = false
  for _, host in ipairs(watch.play.hosts) do lost = lost or host.forgetful end
  return lost and snapshot.name == "mydb-snapshot" and marks(snapshot) == ""
end

-- A snapshot that this run made, and that is neither the one restored from nor a final one.
local function stray_snapshot(watch)
  local known = {}
  for _, host in ipairs(watch.play.hosts) do
    local facts = host.run.facts
    if facts.snapshot then known[facts.snapshot.name] = true end
    if facts.final_snapshot then known[facts.final_snapshot] = true end
  end
  local snapshots = watch.kind == "cluster" and watch.sb.cluster_snapshots or watch.sb.snapshots
  for _, snapshot in ipairs(snapshots) do
    local ours = watch.created[snapshot.serial] and not snapshot.gone and snapshot.status ~= "deleting"
      and not unknowable(watch, snapshot)
    if ours and not known[snapshot.name] and not told_by_any(watch, { "snapshot " .. plain(snapshot.name) }) then
      return ("the snapshot %s is left"):format(snapshot.name)
    end
  end
end

-- Does it bear the marks of a rival that is parked, who needs them to go on?
local function held_by_parked(watch, thing)
  local bears = {}
  for _, tag in ipairs(thing.fields.TagList or {}) do
    if tag.Key == run_marks.STATE then bears[run_marks.run_of(tag.Value)] = true end
  end
  for _, host in ipairs(watch.play.hosts) do
    if bears[host.run.id] and host.run.record.outcome == "parked" then return true end
  end
  return false
end

-- L3: what bears a mark of a run, if the report names neither it nor its marks. What is a copy of the tags that a
-- database had when its snapshot was made by somebody else is theirs.
local function marked(watch, run)
  for _, list in ipairs { watch.sb.instances, watch.sb.clusters, watch.sb.snapshots, watch.sb.cluster_snapshots } do
    for _, thing in ipairs(list) do
      local left = not thing.gone and thing.status ~= "deleting" and marks(thing) or ""
      local ours = watch.created[thing.serial or thing.rid] or thing.rid == watch.original.rid
      local is_told = told(run, LEFT.marks) or told_by_any(watch, { "snapshot " .. plain(thing.name) })
      if ours and left ~= "" and not is_told and not held_by_parked(watch, thing) then
        return ("%s stay on %s"):format(left, thing.name)
      end
    end
  end
end

-- L3: no mark, no half-made thing, no protection other than before, unless the report says so.
local function tidy(watch, run)
  local holder = watch:holder "mydb"
  local problem = marked(watch, run)
  if problem then return problem end
  if holder and not watch.operator_protection and not told_by_any(watch, LEFT.protection)
    and (holder.fields.DeletionProtection == true) ~= watch.original.protected then
    return "the deletion protection of mydb is not as it was"
  end
  local aside = watch:holder "mydb-temp"
  local left = aside and aside.rid == watch.original.rid and aside.status ~= "deleting"
  if left and not run.options.keep_original and not told(run, LEFT.aside) then return "mydb-temp is left" end
  return stray_snapshot(watch)
end

local BY_OUTCOME = {
  restored = { { "I10", restored }, { "I13", configured }, { "L3", tidy }, { "D7", covered }, { "T15", same_writer },
    { "D8", still_covered } },
  snapshotted = { { "D16", snapshotted }, { "I7", back }, { "L3", tidy } },
  rolled_back = { { "I7", back }, { "L3", tidy }, { "D8", still_covered } },
  failed = { { "I7", back }, { "L3", tidy }, { "D8", still_covered } },
  refused = { { "I7", back }, { "L3", tidy } },
  parked = {},
}

local SUCCESS = { restored = true, snapshotted = true }

-- I10, D18: the exit code says which it was.
local function exits(_, host)
  local outcome = host.run.record.outcome
  if outcome and (report.EXIT[outcome] == 0) ~= (SUCCESS[outcome] == true) then
    return ("%s exits as %s"):format(outcome, tostring(report.EXIT[outcome]))
  end
end

-- I12 and L5: an end that is allowed; parked only while the cause is there.
local function ended(watch, host)
  local outcome = host.run.record.outcome
  if not outcome then return "it did not end" end
  if not BY_OUTCOME[outcome] then return "the outcome is " .. outcome end
  if outcome ~= "parked" then return nil end
  if not host.run.record.parked.todo then return "parked, and nobody is told what to do" end
  if not watch.foreign then return "still parked when the cause is gone: " .. host.run.record.parked.reason end
end

-- I2: nothing has happened to the others.
local function others(watch)
  for rid, before in pairs(watch.others) do
    local now = watch.sb:by_resource_id(rid) or {}
    for _, field in ipairs { "DBInstanceIdentifier", "DeletionProtection", "data_version", "TagList" } do
      if not tables.same(now[field], before[field]) and not watch.operator_changed then
        return ("the %s of %s has changed"):format(field, before.DBInstanceIdentifier)
      end
    end
  end
end

local function judged(watch, host)
  for _, row in ipairs(BY_OUTCOME[host.run.record.outcome] or {}) do
    local problem = row[2](watch, host.run)
    if problem then watch:report(row[1], problem) end
  end
end

return { { name = "I12", check = ended }, { name = "I2", check = others }, { name = "I10", check = judged },
  { name = "I10", check = exits } }
