--- Restores the replacement from the pinned snapshot, under the original's name and with every
--- setting that the restore call takes; then, of a cluster, its members.
local lease = require "trapheus.lease"
local looks = require "trapheus.looks"
local marks = require "trapheus.marks"
local members = require "trapheus.members"
local parts = require "trapheus.parts"
local statuses = require "trapheus.statuses"
local pinned = require "trapheus.pinned"

---@class trapheus.steps.Restore : trapheus.Step
local restore = { name = "restore", essential = true, deadline_s = 24 * 3600, typical_s = 1800 }

local STALE_S = 60 -- a look may be so old

-- What the restore call is given: the captured settings, and our marks from birth on.
local function parameters(run)
  local given = run.database.settings:restore(run.facts.config)
  given.Tags = marks.list(given.Tags, { [marks.RUN] = run.id }, lease.tags(run))
  return given
end

local function adopt(run, seen)
  run.facts.replacement = { resource_id = seen.resource_id, name = seen.name }
  run:save("fact", { replacement = seen.resource_id })
end

local function foreign(run, holder)
  return run:park(
    ("%s is held by a database that this run did not create (%s); the original is %s (%s)"):format(run.identifier,
      holder.resource_id, run.facts.aside, run.facts.original.resource_id),
    ("find out whose it is and rename it, then run: trapheus resume %s"):format(run.id))
end

local function create(run)
  local original = run:observe "original"
  if original.name ~= run.facts.aside then return run:wait("the original to be " .. run.facts.aside) end
  local answer = pinned.lost(run)
  if answer then return answer end
  answer = run:mutate(run.database.restore(run.identifier, run.facts.snapshot, parameters(run), run.facts.config))
  local created = answer.reply and run.database.created(answer.reply)
  if created then adopt(run, created) end
  return answer
end

local function judge(run, replacement)
  local bad = replacement:bad()
  if bad == "terminal" or bad and run.options.on_recoverable == "rollback" then
    return run:fail(("the restore ended as '%s'"):format(replacement.status))
  elseif bad then
    return run:park(("the replacement %s is '%s', which a person can mend; the original is %s"):format(
      run.identifier, replacement.status, run.facts.aside),
      ("mend it, then run: trapheus resume %s; or give up the restore: trapheus rollback %s"):format(run.id, run.id))
  elseif replacement:serving() then
    return members.create(run, replacement) or run:done()
  end
  return run:wait(("the restore (%s)"):format(replacement.status), statuses.typical_s[replacement.status])
end

function restore.advance(run)
  local holder, known = run:holder(run.identifier), run.facts.replacement
  if not holder then
    return known and run:wait "RDS to show the replacement" or create(run)
  elseif known and holder.resource_id == known.resource_id then
    return judge(run, holder)
  elseif holder.resource_id == run.facts.original.resource_id then
    return run:wait("the original to release " .. run.identifier)
  elseif not known and run:marked(holder.tags) then
    adopt(run, holder)
    return judge(run, holder)
  end
  return foreign(run, holder)
end

--- A replacement that serves is not thrown away because it was slow.
function restore.on_deadline(run)
  local replacement = run:find "replacement"
  if replacement and parts.usable(run, replacement) then
    return run:park(("the replacement %s serves, but took too long"):format(run.identifier),
      ("trapheus resume %s goes on, trapheus rollback %s gives it up"):format(run.id, run.id))
  end
  return run:fail "the restore took too long"
end

-- Removing what was half made --------------------------------------------------------------

-- nil: the original is there, so that the replacement is not the last one.
local function last_one(run, replacement)
  local original = run:find "original"
  if original and original.status ~= "deleting" then return nil end
  if not run:steady("original gone", true, looks.UNSEEN) then return run:wait("RDS to show the original again", 20) end
  return run:park(("the original (%s) is %s; %s is the replacement (%s), not verified"):format(
    run.facts.original.resource_id, original and "being deleted" or "gone", replacement.name, replacement.resource_id),
    ("somebody has deleted it; see what %s holds, and what snapshots there are"):format(replacement.name))
end

-- nil: nobody else has laid hands on it.
local function taken(run, replacement)
  local known = run.facts.replacement
  if replacement.status == "deleting" then
    known.deleting_at = known.deleting_at or run:now_s()
    return run:wait("the replacement to be deleted", 300)
  end
  if replacement.name ~= run.identifier or replacement.protected then
    return run:park(("the replacement (%s) is %s now%s: somebody else has changed it"):format(
      replacement.resource_id, replacement.name, replacement.protected and " and protected" or ""),
      ("when it may be deleted, name it %s, turn its protection off and run: trapheus rollback %s"):format(
        run.identifier, run.id))
  end
end

local function delete(run, replacement)
  return last_one(run, replacement) or taken(run, replacement) or members.delete(run, replacement)
    or run:mutate(replacement:delete { delete_automated_backups = true })
end

-- How many looks show that it is gone? One that was created may be out of sight for a minute, newly made or between two
-- names; not one that was seen in its deletion before that.
local function looks_for(run, known)
  local doomed = known and known.deleting_at and run:now_s() - known.deleting_at >= STALE_S
  return known and not doomed and looks.UNSEEN or looks.ENOUGH
end

-- Nothing of the replacement is left, and nobody has its names.
local function free(run, holder)
  local known, answer = run.facts.replacement, members.gone(run)
  local gone = run:steady("replacement gone", not holder and not answer, looks_for(run, known))
  if answer then return answer end
  if not gone then return run:wait(run.identifier .. " to be free", 20) end
  if known then known.gone = true end
  return parts.quiesce(run, parts.original(run)) or run:done()
end

function restore.undo(run)
  local holder = run:holder(run.identifier)
  if holder and holder.resource_id == run.facts.original.resource_id then holder = nil end -- back already
  if holder and not run.facts.replacement and run:marked(holder.tags) then adopt(run, holder) end
  local known = run.facts.replacement
  local replacement = run:find "replacement"
  if replacement then return delete(run, replacement) end
  if holder and not (known and holder.resource_id == known.resource_id) then return foreign(run, holder) end
  return free(run, holder)
end

return restore
