--- The Filters parameter of the Describe operations.

local errors = require "trapheus.sandbox.errors"
local filters = {}

local function among(values, wanted)
  for i = 1, #values do
    if values[i] == wanted then return true end
  end
  return false
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
    if not among(filter.Values, view[field]) then return false end
  end
  return true
end

return filters
