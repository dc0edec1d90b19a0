--- What a run would do: the same pipeline, run on the sandbox from what Describe said. So a
--- plan cannot differ from the program.
local core = require "trapheus.core"
local driver = require "trapheus.drivers.local"
local json = require "trapheus.json"
local run_module = require "trapheus.run"

local plan = {}

---@class trapheus.Plan
---@field calls { step: string, operation: string, target: string, parameters: table }[]
---@field carried string[]                           settings carried over
---@field impossible { name: string, why: string }[]
---@field outage_s number?                           how long nothing answers to the name, at the sandbox's typical pace
---@field outcome string     how the rehearsal ended: a plan that does not end well is told with it
---@field why string?
---@field hash string

-- The outage begins with the rename and ends when the replacement is restored.
local function outage_s(record)
  local from, to
  for _, step in ipairs(record.steps) do
    if step.name == "rename" then from = step.started_at end
    if step.name == "restore" then to = step.ended_at end
  end
  return from and to and to - from
end

--- Plans a run whose preflight has passed.
---@param pipeline trapheus.Pipeline
---@param run trapheus.Run      as preflight leaves it
---@param world trapheus.World  a fresh sandbox
---@return trapheus.Plan
function plan.make(pipeline, run, world)
  world.sandbox:add_described(run.seen_original)
  if run.seen_snapshot then world.sandbox:add_snapshot(run.seen_snapshot) end
  local record = json.decode(json.encode(run.record))
  record.position, record.step, record.steps = 2, nil, {}
  local calls = {}
  world:listen(function(event)
    if event.event == "call" then
      calls[#calls + 1] = { step = event.step, operation = event.operation, target = event.target,
        parameters = event.parameters }
    elseif event.event == "refused" then
      calls[#calls] = nil -- RDS was busy; it is asked again
    end
  end)
  local simulated = run_module.wrap(world, record)
  driver.run(pipeline:rehearsal(), simulated)
  local settings = run.database.settings
  return {
    calls = calls,
    outcome = record.outcome,
    why = record.failure and record.failure.message,
    carried = settings:carried(run.facts.config),
    impossible = settings:impossible(run.facts.config),
    outage_s = outage_s(record),
    hash = core.sha256(json.encode(calls)),
  }
end

return plan
