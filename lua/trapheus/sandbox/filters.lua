--- The Filters parameter of the Describe operations.

local errors = require "trapheus.sandbox.errors"

local filters = {}

local sets = setmetatable({}, { __mode = "k" }) -- of the values of a filter, by the filter

local function set_of(filter)
  if not sets[filter] then
    sets[filter] = {}
    for _, value in ipairs(filter.Values) do sets[filter][value] = true end
  end
  return sets[filter]
end

-- Most filters have one value, and a set of many is made once for all views.
local function lets_through(filter, value)
  local values = filter.Values
  if #values == 1 then return values[1] == value end
  return set_of(filter)[value or false]
end

---@param params table
---@param known table<string, string> Filter name -> field of the view.
---@param view table
---@return boolean
function filters.accept(params, known, view)
  local list = params.Filters
  for i = 1, list and #list or 0 do
    local filter = list[i]
    local field = known[filter.Name]
    if not field then
      errors.refuse("InvalidParameterValue", ("Unrecognized filter name: %s"):format(filter.Name))
    end
    if not lets_through(filter, view[field]) then return false end
  end
  return true
end

return filters
