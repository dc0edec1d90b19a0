--- A hook after a step is run although the program dies there, and one that must wait for RDS waits.
local interrupt = require "interrupt"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

for _, when in ipairs { "before", "after" } do
  tests["a crash " .. when .. " the write that says that the step is done"] = function()
    local hooked = 0
    local result = rehearse {
      extend = function(pipeline) pipeline:after("rename", function() hooked = hooked + 1 end) end,
      crash = interrupt.at_end("done", when, "rename"),
    }
    witness.equal(result.outcome, "restored")
    witness.equal(result.crashes, 1, "crashes")
    witness.equal(hooked, 1, "hooks")
  end
end

tests["a database that is out of sight is waited for"] = function()
  local seen
  local result = rehearse { extend = function(pipeline)
    local looks = 0
    pipeline:before("verify", function(run)
      looks = looks + 1
      if looks == 1 then error(run:wait "RDS to show the replacement again", 0) end
      seen = run:observe "replacement"
    end)
  end }
  witness.equal(result.outcome, "restored")
  witness.equal(seen and seen.name, "mydb", "what the hook has seen")
end

return tests
