--- A run says that it has rolled back when the original has its name, and keeps it. A rename that was refused may have
--- taken effect, as it arrived twice; one that shows when the way back seemed to be over is undone as well.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local function at_home(spec)
  local original
  function spec.prepare(sandbox) original = sandbox:instance("mydb").DbiResourceId end
  local result = rehearse(spec)
  witness.pass(result.world, 1800)
  witness.equal(result.outcome, "rolled_back")
  local holder = result.sandbox:instance "mydb"
  witness.equal(holder and holder.DbiResourceId, original, "who is mydb")
  assert(not witness.marked(holder.TagList), "a mark is left")
end

tests["though a copy of its rename was refused"] = function()
  for seed = 1, 4 do
    at_home { seed = seed, instance = { DeletionProtection = false },
      knobs = { reserved_name_state = 1, rename_lag_s = 60, stale_s = 60 }, faults = {
        { operation = "ModifyDBInstance", occurrence = 2, kind = "dup" },
        { operation = "ModifyDBInstance", occurrence = 3, kind = "denied" } } }
  end
end

tests["though its rename fails in the background, and then once more"] = function()
  at_home { instance = { DeletionProtection = false }, faults = {
    { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "denied" },
    { operation = "ModifyDBInstance", occurrence = 3, kind = "background_failure" },
    { operation = "ModifyDBInstance", occurrence = 4, kind = "background_failure" } } }
end

local function move_aside(run)
  assert(run.world.sandbox:operator("ModifyDBInstance", { DBInstanceIdentifier = "mydb",
    NewDBInstanceIdentifier = "mydb-temp", ApplyImmediately = true }))
  witness.pass(run.world, 1200)
  run:look_anew()
end

for _, step in ipairs { "fence", "lock" } do
  tests["though it is moved aside again before the way back through the step " .. step] = function()
    at_home { knobs = { stale_s = 0 }, instance = { DeletionProtection = false },
      extend = witness.before_undo(step, move_aside),
      faults = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "denied" } } }
  end
end

-- Another run, say, that has restored it while this one was away.
tests["or says that somebody has deleted it since"] = function()
  local result = rehearse { knobs = { stale_s = 0 }, instance = { DeletionProtection = false },
    extend = witness.before_undo("lock", function(run)
      assert(run.world.sandbox:operator("DeleteDBInstance", { DBInstanceIdentifier = "mydb",
        SkipFinalSnapshot = true }))
      witness.pass(run.world, 3600)
      run:look_anew()
    end),
    faults = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "denied" } } }
  witness.equal(result.outcome, "parked")
  local reason = result.record.parked.reason
  assert(reason:find "somebody has deleted it" and reason:find "mydb is not there", reason)
end

return tests
