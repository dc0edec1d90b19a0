--- While a run is away, before it has moved anything, another one may take its lease, roll back, and turn deletion
--- protection off as it was before. The original is not moved without it.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local function moved_under_guard(step)
  local unfenced = {}
  local result = rehearse { knobs = { stale_s = 0 }, instance = { DeletionProtection = false },
    prepare = function(sandbox)
      local original = sandbox:instance("mydb").DbiResourceId
      unfenced = witness.always(sandbox, function(sb)
        local aside = sb:instance "mydb-temp"
        local there = aside and aside.DbiResourceId == original and not sb:instance "mydb"
        return there and not aside.DeletionProtection and "it is aside, and not protected" or nil
      end)
    end,
    extend = function(pipeline)
      pipeline:before(step, function(run)
        witness.pass(run.world, 900) -- until it is at rest
        assert(run.world.sandbox:operator("ModifyDBInstance", { DBInstanceIdentifier = "mydb",
          DeletionProtection = false }))
        witness.pass(run.world, 600)
      end)
    end }
  witness.equal(result.outcome, "restored")
  witness.none(unfenced)
  witness.equal(result.sandbox:instance "mydb".DeletionProtection, false, "protection in the end")
end

tests["before the snapshot is made"] = function() moved_under_guard "snapshot" end

tests["before the name is given up"] = function() moved_under_guard "rename" end

return tests
