--- Several machines at work in one sandbox: each has a journal of its own, and all look at the same RDS.
local journal = require "trapheus.journal"
local path = require "trapheus.path"
local rehearse = require "rehearse"
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

local DEAD = {}

--- Rehearses until the machine is lost for good, with its journal: at the write where `dies` says so.
---@param spec table  as rehearse takes it, but for `crash`
---@param dies fun(kind: string, entry: table, when: "before"|"after", world: trapheus.World?): boolean?
---@return trapheus.World?  nil: it was not lost
function hosts.lost(spec, dies)
  local world
  local extend = spec.extend
  function spec.crash(kind, entry, when)
    if dies(kind, entry, when, world) then error(DEAD, 0) end
    return false
  end
  function spec.extend(pipeline)
    pipeline:before("preflight", function(run) world = run.world end)
    if extend then extend(pipeline) end
  end
  local ok, result = pcall(rehearse, spec)
  assert(ok or result == DEAD, tostring(result))
  return not ok and world or nil
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
