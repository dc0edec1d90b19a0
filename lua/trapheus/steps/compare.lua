--- What differs between the replacement and what was captured, and what of it the user accepts (--ignore-diff).
local compare = {}

local function full_name(part, name) return part.role == "whole" and name or part.home .. "." .. name end

--- Does the user accept that this setting differs?
---@param run trapheus.Run
---@param part trapheus.Part
---@param name string  The setting's.
---@return boolean
function compare.accepts(run, part, name)
  for _, accepted in ipairs(run.options.ignore_diff or {}) do
    if accepted == name or accepted == part.home .. "." .. name then return true end
  end
  return false
end

--- The differences of one part; those of a member have its name before theirs.
---@param run trapheus.Run
---@param part trapheus.Part  Of the replacement, as it was just seen.
---@return trapheus.Difference[]
---@return boolean security  Is one of them a matter of security, and not accepted?
function compare.part(run, part)
  local secure = true
  local differing = part.settings:diff(part.config, part.settings:current(part.seen.raw))
  for _, difference in ipairs(differing) do
    difference.accepted = compare.accepts(run, part, difference.name) or nil
    difference.name = full_name(part, difference.name)
    secure = secure and (difference.accepted or not difference.security)
  end
  return differing, not secure
end

return compare
