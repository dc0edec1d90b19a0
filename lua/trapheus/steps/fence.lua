--- Turns deletion protection on for the original, so that no call, of ours or of anybody's,
--- can delete it until its replacement is verified.
local lease = require "trapheus.lease"
local looks = require "trapheus.looks"

---@class trapheus.steps.Fence : trapheus.Step
local fence = { name = "fence", tidies = true, deadline_s = 3600 }

--- Puts it up again, if this run has one: another run may have taken it down, while this one was away.
---@param run trapheus.Run
---@return trapheus.Answer?  nil: it is up, or there is none
function fence.keep(run)
  local original = run:observe "original"
  if original.protected or not run.facts.fenced then return nil end
  if run:steady("unfenced", true, looks.UNSEEN) then return run:protect(original, true) end
  return run:wait("the original to be fenced", 20)
end

function fence.advance(run)
  if run.options.no_fence then return run:done() end
  run.facts.fenced = true
  local answer = run:protect(run:observe "original", true) or run:done()
  if answer.code == "AccessDenied" then
    answer.fail = answer.fail .. "; --no-fence goes on without deletion protection"
  end
  return answer
end

--- Back to what was captured, once the original is under its own name. Too much protection is no
--- reason to call a rollback unfinished.
function fence.undo(run)
  if run.options.no_fence or run.facts.original.protected then return run:done() end
  local original = run:observe_home()
  local mover = lease.mover(run, original)
  if mover then
    run:warn(("run %s has moved the original to %s: deletion protection is left to that"):format(mover, original.name))
    return run:done()
  end
  -- Not as a change that waits for rest: what is pending on it may have been the reason to turn back, and stays.
  local answer = original.protected and run:mutate(original:protect(false))
    or run:stays_protected(original, false) or run:done()
  -- The fence may be out of sight for a minute: then it takes more looks.
  if not answer.fail then return run:certain(answer, "deletion protection to be off for certain", looks.UNSEEN) end
  run.facts.fence_left = true
  run:warn("deletion protection, which was off, could not be turned off again: " .. answer.fail)
  return run:done()
end

return fence
