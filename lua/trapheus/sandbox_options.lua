--- What the flags say about the sandbox: how it behaves, and its faults.
local fault_plan = require "trapheus.sandbox.fault_plan"
local knobs = require "trapheus.sandbox.knobs"
local model = require "trapheus.aws.model"
local swarm = require "trapheus.sandbox.swarm"
local tables = require "trapheus.sandbox.tables"
local usage = require "trapheus.usage"

local sandbox_options = {}

local function whole(flag, text)
  return math.tointeger(tonumber(text)) or usage.fail("%s '%s': a whole number is expected", flag, text)
end

-- "rename_s=60" or "rename_s=60..300"
local function read_knob(text, known)
  local name, low, high = text:match "^([%w_]+)=(%-?%d+%.?%d*)%.%.(%-?%d+%.?%d*)$"
  if not name then name, low = text:match "^([%w_]+)=(%-?%d+%.?%d*)$" end
  if not name then usage.fail("--knob '%s': NAME=VALUE or NAME=LOW..HIGH is expected", text) end
  if not known[name] then
    usage.fail("--knob '%s': there is no such knob%s; see trapheus sandbox --knobs", name, model.hint(name, known))
  end
  local value = high and { tonumber(low), tonumber(high) } or tonumber(low)
  local problem = knobs.problem(name, value)
  if problem then usage.fail("--knob '%s': %s", text, problem) end
  return name, value
end

--- How it behaves: `--seed`, `--preset` and `--knob`, which come before what a scenario says.
---@param given trapheus.Given
---@param made trapheus.sandbox.Options  Changed in place.
function sandbox_options.behave(given, made)
  local known = {}
  for _, row in ipairs(knobs.register) do known[row.name] = true end
  made.seed = given.seed and whole("--seed", given.seed) or made.seed
  made.preset = given.preset or made.preset
  made.knobs = tables.shallow(made.knobs or {})
  for _, text in ipairs(given.knob or {}) do
    local name, value = read_knob(text, known)
    made.knobs[name] = value
  end
end

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
    add(plan, swarm(whole("--fault-seed", given.fault_seed), name))
  end
  return plan
end

return sandbox_options
