--- The engine: advances a run until it must wait, and says for how long. What waiting means is
--- the driver's business; what to do is the steps'.
local constant = require "trapheus.constant"
local copy = require "trapheus.copy"
local door = require "trapheus.door"
local errors = require "trapheus.errors"
local history = require "trapheus.history"
local hooked = require "trapheus.hooked"
local lease = require "trapheus.lease"
local spacing = require "trapheus.spacing"
local sorted = require "trapheus.sorted"
local waiting = require "trapheus.waiting"

---@class trapheus.Step
---@field name string
---@field advance fun(run: trapheus.Run): trapheus.Answer   One look, at most one change.
---@field undo (fun(run: trapheus.Run): trapheus.Answer)?   The same, backwards.
---@field deadline_s number?         How long it may take; then `on_deadline`.
---@field on_deadline ("park"|fun(run: trapheus.Run): trapheus.Answer)?  Default: fail.
---@field refuses boolean?           A failure here means that nothing was changed: refused.
---@field essential boolean?          Others rely on what it finds out: it cannot be removed.
---@field tidies boolean?           What it undoes is no reason to call a rollback unfinished.
---@field typical_s number?           How long it usually takes.
---@field forward_only boolean?      A failure here is reported and undoes nothing.
---@field optional (fun(run: trapheus.Run): boolean)?  The same, of this run.
---@field wanted (fun(run: trapheus.Run): boolean)?    Has it anything to do in this run? Default: it has.
---@field leftover (fun(run: trapheus.Run): string)?  What stays behind when it fails after VERIFIED.

---@class trapheus.Pipeline
---@field name string
---@field tasks table<string, string[]>  The names of the steps of each task, in order.
---@field steps table<string, trapheus.Step>
---@field database fun(isCluster: boolean): table
---@field hooked boolean?             It has the hooks of a file.
local Pipeline = {}
Pipeline.__index = Pipeline

local pipeline = {}

local ABSENT_S = 600 -- looks are never this far apart while somebody is at work
local DENIED_LOOKS = 5 -- how often a refusal by AWS may come in a row before a person is called

---@class trapheus.PipelineSpec
---@field name string
---@field steps trapheus.Step[]
---@field tasks table<string, string[]>                 The names of each task's steps, in order.
---@field database fun(isCluster: boolean): table

---@param spec trapheus.PipelineSpec
---@return trapheus.Pipeline
function pipeline.new(spec)
  local self = setmetatable({ name = spec.name, tasks = spec.tasks, database = spec.database, steps = {},
    hooks = hooked.none() }, Pipeline)
  for _, step in ipairs(spec.steps) do self.steps[step.name] = step end
  for task, list in pairs(spec.tasks) do
    for _, name in ipairs(list) do
      if not self.steps[name] then error(("task %s names no step of this pipeline: %s"):format(task, name), 2) end
    end
  end
  return self
end

function pipeline.is(value) return getmetatable(value) == Pipeline end

-- Extending -------------------------------------------------------------------------------

local function known(self, name, level)
  if self.steps[name] then return self.steps[name] end
  error(("the pipeline %s has no step '%s'; it has %s"):format(self.name, tostring(name),
    table.concat(sorted.keys(self.steps), ", ")), level + 1)
end

local function add_hook(self, when, name, f)
  known(self, name, 3)
  if type(f) ~= "function" then error(("a function is expected for %s '%s'"):format(when, name), 3) end
  self:hook(when, name, f)
end

--- Has a hook called: of a script, or of a hooks file (trapheus.hooks).
---@param when "before"|"after"|"verify"|"on_event"|"on_failure"|"on_success"
---@param name string?  The step, of the first two.
---@param hook function|trapheus.Hook
function Pipeline:hook(when, name, hook)
  local list = self.hooks[when]
  if name then
    list[name] = list[name] or {}
    list = list[name]
  end
  list[#list + 1] = hook
end

--- Calls f(run) before the step first looks. An error in it stops the run as a failure of the step does.
---@param name string
---@param f fun(run: trapheus.Run)
function Pipeline:before(name, f) add_hook(self, "before", name, f) end

--- Calls f(run) when the step is done. An error in it becomes a warning.
function Pipeline:after(name, f) add_hook(self, "after", name, f) end

--- Puts another step in the place of one.
---@param step trapheus.Step
function Pipeline:replace(name, step)
  known(self, name, 2)
  step.name = name
  self.steps[name] = step
end

--- Adds a step after another one, in every task that has that one.
---@param name string
---@param step trapheus.Step
function Pipeline:insert(name, step)
  known(self, name, 2)
  self.steps[step.name] = step
  for _, list in pairs(self.tasks) do
    for i = #list, 1, -1 do
      if list[i] == name then table.insert(list, i + 1, step.name) end
    end
  end
end

--- Takes a step out of every task. What the rest stands on can only be replaced.
function Pipeline:remove(name)
  if known(self, name, 2).essential then error(("the step '%s' can be replaced, not removed"):format(name), 2) end
  for _, list in pairs(self.tasks) do
    for i = #list, 1, -1 do
      if list[i] == name then table.remove(list, i) end
    end
  end
end

-- What a rehearsal does for a step that somebody has added.
local function pass(run) return run:done() end

--- The same tasks with the shipped steps only, and no hooks: a rehearsal must not run what may act
--- on the real world.
---@return trapheus.Pipeline
function Pipeline:rehearsal()
  local steps = {}
  for name in pairs(self.steps) do
    local shipped, step = pcall(require, "trapheus.steps." .. name)
    steps[name] = shipped and step or { name = name, advance = pass }
  end
  return setmetatable({ steps = steps, hooks = hooked.none() }, { __index = self })
end

-- Looking ---------------------------------------------------------------------------------

-- The original is back under its name; what else cannot be undone is told.
local function untidied(run, step, why)
  run.facts[step.name .. "_left"] = true
  run:warn(("%s did not end: %s"):format(run.record.step, why))
  return run:done()
end

-- AWS refused a read, or did not answer. Reads change nothing, so the same look can be had again.
local function unreadable(run, step, err)
  local record = run.record
  if err.code == "Interrupted" then return run:wait_patiently "AWS to be asked again" end
  local throttled = errors.class(err.operation, err.code) == "throttle"
  if step.refuses and not throttled and not run.facts.lease then return run:fail(tostring(err), err.code) end
  if err.retryable or throttled then return run:wait_patiently(("AWS to answer (%s)"):format(err.code)) end
  record.denied = (record.denied or 0) + 1
  if record.denied < DENIED_LOOKS then return run:wait_patiently(("AWS to allow a look (%s)"):format(err.code)) end
  if record.direction == "forward" and not run.facts.moving then return run:fail(tostring(err), err.code) end
  if record.direction == "back" and step.tidies then return untidied(run, step, tostring(err)) end
  return run:park(tostring(err), ("when AWS answers again, run: trapheus resume %s"):format(run.id))
end

-- Time in which nobody looked (a machine asleep, a clock that was set) does not count against a deadline.
local function skip_absence(run)
  local record, now = run.record, run:stamp()
  local away_s = now - (record.looked_at or now)
  if math.abs(away_s) > ABSENT_S then
    local entry = record.steps[#record.steps]
    entry.started_at = entry.started_at + away_s
  end
  record.looked_at = now
end

local function overdue(run, step)
  local started_at = run.record.steps[#run.record.steps].started_at
  return step.deadline_s and run.record.looked_at - started_at > step.deadline_s
end

local function late(run, step)
  local hours = ("%.1f hours"):format((run:now_s() - run.record.steps[#run.record.steps].started_at) / 3600)
  if type(step.on_deadline) == "function" and run.record.direction == "forward" then return step.on_deadline(run) end
  local why = ("%s, waiting for %s"):format(hours, run.record.waiting and run.record.waiting.why or "nothing")
  if run.record.direction == "back" and step.tidies then return untidied(run, step, "after " .. why) end
  if step.on_deadline == "park" or run.record.direction == "back" then
    return run:park(("%s is not done after %s"):format(run.record.step, why),
      ("trapheus resume %s waits on"):format(run.id))
  end
  return run:fail(("%s is not done after %s"):format(step.name, hours))
end

-- The step's turn.
local function act(run, step)
  lease.keep(run)
  if run.record.direction == "forward" then return step.advance(run) end
  return step.undo(run)
end

-- One look of the step; every way it can end becomes an answer. An error that is no answer of
-- AWS is a mistake in the program: it goes up, and the run stays as it is in the journal.
local function look(self, run, step)
  skip_absence(run)
  local due = overdue(run, step)
  local stopped = not due and hooked.before(self.hooks, run, step)
  if stopped then return stopped end
  local ok, answer = xpcall(due and late or act, errors.traced, run, step) -- a deadline is looked at, too
  if ok then
    run.record.denied = nil
    return answer
  end
  if errors.is(answer) and answer.code ~= "JournalError" then return unreadable(run, step, answer) end
  if type(answer) == "table" and answer.wait then return answer end
  error(answer, 0)
end

-- Moving on -------------------------------------------------------------------------------

local function enter(run, step)
  local record = run.record
  local label = record.direction == "forward" and step.name or "undo " .. step.name
  if record.step == label then return end
  record.step, record.waiting, record.steady = label, nil, nil
  local before = record.steps[#record.steps]
  table.insert(record.steps, { name = label, outcome = "running", started_at = run:stamp() })
  if before then -- until preflight has ended there is no run to keep
    run:save("step", { step = label, ended = { step = before.name, outcome = before.outcome } })
  end
  run:tell "started"
end

local function leave(run, outcome, message)
  local record = run.record
  history.over(run)
  local entry = record.steps[#record.steps]
  entry.outcome, entry.ended_at, entry.message = outcome, run:stamp(), message
  constant(entry)
  record.position = record.position + (record.direction == "forward" and 1 or -1)
  record.step, record.waiting, record.steady = nil, nil, nil
  -- what is done is written with what begins then, before that does anything: until then it would be seen once more
  if outcome ~= "done" then run:save("step", { step = entry.name, outcome = outcome }) end
  run:tell(outcome == "done" and "done" or "failed", { step = entry.name, message = message })
end

local function finish(run, outcome)
  local record = run.record
  if outcome == "parked" then record.steps[#record.steps].outcome = "parked" end
  record.outcome, record.ended_at = outcome, run:stamp()
  run:save("outcome", { outcome = outcome })
  if outcome ~= "parked" then run.world.journal:unlock(run) end
end

local function fail(run, step, answer)
  local record = run.record
  if record.direction == "back" then
    return pipeline.park(run, answer.fail, ("when the cause is gone, run: trapheus rollback %s"):format(run.id))
  end
  if run.facts.verified or step.forward_only or step.optional and step.optional(run) then
    run:warn(("%s: %s"):format(step.name, answer.fail))
    if step.leftover then
      run.facts.leftover = true
      run:warn(step.leftover(run))
    end
    return leave(run, "failed", answer.fail)
  end
  record.failure = { step = step.name, message = answer.fail, code = answer.code, refused = step.refuses }
  -- Turned before the one write in `leave`, which steps back onto this step: a crash must not go on forward.
  record.direction, record.position = "back", record.position + 1
  leave(run, "failed", answer.fail)
end

--- Stops where it is: nothing destructive any more, a person is told what to do.
function pipeline.park(run, reason, todo)
  run.record.failure = run.record.failure or { step = run.record.step, message = reason }
  run.record.parked = { reason = reason, todo = todo }
  finish(run, "parked")
end

local ends = { forward = function(run) return run:restores() and "restored" or "snapshotted" end }

function ends.back(run)
  if run.facts.moving then return "rolled_back" end
  return run.record.failure and run.record.failure.refused and "refused" or "failed"
end

local function step_on(run, step, answer)
  if answer.done or answer.outcome then
    leave(run, "done")
    if answer.outcome then finish(run, answer.outcome) end
  elseif answer.park then
    pipeline.park(run, answer.park, answer.todo)
  else
    fail(run, step, answer)
  end
end

--- Gives the run the kind of database that it is about, once that is known, and those who are asked about it. It keeps
--- to the list of steps that it begins with.
---@param run trapheus.Run
function Pipeline:bind(run)
  run.record.list = run.record.list or constant(copy(self.tasks[run.record.task]))
  if run.record.kind then run.database = self.database(run.record.kind == "cluster") end
  run.hooks = self.hooks
  if #self.hooks.on_event > 0 then run.untold = run.untold or {} end
end

-- Between two looks: the time for those who are told.
function Pipeline:pause(run, answer)
  waiting(run, answer)
  answer.reply = nil -- a whole description, read by the step that has asked: a thousand that wait keep none
  run.resting = not (answer.left_s or answer.patient or run.counted) and answer or nil
  history.rest(run, answer)
  local ms = spacing(run, answer)
  hooked.events(self.hooks, run)
  return ms
end

--- The run has ended, durably: its hooks are told.
---@param run trapheus.Run
function Pipeline:ended(run) hooked.ended(self.hooks, run) end

--- Advances the run until it must wait or has ended.
---@param run trapheus.Run
---@return integer? delay_ms  Until the next look; nil: the run has ended, see run.record.outcome.
function Pipeline:tick(run)
  local record = run.record
  self:bind(run)
  run.counted = false
  run:look_anew()
  while not record.outcome do
    local name = record.list[record.position]
    local step = name and self.steps[name]
    if not name then
      finish(run, ends[record.direction](run))
    elseif record.direction == "back" and not step.undo or step.wanted and not step.wanted(run) then
      record.position = record.position + (record.direction == "forward" and 1 or -1)
    else
      enter(run, step)
      local answer = look(self, run, step)
      -- before the step counts as done: a crash in between repeats nothing and loses nothing
      if answer.done and not answer.outcome then
        door.close_step(run)
        answer = hooked.after(self.hooks, run, step) or answer
      end
      if answer.wait then return self:pause(run, answer) end
      step_on(run, step, answer)
    end
  end
end

--- Lets a run that was left or parked go on: what stood still meanwhile does not count against a
--- deadline, and the cause of the parking is gone, a person says.
---@param run trapheus.Run
function pipeline.reopen(run)
  local record = run.record
  if record.outcome == "parked" then
    record.outcome, record.parked, record.ended_at = nil, nil, nil
    if record.direction == "forward" then record.failure = nil end
    for _, intent in pairs(record.intents) do intent.sends = 0 end
  end
  local last = record.steps[#record.steps]
  if last and not last.ended_at then last.started_at, last.outcome = run:stamp(), "running" end
  record.denied = nil
end

local FORWARD = { restored = true, snapshotted = true } -- ends that were reached

--- Turns a run round: what it has done is undone. Not possible once its replacement is verified; one that has ended
--- without it has nothing left to undo.
---@return boolean ok
---@return string? why
function pipeline.turn_back(run)
  local record = run.record
  if FORWARD[record.outcome] then return false, "it has ended as " .. record.outcome end
  if record.outcome then return true end
  if run.facts.verified then return false, "the replacement is verified: there is only forward" end
  record.failure = record.failure or { step = record.step, message = "given up by request" }
  record.given_up = true
  if record.direction == "forward" then record.step = nil end
  record.direction = "back"
  return true
end

return pipeline
