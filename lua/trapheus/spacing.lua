--- How long until the next look of a run that waits: the C waiter decides, within what the world and the answer say.
local core = require "trapheus.core"

local PATIENT_MS = 10 * 1000 -- at least, before what was refused is asked again
local SPREAD_MS = 1000 -- of those who wait for what only time brings
local MAX_IDLE_MS = 60 * 1000 -- nor do they look less often

---@param run trapheus.Run
---@param answer trapheus.Answer
---@return integer delay_ms
return function(run, answer)
  local left_ms = answer.left_s and math.min(answer.left_s * 1000 // 1 + 1, MAX_IDLE_MS - SPREAD_MS)
  return core.waiter.delay_ms {
    elapsed_ms = run.world:now_ms() - run.record.waiting.since_ms,
    expected_ms = answer.expected_s and answer.expected_s * 1000 // 1 or nil,
    min_ms = left_ms or answer.patient and PATIENT_MS or run.world.look_ms.min,
    max_ms = left_ms and left_ms + SPREAD_MS or run.world.look_ms.max,
    random = run.world:random(),
  }
end
