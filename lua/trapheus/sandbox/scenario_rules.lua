--- What a scenario may say: every key, type, state and combination. What may not be is named by its place.

local cluster_template = require "trapheus.sandbox.cluster_template"
local commands = require "trapheus.commands"
local fault_plan = require "trapheus.sandbox.fault_plan"
local knobs = require "trapheus.sandbox.knobs"
local model = require "trapheus.aws.model"
local shape = require "trapheus.sandbox.shape"
local sorted = require "trapheus.sorted"
local statuses = require "trapheus.sandbox.statuses"
local tables = require "trapheus.sandbox.tables"

local rules = {}

local refuse, inside = shape.refuse, shape.inside

-- Of one value ---------------------------------------------------------------------------------

local function expect(what, holds)
  return function(value, place)
    if not holds(value) then refuse(place, "%s is expected, not %s", what, shape.shown(value)) end
    return value
  end
end

local text = expect("a text", function(value) return type(value) == "string" and value ~= "" end)
local line = expect("a line of at most 72 characters", function(value)
  return type(value) == "string" and value ~= "" and not value:find "\n" and (utf8.len(value) or 99) <= 72
end)
local seconds = expect("a number of seconds", function(value)
  return math.type(value) and value >= 0 and value < math.huge
end)
local count = expect("a whole number from 1", function(value) return math.type(value) == "integer" and value >= 1 end)
local integer = expect("a whole number", function(value) return math.type(value) == "integer" end)

local function keyed(list)
  local set = {}
  for _, word in ipairs(list) do set[word] = true end
  return set
end

-- One of some words.
local function one_of(words)
  local known = keyed(words)
  return function(value, place)
    if not known[value] then
      refuse(place, "%s is not known%s: %s are", shape.shown(value), model.hint(tostring(value), known),
        table.concat(words, ", "))
    end
    return value
  end
end

-- A table in which every key is known, and every value as its key says.
local function record(keys, needed)
  return function(value, place)
    if type(value) ~= "table" then refuse(place, "a table is expected, not %s", shape.shown(value)) end
    local result = {}
    for _, key in ipairs(shape.keys(value, place)) do
      local rule, here = keys[key], inside(place, key)
      if not rule then refuse(here, "there is no such key%s", model.hint(key, keys)) end
      result[key] = rule(value[key], here)
    end
    for _, key in ipairs(needed or {}) do
      if result[key] == nil then refuse(place, "%s is missing", key) end
    end
    return result
  end
end

local function list(rule)
  return function(value, place)
    if type(value) ~= "table" then refuse(place, "a list is expected, not %s", shape.shown(value)) end
    for key in pairs(value) do
      if not math.type(key) or not value[1] then
        refuse(inside(place, tostring(key)), "a list is expected here: { … } around each element")
      end
    end
    local result = {}
    for i, element in ipairs(value) do result[i] = rule(element, inside(place, i)) end
    return result
  end
end

-- Databases ------------------------------------------------------------------------------------

local function described(name, known, status)
  return function(value, place)
    local result = shape.check(name, value, place)
    shape.status(known, result[status], inside(place, status))
    return result
  end
end

-- The sandbox makes up what is not said, of some engines only.
local function made_up(rule, engines)
  local known = keyed(engines)
  return function(value, place)
    local result = rule(value, place)
    if result.Engine and not known[result.Engine] then
      refuse(inside(place, "Engine"), "the sandbox makes up no %s%s: %s it does; any engine comes with --from-describe",
        shape.shown(result.Engine), model.hint(result.Engine, known), table.concat(engines, ", "))
    end
    return result
  end
end

local instance = made_up(described("DBInstance", statuses.instance, "DBInstanceStatus"),
  { "mariadb", "mysql", "postgres" })
local cluster_shape = made_up(described("DBCluster", statuses.cluster, "Status"),
  sorted.keys(cluster_template.VERSIONS))

-- A member of a cluster has no place of its own.
local function standalone(value, place)
  local result = instance(value, place)
  if result.DBClusterIdentifier then
    refuse(inside(place, "DBClusterIdentifier"), "a member is given with its cluster: clusters = { { members = … } }")
  end
  return result
end

-- Which members: a number, or each as Describe shows it.
local function member_list(value, place)
  if math.type(value) == "integer" and value >= 0 and value <= 16 then return value end
  if type(value) ~= "table" then
    refuse(place, "a number up to 16, or a list, is expected, not %s", shape.shown(value))
  end
  return list(function(each, here)
    if type(each) ~= "table" then refuse(here, "a table is expected, not %s", shape.shown(each)) end
    local fields = tables.shallow(each)
    local writes = fields.IsClusterWriter
    fields.IsClusterWriter = nil
    if writes ~= nil and type(writes) ~= "boolean" then
      refuse(inside(here, "IsClusterWriter"), "true or false is expected, not %s", shape.shown(writes))
    end
    local result = instance(fields, here)
    if not result.DBInstanceIdentifier then refuse(here, "DBInstanceIdentifier is missing") end
    result.IsClusterWriter = writes
    return result
  end)(value, place)
end

local function cluster(value, place)
  if type(value) ~= "table" then refuse(place, "a table is expected, not %s", shape.shown(value)) end
  local fields = tables.shallow(value)
  fields.members = nil
  local result = cluster_shape(fields, place)
  result.members = value.members and member_list(value.members, inside(place, "members"))
  local number = type(result.members) == "table" and #result.members or result.members
  if number and number ~= 3 and result.Engine and not result.Engine:find "^aurora" then
    refuse(inside(place, "members"), "a Multi-AZ DB cluster has 3 of them, not %d", number)
  end
  return result
end

-- Behaviour ------------------------------------------------------------------------------------

local function is_number(value) return math.type(value) and value >= 0 and value < math.huge end

local function knob(name)
  return function(value, place)
    local range = type(value) == "table" and #value == 2 and is_number(value[1]) and is_number(value[2])
    if not range and not is_number(value) then
      refuse(place, "a number, or { LOW, HIGH } to draw from, is expected, not %s", shape.shown(value))
    end
    local problem = knobs.problem(name, value)
    if problem then refuse(place, "%s", problem) end
    return value
  end
end

local function knob_values(value, place)
  local keys = {}
  for _, row in ipairs(knobs.register) do keys[row.name] = knob(row.name) end
  return record(keys)(value, place)
end

-- What goes wrong ------------------------------------------------------------------------------

local function operation(value, place)
  local operations = model.load("rds").operations
  if not operations[value] and value ~= "webhook" and value ~= "GetCallerIdentity" then
    refuse(place, "RDS has no operation %s%s", shape.shown(value), model.hint(tostring(value), operations))
  end
  return value
end

local EITHER_STATUS = tables.shallow(statuses.instance)
for status in pairs(statuses.cluster) do EITHER_STATUS[status] = true end

-- What such a call may begin, or (without one) what any database may show.
local function statuses_of(called)
  if not called then return EITHER_STATUS end
  if called:find "^C%a+Snapshot$" then return statuses.snapshot end
  return statuses[called:find "Cluster" and "cluster" or "instance"]
end

-- As --fault and a file of faults have them.
local function fault_list(value, place)
  local plan, problem = fault_plan.check(value)
  if not plan then refuse(place, "%s", problem) end
  for i, fault in ipairs(plan) do
    if fault.kind == "terminal" or fault.kind == "status" then
      shape.status(statuses_of(fault.operation), fault.status, inside(inside(place, i), "status"))
    end
  end
  return plan
end

local ACTION = record {
  at_s = seconds, after = operation, nth = count, delay_s = seconds, operation = operation,
  parameters = function(value) return value end, -- depends on the operation
  instance = text, cluster = text, for_s = seconds, status = text,
}

-- Of each row just one must be there; of what stands behind a key, only with it.
local EITHER = { { "at_s", "after" }, { "operation", "status" } }
local ONLY_WITH = { nth = "after", delay_s = "after", parameters = "operation", instance = "status", cluster = "status",
  for_s = "status" }

local function action(value, place)
  local result = ACTION(value, place)
  for _, pair in ipairs(EITHER) do
    if (result[pair[1]] == nil) == (result[pair[2]] == nil) then
      refuse(place, "either %s or %s is expected", pair[1], pair[2])
    end
  end
  for key, with in pairs(ONLY_WITH) do
    if result[key] ~= nil and result[with] == nil then refuse(inside(place, key), "this needs %s", with) end
  end
  if result.status then
    if (result.instance == nil) == (result.cluster == nil) then
      refuse(place, "either instance or cluster is expected: whose status?")
    end
    shape.status(statuses[result.cluster and "cluster" or "instance"], result.status, inside(place, "status"))
  end
  if result.operation then
    local input = model.load("rds").operations[result.operation].input
    result.parameters = shape.check(input.shape, result.parameters or {}, inside(place, "parameters"))
  end
  return result
end

-- All of it ------------------------------------------------------------------------------------

rules.OUTCOMES = { "restored", "snapshotted", "refused", "failed", "rolled_back", "parked" }

local SCENARIO = record({
  title = line, shows = text, task = one_of(commands.CHOICES.task), expected = one_of(rules.OUTCOMES),
  seed = integer, preset = one_of(commands.CHOICES.preset), knobs = knob_values, instances = list(standalone),
  snapshots = list(described("DBSnapshot", statuses.snapshot, "Status")), clusters = list(cluster),
  cluster_snapshots = list(described("DBClusterSnapshot", statuses.snapshot, "Status")), faults = fault_list,
  actions = list(action),
}, { "title", "expected" })

-- The names of a list of databases, and that each snapshot is of one of them.
local function check_names(databases, snapshots, place, words)
  local names = {}
  for i, each in ipairs(databases or {}) do
    local here = inside(inside(place, words.list), i)
    if not each[words.id] then refuse(here, "%s is missing", words.id) end
    local name = each[words.id]:lower()
    if names[name] then refuse(here, "there are two %s %s", words.list, name) end
    names[name] = true
  end
  for i, each in ipairs(snapshots or {}) do
    local here = inside(inside(place, words.snapshots), i)
    for _, needed in ipairs { words.id, words.snapshot_id } do
      if not each[needed] then refuse(here, "%s is missing", needed) end
    end
    if not names[each[words.id]:lower()] then
      refuse(inside(here, words.id), "no such database is there: %s%s", shape.shown(each[words.id]),
        model.hint(each[words.id], names))
    end
  end
end

local INSTANCE_WORDS = { list = "instances", id = "DBInstanceIdentifier", snapshots = "snapshots",
  snapshot_id = "DBSnapshotIdentifier" }
local CLUSTER_WORDS = { list = "clusters", id = "DBClusterIdentifier", snapshots = "cluster_snapshots",
  snapshot_id = "DBClusterSnapshotIdentifier" }

-- A task that only makes the snapshot restores nothing, and the others do not end with it.
local function check_outcome(result, place)
  local only = result.task == "create_snapshot_only"
  local never = only and { restored = true, rolled_back = true } or { snapshotted = true }
  if never[result.expected] then
    refuse(inside(place, "expected"), "the task %s never ends as %s", result.task, result.expected)
  end
end

--- Checks it and fills in what may be left out. Raises a usage error.
---@param value table
---@param id string
---@param place trapheus.sandbox.Place
---@return trapheus.sandbox.Scenario
function rules.check(value, id, place)
  local result = SCENARIO(value, place)
  result.task = result.task or "create_snapshot"
  result.clusters = result.clusters or {}
  result.instances = result.instances or #result.clusters == 0 and { {} } or {}
  result.faults, result.actions = result.faults or {}, result.actions or {}
  local words = #result.clusters > 0 and CLUSTER_WORDS or INSTANCE_WORDS
  local first = result[words.list][1]
  if first and not first[words.id] then first[words.id] = id end
  check_names(result.instances, result.snapshots, place, INSTANCE_WORDS)
  check_names(result.clusters, result.cluster_snapshots, place, CLUSTER_WORDS)
  check_outcome(result, place)
  return result
end

return rules
