--- How long nothing answers to the name: from the rename until the replacement is restored, or the original is back.
local ENDS = { ["restore"] = true, ["undo rename"] = true }

---@param record table
---@return { began_at: integer, ended_at: integer? }?  nil: it has not begun; without an end: it goes on.
return function(record)
  local outage
  for _, step in ipairs(record.steps) do
    if step.name == "rename" then outage = { began_at = step.started_at } end
    if outage and ENDS[step.name] and step.outcome == "done" then outage.ended_at = step.ended_at end
  end
  return outage
end
