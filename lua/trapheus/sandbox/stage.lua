--- Puts into a sandbox what a scenario and somebody's own description say: databases, snapshots, and what will happen.

local errors = require "trapheus.sandbox.errors"
local shape = require "trapheus.sandbox.shape"
local tables = require "trapheus.sandbox.tables"
local usage = require "trapheus.usage"

local stage = {}

---@class trapheus.sandbox.Stage
---@field id string
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

-- Those of the scenario, by name, in order.
local function written(scenario, id)
  local list, by_name = {}, {}
  for i, fields in ipairs(scenario and scenario.instances or { { DBInstanceIdentifier = id } }) do
    list[i] = fields
    by_name[fields.DBInstanceIdentifier:lower()] = fields
  end
  return list, by_name
end

-- A described instance is as it is described, but for what the scenario says of the same name.
local function add_instances(sb, spec, where)
  local list, by_name = written(spec.scenario, spec.id)
  for _, raw in ipairs(spec.described and spec.described.DBInstances or {}) do
    local fields, name = tables.shallow(raw), raw.DBInstanceIdentifier:lower()
    for field, value in pairs(by_name[name] or {}) do fields[field] = value end
    by_name[name] = nil
    placed(name, sb.add_described, sb, fields)
  end
  if spec.described and not spec.scenario then return end
  for _, fields in ipairs(list) do
    local name = fields.DBInstanceIdentifier
    if by_name[name:lower()] then placed(("%s: the instance %s"):format(where, name), sb.add_instance, sb, fields) end
  end
end

-- Automated snapshots, and those of databases that are not there, are no business of a restore.
local function usable(sb, raw)
  return (raw.SnapshotType or "manual") == "manual" and sb:instance(raw.DBInstanceIdentifier)
end

local function add_snapshots(sb, spec, where)
  for _, raw in ipairs(spec.described and spec.described.DBSnapshots or {}) do
    if usable(sb, raw) then placed(raw.DBSnapshotIdentifier, sb.add_described_snapshot, sb, raw) end
  end
  for _, fields in ipairs(spec.scenario and spec.scenario.snapshots or {}) do
    placed(("%s: the snapshot %s"):format(where, fields.DBSnapshotIdentifier), sb.add_snapshot, sb, fields)
  end
  local settled = spec.scenario and spec.scenario.snapshots
  if not settled and spec.snapshot and sb:instance(spec.id) and not sb:snapshot(spec.snapshot) then
    sb:add_snapshot { DBSnapshotIdentifier = spec.snapshot, DBInstanceIdentifier = spec.id }
  end
end

-- What happens ---------------------------------------------------------------------------------

local function call(sb, action, tell)
  local _, err = sb:operator(action.operation, action.parameters)
  local target = action.parameters.DBInstanceIdentifier or action.parameters.DBSnapshotIdentifier
    or action.parameters.ResourceName or ""
  tell(("somebody else: %s %s: %s"):format(action.operation, target, err and err.code or "ok"))
end

local function disturb(sb, action, tell)
  local there = sb:instance(action.instance)
  local happened = there and sb:disturb(action.instance, action.status, action.for_s)
  tell(("RDS: %s: %s%s"):format(action.instance, action.status,
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
  add_instances(sb, spec, where)
  add_snapshots(sb, spec, where)
  if not scenario then return end
  check_served(sb, scenario)
  sb:inject(scenario.faults)
  for _, action in ipairs(scenario.actions) do arrange(sb, action, spec.tell or function() end) end
end

return stage
