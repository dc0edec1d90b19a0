--- What a run does, seen by doing it: preflight looks at what there is, and the rest is rehearsed on the sandbox, once
--- to its end and once turned back at the last moment. Nothing is changed.
local alerts = require "trapheus.alerts"
local command = require "trapheus.command"
local driver = require "trapheus.drivers.local"
local errors = require "trapheus.errors"
local journal = require "trapheus.journal"
local planner = require "trapheus.plan"
local sorted = require "trapheus.sorted"
local world_module = require "trapheus.world"

local permissions = {}

--- The same pipeline, in which the replacement is found wanting.
local function turned_back(pipeline)
  return { rehearsal = function()
    local rehearsal = pipeline:rehearsal()
    rehearsal:before("verify", function() error("turned back, to see what that takes", 0) end)
    return rehearsal
  end }
end

local function rehearse(pipeline, run, note, calls)
  local world = world_module.sandbox { start_ms = run.world:now_ms(), region = run.world.region,
    account = run.record.account, on_call = note }
  for _, call in ipairs(planner.make(pipeline, run, world).calls) do calls[#calls + 1] = call end
end

-- Who sends mail, and the topics that are published to, each once.
local function told(settings)
  local senders, topics = {}, {}
  for _, channel in ipairs(settings.channels) do
    if channel.from then senders[channel.from] = true end
    if channel.topic then topics[channel.topic] = true end
  end
  return sorted.keys(senders), sorted.keys(topics)
end

--- Raises what preflight refuses, as Refused.
---@param pipeline trapheus.Pipeline
---@param given trapheus.Given  As for a restore.
---@return trapheus.Permissions
function permissions.gather(pipeline, given)
  local used, calls = {}, {}
  function given.on_call(call) used[call.service .. ":" .. call.operation] = true end
  local world = (given.sandbox and command.sandbox_world or command.real_world)(given)
  world.journal = journal.memory()
  function world.gate(_, run)
    rehearse(pipeline, run, given.on_call, calls)
    if run:restores() then rehearse(turned_back(pipeline), run, given.on_call, calls) end
    return { done = true, outcome = "planned" }
  end
  local run = command.new_run(world, given, "restore")
  driver.run(pipeline, run)
  if run.record.outcome ~= "planned" then
    local failure = run.record.failure or {}
    error(errors.new { code = "Refused", message = failure.message or "preflight did not end" }, 0)
  end
  local senders, topics = told(alerts.settings(given))
  return {
    account = run.record.account, region = world.region, identifier = run.identifier, run_id = run.id, used = used,
    calls = calls, original = run.seen_original.raw, restores = run:restores(),
    subscriptions = run:restores() and run.facts.original.subscriptions or {},
    mail_from = senders, topics = topics, world = world,
  }
end

return permissions
