--- Puts back what the run had changed for its own sake: deletion protection as captured, our
--- tags, the lock.
local export = require "trapheus.steps.export"
local parts = require "trapheus.parts"

---@class trapheus.steps.Finish : trapheus.Step
local finish = { name = "finish", deadline_s = 2 * 3600, forward_only = true }

-- nil: the database is protected as captured (or, the replacement, as it was asked for) and stays so, or is not there.
local function protection(run, role)
  local seen = run.facts[role] and run:find(role)
  local wanted = run.facts.original.protected
  if role == "replacement" then wanted = run.facts.config.DeletionProtection end
  if not seen or seen.status == "deleting" then return nil end
  return run:protect(seen, wanted) or run:stays_protected(seen, wanted)
end

local function members(run)
  local replacement = run:find "replacement"
  return replacement and parts.each(run.database.members(run.world.rds, replacement),
    function(member) return run:unmark(member) end)
end

local function snapshot(run)
  local pinned = run.facts.snapshot
  return pinned and pinned.made and run.database.snapshot(run.world.rds, pinned.asked_as) or nil
end

-- Its tags are copies of the original's.
local function final(run)
  local name = run.facts.final_snapshot
  return name and run.database.snapshot(run.world.rds, name) or nil
end

local function of_replacement(run) return protection(run, "replacement") end

local function original(run) return run:unmark(run:find "original") end

-- The lease goes last: until then nobody else begins.
local function leased(run)
  if run.facts.replacement then return run:unmark(run:find "replacement") end
  return original(run)
end

-- What is left to do, in order. Each answers nil when there is nothing (more) to do.
local CHORES = {
  { "the protection of the replacement", of_replacement },
  { "the protection of the original", function(run)
    return (run.options.keep_original or run.facts.leftover) and protection(run, "original") or nil
  end },
  -- first: without them another host knows that only marks are left to be taken off
  { "the marks on the original", function(run) return run.facts.replacement and original(run) or nil end },
  { "the marks on the members", members },
  { "the mark on the snapshot", function(run) return run:unmark(snapshot(run)) end },
  { "the marks on the final snapshot", function(run) return run:unmark(final(run)) end },
  { "the marks on the database", leased },
}

function finish.advance(run)
  for _, chore in ipairs(CHORES) do
    local answer = chore[2](run)
    if answer and not answer.fail then return answer end
    if answer then
      run.facts.protection_left = run.facts.protection_left or chore[2] == of_replacement
      run:warn(("%s could not be put right: %s"):format(chore[1], answer.fail))
    end
  end
  export.look_again(run)
  run.world.journal:unlock(run)
  return run:done()
end

return finish
