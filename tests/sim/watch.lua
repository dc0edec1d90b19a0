--- What the invariants see of a play: the sandbox's committed truth, everything that is sent, and what the journals
--- durably say. Never what a run believes.
local json = require "trapheus.json"
local operations = require "trapheus.operations"
local sights = require "sights"

---@class trapheus.sim.Durable    What a journal durably says of its run.
---@field run_id string
---@field verified string?        the replacement's resource id, once VERIFIED is durable
---@field step string?
---@field direction "forward"|"back"
---@field fenced boolean          the fence step has ended
---@field locked boolean          so has the lock
---@field moving boolean?
---@field outcome string?
---@field snapshot table?         pinned
---@field replacement string?     its resource id
---@field intents table<string, { operation: string, state: string, sends: integer, at_ms: integer }>

---@class trapheus.sim.Watch
---@field sb trapheus.Sandbox
---@field turned table<string, true>  runs whose mark on the original said that they are on the way back
---@field original table          { rid, name, members: table<rid, name>, protected, tags, settings }
---@field problems { invariant: string, message: string, at_ms: integer }[]
local Watch = {}
Watch.__index = Watch

local watch = {}

-- Truth ---------------------------------------------------------------------------------------

-- Notes those that have come into the world since: the sandbox keeps all that there ever were, in their order.
local function note(known, list)
  for i = (known[list] or 0) + 1, #list do
    local rid = list[i].rid
    known.by_rid[rid] = known.by_rid[rid] or {}
    table.insert(known.by_rid[rid], list[i])
  end
  known[list] = #list
end

--- Who has this resource id: an instance or cluster as the sandbox keeps it, or nil when it is gone.
---@param rid string?
---@return table?
function Watch:thing(rid)
  local known, sb = self.known, self.sb
  if known[sb.instances] ~= #sb.instances then note(known, sb.instances) end
  if known[sb.clusters] ~= #sb.clusters then note(known, sb.clusters) end
  local things = known.by_rid[rid]
  for i = 1, things and #things or 0 do
    if not things[i].gone then return things[i] end
  end
end

--- Who holds a name, by the kind of what is restored.
---@param name string
---@return table?
function Watch:holder(name)
  return (self.kind == "cluster" and self.sb.cluster_names or self.sb.names)[name]
end

--- Describe's shape of what holds a name, with data_version and restored_version.
function Watch:truth(name)
  if self.kind == "cluster" then return self.sb:cluster(name) end
  return self.sb:instance(name)
end

function Watch:snapshot(name)
  if self.kind == "cluster" then return self.sb:cluster_snapshot(name) end
  return self.sb:snapshot(name)
end

--- What a call that makes something has made: the resource id or the serial number.
---@param entry table  of the audit
function Watch:made(entry)
  local cluster, name = entry.params.DBClusterIdentifier, entry.params.DBInstanceIdentifier
  if entry.operation:find "^Create.*Snapshot$" then return self:newest_serial(entry.params) end
  local names = entry.operation == "RestoreDBClusterFromSnapshot" and self.sb.cluster_names or self.sb.names
  local holder = names[name or cluster]
  return holder and holder.rid or entry.target
end

--- The serial number of the newest snapshot that was made with these parameters.
---@param params table
---@return integer?
function Watch:newest_serial(params)
  local list = self.kind == "cluster" and self.sb.cluster_snapshots or self.sb.snapshots
  local name = params.DBClusterSnapshotIdentifier or params.DBSnapshotIdentifier
  for i = #list, 1, -1 do
    if list[i].name == name then return list[i].serial end
  end
end

-- Telling -------------------------------------------------------------------------------------

---@param invariant string
---@param message string
function Watch:report(invariant, message)
  local key = invariant .. message
  if self.said[key] then return end
  self.said[key] = true
  table.insert(self.problems, { invariant = invariant, message = message, at_ms = self.sb.clock() // 1 })
end

-- Runs the checks of one moment.
local function check(self, moment, ...)
  local list = self.invariants[moment]
  for i = 1, #list do
    local invariant = list[i]
    local problem = invariant.check(self, ...)
    if problem then self:report(invariant.name, problem) end
  end
end

-- Watching ------------------------------------------------------------------------------------

local function is_mutation(call) return call.service == "rds" and operations[call.operation] ~= nil end

-- The sendings of this very mutation by one run, whatever its host.
local function sendings(self, run_id, call)
  local key = run_id .. call.operation .. json.encode(call.params)
  local sent = self.by_call[key]
  if not sent then
    sent = { run_id = run_id, operation = call.operation, params = call.params, times = {} }
    self.sent[#self.sent + 1], self.by_call[key] = sent, sent
  end
  return sent
end

local looks = {} -- by operation

local function is_look(operation)
  if looks[operation] == nil then looks[operation] = operation:find "^Describe" ~= nil end
  return looks[operation]
end

--- A call is about to leave a process.
function Watch:sending(host, call)
  self.sender = host
  self.requests[#self.requests + 1] = self.sb.clock()
  if not is_mutation(call) then return end
  local sent = sendings(self, host.run.id, call)
  self.last = { at_ms = self.sb.clock() }
  table.insert(sent.times, self.last)
  check(self, "sending", host, call, sent)
end

--- It has been answered, or not.
function Watch:answered(host, call, err, result)
  self.sender = nil
  if is_look(call.operation) then sights.shown(self, host, result, err) end
  if not is_mutation(call) then return end
  self.last.ambiguous = type(err) == "table" and err.ambiguous or nil
  self.last.ended_ms = self.sb.clock()
end

-- Have the fence and the lock ended? The fence is not up any more when it was undone.
local function ended(record)
  local fenced, locked = false, false
  for _, step in ipairs(record.steps) do
    local name = step.outcome == "done" and step.name
    fenced, locked = (fenced or name == "fence") and name ~= "undo fence", locked or name == "lock"
  end
  return fenced, locked
end

local INTENT = { "operation", "state", "sends", "at_ms" }

-- What a journal says of an intent; the same table as before, where it says the same.
local function durable_intent(intent, before)
  local same = before ~= nil and before.name == intent.target.name
  for i = 1, same and #INTENT or 0 do same = same and before[INTENT[i]] == intent[INTENT[i]] end
  if same then return before end
  return { operation = intent.operation, state = intent.state, sends = intent.sends, at_ms = intent.at_ms,
    name = intent.target.name }
end

local NOTHING = { intents = {} }

-- The version of the data in the snapshot that is pinned, looked up while it is certainly there. Of rivals that of the
-- run that moves the original counts, which is none that is on its way back.
local function pin(self, host, record)
  local facts, pinned = record.facts, record.facts.snapshot
  if not pinned then return end
  if not self.pins[host.name] then
    local truth = self:snapshot(pinned.name)
    self.pins[host.name] = truth and { name = pinned.name, version = truth.data_version, serial = truth.serial,
      source = truth.DbiResourceId or truth.DbClusterResourceId }
  end
  if facts.moving and record.direction == "forward" or not self.pinned then self.pinned = self.pins[host.name] end
end

-- A mark on the original that says that its run is on the way back: it has said so to all.
local function turned(self)
  local original = self:thing(self.original.rid)
  local list = original and original.fields.TagList
  if list == self.read_tags then return end -- another list stands for every change
  self.read_tags = list
  for _, tag in ipairs(list or {}) do
    local run_id = tag.Key == "trapheus:state" and tag.Value:find "going=back" and tag.Value:match "run=(%w+)"
    if run_id then self.turned[run_id] = true end
  end
end

--- A record is durable.
function Watch:saved(host, record, kind)
  local facts, intents, before = record.facts, {}, self.durable[host.name] or NOTHING
  if record.step == "verify" and before.step ~= record.step then sights.begin(self, host) end
  for key, intent in pairs(record.intents) do intents[key] = durable_intent(intent, before.intents[key]) end
  local fenced, locked = ended(record)
  self.durable[host.name] = {
    run_id = record.run_id, step = record.step, direction = record.direction,
    moving = facts.moving,
    verified = facts.verified and facts.verified.resource_id, outcome = record.outcome, intents = intents,
    fenced = fenced, locked = locked,
    replacement = facts.replacement and facts.replacement.resource_id,
    snapshot = facts.snapshot, parked = record.outcome == "parked",
  }
  self.run_ids[record.run_id] = true
  if facts.verified and not self.verified then
    self.verified = { rid = facts.verified.resource_id, audit = #self.sb.audit }
    check(self, "verified", host)
  end
  pin(self, host, record)
  if record.outcome and record.outcome ~= before.outcome then check(self, "claimed", host, record) end
  self.saves[#self.saves + 1] = { at_ms = self.sb.clock(), host = host.name, kind = kind, step = record.step }
end

-- The entries of the audit that are complete: the last one may still be under way.
local function read_audit(self, upto)
  for i = self.read + 1, upto do
    local entry = self.sb.audit[i]
    if entry.committed and entry.service == "rds" then check(self, "effect", entry, i) end
  end
  self.read = math.max(self.read, upto)
end

local function committed(self)
  sights.commit(self)
  turned(self)
  read_audit(self, #self.sb.audit - 1)
  check(self, "commit")
end

local function original_of(sb, kind)
  local holder = (kind == "cluster" and sb.cluster_names or sb.names).mydb
  local members = {}
  for _, member in ipairs(kind == "cluster" and holder.members or {}) do members[member.rid] = member.name end
  return { rid = holder.rid, name = "mydb", members = members, protected = holder.fields.DeletionProtection == true }
end

-- Somebody else, too, will do something to the database.
local function expect_others(self, fault)
  if not (fault.at_s or fault.step) then return end
  self.operator_changed = true
  self.operator_protection = self.operator_protection or fault.kind == "protect"
  self.foreign = self.foreign or fault.kind == "rename" or fault.kind == "delete" or fault.kind == "protect"
end

---@param play trapheus.sim.Play
---@param kind "instance"|"cluster"
---@param invariants table<string, { name: string, check: function }[]>  By moment.
---@return trapheus.sim.Watch
function watch.new(play, kind, invariants)
  local sb = play.sandbox
  local self = setmetatable({ play = play, sb = sb, kind = kind, invariants = invariants, problems = {}, said = {},
    known = { by_rid = {} }, durable = {}, sent = {}, by_call = {}, requests = {}, saves = {}, run_ids = {},
    turned = {}, created = {}, pins = {}, read = #sb.audit, original = original_of(sb, kind),
    sights = sights.new() }, Watch)
  self.before = self:truth "mydb"
  for _, member in ipairs(self.before.DBClusterMembers or {}) do
    if member.IsClusterWriter then self.writer = member.DBInstanceIdentifier end
  end
  local list = kind == "cluster" and sb.clusters or sb.instances
  self.newest = list[#list].rid
  self.others = {}
  for _, thing in ipairs(sb.instances) do
    if thing.rid ~= self.original.rid and not self.original.members[thing.rid] then
      self.others[thing.rid] = sb:by_resource_id(thing.rid)
    end
  end
  self.old_snapshot = self:snapshot "mydb-snapshot"
  for _, plan in ipairs { play.case.faults, play.case.meanwhile or {} } do
    for _, fault in ipairs(plan) do expect_others(self, fault) end
  end
  sb.on_commit = function() committed(self) end
  return self
end

-- Did the second of two rivals do more, or the same after the first?
local function outdone(first, second)
  if second.outcome ~= "snapshotted" then return first.outcome == "refused" and second.outcome ~= "refused" end
  return first.outcome ~= "snapshotted" or second.ended_at > first.ended_at
end

-- Of rivals the one that has restored it counts, or else the one that did something.
local function winner(hosts)
  local found = hosts[1]
  for _, host in ipairs(hosts) do
    if host.run.record.outcome == "restored" then return host end
    if outdone(found.run.record, host.run.record) then found = host end
  end
  return found
end

--- All is over: what must hold at the end.
function Watch:ended()
  read_audit(self, #self.sb.audit)
  sights.commit(self)
  local host = winner(self.play.hosts)
  check(self, "ended", host)
  check(self, "over", host)
end

return watch
