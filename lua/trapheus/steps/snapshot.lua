--- Makes the snapshot that is restored from, and pins it: its ARN and create time. A snapshot
--- of that name that exists already is deleted only after another one covers it.
local constant = require "trapheus.constant"
local marks = require "trapheus.marks"
local names = require "trapheus.names"
local pinned = require "trapheus.pinned"
local statuses = require "trapheus.statuses"

---@class trapheus.steps.Snapshot : trapheus.Step
local snapshot = { name = "snapshot", tidies = true, deadline_s = 24 * 3600, typical_s = 600 }

local function look(run, name)
  return run.database.snapshot(run.world.rds, name)
end

-- An emulator may say only of which name it is.
local function of_original(run, seen)
  local source = seen.source_resource_id
  return source == run.facts.original.resource_id or not source and seen.source_name == run.identifier
end

-- Did this run make it? It carries the tag that only snapshots get.
local function ours(run, seen)
  return seen.tags[marks.RUN] == marks.of_snapshot(run.id) and of_original(run, seen)
end

-- The original, and the call that makes the snapshot `name` of it.
local function creation(run, name)
  local original = run:observe "original"
  return original, original:create_snapshot(name, { { Key = marks.RUN, Value = marks.of_snapshot(run.id) } })
end

local TYPICAL_S = 180 -- of one whose progress is not known yet
local TELLING_PERCENT = 5 -- from here on what it has taken so far says how long it takes

local function growing(run, name, seen)
  local percent = seen.raw.PercentProgress
  local answer = run:wait(("the snapshot %s (%s)"):format(name, seen.status), TYPICAL_S,
    percent and ("%d%%"):format(percent) or nil)
  local age_s = seen.created_at and run:now_s() - (run.world:clock_ahead_s() or 0) - seen.created_at or 0
  if percent and percent >= TELLING_PERCENT and age_s > 0 then answer.ahead_s = age_s * (100 - percent) / percent end
  return answer
end

-- Makes the snapshot `name`. nil: it is there, ours and available.
local function ensure(run, name)
  local seen = look(run, name)
  if not seen then return nil, run:change(creation(run, name)) end
  local old = run.facts.snapshot_old
  if old and pinned.is(old, seen) then -- a stale look: its delete was seen
    return nil, run:wait(("the old snapshot %s to be gone for certain"):format(name))
  end
  if not ours(run, seen) then
    return nil, run:fail(("the snapshot %s was made by somebody else while this run was about to make it"):format(name))
  end
  if statuses.snapshot_bad[seen.status] then
    local answer = run:fail(("the snapshot %s ended as '%s'"):format(name, seen.status))
    answer.broken = seen
    return nil, answer
  end
  if seen.status ~= "available" then
    return nil, growing(run, name, seen)
  end
  local _, operation, target = creation(run, name)
  run:confirm(operation, target)
  return seen
end

-- Deletes a snapshot that was seen before. nil: it is gone, or another one has its name.
local function remove(run, known)
  local seen = look(run, known.name)
  local operation, target, parameters = run.database.delete_snapshot(known)
  if not seen or not pinned.is(known, seen) then
    run:confirm(operation, target)
    return nil
  end
  if seen.status == "deleting" then return run:wait(("the old snapshot %s to be gone"):format(known.name), 60) end
  return run:mutate(operation, target, parameters)
end

local GIVE_UP_S = 1800 -- with deleting a snapshot that failed

-- One that failed is deleted; if that does not work, it is named.
local function drop(run, broken)
  local answer = not broken.dropped and remove(run, broken)
  broken.since = broken.since or run:now_s()
  if answer and not answer.fail and run:now_s() - broken.since < GIVE_UP_S then return answer end
  if answer then
    run:warn(("the snapshot %s, which failed, stays: %s"):format(broken.name, answer.fail or answer.wait))
  end
  broken.dropped = true
end

-- As ensure; but what fails is made once more, under a name of its own, which no late call can be about.
local function make(run, name)
  local broken = run.facts.snapshot_broken
  if not broken then
    local seen, answer = ensure(run, name)
    if seen or not answer.broken then return seen, answer end
    run:warn(answer.fail .. "; another one is made")
    broken = pinned.new(answer.broken)
    run.facts.snapshot_broken = broken
    run:save("fact", { snapshot_broken = name })
  end
  if broken.name ~= name then return ensure(run, name) end
  local answer = drop(run, broken)
  if answer then return nil, answer end
  return ensure(run, names.again(run.identifier, run.id))
end

local function pin(run, seen)
  local known = pinned.new(seen)
  known.made = true
  run.facts.snapshot = constant(known)
  run:save("fact", { snapshot = run.facts.snapshot })
  return run:done()
end

-- The old snapshot may not be deleted: it stays, and the new one keeps its own name.
local function keep_both(run, interim, answer)
  run:warn(("the old snapshot %s could not be deleted and stays; the new one is %s: %s"):format(
    run.facts.snapshot_name, interim.name, answer.fail))
  return pin(run, interim)
end

-- Old snapshot, interim, old one gone, new one, interim gone: at each instant one is complete.
local function replace(run, old)
  local interim, wanted, answer
  if not run.facts.snapshot_interim_done then
    interim, answer = make(run, names.interim(run.identifier, run.id))
    if not interim then return answer end
    run.facts.snapshot_interim = pinned.new(interim)
    answer = remove(run, old)
    if answer and answer.fail then return keep_both(run, interim, answer) end
    if answer then return answer end
    run.facts.snapshot_interim_done = pinned.new(interim)
    run:save("fact", { old_snapshot_deleted = old.name })
  end
  wanted, answer = ensure(run, run.facts.snapshot_name)
  if answer and answer.fail then
    run:warn(("the old snapshot %s is gone, and could not be made anew; %s, which covers it, is used: %s"):format(
      run.facts.snapshot_name, run.facts.snapshot_interim_done.name, answer.fail))
    return pin(run, run.facts.snapshot_interim_done)
  end
  if not wanted then return answer end
  answer = remove(run, run.facts.snapshot_interim_done)
  if answer and answer.fail then
    run:warn(("the interim snapshot %s could not be deleted: %s"):format(
      run.facts.snapshot_interim_done.name, answer.fail))
  elseif answer then
    return answer
  end
  return pin(run, wanted)
end

local function replace_directly(run, old)
  if not run.facts.snapshot_old_gone then
    local answer = remove(run, old)
    if answer then return answer end
    run.facts.snapshot_old_gone = true
    run:save("fact", { old_snapshot_deleted = old.name })
  end
  local wanted, answer = make(run, run.facts.snapshot_name)
  return wanted and pin(run, wanted) or answer
end

function snapshot.advance(run)
  local old = run.facts.snapshot_old -- captured by preflight
  if old and run.options.replace_snapshot == "direct" then return replace_directly(run, old) end
  if old then return replace(run, old) end
  local wanted, answer = make(run, run.facts.snapshot_name)
  return wanted and pin(run, wanted) or answer
end

--- What covers for the old snapshot is used, if it is complete.
function snapshot.on_deadline(run)
  local interim = run.facts.snapshot_interim
  local late = run:fail "the snapshot took too long"
  return interim and keep_both(run, interim, late) or late
end

-- The interim snapshot goes if what it covered for is still there.
local function drop_interim(run)
  local name = names.interim(run.identifier, run.id)
  local interim = look(run, name)
  if not interim then run:confirm(run.database.delete_snapshot { name = name }) end
  if not interim or not ours(run, interim) then return nil end
  local old = run.facts.snapshot_old
  local seen = look(run, run.facts.snapshot_name)
  if not (seen and old and seen.created_at == old.created_at and seen.status == "available") then return nil end
  local answer = remove(run, interim)
  if not (answer and answer.fail) then return answer end
  run:warn(("the interim snapshot %s could not be deleted: %s"):format(interim.name, answer.fail))
end

--- The names under which it may have made one.
---@param run trapheus.Run
---@return string[]
function snapshot.own_names(run)
  return { names.interim(run.identifier, run.id), names.again(run.identifier, run.id), run.facts.snapshot_name }
end

local function stays(run, name)
  if name == (run.facts.snapshot or {}).name then return end
  run:warn(("the snapshot %s, made by this run, stays"):format(name))
end

-- One that still bears the mark: it was pinned, or was on the way to be.
local function marked(run)
  for _, name in ipairs(snapshot.own_names(run)) do
    local seen = look(run, name)
    if seen and ours(run, seen) then
      stays(run, name)
      return seen
    end
  end
end

--- What another host makes of those that a run has made: tells of those that are not pinned.
---@param run trapheus.Run
---@param pins boolean?  If none is, the first one that it must have made is.
function snapshot.find(run, pins)
  for _, name in ipairs(run:takes_snapshot() and snapshot.own_names(run) or {}) do
    local seen = look(run, name)
    if seen and of_original(run, seen) and pins and not run.facts.snapshot then
      run.facts.snapshot = pinned.new(seen)
      run.facts.snapshot.made = true
    elseif seen and ours(run, seen) then
      stays(run, name)
    end
  end
end

--- Tells of what the run has made beside the asked one and has taken its mark off: it was in use then, and is by no
--- other's name.
---@param run trapheus.Run
function snapshot.tell_unmarked(run)
  for _, name in ipairs(run:takes_snapshot() and snapshot.own_names(run) or {}) do
    local seen = name ~= run.facts.snapshot_name and look(run, name)
    if seen and of_original(run, seen) and not ours(run, seen) then stays(run, name) end
  end
end

-- nil: no lost call can make one, or delete one.
local function late(run)
  for _, name in ipairs(snapshot.own_names(run)) do
    local answer = run:quiesce(run.database.snapshot_kind, name)
    if answer then return answer end
  end
end

--- A snapshot that this run has made stays, without our mark; one that only covered for another goes.
function snapshot.undo(run)
  return not run.facts.snapshot and drop_interim(run) or run:unmark(marked(run)) or late(run) or run:done()
end

return snapshot
