--- Pages of a list. A marker remembers the last key it gave: what is listed meanwhile neither hides an item nor shows
--- it twice. Or it remembers its place, and does both.

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

-- How many items lie before the page that a marker asks for.
local function skipped(list, marker)
  local place = marker:match "^#(%d+)$"
  if place then return math.min(#list, math.tointeger(tonumber(place)) or #list) end
  local count = 0
  while list[count + 1] and list[count + 1].key <= marker do count = count + 1 end
  return count
end

local function by_key(a, b) return a.key < b.key end

--- A page of views, in the order of one of their fields.
---@param sb trapheus.Sandbox
---@param views table[]
---@param params table MaxRecords, Marker
---@param field string Of the result, for the views.
---@param key string Theirs.
---@return table result
function paging.views(sb, views, params, field, key)
  if #views <= 1 and not params.Marker and not params.MaxRecords then return { [field] = views } end
  local list = {}
  for i, view in ipairs(views) do list[i] = { key = view[key], value = view } end
  return paging.page(sb, list, params, field)
end

---@param sb trapheus.Sandbox
---@param list { key: string, value: table }[]
---@param params table MaxRecords, Marker
---@param field string Of the result, for the values.
---@return table result
function paging.page(sb, list, params, field)
  local most, marker = limit(params), after(params)
  if #list > 1 then table.sort(list, by_key) end
  local first, page = skipped(list, marker), {}
  for i = first + 1, math.min(first + most, #list) do page[#page + 1] = list[i].value end
  local last = first + #page
  local next_marker = sb.knobs.marker_is_position == 1 and "#" .. last or #page > 0 and list[last].key
  return { [field] = page, Marker = last < #list and PREFIX .. next_marker or nil }
end

return paging
