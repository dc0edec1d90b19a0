--- D20: every state that a restore does not come back from ends it at once, with a rollback; one that a person can mend
--- calls a person. None is waited out.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local MENDABLE = { "inaccessible-encryption-credentials-recoverable", "incompatible-parameters",
  "insufficient-capacity" }

local KINDS = {
  instance = { spec = {}, operation = "RestoreDBInstanceFromDBSnapshot", terminal = { "failed", "incompatible-restore",
    "incompatible-network", "incompatible-credentials", "incompatible-option-group", "incompatible-create",
    "restore-error", "inaccessible-encryption-credentials", "storage-full" } },
  cluster = { spec = { cluster = {}, members = 1 }, operation = "RestoreDBClusterFromSnapshot", terminal = { "failed",
    "incompatible-restore", "incompatible-network", "restore-failed", "migration-failed", "cloning-failed",
    "inaccessible-encryption-credentials" } },
}

local function restore(kind, status)
  local spec = { faults = { { operation = kind.operation, occurrence = 1, kind = "terminal", status = status } } }
  for field, value in pairs(kind.spec) do spec[field] = value end
  return rehearse(spec)
end

local function hours(record) return (record.ended_at - record.created_at) / 3600 end

for name, kind in pairs(KINDS) do
  for _, status in ipairs(kind.terminal) do
    tests[("a restored %s that is '%s' is rolled back"):format(name, status)] = function()
      local result = restore(kind, status)
      witness.equal(result.outcome, "rolled_back")
      assert(result.record.failure.message:find(status, 1, true), result.record.failure.message)
      assert(hours(result.record) < 4, "it was waited for")
    end
  end
  for _, status in ipairs(MENDABLE) do
    tests[("a restored %s that is '%s' calls a person"):format(name, status)] = function()
      local result = restore(kind, status)
      witness.equal(result.outcome, "parked")
      assert(result.record.parked.todo:find "trapheus rollback", result.record.parked.todo)
    end
  end
end

tests["a state that nobody knows is waited out"] = function()
  local result = rehearse { prepare = function(sandbox)
    witness.once(sandbox, witness.creating, function(sb)
      sb:at(60, function() witness.amend(sb, "mydb", { DBInstanceStatus = "polishing" }) end)
    end)
  end }
  witness.equal(result.outcome, "restored")
end

tests["a state after a modification or an upgrade that failed counts as well"] = function()
  local statuses = require "trapheus.statuses"
  for _, status in ipairs { "modify-failed", "upgrade-failed" } do assert(statuses.terminal_bad[status], status) end
end

return tests
