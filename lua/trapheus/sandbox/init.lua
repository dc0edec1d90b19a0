--- An honest RDS of our own: instances, clusters and snapshots with AWS's names, states, errors and unkind defaults;
--- with STS, SES, SNS and webhooks beside it.
---
--- It never waits. The clock is given; at each call everything that was due by then happens first, in time order.
--- Identity is the resource id: names, ARNs and endpoints follow a rename, and a restored instance is another one.

local calls = require "trapheus.sandbox.calls"
local delivery = require "trapheus.sandbox.delivery"
local heap = require "trapheus.heap"
local cluster_api = require "trapheus.sandbox.cluster_api"
local happenings = require "trapheus.sandbox.happenings"
local instance_snapshots = require "trapheus.sandbox.instance_snapshots"
local instances = require "trapheus.sandbox.instances"
local knobs = require "trapheus.sandbox.knobs"
local known = require "trapheus.sandbox.known"
local names = require "trapheus.sandbox.names"
local pending = require "trapheus.sandbox.pending"
local random = require "trapheus.sandbox.random"
local resources = require "trapheus.sandbox.resources"
local snapshots = require "trapheus.sandbox.snapshots"
local template = require "trapheus.sandbox.template"
local transport = require "trapheus.sandbox.transport"
local weather = require "trapheus.sandbox.weather"

---@class trapheus.Sandbox
---@field audit table[] Every call: at_ms, service, operation, params, outcome, committed, by, fault, late,
---                     target (the resource id or the snapshot's serial number that the call was about)
---@field mail table[] What SES was asked to send
---@field published table[] What SNS was asked to publish: at_ms, and the parameters
---@field webhooks table[] What was posted: at_ms, url, body
---@field failed_modifications integer In the background: what is true, whether or not there is an event for it
---@field on_commit fun(sb: trapheus.Sandbox)|nil Called after each change of committed truth
---@field on_happening fun(fault: trapheus.sandbox.Fault)|nil Called when a fault that has a time happens
local sandbox = {}
sandbox.__index = sandbox
for name, method in pairs(cluster_api) do sandbox[name] = method end

---@class trapheus.sandbox.Options
---@field now_ms fun(): number The current time, ms since the epoch
---@field seed? integer
---@field account? string
---@field region? string
---@field preset? "quick"|"typical"|"adversarial"
---@field knobs? table<string, number|number[]> See trapheus.sandbox.knobs

-- The most that is drawn from a knob of that value.
local function most(value) return type(value) == "number" and value or value[2] end

---@param options trapheus.sandbox.Options
---@return trapheus.Sandbox
function sandbox.new(options)
  local sb = setmetatable({
    clock = options.now_ms, seed = options.seed or 1, account = options.account or "123456789012",
    region = options.region or "us-east-1", knobs = knobs.values(options.preset or "typical", options.knobs),
    schedule = heap.new(), streams = {}, faults = {}, counts = {}, audit = {}, mail = {}, webhooks = {},
    instances = {}, names = {}, reserved = {}, snapshots = {}, snapshot_names = {}, snapshot_count = 0, events = {},
    retained_backups = {}, clusters = {}, cluster_names = {}, cluster_reserved = {}, cluster_snapshots = {},
    cluster_snapshot_names = {}, retained_cluster_backups = {}, endpoints = {}, endpoint_names = {},
    exports = {}, export_names = {}, subscriptions = {}, proxies = {}, integrations = {},
    blue_green = {}, global_clusters = {}, published = {},
    lacking = { bucket = {}, role = {}, permission = {}, key = {}, topic = {} },
    replications = {}, denied = {}, awaited = {}, failed_modifications = 0,
  }, sandbox)
  sb.now = math.floor(sb.clock())
  sb.stalest_s = math.max(most(sb.knobs.stale_s), most(sb.knobs.list_stale_s))
  sb.host_label = names.host_label(sb)
  sb.begun_ms, sb.offset_s, sb.drift = sb.now, sb:draw "clock_offset_s" // 1 | 0, sb:draw "clock_drift_ppm" / 1e6
  sb:renew_credentials()
  template.provision(sb)
  weather.begin(sb)
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

--- Draws from a knob: a number stands for itself, { low, high } for the interval.
---@param knob string
---@return number
function sandbox:draw(knob)
  local value = self.knobs[knob] or error("no such knob: " .. knob, 2)
  if type(value) == "number" then return value end
  return value[1] + (self.streams[knob] or self:stream(knob)):unit() * (value[2] - value[1])
end

--- Does it happen, this time? A knob that is a percentage says how often.
---@param knob string
---@return boolean
function sandbox:chance(knob)
  local percent = self.knobs[knob]
  return percent == 100 or percent ~= 0 and self:stream(knob):unit() * 100 < self:draw(knob)
end

--- How far the server's clock is ahead of the client's.
---@return number seconds
function sandbox:ahead_s()
  return self.offset_s + (self.now - self.begun_ms) * self.drift // 1 / 1000
end

--- The present as AWS gives it, by its own clock: seconds since the epoch, an integer when whole.
---@return number
function sandbox:seconds()
  local now = self.now
  local seconds = now / 1000 + (self.offset_s + (now - self.begun_ms) * self.drift // 1 / 1000) -- ahead_s, written out
  local whole = seconds // 1
  return whole == seconds and whole | 0 or seconds
end

--- Gives the client credentials that are good for as long as temporary ones are.
function sandbox:renew_credentials()
  local life_s = self:draw "credentials_s"
  self.credentials, self.credentials_end_ms = "valid", life_s > 0 and self.now + life_s * 1000 // 1 or nil
end

--- Sets the server's clock forward, or back, against the client's.
---@param seconds number
function sandbox:shift_clock(seconds)
  self.offset_s = self.offset_s + seconds
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
  local now, schedule = self.clock() // 1 | 0, self.schedule
  while true do
    local action, due = schedule:peek()
    if not due or due > now then break end
    schedule:pop()
    self.now = due
    action()
  end
  self.now = now
  self.advancing = false
end

--- Tells that committed truth has changed.
function sandbox:committed()
  self.changes = (self.changes or 0) + 1
  if self.on_commit then self.on_commit(self) end
end

--- One call of an AWS service: AWS's own shapes in and out, times in seconds since the epoch. A result is for
--- reading: it is shared with the next look at the same object.
---@param service "rds"|"sts"|"ses"
---@param operation string
---@param params table|nil
---@param region string|nil The Region whose endpoint is called, if not the sandbox's own.
---@return table|nil result
---@return { code: string, message: string, status: integer|nil }|nil err
function sandbox:call(service, operation, params, region)
  self:advance()
  local result, err, arriving = self:serve(service, operation, params or {}, nil, region)
  return delivery.tables(arriving, { service = service, operation = operation }, result, err)
end

--- The same as the service sees it at the time that the sandbox has advanced to: what it answers, and what then
--- becomes of the answer on its way.
---@param service string
---@param operation string
---@param params table
---@param signed_at_s number|nil  By the client's clock; without it nobody looks.
---@param region string|nil
---@return table|nil result
---@return table|nil err
---@return trapheus.sandbox.Delivery|nil arriving
function sandbox:serve(service, operation, params, signed_at_s, region)
  return calls.serve(self, service, operation, params, signed_at_s, region)
end

--- A call by somebody else: no fault meets it, and the audit says so.
---@param operation string
---@param params table
---@return table|nil result
---@return table|nil err
function sandbox:operator(operation, params)
  self:advance()
  return calls.by_operator(self, operation, params)
end

--- An instance or a cluster by its name; an instance, where both have it.
local function holder(sb, name)
  return sb.names[name:lower()] or sb.cluster_names[name:lower()] or error("there is no " .. name, 3)
end

--- Lets exist what a setting names: a group, a certificate.
---@param setting string
---@param value any
function sandbox:learn(setting, value) known(self, setting, value) end

--- Somebody writes to a database: an instance, a cluster, or a cluster by one of its members.
---@param name string
---@param count integer|nil
function sandbox:write(name, count)
  self:advance()
  local found = holder(self, name)
  local volume = found.cluster or found
  volume.data_version = volume.data_version + (count or 1)
end

--- RDS itself does something to an instance or a cluster: a backup in its window, maintenance, a failover.
--- What passes does not begin while something else goes on; what is for good ends whatever goes on.
---@param name string
---@param status string
---@param seconds number|nil Without it, for good.
---@return boolean happened
function sandbox:disturb(name, status, seconds)
  self:advance()
  local resource = holder(self, name)
  if seconds and (resource.busy or resource.creating) then return false end
  if resource.pending_name then
    self[resource.kind.reserved][resource.pending_name], resource.pending_name = nil, nil
  end
  resources.excursion(self, resource, status, seconds)
  return true
end

local function add_instance(sb, fields, described)
  sb:advance()
  local instance = template.add_instance(sb, fields, described)
  pending.take(sb, instance, fields.PendingModifiedValues)
  return instances.truth(sb, instance)
end

---@param fields table Describe's shape; what is not given is that of a production PostgreSQL
---@return table truth
function sandbox:add_instance(fields) return add_instance(self, fields) end

--- An instance exactly as DescribeDBInstances gave it, of any engine.
---@param raw table
---@return table truth
function sandbox:add_described(raw) return add_instance(self, raw, true) end

---@param fields table Describe's shape; DBSnapshotIdentifier and DBInstanceIdentifier are needed
---@return table truth
function sandbox:add_snapshot(fields)
  self:advance()
  return snapshots.truth(instance_snapshots.add(self, fields))
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

---@param resource_id string Of an instance or a cluster
---@return table|nil truth
function sandbox:by_resource_id(resource_id)
  self:advance()
  for _, instance in ipairs(self.instances) do
    if instance.rid == resource_id and not instance.gone then return instances.truth(self, instance) end
  end
  return self:cluster_by_resource_id(resource_id)
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

--- A snapshot exactly as DescribeDBSnapshots gave it.
---@param raw table
---@return table truth
function sandbox:add_described_snapshot(raw)
  self:advance()
  return snapshots.truth(instance_snapshots.add(self, raw, true))
end

--- Does it know the operation?
---@param service "rds"|"sts"|"ses"
---@param operation string
---@return boolean
function sandbox.serves(service, operation) return calls.serves(service, operation) end

---@param list trapheus.sandbox.Fault[]
--- Adds to the plan of faults. Times are from now on.
---@param list (string|trapheus.sandbox.Fault)[]  See trapheus.sandbox.fault_plan.
function sandbox:inject(list)
  local plan, problem = require("trapheus.sandbox.fault_plan").check(list)
  if not plan then error(problem, 2) end
  for _, fault in ipairs(plan) do
    if fault.at_s then
      self.awaited[#self.awaited + 1] = fault
      self:at(fault.at_s, function()
        if self.on_happening then self.on_happening(fault) end
        happenings.happen(self, fault)
      end)
    else
      self.faults[#self.faults + 1] = fault
    end
  end
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

---@param options trapheus.sandbox.TransportOptions|nil
---@return trapheus.sandbox.Transport
function sandbox:transport(options)
  return transport.new(self, options)
end

return sandbox
