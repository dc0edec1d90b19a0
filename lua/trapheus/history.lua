--- How long RDS took, phase by phase, when the same database was restored before: nobody waits twice in the dark.
--- Only when the next look is due hangs on it; what is not in order here is not there.
local constant = require "trapheus.constant"
local runs = require "trapheus.runs"

local history = {}

local LATEST = 5 -- runs that are gone by
local LONGEST_S = 7 * 24 * 3600
-- Lengths differ so much from one another, until several say how much they do: that counts more and more beside it.
local USUAL_SPREAD, USUAL_WEIGHT = 0.1, 0.25
local BLUR_S = 2 -- looks are some seconds apart
local MISLED = 3 -- deviations off: it is not as it was
local MOST_TIMES = 20 -- that one phase is recorded in a run
local ABSENT_MS = 600 * 1000 -- looks are never this far apart while somebody is at work

---@class trapheus.Recorded
---@field length_s number  How long it took.
---@field spread_s number  The standard deviation of that.

---@class trapheus.RunPhase  What a run waits for now.
---@field why string
---@field bare string?      without what RDS shows meanwhile
---@field words string?     the same for every run of the database
---@field began_ms number?  nil: not known

-- What is waited for, without the status that RDS shows meanwhile.
local function bare_of(why)
  return why:sub(-1) == ")" and why:gsub(" %b()$", "") or why
end

local function without(text, name)
  local from, to = text:find(name, 1, true)
  while from do
    text = text:sub(1, from - 1) .. text:sub(to + 1)
    from, to = text:find(name, from, true)
  end
  return text
end

local function words_of(run, bare)
  local words = run.record.step .. ": " .. bare
  words = without(without(words, run.facts.snapshot_name or run.identifier), run.identifier)
  return run.called and words .. " after " .. run.called or words
end

-- Recording -------------------------------------------------------------------------------

-- About when what is seen now came about: between the last look and this one. Those who are woken for it look at once.
local function changed_ms(run)
  local now_ms, rested_ms = run.world:now_ms(), run.rested_ms
  if not rested_ms or math.abs(now_ms - rested_ms) > ABSENT_MS then return nil end
  return run.world.shared_by and now_ms or (rested_ms + now_ms) / 2
end

-- Under what the length of a phase is kept: its words, and the how manieth it is. One flat table costs little to save.
-- nil: it has come so often that nothing is to be learnt of it.
local function key_of(run, words)
  local phases, key = run.record.phases or {}, words
  for count = 2, MOST_TIMES do
    if not phases[key] then return key end
    key = words .. " " .. count
  end
end

--- The phase that a run has waited for is over: its length is kept.
---@param run trapheus.Run
function history.over(run)
  local phase = run.phase
  run.phase = nil
  local ended_ms = phase and phase.began_ms and changed_ms(run)
  if not ended_ms then return end
  local length_s, key = (ended_ms - phase.began_ms) // 100 / 10, key_of(run, phase.words)
  if not key then return end
  local known = run.past and run.past[key]
  if known then run.misled = math.abs(length_s - known.length_s) > MISLED * known.spread_s end
  local phases = { [key] = length_s }
  for other, known_s in pairs(run.record.phases or {}) do phases[other] = known_s end
  run.record.phases = constant(phases) -- a run is saved more often than a phase ends
end

-- Something else is waited for than before, or RDS shows something else.
local function change(run, phase, why, sent)
  local bare, words = nil, nil -- a call that is to show is no state of RDS
  if not sent then
    bare = bare_of(why)
    words = phase and phase.bare == bare and phase.words or words_of(run, bare)
  end
  if phase and phase.words == words then
    phase.why, phase.bare = why, bare
  else
    history.over(run)
    run.phase = { why = why, bare = bare, words = words, began_ms = words and changed_ms(run) or nil }
  end
end

--- The run has looked, and waits.
---@param run trapheus.Run
---@param answer trapheus.Answer
function history.rest(run, answer)
  local phase, why = run.phase, run.record.waiting.why
  -- something was refused, or only takes time: nobody sees what RDS does meanwhile
  local blind = answer.patient or answer.left_s
  if blind then
    run.phase = nil
  elseif not run.resting then
    history.over(run)
  elseif not phase or phase.why ~= why then
    change(run, phase, why, answer.sent)
  end
  if answer.sent then run.called = why:match "^%S+" end
  run.rested_ms = not blind and run.world:now_ms() or nil
end

-- Reading ---------------------------------------------------------------------------------

local function is_length(value)
  return math.type(value) and value > 0 and value < LONGEST_S
end

-- Adds the lengths of a run to what is known of the others.
local function gather(all, phases)
  for key, length_s in pairs(type(phases) == "table" and phases or {}) do
    if is_length(length_s) then
      all[key] = all[key] or {}
      table.insert(all[key], length_s)
    end
  end
end

local function summary(lengths)
  local count, sum, squares = #lengths, 0, 0
  for _, length_s in ipairs(lengths) do sum = sum + length_s end
  local mean_s = sum / count
  for _, length_s in ipairs(lengths) do squares = squares + (length_s - mean_s) ^ 2 end
  local variance = (USUAL_WEIGHT * (USUAL_SPREAD * mean_s) ^ 2 + squares) / (USUAL_WEIGHT + count - 1)
  return { length_s = mean_s, spread_s = math.sqrt(variance * (1 + 1 / count) + BLUR_S ^ 2) }
end

local function same(record, other)
  return record.identifier == other.identifier and record.kind == other.kind and record.account == other.account
    and record.region == other.region
end

--- What the latest runs of the same database have recorded.
---@param record table     of the run, with all that says which database it is
---@param others table[]   newest first
---@return table<string, trapheus.Recorded>?  By the keys of run.record.phases; nil: nothing is known.
function history.past(record, others)
  local all, count = {}, 0
  for _, other in ipairs(others) do
    if count < LATEST and not runs.unfinished(other) and same(record, other) and other.phases then
      gather(all, other.phases)
      count = count + 1
    end
  end
  for key, lengths in pairs(all) do all[key] = summary(lengths) end
  return next(all) and all or nil
end

--- When the phase that a run waits for is to end by that. nil: it is not known, or has come out wrong, now or the last
--- time.
---@param run trapheus.Run
---@return number?
---@return number? spread_ms  How far off that may be,
---@return number? spread     and as a share of its length.
function history.due_ms(run)
  local phase = run.past and run.resting and not run.misled and run.phase
  local known = phase and phase.began_ms and run.past[key_of(run, phase.words) or false]
  if not known then return nil end
  local due_ms, spread_ms = phase.began_ms + known.length_s * 1000, known.spread_s * 1000
  if run.world:now_ms() > due_ms + MISLED * spread_ms then return nil end
  return due_ms, spread_ms, known.spread_s / known.length_s
end

return history
