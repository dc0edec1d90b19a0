--- What instances and clusters have in common: who holds which name, what Describe shows, and the changes of status.
---
--- A resource is { kind, rid, name, status, fields (Describe's shape, without what is derived), pending (a list of
--- changes), pending_name, visible, plan (counts what it began: see sandbox:later), history }.

local errors = require "trapheus.sandbox.errors"
local names = require "trapheus.sandbox.names"
local statuses = require "trapheus.sandbox.statuses"
local versions = require "trapheus.sandbox.versions"

local resources = {}

---@class trapheus.sandbox.Kind
---@field list string Of the sandbox: all there ever were
---@field names string Of the sandbox: who holds a name
---@field reserved string Of the sandbox: names that cannot be taken although nobody holds them
---@field arn string As an ARN calls it
---@field identifier string The parameter, and the field of Describe
---@field resource_id string The field of Describe
---@field prefix string Of a resource id
---@field event string The SourceType of its events
---@field ready table<string, boolean> The states in which it takes a change
---@field codes { absent: string, exists: string, state: string, status: integer|nil }
---@field words { absent: string, exists: string, state: string } Messages, with %s for the name
---@field view fun(sb: table, resource: table, name: string|nil): table What Describe shows, once everybody can see it
---@field related fun(sb: table, resource: table): table[] What shows something of it

--- What is to be applied later, as PendingModifiedValues shows it.
---@param resource table
---@return table values
function resources.pending(resource)
  local values = { [resource.kind.identifier] = resource.pending_name }
  for _, change in ipairs(resource.pending) do
    local setting, value = change.setting, change.value
    if setting.pending_shape then value = setting.pending_shape(value) end
    if setting.when == "pending" then values[setting.pending or setting.field] = value end
  end
  return values
end

--- Records what it shows now, and gives that: nil for what answers to no name.
local function push(sb, resource)
  local views = {}
  for i, name in ipairs(resource.visible or { resource.name }) do views[i] = resource.kind.view(sb, resource, name) end
  versions.push(resource.history, sb.now, views)
  return views[1]
end

--- Makes a change of a resource the committed truth.
---@param sb table
---@param resource table
---@param visible string[]|nil The names it answers to; its own unless given.
---@return table|nil view What it shows from now on: for reading, as who asks for it is given the same.
function resources.commit(sb, resource, visible)
  resource.visible = visible
  resource.hidden = visible and #visible == 0
  local view = push(sb, resource)
  for _, other in ipairs(resource.kind.related(sb, resource)) do
    if not other.gone then push(sb, other) end
  end
  sb:committed()
  return view
end

--- Makes a change the committed truth, whatever names it answers to.
---@param sb table
---@param resource table
function resources.touch(sb, resource)
  if not resource.gone then resources.commit(sb, resource, resource.visible) end
end

--- Brings a new one into the world.
---@param sb table
---@param kind trapheus.sandbox.Kind
---@param name string Checked and free.
---@param status string
---@param fields table
---@return table resource
function resources.create(sb, kind, name, status, fields)
  local resource = {
    kind = kind, rid = fields[kind.resource_id] or names.resource_id(sb, kind.prefix), name = name, status = status,
    fields = fields, pending = {}, plan = 0, history = {}, creating = status == "creating",
  }
  fields[kind.resource_id] = resource.rid
  table.insert(sb[kind.list], resource)
  sb[kind.names][name], sb.target = resource, resource.rid
  return resource
end

--- It is gone: nothing answers to its name any more.
---@param sb table
---@param resource table
function resources.vanish(sb, resource)
  sb[resource.kind.names][resource.name] = nil
  resource.gone = true
  versions.push(resource.history, sb.now, {})
  for _, other in ipairs(resource.kind.related(sb, resource)) do resources.touch(sb, other) end
end

---@param sb table
---@param kind trapheus.sandbox.Kind
---@param text string|nil An identifier or an ARN.
---@return table resource
function resources.find(sb, kind, text)
  if type(text) ~= "string" then
    errors.refuse("MissingParameter", ("The request must contain the parameter %s."):format(kind.identifier))
  end
  local resource = sb[kind.names][names.from(text, kind.arn)]
  if not resource or resource.hidden then errors.refuse(kind.codes.absent, kind.words.absent:format(text)) end
  sb.target = resource.rid
  return resource
end

--- Refuses a name that somebody holds, or is about to.
---@param sb table
---@param kind trapheus.sandbox.Kind
---@param name string
function resources.require_free(sb, kind, name)
  if sb[kind.reserved][name] and sb.knobs.reserved_name_state == 1 then
    errors.refuse(kind.codes.state, kind.words.state:format(name))
  elseif sb[kind.names][name] or sb[kind.reserved][name] then
    errors.refuse(kind.codes.exists, kind.words.exists:format(name))
  end
end

---@param sb table
---@param resource table
function resources.require_ready(sb, resource)
  local kind = resource.kind
  local tolerated = resource.status == "backing-up" and sb.knobs.modify_in_backing_up == 1
    or statuses.terminal[resource.status] and sb.knobs.modify_in_terminal == 1
  if (kind.ready[resource.status] or tolerated) and not resource.busy then return end
  errors.refuse(kind.codes.state, kind.words.state:format(resource.name))
end

---@param sb table
---@param resource table
---@param status string
function resources.become(sb, resource, status)
  resource.status = status
  resources.commit(sb, resource)
end

--- Begins something that nothing planned earlier may disturb.
---@param resource table
---@param busy boolean|nil It refuses further changes, though it may still show `available`.
function resources.begin(resource, busy)
  resource.plan = resource.plan + 1
  resource.busy = busy
end

---@param sb table
---@param resource table
function resources.settle(sb, resource)
  resource.busy = nil
  resources.become(sb, resource, "available")
end

--- Shows another status for a while.
---@param sb table
---@param resource table
---@param status string
---@param seconds number|nil For good, without it.
function resources.excursion(sb, resource, status, seconds)
  resources.begin(resource)
  resources.become(sb, resource, status)
  if seconds then sb:later(seconds, function() resources.settle(sb, resource) end, resource) end
end

return resources
