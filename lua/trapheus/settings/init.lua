--- What is carried over: one table of settings, walked to capture, restore, modify and compare.
local calls = require "trapheus.settings.calls"
local pick = require "trapheus.pick"
local rules = require "trapheus.settings.rules"
local shapes = require "trapheus.settings.shapes"

---@class trapheus.Settings
---@field rows table[]
---@field plain string[]    of which those that are a field of the record as it is: that, and the name, by turns
---@field defaults table<string, any>  what their missing values mean
---@field shaped { name: string, read: fun(raw: table): any }[]  and the others, with what reads them
---@field modified table[]  those that a modification takes, in the configuration
---@field called table[]    those that have a call of their own
---@field own table[]       those that are to be as they were once the replacement is configured
---@field seen table<table, table>  what was captured of a record
local Settings = {}
Settings.__index = Settings

local settings = {}

-- What is put back after the replacement is verified.
local LATER = { finish = true, handover = true }

local function those(rows, which)
  local list = {}
  for _, row in ipairs(rows) do
    if which(row) then list[#list + 1] = row end
  end
  return list
end

local function readers(rows)
  local list = {}
  for _, row in ipairs(rows) do
    if not shapes.is_plain(row) then list[#list + 1] = { name = row.name, read = shapes.reader(row) } end
  end
  return list
end

local function fields(rows)
  local plain, defaults = {}, {}
  for _, row in ipairs(those(rows, shapes.is_plain)) do
    table.move({ row.path, row.name }, 1, 2, #plain + 1, plain)
    defaults[row.name] = row.default
  end
  return plain, defaults
end

local function of_rows(rows)
  local plain, defaults = fields(rows)
  return setmetatable({
    rows = rows,
    plain = plain,
    defaults = defaults,
    shaped = readers(rows),
    modified = those(rows, function(row) return row.modify and not LATER[row.with] end),
    called = those(rows, function(row) return not row.with and row.call and calls[row.call] end),
    own = those(rows, function(row) return not row.cannot and not LATER[row.with] end),
    seen = setmetatable({}, { __mode = "k" }),
  }, Settings)
end

local loaded = {}

--- The settings of a DB instance, of a DB cluster, or of a member of an Aurora cluster.
---@param kind "instance"|"cluster"|"member"
---@return trapheus.Settings
function settings.load(kind)
  loaded[kind] = loaded[kind] or of_rows(require("trapheus.settings." .. kind))
  return loaded[kind]
end

-- Reading ---------------------------------------------------------------------------------

--- The configuration in a Describe record, by setting name. Plain data.
---@param raw table  A DBInstance or a DBCluster
---@return table<string, any>
function Settings:capture(raw)
  local config, shaped = pick(raw, self.plain), self.shaped
  for name, default in next, self.defaults do
    if config[name] == nil then config[name] = default end
  end
  for i = 1, #shaped do config[shaped[i].name] = shaped[i].read(raw) end
  return config
end

--- The same of a record that was seen: for reading, as whoever asks again about that record is given the same.
---@param raw table
---@return table<string, any>
function Settings:current(raw)
  local config = self.seen[raw] or self:capture(raw)
  self.seen[raw] = config
  return config
end

-- Comparing -------------------------------------------------------------------------------

local function equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in next, a do
    if not equal(value, b[key]) then return false end
  end
  for key in next, b do
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
  for _, row in ipairs(self.own) do
    local wanted, found = config[row.name], current[row.name]
    if wanted ~= found and not alike(row, wanted, found) and kept(row, config) then
      -- nil: the original showed none, so there is nothing to fall short of
      local secures = wanted ~= nil and row.security or nil
      differing[#differing + 1] = { name = row.name, wanted = wanted, found = found, security = secures }
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
  for _, row in ipairs(self.modified) do
    local wanted, found = config[row.name], current[row.name]
    if wanted ~= nil and wanted ~= found and not equal(wanted, found) and allowed(row, config, current) then
      parameters[row.modify] = row.shape == "log_types" and log_types(wanted, found) or wanted
      groups[row.group or ""] = true
    end
  end
  groups[""] = nil
  if next(groups) == nil then return parameters end
  for _, row in ipairs(self.modified) do
    local wanted = config[row.name]
    if row.group and groups[row.group] and wanted ~= nil and allowed(row, config, current) then
      parameters[row.modify] = wanted
    end
  end
  return parameters
end

-- Calls of their own ------------------------------------------------------------------------

--- Goes through the settings with a call of their own of which something is missing: the row, and that part.
---@param config table
---@param seen { raw: table }
---@return fun(): integer?, table?, any
function Settings:missing(config, seen)
  local current, i = self:current(seen.raw), 0
  return function()
    while i < #self.called do
      i = i + 1
      local row = self.called[i]
      local call, wanted = calls[row.call], config[row.name]
      local part = wanted ~= nil and kept(row, config) and call.missing(wanted, current[row.name], seen)
      if part then return i, row, part end
    end
  end
end

return settings
