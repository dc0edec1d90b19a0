--- Our tags on a database or a snapshot: what they say, and how they are put on and taken off.
---
---   trapheus:run       on what a run has made: the run; on a snapshot "RUN:snapshot", as RDS copies a snapshot's
---                      tags to what somebody else restores from it
---   trapheus:lease     on the original and its replacement: which run may change them, and until when
---   trapheus:state     on both: what another machine must know of the run to end it
---   trapheus:snapshot  on the original: the run, and the snapshot that it restores from
local once = require "trapheus.once"
local sorted = require "trapheus.sorted"

local marks = { RUN = "trapheus:run", LEASE = "trapheus:lease", STATE = "trapheus:state",
  SNAPSHOT = "trapheus:snapshot" }

marks.MOST_TAGS = 50 -- of AWS, on one resource
marks.MOST = 3 -- on one database: a replacement bears its run, lease and state

local PREFIX = "^trapheus:"
local LONGEST = 256 -- characters of a value

--- What tells a snapshot that this run has made.
---@param run_id string
---@return string
function marks.of_snapshot(run_id) return run_id .. ":snapshot" end

---@class trapheus.Lease
---@field run_id string
---@field ends_at integer  seconds since the epoch, by AWS's clock

local lease_of = once(function(tags)
  local run_id, ends_at = (tags[marks.LEASE] or ""):match "^(%w+):(%d+)$"
  return run_id and { run_id = run_id, ends_at = math.tointeger(tonumber(ends_at)) } or false
end)

---@param tags table<string, string>
---@return trapheus.Lease?
function marks.lease(tags) return lease_of(tags) or nil end

---@param lease trapheus.Lease
---@return string
function marks.lease_text(lease) return ("%s:%d"):format(lease.run_id, lease.ends_at) end

--- "key=value key=value", for the few characters that a tag may have. What does not fit is left out, last first.
---@param words string[]
---@return string
function marks.state_text(words)
  local whole = table.concat(words, " ")
  if #whole <= LONGEST then return whole end
  local text = words[1]
  for i = 2, #words do
    if #text + 1 + #words[i] <= LONGEST then text = text .. " " .. words[i] end
  end
  return text
end

---@param tags table<string, string>
---@return table<string, string>?  nil: it bears no such tag
function marks.state(tags)
  if not tags[marks.STATE] then return nil end
  local state = {}
  for key, value in tags[marks.STATE]:gmatch "([^ =]+)=([^ ]*)" do state[key] = value end
  return state
end

--- The state of the run that has moved, or is about to move, this very database: tags are copied, resource ids are not.
---@param database trapheus.Database
---@return table<string, string>?
function marks.state_of_original(database)
  local state = marks.state(database.tags)
  return state and state.of == database.resource_id and state or nil
end

--- What to do about a database that a run has moved aside; nil if it bears no mark of that.
---@param database trapheus.Database?
---@return string?
function marks.way_on(database)
  local state = database and marks.state_of_original(database)
  return state and state.run and ("run %s, which has not ended, has moved it there: trapheus resume %s, or, without "
    .. "its journal, trapheus resume --from-aws %s"):format(state.run, state.run, state.id or "ID") or nil
end

--- The run that a tag of ours is about.
---@param value string
---@return string
function marks.run_of(value) return value:match "run=(%w+)" or value:match "^%w+" or "" end

--- Our tags of this run on a thing.
---@param tags table<string, string>
---@param run_id string
---@return string[] keys
function marks.keys(tags, run_id)
  local keys = {}
  for _, key in ipairs(sorted.keys(tags)) do
    if key:find(PREFIX) and marks.run_of(tags[key]) == run_id then keys[#keys + 1] = key end
  end
  return keys
end

-- Changing ------------------------------------------------------------------------------------

--- A list as AWS takes it: another list, then our tags.
---@param others { Key: string, Value: string }[]?
---@param ... table<string, string>
---@return { Key: string, Value: string }[]
function marks.list(others, ...)
  local list = table.move(others or {}, 1, #(others or {}), 1, {})
  for _, tags in ipairs { ... } do
    for _, key in ipairs(sorted.keys(tags)) do list[#list + 1] = { Key = key, Value = tags[key] } end
  end
  return list
end

-- A change is described, not made: what the door is to be given.
local function target(thing) return { kind = thing.kind, resource_id = thing.resource_id, name = thing.name } end

---@param thing trapheus.Database|trapheus.Snapshot
---@param tags table<string, string>
function marks.put(thing, tags)
  return "AddTagsToResource", target(thing), { ResourceName = thing.arn, Tags = marks.list(nil, tags) }
end

---@param thing trapheus.Database|trapheus.Snapshot
---@param keys string[]
function marks.take(thing, keys)
  return "RemoveTagsFromResource", target(thing), { ResourceName = thing.arn, TagKeys = keys }
end

return marks
