--- Deletes the original, now that its replacement is verified and protected: its members first, if it has any of its
--- own. Those cannot be protected; the data is in the cluster, whose fence stays up until they are on their way. Before
--- that, what only one of the two can have goes to the replacement.
local handover = require "trapheus.steps.handover"
local names = require "trapheus.names"
local parts = require "trapheus.parts"
local statuses = require "trapheus.statuses"
local subscriptions = require "trapheus.steps.subscriptions"

---@class trapheus.steps.Delete : trapheus.Step
local delete = { name = "delete", deadline_s = 24 * 3600, typical_s = 600 }

--- The name of the final snapshot, or nil. One is due unless this run made the snapshot that it
--- restored from, or the original's automated backups are kept.
---@return string?
function delete.final_snapshot(run)
  local options = run.options
  if options.skip_final_snapshot then return nil end
  if options.final_snapshot then return options.final_snapshot end
  local backups_kept = (run.facts.config.BackupRetentionPeriod or 0) > 0 and not options.delete_automated_backups
    and run.database.retains_backups(run.facts.config)
  if run:takes_snapshot() or backups_kept then return nil end
  return names.final(run.identifier, run.id)
end

-- The replacement, still what was verified, under the name. nil, answer: not now.
local function verified(run)
  local replacement = run:observe "replacement"
  if run.facts.verified.resource_id ~= replacement.resource_id or replacement.name ~= run.identifier then
    return nil, run:park(("%s is not the replacement that was verified (%s); the original is %s"):format(run.identifier,
      run.facts.verified.resource_id, run.facts.aside), ("put it right, then run: trapheus resume %s"):format(run.id))
  end
  if not parts.usable(run, replacement) then
    return nil, run:wait(("the replacement (%s)"):format(replacement.status))
  end
  return replacement
end

-- A member that was not there in preflight: RDS keeps the cluster as long as it has one.
local function stranger(run, list)
  local known, original = {}, list[#list].seen
  for _, part in ipairs(list) do known[part.resource_id] = true end
  if not original then return nil end
  for _, member in ipairs(run.database.members(run.world.rds, original)) do
    if not known[member.resource_id] and member.status ~= "deleting" then
      return run:fail(("the original has a member that was added meanwhile, %s"):format(member.name))
    end
  end
end

-- The database itself.
local function delete_whole(run, original)
  local answer = run:protect(original, false)
  if answer then return answer end
  run.facts.final_snapshot = delete.final_snapshot(run)
  return run:mutate(original:delete {
    final_snapshot = run.facts.final_snapshot,
    delete_automated_backups = run.options.delete_automated_backups == true,
  })
end

-- One part on its way out. nil: it is gone, or soon will be, so that the next can follow.
local function delete_part(run, part)
  local seen = part.seen
  if not seen or seen.status == "deleting" then return nil end
  return part.role == "whole" and delete_whole(run, seen) or run:mutate(seen:delete {})
end

-- Has somebody renamed a part? Nothing is deleted by its name alone.
local function moved(run, list)
  for _, part in ipairs(list) do
    local seen = part.seen
    if seen and seen.status ~= "deleting" and seen.name ~= part.aside then
      return run:park(("%s is %s now: somebody has renamed it"):format(part.label, seen.name),
        ("rename it to %s or delete it, then run: trapheus resume %s"):format(part.aside, run.id))
    end
  end
end

-- "gone", "going" or "there".
local function state(list)
  local result = "gone"
  for _, part in ipairs(list) do
    if part.seen and part.seen.status ~= "deleting" then return "there" end
    if part.seen then result = "going" end
  end
  return result
end

local function going(run)
  local answer = run:wait("the original to be deleted", statuses.typical_s.deleting)
  answer.calm = true
  return answer
end

function delete.advance(run)
  local moving = handover.advance(run) or subscriptions.advance(run)
  if moving then return moving end
  if run.options.keep_original then return run:done() end
  local list = parts.original(run)
  local now = state(list)
  if run:steady("original gone", now == "gone") then return run:done() end
  if now == "gone" then return run:wait("the original to be gone for certain", 20) end
  if now == "going" then return going(run) end
  local answer = moved(run, list)
  if answer then return answer end
  local replacement
  replacement, answer = verified(run)
  if not replacement then return answer end
  answer = not run.options.no_fence and run:protect(replacement, true) or stranger(run, list)
  if answer then return answer end
  return parts.each(list, function(part) return delete_part(run, part) end)
    or going(run)
end

--- A deletion that takes too long is reported; a replacement that does not serve calls a person.
function delete.on_deadline(run)
  local replacement = run:find "replacement"
  if replacement and replacement.name == run.identifier and parts.usable(run, replacement) then
    return run:fail "the deletion of the original took too long"
  end
  return run:park(("the verified replacement does not serve as %s; the original is %s"):format(run.identifier,
    run.facts.aside), ("put it right, then run: trapheus resume %s"):format(run.id))
end

--- What stays behind when the original cannot be deleted.
function delete.leftover(run)
  return ("the original is still there as %s (%s): delete it when you no longer need it"):format(
    run.facts.aside, run.facts.original.resource_id)
end

return delete
