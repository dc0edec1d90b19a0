--- Makes sure that no other run works on the same database: by a lock on this machine, by the lease for others.
local lease = require "trapheus.lease"

---@class trapheus.steps.Lock : trapheus.Step
local lock = { name = "lock", essential = true, refuses = true, tidies = true, deadline_s = 3600 }

function lock.advance(run)
  local held, why = run.world.journal:lock(run)
  if held then return lease.take(run) or run:done() end
  return run:fail(why)
end

function lock.undo(run)
  local answer = lease.give_up(run)
  if answer then return answer end
  run.world.journal:unlock(run)
  return run:done()
end

return lock
