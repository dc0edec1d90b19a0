--- When the hooks of a pipeline are called, and what comes of it. Those of a script are called as they are; those of a
--- file by the guard, with a view of the run. Each is journalled once it has ended: a crash before that runs it again.
local guard = require "trapheus.guard"
local secrets = require "trapheus.secrets"
local view = require "trapheus.view"

local hooked = {}

--- No hooks.
---@return table
function hooked.none()
  return { before = {}, after = {}, verify = {}, on_event = {}, on_failure = {}, on_success = {} }
end

local function words(text) return secrets.mask(tostring(text)) end

local function called(run, hook, event)
  if type(hook) == "function" then return pcall(hook, run) end
  hook.loaded.say = function(text) run:tell("said", { message = words(text) }) end
  local seen = view.of(run, words)
  if event then return guard.call(run, hook, view.frozen(event, "event"), seen) end
  return guard.call(run, hook, seen)
end

-- What was seen before it counts for nothing: it may have done anything.
local function call(run, hook, event)
  local ok, err = called(run, hook, event)
  run:look_anew()
  return ok, err
end

local function what_of(hook, point) return type(hook) == "table" and hook.what or "the hook " .. point end

-- One that fails when a signal has come may have failed for that, as its looks are let go then: it is run again.
local function call_unless_stopped(run, hook, what)
  local ok, err = call(run, hook)
  local waits = type(err) == "table" and err.wait
  if ok or waits or not run.world:interrupted() then return ok, err end
  return false, run:wait(what .. " to be run again")
end

local function key_of(hook, point, i)
  if type(hook) == "table" then return hook.key end
  return i == 1 and point or point .. " " .. i
end

-- One that repeats is run once by each process that comes to it.
local function has_run(run, hook, key)
  if type(hook) == "table" and hook.repeats then return run.repeated ~= nil and run.repeated[key] end
  return run.record.hooks[key]
end

local function note(run, key)
  run.repeated = run.repeated or {}
  run.repeated[key], run.record.hooks[key] = true, true
  -- raises when it cannot be written: that is no failure of the hook; until preflight has ended nothing is kept
  if #run.record.steps > 1 then run:save("hook", { hook = key }) end
end

-- Calls those that have not run yet, in order, up to one that fails. The number of those that ran.
local function go_through(run, list, point)
  local count = 0
  for i, hook in ipairs(list) do
    local key = key_of(hook, point, i)
    if not has_run(run, hook, key) then
      local ok, err = call_unless_stopped(run, hook, what_of(hook, point))
      if type(err) == "table" and err.wait then return count, err end
      if not ok then return count, run:fail(("%s: %s"):format(what_of(hook, point), tostring(err))) end
      note(run, key)
      count = count + 1
    end
  end
  return count
end

--- Those before a step. nil: it may begin.
---@return trapheus.Answer?
function hooked.before(hooks, run, step)
  local list = hooks.before[step.name]
  if not list or run.record.direction == "back" then return nil end
  local _, answer = go_through(run, list, "before " .. step.name)
  return answer
end

--- Those after a step: one that fails is a warning, and the others are called all the same. nil: it is over.
---@return trapheus.Answer?
function hooked.after(hooks, run, step)
  if run.record.direction == "back" then return nil end
  local point = "after " .. step.name
  for i, hook in ipairs(hooks.after[step.name] or {}) do
    local key = key_of(hook, point, i)
    if not has_run(run, hook, key) then
      local ok, err = call_unless_stopped(run, hook, what_of(hook, point))
      if type(err) == "table" and err.wait then return err end
      if not ok then run:warn(("%s: %s"):format(what_of(hook, point), tostring(err))) end
      note(run, key)
    end
  end
end

--- Those that judge the replacement. nil: all of them agree; a wait: one has been at it just now, so look again.
---@return trapheus.Answer?
function hooked.verify(hooks, run)
  local count, answer = go_through(run, hooks.verify, "verify")
  if answer or count == 0 then return answer end
  return run:wait("the replacement to be certain (looking again)", 20)
end

local function warn_if(ok, run, hook, err)
  if not ok and type(err) ~= "table" then run:warn(("%s: %s"):format(hook.what, err)) end
end

--- Hands over what has happened since the last time. One that fails is not called any more.
function hooked.events(hooks, run)
  local events = run.untold
  if not events or #events == 0 then return end
  run.untold = {}
  for _, hook in ipairs(hooks.on_event) do
    for _, event in ipairs(events) do
      if hook.off == run.id then break end
      local ok, err = call(run, hook, event)
      warn_if(ok, run, hook, err)
      if not ok then hook.off = run.id end
    end
  end
end

local POINTS = { restored = "on_success", snapshotted = "on_success", refused = "on_failure", failed = "on_failure",
  rolled_back = "on_failure", parked = "on_failure" }

--- Those of an end, once it is durable.
function hooked.ended(hooks, run)
  hooked.events(hooks, run)
  for _, hook in ipairs(hooks[POINTS[run.record.outcome]] or {}) do
    local ok, err = call(run, hook)
    warn_if(ok, run, hook, err)
  end
end

return hooked
