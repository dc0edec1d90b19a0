--- What the runs of this machine are doing: those that are not finished and the last ones that are, or all of one.
local command = require "trapheus.command"
local core = require "trapheus.core"
local details = require "trapheus.details"
local fleet_record = require "trapheus.fleet.record"
local log = require "trapheus.log"
local options = require "trapheus.options"
local runs = require "trapheus.runs"

local RECENT = 10 -- ended runs that are shown: trapheus history has the others

local function recent(journal)
  local shown, ended = {}, 0
  local known, others = journal:list()
  for _, other in ipairs(others) do
    io.stderr:write(log.clean(("trapheus: run %s is not shown: another version of trapheus has written it"):format(
      tostring(other.run_id))), "\n")
  end
  for _, record in ipairs(known) do
    local open = runs.unfinished(record)
    if not open then ended = ended + 1 end
    if open or ended <= RECENT then shown[#shown + 1] = record end
  end
  return shown
end

local HINT = "\n\ntrapheus status RUN tells all of one; trapheus resume RUN goes on with one."

local function fleets(journal)
  local lines = {}
  for _, fleet in ipairs(fleet_record.unfinished(journal, core.clock.wall_ms() / 1000)) do
    lines[#lines + 1] = ("\n%s: %d unfinished, %d not begun; trapheus resume %s goes on with it."):format(fleet.id,
      fleet.open, fleet.left, fleet.id)
  end
  return table.concat(lines)
end

return function(arguments)
  local given = options.read("status", arguments)
  local journal = command.journal(given)
  if given.run then
    return details.show(given, runs.observed(journal, { runs.find(journal, given.run) })[1])
  end
  local records = runs.observed(journal, recent(journal))
  return details.list(given, records, runs.table(runs.STATUS, records) .. HINT .. fleets(journal))
end
