--- The door: an intent is durable before its call leaves, and is sent once however often it is asked for.
local door = require "trapheus.door"
local instance = require "trapheus.databases.instance"
local journal = require "trapheus.journal"
local marks = require "trapheus.marks"
local json = require "trapheus.json"
local run_module = require "trapheus.run"
local witness = require "witness"
local world_module = require "trapheus.world"

local tests = {}

local equal = witness.equal

local TARGET = { kind = "instance", name = "mydb" }
local MINUTE = 60

-- A run in the step `rename`, on a sandbox that answers with the truth.
local function new(options)
  options = options or {}
  local kept = options.journal or journal.memory()
  local knobs = { stale_s = 0, rename_lag_s = 0, rename_s = 60, modify_lag_s = 0, delete_s = 60 }
  for name, value in pairs(options.knobs or {}) do knobs[name] = value end
  local world = world_module.sandbox { journal = kept, knobs = knobs }
  local truth = world.sandbox:add_instance { DBInstanceIdentifier = "mydb" }
  if options.faults then world.sandbox:inject(options.faults) end
  local run = run_module.new(world, { identifier = "mydb", task = "db_restore", kind = "instance", options = {},
    script = "scripts/restore.lua" })
  run.record.step, run.database = "rename", instance
  run.target = { kind = "instance", name = "mydb", resource_id = truth.DbiResourceId }
  return run, world.sandbox, kept
end

local function protect(run)
  return run:mutate("ModifyDBInstance", run.target,
    { DBInstanceIdentifier = "mydb", DeletionProtection = true, ApplyImmediately = true })
end

local function rename(run)
  return run:mutate("ModifyDBInstance", run.target,
    { DBInstanceIdentifier = "mydb", NewDBInstanceIdentifier = "mydb-temp", ApplyImmediately = true })
end

local function delete(run)
  return run:mutate("DeleteDBInstance", run.target, { DBInstanceIdentifier = "mydb", SkipFinalSnapshot = true })
end

local function reboot(run) return run:mutate("RebootDBInstance", run.target, { DBInstanceIdentifier = "mydb" }) end

local function sent(sandbox, operation) return #witness.changes(sandbox, operation) end

-- Asks every ten seconds until the door sends again, gives up or the time is over. How long it took, and its answer.
local function ask(run, f, seconds, operation)
  local before, answer = sent(run.world.sandbox, operation), nil
  for at = 0, seconds, 10 do
    answer = f(run)
    if answer.fail or sent(run.world.sandbox, operation) > before then return at, answer end
    witness.pass(run.world, 10)
  end
  return nil, answer
end

-- Once ------------------------------------------------------------------------------------------

tests["one call however often it is asked for"] = function()
  local run, sandbox = new()
  local first = rename(run)
  assert(first.wait and first.reply.DBInstance, "accepted")
  for _ = 1, 20 do
    local answer = rename(run)
    assert(answer.wait and not answer.reply, "waits")
  end
  equal(sent(sandbox, "ModifyDBInstance"), 1, "calls")
  witness.pass(run.world, 5)
  rename(run)
  equal(sent(sandbox, "ModifyDBInstance"), 1, "calls")
end

tests["another target or another step is another intent"] = function()
  local run, sandbox = new()
  local other = sandbox:add_instance { DBInstanceIdentifier = "other" }
  protect(run)
  run:mutate("ModifyDBInstance", { kind = "instance", name = "other", resource_id = other.DbiResourceId },
    { DBInstanceIdentifier = "other", DeletionProtection = true })
  equal(sent(sandbox, "ModifyDBInstance"), 2, "calls")
  run.record.step = "undo rename"
  assert(protect(run).wait, "what was accepted is given time to show")
  witness.pass(run.world, 130)
  protect(run)
  equal(sent(sandbox, "ModifyDBInstance"), 3, "calls")
end

tests["once it is seen to have taken effect, the same may be asked for again"] = function()
  local run, sandbox = new()
  protect(run)
  run:confirm("ModifyDBInstance", run.target)
  equal(next(run.record.intents), nil, "open intents")
  protect(run)
  equal(sent(sandbox, "ModifyDBInstance"), 2, "calls")
end

tests["that it was seen is written with what is written next, before anything else is sent"] = function()
  local run, _, kept = new()
  protect(run)
  local saved = 0
  local save = kept.save
  function kept:save(...)
    saved = saved + 1
    save(self, ...)
  end
  run:confirm("ModifyDBInstance", run.target)
  equal(saved, 0, "records that are written for it")
  assert(next(kept:load(run.id).intents), "until then it would be seen once more")
  rename(run)
  local left = {}
  for key in pairs(kept:load(run.id).intents) do left[#left + 1] = key end
  equal(#left, 1, "open intents")
end

tests["a step that is done closes its own intents and nobody else's"] = function()
  local run = new()
  protect(run)
  run.record.step = "delete"
  delete(run)
  door.close_step(run)
  local left = {}
  for _, intent in pairs(run.record.intents) do left[#left + 1] = intent.step end
  equal(table.concat(left, " "), "rename", "whose intents are open")
end

tests["an operation that the door does not know is a mistake"] = function()
  local run, sandbox = new()
  local ok, err = pcall(run.mutate, run, "PromoteReadReplica", TARGET, {})
  assert(not ok and tostring(err):find "PromoteReadReplica", tostring(err))
  equal(sent(sandbox), 0, "calls")
end

-- Written first ---------------------------------------------------------------------------------

-- A journal that notes how many calls had left by each record.
local function noting()
  local kept, notes = journal.memory(), {}
  local save = kept.save
  function kept:save(record, kind, entry)
    save(self, record, kind, entry)
    notes[#notes + 1] = { kind = kind, entry = entry, sent = notes.sandbox and sent(notes.sandbox) or 0,
      document = self:load(record.run_id) }
  end
  return kept, notes
end

tests["the intent is durable before its call leaves, and its outcome after"] = function()
  local kept, notes = noting()
  local run, sandbox = new { journal = kept }
  notes.sandbox = sandbox
  protect(run)
  equal(#notes, 2, "records")
  equal(notes[1].kind, "intent")
  equal(notes[1].sent, 0, "calls before the intent was durable")
  equal(notes[1].entry.operation, "ModifyDBInstance")
  equal(notes[2].kind, "outcome")
  equal(notes[2].sent, 1, "calls before the outcome")
  equal(notes[2].entry.outcome, "accepted")
  local _, intent = next(notes[1].document.intents)
  equal(intent and intent.state, "sent", "the intent in the run's document")
end

tests["a repeated call is written first as well"] = function()
  local kept, notes = noting()
  local run, sandbox = new { journal = kept,
    faults = { { operation = "ModifyDBInstance", occurrence = "every", kind = "drop" } } }
  notes.sandbox = sandbox
  protect(run)
  assert(ask(run, protect, 10 * MINUTE, "ModifyDBInstance"), "it is sent again")
  local intents = {}
  for _, note in ipairs(notes) do
    if note.kind == "intent" then intents[#intents + 1] = note.sent end
  end
  equal(table.concat(intents, " "), "0 1", "calls before each intent")
end

tests["what cannot be written is not sent"] = function()
  local kept = journal.memory()
  local run, sandbox = new { journal = kept }
  local save = kept.save
  function kept.save() error("disk full", 0) end
  for _ = 1, 3 do
    local ok, err = pcall(protect, run)
    assert(not ok or sent(sandbox) == 0, "sent without a record")
    if not ok then assert(tostring(err):find "disk full", tostring(err)) end
  end
  equal(sent(sandbox), 0, "calls")
  kept.save = save
  local target = run.target
  run = run_module.wrap(run.world, json.decode(json.encode(run.record)))
  run.database, run.target = instance, target
  assert(ask(run, protect, 30 * MINUTE, "ModifyDBInstance"), "it is sent once it can be written")
end

-- Lost ------------------------------------------------------------------------------------------

for _, kind in ipairs { "drop", "500n" } do
  tests["a call that may have been lost (" .. kind .. ") is looked for before it is sent again"] = function()
    local run, sandbox = new { faults = { { operation = "ModifyDBInstance", occurrence = 1, kind = kind } } }
    local answer = protect(run)
    assert(answer.wait and not answer.reply, "its outcome is unknown")
    local _, intent = next(run.record.intents)
    equal(intent.state, "unknown", "the intent")
    local reads = #sandbox.audit
    local took = ask(run, protect, 30 * MINUTE, "ModifyDBInstance")
    assert(took and took >= 80, "sent again after " .. tostring(took) .. " s: sixty of staleness, three looks")
    assert(#sandbox.audit - reads >= 4, "it was looked for")
    equal(sent(sandbox, "ModifyDBInstance"), 2, "calls")
  end
end

tests["a lost call is remembered by the name that it was sent to, not by an earlier one"] = function()
  local run = new { faults = { { operation = "AddTagsToResource", occurrence = "every", kind = "drop" } } }
  local arn = run.target.arn or run.world.sandbox:instance("mydb").DBInstanceArn
  local function mark(name)
    return function()
      return run:mutate("AddTagsToResource", run.target, { ResourceName = arn:gsub("mydb$", name),
        Tags = { { Key = "trapheus:x", Value = "y" } } })
    end
  end
  mark "mydb-temp"()
  assert(ask(run, mark "mydb", 30 * MINUTE, "AddTagsToResource"), "it is sent again")
  door.close_step(run)
  assert(run:quiesce("tags", arn), "the second is waited for")
end

tests["a call whose process died before the reply is looked for as one that ended late"] = function()
  local kept = journal.memory()
  local run = new { journal = kept, faults = { { operation = "ModifyDBInstance", occurrence = 1, kind = "drop" } } }
  local save, target = kept.save, run.target
  function kept:save(record, kind, entry)
    if kind == "outcome" then error("killed", 0) end
    save(self, record, kind, entry)
  end
  assert(not pcall(protect, run))
  kept.save = save
  run = run_module.wrap(run.world, kept:load(run.id))
  run.database, run.target = instance, target
  local took = ask(run, protect, 30 * MINUTE, "ModifyDBInstance")
  assert(took and took >= 80, "sent again after " .. tostring(took) .. " s")
end

tests["what was done to a snapshot is looked for at the snapshot"] = function()
  local run, sandbox = new { faults = { { operation = "RemoveTagsFromResource", occurrence = 1, kind = "drop" } } }
  sandbox:add_snapshot { DBSnapshotIdentifier = "kept", DBInstanceIdentifier = "mydb" }
  local kept = instance.snapshot(run.world.rds, "kept")
  run:mutate(marks.take(kept, { "mark" }))
  equal(run:mutate(marks.take(kept, { "mark" })).detail, "available", "what is seen of it")
end

tests["looks without time between them count as one"] = function()
  local run, sandbox = new { faults = { { operation = "ModifyDBInstance", occurrence = 1, kind = "drop" } } }
  protect(run)
  witness.pass(run.world, 61)
  for _ = 1, 50 do protect(run) end
  equal(sent(sandbox, "ModifyDBInstance"), 1, "calls")
end

tests["while the target moves nothing is stable"] = function()
  local run, sandbox = new { faults = { { operation = "ModifyDBInstance", occurrence = 1, kind = "lost" } },
    knobs = { rename_s = 3600 } }
  rename(run)
  equal(ask(run, rename, 50 * MINUTE, "ModifyDBInstance"), nil, "sent again while the rename was under way")
  equal(sent(sandbox, "ModifyDBInstance"), 1, "calls")
end

tests["a deletion that may have been lost is sent again only when no call of before can be alive"] = function()
  local run = new { faults = { { operation = "DeleteDBInstance", occurrence = 1, kind = "drop" } } }
  delete(run)
  local took = ask(run, delete, 60 * MINUTE, "DeleteDBInstance")
  assert(took and took >= 16 * MINUTE, "sent again after " .. tostring(took) .. " s")
  assert(took <= 18 * MINUTE, "and no later than that: " .. took)
end

tests["a crash forgets the looks, not the intent"] = function()
  local run, sandbox = new { faults = { { operation = "ModifyDBInstance", occurrence = 1, kind = "drop" } } }
  protect(run)
  witness.pass(run.world, 61)
  protect(run)
  witness.pass(run.world, 10)
  protect(run)
  local target = run.target
  run = run_module.wrap(run.world, run.world.journal:load(run.id))
  run.database, run.target = instance, target
  witness.pass(run.world, 10)
  local took = ask(run, protect, 10 * MINUTE, "ModifyDBInstance")
  assert(took and took >= 20, "three looks of the new process: " .. tostring(took))
  equal(sent(sandbox, "ModifyDBInstance"), 2, "calls")
end

tests["a call whose sender died before the answer counts as lost"] = function()
  local kept = journal.memory()
  local save = kept.save
  function kept:save(record, kind, entry)
    if kind == "outcome" then error("died", 0) end
    save(self, record, kind, entry)
  end
  local run, sandbox = new { journal = kept, knobs = { modify_s = 60 } }
  local target = run.target
  pcall(delete, run)
  kept.save = save
  run = run_module.wrap(run.world, kept:load(run.id))
  run.database, run.target = instance, target
  local answer = delete(run)
  assert(answer.wait, "waits")
  equal(sent(sandbox, "DeleteDBInstance"), 1, "calls")
  assert(run:quiesce("instance", "mydb"), "its name is not free for others")
end

-- A limit ---------------------------------------------------------------------------------------

local MOST_SENDS = 3
local SENDS = { ModifyDBInstance = { protect, 2 }, RebootDBInstance = { reboot, 2 }, DeleteDBInstance = { delete, 3 } }

-- Asks until the door gives up. How often it has sent.
local function exhaust(operation, f, turn)
  local run, sandbox = new { faults = { { operation = operation, occurrence = "every", kind = "drop" } } }
  if turn then turn(run) end
  local answer
  for _ = 1, 1000 do
    answer = f(run)
    if answer.fail then break end
    witness.pass(run.world, 10)
  end
  assert(answer.fail and answer.fail:find "has not taken effect", "it does not end")
  return sent(sandbox, operation)
end

for operation, each in pairs(SENDS) do
  local f, sends = each[1], each[2]
  tests[("%s is sent %d times at most, and thrice on the way back"):format(operation, sends)] = function()
    equal(exhaust(operation, f), sends, "calls")
    equal(exhaust(operation, f, function(run) run.record.direction = "back" end), MOST_SENDS, "calls on the way back")
    equal(exhaust(operation, f, function(run) run.facts.verified = {} end), MOST_SENDS, "calls after VERIFIED")
  end
end

tests["every operation that the door knows has a limit of three at most"] = function()
  local operations = require "trapheus.operations"
  local model = require("trapheus.aws.model").load "rds"
  local count = 0
  for name, operation in pairs(operations) do
    count = count + 1
    assert(model.operations[name], name .. " is no operation")
    assert(operation.sends >= 1 and operation.sends <= 3, name)
    equal(type(operation.repeatable), "boolean", name)
    local parameters = setmetatable({}, { __index = function() return "x" end })
    for _, held in ipairs(operation.names(parameters)) do assert(held:find "^%S+ x$", name) end
  end
  assert(count >= 7, "operations")
end

-- Quiescence ------------------------------------------------------------------------------------

tests["a lost call about an instance says nothing about a cluster of that name"] = function()
  local run = new { faults = { { operation = "DeleteDBInstance", occurrence = 1, kind = "drop" } } }
  delete(run)
  assert(run:quiesce("instance", "mydb"), "the instance's name is free")
  equal(run:quiesce("cluster", "mydb"), nil, "a wait for the cluster's name")
end

tests["a name that a lost call was about is left alone for sixteen minutes"] = function()
  local run, sandbox = new { faults = { { operation = "DeleteDBInstance", occurrence = 1, kind = "drop" } } }
  sandbox:add_snapshot { DBSnapshotIdentifier = "kept", DBInstanceIdentifier = "mydb" }
  delete(run)
  run.record.step = "restore"
  local function restore()
    return run:mutate("RestoreDBInstanceFromDBSnapshot", TARGET,
      { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "kept" })
  end
  local answer = restore()
  assert(answer.wait and answer.wait:find "certainly dead", answer.wait)
  local took = ask(run, restore, 60 * MINUTE, "RestoreDBInstanceFromDBSnapshot")
  assert(took and took >= 16 * MINUTE and took <= 17 * MINUTE, "sent after " .. tostring(took) .. " s")
end

tests["another name need not wait"] = function()
  local run, sandbox = new { faults = { { operation = "DeleteDBInstance", occurrence = 1, kind = "drop" } } }
  sandbox:add_snapshot { DBSnapshotIdentifier = "kept", DBInstanceIdentifier = "mydb" }
  delete(run)
  equal(run:quiesce("instance", "elsewhere"), nil, "a wait")
  run:mutate("RestoreDBInstanceFromDBSnapshot", { kind = "instance", name = "elsewhere" },
    { DBInstanceIdentifier = "elsewhere", DBSnapshotIdentifier = "kept" })
  equal(sent(sandbox, "RestoreDBInstanceFromDBSnapshot"), 1, "calls")
end

tests["an answered call owes the time to show, a lost one quiescence, and a rename concerns both names"] = function()
  local run = new()
  rename(run)
  assert(run:quiesce("instance", "mydb").wait:find "to show", "an accepted call has not shown yet")
  witness.pass(run.world, 2 * MINUTE)
  equal(run:quiesce("instance", "mydb"), nil, "a wait after it had its time")
  run = new { faults = { { operation = "ModifyDBInstance", occurrence = 1, kind = "drop" } } }
  rename(run)
  for _, name in ipairs { "mydb", "mydb-temp" } do assert(run:quiesce("instance", name), name) end
  witness.pass(run.world, 16 * MINUTE)
  equal(run:quiesce("instance", "mydb"), nil, "a wait after sixteen minutes")
end

-- Refused ---------------------------------------------------------------------------------------

-- What comes of it, and how often the client has sent it by then.
local REFUSED = {
  Throttling = { "wait", 3 }, RequestLimitExceeded = { "wait", 3 }, InvalidDBInstanceState = { "wait", 1 },
  AccessDenied = { "fail", 1 }, InvalidParameterValue = { "fail", 1 }, InstanceQuotaExceeded = { "fail", 1 },
}

for code, row in pairs(REFUSED) do
  local kind, calls = row[1], row[2]
  tests[("refused with %s: %s"):format(code, kind)] = function()
    local run, sandbox = new {
      faults = { { operation = "ModifyDBInstance", occurrence = "every", kind = "error", code = code } } }
    local answer = protect(run)
    assert(answer[kind], ("%s: %s"):format(code, answer.wait or answer.fail))
    equal(answer.code, kind == "fail" and code or nil, "the code")
    equal(next(run.record.intents), nil, "open intents")
    equal(sent(sandbox, "ModifyDBInstance"), calls, "calls")
    equal(run:quiesce("instance", "mydb"), nil, "a wait for a call that was refused")
  end
end

return tests
