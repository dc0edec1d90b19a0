--- The runs of this machine that have ended, newest first.
local command = require "trapheus.command"
local details = require "trapheus.details"
local options = require "trapheus.options"
local runs = require "trapheus.runs"

local LIMIT = 20

local function wanted(given, record)
  return not runs.unfinished(record)
    and (not given.id or record.identifier == given.id:lower())
    and (not given.outcome or record.outcome == given.outcome)
    and (not given.since_at or (record.ended_at or 0) >= given.since_at)
end

return function(arguments)
  local given = options.read("history", arguments)
  local limit, records = given.limit or LIMIT, {}
  for _, record in ipairs(command.journal(given):list()) do
    if #records < limit and wanted(given, record) then records[#records + 1] = record end
  end
  return details.list(given, records, runs.table(runs.HISTORY, records))
end
