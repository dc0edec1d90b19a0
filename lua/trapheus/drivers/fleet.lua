--- The fleet driver: many runs in one process. A run that waits is data in a heap, by when its next look is due; one
--- whose turn it is looks in a task, and many of those are under way at once. Runs that are due at about the same time
--- look together, so that they share what they see.
local errors = require "trapheus.errors"
local heap = require "trapheus.heap"
local tasks = require "trapheus.tasks"

local driver = {}

-- One round of looks costs about the same for one run as for a hundred: the more there are, the more often.
local MIN_ROUND_MS, MAX_ROUND_MS, ROUND_OF_ALL_MS = 1000, 10 * 1000, 100 * 1000
local PAGE = 100 -- databases that one call asks about
local REST_MS = 60 * 1000 -- one that rests looks all the same after this
local MOST_AT_ONCE = 200 -- looks under way: two full pages

---@class trapheus.FleetDriver
---@field world trapheus.World
---@field ended fun(run: trapheus.Run, problem: any, pipeline: trapheus.Pipeline)
local Driver = {}
Driver.__index = Driver

--- `ended` is called when a run has ended; or has come to nothing, and then `problem` says why: the run is as the
--- journal has it. It may add runs.
---@param world trapheus.World
---@param ended fun(run: trapheus.Run, problem: any, pipeline: trapheus.Pipeline)
---@return trapheus.FleetDriver
function driver.new(world, ended)
  return setmetatable({ world = world, ended = ended, due = heap.new(), active = 0, round_at_ms = 0 }, Driver)
end

--- Its first look is due now.
---@param pipeline trapheus.Pipeline
---@param run trapheus.Run
function Driver:add(pipeline, run)
  self.due:push(self.world:now_ms(), { pipeline = pipeline, run = run })
  self.moved = true
end

--- How many runs have not ended.
---@return integer
function Driver:under_way() return self.due.count + self.active end

--- Calls f(run) for each that waits.
function Driver:each(f)
  for i = 1, self.due.count do f(self.due[i].value.run) end
end

local function look(self, entry)
  local run = entry.run
  entry.looked_ms = self.world:now_ms()
  run.world.rds:begin()
  local ok, delay_ms = xpcall(entry.pipeline.tick, errors.traced, entry.pipeline, run)
  self.active, self.moved = self.active - 1, true
  run:look_anew()
  if ok and delay_ms then return self.due:push(self.world:now_ms() + delay_ms, entry) end
  self.ended(run, not ok and delay_ms or nil, entry.pipeline)
end

local function start(self, entry)
  self.active = self.active + 1
  tasks.spawn(look, self, entry)
end

-- For those that rest it is asked whether anything has changed; only then do they look.
local function glance(self, resting)
  for _, entry in ipairs(resting) do entry.asking = entry.run.world.rds:glance() end
  for _, entry in ipairs(resting) do
    for _, task in ipairs(entry.asking) do tasks.await(task) end
    entry.asking = nil
  end
  for _, entry in ipairs(resting) do
    if entry.run.world.rds:glanced() then
      self.due:push(self.world:now_ms() + entry.pipeline:again(entry.run), entry)
    else
      start(self, entry)
    end
  end
  self.active, self.moved = self.active - 1, true
end

-- When the next looks are due: not sooner than a round after the last ones.
local function next_ms(self)
  local _, due_ms = self.due:peek()
  if not due_ms or self.active >= MOST_AT_ONCE then return math.huge end
  return math.max(due_ms, self.round_at_ms)
end

local function round_ms(self)
  return math.max(MIN_ROUND_MS, math.min(ROUND_OF_ALL_MS / self:under_way(), MAX_ROUND_MS)) // 1
end

-- Takes those whose turn it is.
local function take_due(self, now_ms, until_ms)
  local looking, resting = {}, {}
  local entry, due_ms = self.due:peek()
  while entry and due_ms <= until_ms and self.active + #looking < MOST_AT_ONCE do
    local rests = entry.run.rests and now_ms - entry.looked_ms < REST_MS
    table.insert(rests and resting or looking, entry)
    self.due:pop()
    entry, due_ms = self.due:peek()
  end
  return looking, resting
end

-- A page costs the same whether it is full or not: it is filled with those who rest and are next.
local function fill(self, resting, count)
  local passed = {}
  while count % PAGE > 0 and #passed < PAGE do
    local entry, due_ms = self.due:pop()
    if not entry then break end
    if entry.run.rests then
      resting[#resting + 1], count = entry, count + 1
    else
      passed[#passed + 1] = { due_ms, entry }
    end
  end
  for _, each in ipairs(passed) do self.due:push(each[1], each[2]) end
end

local function start_due(self)
  local now_ms = self.world:now_ms()
  if next_ms(self) > now_ms then return end
  local length_ms = round_ms(self)
  local looking, resting = take_due(self, now_ms, now_ms + length_ms / 2)
  fill(self, resting, #looking + #resting)
  if next_ms(self) > now_ms then self.round_at_ms = now_ms + length_ms end -- or there are more of this round
  for _, entry in ipairs(looking) do start(self, entry) end
  if #resting > 0 then
    self.active = self.active + 1
    tasks.spawn(glance, self, resting)
  end
end

-- Until a look has ended, or the next round is due, or a signal comes.
local function wait(self, until_ms)
  local world = self.world
  local at_ms = math.min(next_ms(self), until_ms)
  local timer <close> = at_ms < math.huge and world.loop:timer(at_ms - world:now_ms()) or nil
  tasks.await { done = function() return self.moved or timer and timer:done() or world:interrupted() ~= nil end,
    result = function() end }
end

-- Until a look has ended: there is nothing else to wait for any more.
local function wait_for_a_look(self)
  tasks.await { done = function() return self.moved end, result = function() end }
end

local function stopped(self, until_ms)
  if self.world:interrupted() then return self.world:interrupted() end
  if self.world:now_ms() >= until_ms then return "the time limit" end
end

--- Runs all of them to their ends, or until a signal or the time limit: then each comes to a safe point, nothing is
--- undone, and a resume goes on.
---@param limit { until_ms: integer?, turn: fun()? }?  `turn` is called whenever something has happened.
---@return string? interrupted  Why it stopped before its end.
function Driver:run(limit)
  local until_ms = limit and limit.until_ms or math.huge
  local why
  while self:under_way() > 0 and not (why and self.active == 0) do
    self.moved = false
    if why then
      wait_for_a_look(self)
    else
      start_due(self)
      if not self.moved then wait(self, until_ms) end
      why = stopped(self, until_ms)
    end
    if limit and limit.turn then limit.turn() end
  end
  return self:under_way() > 0 and why or nil
end

return driver
