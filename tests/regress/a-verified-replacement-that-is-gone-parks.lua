--- Between VERIFIED and the deletion somebody changes one of the two databases: the original stays, a person is called.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local function rename(run, name, new_name)
  run.world.rds:ModifyDBInstance { DBInstanceIdentifier = name, NewDBInstanceIdentifier = new_name,
    ApplyImmediately = true }
end

local MEANWHILE = {
  ["the replacement is renamed"] = function(run) rename(run, "mydb", "other") end,
  ["the replacement is deleted"] = function(run)
    run.world.rds:DeleteDBInstance { DBInstanceIdentifier = "mydb", SkipFinalSnapshot = true }
  end,
  ["the replacement's storage is full"] = function(run)
    local function fill(sandbox) witness.amend(sandbox, "mydb", { DBInstanceStatus = "storage-full" }) end
    fill(run.world.sandbox)
    witness.always(run.world.sandbox, fill)
  end,
  ["the original is renamed"] = function(run) rename(run, "mydb-temp", "other") end,
}

for what, change in pairs(MEANWHILE) do
  tests[what] = function()
    local original
    local result = rehearse {
      knobs = { restore_backup_s = 0 },
      prepare = function(sandbox) original = sandbox:instance "mydb" end,
      extend = function(pipeline)
        pipeline:before("delete", function(run)
          change(run)
          witness.pass(run.world, 3600)
        end)
      end,
    }
    witness.equal(result.outcome, "parked")
    local kept = result.sandbox:by_resource_id(original.DbiResourceId)
    assert(kept and kept.DeletionProtection, "the original is there and protected")
    witness.equal(result.document.original.name, kept.DBInstanceIdentifier, "what the report calls it")
  end
end

return tests
