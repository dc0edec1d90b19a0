--- What status and history tell of the journal's runs; no call is made for it.
local command = require "trapheus.command"
local core = require "trapheus.core"
local json = require "trapheus.json"
local log = require "trapheus.log"
local report = require "trapheus.report"
local sorted = require "trapheus.sorted"

local details = {}

-- A run that is only looked at: there is no world that it could act on.
local function at_rest(record)
  return { record = record, facts = record.facts, stamp = function() return core.clock.wall_ms() // 1000 end,
    database = record.kind and require("trapheus.databases." .. record.kind) or nil }
end

-- The changes whose outcome is not known yet.
local function intents(record)
  local list = json.list {}
  for _, key in ipairs(sorted.keys(record.intents)) do
    local intent = record.intents[key]
    list[#list + 1] = { operation = intent.operation, target = intent.target.name, step = intent.step,
      state = intent.state, sends = intent.sends, at = intent.at_ms // 1000 }
  end
  return list
end

--- All that there is to say of a run, for machines.
---@param record table
---@return table
function details.document(record)
  local told = report.document(at_rest(record))
  told.intents, told.fleet = intents(record), record.fleet_id or json.null
  told.process = record.process and { host = record.process.host, pid = record.process.pid } or json.null
  return told
end

local function text(record)
  local lines, process = { report.text(at_rest(record)) }, record.process
  if record.fleet_id then lines[1] = lines[1] .. "\n  fleet        " .. record.fleet_id end
  if process then lines[2] = ("  process      %d on %s"):format(process.pid, process.host) end
  for _, step in ipairs(record.steps) do
    local took = step.ended_at and log.duration(step.ended_at - step.started_at) or ""
    lines[#lines + 1] = ("  %s  %-15s %-8s %s"):format(log.time(step.started_at), step.name, step.outcome, took)
  end
  for _, intent in ipairs(intents(record)) do
    lines[#lines + 1] = ("  open         %s of %s (%s, sent %d times, last at %s)"):format(intent.operation,
      intent.target, intent.state, intent.sends, log.time(intent.at))
  end
  return table.concat(lines, "\n")
end

--- All of one run.
---@param given trapheus.Given
---@param record table
---@return integer exit_code
function details.show(given, record)
  if given.output == "json" or given.output == "jsonl" then
    print(json.encode(details.document(record), { indent = given.output == "json" }))
  else
    print(text(record))
  end
  return 0
end

--- A list of runs.
---@param given trapheus.Given
---@param records table[]
---@param as_table string
---@return integer exit_code
function details.list(given, records, as_table)
  local documents = json.list {}
  for i, record in ipairs(records) do documents[i] = details.document(record) end
  if given.output == "jsonl" then
    for _, each in ipairs(documents) do print(json.encode(each)) end
  elseif given.output == "json" then
    print(json.encode(documents, { indent = true }))
  elseif #records == 0 then
    print("there is no such run in " .. command.state_dir(given))
  else
    print(as_table)
  end
  return 0
end

return details
