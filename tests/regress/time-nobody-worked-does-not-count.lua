--- A machine that slept, or a clock that was set: the hours in which nobody looked are in no deadline.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local ASLEEP_H = { fence = 2, snapshot = 25, rename = 7, restore = 25, verify = 7, delete = 25 }

-- The clock jumps at the first look of the step.
local function jumps(name, hours)
  return function(pipeline)
    local shipped = pipeline.steps[name]
    pipeline:replace(name, setmetatable({
      advance = function(run)
        function run.world:now_ms() return self.loop:now_ms() + hours * 3600 * 1000 end
        return shipped.advance(run)
      end,
    }, { __index = shipped }))
  end
end

for name, hours in pairs(ASLEEP_H) do
  tests[("%d hours in the step %s"):format(hours, name)] = function()
    local result = rehearse { extend = jumps(name, hours) }
    witness.equal(result.outcome, "restored", result.record.failure and result.record.failure.message)
    assert(not result.record.facts.leftover, "the original is deleted")
  end
end

return tests
