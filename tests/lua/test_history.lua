--- Waits learn from what earlier runs of the same database have recorded, and from nothing else.
local driver = require "trapheus.drivers.local"
local history = require "trapheus.history"
local journal = require "trapheus.journal"
local json = require "trapheus.json"
local knobs = require "trapheus.sandbox.knobs"
local path = require "trapheus.path"
local run_module = require "trapheus.run"
local witness = require "witness"
local world_module = require "trapheus.world"

local function equal(got, wanted, what) witness.equal(json.encode(got), json.encode(wanted), what) end
local tests = {}

-- Runs on the sandbox ------------------------------------------------------------------------

-- RDS takes as long for everything every time: the middle of what is typical.
local function steady_knobs()
  local values = { stale_s = 0, rename_label_percent = 100, restore_pending_reboot_percent = 0 }
  for _, knob in ipairs(knobs.register) do
    local range = knob.typical
    if knob.unit == "s" and type(range) == "table" and knob.name ~= "stale_s" then
      values[knob.name] = (range[1] + range[2]) / 2
    end
  end
  return values
end

local STEADY <const>, WEEK_MS <const>, EPOCH_MS <const> = steady_knobs(), 7 * 24 * 3600 * 1000, 1767225600000

local function looks_between(audit, from_s, to_s)
  local looks = 0
  for _, call in ipairs(audit) do
    local within = call.at_ms >= from_s * 1000 and call.at_ms <= to_s * 1000
    looks = looks + (within and call.operation:find "^Describe" and 1 or 0)
  end
  return looks
end

-- Those in the step that deletes the original.
local function last_looks(audit, record)
  for _, step in ipairs(record.steps) do
    if step.name == "delete" then return looks_between(audit, step.started_at, step.ended_at) end
  end
end

---@return { took_s: number, looks: integer, last_looks: integer, record: table }
local function restore(kept, seed, week)
  local world = world_module.sandbox { seed = seed, knobs = STEADY, journal = kept,
    start_ms = EPOCH_MS + week * WEEK_MS }
  world.sandbox:add_instance { DBInstanceIdentifier = "mydb" }
  local run = run_module.new(world, { identifier = "mydb", task = "create_snapshot", options = {},
    script = "scripts/restore.lua" })
  local began_ms, audit = world:now_ms(), world.sandbox.audit
  driver.run(path.script "scripts/restore.lua" (), run)
  equal(run.record.outcome, "restored")
  return { took_s = (world:now_ms() - began_ms) / 1000, looks = looks_between(audit, 0, math.huge),
    last_looks = last_looks(audit, run.record), record = run.record }
end

local function nothing() return { took_s = 0, looks = 0, last_looks = 0 } end

local function add(sum, run)
  for what, amount in pairs(sum) do sum[what] = amount + run[what] end
end

-- The first restore of some databases, and another one, before which `change` has had the record of the first.
local function twice(change)
  local first, second = nothing(), nothing()
  for seed = 1, 6 do
    local kept = journal.memory()
    local run = restore(kept, seed, 0)
    add(first, run)
    kept:save(change(json.decode(json.encode(run.record))))
    add(second, restore(kept, seed + 100, 1))
  end
  return first, second
end

tests["the second restore of a database looks less often, and sees sooner what it waits for"] = function()
  local first, second = twice(function(record) return record end)
  assert(second.looks < first.looks - 6 * 10, ("%d looks, then %d"):format(first.looks, second.looks))
  assert(second.took_s < first.took_s - 6 * 10, ("%.0f s, then %.0f s"):format(first.took_s, second.took_s))
end

tests["what only the end waits for is looked at less often, too"] = function()
  local first, second = twice(function(record) return record end)
  assert(second.last_looks < 0.9 * first.last_looks, ("%d looks, then %d"):format(first.last_looks, second.last_looks))
end

local function stretched(factor)
  return function(record)
    for words, length_s in pairs(record.phases) do record.phases[words] = length_s * factor end
    return record
  end
end

tests["a record that misleads costs little"] = function()
  for _, factor in ipairs { 10, 3, 0.3, 0.1 } do
    local first, second = twice(stretched(factor))
    local told = ("%g: %.0f s with %d looks, then %.0f s with %d"):format(factor, first.took_s, first.looks,
      second.took_s, second.looks)
    assert(second.took_s < first.took_s + 6 * 90 and second.looks < first.looks + 6 * 20, told)
  end
end

tests["a record that cannot be read as one changes nothing"] = function()
  local function odd(record)
    record.phases = { ["restore: the restore"] = "long", snapshot = 3, rename = { 60 }, delete = -1 }
    return record
  end
  local function none(record)
    record.phases = nil
    return record
  end
  local _, with = twice(odd)
  local _, without = twice(none)
  equal(with, without)
end

-- Reading ------------------------------------------------------------------------------------

local MINE <const> = { identifier = "orders", kind = "instance", account = "1", region = "eu-west-1" }

local function recorded(phases, other)
  local record = { outcome = "restored", phases = phases }
  for field, value in pairs(MINE) do record[field] = value end
  for field, value in pairs(other or {}) do record[field] = value end
  return record
end

tests["only ended runs of the same database are believed"] = function()
  for _, other in ipairs { { identifier = "orders2" }, { kind = "cluster" }, { account = "2" },
    { region = "eu-west-2" }, { outcome = false }, { outcome = "parked" } } do
    local record = recorded({ restore = 600 }, other)
    record.outcome = record.outcome or nil
    assert(not history.past(MINE, { record }), json.encode(other))
  end
  equal(history.past(MINE, { recorded { restore = 600 } }).restore.length_s, 600.0)
end

tests["what is no length is not believed"] = function()
  for _, length_s in ipairs { -1, 0, 0 / 0, 1 / 0, "600", {}, { 600 }, json.null, true, false } do
    assert(not history.past(MINE, { recorded { restore = length_s } }))
  end
  for _, phases in ipairs { "x", 3, true, {}, json.null } do
    assert(not history.past(MINE, { recorded(phases) }))
  end
end

tests["what several runs say is weighed, the latest five of them"] = function()
  local alone = history.past(MINE, { recorded { restore = 600 } }).restore
  assert(alone.spread_s > 0.1 * 600 and alone.spread_s < 0.2 * 600, alone.spread_s)
  local list = {}
  for i = 1, 9 do list[i] = recorded { restore = i <= 5 and 600 or 6000, ["restore 2"] = i < 3 and 30 or nil } end
  local several = history.past(MINE, list)
  equal(several.restore.length_s, 600.0)
  equal(several["restore 2"].length_s, 30.0)
  assert(several.restore.spread_s < alone.spread_s / 2)
  list[1].phases.restore = 1200
  assert(history.past(MINE, list).restore.spread_s > 200)
end

-- Recording ----------------------------------------------------------------------------------

-- A run that has looked at these times, and waited for these things.
local function waited(looks)
  local now_ms = 0
  local world = { now_ms = function() return now_ms end }
  local run = { identifier = "orders", facts = { snapshot_name = "orders-monday" }, world = world,
    record = { step = "restore" } }
  for _, look in ipairs(looks) do
    now_ms = look[1] * 1000
    local answer = { wait = look[2], patient = look.patient, left_s = look.left_s, sent = look.sent }
    run.record.waiting = { why = look[2], since_ms = now_ms }
    run.resting = not (look.patient or look.left_s or look.counted) and answer or nil
    history.rest(run, answer)
  end
  return run.record.phases or {}
end

tests["a phase begins and ends between two looks, whatever RDS shows meanwhile"] = function()
  equal(waited { { 0, "RestoreDB of orders to show", sent = true }, { 10, "orders (creating)" }, { 70, "orders (new)" },
    { 90, "orders to be sure", counted = true } }, { ["restore:  after RestoreDB"] = 75.0 })
  equal(waited { { 0, "x", sent = true }, { 10, "snapshot orders-monday (creating)" }, { 20, "orders" }, { 40, "y" },
    { 60, "orders" }, { 80, "y" } }, { ["restore: snapshot  after x"] = 10.0,
    ["restore:  after x"] = 15.0, ["restore: y after x"] = 20.0, ["restore:  after x 2"] = 20.0 })
end

tests["what nobody has seen begin and end is not recorded"] = function()
  equal(waited { { 0, "a" }, { 20, "b", counted = true } }, {}, "it went on before this process")
  equal(waited { { 0, "x", sent = true }, { 10, "x" }, { 20, "y", counted = true } }, {}, "a call that is to show")
  equal(waited { { 0, "x", sent = true }, { 10, "a" }, { 20, "AWS", patient = true }, { 30, "a" },
    { 40, "b", counted = true } }, {}, "AWS was throttling")
  equal(waited { { 0, "x", sent = true }, { 10, "a" }, { 20, "lease", left_s = 9 }, { 30, "a" },
    { 40, "b", counted = true } }, {}, "it waited for time")
  equal(waited { { 0, "x", sent = true }, { 10, "a" }, { 5000, "b", counted = true } }, {}, "the machine was asleep")
end

return tests
