--- Before a change the lease may have to be put again. That call is accepted, and says nothing of the change, which has
--- not been sent: its settings were taken for given, and were not carried over.
local marks = require "trapheus.marks"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

tests["a lease that is put again before the replacement is configured"] = function()
  local result = rehearse { extend = function(pipeline)
    pipeline:before("configure", function(run)
      local sandbox = run.world.sandbox
      assert(sandbox:operator("RemoveTagsFromResource", { TagKeys = { marks.LEASE },
        ResourceName = sandbox:instance("mydb-temp").DBInstanceArn }))
    end)
  end }
  witness.equal(result.outcome, "restored")
  witness.equal(#(result.record.facts.differing or {}), 0, "settings that differ")
end

return tests
