--- What a setting looks like in a Describe record, as one value that can be compared and sent. A shape takes what
--- was found at the path of a row, and gives the value; nil when there is none.
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

local function in_order(fields)
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
end

function shapes.scalar(found, row)
  if found[1] == nil then return row.default end
  return found[1]
end

shapes.first = shapes.scalar

function shapes.set(found)
  table.sort(found)
  return #found > 0 and found or nil
end

shapes.log_types = shapes.set

--- true where there is something, and nothing where there is not.
function shapes.present(found) return found[1] ~= nil or nil end

--- Whether a state that takes a while is wanted: "enabling" is on, "disabling" is off.
function shapes.switch(found, row)
  if found[1] == nil then return row.default end
  return found[1] == "enabled" or found[1] == "enabling" or found[1] == "requested"
end

--- "locked" or "unlocked", also while it becomes so.
function shapes.locked(found)
  local status = found[1]
  return status and (status:find "^unlock" and "unlocked" or "locked")
end

--- The Regions of ARNs.
function shapes.regions(found)
  local list = {}
  for _, arn in ipairs(found) do list[#list + 1] = arn:match "^arn:[^:]*:[^:]*:([^:]*):" end
  return shapes.set(list)
end

--- One structure, of which some fields count.
function shapes.record(found, row)
  local element = found[1]
  if not element or not kept(element, row) then return nil end
  local copy = pick(element, row)
  return next(copy) ~= nil and copy or nil
end

function shapes.records(found, row)
  local list = {}
  for _, element in ipairs(found) do
    if kept(element, row) then list[#list + 1] = pick(element, row) end
  end
  table.sort(list, in_order(row.fields))
  return #list > 0 and list or nil
end

--- Is a setting a field of the record as it is?
---@param row table
---@return boolean
function shapes.is_plain(row)
  local parts = parts_of(row.path)
  return not row.shape and #parts == 1 and not parts[1].list
end

local function nothing(value) return value == nil or type(value) == "table" and next(value) == nil end

--- What reads the value of a setting in a record. Of most there is nothing, whatever their shape.
---@param row table
---@return fun(raw: table): any
function shapes.reader(row)
  local parts, shape, default = parts_of(row.path), shapes[row.shape or "scalar"], row.default
  local first = parts[1] and parts[1].field
  return function(raw)
    if first and nothing(raw[first]) then return default end
    local found = {}
    gather(raw, parts, 1, found)
    return shape(found, row)
  end
end

return shapes
