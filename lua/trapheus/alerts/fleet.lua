--- What is told of a fleet: how many of its runs ended how, and which did not end well.
local json = require "trapheus.json"
local story = require "trapheus.alerts.story"

local fleet = {}

---@class trapheus.FleetState
---@field name string
---@field id string?              What tells this run of the fleet from others.
---@field runs { id: string, status: string, identifier: string?, message: string? }[]  A status is an outcome, or any
---                               other word, as of a run that was not begun.

local ENDED_WELL <const> = { restored = true, snapshotted = true, planned = true }
local MOST_NAMED <const> = 20

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

local function lines_of_bad(runs)
  local lines = {}
  for _, run in ipairs(runs) do
    if not ENDED_WELL[run.status] then
      lines[#lines + 1] = ("%s: %s%s (trapheus status %s)"):format(run.identifier or run.id, run.status,
        run.message and ", " .. run.message or "", run.id)
    end
  end
  return lines
end

local function what_to_do(bad)
  if #bad == 0 then return { "Nothing." } end
  local list = { "Look at those that did not end well:" }
  table.move(bad, 1, math.min(#bad, MOST_NAMED), 2, list)
  if #bad > MOST_NAMED then list[#list + 1] = ("… and %d more"):format(#bad - MOST_NAMED) end
  return list
end

local function body(state, said, event)
  local runs = json.list {}
  for i, run in ipairs(state.runs) do
    runs[i] = { id = run.id, status = run.status, identifier = run.identifier or json.null,
      message = run.message or json.null }
  end
  return { format = story.FORMAT, version = story.VERSION, id = said.id, event = event, test = false,
    title = said.title, ["next"] = json.list(said.next), fleet = { name = state.name, runs = runs } }
end

--- The message: a success when every run ended well, else a failure.
---@param state trapheus.FleetState
---@return trapheus.Message
---@return string event
function fleet.story(state)
  local bad, facts = lines_of_bad(state.runs), counted(state.runs)
  table.insert(facts, 1, { "Fleet", ("%s, %d databases"):format(state.name, #state.runs) })
  local event = #bad == 0 and "success" or "failure"
  local said = story.message(event, {
    id = "fleet-" .. (state.id or state.name):gsub("[^%w_-]", "-"),
    title = #bad == 0 and ("fleet %s: all %d ended well"):format(state.name, #state.runs)
      or ("fleet %s: %d of %d did not end well"):format(state.name, #bad, #state.runs),
    facts = facts, next = what_to_do(bad), attributes = { event = event, fleet = state.name },
  })
  said.body = body(state, said, event)
  return said, event
end

return fleet
