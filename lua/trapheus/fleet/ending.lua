--- How a fleet ended, as one text for people and one document for machines.
local json = require "trapheus.json"
local log = require "trapheus.log"
local report = require "trapheus.report"

local ending = {}

local MOST_UNTOUCHED = 10 -- names of those that were not begun

local EXIT = {
  [0] = "all have ended well",
  [7] = "stopped before the end: those under way are at safe points",
  [8] = "some have not ended well",
}

-- Who has not ended when the fleet has, can be gone on with.
local function outcome_of(run)
  local outcome = run.outcome or run.status
  return (outcome == "running" or outcome == "waiting") and "interrupted" or outcome
end

local function by_outcome(state)
  local groups = {}
  for _, outcome in ipairs(report.OUTCOMES) do groups[outcome] = {} end
  for _, run in ipairs(state.runs) do
    local group = groups[outcome_of(run)] or groups.interrupted
    group[#group + 1] = run
  end
  return groups
end

local function count(state)
  local well = 0
  for _, run in ipairs(state.runs) do well = well + (run.status == "succeeded" and 1 or 0) end
  return well, #state.runs
end

local function of_run(run, to_do)
  local lines = { ("  %s%s"):format(log.clean(run.id), run.run_id and (" (run %s)"):format(run.run_id) or "") }
  if run.message then lines[2] = "    because  " .. log.clean(run.message):gsub("\n", "%0" .. (" "):rep(11)) end
  lines[#lines + 1] = "    next     " .. (run.next or to_do)
  return table.concat(lines, "\n")
end

local function not_begun(runs, to_do)
  local names = {}
  for i = 1, math.min(#runs, MOST_UNTOUCHED) do names[i] = log.clean(runs[i].id) end
  if #runs > #names then names[#names + 1] = ("and %d more"):format(#runs - #names) end
  return ("  %s\n    next     %s"):format(table.concat(names, ", "), to_do)
end

-- Each that did not end well, by outcome.
local function failures(groups, lines)
  for _, outcome in ipairs(report.OUTCOMES) do
    local runs, to_do = groups[outcome], report.TODO[outcome]
    if to_do and runs[1] then
      lines[#lines + 1] = ("%s:"):format((outcome:gsub("_", " ")))
      if outcome == "skipped" then
        lines[#lines + 1] = not_begun(runs, to_do)
      else
        for _, run in ipairs(runs) do lines[#lines + 1] = of_run(run, to_do) end
      end
    end
  end
end

local function totals(groups)
  local parts = {}
  for _, outcome in ipairs(report.OUTCOMES) do
    local runs = groups[outcome]
    if runs[1] then parts[#parts + 1] = ("%d %s"):format(#runs, (outcome:gsub("_", " "))) end
  end
  return table.concat(parts, ", ")
end

local function warn(warnings, kinds, lines)
  for _, kind in ipairs(kinds) do
    local more = kind.count > 1 and (" and %d more"):format(kind.count - 1) or ""
    lines[#lines + 1] = ("  warning      %s%s: %s"):format(log.clean(kind.id), more, log.clean(kind.message))
    warnings = warnings - kind.count
  end
  if warnings > 0 then lines[#lines + 1] = ("  warnings     %d others"):format(warnings) end
end

--- The text: failures first, each with what to do next; then how many, how long, and what the exit code means.
---@param state trapheus.FleetState
---@param took_s number
---@param warnings integer  how many there were
---@param kinds { id: string, message: string, count: integer }[]  one of each kind
---@return string
function ending.text(state, took_s, warnings, kinds)
  local groups, lines = by_outcome(state), {}
  failures(groups, lines)
  local well, all = count(state)
  lines[#lines + 1] = ("%s: %d of %d ended well in %s: %s"):format(state.name, well, all, log.duration(took_s),
    totals(groups))
  warn(warnings, kinds, lines)
  if state.next_command then lines[#lines + 1] = "  next         " .. state.next_command end
  if state.exit_code then
    lines[#lines + 1] = ("  exit         %d: %s"):format(state.exit_code, EXIT[state.exit_code] or "")
  end
  return table.concat(lines, "\n")
end

local FIELDS = { "run_id", "outcome", "step", "started_s", "elapsed_s", "message", "next" }

local function described(run)
  local told = { identifier = run.id, status = run.status }
  for _, field in ipairs(FIELDS) do told[field] = run[field] == nil and json.null or run[field] end
  told.plan = run.plan
  return told
end

--- The document of `--output json`, and the last line of `--output jsonl`.
---@param state trapheus.FleetState
---@param took_s number
---@return table
function ending.document(state, took_s)
  local groups, outcomes, runs = by_outcome(state), {}, json.list {}
  for outcome, list in pairs(groups) do
    if list[1] then outcomes[outcome] = #list end
  end
  for i, run in ipairs(state.runs) do runs[i] = described(run) end
  local well, all = count(state)
  return { fleet = state.name, outcome = well == all and "succeeded" or state.exit_code == 7 and "interrupted" or
    "partial", exit_code = state.exit_code or json.null, took_s = took_s, outcomes = outcomes, runs = runs,
    next = state.next_command or json.null }
end

return ending
