--- One execution, as steps and hooks see it: plain data in `record`, and the world it runs in.
local constant = require "trapheus.constant"
local door = require "trapheus.door"
local hooked = require "trapheus.hooked"
local journal = require "trapheus.journal"
local looks = require "trapheus.looks"
local lease = require "trapheus.lease"
local marks = require "trapheus.marks"
local names = require "trapheus.names"

---@class trapheus.Answer       What a step says after one look.
---@field done boolean?         The step has reached its goal.
---@field wait string?          What it waits for.
---@field fail string?          Why it cannot go on.
---@field park string?          What a person must decide; nothing is changed any more.
---@field todo string?          With `park`: what to do, in plain words.
---@field code string?          With `fail`: AWS's error code.
---@field expected_s number?    With `wait`: how long this phase usually takes.
---@field left_s number?        With `wait`: until then there is nothing to see.
---@field ahead_s number?       With `wait`: how long it may still take, as AWS says.
---@field calm boolean?         With `wait`: nothing is kept waiting by it but the end of the run.
---@field detail string?        With `wait`: how far it is; told, but no new thing to wait for.
---@field patient boolean?      With `wait`: something was refused, and is not to be asked at once again.
---@field reply table?          With `wait`, from the door: what AWS answered when it accepted the call.
---@field sent boolean?         From the door: a call has left at this look.

---@class trapheus.Run
---@field record table          Everything that must survive a crash; encodes to JSON.
---@field facts table           record.facts: what steps have found out.
---@field identifier string     The name that is restored.
---@field options table         record.options: the flags, as data.
---@field world trapheus.World
---@field untold table[]?       what has happened, for hooks that are told between two looks
---@field looked table<string, { of: string?, seen: trapheus.Database?, at_ms: integer }>  by role: seen at this look
---@field counted boolean?      at this look something was counted: the next one matters, whatever it shows
---@field hooks table?          of the pipeline to which it is bound
---@field stated table?         what its tags say of it, which way it goes
---@field resting trapheus.Answer?  it waits for a change, and need not look while there is none
---@field rested_ms integer?    when it last looked, if nothing but RDS kept it waiting
---@field phase trapheus.RunPhase?
---@field called string?        the operation that it has called last
---@field past table<string, trapheus.Recorded>?  how long phases took in earlier runs of the database, by their words
---@field misled boolean?       not this time
---@field database table        databases.instance or databases.cluster
local Run = {}
Run.__index = Run

local ONLY = { db_restore = "restore", create_snapshot_only = "snapshot" } -- any other task does both
local run_module = {}

--- A new run of `task` on `identifier`.
---@param world trapheus.World
---@param input { identifier: string, task: string, kind: string?, options: table, script: string }
---@return trapheus.Run
function run_module.new(world, input)
  local run_id = input.run_id or names.run_id(world.random_bytes(5))
  return run_module.wrap(world, {
    format = journal.FORMAT,
    run_id = run_id,
    script = input.script,
    identifier = input.identifier,
    task = input.task,
    kind = input.kind,
    options = input.options,
    place = constant(input.place or {}),
    created_at = world:now_ms() // 1000,
    direction = "forward",
    position = 1,
    facts = {},
    steps = {},
    intents = {},
    lost = {},
    hooks = {},
    warnings = {},
  })
end

--- The run of a stored record. What was seen before a crash counts for nothing.
---@param world trapheus.World
---@param record table
---@return trapheus.Run
function run_module.wrap(world, record)
  record.steady, record.waiting = nil, nil
  for _, intent in pairs(record.intents) do intent.reads = nil end
  return setmetatable({
    record = record,
    facts = record.facts,
    options = record.options,
    identifier = record.identifier,
    id = record.run_id,
    world = world,
    looked = { original = {}, replacement = {} },
  }, Run)
end

--- Is the database restored, and not only its snapshot made?
function Run:restores() return ONLY[self.record.task] ~= "snapshot" end

--- Is the snapshot made or replaced, and not one restored from as it is?
function Run:takes_snapshot() return ONLY[self.record.task] ~= "restore" end

function Run:now_s()
  return self.world:now_ms() / 1000
end

--- Goes on from the first of these steps that it has. False: it has none of them.
---@param ... string
---@return boolean
function Run:go_on_from(...)
  for _, wanted in ipairs { ... } do
    for i, name in ipairs(self.record.list) do
      if name == wanted then
        self.record.position = i
        return true
      end
    end
  end
  return false
end

--- Whole seconds since the epoch, for the record.
function Run:stamp()
  return self.world:now_ms() // 1000
end

--- Writes the run and one journal record durably. Raises if that is not possible.
---@param kind string    "intent", "outcome", "step", "fact", "verified", …
---@param entry table?
function Run:save(kind, entry)
  self.world.journal:save(self.record, kind, entry or {})
end

---@class trapheus.Event
---@field event string        "started", "waiting", "progress", "call", "refused", "done", "failed", "warning", …
---@field run_id string
---@field identifier string
---@field step string?
---@field at number           Seconds since the epoch.
---@field since number        When the step began.
---@field why string?         Of "waiting" and "progress": what is waited for.
---@field detail string?      How far it is.
---@field operation string?   Of "call" and "refused": AWS's operation.
---@field target string?      What it is about.
---@field parameters table?   What it was given.
---@field code string?        Of "refused": AWS's error code.
---@field message string?     Of "failed", "warning", "said".

--- Tells whoever watches; never journalled.
function Run:tell(event, fields)
  if not self.untold and #self.world.listeners == 0 then return end
  fields = fields or {}
  fields.event, fields.run_id, fields.identifier = event, self.id, self.identifier
  fields.step = fields.step or self.record.step
  fields.at = self:now_s()
  local entry = self.record.steps[#self.record.steps]
  fields.since = entry and entry.started_at or fields.at
  if self.untold and event ~= "said" then table.insert(self.untold, fields) end
  self.world:tell(fields)
end

--- Asked once the replacement is as it should be: an answer instead of nil is the step's.
---@return trapheus.Answer?
function Run:approve() return self.hooks and hooked.verify(self.hooks, self) end

-- Answers ---------------------------------------------------------------------------------

function Run:done() return { done = true } end

---@param why string
---@param expected_s number?
---@param detail string?
function Run:wait(why, expected_s, detail) return { wait = why, expected_s = expected_s, detail = detail } end

--- As `wait`, for what only time brings: nobody need look before.
---@param why string
---@param left_s number
function Run:wait_out(why, left_s) return { wait = why, left_s = left_s } end

--- As `wait`, for AWS to take back a refusal: where looks are cheap and frequent, this one is not.
function Run:wait_patiently(why) return { wait = why, patient = true } end

---@param reason string
---@param code string?
function Run:fail(reason, code) return { fail = reason, code = code } end

---@param reason string  What exists under which name.
---@param todo string    What the person should do.
function Run:park(reason, todo) return { park = reason, todo = todo } end

--- Something a person should know although the run goes on. Said once.
function Run:warn(message)
  for _, known in ipairs(self.record.warnings) do
    if known == message then return end
  end
  table.insert(self.record.warnings, message)
  self:tell("warning", { message = message })
end

-- Observation -----------------------------------------------------------------------------

local LOOK_MS = 1000 -- one look lasts no longer

--- The original or the replacement, looked up by resource id; nil when RDS does not show it. Whoever asks again within
--- one look, in which nothing was changed, is told the same.
---@param role "original"|"replacement"
---@return trapheus.Database?
function Run:find(role)
  local known, now_ms, looked = self.facts[role], self.world:now_ms(), self.looked[role]
  if not known then return nil end
  if looked.of == known.resource_id and now_ms - looked.at_ms <= LOOK_MS then return looked.seen end
  local seen = self.database.by_resource_id(self.world.rds, known.resource_id)
  if seen then known.name = seen.name end -- for the report: where it was last seen
  looked.of, looked.seen, looked.at_ms = known.resource_id, seen, now_ms
  return seen
end

--- What was seen so far counts for nothing any more: time has passed, or something was done.
function Run:look_anew()
  for _, looked in pairs(self.looked) do looked.of, looked.seen = nil, nil end
end

--- As `find`, for a step that can do nothing until the database is visible: between two names
--- RDS shows it under neither (a few seconds, up to a minute).
function Run:observe(role)
  local seen = self:find(role)
  if not seen then error(self:wait("RDS to show the " .. role .. " again")) end
  return seen
end

--- As `observe`, of the original on the way back, when it has its own name again: a look may be from before that. What
--- was not moved by this run has whatever name it has.
function Run:observe_home()
  local seen = self:observe "original"
  if self.facts.moving and seen.name == self.facts.aside then
    -- a call that came late has moved it
    if self:steady("aside again", true, looks.UNSEEN) then self:go_on_from "rename" end
    error(self:wait("RDS to show the original as " .. self.identifier))
  end
  return seen
end

--- Whoever holds a name now, or nil.
function Run:holder(name)
  return self.database.by_name(self.world.rds, name)
end

--- True at the third look in a row, at least ten seconds apart, at which `what` was so.
---@param what string
---@param holds any      What is looked at; false starts again.
---@param enough integer?  How many looks it takes, if not three.
---@return boolean
function Run:steady(what, holds, enough)
  local seen = holds and looks.add(self.record.steady, what, self.world:looked_ms()) or nil
  self.record.steady, self.counted = seen, self.counted or seen ~= nil
  return seen ~= nil and seen.count >= (enough or looks.ENOUGH)
end

--- An answer that is believed when it was "done" at some looks in a row.
---@param answer trapheus.Answer
---@param why string  What is waited for meanwhile.
---@param enough integer?  How many looks it takes, if not three.
---@return trapheus.Answer
function Run:certain(answer, why, enough)
  if self:steady(why, answer.done, enough) or not answer.done then return answer end
  return self:wait(why, 20)
end

-- Change ----------------------------------------------------------------------------------

Run.mutate = door.mutate
Run.confirm = door.confirm

--- Changes a database that must be at rest for it: RDS refuses while another change is under way.
---@param seen trapheus.Instance
---@return trapheus.Answer
function Run:change(seen, operation, target, parameters)
  if not seen:quiet() then return self:wait(("%s to be available (%s)"):format(seen.name, seen.status)) end
  return self:mutate(operation, target, parameters)
end
Run.quiesce = door.quiesce

--- Turns deletion protection on or off.
---@param seen trapheus.Instance
---@param wanted boolean
---@return trapheus.Answer?  nil: it is as wanted.
function Run:protect(seen, wanted)
  if seen.protected == wanted then return nil end
  return self:change(seen, seen:protect(wanted))
end

--- Is protection as wanted for good? No lost call can change it any more.
---@param seen trapheus.Database
---@param wanted boolean
---@return trapheus.Answer?  nil: it is.
function Run:stays_protected(seen, wanted)
  return self:quiesce("protection", seen.name, seen:protect(wanted))
end

--- Do these tags say that this run has made the database? Only its replacement's do.
function Run:marked(tags) return tags[marks.RUN] == self.id end

Run.unmark = lease.release

return run_module
