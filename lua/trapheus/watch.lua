--- What many runs wait for, looked at for all of them: the questions of a run that waits for a change are asked again
--- and again, and it looks itself only when an answer has changed. Questions are asked in full pages, those first from
--- which most is to be learnt: where changes are likely (by the typical length of a phase, and by what the others in it
--- have just done), and which have not been asked for long.
local core = require "trapheus.core"

local watch = {}

local PAGE = 100 -- questions that one call asks
local MOST_PAGES = 10 -- in a round, of one kind
local WORTH_MS = 1050 -- so much sooner must a change be seen by one call more
local CALM = 8 -- times that, where nothing is kept waiting
local MIN_MS, MAX_MS = 1000, 20 * 1000 -- between two askings of one question
local LATE <const>, EARLY <const> = 1.25, 0.5 -- of its time: a page is not waited for any longer; it may fill one
local MEMORY_S = 3000 -- of watching: what was before counts for less
local AGES = 5 -- kinds of ages while an age doubles
local FIRST_AGE_S = 20

---@class trapheus.Watched : trapheus.Question  A question that is being watched.
---@field entry table       who asks; `turn` counts its looks
---@field turn integer
---@field about trapheus.WatchedPhase
---@field asked_ms integer
---@field age integer       at that time
---@field seen { watched_s: number, changes: number }  of its phase at that age

---@class trapheus.WatchedPhase
---@field phase string      what is waited for, in the same words for all who wait for it
---@field since_ms integer  when that began
---@field expected_s number?
---@field calm boolean?

---@class trapheus.WatchGroup  Questions of one shelf, phase and age, those first that were asked first.
---@field phase string
---@field age integer
---@field first integer
---@field last integer
---@field delay_ms number
---@field [integer] trapheus.Watched

---@class trapheus.Watch
---@field live integer      questions
local Watch = {}
Watch.__index = Watch

--- `wake(entry, asked_ms)` is called when an answer has changed; or nobody knows, and then there is no `asked_ms`.
---@param loop userdata
---@param wake fun(entry: table, asked_ms: integer?)
---@return trapheus.Watch
function watch.new(loop, wake)
  return setmetatable({ loop = loop, wake = wake, live = 0, shelves = {}, tables = {}, seen = {} }, Watch)
end

local function age_of(question, now_ms)
  local elapsed_s = math.max(0, now_ms - question.about.since_ms) / 1000
  return math.log(1 + elapsed_s / FIRST_AGE_S, 2) * AGES // 1 | 0
end

-- The questions of a shelf.
local function table_of(self, shelf)
  local kept = self.tables[shelf]
  if not kept then
    kept = { shelf = shelf, groups = {}, by_key = {}, live = 0 }
    self.tables[shelf] = kept
    self.shelves[#self.shelves + 1] = kept
    shelf.observer.watch = self
  end
  return kept
end

local function ages_of(by_phase, phase)
  by_phase[phase] = by_phase[phase] or {}
  return by_phase[phase]
end

-- What was seen of a phase at an age, whoever was in it.
local function seen_of(self, phase, age)
  local ages = ages_of(self.seen, phase)
  ages[age] = ages[age] or { watched_s = 0, changes = 0 }
  return ages[age]
end

local function put(self, kept, question)
  local age = age_of(question, question.asked_ms)
  local ages = ages_of(kept.by_key, question.about.phase)
  local group = ages[age]
  if not group then
    group = { phase = question.about.phase, age = age, first = 1, last = 0, delay_ms = MIN_MS,
      seen = seen_of(self, question.about.phase, age) }
    ages[age], kept.groups[#kept.groups + 1] = group, group
  end
  group.last = group.last + 1
  group[group.last] = question
  question.age, question.seen = age, group.seen
end

-- Adds what was watched of an age; older knowledge fades.
local function learn(seen, watched_s, changes)
  seen.watched_s, seen.changes = seen.watched_s + watched_s, seen.changes + changes
  local fading = MEMORY_S / seen.watched_s
  if fading < 1 then seen.watched_s, seen.changes = MEMORY_S, seen.changes * fading end
end

-- The entry waits for something else now, or for nothing.
local function moved(self, entry, phase)
  local past = entry.watched
  if past and past.phase ~= phase then learn(seen_of(self, past.phase, past.age), 0, 1) end
  entry.watched = nil
end

--- Watches for a run that has just looked, and waits.
---@param entry { run: trapheus.Run, turn: integer }
---@param questions trapheus.Question[]
---@param about trapheus.WatchedPhase
function Watch:add(entry, questions, about)
  moved(self, entry, about.phase)
  local now_ms = self.loop:now_ms()
  for _, question in ipairs(questions) do
    question.entry, question.turn, question.about, question.asked_ms = entry, entry.turn, about, now_ms
    local kept = table_of(self, question.shelf)
    kept.live, self.live = kept.live + 1, self.live + 1
    put(self, kept, question)
  end
end

--- The run waits for nothing any more that can be watched.
function Watch:leave(entry) moved(self, entry, nil) end

-- Its run has looked meanwhile.
local function is_stale(question) return question.turn ~= question.entry.turn end

local function drop(self, question)
  local kept = self.tables[question.shelf]
  kept.live, self.live = kept.live - 1, self.live - 1
end

local function take_first(group)
  local question = group[group.first]
  group[group.first] = nil
  group.first = group.first + 1
  return question
end

-- The first question that somebody still asks.
local function head(self, group)
  while group.first <= group.last do
    local question = group[group.first]
    if not is_stale(question) then return question end
    drop(self, take_first(group))
  end
end

local phase = { min_ms = MIN_MS, max_ms = MAX_MS, random = 1 } -- used again: this is asked often

-- How long a question of the group is left alone; of `count` that are asked together, each costs so much less.
local function delay_ms(group, question, count, now_ms)
  local worth_ms = WORTH_MS / math.max(1, math.min(count, PAGE)) * (question.about.calm and CALM or 1)
  phase.elapsed_ms, phase.expected_ms = now_ms - question.about.since_ms, (question.about.expected_s or 0) * 1000
  phase.worth_ms, phase.watched_s, phase.changes = worth_ms, group.seen.watched_s, group.seen.changes
  return core.waiter.delay_ms(phase)
end

-- How far the first of the group is on its way to be asked: 1 at its time. Empty groups are let go.
local function ripen(self, kept, now_ms)
  local groups = {}
  for _, group in ipairs(kept.groups) do
    local first = head(self, group)
    if first then
      group.delay_ms = delay_ms(group, first, kept.live, now_ms)
      group.ripe = (now_ms - first.asked_ms) / group.delay_ms
      groups[#groups + 1] = group
    else
      kept.by_key[group.phase][group.age] = nil
    end
  end
  kept.groups = groups
  return groups
end

-- How many questions are due, and how far the first of them is.
local function count_due(groups, now_ms)
  local count, ripest = 0, 0
  for _, group in ipairs(groups) do
    ripest = math.max(ripest, group.ripe)
    local i = group.first
    while i <= group.last and now_ms - group[i].asked_ms >= group.delay_ms do i = i + 1 end
    count = count + i - group.first
  end
  return count, ripest
end

local function pages_due(kept, count, ripest)
  local pages = count // PAGE
  if count % PAGE > 0 and (kept.live <= PAGE or ripest >= LATE) then pages = pages + 1 end
  return math.min(pages, MOST_PAGES)
end

-- The ripest questions, as many as there is room for.
local function pick(self, groups, now_ms, room)
  local list, order = {}, table.move(groups, 1, #groups, 1, {})
  table.sort(order, function(a, b)
    if a.ripe ~= b.ripe then return a.ripe > b.ripe end
    return a.phase < b.phase or a.phase == b.phase and a.age < b.age
  end)
  for _, group in ipairs(order) do
    local question = head(self, group)
    while question and #list < room and now_ms - question.asked_ms >= EARLY * group.delay_ms do
      list[#list + 1] = take_first(group)
      question = head(self, group)
    end
  end
  return list
end

--- Asks what is due, in full pages.
function Watch:round()
  local now_ms = self.loop:now_ms()
  for _, kept in ipairs(self.shelves) do
    local groups = ripen(self, kept, now_ms)
    local pages = pages_due(kept, count_due(groups, now_ms))
    if pages > 0 then kept.shelf.observer:ask(kept.shelf, pick(self, groups, now_ms, pages * PAGE)) end
  end
end

--- What may as well be asked on a page that has room.
---@param shelf trapheus.Shelf
---@param room integer
---@return trapheus.Watched[]
function Watch:fill(shelf, room)
  local kept, now_ms = self.tables[shelf], self.loop:now_ms()
  return kept and kept.live > 0 and pick(self, ripen(self, kept, now_ms), now_ms, room) or {}
end

local function note(question, asked_ms)
  learn(question.seen, (asked_ms - question.asked_ms) / 1000, 0)
end

--- The answers are there. Without `asked_ms` there are none.
---@param unchanged trapheus.Watched[]
---@param changed trapheus.Watched[]
---@param asked_ms integer?
function Watch:answered(unchanged, changed, asked_ms)
  for _, question in ipairs(unchanged) do
    if is_stale(question) then
      drop(self, question)
    else
      note(question, asked_ms)
      question.asked_ms = asked_ms
      put(self, self.tables[question.shelf], question)
    end
  end
  for _, question in ipairs(changed) do
    drop(self, question)
    if not is_stale(question) then
      if asked_ms then note(question, asked_ms) end
      question.entry.watched = asked_ms and { phase = question.about.phase, age = question.age } or nil
      self.wake(question.entry, asked_ms)
    end
  end
end

return watch
