--- Plain tables: copies and comparison by value.

local copy = require "trapheus.copy"

local tables = {}

---@generic T
---@param value T
---@return T
tables.copy = copy

--- Copies a table, but not what lies in it.
---@generic T: table
---@param value T
---@return T
function tables.shallow(value) return copy(value, true) end

--- Gives a resource's field a copy of its own, to be changed: Describe has shown the one before, and shows it still.
---@param fields table
---@param name string
---@return table
function tables.renewed(fields, name)
  fields[name] = copy(fields[name])
  return fields[name]
end

---@param a any
---@param b any
---@return boolean
function tables.same(a, b)
  if a == b or type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for k, v in next, a do
    if not tables.same(v, b[k]) then return false end
  end
  for k in next, b do
    if a[k] == nil then return false end
  end
  return true
end

---@param list any[]
---@param wanted any
---@return integer|nil position
function tables.find(list, wanted)
  for i, value in ipairs(list) do
    if value == wanted then return i end
  end
end

return tables
