--- What a step asks RDS at its deadline may go unanswered: then it is asked again, and the run goes on.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

tests["a throttled look at the deadline of a restore is made again"] = function()
  local result = rehearse {
    faults = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "stuck" } },
    prepare = function(sandbox)
      sandbox:at(24 * 3600, function()
        sandbox:inject { { operation = "DescribeDBInstances", occurrence = "every", kind = "throttle" } }
      end)
      sandbox:at(26 * 3600, function() sandbox:heal() end)
    end,
  }
  witness.equal(result.outcome, "rolled_back")
end

return tests
