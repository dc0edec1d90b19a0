--- The fleet driver: many runs in one process. A run that waits is data: its questions are watched together with those
--- of others (trapheus.watch), or it stands in a heap, by when its next look is due. One whose turn it is looks in a
--- task, and many of those are under way at once; those that are due at about the same time look together, so that they
--- share what they see.
local errors = require "trapheus.errors"
local heap = require "trapheus.heap"
local tasks = require "trapheus.tasks"
local watch = require "trapheus.watch"

local driver = {}

-- One round of looks costs about the same for one run as for a hundred: the more there are, the more often.
local MIN_ROUND_MS, MAX_ROUND_MS, ROUND_OF_ALL_MS = 1000, 4 * 1000, 20 * 1000
local REST_MS = 290 * 1000 -- one that is watched looks all the same after this: its lease is to be looked after
local TIME_LIMIT = "the time limit"
local MOST_AT_ONCE = 200 -- looks under way: two full pages

---@class trapheus.FleetDriver
---@field world trapheus.World
---@field ended fun(run: trapheus.Run, problem: any, pipeline: trapheus.Pipeline)
---@field stopping string?  Why no look is begun any more.
local Driver = {}
Driver.__index = Driver

local start -- (self, entry, woken_ms)

-- It stands in the heap no later than when it is due: a wait that is over leaves it there for the next one.
local function queue(self, entry)
  local queued_ms = entry.queued_ms
  if queued_ms and queued_ms <= entry.due_ms then return end
  entry.queued_ms, entry.again_ms = entry.due_ms, queued_ms
  self.due:push(entry.due_ms, entry)
end

-- An entry that waits until a time.
local function put_off(self, entry, delay_ms)
  entry.due_ms, entry.waits = self.world:now_ms() + delay_ms, true
  queue(self, entry)
end

-- A signal has its page let go before the driver itself has heard of it.
local function wake(self, entry, asked_ms)
  if not entry.waits or self.stopping or self.world:interrupted() then return end
  if self.active >= MOST_AT_ONCE then
    put_off(self, entry, 0)
  else
    start(self, entry, asked_ms)
  end
  self.moved = true
end

--- `ended` is called when a run has ended; or has come to nothing, and then `problem` says why: the run is as the
--- journal has it. It may add runs.
---@param world trapheus.World
---@param ended fun(run: trapheus.Run, problem: any, pipeline: trapheus.Pipeline)
---@return trapheus.FleetDriver
function driver.new(world, ended)
  local self = setmetatable({ world = world, ended = ended, due = heap.new(), entries = {}, count = 0, active = 0,
    round_at_ms = 0 }, Driver)
  self.watch = watch.new(world.loop, function(...) wake(self, ...) end)
  return self
end

--- Its first look is due now.
---@param pipeline trapheus.Pipeline
---@param run trapheus.Run
function Driver:add(pipeline, run)
  local entry = { pipeline = pipeline, run = run, turn = 0 }
  self.entries[entry], self.count = true, self.count + 1
  put_off(self, entry, 0)
  self.moved = true
end

--- How many runs have not ended.
---@return integer
function Driver:under_way() return self.count end

--- Calls f(run) for each that has not ended.
function Driver:each(f)
  for entry in pairs(self.entries) do f(entry.run) end
end

-- What it waits for, in words that are the same for all who wait for it.
local function phase_of(run)
  local name = run.identifier:gsub("%-", "%%-")
  return run.record.step .. ": " .. run.record.waiting.why:gsub(name, "")
end

local function rest(self, entry, delay_ms)
  local run = entry.run
  local questions = run.resting and run.world.rds:questions()
  if not questions then
    self.watch:leave(entry)
    return put_off(self, entry, delay_ms)
  end
  self.watch:add(entry, questions, { phase = phase_of(run), since_ms = run.record.waiting.since_ms,
    expected_s = run.resting.expected_s, calm = run.resting.calm })
  put_off(self, entry, REST_MS)
end

local function tick(entry, woken_ms)
  entry.run.world.rds:begin(woken_ms)
  local delay_ms = entry.pipeline:tick(entry.run)
  entry.run:look_anew()
  entry.run.world.rds:rest()
  return delay_ms
end

local function look(self, entry, woken_ms)
  local run = entry.run
  local ok, delay_ms = xpcall(tick, errors.traced, entry, woken_ms)
  self.active, self.moved = self.active - 1, true
  if ok and delay_ms then return rest(self, entry, delay_ms) end
  self.watch:leave(entry)
  self.entries[entry], self.count = nil, self.count - 1
  self.ended(run, not ok and delay_ms or nil, entry.pipeline)
end

function start(self, entry, woken_ms)
  self.active, entry.turn, entry.waits, entry.due_ms = self.active + 1, entry.turn + 1, false, nil
  tasks.spawn(look, self, entry, woken_ms)
end

-- Takes the first out of the heap.
local function take_first(self)
  local entry, queued_ms = self.due:pop()
  if entry.queued_ms == queued_ms then entry.queued_ms, entry.again_ms = entry.again_ms, nil end
  return entry, queued_ms
end

-- The first in the heap that is due then, and when that is. One whose time is later is put where it belongs.
local function first_due(self)
  local entry, queued_ms = self.due:peek()
  while entry and entry.due_ms ~= queued_ms do
    take_first(self)
    if entry.waits then queue(self, entry) end
    entry, queued_ms = self.due:peek()
  end
  return entry, queued_ms
end

-- When the next looks are due: not sooner than a round after the last ones.
local function next_ms(self)
  if self.active >= MOST_AT_ONCE then return math.huge end -- one of them ends first
  if self.more then return 0 end
  if self.watch.live > 0 then return self.round_at_ms end
  local _, due_ms = first_due(self)
  return due_ms and math.max(due_ms, self.round_at_ms) or math.huge
end

local function round_ms(self)
  return math.max(MIN_ROUND_MS, math.min(ROUND_OF_ALL_MS / self.count, MAX_ROUND_MS)) // 1
end

-- Those whose turn it is look. Are there more of them?
local function start_looks(self, until_ms)
  local entry, due_ms = first_due(self)
  while entry and due_ms <= until_ms and self.active < MOST_AT_ONCE do
    take_first(self)
    start(self, entry)
    entry, due_ms = first_due(self)
  end
  return entry ~= nil and due_ms <= until_ms
end

local function start_due(self)
  local now_ms = self.world:now_ms()
  if next_ms(self) > now_ms then return end
  local length_ms = round_ms(self)
  if now_ms >= self.round_at_ms then
    self.watch:round()
    self.round_at_ms = now_ms + length_ms
  end
  self.more = start_looks(self, now_ms + length_ms / 2)
end

-- Until a look has ended, or the next round is due, or a signal comes.
local function wait(self, until_ms)
  local world = self.world
  local at_ms = math.min(next_ms(self), until_ms)
  local timer <close> = at_ms < math.huge and world.loop:timer(at_ms - world:now_ms()) or nil
  tasks.await { done = function() return self.moved or timer and timer:done() or world:interrupted() ~= nil end,
    result = function() end }
end

-- Until a look has ended: there is nothing else to wait for any more. Or until another signal comes, as AWS may not
-- answer for minutes. What was sent is in the journal, as if the process had died. True: it has come.
local function wait_for_a_look(self)
  local enough
  local most = self.stopping == TIME_LIMIT and 0 or 1
  local function done()
    enough = self.world:signals() > most
    return self.moved or enough
  end
  tasks.await { done = done, result = function() end }
  return enough
end

local function stopped(self, until_ms)
  return self.world:interrupted() or self.world:now_ms() >= until_ms and TIME_LIMIT or nil
end

--- Runs all of them to their ends, or until a signal or the time limit: then each comes to a safe point, nothing is
--- undone, and a resume goes on. A second signal, or one after the time limit, waits for no answer any more.
---@param limit { until_ms: integer?, turn: fun()? }?  `turn` is called whenever something has happened.
---@return string? interrupted  Why it stopped before its end.
function Driver:run(limit)
  local until_ms = limit and limit.until_ms or math.huge
  local now
  self.stopping = nil
  while self:under_way() > 0 and not (self.stopping and self.active == 0 or now) do
    self.moved = false
    if self.stopping then
      now = wait_for_a_look(self)
    else
      start_due(self)
      if not self.moved then wait(self, until_ms) end
      self.stopping = stopped(self, until_ms)
    end
    if limit and limit.turn then limit.turn() end
  end
  return self:under_way() > 0 and self.stopping or nil
end

return driver
