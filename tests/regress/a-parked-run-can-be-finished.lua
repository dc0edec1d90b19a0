--- A person who has put right what a run was parked for can let it go on, to its end.
local driver = require "trapheus.drivers.local"
local path = require "trapheus.path"
local pipeline_module = require "trapheus.pipeline"
local rehearse = require "rehearse"
local run_module = require "trapheus.run"
local witness = require "witness"
local tests = {}

-- As resume does it: the record as it is in the journal, and the shipped steps.
local function resume(parked)
  local world = parked.world
  local run = run_module.wrap(world, world.journal:load(parked.run.id))
  pipeline_module.reopen(run)
  driver.run(path.script "scripts/restore.lua" (), run)
  return run.record
end

tests["a way back that was refused as often as it may be sent"] = function()
  local original
  local parked = rehearse {
    prepare = function(sandbox) original = sandbox:instance "mydb" end,
    faults = {
      { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" },
      { operation = "ModifyDBInstance", occurrence = 3, kind = "background_failure" },
      { operation = "ModifyDBInstance", occurrence = 4, kind = "background_failure" },
      { operation = "ModifyDBInstance", occurrence = 5, kind = "background_failure" },
    },
  }
  witness.equal(parked.outcome, "parked")
  witness.equal(parked.document.original.name, "mydb-temp", "where the report says that it is")
  local record = resume(parked)
  witness.equal(record.outcome, "rolled_back")
  witness.equal(parked.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
  assert(record.failure, "why it was rolled back is still told")
end

tests["a way forward: what it was parked for is no failure any more"] = function()
  local renamed = false
  local parked = rehearse { extend = function(pipeline)
    pipeline:before("delete", function(run)
      run.world.rds:ModifyDBInstance { DBInstanceIdentifier = "mydb-temp", NewDBInstanceIdentifier = "other",
        ApplyImmediately = true }
      renamed = true
      witness.pass(run.world, 3600)
    end)
  end }
  assert(renamed and parked.outcome == "parked", parked.outcome)
  parked.world.rds:ModifyDBInstance { DBInstanceIdentifier = "other", NewDBInstanceIdentifier = "mydb-temp",
    ApplyImmediately = true }
  witness.pass(parked.world, 3600)
  local record = resume(parked)
  witness.equal(record.outcome, "restored")
  witness.equal(record.failure, nil, "a failure")
  witness.equal(witness.committed(parked.sandbox, "DeleteDBInstance"), 1, "deletions")
end

return tests
