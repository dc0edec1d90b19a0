--- A crash right after a failure is recorded finds the run on its way back, never on its way forward.
local interrupt = require "interrupt"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

-- Dies at the write that says that a step has failed, before or after it is durable.
local function dies(spec, when)
  spec.crash = interrupt.at_end("failed", when)
  local original
  local prepare = spec.prepare or function() end
  function spec.prepare(sandbox)
    original = sandbox:instance "mydb"
    prepare(sandbox)
  end
  local result = rehearse(spec)
  witness.equal(result.crashes, 1, "crashes")
  witness.equal(result.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
  return result
end

for _, when in ipairs { "before", "after" } do
  tests["refused, and a crash " .. when .. " the write"] = function()
    local result = dies({ prepare = function(sandbox)
      witness.amend(sandbox, "mydb", { ReadReplicaDBInstanceIdentifiers = { "reader" } })
    end }, when)
    witness.equal(result.outcome, "refused")
    witness.equal(#result.calls, 0, "calls")
  end

  tests["no fence is allowed, and a crash " .. when .. " the write"] = function()
    local denied = { operation = "ModifyDBInstance", occurrence = "every", kind = "denied" }
    local result = dies({ faults = { denied } }, when)
    witness.equal(result.outcome, "failed")
    witness.equal(witness.committed(result.sandbox), 0, "changes")
  end

  tests["a check of the user fails, and a crash " .. when .. " the write"] = function()
    local failed = false
    local result = dies({ extend = function(pipeline)
      pipeline:before("verify", function()
        if failed then return end
        failed = when == "after"
        error "not as it should be"
      end)
    end }, when)
    witness.equal(result.outcome, "rolled_back")
  end
end

return tests
