--- Moves to the replacement what only one database can have, and what the original therefore keeps until its
--- replacement is verified: the custom endpoints of an Aurora cluster. A rollback never needs to give them back.
---
--- There is only forward here: one that cannot be moved is a warning that says how to make it.
local endpoint = require "trapheus.databases.endpoint"

local handover = {}

local PATIENCE_S = 3600

---@class trapheus.EndpointFacts   Plain data, in facts.original.endpoints.
---@field name string
---@field resource_id string
---@field type "READER"|"ANY"
---@field static string[]
---@field excluded string[]
---@field tags table[]

--- Notes the custom endpoints of the original.
---@param run trapheus.Run
---@param original trapheus.Database
---@return trapheus.EndpointFacts[]?  nil: it has none
function handover.capture(run, original)
  if not run.facts.config.CustomEndpoints then return nil end
  local list = {}
  for i, seen in ipairs(endpoint.of_cluster(run.world.rds, original.name)) do
    local raw = seen.raw
    list[i] = { name = seen.name, resource_id = seen.resource_id, type = raw.CustomEndpointType,
      static = raw.StaticMembers or {}, excluded = raw.ExcludedMembers or {},
      tags = run.world.rds:ListTagsForResource({ ResourceName = raw.DBClusterEndpointArn }).TagList or {} }
  end
  return list
end

-- Changes ---------------------------------------------------------------------------------------

local function target(run, known)
  return { kind = "cluster", resource_id = run.facts.original.resource_id, name = known.name, part = known.name }
end

-- The members of a list that the replacement has.
local function present(run, names)
  local made, list = run.facts.replacement.members or {}, {}
  for _, name in ipairs(names) do
    if made[name] and made[name].resource_id then list[#list + 1] = name end
  end
  return list[1] and list or nil
end

local function parameters(run, known)
  return { DBClusterIdentifier = run.identifier, DBClusterEndpointIdentifier = known.name,
    EndpointType = known.type, StaticMembers = present(run, known.static),
    ExcludedMembers = present(run, known.excluded), Tags = known.tags[1] and known.tags or nil }
end

local function create(run, known)
  run:confirm("DeleteDBClusterEndpoint", target(run, known))
  if known.static[1] and not present(run, known.static) then return run:fail "none of its members is there" end
  return run:change(run:observe "replacement", "CreateDBClusterEndpoint", target(run, known), parameters(run, known))
end

local function remove(run, known, seen)
  if seen.resource_id ~= known.resource_id then
    return run:fail(("it is another one now, of %s"):format(seen.cluster))
  end
  return run:mutate("DeleteDBClusterEndpoint", target(run, known), { DBClusterEndpointIdentifier = known.name })
end

-- nil: the replacement has it.
local function move(run, known)
  local seen = endpoint.by_name(run.world.rds, known.name)
  if not seen then return create(run, known) end
  if seen:moving() then return run:wait(("the custom endpoint %s (%s)"):format(known.name, seen.status)) end
  if seen.cluster ~= run.identifier then return remove(run, known, seen) end
  run:confirm("CreateDBClusterEndpoint", target(run, known))
end

-- Step by step ----------------------------------------------------------------------------------

local function give_up(run, known, why)
  known.given_up = true
  run:warn(("the custom endpoint %s could not be moved to the replacement: %s; make it with "
    .. "CreateDBClusterEndpoint (%s%s)"):format(known.name, why, known.type,
    known.static[1] and ": " .. table.concat(known.static, ", ") or ""))
end

local function late(run)
  run.facts.handover_at = run.facts.handover_at or run:now_s()
  return run:now_s() - run.facts.handover_at > PATIENCE_S
end

--- One look, at most one change. nil: all that could be moved is moved.
---@param run trapheus.Run
---@return trapheus.Answer?
function handover.advance(run)
  local waiting
  for _, known in ipairs(run.facts.original.endpoints or {}) do
    local answer = not known.given_up and move(run, known)
    if answer and (answer.fail or late(run)) then
      give_up(run, known, answer.fail or answer.wait)
    elseif answer and (answer.sent or not answer.wait) then
      return answer
    end
    waiting = waiting or answer and not known.given_up and answer or nil
  end
  return waiting
end

return handover
