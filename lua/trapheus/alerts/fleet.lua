--- What is told of a fleet: how many of its runs ended how, and which did not end well.
local json = require "trapheus.json"
local story = require "trapheus.alerts.story"

local fleet = {}

local MOST_NAMED <const> = 20

local function ended_well(row) return row.status == "succeeded" end

-- Each status and how many have it, in the order of the alphabet.
local function counted(runs)
  local by_status, order = {}, {}
  for _, run in ipairs(runs) do
    if not by_status[run.status] then order[#order + 1] = run.status end
    by_status[run.status] = (by_status[run.status] or 0) + 1
  end
  table.sort(order)
  local facts = {}
  for i, status in ipairs(order) do facts[i] = { status:gsub("^%l", string.upper), tostring(by_status[status]) } end
  return facts
end

local function line_of(row)
  local parts = { row.outcome or row.status, row.message }
  return ("%s: %s%s"):format(row.id, table.concat(parts, ", "),
    row.run_id and (" (trapheus status %s)"):format(row.run_id) or "")
end

local function lines_of_bad(runs)
  local lines = {}
  for _, row in ipairs(runs) do
    if not ended_well(row) then lines[#lines + 1] = line_of(row) end
  end
  return lines
end

local function what_to_do(state, bad)
  if #bad == 0 then return { "Nothing." } end
  local list = { "Look at those that did not end well:" }
  table.move(bad, 1, math.min(#bad, MOST_NAMED), 2, list)
  if #bad > MOST_NAMED then list[#list + 1] = ("… and %d more"):format(#bad - MOST_NAMED) end
  if state.next_command then list[#list + 1] = "Go on with it: " .. state.next_command end
  return list
end

--- As what it is told: a fleet that was stopped as such; else one that did not end well has failed.
---@param state trapheus.FleetState
---@return "success"|"failure"|"interrupted"
function fleet.event_of(state)
  local event = "success"
  for _, row in ipairs(state.runs) do
    if row.status == "interrupted" then return "interrupted" end
    if not ended_well(row) then event = "failure" end
  end
  return event
end

local function body(state, said, event, at)
  local runs = json.list {}
  for i, row in ipairs(state.runs) do
    runs[i] = { id = row.id, status = row.status, outcome = row.outcome or json.null, run_id = row.run_id or json.null,
      message = row.message or json.null }
  end
  return { format = story.FORMAT, version = story.VERSION, id = said.id, event = event, test = false, at = at,
    title = said.title, ["next"] = json.list(said.next), fleet = { name = state.name, runs = runs } }
end

-- When the last of them has ended, in the words of the records: the same for whoever goes on with it.
local function newest(runs)
  local at = 0
  for _, row in ipairs(runs) do at = math.max(at, row.ended_at or 0) end
  return at > 0 and ("%.3f"):format(at) or nil
end

--- What tells this end of it from others: gone on with, a fleet may end once more, and even as the last time.
---@param state trapheus.FleetState
---@param event string
---@return string
function fleet.end_of(state, event)
  local parts = { event }
  for _, each in ipairs(counted(state.runs)) do parts[#parts + 1] = table.concat(each, " ") end
  parts[#parts + 1] = newest(state.runs)
  return table.concat(parts, ", ")
end

--- The message: a success when every run ended well.
---@param state trapheus.FleetState  Its name and next_command, and of each run id, status, outcome, run_id and message.
---@param at integer  Seconds since the epoch.
---@return trapheus.Message
---@return string event
function fleet.story(state, at)
  local bad, facts = lines_of_bad(state.runs), counted(state.runs)
  table.insert(facts, 1, { "Fleet", ("%s, %d databases"):format(state.name, #state.runs) })
  local event = fleet.event_of(state)
  local said = story.message(event, {
    id = ("fleet-%s-%s"):format(state.name:gsub("[^%w_-]", "-"), event),
    title = #bad == 0 and ("fleet %s: all %d ended well"):format(state.name, #state.runs)
      or ("fleet %s: %d of %d did not end well"):format(state.name, #bad, #state.runs),
    facts = facts, next = what_to_do(state, bad), attributes = { event = event, fleet = state.name },
  })
  said.body = body(state, said, event, at)
  return said, event
end

return fleet
