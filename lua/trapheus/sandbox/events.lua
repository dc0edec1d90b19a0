--- RDS events: 14 days of them, an hour's by default.

local errors = require "trapheus.sandbox.errors"
local names = require "trapheus.sandbox.names"
local paging = require "trapheus.sandbox.paging"

local events = { operations = { rds = {} } }

--- As an ARN calls them.
local RESOURCES = {
  ["db-instance"] = "db", ["db-snapshot"] = "snapshot", ["db-cluster"] = "cluster",
  ["db-cluster-snapshot"] = "cluster-snapshot",
}

local KEEP_S = 14 * 86400

--- Records an event under the name its source has now: events belong to names, not to resource ids.
---@param sb table
---@param source_type "db-instance"|"db-snapshot"|"db-cluster"|"db-cluster-snapshot"
---@param name string
---@param category string
---@param message string
function events.add(sb, source_type, name, category, message)
  sb.events[#sb.events + 1] = {
    Date = sb:seconds(), SourceIdentifier = name, SourceType = source_type, Message = message,
    EventCategories = { category }, SourceArn = names.arn(sb, RESOURCES[source_type], name),
  }
end

--- Records that something failed in the background, if there is an event for that.
---@param sb table
---@param source_type string
---@param name string
---@param message string
function events.failure(sb, source_type, name, message)
  if sb.knobs.failure_event == 1 then events.add(sb, source_type, name, "failure", message) end
end

local function window(sb, params)
  local now = sb:seconds()
  local from = params.StartTime or (params.EndTime or now) - (params.Duration or 60) * 60
  return math.max(from, now - KEEP_S), params.EndTime or now
end

function events.operations.rds.DescribeEvents(sb, params)
  if params.SourceIdentifier and not params.SourceType then
    errors.refuse("InvalidParameterCombination", "SourceType must be specified when SourceIdentifier is specified.")
  end
  local from, to = window(sb, params)
  local list = {}
  for position, event in ipairs(sb.events) do
    local wanted = (not params.SourceType or event.SourceType == params.SourceType)
      and (not params.SourceIdentifier or event.SourceIdentifier == params.SourceIdentifier:lower())
    if wanted and event.Date >= from and event.Date <= to then
      list[#list + 1] = { key = ("%012d"):format(position), value = event }
    end
  end
  return paging.page(sb, list, params, "Events")
end

return events
