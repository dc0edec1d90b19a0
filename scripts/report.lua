--- The page of one run that the journal remembers, or of all of them: to a file, or to standard output.
local command = require "trapheus.command"
local core = require "trapheus.core"
local details = require "trapheus.details"
local file = require "trapheus.page.file"
local options = require "trapheus.options"
local page = require "trapheus.page"
local runs = require "trapheus.runs"

local function made(given)
  local journal, now = command.journal(given), core.clock.wall_ms() // 1000
  local records = given.run and { runs.find(journal, given.run) } or journal:list()
  local documents = {}
  for i, record in ipairs(runs.observed(journal, records)) do documents[i] = details.document(record) end
  if given.run then return page.of_run(documents[1], records[1], now) end
  return page.of(("The runs of %s"):format(journal.directory), documents, now)
end

return function(arguments)
  local given = options.read("report", arguments)
  local text = made(given)
  if given.report then return file.write(given.report, text) and 0 or 1 end
  io.stdout:write(text)
  return 0
end
