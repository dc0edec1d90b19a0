--- Looks that many runs share. A run's client is as any other, but for this: what it asks about a database or a
--- snapshot is asked together with what others ask at the same moment, as one Describe with a filter of up to a hundred
--- names; and what is the same for everybody in the account is asked once.
---
--- What a run is given was asked for after the latest change of its own was answered, and never more than FRESH_MS ago;
--- RDS itself may answer from a minute ago. `looked_ms` says since when, so that looks that must differ are counted by
--- when they were made.
local errors = require "trapheus.errors"
local folded = require "trapheus.aws.folded"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local tasks = require "trapheus.tasks"

local observer = {}

local FRESH_MS = 2000 -- an observation serves those who ask so much later
local GATHER_MS = 20  -- who asks within this asks together
local PAGE = 100      -- names in one filter, and items on one page

--- How one thing is asked for: `by` its name, or by a filter of one value; `absent`: AWS's code for "there is none".
local SHARED = {
  DescribeDBInstances = { list = "DBInstances", by = "DBInstanceIdentifier", named = "db-instance-id",
    absent = "DBInstanceNotFound", filters = { ["db-instance-id"] = "DBInstanceIdentifier",
      ["dbi-resource-id"] = "DbiResourceId", ["db-cluster-id"] = "DBClusterIdentifier" } },
  DescribeDBClusters = { list = "DBClusters", by = "DBClusterIdentifier", named = "db-cluster-id",
    absent = "DBClusterNotFoundFault", filters = { ["db-cluster-id"] = "DBClusterIdentifier",
      ["db-cluster-resource-id"] = "DbClusterResourceId" } },
  DescribeDBSnapshots = { list = "DBSnapshots", by = "DBSnapshotIdentifier", named = "db-snapshot-id",
    absent = "DBSnapshotNotFound", filters = { ["db-snapshot-id"] = "DBSnapshotIdentifier" } },
  DescribeDBClusterSnapshots = { list = "DBClusterSnapshots", by = "DBClusterSnapshotIdentifier",
    named = "db-cluster-snapshot-id", absent = "DBClusterSnapshotNotFoundFault",
    filters = { ["db-cluster-snapshot-id"] = "DBClusterSnapshotIdentifier" } },
}

--- What does not depend on who asks, and for how long one answer serves, in seconds.
local COMMON = {
  GetCallerIdentity = 600, DescribeDBEngineVersions = 600, DescribeOrderableDBInstanceOptions = 600,
  DescribeDBParameterGroups = 60, DescribeDBClusterParameterGroups = 60, DescribeOptionGroups = 60,
  DescribeDBSubnetGroups = 60, DescribeAccountAttributes = 60, DescribeDBProxies = 60, DescribeIntegrations = 60,
  DescribeEventSubscriptions = 60,
}

---@class trapheus.Observer
local Observer = {}
Observer.__index = Observer

--- Of one client: an account and a Region.
---@param client trapheus.Client
---@param loop userdata
---@return trapheus.Observer
function observer.new(client, loop)
  return setmetatable({ client = client, loop = loop, shelves = {}, common = {} }, Observer)
end

-- Asking together -----------------------------------------------------------------------------

---@class trapheus.Shelf  What was seen by one filter of one operation.
---@field operation string
---@field filter string
---@field rule table
---@field field string     of an item: what the filter is about
---@field seen table<string, trapheus.Sight>
---@field how table        for the client: items stay folded
---@field batch table?     those who are about to ask
---@field single boolean?  the service does not take the filter

---@class trapheus.Sight   What one value of a filter let through.
---@field raw table[]          the items, folded or as they are
---@field asked_ms integer
---@field items table[]?       the items
---@field marks any[]?         what is equal when nothing has changed

local function items_of(entry)
  if not entry.items then
    entry.items = {}
    for i, item in ipairs(entry.raw) do entry.items[i] = folded.is(item) and item:open() or item end
  end
  return entry.items
end

local function marks_of(entry)
  if not entry.marks then
    entry.marks = {}
    for i, item in ipairs(entry.raw) do entry.marks[i] = folded.is(item) and item:print() or item end
  end
  return entry.marks
end

local function same(a, b)
  if #a ~= #b then return false end
  for i, mark in ipairs(a) do
    if mark ~= b[i] then return false end
  end
  return true
end

local function shelf_of(self, operation, filter)
  local key = operation .. " " .. filter
  local shelf = self.shelves[key]
  if not shelf then
    local rule = SHARED[operation]
    shelf = { operation = operation, filter = filter, rule = rule, field = rule.filters[filter], seen = {},
      how = { decode = function(definition, name, body) return folded.decode(definition, name, body, rule.list) end } }
    self.shelves[key] = shelf
  end
  return shelf
end

local function known(shelf, value, since)
  local entry = shelf.seen[value]
  return entry and entry.asked_ms >= since and entry or nil
end

-- As a run on its own asks.
local function ask_one(self, shelf, value)
  local call, rule, items = self.client[shelf.operation], shelf.rule, {}
  if shelf.filter == rule.named then
    local page, err = errors.try(call, self.client, { [rule.by] = value }, shelf.how)
    if err and not errors.is(err, rule.absent) then error(err, 0) end
    return page and page[rule.list] or {}
  end
  local filters = { { Name = shelf.filter, Values = { value } } }
  for item in self.client:paginate(shelf.operation, { Filters = filters }, rule.list, shelf.how) do
    items[#items + 1] = item
  end
  return items
end

local function ask_all(self, shelf, values)
  local found = {}
  for _, value in ipairs(values) do found[value] = {} end
  local request = { Filters = { { Name = shelf.filter, Values = values } }, MaxRecords = PAGE }
  for item in self.client:paginate(shelf.operation, request, shelf.rule.list, shelf.how) do
    local list = found[folded.is(item) and item:value(shelf.field) or item[shelf.field]]
    if list then list[#list + 1] = item end
  end
  return found
end

local function forget_old(shelf, now_ms)
  for value, entry in pairs(shelf.seen) do
    if entry.asked_ms < now_ms - FRESH_MS then shelf.seen[value] = nil end
  end
end

local function fetch(self, shelf, batch)
  local asked_ms = self.loop:now_ms()
  forget_old(shelf, asked_ms)
  local found
  if #batch == 1 then
    found = { [batch[1]] = ask_one(self, shelf, batch[1]) }
  else
    found = ask_all(self, shelf, batch)
  end
  for value, items in pairs(found) do shelf.seen[value] = { raw = items, asked_ms = asked_ms } end
end

-- Waits until all who ask now have said so, or the page is full.
local function gather(self, shelf, batch)
  local timer <close> = self.loop:timer(GATHER_MS)
  tasks.await { done = function() return #batch >= PAGE or timer:done() end, result = function() end }
  if shelf.batch == batch then shelf.batch = nil end
  local ok, err = pcall(fetch, self, shelf, batch)
  if not ok then batch.problem = err end
end

-- Says that a value is wanted, together with what others want.
local function enrol(self, shelf, value)
  local batch = shelf.batch
  if not batch or #batch >= PAGE then
    batch = { of = {} }
    shelf.batch = batch
    batch.task = tasks.spawn(gather, self, shelf, batch)
  end
  if not batch.of[value] then
    batch[#batch + 1], batch.of[value] = value, true
  end
  return batch
end

local function join(self, shelf, value)
  local batch = enrol(self, shelf, value)
  tasks.await(batch.task)
  if batch.problem then error(batch.problem, 0) end
end

-- What several ask for together may be refused for a reason that is one's own, or because the filter is not known.
local function alone(err, shelf)
  if not errors.is(err) or err.retryable then return false end
  local class = errors.class(shelf.operation, err.code, err.status)
  if class == "throttle" or class == "transient" then return false end
  shelf.single = shelf.single or err.code:find "^InvalidParameter" ~= nil
  return true
end

-- What one value of a filter lets through, asked for at `since_ms` or later.
local function look(self, shelf, value, since_ms)
  local entry = known(shelf, value, since_ms)
  if entry then return entry end
  if not shelf.single then
    local ok, err = pcall(join, self, shelf, value)
    entry = known(shelf, value, since_ms)
    if ok and entry then return entry end
    if not ok and not alone(err, shelf) then error(err, 0) end
  end
  local asked_ms = self.loop:now_ms()
  return { raw = ask_one(self, shelf, value), asked_ms = asked_ms }
end

-- A run's client ------------------------------------------------------------------------------

---@class trapheus.SharedClient : trapheus.Client
---@field client trapheus.Client
---@field observer trapheus.Observer
---@field acted_ms integer    when the latest change of the run was answered
---@field looked_ms integer|false  when the oldest of what it was given since `begin` was asked for
---@field asked { shelf: trapheus.Shelf, value: string, marks: any[] }[]  what it has looked at since then
---@field alone boolean       it has also looked at what is not shared
local Shared = {}

local function since_ms(self)
  return math.max(self.acted_ms, self.observer.loop:now_ms() - FRESH_MS)
end

-- What it asked for the last time is asked for at once: one thing after another, each would have to wait for a page of
-- its own.
local function ask_again(self)
  local since, batches = since_ms(self), {}
  for _, each in ipairs(self.asked) do
    local shelf, value = each.shelf, each.value
    if not shelf.single and not known(shelf, value, since) then
      batches[#batches + 1] = enrol(self.observer, shelf, value)
    end
  end
  return batches
end

--- The run is about to look.
function Shared:begin()
  ask_again(self)
  self.looked_ms, self.asked, self.alone = false, {}, false
end

--- Asks again for what the run saw at its last look. `glanced` says what came of it, once all of these are done.
---@return trapheus.Task[]
function Shared:glance()
  local list = {}
  for i, batch in ipairs(ask_again(self)) do list[i] = batch.task end
  return list
end

--- Is everything certainly as the run saw it?
---@return boolean
function Shared:glanced()
  local since = since_ms(self)
  for _, each in ipairs(self.asked) do
    local entry = known(each.shelf, each.value, since)
    if not entry or not same(marks_of(entry), each.marks) then return false end
  end
  return not self.alone and #self.asked > 0
end

-- Notes what was asked for, and what it was.
local function note(self, shelf, value, entry)
  for _, each in ipairs(self.asked) do
    if each.shelf == shelf and each.value == value then
      each.marks = marks_of(entry)
      return
    end
  end
  table.insert(self.asked, { shelf = shelf, value = value, marks = marks_of(entry) })
end

-- By which filter, and for which values, if this is a look that can be shared.
local function wanted(rule, params)
  local filter = params.Filters and #params.Filters == 1 and params.Filters[1]
  for name in pairs(params) do
    if name ~= "Filters" and name ~= rule.by then return nil end
  end
  if params[rule.by] then
    if filter or params[rule.by]:find ":" then return nil end
    return rule.named, { params[rule.by] }
  elseif filter and rule.filters[filter.Name] then
    return filter.Name, filter.Values
  end
end

local function describe(operation)
  local rule = SHARED[operation]
  return function(self, params, how)
    local filter, values = wanted(rule, params or {})
    if not filter then
      self.alone = true
      return self.client[operation](self.client, params, how)
    end
    local shelf, items = shelf_of(self.observer, operation, filter), {}
    for _, value in ipairs(values) do
      local entry = look(self.observer, shelf, value, since_ms(self))
      note(self, shelf, value, entry)
      self.looked_ms = math.min(self.looked_ms or entry.asked_ms, entry.asked_ms)
      table.move(items_of(entry), 1, #entry.items, #items + 1, items)
    end
    if #items == 0 and params[rule.by] then
      error(errors.new { code = rule.absent, operation = operation, service = "rds", status = 404,
        message = params[rule.by] .. " not found." }, 0)
    end
    return { [rule.list] = items }
  end
end

-- One question for all who ask it within `life_s`.
local function common(operation, life_s)
  return function(self, params, how)
    local own = self.observer
    local key = operation .. " " .. json.encode(params or {})
    local answer, now_ms = own.common[key], own.loop:now_ms()
    if not answer or answer.asked_ms < now_ms - life_s * 1000 or answer.task:done() and not answer.task.ok then
      answer = { asked_ms = now_ms, task = tasks.spawn(self.client[operation], self.client, params, how) }
      own.common[key] = answer
    end
    return tasks.await(answer.task)
  end
end

local function change(operation)
  return function(self, ...)
    local reply = table.pack(pcall(self.client[operation], self.client, ...))
    self.acted_ms = self.observer.loop:now_ms()
    if not reply[1] then error(reply[2], 0) end
    return table.unpack(reply, 2, reply.n)
  end
end

local function as_it_is(operation)
  return function(self, ...)
    self.alone = true
    return self.client[operation](self.client, ...)
  end
end

local function made(operation)
  if SHARED[operation] then return describe(operation) end
  if COMMON[operation] then return common(operation, COMMON[operation]) end
  return (model.is_read_only(operation) and as_it_is or change)(operation)
end

local methods = {} -- of every such client

function Shared.__index(self, name)
  if Shared[name] then return Shared[name] end
  local value = rawget(self, "client")[name]
  if type(value) ~= "function" or not name:find "^%u" then return value end
  methods[name] = methods[name] or made(name)
  return methods[name]
end

--- The client of one run.
---@return trapheus.SharedClient
function Observer:share()
  return setmetatable({ client = self.client, observer = self, acted_ms = 0, looked_ms = false, alone = false,
    asked = {} }, Shared)
end

return observer
