--- Tasks over one event loop: straight-line code that waits without holding up the rest.
---
--- A task is a coroutine that yields what it waits for: an op of the loop, or another task; both answer `done`,
--- `result` and `close`. Where the caller is no task, or may not yield (inside `sort`, `gsub`, `require`), waiting
--- drives the loop itself, and with it every other task.
local core = require "trapheus.core"
local heap = require "trapheus.heap"

local tasks = {}

---@class trapheus.Op
---@field done fun(self: trapheus.Op): boolean
---@field result fun(self: trapheus.Op): any, any
---@field close fun(self: trapheus.Op)

local current_loop
local on_interrupt
local task_of = setmetatable({}, { __mode = "k" }) -- coroutine -> task
local sleeping = heap.new()                        -- tasks that wait for a timer, by when it ends
local waiting = {}                                 -- tasks that wait for anything else, in the order they began to
local ready, next_ready = {}, 1                    -- tasks whose wait is over, first come first
local unobserved = {}                              -- failed tasks that nobody has asked for their result

-- The loop.

--- The loop everything waits on; made when it is first asked for.
---@param options? table  For making it, as for core.loop.
---@return table
function tasks.loop(options)
  current_loop = current_loop or assert(core.loop(options or {}))
  return current_loop
end

--- Waits on another loop from now on (a virtual or paced one; nil: a new real one when it is needed).
---@param loop table?
---@return table? previous
function tasks.use(loop)
  local previous = current_loop
  current_loop = loop
  return previous
end

--- Has the function called with the name of each signal that ends a wait, once the loop is armed for signals. What it
--- raises comes out of whatever drives the loop.
---@param handler? fun(signal: string)
function tasks.on_interrupt(handler)
  on_interrupt = handler
end

-- A task.

---@class trapheus.Task : trapheus.Op
local Task = { __name = "trapheus.Task" }
Task.__index = Task

local function finish(task, ok, ...)
  task.finished, task.ok, task.values = true, ok, table.pack(...)
  if not ok then unobserved[#unobserved + 1] = task end
  if task.group then task.group:finished(task) end
end

local function forget(list, task)
  for i, other in ipairs(list) do
    if other == task then return table.remove(list, i) end
  end
end

local function after_resume(task, ok, ...)
  if not ok then
    coroutine.close(task.thread)
    return finish(task, false, ...)
  end
  if coroutine.status(task.thread) == "dead" then return finish(task, true, ...) end
  local op, due_ms = ...
  task.waits_for = op
  if due_ms then
    sleeping:push(due_ms, { task = task, timer = op })
  else
    waiting[#waiting + 1] = task
  end
end

local function resume(task, ...)
  return after_resume(task, coroutine.resume(task.thread, ...))
end

function Task:done()
  return self.finished or false
end

--- What the task returned; raises what it raised.
function Task:result()
  if not self.ok then
    forget(unobserved, self)
    error(self.values[1], 0)
  end
  return table.unpack(self.values, 1, self.values.n)
end

--- Cancels the task: what it holds in `<close>` variables is closed, and whoever awaits it fails.
function Task:close()
  forget(unobserved, self)
  if self.finished or coroutine.status(self.thread) ~= "suspended" then return end
  forget(waiting, self)
  local _, err = coroutine.close(self.thread)
  self.finished, self.ok, self.values = true, false, table.pack(err or "the task was cancelled")
end

Task.__close = Task.close

-- Driving.

--- Those whose timer has ended. Timers end in the order of their times, so that the first tells for all; what a closed
--- task waited for has ended, too.
local function collect_sleeping()
  local first = sleeping:peek()
  while first and first.timer:done() do
    sleeping:pop()
    if first.task.waits_for == first.timer then ready[#ready + 1] = first.task end
    first = sleeping:peek()
  end
end

local function collect_waiting()
  local before = waiting
  waiting = {}
  for _, task in ipairs(before) do
    local list = task.waits_for:done() and ready or waiting
    list[#list + 1] = task
  end
end

--- Resumes the tasks whose wait is over. Were there any? (A resumed task may drive the loop in its turn: the lists are
--- complete whenever Lua code of a task runs.)
local function wake()
  collect_sleeping()
  collect_waiting()
  local any = false
  while ready[next_ready] do
    local task = ready[next_ready]
    next_ready = next_ready + 1
    any = true
    if not task.finished then resume(task) end
  end
  ready, next_ready = {}, 1
  return any
end

--- One turn: tasks that can go on do; else the loop waits once. Is there nothing left to wait for?
local function turn()
  if wake() then return false end
  local outstanding, err = tasks.loop():step()
  if not outstanding then error(err.message, 0) end
  local signal = on_interrupt and tasks.loop():interrupted()
  if signal then on_interrupt(signal) end
  return outstanding == 0
end

local function drive(op)
  local idle = false
  while not op:done() do
    if idle then error("waiting for what nothing will end", 0) end
    idle = turn() and not op:done() and not wake()
  end
end

--- `due_ms`: when a timer will end, in the loop's time.
local function await(op, due_ms)
  local task = task_of[coroutine.running()]
  if task and coroutine.isyieldable() then
    while not op:done() do coroutine.yield(op, due_ms) end
  else
    drive(op)
  end
  return op:result()
end

--- Waits until the op (or the task) is done, and returns its result.
---@param op trapheus.Op
---@return any
function tasks.await(op)
  return await(op)
end

--- As coroutine.create; a limit that the running coroutine is under (a debug hook) applies to the new one as well.
---@param f function
---@return thread
function tasks.new_thread(f)
  local thread = coroutine.create(f)
  local look, mask, count = debug.gethook()
  if type(look) == "function" then debug.sethook(thread, look, mask, count) end
  return thread
end

local function start(group, f, ...)
  local task = setmetatable({ thread = tasks.new_thread(f), group = group }, Task)
  task_of[task.thread] = task
  resume(task, ...)
  return task
end

--- Starts a task. It runs until it first waits, then whenever something else waits.
---@param f function
---@param ... any  Its arguments.
---@return trapheus.Task
function tasks.spawn(f, ...)
  return start(nil, f, ...)
end

--- Done when every task is, or one has failed.
local Group = {}
Group.__index = Group

function Group:finished(task)
  self.open = self.open - 1
  if not task.ok then self.failed = self.failed or task end
end

function Group:done()
  return self.open == 0 or self.failed ~= nil
end

function Group:result()
  if self.failed then self.failed:result() end
  local results = {}
  for i, task in ipairs(self) do results[i] = task:result() end
  return results
end

function Group:close()
  for _, task in ipairs(self) do task:close() end
end

Group.__close = Group.close

--- Runs the functions as tasks and waits for all of them. When one fails the others are cancelled and its error is
--- raised.
---@param functions function[]
---@return any[] results  What each returned first, in the order given.
function tasks.all(functions)
  local group <close> = setmetatable({ open = #functions }, Group)
  for i, f in ipairs(functions) do group[i] = start(group, f) end
  return await(group)
end

--- Waits that many seconds of the loop's time.
---@param seconds number
function tasks.sleep(seconds)
  if type(seconds) ~= "number" then error("sleep: expected seconds, got " .. type(seconds), 2) end
  local loop = tasks.loop()
  local timer <close> = assert(loop:timer(seconds * 1000))
  await(timer, loop:now_ms() + seconds * 1000)
end

--- Runs a function as a task, drives the loop until it returns, and returns what it did. Raises what it raised; if it
--- raised nothing, what some other task raised that nobody asked for.
---@param f function
---@param ... any
---@return any
function tasks.run(f, ...)
  local task <close> = tasks.spawn(f, ...)
  drive(task)
  local results = table.pack(task:result())
  if #unobserved > 0 then table.remove(unobserved, 1):result() end
  return table.unpack(results, 1, results.n)
end

return tasks
