--- What a setting looks like in a Describe record, as one value that can be compared and sent. A shape takes what
--- was found at the path of a row, and gives the value; nil when there is none.
local once = require "trapheus.once"
local rules = require "trapheus.settings.rules"

local shapes = {}

local parsed = {} -- path -> its parts, in order: { field=, list= }

local function parts_of(path)
  local parts = parsed[path]
  if parts then return parts end
  parts = {}
  for word in path:gmatch "[^.]+" do
    local list = word:match "^(.*)%[%]$"
    parts[#parts + 1] = { field = list or word, list = list ~= nil }
  end
  parsed[path] = parts
  return parts
end

local function gather(value, parts, i, found)
  if value == nil then return end
  local part = parts[i]
  if not part then
    found[#found + 1] = value
  elseif part.list then
    for _, element in ipairs(value[part.field] or {}) do gather(element, parts, i + 1, found) end
  else
    gather(value[part.field], parts, i + 1, found)
  end
end

-- The first of those, without a list of them.
local function first_at(value, parts, i)
  local part = parts[i]
  if value == nil or not part then return value end
  if not part.list then return first_at(value[part.field], parts, i + 1) end
  for _, element in ipairs(value[part.field] or {}) do
    local found = first_at(element, parts, i + 1)
    if found ~= nil then return found end
  end
end

--- Every value at a path: "DBSubnetGroup.DBSubnetGroupName", "VpcSecurityGroups[].Status". An empty path is the
--- record itself.
---@param value any
---@param path string
---@return any[] found
function shapes.gather(value, path)
  local found = {}
  gather(value, parts_of(path), 1, found)
  return found
end

local function pick(element, row)
  local copy = {}
  for i = 1, #row.fields do
    local field = row.fields[i]
    copy[field] = element[field]
  end
  return copy
end

local function kept(element, row) return not row.keep or rules[row.keep](element) end

local in_order = once(function(fields)
  return function(a, b)
    for i = 1, #fields do
      local left, right = a[fields[i]], b[fields[i]]
      if left ~= right then
        left, right = tostring(left), tostring(right)
        if left ~= right then return left < right end
      end
    end
    return false
  end
end)

-- Of one value ------------------------------------------------------------------------------

local ONE = {} -- takes the first at the path

function ONE.scalar(value, row)
  if value == nil then return row.default end
  return value
end

ONE.first = ONE.scalar

--- true where there is something, and nothing where there is not.
function ONE.present(value) return value ~= nil or nil end

--- Whether a state that takes a while is wanted: "enabling" is on, "disabling" is off.
function ONE.switch(value, row)
  if value == nil then return row.default end
  return value == "enabled" or value == "enabling" or value == "requested"
end

--- "locked" or "unlocked", also while it becomes so.
function ONE.locked(status) return status and (status:find "^unlock" and "unlocked" or "locked") end

--- One structure, of which some fields count.
function ONE.record(element, row)
  if not element or not kept(element, row) then return nil end
  local copy = pick(element, row)
  return next(copy) ~= nil and copy or nil
end

-- Of many -----------------------------------------------------------------------------------

local MANY = {} -- takes all that is at the path

function MANY.set(found)
  if found[2] then table.sort(found) end
  return #found > 0 and found or nil
end

MANY.log_types = MANY.set

--- The Regions of ARNs.
function MANY.regions(found)
  local list = {}
  for _, arn in ipairs(found) do list[#list + 1] = arn:match "^arn:[^:]*:[^:]*:([^:]*):" end
  return MANY.set(list)
end

function MANY.records(found, row)
  local list = {}
  for _, element in ipairs(found) do
    if kept(element, row) then list[#list + 1] = pick(element, row) end
  end
  if list[2] then table.sort(list, in_order(row.fields)) end
  return #list > 0 and list or nil
end

--- Is a setting a field of the record as it is?
---@param row table
---@return boolean
function shapes.is_plain(row)
  local parts = parts_of(row.path)
  return not row.shape and #parts == 1 and not parts[1].list
end

--- What reads the value of a setting in a record. Of most there is nothing, whatever their shape. Raises for a shape
--- that there is not.
---@param row table
---@return fun(raw: table): any
function shapes.reader(row)
  local parts, default = parts_of(row.path), row.default
  local one, many = ONE[row.shape or "scalar"], MANY[row.shape]
  if not (one or many) then error("no shape " .. row.shape) end
  local field = parts[1] and parts[1].field
  return function(raw)
    local value = raw
    if field then value = raw[field] end
    if value == nil then return default end
    if one then return one(first_at(raw, parts, 1), row) end
    if next(value) == nil then return default end
    local found = {}
    gather(raw, parts, 1, found)
    return many(found, row)
  end
end

return shapes
