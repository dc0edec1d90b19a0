--- The lease: which run may change a database, for runs of other machines to see. It is a tag on the original, and on
--- its replacement from birth on.
---
--- Writing a tag is no compare-and-swap. So it is written, waited for until no run can be left that has not seen it,
--- and read again; and every change is preceded by a look at it. That is the best that tags allow: of two runs that
--- begin in the same second one goes on, but a call that was lost and is executed a quarter of an hour later may put
--- somebody else's lease over ours. Then we stop.
local log = require "trapheus.log"
local looks = require "trapheus.looks"
local marks = require "trapheus.marks"
local names = require "trapheus.names"

local lease = {}

local TERM_S = 1800      -- so long nobody else changes the database of a run that has died
local RENEW_S = 1200     -- what must be left, or it is renewed
local CHECK_S = 300      -- how often that is looked at
local LAPSE_S = 120      -- when less is left it counts as lost: the last look may be from a minute ago
local STALE_S = 60       -- a read may be this much behind
local CERTAIN_S = 130    -- twice that: he who has not seen our tag has written his own by then

-- AWS's clock, which all machines share.
local function aws_now_s(world) return world:now_ms() / 1000 - (world:clock_ahead_s() or 0) end

local function now_s(run) return aws_now_s(run.world) end

--- The options that go with the lease, for whoever ends the run without its journal.
lease.FLAGS = { "keep_original", "skip_final_snapshot", "delete_automated_backups", "no_fence" }
lease.CHOICES = { "on_recoverable", "final_snapshot" }

-- Is one of the members called as if it had been moved?
local function like_moved(members)
  for _, member in ipairs(members) do
    if names.home(member.name) then return true end
  end
end

local function state_text(run)
  local facts, options = run.facts, run.options
  local words = {
    "run=" .. run.id, "of=" .. facts.original.resource_id, "id=" .. run.identifier, "task=" .. run.record.task,
    "protected=" .. (facts.original.protected and "yes" or "no"), "going=" .. run.record.direction,
  }
  for _, flag in ipairs(lease.FLAGS) do
    if options[flag] then words[#words + 1] = flag .. "=yes" end
  end
  for _, choice in ipairs(lease.CHOICES) do
    if options[choice] then words[#words + 1] = choice .. "=" .. options[choice] end
  end
  if like_moved(facts.original.members) then words[#words + 1] = "like_moved=yes" end
  if options.set or options.ignore_diff then words[#words + 1] = "other_settings=yes" end
  if options.hooks then words[#words + 1] = "hooks=yes" end
  return marks.state_text(words)
end

-- What another machine needs to end the run: which way it goes, and what does not change.
local function state(run)
  local going, stated = run.record.direction, run.stated
  if not stated or stated.going ~= going or stated.original ~= run.facts.original then
    stated = { going = going, original = run.facts.original, text = state_text(run) }
    run.stated = stated
  end
  return stated.text
end

--- The tags that a replacement is born with, and the original bears.
---@param run trapheus.Run
---@return table<string, string>
function lease.tags(run)
  return {
    [marks.LEASE] = marks.lease_text { run_id = run.id, ends_at = math.ceil(now_s(run)) + TERM_S },
    [marks.STATE] = state(run),
  }
end

-- The original also names the snapshot that is restored from, once that is known; until then none, where a run that was
-- taken over has named its own.
local function pin_for(run, role, seen)
  local pinned = role == "original" and run.facts.snapshot
  local pin = pinned and ("%s %.3f %s"):format(run.id, pinned.created_at, pinned.asked_as)
  if pin and #pin <= 256 then return pin end
  return role == "original" and seen.tags[marks.SNAPSHOT] and run.id or nil
end

local function tags_for(run, role, seen)
  local tags = lease.tags(run)
  tags[marks.SNAPSHOT] = pin_for(run, role, seen)
  return tags
end

local function theirs(run, seen)
  local found = marks.lease(seen.tags)
  return found and found.run_id ~= run.id and found or nil
end

--- Does nobody else change the database yet?
---@param world trapheus.World
---@param found trapheus.Lease
---@return boolean
function lease.in_force(world, found) return found.ends_at > aws_now_s(world) end

local function in_force(run, found) return lease.in_force(run.world, found) end

-- For how long ours is still good, in seconds; 0 if it is not there.
local function left_s(run, seen)
  local found = marks.lease(seen.tags)
  return found and found.run_id == run.id and math.max(0, found.ends_at - now_s(run) - LAPSE_S) or 0
end

-- For how long a look may still be from before we wrote ours, in seconds.
local function blind_s(run)
  local held = run.facts.lease
  return held and held.wrote_at and held.wrote_at + STALE_S - run:now_s() or 0
end

-- What was put on it last is there: another renewal is another call.
local function renewable(run, role, seen)
  local found, put = marks.lease(seen.tags), run.facts.lease.put or {}
  if found and found.run_id == run.id and found.ends_at == put[role] then run:confirm(marks.put(seen, {})) end
end

-- One that was not ours any more is only ours again when everybody can have seen it.
local function write(run, role, seen)
  local anew, held = left_s(run, seen) == 0, run.facts.lease
  if anew and blind_s(run) > 0 then return run:wait_out("the lease to show", blind_s(run)) end
  renewable(run, role, seen)
  local tags = tags_for(run, role, seen)
  local answer = run:mutate(marks.put(seen, tags))
  if not answer.sent or answer.fail or answer.patient then return answer end
  answer.reply = nil -- whoever was to change something has not asked for this
  held.put = held.put or {}
  held.put[role] = marks.lease(tags).ends_at
  if anew then held.held_from, held.wrote_at = nil, run:now_s() end
  return answer
end

local function whose(found)
  return ("run %s has the lease on it, until %s"):format(found.run_id, log.time(found.ends_at))
end

-- Makes it ours for certain: seen for so long that everybody else has seen it too. nil: it is.
local function hold(run, role, seen)
  if left_s(run, seen) == 0 then return write(run, role, seen) end
  local held = run.facts.lease
  held.held_from = held.held_from or run:now_s() + CERTAIN_S
  local wait_s = held.held_from - run:now_s()
  if wait_s > 0 then return run:wait_out("the lease to be certain", wait_s) end
end

-- Before this run has moved the original it has its own name, or somebody else has moved it: perhaps another run, while
-- this one was away.
local function moved_by_others(run, seen) return not run.facts.moving and seen.name ~= run.identifier end

--- The run whose lease is on the original that is not under its own name: it has moved it, while this one was away, and
--- sees to its protection.
---@param run trapheus.Run
---@param seen trapheus.Database
---@return string?
function lease.mover(run, seen)
  local other = seen.name ~= run.identifier and theirs(run, seen)
  return other and other.run_id or nil
end

-- nil: it has its own name, or that is not asked any more.
local function renamed(run, seen)
  local held = run.facts.lease
  if run.record.direction == "back" or not moved_by_others(run, seen) then
    held.renamed_at = nil
    return nil
  end
  held.renamed_at = held.renamed_at or run:now_s()
  local wait_s = held.renamed_at + CERTAIN_S - run:now_s()
  if wait_s > 0 then return run:wait_out("RDS to show the original as " .. run.identifier, wait_s) end
  return run:fail(("the original is called %s now: somebody has renamed it"):format(seen.name))
end

--- Takes the lease on the original. nil: it is held for certain.
---@param run trapheus.Run
---@return trapheus.Answer?
function lease.take(run)
  local original = run:observe "original"
  local other = theirs(run, original)
  if other and blind_s(run) > 0 then return run:wait_out("the lease to show", blind_s(run)) end
  if other and in_force(run, other) then
    return run:fail(("%s: %s; if it is not at work any more, wait until then"):format(original.name, whose(other)))
  elseif other then
    run:warn(("%s, and has not given it back: it is taken over"):format(whose(other)))
  end
  run.facts.lease = run.facts.lease or {}
  return renamed(run, original) or hold(run, "original", original)
end

-- Where it must be: on the original while that counts, then on the replacement.
local function bearer(run)
  return run.facts.verified and "replacement" or "original"
end

local function stop(run, other)
  local reason = ("%s is not changed any more: %s"):format(run.identifier, whose(other))
  if not run.facts.moving then return run:fail(reason, "LeaseLost") end
  return run:park(reason, ("see what run %s does; when it has ended, run: trapheus resume %s"):format(other.run_id,
    run.id))
end

--- Asked before every change. nil: the lease is ours.
---@param run trapheus.Run
---@return trapheus.Answer?
function lease.lost(run)
  if not run.facts.lease then return nil end
  local seen = run:find(bearer(run))
  if not seen then return run:wait "RDS to show who has the lease" end
  local other = theirs(run, seen)
  if other and in_force(run, other) then return stop(run, other) end
  return renamed(run, seen) or hold(run, bearer(run), seen)
end

-- Is the run told of, and is the snapshot?
local function told_state(run, seen) return seen.tags[marks.STATE] == state(run) end
local function told_pin(run, role, seen) return seen.tags[marks.SNAPSHOT] == pin_for(run, role, seen) end

--- Puts on the original what another machine would need to end the run as it now stands. nil: it is there.
---@param run trapheus.Run
---@return trapheus.Answer?
function lease.tell(run)
  local original = run.facts.lease and run:find "original"
  if not original then return nil end
  if not (told_state(run, original) and told_pin(run, "original", original)) then
    return lease.lost(run) or write(run, "original", original)
  end
  return renamed(run, original)
end

-- One renewal, on one of the two. True: nothing is left to do for now.
local function renewed(run, role)
  local seen, given_up = run.facts[role] and run:find(role), run.facts.lease.given_up or {}
  if not seen or seen.status == "deleting" or given_up[seen.resource_id] then return true end
  local other = theirs(run, seen)
  if other and in_force(run, other) then return true end -- the next change is stopped by it
  if role == "original" and moved_by_others(run, seen) then return true end -- nor is it this run's to hold
  if left_s(run, seen) > RENEW_S and told_state(run, seen) then
    if told_pin(run, role, seen) then run:confirm(marks.put(seen, {})) end
    return true
  end
  local answer = write(run, role, seen)
  local moving = (answer.code or ""):find "NotFound" -- its name has just become another: it is looked at again soon
  if answer.fail and not moving then run:warn("the lease could not be renewed: " .. answer.fail) end
  return answer.fail ~= nil
end

--- Renews the lease while the run waits, and tells when it has turned back. Never keeps a step from looking.
---@param run trapheus.Run
function lease.keep(run)
  local held = run.facts.lease
  if not held then return end
  if held.going == run.record.direction and run:now_s() < (held.renew_at or 0) then return end
  local original, replacement = renewed(run, "original"), renewed(run, "replacement")
  if original and replacement then held.going, held.renew_at = run.record.direction, run:now_s() + CHECK_S end
end

-- On this it is not renewed any more: what is taken off is not to be put there again.
local function end_on(run, thing)
  local held = run.facts.lease
  if not (held and thing and thing.resource_id) then return end
  held.given_up = held.given_up or {}
  held.given_up[thing.resource_id] = true
end

--- Takes our tags off what this run has changed or made. nil: there are none.
---@param run trapheus.Run
---@param thing trapheus.Database|trapheus.Snapshot?
---@return trapheus.Answer?
function lease.release(run, thing)
  if thing and blind_s(run) > 0 then return run:wait_out("the lease to show", blind_s(run)) end -- ours may be unseen
  local keys = thing and marks.keys(thing.tags, run.id) or {}
  end_on(run, thing)
  if #keys == 0 then
    if thing then run:confirm(marks.take(thing, keys)) end
    return thing and run:quiesce("tags", thing.arn) -- what was lost on the way may still come
  end
  local answer = run:quiesce("tags", thing.arn, marks.take(thing, keys)) -- nobody else begins before
    or run:mutate(marks.take(thing, keys))
  if not answer.fail then return answer end
  run:warn(("the tags %s stay on %s: %s"):format(table.concat(keys, ", "), thing.name, answer.fail))
end

-- Somebody has moved the original, or deleted it: what was lost on its way to it goes to whoever has its name now.
local function release_holder(run)
  local home = run.facts.original.arn -- of a run whose journal was lost, nobody knows
  return home and run:quiesce("tags", home) or lease.release(run, run:holder(run.identifier))
end

-- Who has moved it back cannot say that it is there: another run may have restored it since, which tells its own end.
local function gone(run)
  local answer = release_holder(run)
  if answer or not run.facts.moving then return answer end
  local holder = run:holder(run.identifier)
  return run:park(("the original (%s) had its name back, and is gone: somebody has deleted it; %s is %s"):format(
    run.facts.original.resource_id, run.identifier, holder and holder.resource_id or "not there either"),
    ("find out who has; run %s has no original to bring back, and cannot end by itself"):format(run.id))
end

--- Gives the lease on the original up, which was not moved, or is back under its name. nil: it is gone.
---@param run trapheus.Run
---@return trapheus.Answer?
function lease.give_up(run)
  if not run.facts.lease then return nil end
  local unseen = not run:find "original" and run:steady("the original gone", true, looks.UNSEEN)
  if unseen then return gone(run) end
  local original = run:observe_home()
  local answer = lease.release(run, original)
  return answer or original.name ~= run.identifier and release_holder(run) or nil
end

return lease
