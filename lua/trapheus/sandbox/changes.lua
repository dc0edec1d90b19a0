--- Changes of a resource's settings: which are any, what waits in PendingModifiedValues, what takes a while.

local events = require "trapheus.sandbox.events"
local rename = require "trapheus.sandbox.rename"
local resources = require "trapheus.sandbox.resources"
local secrets = require "trapheus.sandbox.secrets"
local settings = require "trapheus.sandbox.settings"
local tables = require "trapheus.sandbox.tables"
local template = require "trapheus.sandbox.template"

local changes = {}

---@class trapheus.sandbox.Way How the settings of a kind of resource are changed
---@field what string For events
---@field rows trapheus.sandbox.Setting[]
---@field attached fun(resource: table) Another parameter group has been written, and is to be applied
---@field settle fun(sb: table, resource: table, list: table[]|nil) Ends work in the background; nil: it failed

--- Writes a setting into fields that are nobody's. Does that make a difference? One without a shape is one field.
local function differs(sb, fields, setting, value)
  local field = setting.field
  local before = setting.shape and tables.shallow(fields) or fields[field]
  if setting.shape then fields[field] = tables.copy(fields[field]) end
  settings.write(sb, fields, setting, value)
  return not tables.same(setting.shape and fields or fields[field], before)
end

--- Gives the changes that are changes, in the order of the settings, each after those before it.
local function differences(sb, resource, rows, params)
  local list, fields = {}, tables.shallow(resource.fields)
  for _, setting in ipairs(rows) do
    local value = params[setting.modify or false]
    if value ~= nil and differs(sb, fields, setting, value) then
      list[#list + 1] = { setting = setting, value = value }
    end
  end
  return list
end

--- The changes by the time at which they are made.
local function by_time(list)
  local kinds = { now = {}, soon = {}, pending = {}, parameter_group = {} }
  for _, change in ipairs(list) do table.insert(kinds[change.setting.when], change) end
  return kinds
end

--- Writes changes into the fields.
local function write(sb, resource, list)
  for _, change in ipairs(list) do settings.write(sb, resource.fields, change.setting, change.value) end
  template.storage_baseline(resource.fields)
end

--- Puts changes among the pending ones, each in the place of an earlier one of the same setting.
local function put_off(resource, list)
  for _, change in ipairs(list) do
    local place = #resource.pending + 1
    for i, earlier in ipairs(resource.pending) do
      if earlier.setting == change.setting then place = i end
    end
    resource.pending[place] = change
  end
end

--- What is done now: everything pending as well, if it applies immediately.
local function due(resource, kinds, immediately)
  local list = {}
  for _, change in ipairs(kinds.soon) do list[#list + 1] = change end
  for _, change in ipairs(resource.pending) do
    if immediately or change.setting.always then list[#list + 1] = change end
  end
  return list
end

local function label(list)
  for _, change in ipairs(list) do
    if change.setting.label then return change.setting.label end
  end
  return "modifying"
end

local function finish(sb, resource, list, way, failed)
  if not failed then write(sb, resource, list) end
  resource.pending = {}
  way.settle(sb, resource, not failed and list or nil)
  secrets.settle(sb, resource)
  if failed then
    sb.failed_modifications = sb.failed_modifications + 1
    return events.failure(sb, resource.kind.event, resource.name, ("Unable to modify the %s."):format(way.what))
  end
  events.add(sb, resource.kind.event, resource.name, "configuration change",
    ("Finished applying modification to the %s."):format(way.what))
end

--- Does in the background what takes a while.
local function work(sb, resource, list, way, fault)
  resources.begin(resource, true)
  local lag = sb:draw "modify_lag_s"
  sb:later(lag, function() resources.become(sb, resource, label(list)) end, resource)
  if fault.kind == "stuck" then return end
  local fails = fault.kind == "background_failure" or sb:chance "modify_fails_percent"
  sb:later(lag + sb:draw "modify_s", function()
    finish(sb, resource, list, way, fails)
  end, resource)
end

--- Makes the changes that a modify asks for, each when it is time for it; a rename takes everything along.
---@param sb table
---@param resource table
---@param params table
---@param target string|nil The name it is to have.
---@param way trapheus.sandbox.Way
---@param fault table
function changes.carry_out(sb, resource, params, target, way, fault)
  local kinds = by_time(differences(sb, resource, way.rows, params))
  write(sb, resource, kinds.now)
  write(sb, resource, kinds.parameter_group)
  if #kinds.parameter_group > 0 then way.attached(resource) end
  put_off(resource, kinds.pending)
  resource.pending_name = target
  local list = due(resource, kinds, params.ApplyImmediately)
  if target == resource.name then
    resource.pending_name = nil
    if params.ApplyImmediately then rename.to_itself(sb, resource) end
  elseif target and params.ApplyImmediately then
    rename.begin(sb, resource, target, fault, function()
      write(sb, resource, list)
      resource.pending = {}
    end)
  elseif #list > 0 or #kinds.parameter_group > 0 then
    work(sb, resource, list, way, fault)
  end
end

return changes
