--- Mistakes that the simulation must find: a text of a shipped module, and what stands there instead. `rows` names what
--- of the specification each belongs to: a defect of the original (T1 to T17, D1 to D31), a section, an invariant, or a
--- fact of RDS ("rds …"). `by` names the case that finds it (tests/sim/cases.lua), or the file of tests, where no
--- simulation comes.
local function mutant(rows, name, by, module, find, put)
  return { rows = rows, name = name, by = by, edits = { { module = module, find = find, put = put } } }
end

local function also(made, module, find, put)
  table.insert(made.edits, { module = module, find = find, put = put })
  return made
end

local function returns(signature, value)
  return signature, signature .. "\n  if run then return " .. value .. " end"
end

local DONE = "run:done()"

local mutants = {
  -- the door
  mutant("6.5", "the quiescence is dropped", "lost deletion", "door", "16 * 60 * 1000", "0"),
  mutant("I4", "a call leaves before its intent is durable", "instance", "door",
    'run:save("intent", intent) -- raises when it cannot be written: then nothing is sent', ""),
  mutant("rds 1.8", "a lost call is sent again at once", "lost deletion", "door",
    "if lost(intent) and not rule.repeatable and left_ms > 0", "if false"),
  mutant("6.5", "a lost sending is forgotten", "late rename", "door",
    "if intent.sends == 0 or not lost(intent) then return end", "if intent then return end"),
  mutant("6.5", "a rollback does not wait for what may still come", "late rename, then none", "steps.rename",
    "progress or parts.quiesce(run, list) or run:done()", "progress or run:done()"),
  mutant("rds A2", "a lost reply counts as a refusal", "lost deletion", "door", "if err and not err.ambiguous then",
    "if err then"),
  mutant("I4", "nobody looks before a call is sent again", "dropped rename", "door",
    "return intent.reads ~= nil and intent.reads.count >= looks.ENOUGH, trace.text", "return true, trace.text"),
  mutant("I4", "a stale look counts before a call is sent again", "dropped rename", "door",
    "now >= intent.at_ms + STALENESS_MS", "true"),
  mutant("T17 D19", "a throttled change is a failure", "throttled change", "door",
    'if err.retryable or class == "throttle" or', 'if class == "nothing" or'),
  mutant("T17", "throttled looks end a run", "throttled looks", "pipeline",
    "if err.retryable or throttled then return run:wait", "if false then return run:wait"),
  mutant("I8", "the lease is not looked at before a change", "overtaken", "door", "not rule.marks and lease.lost(run)",
    "nil"),
  mutant("T8", "one look is enough", "instance", "looks", "ENOUGH = 3", "ENOUGH = 1"),
  mutant("I14", "a run looks all the time", "instance", "world",
    "look_ms = { min = 10 * 1000, max = 60 * 1000 }", "look_ms = { min = 100, max = 200 }"),
  -- identity
  mutant("I2", "names for resource ids", "instance", "run",
    "self.database.by_resource_id(self.world.rds, known.resource_id)",
    "self.database.by_name(self.world.rds, role == 'original' and self.facts.aside or self.identifier)"),
  mutant("T5 D23", "names are made by cutting -temp", "fails aurora", "steps.rename",
    "return move(run, part, part.home)",
    'return move(run, part, part.seen and (part.seen.name:gsub("%-temp", "")) or part.home)'),
  mutant("T9", "a cluster is taken for an instance", "aurora", "pipeline",
    'self.database(run.record.kind == "cluster")', "self.database(false)"),
  mutant("T13 D19", "what is not found is read out of the text", "restore refused", "door",
    "local class = errors.class(intent.operation, err.code)",
    'local class = tostring(err):find "not" and "already-done" or errors.class(intent.operation, err.code)'),
  mutant("D19", "what cannot be looked at has failed", "denied looks", "pipeline",
    'return run:park(tostring(err), ("when AWS', 'return run:fail(tostring(err), ("when AWS'),
  mutant("I6", "the replacement is born without a mark", "instance", "steps.restore", "{ [marks.RUN] = run.id }", "{}"),
  mutant("I5", "a snapshot is known by its name", "another snapshot", "pinned",
    "snapshot.arn == known.arn and snapshot.created_at == known.created_at", "snapshot.arn == known.arn"),
  mutant("D12", "a replacement whose reply was lost is not recognised", "lost restore", "steps.restore",
    "elseif not known and run:marked(holder.tags) then", "elseif false then"),
  mutant("D12", "a member whose reply was lost is not recognised", "lost member", "members",
    "local ours = run:marked(holder.tags) and holder.raw.DBClusterIdentifier == replacement.name",
    "local ours = false"),
  mutant("D3", "the first snapshot of those that are shared is taken", "shared", "databases.cluster",
    '{ DBClusterSnapshotIdentifier = name, IncludeShared', '{ IncludeShared'),
  mutant("D11", "a database must have the name of a first schema", "nameless", "databases.cluster",
    "arn = raw.DBClusterArn,", "arn = assert(raw.DatabaseName) and raw.DBClusterArn,"),
  -- exclusion and fence
  mutant("D24", "no lock and no lease", "twins", "steps.lock", returns("function lock.advance(run)", DONE)),
  mutant("D24 I8", "leases of others are never in force", "late rival", "lease",
    "function lease.in_force(world, found) return found.ends_at > aws_now_s(world) end",
    "function lease.in_force() return false end"),
  mutant("I8", "the lease is not renewed", "late rival", "lease", returns("function lease.keep(run)", "nil")),
  mutant("I9", "the fence is dropped", "instance", "steps.fence", returns("function fence.advance(run)", DONE)),
  mutant("D25", "a rollback leaves the fence up", "fails", "steps.fence", returns("function fence.undo(run)", DONE)),
  mutant("D25", "the replacement keeps the fence", "instance", "steps.finish",
    returns("local function protection(run, role)", "nil")),
  mutant("L3", "the marks are left", "instance", "run", "Run.unmark = lease.release", "function Run.unmark() end"),
  mutant("I9", "the replacement is not protected before the original goes", "instance", "steps.delete",
    "answer = not run.options.no_fence and run:protect(replacement, true)", "answer = nil"),
  -- rename and rollback
  mutant("D6", "a rename counts before it has settled", "slow reboot", "steps.rename",
    "if seen:quiet() then return nil end", "if seen then return nil end"),
  mutant("T2 D5", "a rename may take 155 seconds", "slow rename", "steps.rename", "deadline_s = 6 * 3600",
    "deadline_s = 155"),
  mutant("D5", "the original is not moved back", "fails", "steps.rename", returns("function rename.undo(run)", DONE)),
  mutant("T4", "a rollback moves the cluster back, and not its members", "member refused", "steps.rename",
    "local list = parts.reversed(parts.original(run))", "local list = { parts.reversed(parts.original(run))[1] }"),
  mutant("D13", "a run forgets that it has begun to move", "instance", "steps.rename", "run.facts.moving = true",
    "run.facts.moved = true"),
  mutant("T3 D2", "a rollback leaves the half-made replacement", "fails", "steps.restore",
    returns("function restore.undo(run)", DONE)),
  mutant("D2", "a rollback deletes the cluster before its members", "writer fails", "steps.restore",
    "taken(run, replacement) or members.delete(run, replacement)", "taken(run, replacement)"),
  mutant("D4", "a restore may take 89 minutes", "slow restore", "steps.restore", "deadline_s = 24 * 3600",
    "deadline_s = 89 * 60"),
  mutant("D1", "a restore that ended badly is waited for", "fails", "steps.restore", "local bad = replacement:bad()",
    "local bad = nil"),
  mutant("T1 D1", "a restore that ended badly is not rolled back", "fails", "steps.restore",
    [[return run:fail(("the restore ended as '%s'"):format(replacement.status))]],
    [[return run:park(("the restore ended as '%s'"):format(replacement.status), "look")]]),
  mutant("D20", "a terminal state is not known", "network", "statuses", "incompatible-network ", " "),
  mutant("I7", "the step that failed is not undone", "fails", "pipeline",
    'record.direction, record.position = "back", record.position + 1', 'record.direction = "back"'),
  mutant("L5", "what was parked stays so", "parameters", "pipeline",
    "record.outcome, record.parked, record.ended_at = nil, nil, nil", "record.ended_at = nil"),
  -- restore and settings
  mutant("rds T18", "the replacement is restored with protection", "fails protected", "databases.instance",
    "parameters.DeletionProtection = false", "parameters.DeletionProtection = true"),
  mutant("D9 T11", "the restore call is given no settings", "instance", "steps.restore",
    "run.database.settings:restore(run.facts.config)", "{}"),
  mutant("T11", "nothing is configured after the restore", "instance", "steps.configure",
    returns("function configure.advance(run)", DONE)),
  mutant("rds T7", "a parameter group that waits for a reboot is left so", "instance", "steps.configure",
    "if seen:needs_reboot() then", "if false then"),
  mutant("rds T10", "the engine version of a cluster is left to RDS", "aurora", "databases.cluster",
    "parameters.Engine, parameters.EngineVersion = config.Engine, config.EngineVersion",
    "parameters.Engine, parameters.EngineVersion = config.Engine, nil"),
  mutant("T10 D10", "readers are made before the writer", "aurora", "members",
    'parts.members(run, "writer", "reader")', 'parts.members(run, "reader", "writer")'),
  mutant("D10", "members are made without their settings", "aurora", "members",
    "run.database.member_settings:create(member.config)", "{ DBInstanceClass = member.config.DBInstanceClass }"),
  also(mutant("D31", "members are made before their cluster is available", "aurora", "steps.restore",
    "elseif replacement:serving() then", "elseif replacement then"), "members",
    "run:change(replacement, creation(run, replacement, member))",
    "run:mutate(creation(run, replacement, member))"),
  -- verify and delete
  mutant("D7", "nothing is verified", "maintenance", "steps.verify", "if answer then\n    run:steady",
    "if false then\n    run:steady"),
  mutant("I13", "differences are not looked for", "setting fails", "steps.verify",
    "local differing, security = differences(run, list)", "local differing, security = {}, false"),
  mutant("D7 T12", "no final snapshot", "unretained", "steps.delete", "return names.final(run.identifier, run.id)",
    "return nil"),
  mutant("D7 T12", "automated backups are always dropped", "retained", "steps.delete",
    "delete_automated_backups = run.options.delete_automated_backups == true", "delete_automated_backups = true"),
  -- the snapshot
  mutant("T6 D8", "the old snapshot goes first", "snapshot refused", "steps.snapshot",
    'if old and run.options.replace_snapshot == "direct" then', "if old then"),
  mutant("T6", "a snapshot whose reply was lost is somebody else's", "lost snapshot", "steps.snapshot",
    "return seen.tags[marks.RUN] == marks.of_snapshot(run.id) and of_original", "return false and of_original"),
  mutant("T7 D16", "a snapshot counts before it is available", "slow snapshot", "steps.snapshot",
    'if seen.status ~= "available" then\n    local percent', 'if false then\n    local percent'),
  mutant("T15 D21", "an export is named after the moment", "lost export", "steps.checks.export",
    "names.export(run.identifier, run.id)", '"mydb-export-" .. run:stamp()'),
  -- preflight
  mutant("T12 D14", "a leftover aside is not refused", "leftover", "steps.checks.common",
    returns("function common.names.aside_free(run)", "nil")),
  mutant("D22", "replicas are not refused", "replicated", "steps.checks.instance",
    "function checks.original.no_replica(run, original)",
    "function checks.original.no_replica(run, original)\n  if run then return nil end"),
  mutant("D15", "pending modifications are not refused", "pending", "steps.checks.common",
    "function common.original.pending(_, original)",
    "function common.original.pending(_, original)\n  if original then return end"),
  mutant("D26", "a task that is not known is taken", "tests/regress/d26-a-misspelt-task-is-no-restore.lua", "options",
    "    if value == choice then return end", "    if value == choice or field == 'task' then return end"),
  -- telling
  mutant("T14 D18", "a failure exits as success", "fails", "report", "rolled_back = 5", "rolled_back = 0"),
  mutant("L4", "nobody is told", "fails", "alerts", returns("function alerts.tell_end(run, settings)", "nil")),
  mutant("D17", "an alert that fails ends the program", "nobody listens", "alerts",
    "local ok, err = pcall(SEND[channel.kind], channel, said, client)",
    "local ok, err = true, SEND[channel.kind](channel, said, client)"),
  mutant("I11", "a failure tells the address of a webhook", "nobody listens", "alerts",
    "format(settings_module.title(channel), reason(err))", "format(channel.url, reason(err))"),
  mutant("T16", "what others write is HTML", "tests/lua/test_alerts.lua", "escape",
    [[return (escape.text(text):gsub("[&<>\"']", HTML)) end]], "return escape.text(text) end"),
  mutant("T16 D29", "a policy for every resource", "tests/regress/d29-only-what-is-needed.lua", "policy",
    'return of_any_run(about, name:find "^arn:" and name or arn(about, "rds", kind .. ":" .. name:lower()))',
    'return "*"'),
  mutant("D30", "a wait may be as long as it likes", "tests/regress/d30-odd-waits-end-well.lua", "world",
    "look_ms = { min = 10 * 1000, max = 60 * 1000 }", "look_ms = { min = 10 * 1000, max = 6000 * 1000 }"),
}

--- What of the two lists of defects no mistake stands for, and why.
local NOT_COUNTED = {
  { defect = "D27", why = "a path that a packaging template spells otherwise: there is no template" },
  { defect = "D28", why = "what a packaging template and its installer say: there are none" },
}

return { LIST = mutants, NOT_COUNTED = NOT_COUNTED }
