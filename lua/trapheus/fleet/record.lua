--- What the journal knows of a fleet: its targets and how they are to be restored, written once. How far it has come is
--- in the records of its runs, each of which names its fleet and its target; a target without a run was not begun.
local alerts = require "trapheus.alerts"
local commands = require "trapheus.commands"
local journal = require "trapheus.journal"
local names = require "trapheus.names"
local nearest = require "trapheus.nearest"
local rows = require "trapheus.fleet.rows"
local runs = require "trapheus.runs"
local usage = require "trapheus.usage"

local record = {}

local PREFIX = "fleet-"
local OF_NOW = { plan = true, yes = true, timeout = true, resume = true } -- not of the whole fleet

---@class trapheus.FleetRecord   Plain data.
---@field run_id string            "fleet-" and eight characters: what it is called
---@field fleet true
---@field script string
---@field given table              the flags that say how, by their fields
---@field place table              as of a run: where it runs
---@field targets trapheus.Target[]
---@field created_at integer
---@field tells string[]?         the events of which somebody wanted to know when it began
---@field told table<string, table<string, true>>?  by its end: the channels that have been told of it, and "all"

--- What of the flags belongs to the fleet, and is remembered with it.
---@param given trapheus.Given
---@return table
function record.given(given)
  local kept = {}
  for _, title in ipairs { "How many, and when to stop", "What to restore", "How", "Exporting the snapshot to S3" } do
    for _, group in ipairs(commands.find("bulk").groups) do
      for _, row in ipairs(group[1] == title and group[2] or {}) do
        local field = commands.field(row[1])
        if not OF_NOW[field] then kept[field] = given[field] end
      end
    end
  end
  return kept
end

--- Is this what a fleet is called?
---@param id string?
---@return boolean
function record.names_fleet(id) return id ~= nil and id:sub(1, #PREFIX) == PREFIX end

---@param world trapheus.World
---@param fields table
---@return trapheus.FleetRecord
function record.new(world, fields)
  fields.format, fields.fleet = journal.FORMAT, true
  fields.run_id = PREFIX .. names.run_id(world.random_bytes(5))
  fields.created_at = world:now_ms() // 1000
  return fields
end

--- The fleet of that name. A usage error, with the one that may have been meant, when there is none.
---@param kept trapheus.Journal
---@param id string
---@return trapheus.FleetRecord
function record.find(kept, id)
  local found = kept:load(id)
  if found and found.fleet then return found end
  local ids = {}
  for _, other in ipairs(kept:fleets()) do ids[other.run_id] = true end
  local near = nearest(id, ids)
  usage.fail("there is no fleet '%s'%s", id, near and (" (did you mean %s?)"):format(near) or "")
end

local ABANDONED_S = 7 * 24 * 3600 -- what was not begun for so long is not told of any more

--- The fleets of which something is left to do.
---@param kept trapheus.Journal
---@param now_s number
---@return { id: string, open: integer, left: integer }[]  How many of its runs are unfinished, and how many targets are
---                                                         without a run.
function record.unfinished(kept, now_s)
  local open, begun, list = {}, {}, {}
  for _, run in ipairs(kept:list()) do
    local id = run.fleet_id
    if id then
      begun[id] = (begun[id] or 0) + 1
      open[id] = (open[id] or 0) + (runs.unfinished(run) and 1 or 0)
    end
  end
  for _, each in ipairs(kept:fleets()) do
    local left = #each.targets - (begun[each.run_id] or 0)
    local counts = now_s - each.created_at < ABANDONED_S and left or 0
    if (open[each.run_id] or 0) > 0 or counts > 0 then
      list[#list + 1] = { id = each.run_id, open = open[each.run_id] or 0, left = left }
    end
  end
  return list
end

--- The records of its runs, by the number of their targets.
---@param kept trapheus.Journal
---@param id string
---@return table<integer, table>
function record.runs(kept, id)
  local found = {}
  for _, run in ipairs(kept:list()) do
    if run.fleet_id == id then found[run.fleet_target] = found[run.fleet_target] or run end
  end
  return found
end

-- How it has ended. nil: something is left to do.
local function state_of_end(kept, each)
  local past, state = record.runs(kept, each.run_id), { name = each.run_id, runs = {} }
  for i, target in ipairs(each.targets) do
    if not past[i] or runs.unfinished(past[i]) then return nil end
    state.runs[i] = rows.new(target, past[i])
  end
  return state
end

--- The newest fleet that has ended without everybody having been told. nil: there is none.
---@param kept trapheus.Journal
---@return trapheus.FleetRecord?
function record.owed(kept)
  for _, each in ipairs(kept:fleets()) do
    local state = each.tells and state_of_end(kept, each)
    if state and alerts.fleet_owed(each, state) then return each end
  end
end

return record
