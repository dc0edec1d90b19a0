--- The story of a sandbox as text, the same byte for byte wherever it is told.

local json = require "trapheus.json"

local trace = {}

local function line(entry)
  local words = { ("%d"):format(entry.at_ms), entry.by, entry.operation, json.encode(entry.params), entry.outcome }
  if entry.committed then words[#words + 1] = "committed " .. tostring(entry.target or "") end
  if entry.late then words[#words + 1] = "late" end
  if entry.fault then words[#words + 1] = "fault " .. entry.fault end
  return table.concat(words, " ")
end

--- Every call that was made, a line each.
---@param sb trapheus.Sandbox
---@return string
function trace.calls(sb)
  local lines = {}
  for i, entry in ipairs(sb.audit) do lines[i] = line(entry) end
  return table.concat(lines, "\n")
end

--- Every call that changed something, a line each, whatever its client learned of it.
---@param sb trapheus.Sandbox
---@return string
function trace.committed(sb)
  local lines = {}
  for _, entry in ipairs(sb.audit) do
    if entry.committed then lines[#lines + 1] = line(entry) end
  end
  return table.concat(lines, "\n")
end

return trace
