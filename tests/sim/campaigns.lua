--- The campaigns: each yields cases. Exhaustive ones count the sites of a run without faults and visit all of them.
local case = require "case"
local cases = require "cases"
local fault_kinds = require "trapheus.sandbox.fault_kinds"
local kinds = require "kinds"
local operations = require "trapheus.operations"
local play = require "play"
local strikes = require "strikes"
local random = require "trapheus.sandbox.random"
local swarm = require "trapheus.sandbox.swarm"
local topologies = require "topologies"

local campaigns = {}

-- Every mode of a restore that has calls of its own.
local BASES = { cases.NAMED.instance, cases.NAMED.unretained, cases.NAMED["snapshot only"], cases.NAMED.aurora }

local function fails(base)
  return case.with(base, { faults = { kinds.no_restore[topologies[base.topology].kind] } })
end

--- The cases that have a name: what random faults seldom find.
function campaigns.named()
  for _, made in ipairs(cases.LIST) do coroutine.yield(made) end
end

-- Both halves of each: the restore succeeds, and it ends badly.
local function halves(bases)
  local list = {}
  for _, base in ipairs(bases) do
    list[#list + 1] = case.new(base)
    if base.task ~= "create_snapshot_only" then list[#list + 1] = fails(base) end
  end
  return list
end

-- The calls of a run without further faults: { operation, occurrence, mutates }.
local function sites(base)
  local result = play(base)
  local counts, list = {}, {}
  for _, entry in ipairs(result.sandbox.audit) do
    if entry.by == "client" and entry.service ~= "webhook" then
      counts[entry.operation] = (counts[entry.operation] or 0) + 1
      list[#list + 1] = { operation = entry.operation, occurrence = counts[entry.operation],
        mutates = operations[entry.operation] ~= nil }
    end
  end
  return list, result.counts
end

-- Those that grow from one base are played as a tree: the base and what strikes it come with the case.
local function yield(base, list) coroutine.yield(strikes.on(base, list), base, list) end

local function kinds_at(site)
  if not site.mutates then return kinds.reads end
  local list = table.move(kinds.mutations, 1, #kinds.mutations, 1, {})
  local shapes = kinds.shapes[site.operation] or {}
  return table.move(shapes, 1, #shapes, #list + 1, list)
end

local function visit_calls(base, list, which)
  for _, site in ipairs(list) do
    for _, kind in ipairs((site.mutates or not which) and kinds_at(site) or {}) do
      yield(base, { { fault = kinds.at(kind, site.operation, site.occurrence) } })
    end
  end
end

local CRASHES = {
  { site = "journal", when = "before" }, { site = "journal", when = "after" }, { site = "journal", when = "refused" },
  { site = "call", when = "before" }, { site = "call", when = "after" }, { site = "look", when = "before" },
  { site = "look", when = "asleep" },
}

local function visit_crashes(base, counts)
  for _, crash in ipairs(CRASHES) do
    for nth = 1, counts[crash.site] do
      yield(base, { { crash = { site = crash.site, nth = nth, when = crash.when } } })
    end
  end
end

--- Every call meets every kind of fault, and every boundary of the process a crash: one in each case.
function campaigns.singles()
  for _, base in ipairs(halves(BASES)) do
    local list, counts = sites(base)
    visit_calls(base, list)
    visit_crashes(base, counts)
  end
end

--- The part of the singles that meets mutations, the ends of each base in turn.
function campaigns.mutations()
  for _, base in ipairs(halves(BASES)) do visit_calls(base, (sites(base)), "mutations") end
end

--- Every boundary, and then another host goes on without the journal.
function campaigns.elsewhere()
  for _, base in ipairs(halves(BASES)) do
    local _, counts = sites(base)
    visit_crashes(case.with(base, { elsewhere = true }), counts)
  end
end

local PAIR_KINDS = { "drop", "lost", "dup", "zombie", "500c", "throttle", "denied", "background_failure", "crash" }

-- Those that do anything at a site.
local function pair_kinds(site)
  local list = {}
  for _, kind in ipairs(PAIR_KINDS) do
    if kind == "crash" or fault_kinds.suits(kind, site.operation) then list[#list + 1] = kind end
  end
  return list
end

-- What one of a pair may be: for each kind a strike, the same table in every pair.
local function strikes_at(site)
  local list = {}
  for i, kind in ipairs(pair_kinds(site)) do
    list[i] = kind == "crash" and { crash = { site = "call", nth = site.call, when = "after" } }
      or { fault = kinds.at({ kind = kind, delay_s = kind == "zombie" and 600 or nil }, site.operation,
        site.occurrence) }
  end
  return list
end

--- Two faults, of mutations, in every combination.
function campaigns.pairs()
  for _, base in ipairs(halves(BASES)) do
    local mutations = {}
    for i, site in ipairs((sites(base))) do
      site.call = i
      if site.mutates then mutations[#mutations + 1] = strikes_at(site) end
    end
    for i, first in ipairs(mutations) do
      for j = i + 1, #mutations do
        for _, a in ipairs(first) do
          for _, b in ipairs(mutations[j]) do yield(base, { a, b }) end
        end
      end
    end
  end
end

local TASKS = { "create_snapshot", "create_snapshot", "db_restore", "create_snapshot_only" }
local TOPOLOGIES = { "instance", "instance", "protected", "unretained", "aurora", "aurora1", "multi_az" }
local OPTIONS = { { keep_original = true }, { no_fence = true }, { delete_automated_backups = true },
  { replace_snapshot = "direct" }, { final_snapshot = "mydb-last" }, { export = true },
  { export = true, export_wait = true, export_optional = true } }
local RECORDS = { 0.1, 1, 10 }
local BYTES = 10000000 -- seeds of the campaign in bytes begin here
local PRESETS = { "typical", "typical", "quick", "adversarial" }

local function random_crashes(stream)
  local list = {}
  for _ = 1, stream:integer(0, 3) do
    local crash = CRASHES[stream:integer(1, #CRASHES)]
    list[#list + 1] = { site = crash.site, when = crash.when, nth = stream:integer(1, 150),
      away_s = stream:pick { 1, 60, 1200, 90000 } }
  end
  return list
end

---@param seed integer
---@return trapheus.sim.Case
function campaigns.random(seed)
  local stream = random.new(seed, "campaign")
  return case.new {
    seed = seed, topology = stream:pick(TOPOLOGIES), task = stream:pick(TASKS), preset = stream:pick(PRESETS),
    snapshot = stream:integer(1, 2) == 1, options = stream:integer(1, 4) == 1 and stream:pick(OPTIONS) or nil,
    faults = swarm(seed, "mydb"), calm = stream:integer(1, 4) > 1 or nil,
    crashes = stream:integer(1, 2) == 1 and random_crashes(stream) or {},
    elsewhere = stream:integer(1, 8) == 1 or nil,
    rival_s = stream:integer(1, 10) == 1 and stream:integer(0, 300) or nil,
    record = stream:integer(1, 4) == 1 and stream:pick(RECORDS) or nil,
  }
end

--- Random cases, a subset of kinds each.
---@param from integer  The first seed.
function campaigns.swarm(from, count)
  for seed = from, from + count - 1 do coroutine.yield(campaigns.random(seed)) end
end

--- Random cases through the client's own bytes: requests signed and encoded, replies as XML. Other seeds than the
--- swarm's.
---@param from integer  The first seed.
function campaigns.bytes(from, count)
  for seed = from, from + count - 1 do
    coroutine.yield(case.with(campaigns.random(BYTES + seed), { fidelity = "bytes" }))
  end
end

return campaigns
