--- The runs that a journal remembers: which of them are open, and how they are listed.
local core = require "trapheus.core"
local journals = require "trapheus.journal"
local log = require "trapheus.log"
local nearest = require "trapheus.nearest"
local screen = require "trapheus.screen"
local usage = require "trapheus.usage"

local runs = {}

--- Is there something left to do for it?
---@param record table
---@return boolean
function runs.unfinished(record) return record.outcome == nil or record.outcome == "parked" end

--- What a run is doing: how it ended, or whether a process is at work on it. For telling only, and never saved.
---@param journal trapheus.Journal
---@param records table[]  Each is given `state` and, of one that is running, `process`.
---@return table[] records
function runs.observed(journal, records)
  for _, record in ipairs(records) do
    record.process = not record.outcome and journal:worker(record) or nil
    record.state = record.outcome or record.process and "running" or "interrupted"
  end
  return records
end

local function those(journal, is)
  local list = {}
  local known, others = journal:list()
  for _, record in ipairs(known) do
    if is(record) then list[#list + 1] = record end
  end
  return list, others, known
end

--- Those of a journal for which something is left to do, newest first.
---@param journal trapheus.Journal
---@return table[] records
---@return table[] others  Of which that is not known: another version has written them.
---@return table[] known   All but those.
function runs.open(journal) return those(journal, runs.unfinished) end

--- The newest for which something is true; nil: there is none.
---@param journal trapheus.Journal
---@param is fun(record: table): boolean
---@return table? record
function runs.first(journal, is) return those(journal, is)[1] end

--- The run of that id. A usage error, with the id that may have been meant, when there is none.
---@param journal trapheus.Journal
---@param id string
---@return table record
function runs.find(journal, id)
  local record = journal:load(id)
  if record then return record end
  local ids, of_name = {}, nil
  for _, other in ipairs(journal:list()) do
    ids[other.run_id] = true
    of_name = of_name or other.identifier == id:lower() and other.run_id
  end
  local near = of_name or nearest(id, ids)
  local hint = of_name and (" (the last run on that database is %s)"):format(near)
    or near and (" (did you mean %s?)"):format(near) or ""
  usage.fail("there is no run '%s' in %s%s", id, journal.directory, hint)
end

--- The only one for which something is left to do; nil: there is none. A usage error when there are several.
---@param journal trapheus.Journal
---@return table? record
function runs.only_open(journal)
  local open, others = runs.open(journal)
  if not open[1] and others[1] then journals.refuse(others[1]) end
  if #open <= 1 then return open[1] end
  local ids = {}
  for i, record in ipairs(open) do ids[i] = record.run_id .. " (" .. record.identifier .. ")" end
  local fleet = open[1].fleet_id
  for _, record in ipairs(open) do fleet = record.fleet_id == fleet and fleet or nil end
  usage.fail("which run? unfinished are: %s%s", table.concat(ids, ", "),
    fleet and ("; trapheus resume %s goes on with all of them"):format(fleet) or "")
end

-- Tables --------------------------------------------------------------------------------------

local NARROWEST = 20

local function minute(at) return at and os.date("!%Y-%m-%d %H:%M", at) or "" end

local function took(record)
  return record.ended_at and log.duration(record.ended_at - record.created_at) or ""
end

local function state(record) return record.state or record.outcome end

-- Not known of a run that was refused before it had looked.
local function kind(record) return record.kind or "" end

--- Title, width (none: the rest of the line), what stands there.
runs.STATUS = {
  { "RUN", 8, function(record) return record.run_id end },
  { "STARTED (UTC)", 16, function(record) return minute(record.created_at) end },
  { "KIND", 8, kind },
  { "DATABASE", nil, function(record) return record.identifier end },
  { "STATE", 11, state },
  { "STEP", 14, function(record) return record.step or "" end },
}

runs.HISTORY = {
  { "RUN", 8, function(record) return record.run_id end },
  { "ENDED (UTC)", 16, function(record) return minute(record.ended_at) end },
  { "KIND", 8, kind },
  { "DATABASE", nil, function(record) return record.identifier end },
  { "OUTCOME", 11, state },
  { "TOOK", 14, took },
}

local function line(columns, widths, values)
  local cells = {}
  for i in ipairs(columns) do
    cells[i] = screen.pad(screen.middle(log.clean(values(columns[i])), widths[i]), widths[i])
  end
  return (table.concat(cells, "  "):gsub("%s+$", ""))
end

--- A table that fits the terminal, or 80 columns where there is none.
---@param columns table[]  runs.STATUS or runs.HISTORY
---@param records table[]
---@return string
function runs.table(columns, records)
  local widths, left = {}, core.system.columns(1) - 2 * (#columns - 1)
  for _, column in ipairs(columns) do left = left - (column[2] or 0) end
  for i, column in ipairs(columns) do widths[i] = column[2] or math.max(NARROWEST, left) end
  local lines = { line(columns, widths, function(column) return column[1] end) }
  for _, record in ipairs(records) do
    lines[#lines + 1] = line(columns, widths, function(column) return column[3](record) end)
  end
  return table.concat(lines, "\n")
end

return runs
