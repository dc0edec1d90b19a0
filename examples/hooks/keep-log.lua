--- Keeps what happens as JSON lines, one file a database, and says at the end how long each step has taken.
local trapheus = require "trapheus"

local directory = os.getenv "RESTORE_LOGS" or "."

local function append(run, line)
  local file <close> = assert(io.open(("%s/%s.jsonl"):format(directory, run.identifier), "a"))
  assert(file:write(trapheus.json.encode(line), "\n"))
end

---@type trapheus.Hooks
return {
  on_event = function(event, run)
    append(run, { at = event.at, run = run.id, event = event.event, step = event.step, operation = event.operation,
      message = event.message })
  end,
  on_success = function(run)
    for _, step in ipairs(run.steps) do
      print(("%-10s %6d s"):format(step.name, step.ended_at - step.started_at))
    end
  end,
  on_failure = function(run)
    append(run, { at = run:now_s(), run = run.id, outcome = run.outcome, message = run.failure.message })
  end,
}
