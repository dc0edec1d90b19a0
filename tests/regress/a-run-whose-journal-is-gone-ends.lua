--- A machine dies for good, with its journal: another one ends the run, from the marks on the databases.
local driver = require "trapheus.drivers.local"
local errors = require "trapheus.errors"
local hosts = require "hosts"
local marks = require "trapheus.marks"
local path = require "trapheus.path"
local pipeline_module = require "trapheus.pipeline"
local neighbours = require "trapheus.sandbox.neighbours"
local recover = require "trapheus.recover"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local TERMINAL = { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" }
local DEAD = {}

-- The machine is lost at the nth journal write, if there are so many. nil: it was not lost.
local function lost(nth, spec, seed)
  local count = 0
  spec.seed = seed
  spec.knobs = { stale_s = { 0, 20 } }
  return hosts.lost(spec, function(_, _, when)
    if when == "after" then count = count + 1 end
    return count == nth and when == "after"
  end)
end

-- What another machine makes of it, once the lease has ended. nil: there was nothing to end.
local function recovered(world, turn, extend)
  witness.pass(world, 1900)
  local other = hosts.another(world)
  local pipeline = path.script "scripts/restore.lua" ()
  if extend then extend(pipeline) end
  local ok, run = pcall(recover.run, other, pipeline, "mydb", "restore")
  if not ok then
    assert(errors.is(run, "NotRecoverable"), tostring(run))
    return nil, run.message
  end
  if turn and run.record.direction == "forward" then pipeline_module.turn_back(run) end
  assert(other.journal:lock(run))
  driver.run(pipeline, run)
  return run.record
end

local function look(sandbox, name) return sandbox:cluster(name) or sandbox:instance(name) end

local function id_of(database) return database.DbClusterResourceId or database.DbiResourceId end

local function unmarked(list)
  for _, snapshot in ipairs(list) do
    local left = not snapshot.gone and snapshot.status ~= "deleting" and witness.marked(snapshot.fields.TagList)
    assert(not left, "a mark is left on " .. snapshot.name)
  end
end

local function check(world, record, why, original)
  local sandbox = world.sandbox
  if why and why:find "is being deleted" then -- verified already; the machine died just then
    record, why = recovered(world)
  elseif record and record.outcome == "parked" then -- given up when it was verified: no second thoughts by a machine
    assert(look(sandbox, "mydb").DeletionProtection and look(sandbox, "mydb-temp"), record.parked.reason)
    return true
  end
  witness.pass(world, 1800)
  sandbox:advance()
  local holder = assert(look(sandbox, "mydb"), "nobody holds the name")
  local restored = id_of(holder) ~= id_of(original)
  if not record then
    assert(why:find "bears the marks", why)
  else
    witness.equal(record.outcome, restored and "restored" or "rolled_back", "the outcome")
  end
  assert(not look(sandbox, "mydb-temp"), "something is left aside")
  witness.equal(holder.DeletionProtection, original.DeletionProtection, "protection")
  assert(not witness.marked(holder.TagList), "a mark is left")
  unmarked(sandbox.snapshots)
  unmarked(sandbox.cluster_snapshots)
  assert(witness.committed(sandbox, "RestoreDBInstanceFromDBSnapshot") <= 1, "restored twice")
  for name in pairs(sandbox.names) do assert(not name:find "%-temp$", name .. " is left") end
  return restored
end

for name, spec in pairs {
  ["a restore that goes well"] = {}, ["a restore that fails"] = { faults = { TERMINAL } },
  ["one that is given up"] = { turn = true }, ["the restore of a cluster"] = { cluster = {}, stride = 9 },
  ["the restore of a cluster that is given up"] = { cluster = {}, stride = 9, turn = true },
} do
  tests["lost at any write of " .. name] = function()
    local ends, nth = { [true] = 0, [false] = 0 }, 1
    while true do
      local original
      local world = lost(nth, { faults = spec.faults, cluster = spec.cluster, members = 2,
        instance = { DeletionProtection = nth % 2 == 0 },
        prepare = function(sandbox) original = look(sandbox, "mydb") end }, nth)
      if not world then break end
      local ok, restored = pcall(function()
        local record, why = recovered(world, spec.turn)
        return check(world, record, why, original)
      end)
      if not ok then error(("write %d: %s"):format(nth, restored), 0) end
      ends[restored] = ends[restored] + 1
      nth = nth + (spec.stride or 3)
    end
    assert(nth > 20, "hardly any writes: " .. nth)
    assert(ends[true] > 0 or spec.faults, "never restored")
    assert(ends[false] > 0, "never rolled back")
  end
end

local ENDPOINT = { DBClusterIdentifier = "mydb", DBClusterEndpointIdentifier = "mydb-reports", EndpointType = "ANY",
  StaticMembers = { "mydb-1-b" } }

-- Their names sort otherwise with "-temp" behind them.
local MEMBERS = { { DBInstanceIdentifier = "mydb-1", IsClusterWriter = true }, { DBInstanceIdentifier = "mydb-1-b" } }

tests["what was captured aside is known by its own name"] = function()
  local world = hosts.lost({ cluster = {}, members = MEMBERS, prepare = function(sandbox)
    assert(sandbox:operator("CreateDBClusterEndpoint", ENDPOINT))
    neighbours.add_subscription(sandbox, { CustSubscriptionId = "of-members", SourceType = "db-instance",
      SourceIdsList = { "mydb-1", "mydb-1-b-temp" } })
  end }, function(kind, entry, when) return kind == "step" and entry.step == "configure" and when == "after" end)
  local record = recovered(world)
  witness.equal(record.outcome, "restored")
  witness.equal(#record.facts.differing, 0, "settings that differ")
  local sources = {}
  for i, known in ipairs(record.facts.original.subscriptions or {}) do sources[i] = known.source end
  witness.equal(table.concat(sources, " "), "mydb-1 mydb-1-b", "what a subscription is to name")
  local warnings = table.concat(record.warnings, "\n")
  assert(not warnings:find "Members is" and not warnings:find "endpoint", warnings)
  witness.pass(world, 1800)
  world.sandbox:advance()
  local endpoint = world.sandbox:operator("DescribeDBClusterEndpoints",
    { DBClusterEndpointIdentifier = "mydb-reports" }).DBClusterEndpoints[1]
  witness.equal(endpoint.DBClusterIdentifier .. " " .. endpoint.StaticMembers[1], "mydb mydb-1-b", "the endpoint")
end

-- Dies when `holds`, after `f` has changed something.
local function refused(step, f)
  local world
  local ok = pcall(rehearse, { knobs = { stale_s = 0 }, extend = function(pipeline)
    pipeline:replace(step, { advance = function(run)
      world = run.world
      f(world.sandbox, run)
      error(DEAD, 0)
    end })
  end })
  assert(not ok and world, "it did not die")
  witness.pass(world, 1900)
  local sent = #witness.changes(world.sandbox)
  local _, err = pcall(recover.run, hosts.another(world), path.script "scripts/restore.lua" (), "mydb", "restore")
  assert(errors.is(err, "NotRecoverable"), tostring(err))
  witness.equal(#witness.changes(world.sandbox), sent, "changes")
  return err.message
end

local function tag(sandbox, name, key, value)
  assert(sandbox:operator("AddTagsToResource", { ResourceName = sandbox:instance(name).DBInstanceArn,
    Tags = { { Key = key, Value = value } } }))
end

tests["one whose machine may be alive is left alone"] = function()
  local message = refused("verify", function(sandbox, run)
    tag(sandbox, "mydb-temp", marks.LEASE, ("%s:%d"):format(run.id, sandbox.now // 1000 + 7200))
  end)
  assert(message:find "may be at work on another machine", message)
end

tests["marks of two runs are for a person"] = function()
  local message = refused("verify", function(sandbox) tag(sandbox, "mydb", marks.LEASE, "aaaabbbb:1") end)
  assert(message:find "aaaabbbb" and message:find "two runs", message)
end

tests["an original that somebody has renamed is for a person"] = function()
  local message = refused("verify", function(sandbox)
    assert(sandbox:operator("ModifyDBInstance", { DBInstanceIdentifier = "mydb-temp", NewDBInstanceIdentifier = "other",
      ApplyImmediately = true }))
  end)
  assert(message:find "is called other now", message)
end

tests["one with hooks only goes forward when they are given again"] = function()
  for outcome, extend in pairs { rolled_back = false, restored = function(pipeline) pipeline.hooked = true end } do
    local at = { steps = {} }
    local ok = pcall(rehearse, { knobs = { stale_s = 0 }, options = { hooks = { { file = "/h.lua", sha256 = "0" } } },
      extend = function(pipeline)
        pipeline:before("configure", function(run)
          at = run
          error(DEAD, 0)
        end)
      end, crash = function(kind, entry, when)
        if when == "after" and kind == "step" and entry.outcome == "failed" then error(DEAD, 0) end
      end })
    assert(not ok and at.world, "it did not die")
    witness.equal(recovered(at.world, false, extend or nil).outcome, outcome)
  end
end

tests["a snapshot whose run is lost leaves no mark on the database"] = function()
  local world = lost(5, { task = "create_snapshot_only" }, 1)
  local record = recovered(world)
  witness.equal(record.outcome, "failed")
  assert(not witness.marked(world.sandbox:instance("mydb").TagList), "a mark is left")
end

tests["a database without marks has nothing to end"] = function()
  local world = rehearse({}).world
  local ok, err = pcall(recover.run, world, path.script "scripts/restore.lua" (), "mydb", "restore")
  assert(not ok and err.message:find "bears the marks of a run", tostring(err))
end

return tests
