--- Waits for COUNT instances, each a run of a pipeline that has nothing else to do: waits.lua URL COUNT PACE
local ambient = require "trapheus.ambient"
local config = require "trapheus.aws.config"
local core = require "trapheus.core"
local driver = require "trapheus.drivers.fleet"
local journal = require "trapheus.journal"
local run_module = require "trapheus.run"
local trapheus = require "trapheus"
local world_module = require "trapheus.world"

local waits = trapheus.pipeline {
  name = "wait",
  database = function() return trapheus.databases.instance end,
  tasks = { wait = { "wait" } },
  steps = {
    { name = "wait", advance = function(run)
      local seen = run:holder(run.identifier)
      if seen and seen.status == "available" then return run:done() end
      local answer = run:wait "it to be available"
      answer.calm = true -- with this ours sees a change about as late as the peer can
      return answer
    end },
  },
}

return function(arguments)
  local url, count, pace = arguments[1], tonumber(arguments[2]), tonumber(arguments[3])
  core.system.setenv("AWS_ACCESS_KEY_ID", "AKIDBENCH")
  core.system.setenv("AWS_SECRET_ACCESS_KEY", "bench-secret")
  local world = world_module.real { config = config.load { endpoint_url = url, region = "us-east-1" },
    state_dir = os.tmpname() .. ".d", pace = pace }
  world.journal = journal.memory()
  local _ <close> = ambient.enter(world)
  local view, left = world_module.views(world), count
  local fleet = driver.new(world, function(_, problem)
    if problem then error(problem, 0) end
    left = left - 1
  end)
  for i = 0, count - 1 do
    fleet:add(waits, run_module.new(view(), { identifier = "db" .. i, task = "wait", kind = "instance", options = {},
      script = "waits" }))
  end
  fleet:run()
  return left == 0 and 0 or 1
end
