--- D19: what an error means is read from AWS's code; "not found" in a message makes nothing late, done or healthy.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local RESTORE = "RestoreDBInstanceFromDBSnapshot"

-- Looking is denied for a time, from 30 s after the restore has begun.
local function denied_for(seconds, spec)
  function spec.prepare(sandbox)
    spec.original = sandbox:instance "mydb"
    witness.once(sandbox, witness.creating, function(sb)
      local fault = { operation = "DescribeDBInstances", occurrence = "every", kind = "denied" }
      sb:at(30, function() sb:inject { fault } end)
      sb:at(30 + seconds, function() sb:heal() end)
    end)
  end
  spec.knobs = { restore_s = 1800 }
  return rehearse(spec)
end

tests["a look that is denied for a moment does not touch a healthy restore"] = function()
  local result = denied_for(25, {})
  witness.equal(result.outcome, "restored")
end

tests["a look that stays denied parks: nothing is rolled back"] = function()
  local spec = {}
  local result = denied_for(30 * 86400, spec)
  witness.equal(result.outcome, "parked")
  witness.equal(#witness.changes(result.sandbox, "DeleteDBInstance"), 0, "deletions")
  witness.equal(#witness.renames(result.sandbox), 1, "renames")
  witness.equal(result.sandbox:instance("mydb-temp").DbiResourceId, spec.original.DbiResourceId, "who is aside")
  assert(result.sandbox:instance "mydb", "the replacement is there")
  assert(result.record.parked.todo:find("trapheus resume " .. result.run.id, 1, true), result.record.parked.todo)
end

-- A refusal that will not pass, with the very words that the original took for a slow rename.
local WORDS = "The resource was not found. Rate exceeded, max attempts exceeded."
local REFUSALS = {
  "KMSKeyNotAccessibleFault", "DBSubnetGroupNotFoundFault", "DBParameterGroupNotFound", "DBSnapshotNotFound",
  "InvalidSubnet", "StorageQuotaExceeded", "InstanceQuotaExceeded", "InvalidParameterValue", "AccessDenied",
}

for _, code in ipairs(REFUSALS) do
  tests["a restore refused with " .. code .. " is rolled back at once"] = function()
    local original
    local result = rehearse {
      prepare = function(sandbox) original = sandbox:instance "mydb" end,
      faults = { { operation = RESTORE, occurrence = "every", kind = "error", code = code, message = WORDS } },
    }
    witness.equal(result.outcome, "rolled_back")
    witness.equal(result.record.failure.code, code, "the code that is told")
    witness.equal(result.record.failure.step, "restore", "the step")
    witness.equal(#witness.changes(result.sandbox, RESTORE), 1, "restores that were sent")
    witness.equal(result.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
  end
end

-- A refusal that passes, in words that sound final.
local PASSING = { "Throttling", "RequestLimitExceeded", "InvalidDBInstanceState", "DBInstanceAlreadyExists" }

for _, code in ipairs(PASSING) do
  tests["a restore refused with " .. code .. " is asked for again"] = function()
    local result = rehearse {
      faults = {
        { operation = RESTORE, occurrence = 1, kind = "error", code = code, message = "Access denied, not found." },
      },
    }
    witness.equal(result.outcome, "restored")
    witness.equal(witness.committed(result.sandbox, RESTORE), 1, "restores")
  end
end

tests["a deletion refused with words of `not found` is no deletion"] = function()
  local original
  local result = rehearse {
    prepare = function(sandbox) original = sandbox:instance "mydb" end,
    faults = { { operation = "DeleteDBInstance", occurrence = "every", kind = "error",
      code = "KMSKeyNotAccessibleFault", message = WORDS } },
  }
  witness.equal(result.outcome, "restored")
  assert(result.sandbox:by_resource_id(original.DbiResourceId), "the original is there")
  witness.equal(result.document.original.name, "mydb-temp", "where the report says it is")
  local told = false
  for _, warning in ipairs(result.record.warnings) do told = told or warning:find("mydb-temp", 1, true) ~= nil end
  assert(told, "nobody is told")
end

tests["a throttle by any of its names is no failure, whichever call it meets"] = function()
  for _, operation in ipairs { "DescribeDBInstances", "DescribeDBSnapshots", "ModifyDBInstance", "CreateDBSnapshot",
    "DeleteDBInstance" } do
    for _, code in ipairs { "Throttling", "ThrottlingException", "RequestLimitExceeded" } do
      local result = rehearse { faults = { { operation = operation, occurrence = 2, kind = "error", code = code },
        { operation = operation, occurrence = 1, kind = "error", code = code } } }
      witness.equal(result.outcome, "restored", operation .. " " .. code)
    end
  end
end

return tests
