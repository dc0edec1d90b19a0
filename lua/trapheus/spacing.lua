--- How long until the next look of a run that waits: the C waiter decides, within what the world and the answer say.
local core = require "trapheus.core"
local history = require "trapheus.history"
local looks = require "trapheus.looks"

local PATIENT_MS = 10 * 1000 -- at least, before what was refused is asked again
local SPREAD_MS = 1000 -- of those who wait for what only time brings
local WORTH_MS = 1500 -- of a look: so much sooner must a change be seen by it
local CALM = 20 / 3 -- times that, where nothing is kept waiting but the end
local MAX_IDLE_MS = 60 * 1000 -- those who wait for that look as often
-- What has taken hours is looked at less often: the last look is late by no more than so much of it. The lease is
-- renewed at looks.
local LATE_SHARE, LATEST_MS = 1 / 60, 300 * 1000
-- The same where it is recorded how long RDS takes: it is left alone, and looked at when it is about to be done. The
-- more lengths differ, the more looks it takes; each must be worth more then, so that they stay about as many.
local RECORDED = { min_ms = 2000, max_ms = 120 * 1000, worth_ms = 600, of_spread_ms = 8500 }

-- From when on another look may show something, and until when it is to be had.
local function bounds(run, answer, elapsed_ms)
  if answer.left_s then
    local left_ms = math.min(answer.left_s * 1000 // 1 + 1, MAX_IDLE_MS - SPREAD_MS)
    return left_ms, left_ms + SPREAD_MS
  end
  local least = answer.patient and PATIENT_MS or run.counted and looks.SPACING_MS
  if run.counted then return least, least + SPREAD_MS end
  local look_ms = run.world.look_ms
  return least or look_ms.min, math.max(look_ms.max, math.min(elapsed_ms * LATE_SHARE // 1 | 0, LATEST_MS))
end

-- `spread`: of what is recorded, as a share of it.
local function bounds_and_worth(run, answer, elapsed_ms, spread)
  local calm = answer.calm and CALM or 1
  if spread then
    local worth_ms = math.max(RECORDED.worth_ms, RECORDED.of_spread_ms * spread)
    return RECORDED.min_ms, RECORDED.max_ms, math.min(worth_ms, WORTH_MS) * calm
  end
  local min_ms, max_ms = bounds(run, answer, elapsed_ms)
  return min_ms, max_ms, WORTH_MS * calm
end

local phase = {} -- of the one who asks: there is one at a time

---@param run trapheus.Run
---@param answer trapheus.Answer
---@return integer delay_ms
return function(run, answer)
  local since_ms = run.record.waiting.since_ms
  local elapsed_ms = run.world:now_ms() - since_ms
  local due_ms, spread_ms, spread = history.due_ms(run)
  phase.elapsed_ms = elapsed_ms
  phase.expected_ms = answer.ahead_s and elapsed_ms + answer.ahead_s * 1000
    or answer.expected_s and answer.expected_s * 1000 or nil
  phase.due_ms, phase.spread_ms = due_ms and due_ms - since_ms, spread_ms
  phase.min_ms, phase.max_ms, phase.worth_ms = bounds_and_worth(run, answer, elapsed_ms, spread)
  phase.random = run.world:random()
  return core.waiter.delay_ms(phase)
end
