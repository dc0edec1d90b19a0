--- Several machines at work in one sandbox: each has a journal of its own, and all look at the same RDS.
local journal = require "trapheus.journal"
local path = require "trapheus.path"
local run_module = require "trapheus.run"

local hosts = {}

--- The same world from another machine.
---@param world trapheus.World
---@return trapheus.World
function hosts.another(world)
  return setmetatable({ journal = journal.memory(), listeners = {} }, { __index = world })
end

---@param world trapheus.World
---@param input table?  as run.new takes it
---@return trapheus.Run
function hosts.run(world, input)
  local given = { identifier = "mydb", task = "create_snapshot", options = {}, script = "restore" }
  for field, value in pairs(input or {}) do given[field] = value end
  return run_module.new(world, given)
end

local function pass(world, ms)
  local timer <close> = world.loop:timer(ms)
  while not timer:done() do world.loop:step() end
end

--- Runs all of them to their ends, whoever is due next first. A run begins `after_s` of it later than the first.
---@param runs { run: trapheus.Run, after_s: number }[]
function hosts.race(runs)
  local world = runs[1].run.world
  local from, left = world:now_ms(), {}
  for i, each in ipairs(runs) do
    left[i] = { run = each.run, due = from + each.after_s * 1000, pipeline = path.script "scripts/restore.lua" () }
  end
  while #left > 0 do
    table.sort(left, function(a, b) return a.due < b.due end)
    local first = left[1]
    pass(world, math.max(0, first.due - world:now_ms()) // 1)
    local delay_ms = first.pipeline:tick(first.run)
    if delay_ms then first.due = world:now_ms() + delay_ms else table.remove(left, 1) end
  end
end

return hosts
