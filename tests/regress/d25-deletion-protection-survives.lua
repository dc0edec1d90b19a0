--- D25: a protected original is restored too: its replacement is protected as it was, and the original is deleted.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

-- From the fence until VERIFIED the original is protected, and whoever else is about to be deleted is not.
local function watched(spec)
  local original, problems, fenced, verified
  function spec.prepare(sandbox)
    original = sandbox:instance "mydb"
    problems = witness.always(sandbox, function(sb)
      local truth = sb:by_resource_id(original.DbiResourceId)
      if not truth then return nil end
      fenced = fenced or truth.DBInstanceIdentifier ~= "mydb"
      if fenced and not truth.DeletionProtection and not verified then
        return "the original is unprotected before its replacement is verified"
      end
      local replacement = sb:instance "mydb"
      local other = replacement and replacement.DbiResourceId ~= original.DbiResourceId
      local held = other and replacement.DeletionProtection
      if truth.DBInstanceStatus == "deleting" and not held then
        return "the original is deleted, and the replacement is not protected"
      end
    end)
  end
  function spec.crash(kind, _, when)
    verified = verified or kind == "verified" and when == "after"
  end
  local result = rehearse(spec)
  witness.none(problems)
  return result, original
end

for _, protected in ipairs { true, false } do
  local words = protected and "protected" or "unprotected"

  tests["an original that is " .. words .. " is restored and deleted"] = function()
    local result, original = watched { instance = { DeletionProtection = protected } }
    witness.equal(result.outcome, "restored")
    local now = result.sandbox:instance "mydb"
    witness.equal(now.DeletionProtection, protected, "the replacement's protection")
    assert(result.sandbox:by_resource_id(original.DbiResourceId) == nil, "the original is gone")
  end

  tests["an original that is " .. words .. " is kept as it was"] = function()
    local result = watched { instance = { DeletionProtection = protected }, options = { keep_original = true } }
    witness.equal(result.outcome, "restored")
    witness.equal(result.sandbox:instance("mydb").DeletionProtection, protected, "the replacement's protection")
    witness.equal(result.sandbox:instance("mydb-temp").DeletionProtection, protected, "the original's protection")
    witness.equal(#witness.changes(result.sandbox, "DeleteDBInstance"), 0, "deletions")
  end

  tests["an original that is " .. words .. " is rolled back as it was"] = function()
    local result = rehearse { instance = { DeletionProtection = protected }, faults = {
      { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" },
    } }
    witness.equal(result.outcome, "rolled_back")
    witness.equal(result.sandbox:instance("mydb").DeletionProtection, protected, "its protection")
  end

  tests["an original that is " .. words .. " is as it was when the snapshot fails"] = function()
    local result = rehearse { instance = { DeletionProtection = protected }, faults = {
      { operation = "CreateDBSnapshot", occurrence = "every", kind = "terminal", status = "failed" },
    } }
    witness.equal(result.outcome, "failed")
    witness.equal(result.sandbox:instance("mydb").DeletionProtection, protected, "its protection")
  end

  tests["an original that is " .. words .. " is restored without a fence"] = function()
    local result = rehearse { instance = { DeletionProtection = protected }, options = { no_fence = true } }
    witness.equal(result.outcome, "restored")
    witness.equal(result.sandbox:instance("mydb").DeletionProtection, protected, "the replacement's protection")
    witness.equal(witness.committed(result.sandbox, "DeleteDBInstance"), 1, "deletions")
  end
end

tests["a fence that is not allowed is told with the way round it, and nothing has changed"] = function()
  local result = rehearse { faults = { { operation = "ModifyDBInstance", occurrence = "every", kind = "denied" } } }
  witness.equal(result.outcome, "failed")
  assert(result.record.failure.message:find("--no-fence", 1, true), result.record.failure.message)
  witness.equal(witness.committed(result.sandbox), 0, "changes")
end

tests["a late delete that was meant for the replacement finds the original fenced"] = function()
  local original
  local result = rehearse { prepare = function(sandbox) original = sandbox:instance "mydb" end, faults = {
    { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" },
    { operation = "DeleteDBInstance", occurrence = 1, kind = "zombie", delay_s = 800 },
  } }
  witness.equal(result.outcome, "rolled_back")
  witness.pass(result.world, 3600)
  local now = result.sandbox:instance "mydb"
  assert(now and now.DbiResourceId == original.DbiResourceId, "the original has been deleted")
  witness.equal(now.DBInstanceStatus, "available", "its status")
end

return tests
