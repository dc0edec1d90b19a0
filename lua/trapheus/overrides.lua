--- Settings that the user wants otherwise (--set Key=Value), or whose difference the user accepts (--ignore-diff Key).
--- Names are those of the tables; the type of a value is the service model's.
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local nearest = require "trapheus.nearest"
local rules = require "trapheus.settings.rules"

local overrides = {}

local OUTPUT = { instance = "DBInstance", cluster = "DBCluster", member = "DBInstance" }

---@class trapheus.Override     Plain data, in run.options.set.
---@field part string?          the member that is meant; nil: the database itself
---@field name string
---@field text string           as it was given

local function row_of(kind, name)
  for _, row in ipairs(require("trapheus.settings." .. kind)) do
    if row.name == name then return row end
  end
end

-- Values --------------------------------------------------------------------------------------

-- The type of what a path leads to.
local function type_at(kind, path)
  local rds = model.load "rds"
  local shape = OUTPUT[kind]
  for step in path:gmatch "[^.]+" do
    shape = rds.shapes[shape].members[step:match "^[^%[]+"].shape
    if step:find "%[%]$" then shape = rds.shapes[shape].member.shape end
  end
  return rds.shapes[shape].type
end

local OF_SHAPE = { set = "list", log_types = "list", regions = "list", records = "json", record = "json",
  switch = "boolean", present = "boolean", locked = "string" }

local function type_of(kind, row)
  return OF_SHAPE[row.shape or ""] or type_at(kind, row.path)
end

local read = {}

function read.string(text)
  if text == "" then return nil, "a value is expected" end
  return text
end

function read.integer(text)
  local number = math.tointeger(tonumber(text))
  if not number then return nil, "a whole number is expected" end
  return number
end

read.long = read.integer

function read.boolean(text)
  if text ~= "true" and text ~= "false" then return nil, "true or false is expected" end
  return text == "true"
end

function read.list(text)
  local list = {}
  for element in text:gmatch "[^,%s]+" do list[#list + 1] = element end
  if #list == 0 then return nil, "a list with commas is expected" end
  table.sort(list)
  return list
end

-- What stands in a list of objects and is no field of the row.
local function unknown_field(elements, row)
  local known = {}
  for _, field in ipairs(row.fields) do known[field] = true end
  for _, element in ipairs(elements) do
    if type(element) ~= "table" then return tostring(element) end
    for field in pairs(element) do
      if not known[field] then return field end
    end
  end
end

function read.json(text, row)
  local ok, value = pcall(json.decode, text)
  local is_list = ok and type(value) == "table" and json.is_list(value)
  if not ok or type(value) ~= "table" or is_list ~= (row.shape == "records") then
    return nil, ("JSON is expected: %s of %s"):format(row.shape == "records" and "a list of objects" or "an object",
      table.concat(row.fields, ", "))
  end
  local odd = unknown_field(is_list and value or { value }, row)
  if odd then return nil, ("unknown field %s: %s are known"):format(odd, table.concat(row.fields, ", ")) end
  return value
end

--- The value of a setting, from text. nil, why.
---@param kind "instance"|"cluster"|"member"
---@param row table
---@param text string
---@return any value
---@return string? why
function overrides.value(kind, row, text)
  local reader = read[type_of(kind, row)] or read.string
  return reader(text, row)
end

-- What the command line says --------------------------------------------------------------------------

-- The tables in which a name may be looked for.
local function tables_for(part, kind)
  if part then return { "member" } end
  return kind and { kind } or { "instance", "cluster" }
end

local function unknown(name, kinds)
  if kinds[1] == "cluster" and not kinds[2] and row_of("member", name) then
    return ("it is a setting of each member: MEMBER.%s"):format(name)
  end
  local names = {}
  for _, kind in ipairs(kinds) do
    for _, row in ipairs(require("trapheus.settings." .. kind)) do names[row.name] = true end
  end
  local near = nearest(name, names)
  return ("there is no setting '%s'%s; trapheus settings --table lists them"):format(name,
    near and (", did you mean %s?"):format(near) or "")
end

--- "DBInstanceClass", or "orders-2.DBInstanceClass" of a member.
---@param text string
---@return string? part
---@return string name
function overrides.split(text)
  local part, name = text:match "^(%a[%w-]*)%.(.+)$"
  return part and part:lower(), name or text
end

--- Checks the name of a setting. nil when there is one, or why not.
---@param text string
---@param kind "instance"|"cluster"|nil  nil: it is not known yet
---@return string? why
function overrides.check_name(text, kind)
  local part, name = overrides.split(text)
  local kinds = tables_for(part, kind)
  for _, each in ipairs(kinds) do
    if row_of(each, name) then return nil end
  end
  return unknown(name, kinds)
end

-- Why a setting cannot be given a value.
local function not_settable(row)
  if row.cannot then return row.cannot end
  if row.inherited then return "it lies in the snapshot, and nothing sets it" end
  if row.with == "handover" or row.call == "CreateDBInstance" then return "it is moved over as it is" end
end

--- Reads one "Key=Value". nil, why.
---@param text string
---@param kind "instance"|"cluster"|nil
---@return trapheus.Override?
---@return string? why
function overrides.parse(text, kind)
  local key, value = text:match "^([^=]+)=(.*)$"
  if not key then return nil, "Key=Value is expected" end
  local part, name = overrides.split(key)
  local why = overrides.check_name(key, kind)
  for _, each in ipairs(why and {} or tables_for(part, kind)) do
    local row = row_of(each, name)
    if row then
      local ok
      why = not_settable(row)
      if why then return nil, ("%s cannot be set: %s"):format(name, why) end
      ok, why = overrides.value(each, row, value)
      if ok ~= nil then return { part = part, name = name, text = value } end
    end
  end
  return nil, why
end

-- What a run makes of it -----------------------------------------------------------------------------------

---@class trapheus.Overridden  Plain data, in run.facts.overridden.
---@field name string
---@field value any
---@field was any

-- The configuration that is meant, and its table; nil: there is no such member.
local function config_of(run, part)
  for _, member in ipairs(part and run.facts.original.members or {}) do -- first: one may be named as the whole is
    if member.name == part then return member.config, "member" end
  end
  if not part or part == run.identifier then return run.facts.config, run.record.kind end
end

local function no_member(run, part)
  local names = {}
  for i, member in ipairs(run.facts.original.members or {}) do names[i] = member.name end
  return ("%s has no member %s%s"):format(run.identifier, part,
    names[1] and ": its members are " .. table.concat(names, ", ") or "")
end

local function apply(run, override)
  local config, kind = config_of(run, override.part)
  if not config then return nil, no_member(run, override.part) end
  local row = row_of(kind, override.name)
  if not row then return nil, unknown(override.name, { kind }) end
  local value, why = overrides.value(kind, row, override.text)
  if value == nil then return nil, why end
  local name = (kind == "member" and override.part .. "." or "") .. override.name
  local was = config[override.name]
  config[override.name] = value
  return { name = name, value = value, was = was }, nil, row, config
end

local function full_name(override) return (override.part and override.part .. "." or "") .. override.name end

-- What --ignore-diff names and the database does not have, once it is known what that is.
local function check_ignored(run, problems)
  for _, text in ipairs(run.options.ignore_diff or {}) do
    local part, name = overrides.split(text)
    local config, kind = config_of(run, part)
    local of_all = not part and kind == "cluster" and row_of("member", name) -- without a part: of whatever has it
    local why = not config and no_member(run, part) or not (of_all or row_of(kind, name)) and unknown(name, { kind })
    if why then problems[#problems + 1] = ("--ignore-diff %s: %s"):format(text, why) end
  end
end

--- Puts what was asked for in the place of what was captured. Why not, of each that cannot be.
---@param run trapheus.Run
---@return string[] problems
function overrides.apply(run)
  local problems, done = {}, {}
  run.facts.overridden = {}
  for _, override in ipairs(run.options.set or {}) do
    local overridden, why, row, config = apply(run, override)
    if overridden then
      table.insert(run.facts.overridden, overridden)
      done[#done + 1] = { override = override, row = row, config = config }
    else
      problems[#problems + 1] = ("--set %s: %s"):format(full_name(override), why)
    end
  end
  for _, each in ipairs(done) do -- once all are there, as they may depend on each other
    local rule = each.row.when and rules[each.row.when]
    if rule and not rule.holds(each.config) and not rule.holds(each.config, {}) then
      problems[#problems + 1] = ("--set %s: it would not be sent: %s"):format(full_name(each.override), rule.source)
    end
  end
  check_ignored(run, problems)
  return problems
end

return overrides
