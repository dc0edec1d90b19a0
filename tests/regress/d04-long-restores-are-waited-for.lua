--- D4: a restore that takes many hours is waited for, not declared failed with both databases left behind.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local function hours(count) return count * 3600 end

for _, duration in ipairs { 2, 8, 20 } do
  tests[("a restore of %02d hours ends well"):format(duration)] = function()
    local result = rehearse { knobs = { restore_s = hours(duration) } }
    witness.equal(result.outcome, "restored")
    witness.equal(witness.committed(result.sandbox, "RestoreDBInstanceFromDBSnapshot"), 1, "restores")
    assert(result.sandbox:instance "mydb-temp" == nil, "the original is gone")
  end
end

tests["a snapshot of 10 hours ends well"] = function()
  witness.equal(rehearse({ knobs = { snapshot_s = hours(10) } }).outcome, "restored")
end

tests["a deletion of 10 hours ends well"] = function()
  local result = rehearse { knobs = { delete_s = hours(10) } }
  witness.equal(result.outcome, "restored")
  assert(result.sandbox:instance "mydb-temp" == nil, "the original is gone")
end

tests["a restore that never ends is undone after its deadline"] = function()
  local original
  local result = rehearse {
    prepare = function(sandbox) original = sandbox:instance "mydb" end,
    faults = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "stuck" } },
  }
  witness.equal(result.outcome, "rolled_back")
  witness.equal(result.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
end

tests["a throttled hour is no failure"] = function()
  local result = rehearse {
    prepare = function(sandbox)
      witness.once(sandbox, witness.creating, function(sb)
        sb:inject { { operation = "DescribeDBInstances", occurrence = "every", kind = "throttle" } }
        sb:at(3600, function() sb:heal() end)
      end)
    end,
  }
  witness.equal(result.outcome, "restored")
end

return tests
