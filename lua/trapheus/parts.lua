--- What a database is made of as it is moved and taken down: the members that are its own, if it has any, and the
--- whole. Each is known by its own resource id, and its names were written down in preflight: none is derived again.
---
--- In order: the readers, the writer, the whole. A renamed member reboots, so that the writer goes late and writes go
--- on as long as possible. Back it is the other way round: the cluster's own rename interrupts nothing, and with its
--- name the application's endpoint is there again before the first member reboots.
local instance = require "trapheus.databases.instance"

local parts = {}

---@class trapheus.MemberFacts   Plain data, in facts.original.members.
---@field name string            its own
---@field aside string
---@field resource_id string
---@field role "writer"|"reader"
---@field now string             the name under which it was last seen
---@field config table           as captured

---@class trapheus.Part
---@field role "reader"|"writer"|"whole"
---@field label string           "the original", "the reader orders-2"
---@field resource_id string
---@field home string            its own name
---@field aside string?          of the original
---@field seen trapheus.Database?
---@field database table         who looks
---@field known table?           of the replacement: what the run remembers of it, in the facts
---@field settings trapheus.Settings?  of the replacement: what is carried over
---@field config table?          of the replacement: as captured

-- Those of preflight.
local function captured(run) return run.facts.original.members or {} end

local function whole_of(run, role, known, settings, config)
  return { role = "whole", label = "the " .. role, resource_id = run.facts[role].resource_id, home = run.identifier,
    aside = run.facts.aside, database = run.database, seen = run:find(role), known = known, settings = settings,
    config = config }
end

-- By resource id, in one call.
local function see_members(run, resource_ids)
  local seen = {}
  for _, found in ipairs(instance.list(run.world.rds, "dbi-resource-id", resource_ids)) do
    seen[found.resource_id] = found
  end
  return seen
end

--- The captured members, those of the first role first.
---@param run trapheus.Run
---@param ... "writer"|"reader"
---@return trapheus.MemberFacts[]
function parts.members(run, ...)
  local list = {}
  for _, role in ipairs { ... } do
    for _, member in ipairs(captured(run)) do
      if member.role == role then list[#list + 1] = member end
    end
  end
  return list
end

local function label(member) return ("the %s %s"):format(member.role, member.name) end

--- The parts of the original, looked at, in the order in which they are moved aside.
---@param run trapheus.Run
---@return trapheus.Part[]
function parts.original(run)
  if #captured(run) == 0 then return { whole_of(run, "original") } end
  local list, ids = {}, {}
  for _, member in ipairs(captured(run)) do ids[#ids + 1] = member.resource_id end
  local seen = see_members(run, ids)
  for _, member in ipairs(parts.members(run, "reader", "writer")) do
    local found = seen[member.resource_id]
    if found then member.now = found.name end -- for the report
    list[#list + 1] = { role = member.role, label = label(member), resource_id = member.resource_id,
      home = member.name, aside = member.aside, database = instance, seen = found }
  end
  list[#list + 1] = whole_of(run, "original")
  return list
end

-- What was made of a captured member, if it is there.
local function made(run, member)
  local known = (run.facts.replacement.members or {})[member.name]
  return known and known.resource_id and known or nil
end

--- The parts of the replacement that are there, looked at, in the order in which they were made.
---@param run trapheus.Run
---@return trapheus.Part[]
function parts.replacement(run)
  local facts = run.facts
  local list, ids = { whole_of(run, "replacement", facts.replacement, run.database.settings, facts.config) }, {}
  if #captured(run) == 0 then return list end
  for _, member in ipairs(captured(run)) do
    local known = made(run, member)
    ids[#ids + 1] = known and known.resource_id or nil
  end
  local seen = see_members(run, ids)
  for _, member in ipairs(parts.members(run, "writer", "reader")) do
    local known = made(run, member)
    list[#list + 1] = known and { role = member.role, label = label(member), resource_id = known.resource_id,
      home = member.name, database = instance, seen = seen[known.resource_id], known = known, config = member.config,
      settings = run.database.member_settings } or nil
  end
  return list
end

--- The same parts from the last to the first.
---@param list trapheus.Part[]
---@return trapheus.Part[]
function parts.reversed(list)
  local back = {}
  for i = #list, 1, -1 do back[#back + 1] = list[i] end
  return back
end

--- Acts on the parts of one role together, and goes on to the next role when those need nothing more. Stops at the
--- first answer with which a call has left: one change a look, though several may be under way.
---@param list { role: string? }[]  parts, or whatever has a role
---@param act fun(part: table): trapheus.Answer?  nil: nothing left to do for it
---@return trapheus.Answer?
function parts.each(list, act)
  local waiting, role
  for _, part in ipairs(list) do
    if waiting and part.role ~= role then return waiting end
    role = part.role
    local answer = act(part)
    if answer and (answer.sent or not answer.wait) then return answer end
    waiting = waiting or answer
  end
  return waiting
end

local function holders_of(run, field)
  local list = {}
  for _, member in ipairs(captured(run)) do list[#list + 1] = member[field] end
  return instance.list(run.world.rds, "db-instance-id", list)
end

--- Can the replacement be used as the original was?
---@param run trapheus.Run
---@param replacement trapheus.Database
---@return boolean
function parts.usable(run, replacement) return replacement:usable(captured(run)) end

--- Is this the resource id of a captured member?
---@param run trapheus.Run
---@param resource_id string
---@return boolean
function parts.is_original(run, resource_id)
  for _, member in ipairs(captured(run)) do
    if member.resource_id == resource_id then return true end
  end
  return false
end

--- Whoever holds one of the own names of the members now.
---@param run trapheus.Run
---@return trapheus.Instance[]
function parts.holders(run) return holders_of(run, "name") end

--- Whoever holds one of the names of RDS's own members now.
---@param run trapheus.Run
---@return trapheus.Instance[]
function parts.followers(run)
  return instance.list(run.world.rds, "db-instance-id", run.facts.original.followers or {})
end

--- Whoever holds a name that a member is moved to.
---@param run trapheus.Run
---@return trapheus.Instance[]
function parts.aside_holders(run) return holders_of(run, "aside") end

--- Waits until no lost call about one of the own names can still be executed.
---@param run trapheus.Run
---@param list trapheus.Part[]
---@return trapheus.Answer?
function parts.quiesce(run, list)
  for _, part in ipairs(list) do
    local answer = run:quiesce(part.database.kind, part.home)
    if answer then return answer end
  end
end

return parts
