--- A row for each database of a fleet: what whoever watches is shown.
local report = require "trapheus.report"
local runs = require "trapheus.runs"

local rows = {}

---@class trapheus.FleetRow     One of fleet.state.runs.
---@field id string
---@field status "waiting"|"running"|"succeeded"|"failed"|"rolled_back"|"parked"|"skipped"|"interrupted"
---@field outcome string?        as of a run; "skipped": it was not begun
---@field run_id string?
---@field step string?
---@field started_s number?
---@field elapsed_s number?
---@field ended_at number?       as its record says, whoever reads that
---@field estimate_s number?     how long all of its steps usually take
---@field last_event table?
---@field message string?        why it did not end well
---@field next string?           what a person should do

---@class trapheus.FleetState
---@field name string
---@field wave integer
---@field waves integer
---@field runs trapheus.FleetRow[]
---@field exit_code integer?     once all of it has ended
---@field next_command string?   how to go on

local STATUS = { restored = "succeeded", snapshotted = "succeeded", planned = "succeeded", refused = "failed",
  failed = "failed", rolled_back = "rolled_back", parked = "parked", interrupted = "interrupted" }

local function finish(row, record)
  row.outcome, row.status, row.ended_at = record.outcome, STATUS[record.outcome], record.ended_at
  local parked = record.parked
  row.message = parked and parked.reason or record.failure and row.status ~= "succeeded" and record.failure.message
    or nil
  row.next = parked and parked.todo or nil
end

--- `past`: the record of its run, if it has begun before.
---@param target trapheus.Target
---@param past table?
---@return trapheus.FleetRow
function rows.new(target, past)
  local row = { id = target.id, status = "waiting", run_id = past and past.run_id }
  if past and not runs.unfinished(past) then
    finish(row, past)
    row.started_s, row.elapsed_s = past.created_at, past.ended_at and past.ended_at - past.created_at
  end
  return row
end

--- How long all of its steps usually take.
function rows.estimate_s(pipeline, task)
  local sum = 0
  for _, name in ipairs(pipeline.tasks[task]) do sum = sum + (pipeline.steps[name].typical_s or 0) end
  return sum
end

--- Something was told of it.
---@param row trapheus.FleetRow
---@param event trapheus.Event
function rows.note(row, event)
  row.step, row.last_event = event.step, event
  row.elapsed_s = event.at - (row.started_s or event.at)
end

--- It has ended; or it stands where it was, and `problem` says why.
function rows.ended(row, run, problem)
  if problem then return rows.stuck(row, problem) end
  finish(row, run.record)
  if report.exit_code(run) == report.DOUBTFUL then row.status, row.message = "failed", run.plan.trouble end
  row.elapsed_s = run:now_s() - row.started_s
end

--- It cannot be gone on with.
function rows.stuck(row, problem)
  row.status, row.outcome, row.message = "interrupted", "interrupted", tostring(problem)
end

--- All of it has ended, or was stopped.
function rows.close(row)
  if row.status == "waiting" and not row.run_id then row.status, row.outcome = "skipped", "skipped" end
  if row.status == "waiting" or row.status == "running" then row.status, row.outcome = "interrupted", "interrupted" end
  if row.outcome == "interrupted" and row.run_id then
    row.next = row.next or report.next_command { run_id = row.run_id }
  end
end

return rows
