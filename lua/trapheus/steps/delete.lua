--- Deletes the original, now that its replacement is verified and protected.
local names = require "trapheus.names"

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
  if run.facts.snapshot.made or backups_kept then return nil end
  return names.final(run.identifier, run.id)
end

-- The replacement, still what was verified, under the name. nil, answer: not now.
local function verified(run)
  local replacement = run:observe "replacement"
  if run.facts.verified.resource_id ~= replacement.resource_id or replacement.name ~= run.identifier then
    return nil, run:park(("%s is not the replacement that was verified (%s); the original is %s"):format(run.identifier,
      run.facts.verified.resource_id, run.facts.aside), ("put it right, then run: trapheus resume %s"):format(run.id))
  end
  if not replacement:serving() then return nil, run:wait(("the replacement (%s)"):format(replacement.status)) end
  return replacement
end

function delete.advance(run)
  if run.options.keep_original then return run:done() end
  local original = run:find "original"
  if run:steady("original gone", not original) then return run:done() end
  if not original then return run:wait("the original to be gone for certain", 20) end
  if original.status == "deleting" then return run:wait("the original to be deleted", delete.typical_s) end
  if original.name ~= run.facts.aside then
    return run:park(("the original is %s now: somebody has renamed it"):format(original.name),
      ("rename it to %s or delete it, then run: trapheus resume %s"):format(run.facts.aside, run.id))
  end
  local replacement, answer = verified(run)
  if not replacement then return answer end
  if not run.options.no_fence and not replacement.protected then
    return run:change(replacement, replacement:protect(true))
  end
  if original.protected then return run:change(original, original:protect(false)) end
  run.facts.final_snapshot = delete.final_snapshot(run)
  return run:mutate(original:delete {
    final_snapshot = run.facts.final_snapshot,
    delete_automated_backups = run.options.delete_automated_backups == true,
  })
end

--- A deletion that takes too long is reported; a replacement that does not serve calls a person.
function delete.on_deadline(run)
  local replacement = run:find "replacement"
  if replacement and replacement.name == run.identifier and replacement:serving() then
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
