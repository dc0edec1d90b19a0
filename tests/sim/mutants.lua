--- Mistakes that the campaigns must find: a text of a shipped module, and what stands there instead. `row` names the
--- facts and defects of the specification that each belongs to.
local function mutant(row, name, module, find, put)
  return { row = row, name = name, module = module, find = find, put = put }
end

local function returns(signature, value)
  return signature .. "\n  if run then return " .. value .. " end"
end

local DONE = "run:done()"

return {
  -- the door
  mutant("6.5", "the quiescence is dropped", "door", "16 * 60 * 1000", "0"),
  mutant("I4", "a call leaves before its intent is durable", "door",
    'run:save("intent", intent) -- raises when it cannot be written: then nothing is sent', ""),
  mutant("1.8", "a lost call is sent again at once", "door", "if lost(intent) and not rule.repeatable and left_ms > 0",
    "if false"),
  mutant("6.5", "a lost sending is forgotten", "door", "if intent.sends == 0 or not lost(intent) then return end",
    "if intent then return end"),
  mutant("A2", "a lost reply counts as a refusal", "door", "if err and not err.ambiguous then", "if err then"),
  mutant("I4", "nobody looks before a call is sent again", "door",
    "return intent.reads ~= nil and intent.reads.count >= looks.ENOUGH, trace.text", "return true, trace.text"),
  mutant("D19", "a throttled change is a failure", "door", 'if err.retryable or class == "throttle" or',
    'if class == "nothing" or'),
  mutant("I8", "the lease is not looked at before a change", "door", "not rule.marks and lease.lost(run)", "nil"),
  mutant("T1", "one look is enough", "looks", "ENOUGH = 3", "ENOUGH = 1"),
  -- identity
  mutant("I2", "names for resource ids", "run",
    "self.database.by_resource_id(self.world.rds, known.resource_id)",
    "self.database.by_name(self.world.rds, role == 'original' and self.facts.aside or self.identifier)"),
  mutant("D23", "names are made by cutting -temp", "steps.rename", "return move(run, part, part.home)",
    'return move(run, part, part.seen and (part.seen.name:gsub("%-temp", "")) or part.home)'),
  mutant("I6", "the replacement is born without a mark", "steps.restore", "{ [marks.RUN] = run.id }", "{}"),
  mutant("I5", "a snapshot is known by its name", "pinned",
    "snapshot.arn == known.arn and snapshot.created_at == known.created_at", "snapshot.arn == known.arn"),
  mutant("D12", "a replacement whose reply was lost is not recognised", "steps.restore",
    "elseif not known and run:marked(holder.tags) then", "elseif false then"),
  -- exclusion and fence
  mutant("D24", "no lock and no lease", "steps.lock", "function lock.advance(run)",
    returns("function lock.advance(run)", DONE)),
  mutant("I8", "leases of others are never in force", "lease",
    "function lease.in_force(world, found) return found.ends_at > aws_now_s(world) end",
    "function lease.in_force() return false end"),
  mutant("I9", "the fence is dropped", "steps.fence", "function fence.advance(run)",
    returns("function fence.advance(run)", DONE)),
  mutant("D25", "a rollback leaves the fence up", "steps.fence", "function fence.undo(run)",
    returns("function fence.undo(run)", DONE)),
  mutant("D25", "the replacement keeps the fence", "steps.finish", "local function protection(run, role)",
    returns("local function protection(run, role)", "nil")),
  mutant("L3", "the marks are left", "run", "Run.unmark = lease.release",
    "function Run.unmark() end"),
  mutant("I9", "the replacement is not protected before the original goes", "steps.delete",
    "answer = not run.options.no_fence and run:protect(replacement, true)", "answer = nil"),
  -- rename and rollback
  mutant("D6", "a rename counts before it has settled", "steps.rename", "if seen:quiet() then return nil end",
    "if seen then return nil end"),
  mutant("D5", "a rename may take 155 seconds", "steps.rename", "deadline_s = 6 * 3600", "deadline_s = 155"),
  mutant("D5", "the original is not moved back", "steps.rename", "function rename.undo(run)",
    returns("function rename.undo(run)", DONE)),
  mutant("D13", "a run forgets that it has begun to move", "steps.rename", "run.facts.moving = true",
    "run.facts.moved = true"),
  mutant("D2", "a rollback leaves the half-made replacement", "steps.restore", "function restore.undo(run)",
    returns("function restore.undo(run)", DONE)),
  mutant("D2", "a rollback deletes the cluster before its members", "steps.restore",
    "taken(run, replacement) or members.delete(run, replacement)", "taken(run, replacement)"),
  mutant("D4", "a restore may take 89 minutes", "steps.restore", "deadline_s = 24 * 3600", "deadline_s = 89 * 60"),
  mutant("D1", "a restore that ended badly is waited for", "steps.restore", 'local bad = replacement:bad()',
    "local bad = nil"),
  mutant("D20", "a terminal state is not known", "statuses", "incompatible-network ", " "),
  -- restore and settings
  mutant("T18", "the replacement is restored with protection", "databases.instance",
    "parameters.DeletionProtection = false",
    "parameters.DeletionProtection = true"),
  mutant("D9", "the restore call is given no settings", "steps.restore",
    "run.database.settings:restore(run.facts.config)", "{}"),
  mutant("T3", "nothing is configured after the restore", "steps.configure", "function configure.advance(run)",
    returns("function configure.advance(run)", DONE)),
  mutant("T7", "a parameter group that waits for a reboot is left so", "steps.configure",
    "if seen:needs_reboot() then", "if false then"),
  mutant("T10", "the engine version of a cluster is left to RDS", "databases.cluster",
    "parameters.Engine, parameters.EngineVersion = config.Engine, config.EngineVersion",
    "parameters.Engine, parameters.EngineVersion = config.Engine, nil"),
  mutant("T15", "readers are made before the writer", "members", 'parts.members(run, "writer", "reader")',
    'parts.members(run, "reader", "writer")'),
  mutant("D10", "members are made without their settings", "members",
    "run.database.member_settings:create(member.config)", "{ DBInstanceClass = member.config.DBInstanceClass }"),
  -- verify and delete
  mutant("D7", "nothing is verified", "steps.verify", "if answer then\n    run:steady",
    "if false then\n    run:steady"),
  mutant("I13", "differences are not looked for", "steps.verify",
    "local differing, security = differences(run, list)", "local differing, security = {}, false"),
  mutant("D7", "no final snapshot", "steps.delete", "return names.final(run.identifier, run.id)", "return nil"),
  mutant("D3", "automated backups are always dropped", "steps.delete",
    "delete_automated_backups = run.options.delete_automated_backups == true", "delete_automated_backups = true"),
  -- the snapshot
  mutant("D8", "the old snapshot goes first", "steps.snapshot",
    'if old and run.options.replace_snapshot == "direct" then',
    "if old then"),
  mutant("D16", "a snapshot counts before it is available", "steps.snapshot",
    'if seen.status ~= "available" then\n    local percent', 'if false then\n    local percent'),
  -- preflight
  mutant("D14", "a leftover aside is not refused", "steps.checks.common", "function common.names.aside_free(run)",
    returns("function common.names.aside_free(run)", "nil")),
  mutant("D22", "replicas are not refused", "steps.checks.instance",
    "function checks.original.no_replica(run, original)",
    returns("function checks.original.no_replica(run, original)", "nil")),
  mutant("D15", "pending modifications are not refused", "steps.checks.common",
    "function common.original.pending(_, original)",
    "function common.original.pending(_, original)\n  if original then return end"),
  mutant("D18", "a failure exits as success", "report", "failed = 4", "failed = 0"),
}
