--- Makes sure that no other run on this machine works on the same database.
---@class trapheus.steps.Lock : trapheus.Step
local lock = { name = "lock", essential = true, refuses = true }

function lock.advance(run)
  local held, holder = run.world.journal:lock(run)
  if held then return run:done() end
  return run:fail(("run %s (process %s on %s) works on %s already"):format(
    holder.run_id, holder.pid, holder.host, run.identifier))
end

function lock.undo(run)
  run.world.journal:unlock(run)
  return run:done()
end

return lock
