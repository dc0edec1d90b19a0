--- Looks that many runs share. A run's client is as any other, but for this: what it asks about a database or a
--- snapshot is asked together with what others ask at the same moment, as one Describe with a filter of up to a hundred
--- names; and what is the same for everybody in the account is asked once.
---
--- What runs are given of it, and since when it may be, is the business of trapheus.shared.
local errors = require "trapheus.errors"
local folded = require "trapheus.aws.folded"
local tasks = require "trapheus.tasks"

local observer = {}

local OLD_MS = 10 * 1000 -- of what was seen longer ago nobody wants to know
local GATHER_MS = { min = 20, max = 1000 } -- who asks within this asks together
local PAGE = 100      -- names in one filter; so many items RDS gives on one page, if it is not told otherwise
local MOST_PAGES = 3  -- under way at a time: each may be a megabyte

-- A name is not an ARN: by that a thing of another account is asked for.
local function by_name(filter)
  return function(value) return not value:find ":" and filter or nil end
end

local OF_ARN = { db = "db-instance-id", cluster = "db-cluster-id" }

local function by_arn(value) return OF_ARN[value:match "^arn:[^:]*:rds:[^:]*:[^:]*:(%l+):"] end

--- How one thing is asked for: `by` its name, or by a filter of one value; `named`: which filter takes that name;
--- `absent`: AWS's code for "there is none"; `once`: nobody waits for it to change; `max_attempts`: for the client.
observer.SHARED = {
  DescribeDBInstances = { list = "DBInstances", by = "DBInstanceIdentifier", named = by_name "db-instance-id",
    absent = "DBInstanceNotFound", filters = { ["db-instance-id"] = "DBInstanceIdentifier",
      ["dbi-resource-id"] = "DbiResourceId", ["db-cluster-id"] = "DBClusterIdentifier" } },
  DescribeDBClusters = { list = "DBClusters", by = "DBClusterIdentifier", named = by_name "db-cluster-id",
    absent = "DBClusterNotFoundFault", filters = { ["db-cluster-id"] = "DBClusterIdentifier",
      ["db-cluster-resource-id"] = "DbClusterResourceId" } },
  DescribeDBSnapshots = { list = "DBSnapshots", by = "DBSnapshotIdentifier", named = by_name "db-snapshot-id",
    absent = "DBSnapshotNotFound", filters = { ["db-snapshot-id"] = "DBSnapshotIdentifier" } },
  DescribeDBClusterSnapshots = { list = "DBClusterSnapshots", by = "DBClusterSnapshotIdentifier",
    named = by_name "db-cluster-snapshot-id", absent = "DBClusterSnapshotNotFoundFault",
    filters = { ["db-cluster-snapshot-id"] = "DBClusterSnapshotIdentifier" } },
  DescribeBlueGreenDeployments = { list = "BlueGreenDeployments", named = function() end, once = true,
    filters = { source = "Source" } },
  DescribePendingMaintenanceActions = { list = "PendingMaintenanceActions", by = "ResourceIdentifier", named = by_arn,
    once = true, max_attempts = 1,
    filters = { ["db-instance-id"] = "ResourceIdentifier", ["db-cluster-id"] = "ResourceIdentifier" } },
}

---@class trapheus.Observer
---@field watch trapheus.Watch?  who fills pages with what it asks about
local Observer = {}
Observer.__index = Observer

--- Of one client: an account and a Region.
---@param client trapheus.Client
---@param loop userdata
---@return trapheus.Observer
function observer.new(client, loop)
  return setmetatable({ client = client, loop = loop, shelves = {}, under_way = 0 }, Observer)
end

-- Asking together -----------------------------------------------------------------------------

---@class trapheus.Shelf  What was seen by one filter of one operation.
---@field observer trapheus.Observer
---@field operation string
---@field filter string
---@field rule table
---@field field string     of an item: what the filter is about
---@field seen table<string, trapheus.Sight>
---@field how table        for the client: items stay folded
---@field batch trapheus.Batch?  those who are about to ask
---@field single boolean?  the service does not take the filter

---@class trapheus.Batch   The values that are asked for by one call.
---@field wanted table<string, boolean>  by value: does a run look at it, or is it only watched?
---@field questions trapheus.Question[]

---@class trapheus.Sight   What one value of a filter let through.
---@field asked_ms integer
---@field mark any         equal when nothing has changed
---@field raw table[]?     the items, or their texts and how to read them, until somebody asks
---@field items table[]?   the items

--- The items, as a decoded page has them.
---@param sight trapheus.Sight
---@return table[]
function observer.items(sight)
  if not sight.items then
    sight.items = {}
    for i, each in ipairs(sight.raw) do
      sight.items[i] = folded.is(each.page) and each.page:open(each.text) or each
    end
    sight.raw = nil
  end
  return sight.items
end

-- Are two marks of the same items? Those of pages that were not folded are the items themselves.
local function same(a, b)
  if a == b then return true end
  if type(a) ~= "table" or type(b) ~= "table" or #a ~= #b then return false end
  for i, item in ipairs(a) do
    if item ~= b[i] then return false end
  end
  return true
end

--- Where what one filter lets through is kept.
---@param operation string
---@param filter string
---@return trapheus.Shelf
function Observer:shelf(operation, filter)
  local key = operation .. " " .. filter
  local shelf = self.shelves[key]
  if not shelf then
    local rule = observer.SHARED[operation]
    shelf = { observer = self, operation = operation, filter = filter, rule = rule, field = rule.filters[filter],
      seen = {} }
    shelf.how = { max_attempts = rule.max_attempts, decode = function(definition, name, body)
      return folded.decode(definition, name, body, rule.list, shelf.field)
    end }
    self.shelves[key] = shelf
  end
  return shelf
end

local function known(shelf, value, since)
  local sight = shelf.seen[value]
  return sight and sight.asked_ms >= since and sight or nil
end

-- The pages that a request leads to.
local function pages_of(self, shelf, request)
  local pages, call = {}, self.client[shelf.operation]
  repeat
    local page = call(self.client, request, shelf.how)
    pages[#pages + 1] = page[shelf.rule.list] or {}
    if page.Marker and page.Marker == request.Marker then
      error(errors.new { code = "MalformedReply", operation = shelf.operation, message = "a page comes a second time" },
        0)
    end
    request.Marker = page.Marker ~= "" and page.Marker or nil
  until not request.Marker
  return pages
end

-- As a run on its own asks.
local function ask_one(self, shelf, value)
  local rule = shelf.rule
  if shelf.filter ~= rule.named(value) then
    return pages_of(self, shelf, { Filters = { { Name = shelf.filter, Values = { value } } } })
  end
  local page, err = errors.try(self.client[shelf.operation], self.client, { [rule.by] = value }, shelf.how)
  if err and not (rule.absent and errors.is(err, rule.absent)) then error(err, 0) end
  return { page and page[rule.list] }
end

-- Calls f(value, page, i) for each item; `only` is the value of all of them.
local function each_item(shelf, pages, only, f)
  for _, page in ipairs(pages) do
    local is_folded = folded.is(page)
    for i = 1, is_folded and page.count or #page do
      f(only or is_folded and page:value(i) or not is_folded and page[i][shelf.field], page, i)
    end
  end
end

-- The mark of each value; false: there is nothing.
local function marks_of(shelf, values, pages, only)
  local marks = {}
  for _, value in ipairs(values) do marks[value] = false end
  each_item(shelf, pages, only, function(value, page, i)
    local mark = marks[value]
    if mark == nil then return end
    if folded.is(page) then
      marks[value] = (mark or 0) * 31 + page:print(i)
    else
      mark = mark or {}
      mark[#mark + 1], marks[value] = page[i], mark
    end
  end)
  return marks
end

-- Puts what is wanted on the shelf, and lets go of the pages.
local function keep(shelf, pages, only, marks, wanted, asked_ms)
  for value, is_wanted in pairs(wanted) do
    if is_wanted then shelf.seen[value] = { asked_ms = asked_ms, mark = marks[value], raw = {} } end
  end
  each_item(shelf, pages, only, function(value, page, i)
    local raw = wanted[value] and shelf.seen[value].raw
    if raw then raw[#raw + 1] = folded.is(page) and { page = page, text = page:cut(i) } or page[i] end
  end)
  for _, page in ipairs(pages) do
    if folded.is(page) then page:close() end
  end
end

--- Whoever asks about it next asks the service.
---@param shelf trapheus.Shelf
---@param value string
function observer.forget(shelf, value) shelf.seen[value] = nil end

local function forget_old(shelf, now_ms)
  for value, sight in pairs(shelf.seen) do
    if sight.asked_ms < now_ms - OLD_MS then shelf.seen[value] = nil end
  end
end

-- Adds a value to those that a batch asks for.
local function add(batch, value, is_wanted)
  if batch.wanted[value] == nil then batch[#batch + 1] = value end
  batch.wanted[value] = is_wanted or batch.wanted[value] or false
end

local function add_question(batch, question)
  add(batch, question.value, false)
  table.insert(batch.questions, question)
end

-- A page costs the same whether it is full or not.
local function fill(self, shelf, batch)
  local room = self.watch and PAGE - #batch or 0
  for _, question in ipairs(room > 0 and self.watch:fill(shelf, room) or {}) do add_question(batch, question) end
end

-- What has changed is wanted by those who have watched it.
local function compare(batch, marks)
  local changed, unchanged = {}, {}
  for _, question in ipairs(batch.questions) do
    local is_same = same(question.mark, marks[question.value])
    table.insert(is_same and unchanged or changed, question)
    if not is_same then batch.wanted[question.value] = true end
  end
  return changed, unchanged
end

local function fetch(self, shelf, batch)
  fill(self, shelf, batch)
  local asked_ms, only = self.loop:now_ms(), #batch == 1 and batch[1] or nil
  local values = table.move(batch, 1, #batch, 1, {})
  local request = { Filters = { { Name = shelf.filter, Values = values } } }
  local pages = only and ask_one(self, shelf, only) or pages_of(self, shelf, request)
  local marks = marks_of(shelf, batch, pages, only)
  local changed, unchanged = compare(batch, marks)
  forget_old(shelf, asked_ms)
  keep(shelf, pages, only, marks, batch.wanted, asked_ms)
  if self.watch then self.watch:answered(unchanged, changed, asked_ms) end
end

-- The more there are that wait, the more of them ask soon: so many more wait for each other, one ms for each question.
local function gather_ms(self)
  return math.max(GATHER_MS.min, math.min(self.watch and self.watch.live or 0, GATHER_MS.max))
end

-- Waits until all who ask now have said so, or the page is full.
local function gather(self, shelf, batch)
  local timer <close> = self.loop:timer(gather_ms(self))
  local function ready() return self.under_way < MOST_PAGES and (#batch >= PAGE or timer:done()) end
  tasks.await { done = ready, result = function() end }
  if shelf.batch == batch then shelf.batch = nil end
  self.under_way = self.under_way + 1
  local ok, err = pcall(fetch, self, shelf, batch)
  self.under_way = self.under_way - 1
  if ok then return end
  batch.problem = err
  if self.watch then self.watch:answered({}, batch.questions) end
end

-- The batch that is about to be asked for, if it has room.
local function open_batch(self, shelf)
  local batch = shelf.batch
  if not batch or #batch >= PAGE then
    batch = { wanted = {}, questions = {} }
    shelf.batch = batch
    batch.task = tasks.spawn(gather, self, shelf, batch)
  end
  return batch
end

-- Says that a value is wanted, together with what others want.
local function enrol(self, shelf, value)
  local batch = open_batch(self, shelf)
  add(batch, value, true)
  return batch
end

--- It is about to be looked at: what is not known is asked for, together with what others want.
---@param shelf trapheus.Shelf
---@param value string
---@param since_ms integer
function Observer:expect(shelf, value, since_ms)
  if not shelf.single and not known(shelf, value, since_ms) then enrol(self, shelf, value) end
end

--- Asks what those who watch ask, together with what others want.
---@param shelf trapheus.Shelf
---@param questions trapheus.Question[]
function Observer:ask(shelf, questions)
  for _, question in ipairs(questions) do add_question(open_batch(self, shelf), question) end
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

--- What one value of a filter lets through, asked for at `since_ms` or later.
---@param shelf trapheus.Shelf
---@param value string
---@param since_ms integer
---@return trapheus.Sight
function Observer:look(shelf, value, since_ms)
  local sight = known(shelf, value, since_ms)
  if sight then return sight end
  if not shelf.single then
    local ok, err = pcall(join, self, shelf, value)
    sight = known(shelf, value, since_ms)
    if ok and sight then return sight end
    if not ok and not alone(err, shelf) then error(err, 0) end
  end
  local asked_ms = self.loop:now_ms()
  local pages = ask_one(self, shelf, value)
  keep(shelf, pages, value, marks_of(shelf, { value }, pages, value), { [value] = true }, asked_ms)
  return shelf.seen[value]
end

return observer
