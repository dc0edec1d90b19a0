--- The members of a restored Aurora cluster: RDS restores none, each is made anew under its own name. The old writer
--- first, as the first one becomes the writer; then the readers, together. A reader that fails is deleted and made
--- again, twice; the restore does not end for it. Databases that have no members of their own pass through.
local includes = require "trapheus.includes"
local instance = require "trapheus.databases.instance"
local marks = require "trapheus.marks"
local parts = require "trapheus.parts"

local members = {}

local TRIES = 3           -- to make one reader
local TYPICAL_S = 600

---@class trapheus.MadeMember  Plain data, in facts.replacement.members, by name.
---@field resource_id string?  nil: there is none
---@field retired string[]     those that failed
---@field missing boolean?     given up

local function known_of(run, member)
  local all = run.facts.replacement.members or {}
  run.facts.replacement.members = all
  all[member.name] = all[member.name] or { retired = {} }
  return all[member.name]
end

-- Making --------------------------------------------------------------------------------------

local function adopt(run, replacement, member, seen)
  known_of(run, member).resource_id = seen.resource_id
  run:save("fact", { member = member.name, resource_id = seen.resource_id })
  run:confirm(replacement:create_member(member.name, {}))
end

-- The call that makes a member: as it was captured, marked from birth.
local function creation(run, replacement, member)
  local parameters = run.database.member_settings:create(member.config)
  parameters.Tags = marks.list(parameters.Tags, { [marks.RUN] = run.id })
  return replacement:create_member(member.name, parameters)
end

local function create(run, replacement, member)
  local answer = run:change(replacement, creation(run, replacement, member))
  local created = answer.reply and instance.created(answer.reply)
  if created then adopt(run, replacement, member, created) end
  return answer
end

local function foreign(run, holder)
  return run:park(("%s is held by an instance that this run did not create (%s); the original is %s"):format(
    holder.name, holder.resource_id, run.facts.aside),
    ("find out whose it is and rename it, then run: trapheus resume %s"):format(run.id))
end

local function give_up(run, member, why)
  known_of(run, member).missing = true
  run:warn(("the reader %s is missing, the restore went on without it: %s"):format(member.name, why))
end

-- A reader that failed goes, by its resource id. nil: this one will not be tried again.
local function remove(run, member, holder)
  if holder.status == "deleting" then return run:wait(("the failed %s to be gone"):format(member.name), 300) end
  local answer = run:mutate(holder:delete {})
  if not answer.fail then return answer end
  give_up(run, member, answer.fail)
end

local function retire(run, member, holder)
  local known = known_of(run, member)
  table.insert(known.retired, holder.resource_id)
  known.resource_id = nil
  if #known.retired == TRIES then give_up(run, member, ("it ended as '%s' %d times"):format(holder.status, TRIES)) end
  run:save("fact", { member = member.name, retired = holder.resource_id })
  return remove(run, member, holder)
end

-- A member that is there. nil: it serves.
local function judge(run, member, holder)
  local bad = holder:bad()
  if bad and member.role == "reader" then return retire(run, member, holder) end
  if bad == "terminal" or bad and run.options.on_recoverable == "rollback" then
    return run:fail(("the writer %s ended as '%s'"):format(member.name, holder.status))
  end
  if bad then
    return run:park(("the writer %s is '%s', which a person can mend; the original is %s"):format(member.name,
      holder.status, run.facts.aside), ("mend it, then run: trapheus resume %s; or give up the restore: "
      .. "trapheus rollback %s"):format(run.id, run.id))
  end
  if holder:serving() then return nil end
  return run:wait(("the %s %s (%s)"):format(member.role, member.name, holder.status), TYPICAL_S)
end

-- One member, of which `holder` has the name. nil: it is there, or given up.
local function make(run, replacement, member, holder)
  local known = known_of(run, member)
  if not holder then
    if known.missing then return nil end
    return known.resource_id and run:wait(("RDS to show %s"):format(member.name)) or create(run, replacement, member)
  end
  if includes(known.retired, holder.resource_id) then return remove(run, member, holder) end
  if holder.resource_id == known.resource_id then return judge(run, member, holder) end
  if parts.is_original(run, holder.resource_id) then
    return run:wait(("the original to release %s"):format(member.name))
  end
  local ours = run:marked(holder.tags) and holder.raw.DBClusterIdentifier == replacement.name
  if known.resource_id or not ours then return foreign(run, holder) end
  adopt(run, replacement, member, holder)
  return judge(run, member, holder)
end

--- Makes what is missing.
---@param run trapheus.Run
---@param replacement trapheus.Database
---@return trapheus.Answer?  nil: all of them are there and serve
function members.create(run, replacement)
  local held, list = {}, parts.members(run, "writer", "reader")
  for _, holder in ipairs(parts.holders(run)) do held[holder.name] = holder end
  return parts.each(list, function(member) return make(run, replacement, member, held[member.name]) end)
end

-- Removing ------------------------------------------------------------------------------------

-- Did this run make it?
local function ours(run, seen)
  for _, known in pairs(run.facts.replacement.members or {}) do
    if known.resource_id == seen.resource_id or includes(known.retired, seen.resource_id) then return true end
  end
  return run:marked(seen.tags)
end

local function delete(run, seen)
  if parts.is_original(run, seen.resource_id) then return nil end -- a stale look: it was moved aside
  if not ours(run, seen) then
    return run:park(("somebody has added %s (%s) to the replacement"):format(seen.name, seen.resource_id),
      ("when it is gone, run: trapheus rollback %s"):format(run.id))
  end
  return seen.status ~= "deleting" and run:mutate(seen:delete {}) or nil
end

--- Deletes the members of a half-made replacement.
---@param run trapheus.Run
---@param replacement trapheus.Database
---@return trapheus.Answer?  nil: there are none, or all are being deleted
function members.delete(run, replacement)
  return parts.each(run.database.members(run.world.rds, replacement), function(seen) return delete(run, seen) end)
end

--- After a rollback's deletions: are the members' names free, but for the original's own?
---@param run trapheus.Run
---@return trapheus.Answer?  nil: they are
function members.gone(run)
  for _, holder in ipairs(parts.holders(run)) do
    if not parts.is_original(run, holder.resource_id) then
      if run.facts.replacement and ours(run, holder) then
        return run:wait(("%s to be deleted"):format(holder.name), 300)
      end
      return foreign(run, holder)
    end
  end
end

return members
