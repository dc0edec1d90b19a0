--- The page of a fleet: every run as the journal has it, and who was not begun.
local details = require "trapheus.details"
local json = require "trapheus.json"
local page = require "trapheus.page"

-- One without a run that is remembered: it was refused, or not begun.
local function without_a_run(row, task, now)
  return { identifier = row.id, run_id = row.run_id or "none", task = task, outcome = row.outcome or row.status,
    created_at = row.started_s or now, ended_at = row.started_s and row.started_s + (row.elapsed_s or 0) or now,
    failure = row.message and { message = row.message } or json.null, todo = row.next, steps = {}, warnings = {} }
end

---@param state trapheus.FleetState
---@param journal trapheus.Journal
---@param task string
---@param now number                       seconds since the epoch
---@return string
return function(state, journal, task, now)
  local documents = {}
  for i, row in ipairs(state.runs) do
    local record = row.run_id and journal:load(row.run_id)
    if record then record.state = record.outcome or row.status end
    documents[i] = record and details.document(record) or without_a_run(row, task, now)
  end
  return page.of("Fleet " .. state.name, documents, now)
end
