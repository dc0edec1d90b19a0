--- Runs the shipped pipeline on the sandbox for a test, in virtual time.
---
---   local rehearse = require "rehearse"
---   local result = rehearse { task = "create_snapshot", faults = { … } }
---   assert(result.outcome == "restored")
local driver = require "trapheus.drivers.local"
local journal = require "trapheus.journal"
local path = require "trapheus.path"
local report = require "trapheus.report"
local run_module = require "trapheus.run"
local world_module = require "trapheus.world"

---@class Rehearsal
---@field id string?             default "mydb"
---@field restored string?       what is asked to be restored; default: id
---@field task string?           default "create_snapshot"
---@field kind string?
---@field options table?         the flags of the run, as data
---@field instance table?        DBInstance fields of the original
---@field cluster table?        DBCluster fields of the original, which then is a cluster
---@field members table[]|integer?  of the cluster: DBInstance fields, the writer first, or how many; default 3
---@field snapshot table|true?   a snapshot mydb-snapshot that exists before (with these fields)
---@field preset string?         quick, typical (default) or adversarial
---@field knobs table?           the sandbox's timing
---@field fidelity string?       how calls are made: tables (default) or bytes
---@field faults table[]?        sandbox:inject
---@field seed integer?
---@field prepare fun(sandbox: table)?        before the run starts
---@field extend fun(pipeline: table)?        hooks and overrides
---@field crash fun(kind: string, entry: table, when: "before"|"after"): boolean?  dies at that journal write
---@field limit_s number?        stops the driver after this much virtual time; default 30 days

---@class Rehearsed
---@field outcome string
---@field record table
---@field document table        as --output json
---@field sandbox table
---@field world table
---@field pipeline trapheus.Pipeline
---@field run trapheus.Run
---@field calls string[]        "RestoreDBInstanceFromDBSnapshot mydb", …: what was sent, in order
---@field crashes integer

local CRASH = {}

-- A journal that dies where the test says, before or after the write is durable.
local function mortal(crash)
  local kept = journal.memory()
  if not crash then return kept end
  local save = kept.save
  function kept:save(record, kind, entry)
    if crash(kind, entry, "before") then error(CRASH, 0) end
    save(self, record, kind, entry)
    if crash(kind, entry, "after") then error(CRASH, 0) end
  end
  return kept
end

-- Dies at most 50 times; each time the run is read back from the journal and goes on.
local function drive(pipeline, run, result, limit)
  for _ = 1, 50 do
    local ok, err = pcall(driver.run, pipeline, run, limit)
    if ok then return run end
    if err ~= CRASH then error(err, 0) end
    result.crashes = result.crashes + 1
    local record = run.world.journal:load(run.id)
    if record then run = run_module.wrap(run.world, record) end
  end
  error "the run died 50 times"
end

local function with(fields, more)
  for field, value in pairs(type(more) == "table" and more or {}) do fields[field] = value end
  return fields
end

-- `count` members, mydb-1 the writer.
local function members(id, count)
  local list = {}
  for i = 1, count do list[i] = { DBInstanceIdentifier = ("%s-%d"):format(id, i), IsClusterWriter = i == 1 } end
  return list
end

local function add_cluster(sandbox, spec)
  local id = spec.id or "mydb"
  local fields = with({ DBClusterIdentifier = id }, spec.cluster)
  local aurora = (fields.Engine or "aurora"):find "^aurora"
  local list = type(spec.members) == "table" and spec.members or aurora and members(id, spec.members or 3) or nil
  sandbox:add_cluster(fields, list)
  if spec.snapshot then
    sandbox:add_cluster_snapshot(with({ DBClusterSnapshotIdentifier = id .. "-snapshot", DBClusterIdentifier = id },
      spec.snapshot))
  end
end

local function populate(sandbox, spec)
  if spec.cluster then return add_cluster(sandbox, spec) end
  local instance = { DBInstanceIdentifier = spec.id or "mydb" }
  with(instance, spec.instance)
  sandbox:add_instance(instance)
  if not spec.snapshot then return end
  local snapshot = { DBSnapshotIdentifier = instance.DBInstanceIdentifier .. "-snapshot",
    DBInstanceIdentifier = instance.DBInstanceIdentifier }
  sandbox:add_snapshot(with(snapshot, spec.snapshot))
end

---@param spec Rehearsal
---@return Rehearsed
return function(spec)
  local world = world_module.sandbox { seed = spec.seed, preset = spec.preset, knobs = spec.knobs,
    fidelity = spec.fidelity, journal = mortal(spec.crash) }
  populate(world.sandbox, spec)
  if spec.prepare then spec.prepare(world.sandbox) end
  if spec.faults then world.sandbox:inject(spec.faults) end
  local pipeline = path.script "scripts/restore.lua" ()
  if spec.extend then spec.extend(pipeline) end
  local result = { sandbox = world.sandbox, world = world, calls = {}, events = {}, crashes = 0 }
  world:listen(function(event)
    result.events[#result.events + 1] = event
    if event.event == "call" then result.calls[#result.calls + 1] = event.operation .. " " .. event.target end
  end)
  local run = run_module.new(world, { identifier = spec.restored or spec.id or "mydb",
    task = spec.task or "create_snapshot", kind = spec.kind, options = spec.options or {},
    script = "scripts/restore.lua" })
  run = drive(pipeline, run, result, { until_ms = world:now_ms() + (spec.limit_s or 30 * 86400) * 1000 })
  result.pipeline, result.run, result.record, result.outcome = pipeline, run, run.record, run.record.outcome
  if result.outcome then result.document = report.document(run) end
  return result
end
