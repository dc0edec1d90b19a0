--- What is told of a run: what happened, to which database, what is where now, and what to do.
local events = require "trapheus.alerts.events"
local json = require "trapheus.json"
local log = require "trapheus.log"
local report = require "trapheus.report"

local story = {}

--- What the JSON is; another number when a field goes, or means something else.
story.FORMAT, story.VERSION = "trapheus.notification", 1

local LOOKS = {
  start = { "▶", "#2563eb" }, success = { "✅", "#16a34a" }, failure = { "❌", "#dc2626" },
  rolled_back = { "↩", "#d97706" }, parked = { "⛔", "#dc2626" }, interrupted = { "⏸", "#d97706" },
}

-- What to do next -----------------------------------------------------------------------------

local NEXT = {}

function NEXT.start(record)
  if record.task == "create_snapshot_only" then return { "Nothing: the database goes on answering." } end
  return { ("Nothing; %s does not answer from its rename to the end of the restore. How far it is: trapheus status %s")
    :format(record.identifier, record.run_id) }
end

function NEXT.success(record)
  if record.facts.leftover then return { "Remove what is left behind, as the warnings say: trapheus cleanup" } end
  if record.outcome == "restored" and record.options.keep_original then
    return { ("Delete %s when it is not needed any more: until then it is billed."):format(record.facts.aside) }
  end
  return { "Nothing." }
end

function NEXT.failure(record)
  return { record.outcome == "refused" and "Nothing was changed: put right what stands in the way, and start it again."
    or "The original was not touched, and answers: look into the reason, then start it again." }
end

function NEXT.rolled_back(record)
  if record.given_up then return { "Nothing: the original answers under its own name again." } end
  return { "The original answers under its own name again: look into the reason before you start another one.",
    "All of it: trapheus status " .. record.run_id }
end

function NEXT.parked(record)
  local todo, command = record.parked.todo, report.next_command(record)
  return { todo, not todo:find("trapheus ", 1, true) and "Then: " .. command or nil }
end

function NEXT.interrupted(record) return { "Go on with it: " .. report.next_command(record) } end

-- What is where -------------------------------------------------------------------------------

local function database(record)
  local parts = { record.kind or "database" }
  if record.region then parts[#parts + 1] = record.region end
  if record.account then parts[#parts + 1] = "account " .. record.account end
  return ("%s (%s)"):format(record.identifier, table.concat(parts, ", "))
end

local function original(record, place)
  local text = report.place(place)
  local aside = record.facts.aside
  return aside and place ~= json.null and place.name == aside and text .. ": moved aside" or text
end

-- For how long nobody answers to the name, or did.
local function outage(run, told)
  if told.ended_at ~= json.null then return log.duration(told.ended_at - told.began_at) end
  return ("since %s, for %s"):format(log.time(told.began_at), log.duration(run:stamp() - told.began_at))
end

local function facts(run, document)
  local record = run.record
  local list = { { "Database", database(record) },
    { "Run", ("%s, %s, %s"):format(record.run_id, record.task,
      log.duration((record.ended_at or run:stamp()) - record.created_at)) } }
  local function add(label, text) list[#list + 1] = { label, text } end
  if record.failure and record.failure.step then add("In step", record.failure.step) end
  add("Original", document.original ~= json.null and original(record, document.original) or "not looked at yet")
  if document.replacement ~= json.null then add("Replacement", report.place(document.replacement)) end
  if document.snapshot ~= json.null then add("Snapshot", document.snapshot) end
  if document.final_snapshot ~= json.null then add("Last snapshot", document.final_snapshot) end
  if document.export ~= json.null then add("Export", report.export_line(document.export)) end
  if document.outage ~= json.null then add("No answer", outage(run, document.outage)) end
  return list
end

-- The message ---------------------------------------------------------------------------------

--- Of the document of `--output json`: all but how each setting travelled.
local LEFT_OUT = { settings = true }

local function run_of(record, document)
  local told = {}
  for field, value in pairs(document) do
    if not LEFT_OUT[field] then told[field] = value end
  end
  told.account, told.region = record.account or json.null, record.region or json.null
  return told
end

local function body(event, said, at, run)
  if event == "start" then run.outcome, run.next = "running", json.null end
  return { format = story.FORMAT, version = story.VERSION, id = said.id, event = event, test = false, at = at,
    title = said.title, because = said.because or json.null, ["next"] = json.list(said.next), run = run }
end

--- One line: what happened to what.
local function title(record, event)
  if event == "start" then
    return record.identifier .. (record.task == "create_snapshot_only" and ": its snapshot is being made"
      or ": its restore begins")
  end
  return report.headline(record)
end

--- Marks a message as a test.
---@param said trapheus.Message
---@return trapheus.Message
function story.as_test(said)
  said.title = "TEST, nothing has happened: " .. said.title
  said.body.test, said.body.title = true, said.title
  said.attributes.test = "true"
  return said
end

--- A message without a body.
---@param event string
---@param said table
---@return trapheus.Message
function story.message(event, said)
  said.mark, said.colour = table.unpack(LOOKS[event])
  said.warnings = said.warnings or {}
  return said
end

--- What tells it from others: parked twice, a run is told of twice.
---@param record table
---@param event string
---@return string
function story.id(record, event)
  return table.concat({ record.run_id, event, event ~= "start" and record.ended_at or nil }, "-")
end

--- The message of an event of a run.
---@param run trapheus.Run
---@param event string
---@return trapheus.Message
function story.of(run, event)
  assert(events.NAMES[event], event)
  local record, document = run.record, report.document(run)
  local parked, failure = record.parked, event ~= "start" and record.failure or nil
  local said = story.message(event, {
    id = story.id(record, event),
    title = title(record, event),
    facts = facts(run, document),
    because = parked and parked.reason or failure and failure.message or nil,
    next = NEXT[event](record),
    warnings = record.warnings,
    attributes = { event = event, identifier = record.identifier, run_id = record.run_id },
  })
  said.body = body(event, said, run:stamp(), run_of(record, document))
  return said
end

--- The message of a run that could not even begin.
---@param given trapheus.Given
---@param err trapheus.Error
---@param at integer  Seconds since the epoch.
---@return trapheus.Message
function story.refusal(given, err, at)
  local record = { identifier = given.id, task = given.task, outcome = "refused" }
  local said = story.message("failure", {
    id = ("%s-refused-%d"):format(given.id, at), title = report.headline(record),
    facts = { { "Database", given.id }, { "Task", given.task } },
    because = ("%s: %s"):format(err.code, err.message), next = NEXT.failure(record),
    attributes = { event = "failure", identifier = given.id },
  })
  said.body = body("failure", said, at, run_of({ ended_at = at }, report.refusal(given, err)))
  return said
end

return story
