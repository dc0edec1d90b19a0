--- An honest RDS of our own: instances and snapshots with AWS's names, states, errors and unkind defaults; with
--- STS, SES and webhooks beside it.
---
--- It never waits. The clock is given; at each call everything that was due by then happens first, in time order.
--- Identity is the resource id: names, ARNs and endpoints follow a rename, and a restored instance is another one.

local heap = require "trapheus.heap"
local errors = require "trapheus.sandbox.errors"
local faults = require "trapheus.sandbox.faults"
local instances = require "trapheus.sandbox.instances"
local knobs = require "trapheus.sandbox.knobs"
local random = require "trapheus.sandbox.random"
local snapshots = require "trapheus.sandbox.snapshots"
local tables = require "trapheus.sandbox.tables"
local template = require "trapheus.sandbox.template"
local transport = require "trapheus.sandbox.transport"

local OPERATIONS = {}
for _, module in ipairs {
  "describe", "create", "modify", "reboot", "restore", "delete", "snapshots", "tags", "roles", "events", "catalog",
  "others",
} do
  local served = require("trapheus.sandbox." .. module).operations
  for service, operations in pairs(served) do
    OPERATIONS[service] = OPERATIONS[service] or {}
    for name, operation in pairs(operations) do OPERATIONS[service][name] = operation end
  end
end

---@class trapheus.Sandbox
---@field audit table[] Every call: at_ms, service, operation, params, outcome, committed, by, fault, late,
---                     target (the resource id or the snapshot's serial number that the call was about)
---@field mail table[] What SES was asked to send
---@field webhooks table[] What was posted: at_ms, url, body
---@field on_commit fun(sb: trapheus.Sandbox)|nil Called after each change of committed truth
local sandbox = {}
sandbox.__index = sandbox

---@class trapheus.sandbox.Options
---@field now_ms fun(): number The current time, ms since the epoch
---@field seed? integer
---@field account? string
---@field region? string
---@field preset? "optimistic"|"default"|"adversarial"
---@field knobs? table<string, number|number[]> See trapheus.sandbox.knobs

---@param options trapheus.sandbox.Options
---@return trapheus.Sandbox
function sandbox.new(options)
  local sb = setmetatable({
    clock = options.now_ms, seed = options.seed or 1, account = options.account or "123456789012",
    region = options.region or "us-east-1", knobs = knobs.values(options.preset or "default", options.knobs),
    schedule = heap.new(), streams = {}, faults = {}, counts = {}, audit = {}, mail = {}, webhooks = {},
    instances = {}, names = {}, reserved = {}, snapshots = {}, snapshot_names = {}, events = {},
    retained_backups = {},
  }, sandbox)
  sb.now = math.floor(sb.clock())
  sb.host_label = "c" .. sb:stream("host_label"):text(11, "abcdefghijklmnopqrstuvwxyz0123456789")
  template.provision(sb)
  return sb
end

--- The stream of random numbers for one purpose.
---@param purpose string
---@return table
function sandbox:stream(purpose)
  local stream = self.streams[purpose]
  if not stream then
    stream = random.new(self.seed, purpose)
    self.streams[purpose] = stream
  end
  return stream
end

---@param knob string
---@return number
function sandbox:draw(knob)
  return self:stream(knob):draw(assert(self.knobs[knob], knob))
end

--- The present as AWS gives it: seconds since the epoch, an integer when whole.
---@return number
function sandbox:seconds()
  local seconds = self.now / 1000
  return math.tointeger(seconds) or seconds
end

--- Plans an action. The action of an object that has meanwhile begun something else does not happen.
---@param seconds number
---@param action fun()
---@param object table|nil
function sandbox:later(seconds, action, object)
  local plan = object and object.plan
  self.schedule:push(self.now + math.floor(seconds * 1000), function()
    if not object or object.plan == plan and not object.gone then action() end
  end)
end

--- Lets happen what is due by now.
function sandbox:advance()
  if self.advancing then return end -- an operator's action calls: its time is that of its event
  self.advancing = true
  local now = math.floor(self.clock())
  while true do
    local action, due = self.schedule:peek()
    if not due or due > now then break end
    self.schedule:pop()
    self.now = due
    action()
  end
  self.now = now
  self.advancing = false
end

---@return number|nil at_ms When something will next happen by itself.
function sandbox:next_ms()
  local _, due = self.schedule:peek()
  return due
end

--- Tells that committed truth has changed.
function sandbox:committed()
  self.changes = (self.changes or 0) + 1
  if self.on_commit then self.on_commit(self) end
end

--- What is known of a call afterwards: everything but passwords.
local function recorded(params)
  local copy = tables.copy(params)
  if copy.MasterUserPassword then copy.MasterUserPassword = "****" end
  return copy
end

local function record(sb, service, operation, params, by)
  local entry = {
    at_ms = sb.now, service = service, operation = operation, params = recorded(params), outcome = "ok",
    committed = false, by = by,
  }
  sb.audit[#sb.audit + 1] = entry
  return entry
end

--- Executes, whatever the client will learn of it. Notes in the entry whether anything was changed.
local function execute(sb, entry, params, fault)
  local operation = (OPERATIONS[entry.service] or {})[entry.operation]
  if not operation then
    return nil, errors.new("InvalidAction", ("The sandbox does not know %s."):format(entry.operation))
  end
  local before = sb.changes
  sb.target = nil
  local ok, result = pcall(operation, sb, tables.copy(params), fault or {})
  entry.committed, entry.target = sb.changes ~= before, sb.target
  if ok then return result end
  if not errors.is_refusal(result) then error(result, 0) end
  return nil, errors.new(result.code, result.message, result.status)
end

local function raise_the_dead(sb, fault, entry, params)
  sb:later(fault.delay_s, function()
    local late = record(sb, entry.service, entry.operation, params, entry.by)
    local _, err = execute(sb, late, params)
    late.late, late.outcome = true, err and err.code or "ok"
  end)
end

local function with_fault(sb, fault, entry, params)
  local kind = faults.kinds[fault.kind]
  if kind.shapes then return execute(sb, entry, params, fault) end
  if fault.kind == "zombie" then raise_the_dead(sb, fault, entry, params) end
  if kind.executes then execute(sb, entry, params) end
  return nil, kind.client(fault)
end

local function crowded(sb)
  return sb:stream("throttle"):unit() * 100 < sb.knobs.throttle_percent
end

local function answer(sb, entry, params)
  local nth = (sb.counts[entry.operation] or 0) + 1
  sb.counts[entry.operation] = nth
  local fault = faults.match(sb.faults, entry.operation, nth)
  if fault then
    entry.fault = fault.kind
    return with_fault(sb, fault, entry, params)
  end
  if entry.service == "rds" and crowded(sb) then return nil, errors.new("Throttling", "Rate exceeded") end
  return execute(sb, entry, params)
end

--- One call of an AWS service: AWS's own shapes in and out, times in seconds since the epoch. A result is for
--- reading: what lies deeper in it is shared with the next look at the same object.
---@param service "rds"|"sts"|"ses"
---@param operation string
---@param params table|nil
---@return table|nil result
---@return { code: string, message: string, status: integer|nil }|nil err
function sandbox:call(service, operation, params)
  self:advance()
  local entry = record(self, service, operation, params or {}, "client")
  local result, err = answer(self, entry, params or {})
  if err then entry.outcome = err.code end
  return result, err
end

--- A call by somebody else: no fault meets it, and the audit says so.
---@param operation string
---@param params table
---@return table|nil result
---@return table|nil err
function sandbox:operator(operation, params)
  self:advance()
  local entry = record(self, "rds", operation, params, "operator")
  local result, err = execute(self, entry, params)
  if err then entry.outcome = err.code end
  return result, err
end

--- Somebody writes to the database.
---@param name string
---@param count integer|nil
function sandbox:write(name, count)
  self:advance()
  local instance = assert(self.names[name:lower()], name)
  instance.data_version = instance.data_version + (count or 1)
end

--- RDS itself does something to an instance: a backup in its window, maintenance, a failover.
--- What passes does not begin while something else goes on; what is for good ends whatever goes on.
---@param name string
---@param status string
---@param seconds number|nil Without it, for good.
---@return boolean happened
function sandbox:disturb(name, status, seconds)
  self:advance()
  local instance = assert(self.names[name:lower()], name)
  if seconds and (instance.busy or instance.creating) then return false end
  if instance.pending_name then
    self.reserved[instance.pending_name], instance.pending_name = nil, nil
  end
  instances.excursion(self, instance, status, seconds)
  return true
end

---@param fields table Describe's shape; what is not given is that of a production PostgreSQL
---@return table truth
function sandbox:add_instance(fields)
  self:advance()
  return instances.truth(self, template.add_instance(self, fields))
end

--- An instance exactly as DescribeDBInstances gave it, of any engine.
---@param raw table
---@return table truth
function sandbox:add_described(raw)
  self:advance()
  return instances.truth(self, template.add_instance(self, raw, true))
end

---@param fields table Describe's shape; DBSnapshotIdentifier and DBInstanceIdentifier are needed
---@return table truth
function sandbox:add_snapshot(fields)
  self:advance()
  return snapshots.truth(snapshots.add(self, fields))
end

--- The instance that holds a name, as it really is: Describe's shape, with data_version (the write counter that
--- snapshots and restores copy) and restored_version (what it was restored with).
---@param name string
---@return table|nil truth
function sandbox:instance(name)
  self:advance()
  local instance = self.names[name:lower()]
  return instance and instances.truth(self, instance)
end

---@param resource_id string
---@return table|nil truth
function sandbox:by_resource_id(resource_id)
  self:advance()
  for _, instance in ipairs(self.instances) do
    if instance.rid == resource_id and not instance.gone then return instances.truth(self, instance) end
  end
end

--- The snapshot that holds a name, as it really is: Describe's shape, with data_version and serial (two snapshots
--- of one name, one after the other, have different ones).
---@param name string
---@return table|nil truth
function sandbox:snapshot(name)
  self:advance()
  local snapshot = self.snapshot_names[name:lower()]
  return snapshot and snapshots.truth(snapshot)
end

---@param list trapheus.sandbox.Fault[]
function sandbox:inject(list)
  faults.check(list)
  for _, fault in ipairs(list) do self.faults[#self.faults + 1] = fault end
end

--- No more faults.
function sandbox:heal()
  self.faults = {}
end

--- An operator's action, so many seconds from now.
---@param after_s number
---@param action fun(sb: trapheus.Sandbox)
function sandbox:at(after_s, action)
  self:later(after_s, function() action(self) end)
end

--- A webhook, recorded. A fault of the operation "webhook" meets it.
---@param url string
---@param body string
---@return true|nil ok
---@return table|nil err
function sandbox:webhook(url, body)
  return self:call("webhook", "webhook", { url = url, body = body })
end

---@return table transport See trapheus.sandbox.transport
function sandbox:transport()
  return transport.new(self)
end

return sandbox
