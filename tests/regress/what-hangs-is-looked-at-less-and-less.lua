--- A replacement that hangs in its creation cannot be deleted, and a call to delete it may be lost: nothing can be
--- concluded from looks while it moves. They become as rare as those of any long wait.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local DAY_S, CALLS_A_MINUTE = 86400, 10

tests["when the call that deletes it is lost"] = function()
  local began_at, audit
  local result = rehearse { snapshot = true, faults = {
    { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "stuck" },
    { operation = "DeleteDBInstance", occurrence = 1, kind = "drop" } },
    extend = witness.before_undo("restore", function(run)
      began_at, audit = run:now_s(), #run.world.sandbox.audit
    end) }
  witness.equal(result.outcome, "parked")
  local minutes = (result.run:now_s() - began_at) / 60
  assert(minutes * 60 > DAY_S / 2, "it waits")
  local calls = #result.sandbox.audit - audit
  assert(calls < minutes * CALLS_A_MINUTE, ("%d calls in %d minutes"):format(calls, minutes // 1))
end

return tests
