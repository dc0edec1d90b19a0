--- What a run would do: the same pipeline, run on the sandbox from what Describe said. So a
--- plan cannot differ from the program.
local advice = require "trapheus.steps.advice"
local core = require "trapheus.core"
local driver = require "trapheus.drivers.local"
local json = require "trapheus.json"
local outage_of = require "trapheus.outage"
local run_module = require "trapheus.run"
local summary = require "trapheus.summary"

local plan = {}

---@class trapheus.Plan
---@field calls { step: string, operation: string, target: string, parameters: table }[]
---@field carried string[]                           settings carried over; a member's with its name before it
---@field impossible { name: string, why: string }[]
---@field overridden trapheus.Overridden[]           settings that are wanted otherwise
---@field hooks string[]?                           which hooks will be called; they are not, in a rehearsal
---@field outage_s number?                           how long nothing answers to the name, at the sandbox's typical pace
---@field trouble string?    how the rehearsal ended, if it did not end well
---@field not_asked string[]  what advice would also depend on, and nothing here can ask
---@field hash string

local function outage_s(record)
  local outage = outage_of(record)
  return outage and outage.ended_at and outage.ended_at - outage.began_at
end

-- The lease is taken once, and then renewed as long as it takes: that is no news.
local function renews(event) return event.operation == "AddTagsToResource" and event.step ~= "lock" end

local function trouble(record)
  if record.facts.leftover then return "left the original behind: " .. table.concat(record.warnings, "; ") end
  if record.outcome == "restored" or record.outcome == "snapshotted" then return nil end
  return ("ended as '%s': %s"):format(record.outcome, record.failure and record.failure.message or "no reason given")
end

-- A sandbox's copy of what preflight has seen, by kind. The snapshot may be of whatever database, under whatever name
-- that had: here it is the original's.
local COPY = {}

local function of_original(run, fields)
  local copy = {}
  for field, value in pairs(run.seen_snapshot.raw) do copy[field] = value end
  for field, value in pairs(fields) do copy[field] = value end
  return copy
end

function COPY.instance(sandbox, run)
  sandbox:add_described(run.seen_original.raw)
  if not run.seen_snapshot then return end
  sandbox:add_snapshot(of_original(run, { DBInstanceIdentifier = run.identifier,
    DbiResourceId = run.facts.original.resource_id, DBSnapshotIdentifier = run.seen_snapshot.name:match "[^:]+$" }))
end

function COPY.cluster(sandbox, run)
  local members = {}
  for i, member in ipairs(run.seen_original.seen_members) do members[i] = member.raw end
  sandbox:add_described_cluster(run.seen_original.raw, members)
  if not run.seen_snapshot then return end
  sandbox:add_cluster_snapshot(of_original(run, { DBClusterIdentifier = run.identifier,
    DbClusterResourceId = run.facts.original.resource_id,
    DBClusterSnapshotIdentifier = run.seen_snapshot.name:match "[^:]+$" }))
end

--- Plans a run whose preflight has passed.
---@param pipeline trapheus.Pipeline
---@param run trapheus.Run      as preflight leaves it
---@param world trapheus.World  a fresh sandbox
---@return trapheus.Plan
function plan.make(pipeline, run, world)
  COPY[run.record.kind](world.sandbox, run)
  for _, row in ipairs(run.facts.overridden or {}) do world.sandbox:learn(row.name, row.value) end
  local record = json.decode(json.encode(run.record))
  record.position, record.step, record.steps = 2, nil, {}
  local calls = {}
  world:listen(function(event)
    if renews(event) then return end
    if event.event == "call" then
      calls[#calls + 1] = { step = event.step, operation = event.operation, target = event.target,
        parameters = event.parameters }
    elseif event.event == "refused" then
      calls[#calls] = nil -- RDS was busy; it is asked again
    end
  end)
  local simulated = run_module.wrap(world, record)
  driver.run(pipeline:rehearsal(), simulated)
  local restores, carried, impossible = record.task ~= "create_snapshot_only", nil, nil
  if restores then carried, impossible = summary.expected(run) end
  return {
    calls = calls,
    trouble = trouble(record),
    carried = carried or {},
    impossible = impossible or {},
    overridden = restores and run.facts.overridden or {},
    outage_s = outage_s(record),
    not_asked = advice.not_asked(run),
    hash = core.sha256(json.encode(calls)),
  }
end

return plan
