--- A recording (trapheus.recording), played to a sandbox: it begins with the databases as the recording first shows
--- them, is asked the same at the same times, and what it answers is compared with what RDS has answered. Where the
--- sandbox is not as far as RDS was, a change waits for it, and all that follows comes later by as much.
local described = require "trapheus.sandbox.described"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local protocol = require "trapheus.aws.protocol"
local recording = require "trapheus.recording"
local redacted = require "trapheus.redacted"
local sandbox = require "trapheus.sandbox"
local shape = require "trapheus.sandbox.shape"
local sorted = require "trapheus.sorted"
local stage = require "trapheus.sandbox.stage"
local usage = require "trapheus.usage"

local replay = {}

--- What of a reply is compared: databases, snapshots and their tags. All else is of an account that the sandbox does
--- not have. The lists among them say what it begins with.
local LISTS = { DBInstances = "DBInstanceIdentifier", DBClusters = "DBClusterIdentifier",
  DBSnapshots = "DBSnapshotIdentifier", DBClusterSnapshots = "DBClusterSnapshotIdentifier" }
local COMPARED = { DBInstance = true, DBCluster = true, DBSnapshot = true, DBClusterSnapshot = true, TagList = true }
for list in pairs(LISTS) do COMPARED[list] = true end

-- By which of its members an element of a list is known.
local NAMED = { "DBSnapshotIdentifier", "DBClusterSnapshotIdentifier", "DBInstanceIdentifier", "DBClusterIdentifier",
  "Key", "VpcSecurityGroupId", "RoleArn", "SubnetIdentifier" }

-- What RDS chooses: what it is here is learned when it is first seen.
local CHOSEN = { DbiResourceId = true, DbClusterResourceId = true, DBSnapshotArn = true }

local WAIT_MS, PATIENCE_MS = 5 * 1000, 6 * 3600 * 1000

local function is_of_the_moment(name)
  return name:find "Time$" ~= nil or name == "ValidTill" or name == "PercentProgress"
end

-- Reading -------------------------------------------------------------------------------------

---@class trapheus.sandbox.Recorded  A call, and what came of it.
---@field at_ms integer
---@field service string
---@field operation string
---@field parameters table?  Of RDS's, as the result.
---@field result table?
---@field code string?       Of an error.
---@field status integer?
---@field ambiguous boolean?
---@field order integer      in which they ended

local TYPES = { at_ms = "number", service = "string", operation = "string" }

local function problem_of(entry)
  for field, kind in pairs(TYPES) do
    if type(entry[field]) ~= kind then return ("%s: a %s is expected"):format(field, kind) end
  end
  if entry.service ~= "rds" then return nil end
  local operations = model.load("rds").operations
  if not operations[entry.operation] then
    return ("there is no operation %s%s"):format(entry.operation, model.hint(entry.operation, operations))
  end
  local ok, why = pcall(protocol.check, "rds", entry.operation, entry.parameters, { level = 0 })
  return not ok and tostring(why) or type(entry.code or entry.result) ~= (entry.code and "string" or "table")
    and "a result or a code is expected" or nil
end

local function check_result(entry, place)
  local output = model.load("rds").operations[entry.operation].output
  if not output or entry.code then return end
  entry.result = shape.check(output.shape, entry.result, { file = place, path = "result", first = 0 })
end

local function decoded(text, place)
  local ok, value = pcall(json.decode, text)
  if ok and type(value) == "table" and not json.is_list(value) then return value end
  usage.fail("%s: this is no line of a recording, as restore --record writes them", place)
end

local function check_header(header, name)
  if header.recording == recording.FORMAT then return end
  usage.fail("--replay: %s: this is no recording of restore --record, or one of another version", name)
end

--- Reads a recording. Raises a usage error that names file and line.
---@param name string
---@return trapheus.sandbox.Recorded[]
function replay.read(name)
  local list, count = {}, 0
  local file, message = io.open(name, "r")
  if not file then usage.fail("--replay: %s", message) end
  for text in file:lines() do
    count = count + 1
    local place = ("--replay: %s, line %d"):format(name, count)
    local entry = decoded(text, place)
    if count == 1 then
      check_header(entry, name)
    else
      local problem = problem_of(entry)
      if problem then usage.fail("%s: %s", place, problem) end
      if entry.service == "rds" then check_result(entry, place) end
      entry.order, list[#list + 1] = count, entry
    end
  end
  file:close()
  if #list == 0 then usage.fail("--replay: %s: there is no call in it", name) end
  table.sort(list, function(a, b) return a.at_ms < b.at_ms or a.at_ms == b.at_ms and a.order < b.order end)
  return list
end

-- What it begins with -------------------------------------------------------------------------

local function is_a_look(entry) return model.is_read_only(entry.operation) end

-- Each database and snapshot as it was first seen, before anything was changed.
local function first_seen(list)
  local document, known = {}, {}
  for _, entry in ipairs(list) do
    if entry.service == "rds" and not is_a_look(entry) then break end
    for name, items in pairs(entry.result or {}) do
      for _, item in ipairs(LISTS[name] and items or {}) do
        local key = name .. " " .. tostring(item[LISTS[name]])
        document[name] = document[name] or json.list {}
        if not known[key] then table.insert(document[name], item) end
        known[key] = true
      end
    end
  end
  return document
end

local function made_up(cluster, member)
  return { DBInstanceIdentifier = member.DBInstanceIdentifier, DBInstanceStatus = "available", Engine = cluster.Engine,
    EngineVersion = cluster.EngineVersion, AllocatedStorage = cluster.AllocatedStorage or 1,
    DBInstanceClass = cluster.DBClusterInstanceClass or "db.r6g.large", PromotionTier = member.PromotionTier,
    DBClusterIdentifier = cluster.DBClusterIdentifier }
end

-- A restore does not look at each member, but a cluster without them is none.
local function add_unseen_members(document)
  local list, seen = document.DBInstances or json.list {}, {}
  for _, item in ipairs(list) do seen[item.DBInstanceIdentifier or ""] = true end
  for _, cluster in ipairs(document.DBClusters or {}) do
    for _, member in ipairs(cluster.DBClusterMembers or {}) do
      if not seen[member.DBInstanceIdentifier] then list[#list + 1] = made_up(cluster, member) end
    end
  end
  document.DBInstances = list
end

local function beginning(list, name)
  local document = first_seen(list)
  if not (document.DBInstances or document.DBClusters) then
    usage.fail("--replay: %s: it shows no database before the first change", name)
  end
  add_unseen_members(document)
  return { described = described.of(document, name) }
end

-- Comparing -----------------------------------------------------------------------------------

---@class trapheus.sandbox.Difference
---@field operation string
---@field name string        of the database or the snapshot; "" for the outcome of a call
---@field path string        "DBInstanceStatus"; "" for the outcome of a call
---@field recorded any       nil: not there
---@field sandbox any
---@field count integer
---@field first_ms integer   since the recording began
---@field last_ms integer

-- The recording's text as it must be in the sandbox, where other ids stand.
local function translated(ids, value)
  if type(value) == "string" then return (value:gsub("[%w-]+", ids)) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, inner in next, value do copy[key] = translated(ids, inner) end
  return copy
end

local function name_of(element)
  for _, member in ipairs(type(element) == "table" and NAMED or {}) do
    if element[member] then return element[member] end
  end
end

-- Of a list: by name where its elements have one.
local function keyed(list)
  local result = {}
  for i, element in ipairs(list) do result[name_of(element) or i] = element end
  return result
end

local compare -- (self, place, a, b)

-- Of two tables together.
local function names_of(a, b)
  local names = {}
  for _, side in ipairs { a, b } do
    for name in pairs(side) do names[tostring(name)] = name end
  end
  local list = {}
  for i, text in ipairs(sorted.keys(names)) do list[i] = names[text] end
  return list
end

local function compare_lists(self, place, a, b)
  a, b = keyed(a), keyed(b)
  for _, key in ipairs(names_of(a, b)) do
    local inner = place.name == "" and { name = tostring(key), path = "" }
      or { name = place.name, path = ("%s[%s]"):format(place.path, key) }
    compare(self, inner, a[key], b[key])
  end
end

local function learn(self, a, b)
  for name in pairs(CHOSEN) do
    if a[name] and b[name] and not self.ids[a[name]] then self.ids[a[name]] = b[name] end
  end
end

local function compare_members(self, place, a, b)
  learn(self, a, b)
  for _, name in ipairs(names_of(a, b)) do
    if not is_of_the_moment(name) then
      compare(self, { name = place.name, path = place.path == "" and name or place.path .. "." .. name }, a[name],
        b[name])
    end
  end
end

local function is_empty(value) return value == nil or type(value) == "table" and next(value) == nil end

local function shown(value)
  if type(value) == "table" then return "there" end
  return value
end

local function note(self, place, a, b)
  local entry, at_ms = self.entry, self.entry.at_ms - self.began_ms
  local key = table.concat({ entry.operation, place.name, place.path, tostring(shown(a)), tostring(shown(b)) }, "\0")
  local difference = self.by_key[key]
  if not difference then
    difference = { operation = entry.operation, name = place.name, path = place.path, recorded = shown(a),
      sandbox = shown(b), count = 0, first_ms = at_ms }
    self.by_key[key] = difference
    table.insert(self.differences, difference)
  end
  difference.count, difference.last_ms = difference.count + 1, at_ms
end

function compare(self, place, a, b)
  if is_empty(a) and is_empty(b) or a == redacted.WORD then return end
  if type(a) ~= "table" or type(b) ~= "table" then
    if translated(self.ids, a) ~= b then note(self, place, a, b) end
  elseif json.is_list(a) or json.is_list(b) then
    compare_lists(self, place, a, b)
  else
    compare_members(self, place, a, b)
  end
end

local function compare_results(self, a, b)
  for _, member in ipairs(sorted.keys(COMPARED)) do
    local left, right = a[member], b[member]
    if member == "TagList" then
      compare(self, { name = self.entry.parameters.ResourceName, path = "TagList" }, left, right)
    elseif LISTS[member] then
      compare(self, { name = "", path = "" }, left, right)
    elseif left or right then
      compare(self, { name = name_of(left or right), path = "" }, left, right)
    end
  end
end

-- Playing -------------------------------------------------------------------------------------

local function class_of(entry) return errors.class(entry.operation, entry.code, entry.status) end

-- What was refused for no fault of its own was not carried out, and says nothing of RDS's ways.
local function is_chance(entry)
  if not entry.code or entry.ambiguous then return false end
  local class = class_of(entry)
  return class == "throttle" or class == "transient" or class == "auth"
end

local PASSES = { ["conflict-wait"] = true, context = true, ["already-done"] = true }

-- Until the sandbox is as far as RDS was.
local function change(self, sb, operation, parameters)
  local began_ms = self.now_ms
  local result, err = sb:call("rds", operation, parameters)
  while err and PASSES[errors.class(operation, err.code, err.status)] and self.now_ms < began_ms + PATIENCE_MS do
    self.now_ms = self.now_ms + WAIT_MS
    result, err = sb:call("rds", operation, parameters)
  end
  self.late_ms = self.late_ms + self.now_ms - began_ms
  if result and self.now_ms > began_ms then note(self, { name = "", path = "" }, "ok", "only later") end
  return result, err
end

local function ask(self, sb)
  local entry = self.entry
  local parameters = translated(self.ids, entry.parameters)
  if entry.code or is_a_look(entry) then return sb:call("rds", entry.operation, parameters) end
  return change(self, sb, entry.operation, parameters)
end

local function play_one(self, sb)
  local entry = self.entry
  local result, err = ask(self, sb)
  if entry.ambiguous then return end -- it was made, or not: what RDS answered nobody knows
  self.compared = self.compared + 1
  if entry.code or err then
    local a, b = entry.code or "ok", err and err.code or "ok"
    if a ~= b then note(self, { name = "", path = "" }, a, b) end
  else
    compare_results(self, entry.result, result)
  end
end

---@class trapheus.sandbox.Replayed
---@field calls integer
---@field compared integer
---@field took_ms integer
---@field late_ms integer  So much longer it took the sandbox.
---@field differences trapheus.sandbox.Difference[]  As they came up.

--- Plays a recording. Raises a usage error for one that shows no database.
---@param list trapheus.sandbox.Recorded[]
---@param name string  Of the file.
---@param behave fun(options: trapheus.sandbox.Options)?  Says how the sandbox behaves.
---@return trapheus.sandbox.Replayed
function replay.play(list, name, behave)
  local began_ms, spec = list[1].at_ms, beginning(list, name)
  local self = { ids = {}, by_key = {}, differences = {}, compared = 0, began_ms = began_ms, now_ms = began_ms,
    late_ms = 0 }
  local made = stage.options(spec)
  made.now_ms = function() return self.now_ms end
  if behave then behave(made) end
  local sb = sandbox.new(made)
  stage.set(sb, spec)
  for _, entry in ipairs(list) do
    self.now_ms, self.entry = math.max(self.now_ms, entry.at_ms + self.late_ms), entry
    if entry.service == "rds" and sandbox.serves("rds", entry.operation) and not is_chance(entry) then
      play_one(self, sb)
    end
  end
  return { calls = #list, compared = self.compared, took_ms = list[#list].at_ms - began_ms, late_ms = self.late_ms,
    differences = self.differences }
end

return replay
