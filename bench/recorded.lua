--- How late changes in RDS are seen where the same database has been restored before: recorded.lua PERCENT TIMES
---
--- A model. Sixteen databases are restored once on the sandbox, alone, at its typical pace; how long RDS took for each
--- wait is taken from those runs. The waits are then had again, by the program's own spacing of looks, with what TIMES
--- such restores have recorded; every length, past or present, differs from the first by at most PERCENT, evenly.
--- Prints, of one restore: waits; seconds late; looks; the same two of one who looks every 40 seconds; and the other
--- calls of the first run that only read: they prepare, or make sure.
local driver = require "trapheus.drivers.local"
local history = require "trapheus.history"
local path = require "trapheus.path"
local run_module = require "trapheus.run"
local spacing = require "trapheus.spacing"
local world_module = require "trapheus.world"

local DATABASES, ROUNDS, FIXED_MS = 16, 20, 40 * 1000
local LOOK_MS = world_module.sandbox({}).look_ms

-- One more look of a run: `at_ms`, how it has waited since then, and for what.
local function note(looks, run, answer)
  looks[#looks + 1] = { at_ms = run.world:now_ms(), phase = run.phase, answer = answer }
end

-- A restore that is watched: its looks, and how many reads there were.
local function restore(seed)
  local world, looks = world_module.sandbox { seed = seed, knobs = { stale_s = 0 } }, {}
  world.sandbox:add_instance { DBInstanceIdentifier = "mydb" }
  local pipeline = path.script "scripts/restore.lua" ()
  local pause = pipeline.pause
  function pipeline.pause(...)
    local delay_ms = pause(...)
    note(looks, select(2, ...))
    return delay_ms
  end
  local run = run_module.new(world, { identifier = "mydb", task = "create_snapshot", options = {}, script = "restore" })
  driver.run(pipeline, run)
  looks[#looks + 1] = { at_ms = world:now_ms() }
  local reads = 0
  for _, entry in ipairs(world.sandbox.audit) do reads = reads + (entry.operation:find "^Describe" and 1 or 0) end
  return looks, reads
end

-- The waits among the looks: of each its words and its parts, which are an answer and until when it was given.
local function waits_of(looks)
  local list, times, last = {}, {}, nil
  for i = 1, #looks - 1 do
    local phase, answer = looks[i].phase, looks[i].answer
    if phase and phase.began_ms then
      if not last or last.phase ~= phase then
        times[phase.words] = (times[phase.words] or 0) + 1
        last = { phase = phase, words = phase.words .. " " .. times[phase.words], looks = 0 }
        list[#list + 1] = last
      end
      local until_ms = (looks[i].at_ms + looks[i + 1].at_ms) / 2 - phase.began_ms
      last.looks, last.length_ms = last.looks + 1, until_ms
      last[#last + 1] = { answer = answer, until_ms = until_ms }
    end
  end
  return list
end

local function vary(percent) return 1 + percent / 100 * (2 * math.random() - 1) end

-- What earlier restores of it have recorded.
local function recorded(waits, percent, times)
  local records, database = {}, { identifier = "mydb", kind = "instance" }
  for i = 1, times do
    local record = { identifier = "mydb", kind = "instance", outcome = "restored", phases = {} }
    for _, wait in ipairs(waits) do
      record.phases[wait.words] = wait.length_ms * vary(percent) / 1000
    end
    records[i] = record
  end
  return history.past(database, records)
end

local function answer_at(wait, share_ms)
  for _, part in ipairs(wait) do
    if share_ms < part.until_ms then return part.answer end
  end
end

-- Waits once more: how late the end is seen, and after how many looks.
local function again(run, wait, factor)
  local now_ms, looks, answer, why = 0, 0, wait[1].answer, nil
  run.world.now_ms = function() return now_ms end
  run.phase = { words = wait.words, began_ms = 0 }
  while answer do
    if answer.wait ~= why then run.record.waiting = { why = answer.wait, since_ms = now_ms } end
    why, run.resting = answer.wait, answer
    now_ms, looks = now_ms + spacing(run, answer), looks + 1
    answer = answer_at(wait, now_ms / factor)
  end
  return now_ms - wait.length_ms * factor, looks
end

local function add(sums, ...)
  for i, value in ipairs { ... } do sums[i] = (sums[i] or 0) + value end
end

local function replay(sums, waits, percent, times)
  local world = { look_ms = LOOK_MS, random = function() return math.random() end }
  local run = { world = world, record = { phases = {} }, past = recorded(waits, percent, times) }
  for _, wait in ipairs(waits) do
    local factor = vary(percent)
    local length_ms = wait.length_ms * factor
    local late_ms, looks = again(run, wait, factor)
    add(sums, 1, late_ms / 1000, looks, -length_ms % FIXED_MS / 1000, math.ceil(length_ms / FIXED_MS), 0)
  end
end

return function(arguments)
  local percent, times, sums = tonumber(arguments[1]), tonumber(arguments[2]), {}
  math.randomseed(1)
  for seed = 1, DATABASES do
    local looks, reads = restore(seed)
    local waits = waits_of(looks)
    for _ = 1, ROUNDS do replay(sums, waits, percent, times) end
    for _, wait in ipairs(waits) do reads = reads - wait.looks end
    add(sums, 0, 0, 0, 0, 0, reads * ROUNDS)
  end
  for i, sum in ipairs(sums) do sums[i] = ("%.1f"):format(sum / DATABASES / ROUNDS) end
  print(table.concat(sums, " "))
  return 0
end
