--- Puts into a sandbox what a scenario and somebody's own description say: databases, snapshots, and what will happen.

local errors = require "trapheus.sandbox.errors"
local shape = require "trapheus.sandbox.shape"
local tables = require "trapheus.sandbox.tables"
local usage = require "trapheus.usage"

local stage = {}

---@class trapheus.sandbox.Stage
---@field id string?
---@field is_cluster boolean?
---@field scenario trapheus.sandbox.Scenario?
---@field described trapheus.sandbox.Described?
---@field snapshot string?    Is to be there, unless the scenario says which snapshots there are.
---@field tell fun(message: string)?  Told of what happens from outside.

-- What the sandbox refuses is a mistake in what was written down.
local function placed(where, f, ...)
  local ok, err = pcall(f, ...)
  if ok then return end
  if errors.is_refusal(err) then usage.fail("%s: %s", where, err.message) end
  error(err, 0)
end

-- Databases ------------------------------------------------------------------------------------

-- What a plain rehearsal begins with.
local function plain(spec)
  if not spec.id then return { instances = {}, clusters = {} } end
  if spec.is_cluster then return { instances = {}, clusters = { { DBClusterIdentifier = spec.id } } } end
  return { instances = { { DBInstanceIdentifier = spec.id } }, clusters = {} }
end

local KINDS = {
  instances = { id = "DBInstanceIdentifier", described = "DBInstances" },
  clusters = { id = "DBClusterIdentifier", described = "DBClusters" },
}

-- As it is described, but for what the scenario says of the same name.
local function changed(raw, changes)
  local fields = tables.shallow(raw)
  for field, value in pairs(changes or {}) do
    if field ~= "members" then fields[field] = value end
  end
  return fields
end

local function members_of(described, cluster)
  local list = {}
  for _, raw in ipairs(described.DBInstances) do
    local of = raw.DBClusterIdentifier
    if of and of:lower() == cluster:lower() then list[#list + 1] = raw end
  end
  return list
end

local ADD = {
  instances = {
    made_up = function(sb, fields) sb:add_instance(fields) end,
    described = function(sb, fields)
      if not fields.DBClusterIdentifier then sb:add_described(fields) end -- a member comes with its cluster
    end,
  },
  clusters = {
    made_up = function(sb, fields)
      local own = tables.shallow(fields)
      own.members = nil
      sb:add_cluster(own, fields.members)
    end,
    described = function(sb, fields, described)
      sb:add_described_cluster(fields, members_of(described, fields.DBClusterIdentifier))
    end,
  },
}

local function add_databases(sb, spec, kind, where)
  local id, described = KINDS[kind].id, spec.described
  local list, by_name = (spec.scenario or described and { [kind] = {} } or plain(spec))[kind], {}
  for _, fields in ipairs(list) do by_name[fields[id]:lower()] = fields end
  for _, raw in ipairs(described and described[KINDS[kind].described] or {}) do
    local name = raw[id]:lower()
    placed(name, ADD[kind].described, sb, changed(raw, by_name[name]), described)
    by_name[name] = nil
  end
  for _, fields in ipairs(list) do
    if by_name[fields[id]:lower()] then placed(("%s: %s"):format(where, fields[id]), ADD[kind].made_up, sb, fields) end
  end
end

-- Snapshots ------------------------------------------------------------------------------------

-- Automated ones, and those of databases that are not there, are no business of a restore.
local function usable(raw, source)
  return (raw.SnapshotType or "manual") == "manual" and source ~= nil
end

local function add_described_snapshots(sb, described)
  for _, raw in ipairs(described.DBSnapshots) do
    if usable(raw, sb:instance(raw.DBInstanceIdentifier)) then
      placed(raw.DBSnapshotIdentifier, sb.add_described_snapshot, sb, raw)
    end
  end
  for _, raw in ipairs(described.DBClusterSnapshots) do
    if usable(raw, sb:cluster(raw.DBClusterIdentifier)) then
      placed(raw.DBClusterSnapshotIdentifier, sb.add_described_cluster_snapshot, sb, raw)
    end
  end
end

-- The one that is restored from, if nobody has said which there are.
local function add_needed(sb, spec)
  local name, id = spec.snapshot, spec.id
  if sb:instance(id) and not sb:snapshot(name) then
    sb:add_snapshot { DBSnapshotIdentifier = name, DBInstanceIdentifier = id }
  elseif sb:cluster(id) and not sb:cluster_snapshot(name) then
    sb:add_cluster_snapshot { DBClusterSnapshotIdentifier = name, DBClusterIdentifier = id }
  end
end

local function add_snapshots(sb, spec, where)
  local scenario = spec.scenario or {}
  if spec.described then add_described_snapshots(sb, spec.described) end
  for _, fields in ipairs(scenario.snapshots or {}) do
    placed(("%s: %s"):format(where, fields.DBSnapshotIdentifier), sb.add_snapshot, sb, fields)
  end
  for _, fields in ipairs(scenario.cluster_snapshots or {}) do
    placed(("%s: %s"):format(where, fields.DBClusterSnapshotIdentifier), sb.add_cluster_snapshot, sb, fields)
  end
  if spec.snapshot and not scenario.snapshots and not scenario.cluster_snapshots then add_needed(sb, spec) end
end

-- What happens ---------------------------------------------------------------------------------

local function call(sb, action, tell)
  local _, err = sb:operator(action.operation, action.parameters)
  local given = action.parameters
  local target = given.DBInstanceIdentifier or given.DBClusterIdentifier or given.DBSnapshotIdentifier
    or given.DBClusterSnapshotIdentifier or given.ResourceName or ""
  tell(("somebody else: %s %s: %s"):format(action.operation, target, err and err.code or "ok"))
end

local function disturb(sb, action, tell)
  local name = action.instance or action.cluster
  local there = action.instance and sb:instance(name) or action.cluster and sb:cluster(name)
  local happened = there and sb:disturb(name, action.status, action.for_s)
  tell(("RDS: %s: %s%s"):format(name, action.status,
    happened and "" or there and " (not now: it is busy)" or " (not now: there is none of that name)"))
end

local function perform(sb, action, tell)
  if action.operation then call(sb, action, tell) else disturb(sb, action, tell) end
end

-- Calls f after the nth call of that operation that has changed something.
local function after(sb, operation, nth, f)
  local earlier, counted, last = sb.on_commit, 0, nil
  function sb.on_commit(...)
    if earlier then earlier(...) end
    local entry = sb.audit[#sb.audit]
    if not entry or entry == last or entry.by ~= "client" or entry.operation ~= operation
      or entry.outcome ~= "ok" then return end
    last, counted = entry, counted + 1
    if counted == nth then f() end
  end
end

local function arrange(sb, action, tell)
  local function due() perform(sb, action, tell) end
  if action.at_s then return sb:at(action.at_s, due) end
  after(sb, action.after, action.nth or 1, function() sb:at(action.delay_s or 0, due) end)
end

local function check_served(sb, scenario)
  for i, action in ipairs(scenario.actions) do
    if action.operation and not sb.serves("rds", action.operation) then
      shape.refuse({ file = scenario.file, path = ("actions[%d].operation"):format(i), first = 1 },
        "the sandbox does not serve %s", action.operation)
    end
  end
end

--- What a sandbox has to be made with, for such a stage.
---@param spec trapheus.sandbox.Stage
---@return trapheus.sandbox.Options
function stage.options(spec)
  local scenario, described = spec.scenario or {}, spec.described or {}
  return { seed = scenario.seed, preset = scenario.preset, knobs = scenario.knobs, region = described.region,
    account = described.account }
end

--- Puts it all there.
---@param sb trapheus.Sandbox
---@param spec trapheus.sandbox.Stage
function stage.set(sb, spec)
  local scenario = spec.scenario
  local where = scenario and scenario.file or "sandbox"
  if spec.described then sb.host_label = spec.described.host_label or sb.host_label end
  for _, kind in ipairs { "clusters", "instances" } do add_databases(sb, spec, kind, where) end
  add_snapshots(sb, spec, where)
  if spec.tell then
    function sb.on_happening(fault)
      local whom = fault.name or fault.operation
      spec.tell(("fault: %s%s"):format(fault.kind, whom and " " .. whom or ""))
    end
  end
  if not scenario then return end
  check_served(sb, scenario)
  sb:inject(scenario.faults)
  for _, action in ipairs(scenario.actions) do arrange(sb, action, spec.tell or function() end) end
end

--- One more database, unless it is there, with the snapshot that is restored from.
---@param sb trapheus.Sandbox
---@param spec trapheus.sandbox.Stage
function stage.add(sb, spec)
  local holders = spec.is_cluster and sb.cluster_names or sb.names
  if not (holders[spec.id] or spec.is_cluster == nil and sb.cluster_names[spec.id]) then
    local kind = spec.is_cluster and "clusters" or "instances"
    placed(spec.id, ADD[kind].made_up, sb, { [KINDS[kind].id] = spec.id })
  end
  if spec.snapshot then add_needed(sb, spec) end
end

return stage
