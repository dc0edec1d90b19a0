--- The client of one of many runs: what it asks about a database or a snapshot is asked together with what others ask
--- (trapheus.observer), and what is the same for everybody in the account is asked once.
---
--- What a run is given was asked for after the latest change of its own was answered, and not long ago; RDS itself may
--- answer from a minute ago. `looked_ms` says since when, so that looks that must differ are counted by when they were
--- made.
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local observer = require "trapheus.observer"
local tasks = require "trapheus.tasks"

local shared = {}

local FRESH_MS = 2000 -- an observation serves those who ask so much later,
local WOKEN_MS = 10 * 1000 -- and that by which a run was woken serves it so long

--- What does not depend on who asks, and for how long one answer serves, in seconds.
local COMMON = {
  GetCallerIdentity = 600, DescribeDBEngineVersions = 600, DescribeOrderableDBInstanceOptions = 600,
  DescribeDBParameterGroups = 60, DescribeDBClusterParameterGroups = 60, DescribeOptionGroups = 60,
  DescribeDBSubnetGroups = 60, DescribeAccountAttributes = 60, DescribeDBProxies = 60, DescribeIntegrations = 60,
  DescribeEventSubscriptions = 60,
}

---@class trapheus.Question  What a run has looked at, and was shown.
---@field shelf trapheus.Shelf
---@field value string
---@field mark any

---@class trapheus.SharedClient : trapheus.Client
---@field client trapheus.Client
---@field observer trapheus.Observer
---@field acted_ms integer    when the latest change of the run was answered
---@field woken_ms integer|false  what was asked for since then shows why it looks
---@field looked_ms integer|false  when the oldest of what it was given since `begin` was asked for
---@field asked trapheus.Question[]  what it has looked at since then
---@field alone boolean       it has also looked at what is not shared
local Shared = {}

local function since_ms(self)
  local now_ms = self.observer.loop:now_ms()
  local fresh_ms = now_ms - FRESH_MS
  local woken_ms = self.woken_ms and math.max(self.woken_ms, now_ms - WOKEN_MS) or fresh_ms
  return math.max(self.acted_ms, math.min(fresh_ms, woken_ms))
end

--- The run is about to look. What it asked for the last time is asked for at once: one thing after another, each would
--- have to wait for a page of its own.
---@param woken_ms integer?  As it was seen then that something has changed: that is what it looks at.
function Shared:begin(woken_ms)
  self.woken_ms = woken_ms or false
  local since = since_ms(self)
  for _, each in ipairs(self.asked) do
    self.observer:expect(each.shelf, each.value, since)
  end
  self.looked_ms, self.asked, self.alone = false, {}, false
end

--- The look is over. What it was shown is let go: a thousand descriptions, each a page of text, that nobody asks
--- for again.
function Shared:rest()
  for _, each in ipairs(self.asked) do observer.forget(each.shelf, each.value) end
end

--- What can be watched instead of looking again; nil: that would not be enough.
---@return trapheus.Question[]?
function Shared:questions()
  for _, each in ipairs(self.asked) do
    if each.shelf.single then return nil end
  end
  return not self.alone and #self.asked > 0 and self.asked or nil
end

-- Notes what was asked for, and what it was.
local function note(self, shelf, value, sight)
  for _, each in ipairs(self.asked) do
    if each.shelf == shelf and each.value == value then
      each.mark = sight.mark
      return
    end
  end
  table.insert(self.asked, { shelf = shelf, value = value, mark = sight.mark })
end

-- By which filter, and for which values, if this is a look that can be shared.
local function wanted(rule, params)
  local filter = params.Filters and #params.Filters == 1 and params.Filters[1]
  for name in pairs(params) do
    if name ~= "Filters" and name ~= rule.by then return nil end
  end
  if params[rule.by] then
    if filter then return nil end
    return rule.named(params[rule.by]), { params[rule.by] }
  elseif filter and rule.filters[filter.Name] then
    return filter.Name, filter.Values
  end
end

local function describe(operation)
  local rule = observer.SHARED[operation]
  return function(self, params, how)
    local filter, values = wanted(rule, params or {})
    if not filter then
      self.alone = true
      return self.client[operation](self.client, params, how)
    end
    local shelf, items = self.observer:shelf(operation, filter), {}
    for _, value in ipairs(values) do
      local sight = self.observer:look(shelf, value, since_ms(self))
      if rule.once then self.alone = true else note(self, shelf, value, sight) end
      self.looked_ms = math.min(self.looked_ms or sight.asked_ms, sight.asked_ms)
      table.move(observer.items(sight), 1, #sight.items, #items + 1, items)
    end
    if #items == 0 and rule.absent and params[rule.by] then
      error(errors.new { code = rule.absent, operation = operation, service = "rds", status = 404,
        message = params[rule.by] .. " not found." }, 0)
    end
    return { [rule.list] = items }
  end
end

-- One question for all who ask it within `life_s`.
local function common(operation, life_s)
  return function(self, params, how)
    local known, now_ms = self.common, self.observer.loop:now_ms()
    local key = operation .. " " .. json.encode(params or {})
    local answer = known[key]
    if not answer or answer.asked_ms < now_ms - life_s * 1000 or answer.task:done() and not answer.task.ok then
      answer = { asked_ms = now_ms, task = tasks.spawn(self.client[operation], self.client, params, how) }
      known[key] = answer
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
  if observer.SHARED[operation] then return describe(operation) end
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

--- Makes clients that share what they see, each for one run.
---@param client trapheus.Client
---@param loop userdata
---@return fun(): trapheus.SharedClient
function shared.clients(client, loop)
  local seen, answers = observer.new(client, loop), {}
  return function()
    return setmetatable({ client = client, observer = seen, common = answers, acted_ms = 0, woken_ms = false,
      looked_ms = false, alone = false, asked = {} }, Shared)
  end
end

return shared
