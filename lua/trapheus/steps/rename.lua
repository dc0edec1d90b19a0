--- Moves the original aside, so that the replacement can take its name.
---
--- Where the rename stands is read from RDS each time, by resource id: after a crash, after a
--- lost reply, or on another host, the next look carries on.
local pinned = require "trapheus.pinned"

---@class trapheus.steps.Rename : trapheus.Step
local rename = { name = "rename", essential = true, deadline_s = 6 * 3600, typical_s = 600, on_deadline = "park" }

---@param name string  The name the original is to end up with.
---@return trapheus.Answer
local function move(run, name)
  local original = run:observe "original"
  if original.name == name then
    if original:quiet() then return run:done() end
    return run:wait(("the original to settle as %s (%s)"):format(name, original.status), 120)
  end
  if original.name ~= run.identifier and original.name ~= run.facts.aside then
    return run:park(("somebody has renamed the original to %s"):format(original.name),
      ("rename it to %s, then run: trapheus resume %s"):format(name, run.id))
  end
  if not original:quiet() then
    return run:wait(("the original to become %s (%s)"):format(name, original.status), rename.typical_s)
  end
  return run:change(original, original:rename(name))
end

function rename.advance(run)
  if not run.facts.moving then
    local answer = pinned.lost(run) -- before the name is given up, and again before the restore
    if answer then return answer end
    local original = run:observe "original"
    if not run:steady("quiet", original:quiet()) then -- a rename applies what is pending: one look is not enough
      return run:wait(("the original to be quiet for certain (%s)"):format(original.status), 20)
    end
    run.facts.moving = true -- from here on, a failure is undone by moving it back
  end
  local progress = move(run, run.facts.aside)
  if progress.done and run:holder(run.identifier) then
    progress = run:wait(run.identifier .. " to be free")
  end
  return run:certain(progress, "the rename to be certain")
end

function rename.undo(run)
  if not run.facts.moving then return run:done() end
  local progress = move(run, run.identifier) -- sends only when no lost call is alive: the door sees to that
  if progress.done then progress = run:quiesce(run.identifier) or progress end
  return run:certain(progress, "the original to be back for certain")
end

return rename
