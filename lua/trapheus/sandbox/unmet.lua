--- What was to go wrong and did not: no call came to it, or the time did not.

-- A fault of a call. One that has only a chance may well not occur.
local function is_due(sb, fault)
  local came = sb.counts[fault.operation] or 0
  if fault.occurrence == "every" then return came == 0 end
  return math.type(fault.occurrence) == "integer" and came < fault.occurrence
end

local function calls_of(sb, operation)
  local count = 0
  for _, entry in ipairs(sb.audit) do
    if entry.by == "client" and entry.operation == operation and entry.outcome == "ok" and entry.committed then
      count = count + 1
    end
  end
  return count
end

--- Each as its author would look for it.
---@param sb trapheus.Sandbox
---@param actions trapheus.sandbox.Action[]  Of the scenario.
---@return string[]
return function(sb, actions)
  local list, passed_s = {}, (sb.now - sb.begun_ms) / 1000
  for _, fault in ipairs(sb.faults) do
    if is_due(sb, fault) then
      list[#list + 1] = ("%s:%s:%s"):format(fault.operation, fault.occurrence, fault.kind)
    end
  end
  for _, fault in ipairs(sb.awaited) do
    if fault.at_s > passed_s then list[#list + 1] = ("%gs:%s"):format(fault.at_s, fault.kind) end
  end
  for i, action in ipairs(actions) do
    local late = action.at_s and action.at_s > passed_s
    if late or action.after and calls_of(sb, action.after) < (action.nth or 1) then
      list[#list + 1] = ("actions[%d]"):format(i)
    end
  end
  return list
end
