--- What the runs of this machine are doing.
local command = require "trapheus.command"
local journal = require "trapheus.journal"
local json = require "trapheus.json"
local log = require "trapheus.log"
local options = require "trapheus.options"
local report = require "trapheus.report"
local usage = require "trapheus.usage"

local FORMAT = "%-8s  %-20s  %-20s  %-12s  %-12s  %s"

local function row(record)
  local state = record.outcome or "unfinished"
  local next_command = report.next_command(record) or ""
  return FORMAT:format(record.run_id, os.date("!%Y-%m-%d %H:%M:%SZ", record.created_at), log.clean(record.identifier),
    state, record.step or "", next_command)
end

local function document(record)
  return report.document { record = record, facts = record.facts,
    database = record.kind and require("trapheus.databases." .. record.kind) or nil }
end

return function(arguments)
  local given = options.read("status", arguments)
  local runs = journal.open(command.state_dir(given)):list()
  local documents, lines = json.list {}, { (FORMAT:format("RUN", "STARTED", "DATABASE", "STATE", "STEP", "NEXT")) }
  for _, record in ipairs(runs) do
    if not given.run or record.run_id == given.run then
      documents[#documents + 1] = document(record)
      lines[#lines + 1] = row(record)
    end
  end
  if given.run and #documents == 0 then
    usage.fail("there is no run '%s' in %s", given.run, command.state_dir(given))
  end
  if given.output == "jsonl" then
    for _, each in ipairs(documents) do print(json.encode(each)) end
  elseif given.output == "json" then
    print(json.encode(given.run and documents[1] or documents, { indent = true }))
  else
    print(table.concat(lines, "\n"))
  end
  return 0
end
