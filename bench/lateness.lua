--- How late a change in RDS is seen, per restore: trapheus bench/lateness.lua COUNT [PERCENT TIMES]
---
--- Restores COUNT databases on the sandbox, in virtual time, all at once (1: alone); with PERCENT sixteen, each TIMES
--- times, alone, where RDS takes as long for it every time, give or take so much: the last times count. Prints three
--- numbers, each of one restore: the seconds from a database or snapshot being at rest to the first look that showed it
--- so, summed over its phases; the looks of its own (calls that only read, shared among all); and the seconds that one
--- who looks every 40 seconds would have lost over the same phases.
local driver = require "trapheus.drivers.local"
local fleet = require "trapheus.fleet"
local journal = require "trapheus.journal"
local knobs = require "trapheus.sandbox.knobs"
local path = require "trapheus.path"
local run_module = require "trapheus.run"
local versions = require "trapheus.sandbox.versions"
local world_module = require "trapheus.world"

local FIXED_S = 40
local DATABASES = 16
local EPOCH_MS, WEEK_MS = 1767225600000, 7 * 24 * 3600 * 1000

local KINDS = {
  { list = "instances", result = "DBInstances", id = "DbiResourceId", status = "DBInstanceStatus" },
  { list = "snapshots", result = "DBSnapshots", id = "DBSnapshotArn", status = "Status" },
}

local Watch = {}
Watch.__index = Watch

local function key_of(kind, thing) return kind.list == "instances" and thing.rid or thing.fields.DBSnapshotArn end

local function note_thing(self, sb, kind, thing)
  local key = key_of(kind, thing)
  local state, before = thing.gone and "gone" or thing.status .. (thing.name or ""), self.states[key]
  if state == before then return end
  self.states[key] = state
  local at_rest = thing.status == "available" and not thing.gone and before ~= nil
  self.since[key] = not at_rest and (self.since[key] or sb.now) or self.since[key]
  self.unseen[key] = at_rest and { at_ms = sb.now, name = thing.name } or nil
  if at_rest then
    self.lengths[#self.lengths + 1] = (sb.now - self.since[key]) / 1000
    self.since[key] = nil
  end
end

-- The things of the sandbox, by what was to be seen of them.
local function by_history(sb)
  local found = {}
  for _, kind in ipairs(KINDS) do
    for _, thing in ipairs(sb[kind.list]) do found[thing.history] = { kind = kind, thing = thing } end
  end
  return found
end

-- What has come to rest by itself since the last change of truth: of what has changed since then.
local function note(self, sb)
  for _, history in ipairs(self.changed) do
    self.things[history] = self.things[history] or by_history(sb)[history]
    local known = self.things[history]
    if known then note_thing(self, sb, known.kind, known.thing) end
  end
  self.changed = {}
end

local function seen(self, sb, result)
  for _, kind in ipairs(KINDS) do
    for _, item in ipairs(result and result[kind.result] or {}) do
      local waiting = self.unseen[item[kind.id]]
      if waiting and item[kind.status] == "available" then
        self.late_s = self.late_s + (sb.now - waiting.at_ms) / 1000
        self.unseen[item[kind.id]] = nil
      end
    end
  end
end

local function watch(sb)
  local self = setmetatable({ states = {}, since = {}, unseen = {}, lengths = {}, late_s = 0, changed = {},
    things = by_history(sb) }, Watch)
  for history in pairs(self.things) do table.insert(self.changed, history) end
  note(self, sb)
  local push = versions.push
  function versions.push(history, ...)
    table.insert(self.changed, history)
    return push(history, ...)
  end
  self.lengths, self.unseen = {}, {}
  sb.on_commit = function() note(self, sb) end
  local serve = sb.serve
  function sb.serve(...)
    local result, err, arriving = serve(...)
    seen(self, sb, result)
    return result, err, arriving
  end
  return self
end

local function alone(options)
  local world = world_module.sandbox(options or { knobs = { stale_s = 0 } })
  world.sandbox:add_instance { DBInstanceIdentifier = "mydb" }
  local watched = watch(world.sandbox)
  driver.run(path.script "scripts/restore.lua" (), run_module.new(world, { identifier = "mydb",
    task = "create_snapshot", options = {}, script = "scripts/restore.lua" }))
  return watched, world.sandbox
end

-- One database: what RDS may take for it, give or take so many per cent; what happens by chance happens every time.
local function of_one_database(percent)
  local values = { stale_s = 0 }
  for _, knob in ipairs(knobs.register) do
    local low, high = knob.typical, knob.typical
    if type(low) == "table" then low, high = low[1], high[2] end
    if knob.unit == "%" and low > 0 then
      values[knob.name] = math.random() * 100 < low and 100 or 0
    elseif low ~= high and not values[knob.name] then
      local middle = low + math.random() * (high - low)
      if knob.unit == "changes" then middle = middle // 1 end
      local some = knob.unit == "s" and middle * percent / 100 or 0
      values[knob.name] = { middle - some, middle + some }
    end
  end
  return values
end

-- The last of several restores of one database.
local function again(percent, times, database)
  math.randomseed(database)
  local values, kept, watched, sb = of_one_database(percent), journal.memory(), nil, nil
  for time = 1, times do
    watched, sb = alone { knobs = values, journal = kept, seed = 100 * database + time,
      start_ms = EPOCH_MS + time * WEEK_MS }
  end
  return watched, sb
end

local function together(count)
  local all = fleet.new { "--sandbox", "--task", "create_snapshot", "--concurrency", tostring(count), "--knob",
    "stale_s=0", "--knob", "throttle_rate_per_s=1000", "--knob", "throttle_burst=1000" }
  for i = 1, count do all:add { id = "db" .. i } end
  all.board = { event = function() end, finish = function() end }
  local watched = watch(all.world.sandbox)
  assert(all:run() == 0)
  return watched, all.world.sandbox
end

local function figures(watched, sb)
  local reads, fixed_s = 0, 0
  for _, entry in ipairs(sb.audit) do reads = reads + (entry.operation:find "^Describe" and 1 or 0) end
  for _, length_s in ipairs(watched.lengths) do fixed_s = fixed_s + (-length_s % FIXED_S) end
  return { watched.late_s, reads, fixed_s }
end

local function add(sums, more)
  for i, value in ipairs(more) do sums[i] = (sums[i] or 0) + value end
  return sums
end

return function(arguments)
  collectgarbage "generational"
  local count, percent, times = tonumber(arguments[1]), tonumber(arguments[2]), tonumber(arguments[3])
  local sums = {}
  if percent then
    count = DATABASES
    for database = 1, count do add(sums, figures(again(percent, times, database))) end
  else
    sums = figures((count == 1 and alone or together)(count > 1 and count or nil))
  end
  for i, sum in ipairs(sums) do sums[i] = ("%.1f"):format(sum / count) end
  print(table.concat(sums, " "))
  return 0
end
