--- Cases that every campaign plays, by name: each goes straight to a place that random faults seldom find. The seeded
--- mistakes are looked for in them first.
local case = require "case"
local kinds = require "kinds"

local cases = { LIST = {}, NAMED = {} }

local function row(name, fields)
  local made = case.new(fields)
  cases.NAMED[name] = made
  table.insert(cases.LIST, made)
end

local function at(operation, occurrence, kind, more)
  local fault = more or {}
  fault.operation, fault.occurrence, fault.kind = operation, occurrence, kind
  return fault
end

local function burst(operation, first, last, kind)
  local list = {}
  for i = first, last do list[#list + 1] = at(operation, i, kind) end
  return list
end

local RESTORE, RESTORE_CLUSTER = "RestoreDBInstanceFromDBSnapshot", "RestoreDBClusterFromSnapshot"
local NO_RESTORE, NO_CLUSTER = kinds.no_restore.instance, kinds.no_restore.cluster

local function ends_as(status) return { at(RESTORE, "every", "terminal", { status = status }) } end

-- Nothing goes wrong, or it is refused.
row("instance", { topology = "instance", task = "create_snapshot", snapshot = true })
row("unretained", { topology = "unretained", task = "db_restore" })
row("retained", { topology = "instance", task = "db_restore" })
row("snapshot only", { topology = "instance", task = "create_snapshot_only", snapshot = true,
  options = { export = true, export_wait = true } })
row("aurora", { topology = "aurora", task = "create_snapshot" })
row("aurora1", { topology = "aurora1", task = "db_restore" })
row("multi-az", { topology = "multi_az", task = "create_snapshot" })
row("protected", { topology = "protected" })
row("leftover", { topology = "leftover" })
row("replicated", { topology = "replicated" })
row("pending", { topology = "pending" })
row("nameless", { topology = "nameless" })
row("shared", { topology = "shared", task = "db_restore", options = { allow_foreign_snapshot = true,
  snapshot = "arn:aws:rds:us-east-1:210987654321:cluster-snapshot:theirs" } })
row("kept", { topology = "instance", options = { keep_original = true } })
row("exported", { topology = "aurora", options = { export = true } })
row("adversarial", { topology = "instance", snapshot = true, preset = "adversarial" })
row("adversarial aurora", { topology = "aurora1", preset = "adversarial" })

-- RDS takes its time.
row("slow rename", { topology = "instance", knobs = { rename_s = 540 } })
row("slow reboot", { topology = "instance", knobs = { rename_reboot_s = 400 } })
row("slow snapshot", { topology = "instance", task = "create_snapshot_only", knobs = { snapshot_s = 3600 } })
row("slow restore", { topology = "unretained", task = "db_restore", knobs = { restore_s = 3 * 3600 } })
-- or not as long as the last time
row("recorded", { topology = "instance", snapshot = true, record = 1 })
row("recorded as short", { topology = "aurora", record = 0.1 })
row("recorded as long", { topology = "instance", snapshot = true, record = 10, faults = { NO_RESTORE } })
row("recorded as long, adversarial", { topology = "aurora", preset = "adversarial", record = 10 })
row("stale", { topology = "instance", knobs = { stale_s = 60 } })
row("stale aurora", { topology = "aurora", knobs = { stale_s = 60, stale_apart = 1 } })

-- The restore ends badly.
row("fails", { topology = "instance", snapshot = true, faults = { NO_RESTORE } })
row("snapshot refused, stale", { topology = "instance", seed = 4, knobs = { stale_s = { 0, 60 }, stale_apart = 1 },
  faults = { at("CreateDBSnapshot", "every", "denied") } })
row("fails stale", { topology = "instance", preset = "quick", seed = 47,
  knobs = { stale_s = { 0, 60 }, stale_apart = 1, rename_s = 150, rename_reboot_s = 1 },
  faults = { at(RESTORE, "every", "terminal", { status = "failed" }) } })
row("fails protected", { topology = "protected", faults = { NO_RESTORE } })
row("fails aurora", { topology = "aurora", faults = { NO_CLUSTER } })
row("fails stale aurora", { topology = "aurora1", preset = "adversarial", seed = 127, faults = { NO_CLUSTER } })
row("network", { topology = "instance", faults = ends_as "incompatible-network" })
row("parameters", { topology = "instance", faults = ends_as "incompatible-parameters" })
row("stuck", { topology = "instance", faults = { at(RESTORE, "every", "stuck") } })
row("writer fails", { topology = "aurora", faults = { at("CreateDBInstance", 1, "terminal", { status = "failed" }) } })
row("reader fails", { topology = "aurora", faults = { at("CreateDBInstance", 2, "terminal", { status = "failed" }) } })
row("nobody listens", { topology = "instance", faults = { NO_RESTORE, at("webhook", "every", "drop") } })

-- Something is refused, or fails.
row("member refused", { topology = "aurora", faults = { at("ModifyDBInstance", 3, "denied") } })
row("rename fails", { topology = "instance", faults = { at("ModifyDBInstance", 2, "background_failure") } })
-- or twice on the way back: the third time it is done, and no person is needed
row("renames back fail", { topology = "aurora", preset = "adversarial", seed = 94, faults = { NO_CLUSTER } })
row("the writer's fails", { topology = "aurora", preset = "adversarial", seed = 136, faults = { NO_CLUSTER } })
row("fence refused", { topology = "instance", faults = { at("ModifyDBInstance", 1, "denied") } })
row("snapshot refused", { topology = "instance", snapshot = true,
  faults = { at("CreateDBSnapshot", "every", "denied") } })
row("restore refused", { topology = "instance", faults = { at(RESTORE, "every", "denied") } })
row("role after hours", { topology = "instance", snapshot = true, preset = "adversarial", seed = 51 })
row("setting refused", { topology = "instance", faults = { at("ModifyDBInstance", 3, "denied") } })
row("setting fails", { topology = "instance", faults = { at("ModifyDBInstance", 3, "background_failure") } })
row("deletion refused", { topology = "instance", faults = { at("DeleteDBInstance", "every", "denied") } })

-- Replies are lost, and requests arrive late.
row("lost snapshot", { topology = "instance", faults = { at("CreateDBSnapshot", 1, "lost") } })
row("lost restore", { topology = "instance", faults = { at(RESTORE, 1, "lost") } })
row("lost cluster", { topology = "aurora", faults = { at(RESTORE_CLUSTER, 1, "lost") } })
row("lost member", { topology = "aurora", faults = { at("CreateDBInstance", 2, "lost") } })
row("lost export", { topology = "instance", options = { export = true },
  faults = { at("StartExportTask", 1, "lost") } })
row("lost deletion", { topology = "instance", snapshot = true,
  faults = { at("DeleteDBSnapshot", 1, "zombie", { delay_s = 600 }) } })
row("late rename", { topology = "instance", preset = "quick",
  faults = { at("ModifyDBInstance", 2, "zombie", { delay_s = 890 }), at(RESTORE, "every", "denied") } })
row("late rename, then none", { topology = "instance", preset = "quick",
  faults = { at("ModifyDBInstance", 2, "zombie", { delay_s = 890 }), at("ModifyDBInstance", 3, "denied") } })
row("late protection", { topology = "instance", preset = "quick",
  faults = { at("ModifyDBInstance", 4, "zombie", { delay_s = 890 }) } })
row("late fence", { topology = "aurora", preset = "quick",
  faults = { at("ModifyDBCluster", 1, "zombie", { delay_s = 890 }), at(RESTORE_CLUSTER, "every", "denied") } })
-- the fence's own call finds the replacement, while the call for that is lost
row("late fence finds the replacement", { topology = "instance", preset = "quick", task = "db_restore",
  knobs = { restore_s = 480 }, faults = { at("ModifyDBInstance", 1, "zombie", { delay_s = 890 }),
    at("ModifyDBInstance", 5, "zombie", { delay_s = 890 }) } })
row("late deletion", { topology = "instance", preset = "quick",
  faults = { at("DeleteDBInstance", 1, "zombie", { delay_s = 890 }), NO_RESTORE } })
row("dropped rename", { topology = "instance", faults = { at("ModifyDBInstance", 2, "drop") } })
row("throttled change", { topology = "instance", faults = { at("ModifyDBInstance", 2, "throttle", { count = 9 }) } })
row("throttled looks", { topology = "instance",
  faults = { at("DescribeDBInstances", 30, "throttle", { count = 60 }) } })
row("denied looks", { topology = "instance", faults = burst("DescribeDBInstances", 70, 90, "denied") })

row("rollback refused", { topology = "instance", faults = { NO_RESTORE, at("DeleteDBInstance", "every", "denied") } })
for _, fault in ipairs {
  at("ModifyDBInstance", 2, "dup"), at("ModifyDBInstance", 2, "500n"), at("DeleteDBInstance", 1, "500c"),
  at("CreateDBSnapshot", 1, "503"), at("CreateDBSnapshot", 1, "trunc", { bytes = 300 }),
  at("DeleteDBInstance", 1, "garbage", { form = "html" }), at("ModifyDBInstance", 3, "slow", { delay_s = 90 }),
  at("ModifyDBInstance", 1, "reset", { part = "response" }), at("ModifyDBInstance", 2, "dns"),
  at("DeleteDBInstance", 1, "tls"), at("ModifyDBInstance", 2, "expired"), at("ModifyDBInstance", 2, "revoked"),
} do
  row(fault.kind, { topology = "instance", faults = { fault } })
end
-- the first of two is executed, the second one refused, and the third is denied before the first one shows
row("refused copy", { topology = "instance", knobs = { reserved_name_state = 1, rename_lag_s = 60, stale_s = 60 },
  faults = { at("ModifyDBInstance", 2, "dup"), at("ModifyDBInstance", 3, "denied") } })
row("dropped deletion", { topology = "instance", faults = { at("DeleteDBInstance", "every", "drop") } })
row("looks denied in snapshot", { topology = "instance", snapshot = true,
  faults = burst("DescribeDBSnapshots", 26, 30, "denied") })
row("late snapshot", { topology = "instance", snapshot = true, task = "create_snapshot_only", preset = "quick",
  faults = { at("CreateDBSnapshot", 1, "zombie", { delay_s = 890 }), at("CreateDBSnapshot", 2, "denied") } })
row("late fence, twice", { topology = "instance", faults = { at("ModifyDBInstance", 2, "drop"),
  at("ModifyDBInstance", 1, "zombie", { delay_s = 600 }) } })
row("late lease", { topology = "unretained", task = "db_restore", faults = { at("ModifyDBInstance", 1, "denied"),
  at("AddTagsToResource", 2, "zombie", { delay_s = 600 }) } })

-- Others are at work.
row("twins", { topology = "instance", rival_s = 0 })
row("stale rival", { topology = "instance", seed = 6, rival_s = 10,
  knobs = { stale_s = { 0, 60 }, stale_apart = 1 } })
row("rival", { topology = "instance", rival_s = 30 })
-- which leaves its fence up, and says so: nothing for the first one to tell
row("rival that cannot tidy up", { topology = "instance", rival_s = 221, faults = { at("ModifyDBInstance", 1, "denied"),
  NO_RESTORE, table.unpack(burst("ModifyDBInstance", 5, 9, "drop")) } })
row("late rival", { topology = "instance", rival_s = 4000, options = { export = true, export_wait = true },
  knobs = { export_s = 4 * 3600 } })
-- a rival takes over while the first is away, which then comes back
row("overtaken", { topology = "instance", snapshot = true, rival_s = 2600,
  crashes = { { site = "call", what = "CreateDBSnapshot", when = "after", nth = 1, away_s = 2800 } } })
-- or rolls back meanwhile, and takes its fence down
row("overtaken in rename", { topology = "instance", task = "db_restore", rival_s = 2500,
  faults = { at(RESTORE, 1, "terminal", { status = "failed" }) },
  crashes = { { site = "look", what = "rename", when = "asleep", nth = 2, away_s = 12000 } } })
-- or begins when the first has deleted the original, and has not ended: what there is then is another database
row("after the original", { topology = "instance", snapshot = true, rival_s = 204, crashes = {
  { site = "look", when = "before", nth = 1, away_s = 90000 },
  { site = "journal", what = "finish", when = "after", nth = 1, away_s = 90000 } } })
row("another snapshot", { topology = "instance", task = "db_restore", knobs = { rename_s = 600, snapshot_s = 30 },
  meanwhile = { { step = "rename", after_s = 200, kind = "delete_snapshot", name = "mydb-snapshot" },
    { step = "rename", after_s = 300, kind = "snapshot", name = "mydb-template-1", snapshot = "mydb-snapshot" } } })
row("maintenance", { topology = "instance",
  meanwhile = { { step = "verify", kind = "status", name = "mydb", status = "rebooting", for_s = 900 } } })
row("somebody's snapshot", { topology = "instance", knobs = { snapshot_s = 30 },
  meanwhile = { { step = "snapshot", kind = "snapshot", name = "mydb-template-1", snapshot = "mydb-snapshot" } } })
row("old snapshot replaced", { topology = "instance", snapshot = true, knobs = { snapshot_s = 300 },
  meanwhile = { { step = "snapshot", after_s = 10, kind = "delete_snapshot", name = "mydb-snapshot" },
    { step = "snapshot", after_s = 100, kind = "snapshot", name = "mydb-template-1", snapshot = "mydb-snapshot" } } })
row("last copy", { topology = "instance", seed = 2, options = { no_fence = true },
  faults = ends_as "incompatible-restore",
  meanwhile = { { step = "restore", after_s = 120, kind = "delete", name = "mydb-temp" } } })
row("unknown status", { topology = "instance",
  meanwhile = { { step = "configure", kind = "status", name = "mydb", status = "half-polished", for_s = 900 } } })
row("breaks in configure", { topology = "instance",
  meanwhile = { { step = "configure", kind = "status", name = "mydb", status = "failed" } } })
row("breaks in verify", { topology = "instance",
  meanwhile = { { step = "verify", kind = "status", name = "mydb", status = "failed" } } })

-- The process dies.
row("dies before restore", { topology = "instance",
  crashes = { { site = "call", what = RESTORE, when = "before", nth = 1 } } })
row("dies after restore", { topology = "instance",
  crashes = { { site = "call", what = RESTORE, when = "after", nth = 1 } } })
row("dies in rename", { topology = "aurora", faults = { NO_CLUSTER },
  crashes = { { site = "journal", what = "rename", when = "after", nth = 1, away_s = 90000 } } })
row("dies unwritten", { topology = "instance", crashes = { { site = "journal", when = "before", nth = 12 } } })
row("disk full", { topology = "instance", crashes = { { site = "journal", when = "refused", nth = 15 } } })
row("dies waiting", { topology = "instance",
  crashes = { { site = "look", what = "restore", when = "before", nth = 3 } } })
row("asleep for a day", { topology = "instance",
  crashes = { { site = "look", what = "restore", when = "asleep", nth = 3, away_s = 90000 } } })
row("elsewhere and back", { topology = "instance", elsewhere = true, faults = { NO_RESTORE },
  crashes = { { site = "look", what = "undo restore", when = "before", nth = 2 } } })
-- what was sent at the end of a lease that could not be renewed is executed when another host is at it
row("elsewhere and late", { topology = "instance", elsewhere = true, knobs = { restore_s = 1100, delete_s = 60 },
  faults = { at("ModifyDBInstance", 4, "zombie", { delay_s = 890 }),
    table.unpack(burst("AddTagsToResource", 4, 10, "denied")) },
  crashes = { { site = "call", what = "ModifyDBInstance", when = "after", nth = 4, away_s = 400 } } })
row("elsewhere", { topology = "instance", elsewhere = true,
  crashes = { { site = "call", what = RESTORE, when = "after", nth = 1 } } })

return cases
