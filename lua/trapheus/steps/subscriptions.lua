--- Event subscriptions name their sources. Those that named the database, or a member, are looked at once the
--- replacement is verified, and name it again if RDS has struck it off meanwhile. One that cannot be is a warning.
local errors = require "trapheus.errors"
local includes = require "trapheus.includes"
local names = require "trapheus.names"

local subscriptions = {}

local function list(rds, request)
  local found = {}
  for raw in rds:paginate("DescribeEventSubscriptions", request, "EventSubscriptionsList") do
    found[#found + 1] = raw
  end
  return found
end

-- The names that may be a source of each type, and the own name of each: one that is aside already may be named so.
local function sources(run, original)
  local own = { ["db-instance"] = {}, ["db-cluster"] = {} }
  local aside = original.name ~= run.identifier
  local function add(kind, name)
    local home = aside and names.home(name) or name
    own["db-" .. kind][name], own["db-" .. kind][home] = home, home
  end
  add(run.database.kind, original.name)
  for _, member in ipairs(run.facts.original.members or {}) do add("instance", member.name) end
  return own
end

---@class trapheus.SubscriptionFacts  Plain data, in facts.original.subscriptions.
---@field name string
---@field source string

--- Notes which subscriptions name the original. Who may not ask goes without, and is told.
---@param run trapheus.Run
---@param original trapheus.Database
---@return trapheus.SubscriptionFacts[]?
function subscriptions.capture(run, original)
  local found, own = {}, sources(run, original)
  local all, err = errors.try(list, run.world.rds, {})
  if err and err.code == "Interrupted" then error(err, 0) end
  if err then run:warn(("event subscriptions that name %s are not looked after: %s"):format(original.name, err)) end
  for _, raw in ipairs(all or {}) do
    for _, source in ipairs(raw.SourceIdsList or {}) do
      local home = (own[raw.SourceType] or {})[source]
      if home then found[#found + 1] = { name = raw.CustSubscriptionId, source = home } end
    end
  end
  return found[1] and found or nil
end

-- nil: it names the source, or was given up.
local function renew(run, known)
  local seen, err = errors.try(list, run.world.rds, { SubscriptionName = known.name })
  if err and err.retryable then error(err, 0) end
  if seen and includes((seen[1] or {}).SourceIdsList or {}, known.source) then return nil end
  local answer = err and run:fail(tostring(err)) or run:mutate("AddSourceIdentifierToSubscription",
    { kind = run.database.kind, resource_id = run.facts.replacement.resource_id, name = known.source,
      part = known.name }, { SubscriptionName = known.name, SourceIdentifier = known.source })
  if not answer.fail then return answer end
  known.given_up = true
  run:warn(("the event subscription %s does not name %s any more, and could not be made to: %s"):format(known.name,
    known.source, answer.fail))
end

--- One look, at most one change. nil: every subscription names what it named.
---@param run trapheus.Run
---@return trapheus.Answer?
function subscriptions.advance(run)
  for _, known in ipairs(run.facts.original.subscriptions or {}) do
    local answer = not known.given_up and renew(run, known) or nil
    if answer then return answer end
  end
end

return subscriptions
