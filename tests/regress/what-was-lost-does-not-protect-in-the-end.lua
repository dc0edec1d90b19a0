--- A call that turns deletion protection on, is lost and sent again, may be executed a quarter of an hour later. It
--- must not come after the one that turns it off: the database would stay protected, and nobody would be told.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local LATE_S = 890

local function late(occurrence)
  return { operation = "ModifyDBInstance", occurrence = occurrence, kind = "zombie", delay_s = LATE_S }
end

local REFUSED = { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = "every", kind = "denied" }

local function ends_unprotected(outcome, faults)
  local result = rehearse { preset = "quick", faults = faults }
  witness.equal(result.outcome, outcome)
  witness.pass(result.world, LATE_S + 60)
  witness.equal(result.sandbox:instance "mydb".DeletionProtection, false, "protection in the end")
end

tests["of the original, which is rolled back"] = function() ends_unprotected("rolled_back", { late(1), REFUSED }) end

tests["of the original, lost again by who turns back"] = function()
  ends_unprotected("failed", { late(1), { operation = "ModifyDBInstance", occurrence = 2, kind = "drop" } })
end

tests["of the original, refused when it is asked for again"] = function()
  ends_unprotected("failed", { late(1), { operation = "ModifyDBInstance", occurrence = 2, kind = "denied" } })
end

tests["of the replacement, refused when it is asked for again"] = function()
  ends_unprotected("restored", { late(4), { operation = "ModifyDBInstance", occurrence = 5, kind = "denied" } })
end

tests["of the replacement"] = function() ends_unprotected("restored", { late(4) }) end

return tests
