--- How a run ended, as one document for machines and one text for people.
local export = require "trapheus.databases.export"
local json = require "trapheus.json"
local log = require "trapheus.log"
local outage_of = require "trapheus.outage"
local sorted = require "trapheus.sorted"
local summary = require "trapheus.summary"

local report = {}

---@type table<string, integer>
report.EXIT = { restored = 0, snapshotted = 0, planned = 0, refused = 3, failed = 4, rolled_back = 5, parked = 6,
  interrupted = 7 }

--- What a fleet ends with of which some have not ended well.
report.PARTIAL = 8

--- What `trapheus diff` ends with when its two configurations are not equal.
report.DIFFERENT = 9

--- What a plan ends with whose rehearsal did not end well.
report.DOUBTFUL = 10

--- What the program ends with: of a plan, whether its rehearsal has ended well, too.
---@param run trapheus.Run
---@return integer
function report.exit_code(run)
  local doubtful = run.record.outcome == "planned" and run.plan and run.plan.trouble
  return doubtful and report.DOUBTFUL or report.EXIT[run.record.outcome]
end

--- What may have become of a run, and what of one that has not ended, in the order in which many are told: what a
--- person must look at comes first.
report.OUTCOMES = { "parked", "interrupted", "rolled_back", "failed", "refused", "running", "waiting", "skipped",
  "restored", "snapshotted", "planned" }

--- What a person should do about an outcome, where the run itself says nothing more.
---@type table<string, string>
report.TODO = {
  parked = "a person is needed",
  interrupted = "go on with it",
  rolled_back = "the original has its name again: mend the cause, then restore it again",
  failed = "the original was not touched: mend the cause, then restore it again",
  refused = "nothing was changed: mend the cause, then restore it again",
  skipped = "not begun: restore it again, or go on with the fleet",
}

-- Each captured member with what `about` says of it.
local function members(facts, about)
  local list = json.list {}
  for i, member in ipairs(facts.original.members or {}) do
    list[i] = about(member)
    list[i].role = member.role
  end
  return list
end

local function original_place(record)
  local facts = record.facts
  local gone = record.outcome == "restored" and not record.options.keep_original and not facts.leftover
  return { resource_id = facts.original.resource_id, name = gone and json.null or facts.original.name,
    members = members(facts, function(member)
      return { resource_id = member.resource_id, name = gone and json.null or member.now }
    end) }
end

local function replacement_place(facts)
  local made = facts.replacement.members or {}
  return { resource_id = facts.replacement.resource_id, name = facts.replacement.name,
    members = members(facts, function(member)
      local known = made[member.name]
      return { resource_id = known and known.resource_id or json.null, name = member.name }
    end) }
end

-- Where the two databases are now, as far as the run knows.
local function places(record)
  local facts = record.facts
  return facts.original and original_place(record) or json.null,
    facts.replacement and not facts.replacement.gone and replacement_place(facts) or json.null
end

local GOES_ON = { parked = true, interrupted = true }

-- Of a run that has not ended: as whoever asks the journal has found it.
local function state(record) return record.outcome or record.state or "interrupted" end

--- The command a person should run, if any.
---@param record table
---@return string?
function report.next_command(record)
  if not GOES_ON[state(record)] then return nil end
  local directory = record.place and record.place.state_dir
  if directory and directory:find "[^%w/._-]" then directory = "'" .. directory:gsub("'", "'\\''") .. "'" end
  return ("trapheus resume %s%s"):format(record.run_id, directory and " --state-dir " .. directory or "")
end

-- Where the export goes, and how far it was when it was last seen.
local function export_of(facts)
  local known = facts.export
  return known and { name = known.name, place = export.place(known), status = known.status or json.null,
    percent = known.percent or json.null, failure = known.failure or json.null } or json.null
end

--- Where an export goes, and how far it was.
---@param told table  Of the document.
---@return string
function report.export_line(told)
  if told.status == json.null then return ("to %s: not begun, as far as was seen"):format(told.place) end
  return ("to %s: %s%s"):format(told.place, told.status, told.status == "IN_PROGRESS" and told.percent ~= json.null
    and (", %d%%"):format(told.percent) or "")
end

local function steps(record)
  local list = json.list {}
  for i, step in ipairs(record.steps) do
    list[i] = { name = step.name, outcome = step.outcome, started_at = step.started_at,
      ended_at = step.ended_at or json.null }
  end
  return list
end

local function outage(record)
  local found = outage_of(record)
  return found and { began_at = found.began_at, ended_at = found.ended_at or json.null } or json.null
end

--- The document of `--output json`.
---@param run trapheus.Run
---@return table
function report.document(run)
  local record = run.record
  local original, replacement = places(record)
  local pinned = record.facts.snapshot
  return {
    run_id = record.run_id,
    outcome = state(record),
    task = record.task,
    kind = record.kind or json.null,
    identifier = record.identifier,
    snapshot = pinned and pinned.name or json.null,
    final_snapshot = record.facts.final_snapshot or json.null,
    export = export_of(record.facts),
    original = original,
    replacement = replacement,
    created_at = record.created_at,
    ended_at = record.ended_at or json.null,
    outage = outage(record),
    steps = steps(record),
    settings = summary.of(run),
    warnings = json.list(table.move(record.warnings, 1, #record.warnings, 1, {})),
    failure = record.failure and { step = record.failure.step or json.null, message = record.failure.message,
      code = record.failure.code or json.null } or json.null,
    todo = record.parked and record.parked.todo or json.null,
    next = report.next_command(record) or json.null,
  }
end

--- The document of a run that could not even begin: no credentials, no Region.
---@param given trapheus.Given
---@param err trapheus.Error
---@return table
function report.refusal(given, err)
  return { run_id = json.null, outcome = "refused", task = given.task, identifier = given.id, kind = json.null,
    failure = { step = json.null, code = err.code, message = err.message }, steps = json.list {},
    warnings = json.list {}, next = json.null }
end

local HEADLINES = {
  restored = "%s is restored",
  snapshotted = "the snapshot of %s is made",
  planned = "%s: planned, nothing was changed",
  refused = "%s: refused, nothing was changed",
  failed = "%s: failed before the original was touched",
  rolled_back = "%s: failed and rolled back, the original has its name again",
  parked = "%s: parked, a person is needed",
  interrupted = "%s: interrupted",
  running = "%s: running",
}

--- One line: what happened to what.
function report.headline(record)
  if record.given_up and record.outcome == "rolled_back" then
    return record.identifier .. ": rolled back as asked, the original has its name again"
  end
  return HEADLINES[state(record)]:format(record.identifier)
end

local function with_members(text, database)
  local count = #database.members
  return count == 0 and text or ("%s, with %d member%s"):format(text, count, count == 1 and "" or "s")
end

--- Which it is, and under which name.
---@param database table  Of the document.
---@return string
function report.place(database)
  if database == json.null then return "none" end
  return with_members(database.name == json.null and database.resource_id .. ", deleted"
    or ("%s, named %s"):format(database.resource_id, database.name), database)
end

local function happened(record, lines)
  if record.parked then
    lines[#lines + 1] = "  because      " .. record.parked.reason
    lines[#lines + 1] = "  to do        " .. record.parked.todo
  elseif record.failure then
    lines[#lines + 1] = "  because      " .. record.failure.message
    if record.failure.step then lines[#lines + 1] = "  in step      " .. record.failure.step end
  end
end

--- The text that ends a run, and that an alert carries.
---@param run trapheus.Run
---@return string
function report.text(run)
  local record = run.record
  local document = report.document(run)
  local took = (record.ended_at or run:stamp()) - record.created_at
  local lines = { ("%s (run %s, %s)"):format(report.headline(record), record.run_id, log.duration(took)) }
  happened(record, lines)
  lines[#lines + 1] = "  original     " .. report.place(document.original)
  if document.replacement ~= json.null then
    lines[#lines + 1] = "  replacement  " .. report.place(document.replacement)
  end
  if document.snapshot ~= json.null then lines[#lines + 1] = "  snapshot     " .. document.snapshot end
  if document.final_snapshot ~= json.null then lines[#lines + 1] = "  last one     " .. document.final_snapshot end
  if document.export ~= json.null then lines[#lines + 1] = "  export       " .. report.export_line(document.export) end
  for _, line in ipairs(document.replacement ~= json.null and summary.lines(document.settings) or {}) do
    lines[#lines + 1] = line
  end
  for _, warning in ipairs(record.warnings) do lines[#lines + 1] = "  warning      " .. warning end
  if document.next ~= json.null then lines[#lines + 1] = "  next         " .. document.next end
  for i, line in ipairs(lines) do lines[i] = log.clean(line) end
  return table.concat(lines, "\n")
end

local function parameters_text(parameters)
  local parts = {}
  for i, key in ipairs(sorted.keys(parameters)) do
    parts[i] = ("      %s = %s"):format(key, summary.text(parameters[key]))
  end
  return table.concat(parts, "\n")
end

--- A plan for people: every call in order, with what it is given.
---@param plan trapheus.Plan
---@param warnings string[]?  What a person should know before it begins.
---@return string
function report.plan(plan, warnings)
  local lines = { "The calls that change something, in order:" }
  for i, call in ipairs(plan.calls) do
    lines[#lines + 1] = ("  %2d  %-10s %s %s"):format(i, call.step, call.operation, call.target)
    lines[#lines + 1] = parameters_text(call.parameters)
  end
  for _, row in ipairs(plan.overridden or {}) do
    lines[#lines + 1] = ("Set on purpose: %s = %s, was %s"):format(row.name, summary.text(row.value),
      summary.text(row.was))
  end
  for _, point in ipairs(plan.hooks or {}) do lines[#lines + 1] = "Hook, not called for the plan: " .. point end
  for _, line in ipairs(summary.carried_lines(plan.carried)) do lines[#lines + 1] = line end
  for _, row in ipairs(summary.reasons(plan.impossible)) do
    lines[#lines + 1] = ("Not carried over: %s: %s"):format(table.concat(row.names, ", "), row.why)
  end
  if plan.outage_s then
    lines[#lines + 1] = ("Nothing answers to the name for a while: %s at the sandbox's pace; "
      .. "a large database takes hours"):format(log.duration(plan.outage_s))
  end
  for _, warning in ipairs(warnings or {}) do lines[#lines + 1] = "Warning: " .. warning end
  lines[#lines + 1] = "Not asked, as it is for other services than RDS to say: " .. table.concat(plan.not_asked, ", ")
  for i, line in ipairs(lines) do lines[i] = log.clean(line):gsub("\n  ", "\n") end
  return table.concat(lines, "\n")
end

return report
