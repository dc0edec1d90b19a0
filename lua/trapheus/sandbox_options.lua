--- What the flags say about the sandbox: its faults.
local fault_plan = require "trapheus.sandbox.fault_plan"
local swarm = require "trapheus.sandbox.swarm"
local usage = require "trapheus.usage"

local sandbox_options = {}

local function read_file(name)
  local file, message = io.open(name, "r")
  if not file then usage.fail("--fault: %s", message) end
  local text, unreadable = file:read "a"
  file:close()
  if not text then usage.fail("--fault: %s: %s", name, unreadable) end
  return text
end

local function add(plan, more)
  table.move(more, 1, #more, #plan + 1, plan)
end

--- The plan of faults: `--fault SPEC`, `--fault @FILE`, `--fault-seed N`, all of them together.
---@param given trapheus.Given
---@param name string  The database that a seed's operators work on.
---@return trapheus.sandbox.Fault[]
function sandbox_options.faults(given, name)
  local plan = {}
  for _, text in ipairs(given.fault or {}) do
    local file_name = text:match "^@(.+)$"
    if file_name then
      local list, problem = fault_plan.read(read_file(file_name), file_name)
      add(plan, list or usage.fail("--fault: %s", problem))
    else
      local fault, problem = fault_plan.parse(text)
      add(plan, { fault or usage.fail("--fault '%s': %s", text, problem) })
    end
  end
  if given.fault_seed then
    local seed = math.tointeger(tonumber(given.fault_seed))
    add(plan, swarm(seed or usage.fail("--fault-seed '%s': a whole number is expected", given.fault_seed), name))
  end
  return plan
end

return sandbox_options
