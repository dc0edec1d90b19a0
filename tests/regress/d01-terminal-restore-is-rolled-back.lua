--- D1: a restore that ends in a terminal state is the very case that rollback exists for.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local TERMINAL = {
  "incompatible-restore", "failed", "incompatible-network", "storage-full", "incompatible-option-group",
  "incompatible-credentials", "incompatible-create", "restore-error", "inaccessible-encryption-credentials",
}

local function terminal(status)
  return { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = status }
end

for _, status in ipairs(TERMINAL) do
  tests["a restore that ends " .. status .. " is rolled back"] = function()
    local before
    local result = rehearse {
      prepare = function(sandbox) before = sandbox:instance "mydb" end,
      faults = { terminal(status) },
    }
    assert(result.outcome == "rolled_back", result.outcome)
    local now = result.sandbox:instance "mydb"
    assert(now and now.DbiResourceId == before.DbiResourceId, "the original has its name again")
    assert(now.DBInstanceStatus == "available", now.DBInstanceStatus)
    assert(now.DeletionProtection == false, "protected as before")
    assert(result.sandbox:instance "mydb-temp" == nil, "nothing is left aside")
  end
end

tests["a rollback needs no alert: none is sent before it has ended"] = function()
  local result = rehearse {
    faults = { terminal "failed", { operation = "SendEmail", occurrence = "every", kind = "drop" },
      { operation = "webhook", occurrence = "every", kind = "drop" } },
  }
  witness.equal(result.outcome, "rolled_back")
  for _, entry in ipairs(result.sandbox.audit) do
    assert(entry.service ~= "ses" and entry.service ~= "webhook", "an alert in the middle of a rollback")
  end
end

tests["a state that a person can mend is not thrown away"] = function()
  local result = rehearse { faults = { terminal "inaccessible-encryption-credentials-recoverable" } }
  witness.equal(result.outcome, "parked")
  assert(result.sandbox:instance "mydb" and result.sandbox:instance "mydb-temp", "both are still there")
  witness.equal(witness.committed(result.sandbox, "DeleteDBInstance"), 0, "deletions")
end

return tests
