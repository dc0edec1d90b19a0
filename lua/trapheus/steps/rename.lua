--- Moves the original aside, so that the replacement can take its name: its members first, if it has any of its own.
---
--- Where the rename stands is read from RDS each time, by resource id: after a crash, after a
--- lost reply, or on another host, the next look carries on.
local fence = require "trapheus.steps.fence"
local lease = require "trapheus.lease"
local looks = require "trapheus.looks"
local parts = require "trapheus.parts"
local statuses = require "trapheus.statuses"
local pinned = require "trapheus.pinned"

---@class trapheus.steps.Rename : trapheus.Step
local rename = { name = "rename", essential = true, deadline_s = 6 * 3600, typical_s = 600 }

local FOLLOW_S = 900 -- after the cluster's own rename
local GONE_S = 1200   -- what is being renamed may be out of sight for longer than other things

-- Is a member out of sight for so long, and at so many looks, that it was deleted and not renamed?
local function deleted(run, part)
  local missing = run.facts.missing or {}
  if part.seen or part.role == "whole" then
    missing[part.resource_id] = nil
    return false
  end
  run.facts.missing = missing
  local known = missing[part.resource_id] or { since = run:now_s(), looks = 0 }
  missing[part.resource_id], known.looks = known, known.looks + 1
  return known.looks >= looks.UNSEEN and run:now_s() - known.since >= GONE_S
end

-- A member that somebody has deleted meanwhile turns the run round; on the way back it is told, and done without.
local function lost(run, part, name)
  if name ~= part.home then
    return run:fail(("%s is not there any more: somebody has deleted it"):format(part.label))
  end
  run:warn(("%s is not there any more: somebody has deleted it; the cluster is without it"):format(part.label))
end

-- One part on its way to a name. nil: it has it, and is at rest.
local function move(run, part, name)
  local seen = part.seen
  if deleted(run, part) then return lost(run, part, name) end
  if not seen then return run:wait(("RDS to show %s again"):format(part.label)) end
  if seen.name == name then
    if seen:quiet() then return nil end
    return run:wait(("%s to settle as %s (%s)"):format(part.label, name, seen.status),
      statuses.typical_s[seen.status])
  end
  if seen.name ~= part.home and seen.name ~= part.aside then
    return run:park(("somebody has renamed %s to %s"):format(part.label, seen.name),
      ("rename it to %s, then run: trapheus resume %s"):format(name, run.id))
  end
  if not seen:quiet() then
    return run:wait(("%s to become %s (%s)"):format(part.label, name, seen.status),
      statuses.typical_s[seen.status])
  end
  return run:change(seen, seen:rename(name))
end

-- nil: this part is there, and at rest.
local function restless(run, part)
  local seen = part.seen
  if seen and seen:quiet() then return nil end
  if seen then run:steady("quiet", false) end
  if not seen and run:steady(part.label .. " gone", true, looks.UNSEEN) then
    return run:fail(("%s is not there any more: somebody has deleted it"):format(part.label))
  end
  return run:wait(("%s to be quiet for certain (%s)"):format(part.label, seen and seen.status or "not shown"), 20)
end

-- A rename applies what is pending: it must be seen that nothing is. nil: so it is.
local function unquiet(run, list)
  for _, part in ipairs(list) do
    local answer = restless(run, part)
    if answer then return answer end
  end
  if not run:steady("quiet", true) then return run:wait("the original to be quiet for certain", 20) end
end

-- RDS gives the replacement's members the names of the original's: it is not known to move those at once. nil: it has.
local function followed(run)
  local holder = parts.followers(run)[1]
  if not holder then return nil end
  run.facts.moved_at = run.facts.moved_at or run:now_s()
  if run:now_s() - run.facts.moved_at < FOLLOW_S then return run:wait(("RDS to rename %s, too"):format(holder.name)) end
  return run:fail(("RDS has not renamed %s with its cluster: a replacement would need that name"):format(holder.name))
end

-- Does anything still answer to one of the own names? What is somebody else's will not be free by waiting.
local function held(run)
  local holders = parts.holders(run)
  holders[#holders + 1] = run:holder(run.identifier)
  for _, holder in ipairs(holders) do
    local known = run.facts.original.resource_id
    if holder.resource_id ~= known and not parts.is_original(run, holder.resource_id) then
      return run:park(("%s is held by a database that this run did not create (%s); the original is %s (%s)"):format(
        holder.name, holder.resource_id, run.facts.aside, known),
        ("find out whose it is and rename it, then run: trapheus resume %s"):format(run.id))
    end
  end
  return holders[1] and run:wait(holders[1].name .. " to be free") or followed(run)
end

-- As long as the name was not given up, another run may have been at work while this one was away. nil: nobody is, and
-- the fence is up.
local function exposed(run)
  local original = run:observe "original"
  return original.name == run.identifier and (lease.lost(run) or fence.keep(run)) or nil
end

-- nil: the name may be given up.
local function unready(run)
  -- the snapshot is looked at again before the restore
  return not run.facts.moving and (pinned.lost(run) or lease.tell(run)) or exposed(run)
end

function rename.advance(run)
  local list
  local answer = unready(run)
  if answer then return answer end
  if not run.facts.moving then
    list = parts.original(run)
    answer = unquiet(run, list)
    if answer then return answer end
    run.facts.moving = true -- from here on, a failure is undone by moving it back
  end
  local progress = parts.each(list or parts.original(run), function(part) return move(run, part, part.aside) end)
  return run:certain(progress or held(run) or run:done(), "the rename to be certain")
end

--- While nothing was moved, nothing is lost by giving up; what is on its way is not turned round.
function rename.on_deadline(run)
  if not run.facts.moving then
    return run:fail "the original did not come to rest: something is pending, or under way"
  end
  return run:park("the original is still on its way to " .. run.facts.aside,
    ("trapheus resume %s waits on"):format(run.id))
end

--- The members of a cluster are moved back after it: whatever had been moved.
function rename.undo(run)
  if not run.facts.moving then return run:done() end
  local list = parts.reversed(parts.original(run)) -- sends only when no lost call is alive: the door sees to that
  local progress = parts.each(list, function(part) return move(run, part, part.home) end)
  return run:certain(progress or parts.quiesce(run, list) or run:done(), "the original to be back for certain")
end

return rename
