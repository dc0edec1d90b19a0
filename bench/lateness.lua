--- How late a change in RDS is seen, per restore: trapheus bench/lateness.lua COUNT
---
--- Restores COUNT databases on the sandbox, in virtual time, all at once (1: alone). Prints three numbers, each of one
--- restore: the seconds from a database or snapshot being at rest to the first look that showed it so, summed over its
--- phases; the looks of its own (calls that only read, shared among all); and the seconds that one who looks every 40
--- seconds would have lost over the same phases.
local driver = require "trapheus.drivers.local"
local fleet = require "trapheus.fleet"
local path = require "trapheus.path"
local run_module = require "trapheus.run"
local versions = require "trapheus.sandbox.versions"
local world_module = require "trapheus.world"

local FIXED_S = 40

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

local function alone()
  local world = world_module.sandbox { knobs = { stale_s = 0 } }
  world.sandbox:add_instance { DBInstanceIdentifier = "mydb" }
  local watched = watch(world.sandbox)
  driver.run(path.script "scripts/restore.lua" (), run_module.new(world, { identifier = "mydb",
    task = "create_snapshot", options = {}, script = "scripts/restore.lua" }))
  return watched, world.sandbox
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

return function(arguments)
  collectgarbage "generational"
  local count = tonumber(arguments[1])
  local watched, sb = (count == 1 and alone or together)(count)
  local reads, fixed_s = 0, 0
  for _, entry in ipairs(sb.audit) do reads = reads + (entry.operation:find "^Describe" and 1 or 0) end
  for _, length_s in ipairs(watched.lengths) do fixed_s = fixed_s + (-length_s % FIXED_S) end
  print(("%.1f %.1f %.1f"):format(watched.late_s / count, reads / count, fixed_s / count))
  return 0
end
