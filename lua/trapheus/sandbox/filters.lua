--- The Filters parameter of the Describe operations.

local errors = require "trapheus.sandbox.errors"
local tables = require "trapheus.sandbox.tables"

local filters = {}

---@param params table
---@param known table<string, string> Filter name -> field of the view.
---@param view table
---@return boolean
function filters.accept(params, known, view)
  if not params.Filters then return true end
  for _, filter in ipairs(params.Filters) do
    local field = known[filter.Name]
    if not field then
      errors.refuse("InvalidParameterValue", ("Unrecognized filter name: %s"):format(filter.Name))
    end
    if not tables.find(filter.Values, view[field]) then return false end
  end
  return true
end

return filters
