--- What a run waits for, and since when, in its record; told when that changes, or how far it is.

---@class trapheus.Waiting
---@field why string
---@field since_ms integer
---@field interrupted trapheus.Waiting?  What a refusal has interrupted: it goes on as if there had been none.

local function interrupted(waiting, why)
  while waiting and waiting.why ~= why do waiting = waiting.interrupted end
  return waiting
end

---@param run trapheus.Run
---@param answer trapheus.Answer  that waits
return function(run, answer)
  local record = run.record
  local before = record.waiting
  if not before or before.why ~= answer.wait then
    record.waiting = interrupted(before, answer.wait)
      or { why = answer.wait, since_ms = run.world:now_ms(), interrupted = answer.patient and before or nil }
    run:tell("waiting", { why = answer.wait, detail = answer.detail })
  elseif answer.detail then
    run:tell("progress", { why = answer.wait, detail = answer.detail })
  end
end
