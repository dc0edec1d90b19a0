--- What is carried over: one table of settings, walked to capture, restore, modify and compare.
local rules = require "trapheus.settings.rules"

---@class trapheus.Settings
---@field rows table[]
local Settings = {}
Settings.__index = Settings

local settings = {}

---@param kind "instance"
---@return trapheus.Settings
function settings.load(kind)
  return setmetatable({ rows = require("trapheus.settings." .. kind) }, Settings)
end

-- Reading ---------------------------------------------------------------------------------

-- Every value at a path: "DBSubnetGroup.DBSubnetGroupName", "VpcSecurityGroups[].Status".
local function gather(value, path, found)
  if value == nil then return found end
  local head, rest = path:match "^([^.]+)%.?(.*)$"
  if not head then
    found[#found + 1] = value
    return found
  end
  local list = head:match "^(.*)%[%]$"
  if not list then return gather(value[head], rest, found) end
  for _, element in ipairs(value[list] or {}) do gather(element, rest, found) end
  return found
end

local function record(element, fields)
  local copy = {}
  for _, field in ipairs(fields) do copy[field] = element[field] end
  return copy
end

local function by_first_field(fields)
  return function(a, b) return tostring(a[fields[1]]) < tostring(b[fields[1]]) end
end

local shapes = {}

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

function shapes.records(found, row)
  local list = {}
  for _, element in ipairs(found) do
    if not row.keep or rules[row.keep](element) then list[#list + 1] = record(element, row.fields) end
  end
  table.sort(list, by_first_field(row.fields))
  return #list > 0 and list or nil
end

--- The configuration in a Describe record, by setting name. Plain data.
---@param raw table  A DBInstance
---@return table<string, any>
function Settings:capture(raw)
  local config = {}
  for _, row in ipairs(self.rows) do
    config[row.name] = shapes[row.shape or "scalar"](gather(raw, row.path, {}), row)
  end
  return config
end

-- Comparing -------------------------------------------------------------------------------

local function equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not equal(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

-- Is it for us to give back, and not RDS's own choice?
local function kept(row, config)
  return not row.cannot and (not row.compare or rules[row.compare].holds(config))
end

---@class trapheus.Difference
---@field name string
---@field wanted any
---@field found any
---@field security boolean?

--- What differs between the captured configuration and another one.
---@param config table
---@param current table
---@return trapheus.Difference[] differing
---@return boolean security  Is one of them a matter of security?
function Settings:diff(config, current)
  local differing, security = {}, false
  for _, row in ipairs(self.rows) do
    if kept(row, config) and row.with ~= "finish" and not equal(config[row.name], current[row.name]) then
      local wanted = config[row.name] -- nil: the original showed none, so there is nothing to fall short of
      local secures = wanted ~= nil and row.security or nil
      differing[#differing + 1] = { name = row.name, wanted = wanted, found = current[row.name], security = secures }
      security = security or secures == true
    end
  end
  return differing, security
end

--- What the original has and no restore by this program can give back.
---@return { name: string, why: string }[]
function Settings:impossible(config)
  local list = {}
  for _, row in ipairs(self.rows) do
    if row.cannot and config[row.name] ~= nil then list[#list + 1] = { name = row.name, why = row.cannot } end
  end
  return list
end

--- The names of the captured settings that are carried over.
---@return string[]
function Settings:carried(config)
  local names = {}
  for _, row in ipairs(self.rows) do
    if kept(row, config) and config[row.name] ~= nil then names[#names + 1] = row.name end
  end
  return names
end

-- Sending ---------------------------------------------------------------------------------

local function allowed(row, config, current)
  return not row.when or rules[row.when].holds(config, current)
end

--- The parameters of the restore call.
function Settings:restore(config)
  local parameters = {}
  for _, row in ipairs(self.rows) do
    local value = config[row.name]
    if row.restore and not row.with and not row.cannot and value ~= nil and allowed(row, config) then
      parameters[row.restore] = value
    end
  end
  return parameters
end

-- ModifyDBInstance takes log types as what to turn on and off.
local function log_types(wanted, found)
  local function missing(from, list)
    local known, result = {}, {}
    for _, name in ipairs(list or {}) do known[name] = true end
    for _, name in ipairs(from or {}) do
      if not known[name] then result[#result + 1] = name end
    end
    return #result > 0 and result or nil
  end
  return { EnableLogTypes = missing(wanted, found), DisableLogTypes = missing(found, wanted) }
end

--- The parameters of one modification that makes `current` as captured, with the rest of each
--- group that has a difference; empty if there is nothing that a modification can change.
---@param config table
---@param current table
---@return table parameters
function Settings:modify(config, current)
  local parameters, groups = {}, {}
  local function sendable(row)
    return row.modify and row.with ~= "finish" and config[row.name] ~= nil and allowed(row, config, current)
  end
  for _, row in ipairs(self.rows) do
    if sendable(row) and not equal(config[row.name], current[row.name]) then
      parameters[row.modify] = row.shape == "log_types" and log_types(config[row.name], current[row.name])
        or config[row.name]
      groups[row.group or ""] = true
    end
  end
  groups[""] = nil
  for _, row in ipairs(self.rows) do
    if row.group and groups[row.group] and sendable(row) then parameters[row.modify] = config[row.name] end
  end
  return parameters
end

return settings
