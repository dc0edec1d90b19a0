--- One fault at one call, or one crash at one write of the journal, over and over.
local single = {}

single.KINDS = {
  { kind = "drop" }, { kind = "lost" }, { kind = "zombie", delay_s = 30 }, { kind = "zombie", delay_s = 600 },
  { kind = "throttle", count = 3 }, { kind = "500n" }, { kind = "500c" }, { kind = "garbage" }, { kind = "denied" },
  { kind = "background_failure" },
}

--- Did a fault meet a call? One of kind "terminal" only ends something.
---@param result Rehearsed
---@return boolean
function single.met(result)
  for _, entry in ipairs(result.sandbox.audit) do
    if entry.fault and entry.fault ~= "terminal" then return true end
  end
  return false
end

--- Is something left for a person, who has been told?
---@param result Rehearsed
---@return boolean
function single.told(result)
  local record = result.record
  return record.parked ~= nil or #record.warnings > 0
end

--- A crash at the nth write of the journal; `state.died` says whether there were so many.
---@param nth integer
---@param when "before"|"after"
---@return { died: boolean? } state
---@return fun(kind: string, entry: table, when: string): boolean  Rehearsal.crash
function single.crash_at(nth, when)
  local count, state = 0, {}
  return state, function(_, _, at)
    if at ~= when then return false end
    count = count + 1
    state.died = state.died or count == nth
    return count == nth
  end
end

return single
