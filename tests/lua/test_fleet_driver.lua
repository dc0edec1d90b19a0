--- Many runs of one process: when each looks, and what one that waits keeps.
local ambient = require "trapheus.ambient"
local driver = require "trapheus.drivers.fleet"
local pipeline_module = require "trapheus.pipeline"
local run_module = require "trapheus.run"
local world_module = require "trapheus.world"
local tests = {}

-- One run in a fleet, whose look number i says by `delays[i]` when the next one is due; `woken[i]`: for that look it is
-- woken by a change. When it has looked, and the most that stood in the heap.
local function fleet_of_one(delays, woken)
  local world = world_module.sandbox {}
  local _ <close> = ambient.enter(world)
  local fleet = driver.new(world, function(_, problem) assert(not problem, problem) end)
  local run, looks, most = { world = world_module.views(world)(), look_anew = function() end }, {}, 0
  local began_ms = world:now_ms()
  fleet:add({ tick = function()
    looks[#looks + 1] = (world:now_ms() - began_ms) // 1000
    return delays[#looks]
  end }, run)
  local entry = next(fleet.entries)
  assert(not fleet:run { turn = function()
    most = math.max(most, fleet.due.count)
    if woken[#looks + 1] then fleet.watch.wake(entry, world:now_ms()) end
  end })
  return looks, most
end

tests["who is woken again and again stands in line no oftener for that"] = function()
  local delays, woken = {}, {}
  for i = 1, 50 do
    delays[i], woken[i + 1] = (i % 2 == 0 and 10 or 290) * 1000, i < 50
  end
  local looks, most = fleet_of_one(delays, woken)
  assert(#looks == 51 and most <= 2, ("%d looks, %d in line"):format(#looks, most))
end

tests["a look is had when it is due, whatever was due before"] = function()
  local looks = fleet_of_one({ 100 * 1000, 300 * 1000, 50 * 1000 }, { false, true })
  assert(table.concat(looks, " ") == "0 0 300 350", table.concat(looks, " "))
end

for _, reason in ipairs { "SIGTERM", "the time limit" } do
  tests["nobody is woken any more who stops: " .. reason] = function()
    local world, looks = world_module.sandbox {}, 0
    local _ <close> = ambient.enter(world)
    local fleet = driver.new(world, function(_, problem) assert(not problem, problem) end)
    fleet:add({ tick = function()
      looks = looks + 1
      return 100 * 1000
    end }, { world = world_module.views(world)(), look_anew = function() end })
    local entry, until_ms = next(fleet.entries), world:now_ms() + 50 * 1000
    local why = fleet:run { until_ms = until_ms, turn = function()
      if reason == "SIGTERM" then world.stopped_by = reason elseif world:now_ms() < until_ms then return end
      fleet.watch.wake(entry, world:now_ms()) -- its page was let go, or has come
    end }
    assert(why == reason and looks == 1, ("%s, %d looks"):format(why, looks))
  end
end

tests["a run that waits keeps no reply, and nothing that it has looked at"] = function()
  local waits = pipeline_module.new { name = "wait", tasks = { wait = { "wait" } },
    database = function() return {} end,
    steps = { { name = "wait", advance = function(run)
      local answer = run:wait "it to show"
      answer.reply, run.looked.original.seen = {}, {}
      return answer
    end } } }
  local run = run_module.new(world_module.sandbox {}, { identifier = "mydb", task = "wait", kind = "instance",
    options = {}, script = "wait" })
  waits:tick(run)
  run:look_anew()
  assert(run.resting and not run.resting.reply and not run.looked.original.seen)
end

return tests
