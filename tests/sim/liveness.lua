--- What must come about in the end, if what goes wrong does so only now and then: the end that is due, without needless
--- waiting, told to somebody, and over.
local json = require "trapheus.json"
local operations = require "trapheus.operations"
local report = require "trapheus.report"
local sights = require "sights"
local topologies = require "topologies"

local MINUTE_MS = 60 * 1000
local IDLE_MS = 5 * MINUTE_MS    -- three looks at a time, and those after a deletion
local EACH_MS = 20 * MINUTE_MS   -- a call that was lost is waited for until it is dead
local FOLLOW_MS = 15 * MINUTE_MS -- members that RDS is to rename with their cluster are waited for
local REFUSED_MS, MOST_REFUSED = 2 * MINUTE_MS, 20 -- what was not answered, or not as wished, is asked again

-- What passes: a run that meets one of these, or dies, ends as if it had not.
local PASSING = { drop = true, lost = true, dup = true, zombie = true, throttle = true, ["500n"] = true,
  ["500c"] = true, ["503"] = true, trunc = true, garbage = true, slow = true, reset = true }

local CLIENT_ATTEMPTS = 3
local BACKGROUND = "background_failure" -- of a rename: it is seen to have failed, whoever made it so

-- Does the run end as if it had not met this? A look that the client has had no answer to may be a reason to refuse; a
-- fault of the restore stands before the one that makes it fail.
local function passes(fault)
  if not PASSING[fault.kind] or math.type(fault.occurrence) ~= "integer" then return false end
  if operations[fault.operation] then return not fault.operation:find "^Restore" end
  return fault.operation ~= "*" and (fault.kind == "throttle" or (fault.count or 1) < CLIENT_ATTEMPTS)
end

-- A reader that fails is made again.
local function is_reader(fault)
  return fault.kind == "terminal" and fault.operation == "CreateDBInstance" and math.type(fault.occurrence) == "integer"
    and fault.occurrence > 1
end

-- What others do passes, too, if it is only a status for a time.
local function passes_by(happening)
  local status = happening.status
  return happening.kind == "status" and happening.for_s and not sights.TERMINAL[status] and not sights.MENDABLE[status]
end

local RESTORES = { instance = "RestoreDBInstanceFromDBSnapshot", cluster = "RestoreDBClusterFromSnapshot" }

-- As what does the replacement come into the world? nil: as it should.
local function born(fault, case)
  local first = fault.occurrence == "every" or fault.occurrence == 1
  local its = fault.operation == RESTORES[topologies[case.topology].kind]
  return fault.kind == "terminal" and first and its and fault.status or nil
end

-- What meets a run: how often something that passes, and the status that its replacement is born with. nil: something
-- else.
local function meets(case)
  local passing, status = 0, nil
  for _, fault in ipairs(case.faults) do
    local bad = born(fault, case) or fault.kind == "terminal" and fault.occurrence == "every" and fault.status
    if not bad and not passes(fault) and not is_reader(fault) then return nil end
    status, passing = status or bad or nil, passing + (bad and 0 or 1)
  end
  for _, happening in ipairs(case.meanwhile or {}) do
    if not passes_by(happening) then return nil end
    passing = passing + 1
  end
  return passing, status
end

-- How the case must end, if that can be said: nothing went wrong, or only one thing that passes; or the restore ends
-- badly besides. And whether a person is needed before.
local function due(case)
  local passing, status = meets(case)
  if not passing or passing > 1 or #case.crashes > 1 or case.rival_s or case.elsewhere then return nil end
  if case.task == "create_snapshot_only" then return "snapshotted" end
  if sights.MENDABLE[status] then return "restored", true end
  if status and not sights.TERMINAL[status] then return nil end
  return status and "rolled_back" or "restored"
end

local function has_company(case) return case.rival_s or case.elsewhere or case.meanwhile end

-- Did the run only not see what there is?
local function only_unseen(case)
  for _, fault in ipairs(case.faults) do
    if fault.at_s or fault.operation == "*" or operations[fault.operation] then return false end
  end
  return case.preset ~= "adversarial" and not has_company(case)
end

-- What a run says that it could not do, when nothing has kept it from that. Settings are asked for once.
local function needless_rest(watch, facts)
  for _, field in ipairs { "leftover", "protection_left", "fence_left", "lock_left", "snapshot_left" } do
    if facts[field] then return "nothing was refused, and something is left: " .. field end
  end
  if #(facts.differing or {}) > 0 and watch.sb.failed_modifications == 0 then
    return "nothing went wrong for good, and settings differ"
  end
end

-- Do the members that RDS has made keep the cluster's name when it has another one? Not said anywhere (C5): then the
-- name of the cluster cannot be used again.
local function names_stay(watch)
  return watch.play.case.topology == "multi_az" and watch.sb.knobs.multi_az_rename_members == 0
end

-- How this play must end, by its case and by what there is. As `due`.
local function wanted_of(watch, outcome)
  local case = watch.play.case
  local wanted, by_hand = due(case)
  if watch.play.topology.refused then return "refused" end
  if names_stay(watch) and wanted == "restored" then return "rolled_back" end
  -- in the adversarial preset a restore may end badly by itself
  local by_itself = case.preset == "adversarial" and watch.sights.ended_badly
  if wanted and by_itself and outcome == "rolled_back" then return outcome, by_hand end
  return wanted, by_hand
end

-- L2: nothing happens needlessly; what is to be refused is; what could not be looked at is no reason to undo.
local function as_expected(watch, host)
  local case, outcome = watch.play.case, host.run.record.outcome
  if outcome == "rolled_back" and only_unseen(case) then return "rolled back, as it could not be looked at" end
  local wanted, by_hand = wanted_of(watch, outcome)
  if not wanted then return nil end
  if outcome ~= wanted then return ("it should be %s, and is %s"):format(wanted, tostring(outcome)) end
  local parked = watch.play.parked[1]
  if parked and not by_hand then return "a person was needed: " .. parked end
  if by_hand and not parked then return "a person could have mended it, and was not asked" end
  return not by_hand and needless_rest(watch, host.run.facts) or nil
end

-- So long the calls that were lost or refused, or renames that failed afterwards, may have kept the run.
local function unanswered_ms(watch)
  local lost, faults = 0, watch.sights.failed
  for _, sent in ipairs(watch.sent) do
    for _, sending in ipairs(sent.times) do
      lost = lost + ((sending.ambiguous or not sending.ended_ms) and 1 or 0)
    end
  end
  for _, entry in ipairs(watch.sb.audit) do
    faults = faults + ((entry.fault or BACKGROUND) ~= BACKGROUND and 1 or 0)
  end
  return lost * EACH_MS + math.min(faults, MOST_REFUSED) * REFUSED_MS
end

-- L2: nobody answers to the name only while RDS is at work, or while a lost call may still be executed.
local function needless(watch, host)
  local play, case = watch.play, watch.play.case
  if watch.operator_changed or case.rival_s or case.elsewhere or play.parked[1] or host.run.record.parked then
    return nil
  end
  local limit_ms = IDLE_MS + play.slept_s * 1000 + #play.died * EACH_MS + unanswered_ms(watch)
    + (names_stay(watch) and FOLLOW_MS or 0)
  if watch.sights.idle_ms > limit_ms then
    return ("nobody answered to mydb for %d minutes in which RDS had nothing to do"):format(
      watch.sights.idle_ms // MINUTE_MS)
  end
end

local SUCCESS = { restored = true, snapshotted = true }

-- L4: of every end that is none that was wished for, somebody was to be told; it has changed nothing.
local function heard(watch)
  local tried = 0
  for _, entry in ipairs(watch.sb.audit) do tried = tried + (entry.service == "webhook" and 1 or 0) end
  local ends = 0
  for _, ending in ipairs(watch.play.endings) do
    ends = ends + (SUCCESS[ending.outcome] and 0 or 1)
    if ending.after ~= ending.outcome then
      return ("an alert has made %s of %s"):format(tostring(ending.after), ending.outcome)
    end
  end
  if tried < ends then return ("%d ends, and %d alerts were tried"):format(ends, tried) end
end

local TOLD = { "why", "message", "detail" }

local function is_told(event, secret)
  for i = 1, #TOLD do
    local text = event[TOLD[i]]
    if text and text:find(secret, 1, true) then return true end
  end
  return false
end

-- I11: what the run writes down, tells or sends holds no secret.
local function discreet(watch, host)
  local secret, run = watch.play.secret, host.run
  local bodies = {}
  for i, post in ipairs(watch.sb.webhooks) do bodies[i] = post.body end
  local sinks = { journal = json.encode(run.record), report = report.text(run), alerts = table.concat(bodies, "\n") }
  for name, text in pairs(sinks) do
    if text:find(secret, 1, true) then return ("the secret is in the %s"):format(name) end
  end
  for _, event in ipairs(watch.play.events) do
    if is_told(event, secret) then return "the secret is told" end
  end
end

-- L6: to resume what has ended changes nothing.
local function over(watch, host)
  if host.run.record.outcome == "parked" then return nil end
  local before = #watch.sb.audit
  if host.pipeline:tick(host.run) or #watch.sb.audit ~= before then return "a resume after the end does something" end
end

return { { name = "L2", check = as_expected }, { name = "L2", check = needless }, { name = "L4", check = heard },
  { name = "I11", check = discreet }, { name = "L6", check = over } }
