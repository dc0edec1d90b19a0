--- Pages of a list. A marker remembers the last key it gave, so items may move between pages, as they do in AWS.

local errors = require "trapheus.sandbox.errors"

local paging = {}

local PREFIX = "sandbox:"

local function limit(params)
  local most = params.MaxRecords or 100
  if most < 20 or most > 100 then
    errors.refuse("InvalidParameterValue",
      ("Invalid value %s for MaxRecords. Must be between 20 and 100"):format(most))
  end
  return most
end

local function after(params)
  local marker = params.Marker
  if not marker or marker == "" then return "" end
  if marker:sub(1, #PREFIX) ~= PREFIX then
    errors.refuse("InvalidParameterValue", "The marker is not valid.")
  end
  return marker:sub(#PREFIX + 1)
end

---@param list { key: string, value: table }[]
---@param params table MaxRecords, Marker
---@param field string Of the result, for the values.
---@return table result
function paging.page(list, params, field)
  local most, last = limit(params), after(params)
  table.sort(list, function(a, b) return a.key < b.key end)
  local page, result = {}, {}
  for _, item in ipairs(list) do
    if item.key > last then
      if #page == most then
        result.Marker = PREFIX .. result.last
        break
      end
      page[#page + 1], result.last = item.value, item.key
    end
  end
  result.last, result[field] = nil, page
  return result
end

return paging
