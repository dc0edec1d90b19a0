--- The only way to change anything in AWS.
---
--- An intent is written durably before its call leaves the process, and stays open until the
--- step that asked for it has *seen* the effect. While it is open nothing is sent again: the
--- door looks instead. So a step may ask at every look; a stale read, a crash or a lost reply
--- cannot make it change something twice.
local constant = require "trapheus.constant"
local errors = require "trapheus.errors"
local includes = require "trapheus.includes"
local lease = require "trapheus.lease"
local looks = require "trapheus.looks"
local names = require "trapheus.names"
local operations = require "trapheus.operations"

local door = {}

local STALENESS_MS = 60 * 1000     -- a read may be this much behind what was committed
local CALL_MS = 220 * 1000         -- so long a call may be under way: three attempts, if the first two never left
local SHOW_MS = 120 * 1000         -- an accepted change may take this long to show, staleness included
local MOST_SENDS = 3               -- of one change, whatever it is
local QUIESCENCE_MS = 16 * 60 * 1000 -- a signature lives 15 minutes: after this no lost call can still be executed

---@class trapheus.Intent        Plain data, in run.record.intents.
---@field key string
---@field operation string
---@field step string
---@field target trapheus.Target
---@field names string[]         The names whose holder it changes: names.held.
---@field aspect string?          What else it changes: the tags of an ARN, the protection of a name's holder.
---@field state "sent"|"unknown"|"accepted"|"doubtful"  doubtful: refused, perhaps as it has taken effect already
---@field refusal { text: string, code: string }?  Of one that is doubtful.
---@field sends integer
---@field at_ms integer          When it was last sent, or when its outcome became unknown.
---@field reads trapheus.Looks?

---@class trapheus.Target        What a change is about.
---@field kind string
---@field resource_id string?
---@field name string
---@field part string?           Of a change that is made part by part: which one.
---@field region string?         Where it is asked for, if not in the run's own Region.

local function key_of(run, operation, target)
  local subject = target.resource_id or target.name
  if target.part then subject = subject .. " " .. target.part end
  return table.concat({ operation, subject, run.record.step }, " ")
end

local ANSWERED = { accepted = true, doubtful = true }

local function lost(intent) return not ANSWERED[intent.state] end

-- When the call had certainly left, or been given up: of a process that has died meanwhile, nobody knows.
local function ended_ms(intent) return intent.at_ms + (intent.state == "sent" and CALL_MS or 0) end

local function sorted_intents(run)
  local list = {}
  for _, intent in pairs(run.record.intents) do list[#list + 1] = intent end
  table.sort(list, function(a, b) return a.key < b.key end)
  return list
end

local function concerns(intent, held) return includes(intent.names, held) or intent.aspect == held end

-- By how much a request may outlive its time: a signature of a clock that is fast is good for longer.
local function quiescence_ms(run)
  return QUIESCENCE_MS + math.max(0, run.world:clock_ahead_s() or 0) * 1000 // 1
end

local function ends_ms(run, ghost) return ghost.at_ms + (ghost.refused and SHOW_MS or quiescence_ms(run)) end

-- Waits for a sending that was lost and has been followed by another one, or of which a copy may have taken effect.
local function haunted(run, held, except)
  local ghost = run.record.lost[held]
  local left_ms = ghost and ghost.key ~= except and ends_ms(run, ghost) - run.world:now_ms() or 0
  if left_ms > 0 then
    local why = ghost.refused and "a refused %s of %s to show after all" or "a lost %s of %s to be certainly dead"
    return run:wait_out(why:format(ghost.operation, held:match "%S+$"), left_ms / 1000)
  end
end

-- And for those of the open intents. `except`: the key of one that does not count.
local function undecided(run, held, except)
  local now, name = run.world:now_ms(), held:match "%S+$"
  for _, intent in ipairs(sorted_intents(run)) do
    local left_ms = ended_ms(intent) + (lost(intent) and quiescence_ms(run) or SHOW_MS) - now
    if intent.key ~= except and left_ms > 0 and concerns(intent, held) then
      return run:wait_out((lost(intent) and "a lost %s of %s to be certainly dead" or "%s of %s to show"):format(
        intent.operation, name), left_ms / 1000)
    end
  end
end

--- Waits until no call about a name whose outcome is unknown can still be executed, and every
--- accepted one has had the time to show.
---@param kind string  The name's space: "instance", "cluster", "protection", or "tags", where names are ARNs.
---@param name string
---@param operation string?  The call that has made it as it is wanted, and was seen to.
---@param target trapheus.Target?
---@return trapheus.Answer?  nil: nothing to wait for.
function door.quiesce(run, kind, name, operation, target)
  local held = names.held(kind, name)
  return undecided(run, held, operation and key_of(run, operation, target)) or haunted(run, held)
end

-- A sending whose outcome was never known may still be executed, whatever becomes of the next one.
local function remember_lost(run, intent)
  if intent.sends == 0 or not lost(intent) then return end
  local ghost = { key = intent.key, operation = intent.operation, at_ms = ended_ms(intent) }
  for _, held in ipairs(intent.names) do run.record.lost[held] = ghost end
  if intent.aspect then run.record.lost[intent.aspect] = ghost end
end

-- What is under way, or there, already: perhaps as the call has arrived twice, and the refusal is the second one's. It
-- may be sent again at once, but nothing that would undo it is.
local function remember_refused(run, intent)
  local ghost = { key = intent.key, operation = intent.operation, at_ms = run.world:now_ms(), refused = true }
  for _, held in ipairs(intent.names) do
    local known = run.record.lost[held]
    if not known or ends_ms(run, known) < ends_ms(run, ghost) then run.record.lost[held] = ghost end
  end
end

--- Looks at what an open intent was about. Three equal reads without movement, later than any
--- stale answer could be, say that it did not take effect (else the step would not ask again).
---@return boolean stable
---@return string status
local function stable(run, intent)
  local trace = run.database.trace(run.world.rds, intent)
  local now = run.world:looked_ms()
  local moving = trace.moving and not operations[intent.operation].marks -- tags show whatever is under way
  run.counted = run.counted or not moving
  local fresh = not moving and now >= ended_ms(intent) + STALENESS_MS
  intent.reads = fresh and looks.add(intent.reads, trace.text, now) or nil
  return intent.reads ~= nil and intent.reads.count >= looks.ENOUGH, trace.text
end

local function settle(run, intent, outcome, detail)
  run.record.intents[intent.key] = nil
  run:save("outcome", { key = intent.key, outcome = outcome, detail = detail })
end

-- It had the time to show, and does not: the refusal is meant.
local function meant(run, intent)
  settle(run, intent, "rejected", intent.refusal.code)
  return run:fail(intent.refusal.text, intent.refusal.code)
end

-- Where there is no way but on, everything is tried as often as anything may be: else a person has to.
local function most_sends(run, rule)
  return (run.record.direction == "back" or run.facts.verified) and MOST_SENDS or rule.sends
end

--- What to do about an open intent: wait, give up, or (nil) send again.
---@return trapheus.Answer?
local function reconsider(run, intent, rule)
  local settled, status = stable(run, intent)
  local doubtful = intent.state == "doubtful"
  if not settled or doubtful and run.world:now_ms() < intent.at_ms + SHOW_MS then
    return run:wait(("%s of %s to show"):format(intent.operation, intent.target.name), nil, status)
  end
  if doubtful then return meant(run, intent) end
  if intent.sends >= most_sends(run, rule) then
    return run:fail(("%s of %s was sent %d times and has not taken effect"):format(
      intent.operation, intent.target.name, intent.sends))
  end
  local left_ms = ended_ms(intent) + quiescence_ms(run) - run.world:now_ms()
  if lost(intent) and not rule.repeatable and left_ms > 0 then
    return run:wait(("a lost %s of %s to be certainly dead"):format(intent.operation, intent.target.name),
      left_ms / 1000)
  end
end

local function keep(run, intent, state, code)
  intent.state, intent.at_ms = state, run.world:now_ms()
  run:save("outcome", { key = intent.key, outcome = state, detail = code })
  return run:wait(("%s of %s to show"):format(intent.operation, intent.target.name))
end

-- RDS says no. Whether that is an answer for ever, its code tells.
local function rejected(run, intent, err)
  run:tell("refused", { operation = intent.operation, target = intent.target.name, code = err.code })
  local echoes = #intent.names > 0 and operations[intent.operation].echoes
  if echoes and echoes[err.code] then -- a request can arrive twice: it is looked whether the first has done it
    intent.refusal = { text = tostring(err), code = err.code }
    return keep(run, intent, "doubtful", err.code)
  end
  local class = errors.class(intent.operation, err.code)
  if class == "conflict-wait" or class == "already-done" then remember_refused(run, intent) end
  settle(run, intent, "rejected", err.code)
  if err.retryable or class == "throttle" or class == "transient" and err.status ~= 400
    or class == "conflict-wait" or class == "already-done" then
    return run:wait_patiently(("RDS to accept %s of %s (%s)"):format(intent.operation, intent.target.name, err.code))
  end
  return run:fail(tostring(err), err.code)
end

-- `before`: the intent of the sending before it, which may have been about another name.
local function send(run, intent, parameters, before)
  if before then remember_lost(run, before) end
  intent.state, intent.sends, intent.at_ms, intent.reads = "sent", intent.sends + 1, run.world:now_ms(), nil
  run.record.intents[intent.key] = intent
  run:save("intent", intent) -- raises when it cannot be written: then nothing is sent
  run:tell("call", { operation = intent.operation, target = intent.target.name, parameters = parameters })
  local rds = intent.target.region and run.world:rds_in(intent.target.region) or run.world.rds
  local reply, err = errors.try(rds[intent.operation], rds, parameters)
  run:look_anew()
  if err and not err.ambiguous then
    local answer = rejected(run, intent, err)
    answer.sent = true
    return answer
  end
  local answer = keep(run, intent, err and "unknown" or "accepted", err and err.code)
  answer.reply, answer.sent = reply, true
  return answer
end

-- nil: nothing that was lost can still undo it, or be undone by it. Our own tags are put as often as they are missing.
local function unquiet(run, intent, rule)
  local function others(held) return undecided(run, held, intent.key) or haunted(run, held, intent.key) end
  for _, held in ipairs(intent.names) do
    local answer = others(held)
    if answer then return answer end
  end
  return not rule.marks and intent.aspect and others(intent.aspect) or nil
end

--- Changes something, once, however often it is asked.
---@param operation string
---@param target trapheus.Target
---@param parameters table
---@return trapheus.Answer  "wait" until the step itself sees the effect, or "fail".
function door.mutate(run, operation, target, parameters)
  local rule = operations[operation] or error("the door does not know the operation " .. operation, 2)
  local key = key_of(run, operation, target)
  local intent = run.record.intents[key]
  if intent then
    local answer = reconsider(run, intent, rule)
    if answer then return answer end
  end
  local anew = {
    key = key, operation = operation, step = run.record.step, target = constant(target),
    names = constant(rule.names(parameters)), sends = intent and intent.sends or 0,
    aspect = rule.aspect and rule.aspect(parameters, target) or nil,
  }
  local answer = unquiet(run, anew, rule) or not rule.marks and lease.lost(run)
  return answer or send(run, anew, parameters, intent)
end

--- The step has seen the effect: the intent is closed, and no quiescence is owed for it, if that proves anything.
--- Written with what is written next, before which nothing is sent: until then, it would only be seen once more.
function door.confirm(run, operation, target)
  local intent = run.record.intents[key_of(run, operation, target)]
  if not intent then return end
  if operations[operation].renews then remember_lost(run, intent) end
  run.record.intents[intent.key] = nil
end

--- The step is done: it has seen everything that it asked for. Written with the step's end: until then, it would only
--- be seen once more. Our own tags are put beside its work: one that was lost may still come.
function door.close_step(run)
  local intents = run.record.intents
  for key, intent in pairs(intents) do
    if intent.step == run.record.step then
      if operations[intent.operation].marks then remember_lost(run, intent) end
      intents[key] = nil
    end
  end
end

return door
