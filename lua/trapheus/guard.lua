--- Calls a hook so that its accidents stay its own: it has a time limit, it may wait without holding up what keeps the
--- run alive, and what comes of it is an answer.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local lease = require "trapheus.lease"
local log = require "trapheus.log"
local ambient = require "trapheus.ambient"
local secrets = require "trapheus.secrets"
local tasks = require "trapheus.tasks"

local guard = {}

local INSTRUCTIONS = 100000 -- between two looks at the clock
local KEEP_MS = 240 * 1000  -- while a hook waits, the lease is looked at as often

local function late(timeout_s)
  return ("it has not ended after %s (timeout_s sets another limit)"):format(log.duration(timeout_s))
end

-- What goes on and on in a thread is stopped by an error; once late, at each instruction, so that no pcall of its own
-- keeps it from ending. Waiting is not disturbed.
local function limit(thread, timeout_s)
  local until_ms = core.clock.monotonic_ms() + timeout_s * 1000
  local function look()
    if core.clock.monotonic_ms() < until_ms then return end
    debug.sethook(coroutine.running(), look, "", 1)
    error(late(timeout_s), 0)
  end
  debug.sethook(thread, look, "", INSTRUCTIONS)
end

local function unwrap(ok, ...)
  if ok then return ... end
  error((...), 0)
end

--- For code under a limit: coroutines that are under it, too.
guard.coroutine = setmetatable({ create = tasks.new_thread }, { __index = coroutine })

function guard.coroutine.wrap(f)
  local thread = tasks.new_thread(f)
  return function(...) return unwrap(coroutine.resume(thread, ...)) end
end

--- Calls a function, which is stopped when it goes on for too long.
---@param timeout_s number
---@param f function
---@return boolean ok
---@return any result
function guard.limited(timeout_s, f, ...)
  local thread = coroutine.create(f)
  limit(thread, timeout_s)
  return coroutine.resume(thread, ...)
end

-- What a hook may answer: nothing, true, or false and why.
local function judge(ok, result, why)
  if not ok then return false, result end
  if result == nil or result == true then return true end
  if result == false then return false, why == nil and "it answered false" or why end
  return false, ("it returned a %s; nothing, true, or false and a reason is expected"):format(type(result))
end

local function start(hook, ...)
  return tasks.spawn(function(...)
    limit(coroutine.running(), hook.timeout_s)
    return hook.run(...)
  end, ...)
end

-- Waits until the task has ended, or something else is to be done.
local function wait(world, task, alarm)
  local timer <close> = world.loop:timer(KEEP_MS)
  tasks.await {
    done = function() return task:done() or alarm:done() or timer:done() or world:interrupted() ~= nil end,
    result = function() end,
  }
end

-- A look that AWS does not answer is had again; a journal that cannot be written ends the run.
local function keep_lease(run)
  local ok, err = pcall(lease.keep, run)
  if not ok and (not errors.is(err) or err.code == "JournalError") then error(err, 0) end
end

local function attend(run, task, hook)
  local world = run.world
  local alarm <close> = world.loop:timer(hook.timeout_s * 1000 * (world.pace or 1))
  while not task:done() do
    wait(world, task, alarm)
    if not task:done() then
      if world:interrupted() then return false, run:wait(hook.what .. " to be run again") end
      if alarm:done() then return false, late(hook.timeout_s) end
      keep_lease(run)
    end
  end
  return judge(pcall(task.result, task))
end

---@class trapheus.Hook
---@field run function
---@field what string         For people: "the hook before rename (hooks.lua)".
---@field key string          What it is remembered by.
---@field timeout_s number    In real time; in virtual time, that.
---@field repeats boolean?    A resumed run that comes to it again runs it again.

--- Calls a hook of a file.
---@param run trapheus.Run
---@param hook trapheus.Hook
---@param ... any  What it is given.
---@return boolean ok
---@return string|trapheus.Answer? why  Not: an answer that says "wait" when a signal has come, else a text.
function guard.call(run, hook, ...)
  local _ <close> = ambient.enter(run.world)
  local task <close> = start(hook, ...)
  local ok, why = attend(run, task, hook)
  if ok or type(why) == "table" and why.wait then return ok, why end
  return false, secrets.mask(tostring(why))
end

return guard
