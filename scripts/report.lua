--- The page of one run that the journal remembers, of a fleet, or of all runs: to a file, or to standard output.
local command = require "trapheus.command"
local core = require "trapheus.core"
local details = require "trapheus.details"
local file = require "trapheus.page.file"
local fleets = require "trapheus.fleet.record"
local options = require "trapheus.options"
local page = require "trapheus.page"
local rows = require "trapheus.fleet.rows"
local runs = require "trapheus.runs"
local usage = require "trapheus.usage"

local function of_fleet(journal, name, now)
  local record, begun, list = fleets.find(journal, name), fleets.runs(journal, name), {}
  for i, target in ipairs(record.targets) do
    list[i] = rows.new(target, begun[i])
    if begun[i] then list[i].status = runs.observed(journal, { begun[i] })[1].state end
  end
  return require "trapheus.fleet.page"({ name = name, runs = list }, journal, record.given.task, now)
end

local function made(given)
  local journal, now = command.journal(given), core.clock.wall_ms() // 1000
  if fleets.names_fleet(given.run) then return of_fleet(journal, given.run, now) end
  local records = given.run and { runs.find(journal, given.run) } or journal:list()
  if not records[1] then usage.fail("no run is remembered in %s", journal.directory) end
  local documents = {}
  for i, record in ipairs(runs.observed(journal, records)) do documents[i] = details.document(record) end
  if given.run then return page.of_run(documents[1], records[1], now) end
  return page.of(("The runs of %s"):format(journal.directory), documents, now, true)
end

return function(arguments)
  local given = options.read("report", arguments)
  local text = made(given)
  if given.report then return file.write(given.report, text) and 0 or 1 end
  io.stdout:write(text)
  return 0
end
