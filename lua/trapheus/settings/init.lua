--- What is carried over: one table of settings, walked to capture, restore, modify and compare.
local calls = require "trapheus.settings.calls"
local rules = require "trapheus.settings.rules"
local shapes = require "trapheus.settings.shapes"

---@class trapheus.Settings
---@field rows table[]
local Settings = {}
Settings.__index = Settings

local settings = {}

--- The settings of a DB instance, of a DB cluster, or of a member of an Aurora cluster.
---@param kind "instance"|"cluster"|"member"
---@return trapheus.Settings
function settings.load(kind)
  return setmetatable({ rows = require("trapheus.settings." .. kind) }, Settings)
end

-- Reading ---------------------------------------------------------------------------------

--- The configuration in a Describe record, by setting name. Plain data.
---@param raw table  A DBInstance or a DBCluster
---@return table<string, any>
function Settings:capture(raw)
  local config = {}
  for _, row in ipairs(self.rows) do
    config[row.name] = shapes.read(raw, row)
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

-- What is put back after the replacement is verified.
local LATER = { finish = true, handover = true }

---@class trapheus.Difference
---@field name string
---@field wanted any
---@field found any
---@field security boolean?
---@field accepted boolean?  By the user: no reason for anything.

-- A description that does not speak of a setting stands for what the row says, if for anything.
local function alike(row, a, b)
  if row.unsaid ~= nil then
    if a == nil then a = row.unsaid end
    if b == nil then b = row.unsaid end
  end
  return equal(a, b)
end

--- What differs between the captured configuration and another one.
---@param config table
---@param current table
---@return trapheus.Difference[] differing
---@return boolean security  Is one of them a matter of security?
function Settings:diff(config, current)
  local differing, security = {}, false
  for _, row in ipairs(self.rows) do
    if kept(row, config) and not LATER[row.with] and not alike(row, config[row.name], current[row.name]) then
      local wanted = config[row.name] -- nil: the original showed none, so there is nothing to fall short of
      local secures = wanted ~= nil and row.security or nil
      differing[#differing + 1] = { name = row.name, wanted = wanted, found = current[row.name], security = secures }
      security = security or secures == true
    end
  end
  return differing, security
end

-- What every database of its kind has is not lost.
local function lost(row, config)
  local value = config[row.name]
  return row.cannot and value ~= nil and value ~= row.default and (not row.compare or rules[row.compare].holds(config))
end

--- What the original has and no restore by this program can give back.
---@return { name: string, why: string }[]
function Settings:impossible(config)
  local list = {}
  for _, row in ipairs(self.rows) do
    if lost(row, config) then list[#list + 1] = { name = row.name, why = row.cannot } end
  end
  return list
end

--- The names of the captured settings that are carried over.
---@return string[]
function Settings:carried(config)
  local names = {}
  for _, row in ipairs(self.rows) do
    if kept(row, config) and not row.inherited and config[row.name] ~= nil then names[#names + 1] = row.name end
  end
  return names
end

-- What no two databases have in common.
local function own(row) return row.shown end

--- What differs between two databases, neither of which is the other's original.
---@param a table  as captured
---@param b table
---@return { name: string, a: any, b: any, impossible: boolean? }[]
function Settings:compare(a, b)
  local list = {}
  for _, row in ipairs(self.rows) do
    local chosen = row.compare and not rules[row.compare].holds(a) and not rules[row.compare].holds(b)
    if not own(row) and not chosen and not alike(row, a[row.name], b[row.name]) then
      list[#list + 1] = { name = row.name, a = a[row.name], b = b[row.name], impossible = row.cannot and true or nil }
    end
  end
  return list
end

-- Sending ---------------------------------------------------------------------------------

local function allowed(row, config, current)
  return not row.when or rules[row.when].holds(config, current)
end

-- The parameters of the call that makes it.
local function made_with(self, call, config)
  local parameters = {}
  for _, row in ipairs(self.rows) do
    local value = config[row.name]
    if row[call] and not row.with and not row.cannot and value ~= nil and allowed(row, config) then
      parameters[row[call]] = value
    end
  end
  return parameters
end

--- The parameters of the restore call, of an instance or a cluster.
---@return table
function Settings:restore(config) return made_with(self, "restore", config) end

--- The parameters of CreateDBInstance, of a member.
---@return table
function Settings:create(config) return made_with(self, "create", config) end

-- A modification takes log types as what to turn on and off.
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
    return row.modify and not LATER[row.with] and config[row.name] ~= nil and allowed(row, config, current)
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

-- Calls of their own ------------------------------------------------------------------------

--- Goes through the settings with a call of their own of which something is missing: the row, and that part.
---@param config table
---@param seen { raw: table }
---@return fun(): integer?, table?, any
function Settings:missing(config, seen)
  local current, i = self:capture(seen.raw), 0
  return function()
    while i < #self.rows do
      i = i + 1
      local row = self.rows[i]
      local call, wanted = not row.with and row.call and calls[row.call], config[row.name]
      local part = call and wanted ~= nil and kept(row, config) and call.missing(wanted, current[row.name], seen)
      if part then return i, row, part end
    end
  end
end

return settings
