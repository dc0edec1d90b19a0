--- What can be seen of the databases over time: where each has been at rest, in truth; how often in a row a run was
--- shown it at rest; and for how long nobody answered to the name while RDS had nothing to do.
local sights = {}

local function set(words)
  local members = {}
  for word in words:gmatch "%S+" do members[word] = true end
  return members
end

local AT_REST = set "available storage-optimization"
local SPACING_MS = 10 * 1000
local ONE_LOOK_MS = 1000

--- A person can bring it back.
sights.MENDABLE = set "inaccessible-encryption-credentials-recoverable incompatible-parameters insufficient-capacity"

--- It will not come back by itself, and nothing is under way.
sights.TERMINAL = set [[
  failed incompatible-restore incompatible-network incompatible-option-group incompatible-credentials
  incompatible-create restore-error restore-failed migration-failed cloning-failed
  inaccessible-encryption-credentials storage-full modify-failed upgrade-failed
]]

---@class trapheus.sim.Sights
---@field rested table<string, string>    by resource id: the name under which it last was at rest
---@field looks table<string, table<string, { count: integer, at_ms: integer, last_ms: integer }>>  by host and
---                                       resource id: looks at rest in a row, when one was counted last, and seen last
---@field read_at table<string, integer[]>  by host: when it looked
---@field idle_ms number                   nobody had the name, and nothing was under way
---@field idle_since number?
---@field heading table<string, string>   by resource id: the name to which it is on its way
---@field ended_badly boolean              something was in a state that it does not come back from
---@field failed integer                  renames that RDS began, and which have failed without a word

---@return trapheus.sim.Sights
function sights.new()
  return { rested = {}, looks = {}, read_at = {}, idle_ms = 0, heading = {}, failed = 0, ended_badly = false }
end

-- Truth ---------------------------------------------------------------------------------------

local function at_rest(thing) return AT_REST[thing.status] and not thing.pending_name end

-- Notes where it is going, and whether it has not got there.
local function follow(seen, thing)
  local rid, towards = thing.rid, thing.pending_name
  local heading = seen.heading[rid]
  if heading == towards then return end
  if heading and not towards and thing.name ~= heading then seen.failed = seen.failed + 1 end
  seen.heading[rid] = towards
end

-- Notes who is at rest. Is anybody on the way to somewhere?
local function survey(seen, list)
  local moving = false
  for i = 1, #list do
    local thing = list[i]
    if not thing.gone then
      seen.ended_badly = seen.ended_badly or sights.TERMINAL[thing.status] ~= nil
      follow(seen, thing)
      if at_rest(thing) then
        seen.rested[thing.rid] = thing.name
      elseif not sights.TERMINAL[thing.status] then
        moving = true
      end
    end
  end
  return moving
end

-- Does the name lead to a database that serves? Of a cluster it is the old writer's name that must, too.
local function answers(watch)
  local holder = watch:holder "mydb"
  if not holder or not AT_REST[holder.status] then return false end
  local writer = watch.writer and watch.sb.names[watch.writer]
  return not watch.writer or writer ~= nil and AT_REST[writer.status] ~= nil
end

--- The truth has changed, or the play has ended.
---@param watch trapheus.sim.Watch
function sights.commit(watch)
  local seen, now = watch.sights, watch.sb.clock()
  local moving = survey(seen, watch.sb.instances)
  moving = survey(seen, watch.sb.clusters or {}) or moving
  if seen.idle_since then seen.idle_ms = seen.idle_ms + now - seen.idle_since end
  seen.idle_since = not moving and not answers(watch) and now or nil
end

-- What a run is shown -------------------------------------------------------------------------

local function settled(raw, status)
  if not AT_REST[status] then return false end
  local groups, pending = raw.DBParameterGroups, raw.PendingModifiedValues
  for i = 1, groups and #groups or 0 do
    if groups[i].ParameterApplyStatus ~= "in-sync" then return false end
  end
  return not pending or next(pending) == nil
end

local function note(known, raw, status, now)
  if not settled(raw, status) then
    known.count, known.at_ms, known.last_ms = 0, now, 0
  elseif known.count > 0 and now - known.at_ms < SPACING_MS then
    known.last_ms = now
  else
    known.count, known.at_ms, known.last_ms = known.count + 1, now, now
  end
end

local function note_all(looks, list, id, status, now)
  for i = 1, #list do
    local raw = list[i]
    local rid = raw[id]
    local known = looks[rid] or { count = 0, at_ms = now, last_ms = 0 }
    looks[rid] = known
    note(known, raw, raw[status], now)
  end
end

local function not_found(err) return type(err) == "table" and (err.code or ""):find "NotFound" ~= nil end

--- A run has asked what there is, and may have got an answer.
---@param watch trapheus.sim.Watch
---@param host trapheus.sim.Host
---@param result table?
---@param err table?
function sights.shown(watch, host, result, err)
  if not result and not not_found(err) then return end
  local seen, now = watch.sights, watch.sb.clock()
  local times, looks = seen.read_at[host.name] or {}, seen.looks[host.name] or {}
  seen.read_at[host.name], seen.looks[host.name] = times, looks
  times[#times + 1] = now
  if not result then return end
  if result.DBInstances then note_all(looks, result.DBInstances, "DbiResourceId", "DBInstanceStatus", now) end
  if result.DBClusters then note_all(looks, result.DBClusters, "DbClusterResourceId", "Status", now) end
end

--- A step has begun that looks for itself: of what was seen before, only the look at which it began counts.
function sights.begin(watch, host)
  local now = watch.sb.clock()
  for _, known in pairs(watch.sights.looks[host.name] or {}) do
    local counts = known.count > 0 and now - known.last_ms <= ONE_LOOK_MS
    known.count, known.at_ms = counts and 1 or 0, known.last_ms
  end
end

--- How many looks of a run, the last ones, have shown it at rest?
---@return integer
function sights.settled_looks(watch, host, rid)
  local known = (watch.sights.looks[host.name] or {})[rid]
  return known and known.count or 0
end

--- How often has a run looked since then? Looks are ten seconds apart.
---@return integer
function sights.looks_since(watch, host, at_ms)
  local count = 0
  for _, time_ms in ipairs(watch.sights.read_at[host.name] or {}) do
    if time_ms >= at_ms then count, at_ms = count + 1, time_ms + SPACING_MS end
  end
  return count
end

return sights
