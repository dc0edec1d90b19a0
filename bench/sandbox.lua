--- Processor seconds of a whole restore through the sandbox: trapheus bench/sandbox.lua tables|bytes [profile]
---
--- With `profile` it says where the time goes: in which share of the samples each file was at work.
local driver = require "trapheus.drivers.local"
local path = require "trapheus.path"
local run_module = require "trapheus.run"
local sorted = require "trapheus.sorted"
local world_module = require "trapheus.world"

local SECONDS, WARM_UP_S, INSTRUCTIONS, MOST_FILES = 1, 0.3, 1000, 8

local SCRIPT = "scripts/restore.lua"

local pipeline -- loaded once: the runs of a process share it, as a fleet's do

local function restore(fidelity, seed)
  local world = world_module.sandbox { seed = seed, fidelity = fidelity }
  world.sandbox:add_instance { DBInstanceIdentifier = "mydb" }
  local run = run_module.new(world, { identifier = "mydb", task = "create_snapshot", options = {},
    script = SCRIPT })
  driver.run(pipeline, run)
  assert(run.record.outcome == "restored", run.record.outcome)
end

--- Restores for so long: the seconds that one takes.
local function measure(fidelity, seconds)
  local began, count = os.clock(), 0
  repeat
    count = count + 1
    restore(fidelity, count)
  until os.clock() - began >= seconds
  return (os.clock() - began) / count
end

--- The share of each file, biggest first.
local function profile(fidelity)
  local samples, total = {}, 0
  debug.sethook(function()
    local where = debug.getinfo(2, "S")
    local file = where.what == "C" and "C" or where.short_src
    samples[file], total = (samples[file] or 0) + 1, total + 1
  end, "", INSTRUCTIONS)
  measure(fidelity, SECONDS)
  debug.sethook()
  local files = sorted.keys(samples)
  table.sort(files, function(a, b) return samples[a] > samples[b] end)
  for i = 1, math.min(#files, MOST_FILES) do
    print(("%5.1f %%  %s"):format(100 * samples[files[i]] / total, files[i]))
  end
end

return function(arguments)
  -- Nothing here has to stay small, and most of what a restore makes is soon forgotten: the young are collected when
  -- the heap has grown by half, which takes 0.93 of the time that it takes at Lua's fifth.
  collectgarbage("generational", 50, 100)
  pipeline = path.script(SCRIPT)()
  measure(arguments[1], WARM_UP_S)
  if arguments[2] == "profile" then return profile(arguments[1]) end
  print(measure(arguments[1], SECONDS))
end
