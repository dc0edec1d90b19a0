--- What a DB instance and a DB cluster have in common: how they are judged, and how an open intent is looked at.
local constant = require "trapheus.constant"
local once = require "trapheus.once"
local shapes = require "trapheus.settings.shapes"
local statuses = require "trapheus.statuses"

---@class trapheus.Database
---@field kind "instance"|"cluster"
---@field raw table          A DBInstance or DBCluster as Describe gives it.
---@field name string
---@field resource_id string
---@field arn string
---@field status string
---@field protected boolean  DeletionProtection
---@field tags table<string, string>
local Database = {}
Database.__index = Database

local database = { Database = Database }

local NO_TAGS = {}

local tags_of = once(function(list)
  local map = {}
  for _, tag in ipairs(list) do map[tag.Key] = tag.Value or "" end
  return map
end)

--- The tags of a list.
---@param list { Key: string, Value: string }[]?
---@return table<string, string>
function database.tag_map(list) return tags_of(list or NO_TAGS) end

--- A class that answers what every database does.
---@return table
function database.class()
  local class = setmetatable({}, { __index = Database })
  class.__index = class
  return class
end

-- Looking ---------------------------------------------------------------------------------

-- What is made of a value. It is constant, so that asking again neither copies it nor checks it again.
local function asking(make)
  local known = setmetatable({}, { __mode = "v" })
  return function(value)
    local parameters = known[value]
    if not parameters then
      parameters = constant(make(value))
      known[value] = parameters
    end
    return parameters
  end
end

--- What asks for one value of a filter.
---@param filter string
---@return fun(value: string): table parameters
function database.asking(filter)
  return asking(function(value) return { Filters = { { Name = filter, Values = { value } } } } end)
end

--- What asks for what has a name.
---@param parameter string
---@return fun(name: string): table parameters
function database.asking_by(parameter)
  return asking(function(name) return { [parameter] = name } end)
end

-- Judging ---------------------------------------------------------------------------------

function Database:describe()
  return ("%s %s%s"):format(self.resource_id, self.status, self:pending() and ", a change pending" or "")
end

--- Is a modification waiting to be made?
function Database:pending()
  local pending = self.raw.PendingModifiedValues
  return pending ~= nil and next(pending) ~= nil
end

--- No change is under way or pending.
function Database:quiet()
  return statuses.settled[self.status] ~= nil and not self:pending()
end

--- A change is under way that will end by itself.
function Database:moving()
  return self.status == "deleting" or not self:quiet() and not self:bad()
end

function Database:serving() return statuses.serving[self.status] ~= nil end

--- "terminal", "recoverable" or nil.
function Database:bad()
  return statuses.terminal_bad[self.status] and "terminal"
    or statuses.recoverable_bad[self.status] and "recoverable" or nil
end

--- Quiet, and every part of it has arrived. The predicate of AWS's own CloudFormation handlers.
---@return boolean settled
---@return string? why  The part that has not.
function Database:settled()
  if not self:quiet() then return false, self.status .. (self:pending() and ", a change pending" or "") end
  for _, part in ipairs(self.ARRIVED) do
    for _, status in ipairs(shapes.gather(self.raw, part.path)) do
      if not part[status] then return false, ("%s %s"):format(part.path:match "^%w+", status) end
    end
  end
  return true
end

-- Looking ---------------------------------------------------------------------------------

local function trace_of_snapshot(kind, rds, intent)
  local seen = kind.snapshot(rds, intent.target.name)
  return { text = seen and seen.status or "none", moving = seen ~= nil and seen.status ~= "available" }
end

--- What an open intent was about, as text that is equal when nothing has changed.
---@param kinds table<string, table>  By the kind of a target or of a name: who looks.
---@param intent trapheus.Intent
---@return { text: string, moving: boolean }
function database.trace(kinds, rds, intent)
  local target = intent.target
  if target.kind:find "snapshot$" then return trace_of_snapshot(kinds[target.kind], rds, intent) end
  local seen = target.resource_id and kinds[target.kind].by_resource_id(rds, target.resource_id)
  local texts, moving = { seen and seen:describe() or "not shown" }, seen ~= nil and seen:moving()
  for _, held in ipairs(intent.names) do
    local kind, name = held:match "^(%S+) (%S+)$"
    local holder = kinds[kind].by_name(rds, name)
    texts[#texts + 1] = ("%s: %s"):format(held, holder and holder:describe() or "free")
    moving = moving or holder ~= nil and holder:moving()
  end
  return { text = table.concat(texts, ", "), moving = moving }
end

-- Changing --------------------------------------------------------------------------------

---@param part string?  Of what is changed on its own.
---@return trapheus.Target
function Database:target(part)
  return { kind = self.kind, resource_id = self.resource_id, name = self.name, part = part }
end

---@class trapheus.Snapshot
---@field kind "snapshot"|"cluster-snapshot"
---@field name string
---@field arn string
---@field status string
---@field created_at number      SnapshotCreateTime, seconds since the epoch
---@field source_name string     the database it was made of
---@field source_resource_id string?
---@field engine string?
---@field version string?
---@field encrypted boolean
---@field storage_gib number?    that a restore needs; nil: it takes what it needs
---@field raw table              a DBSnapshot or DBClusterSnapshot
---@field tags table<string, string>

return database
