--- The report names the databases as they were last seen, and what is left behind, whatever was in between.
local interrupt = require "interrupt"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

tests["an original that could not be deleted, and a crash when that is written"] = function()
  local result = rehearse {
    faults = { { operation = "DeleteDBInstance", occurrence = "every", kind = "denied" } },
    crash = interrupt.at_end("failed", "after", "delete"),
  }
  witness.equal(result.crashes, 1, "crashes")
  witness.equal(result.document.original.name, "mydb-temp", "the original")
  assert(not result.sandbox:instance("mydb-temp").DeletionProtection, "protected as captured")
end

tests["a rename that hangs"] = function()
  local result = rehearse { faults = { { operation = "ModifyDBInstance", occurrence = 2, kind = "stuck" } } }
  witness.equal(result.outcome, "parked")
  witness.equal(result.document.original.name, "mydb", "the original")
end

tests["a snapshot that is refused when the old one is gone"] = function()
  local result = rehearse { snapshot = true,
    faults = { { operation = "CreateDBSnapshot", occurrence = 2, kind = "denied" } } }
  local warnings = table.concat(result.record.warnings, "\n")
  assert(warnings:find("mydb-s-" .. result.run.id, 1, true), "the one that covers it is named: " .. warnings)
end

return tests
