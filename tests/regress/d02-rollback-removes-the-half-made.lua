--- D2: a rollback deletes the half-created replacement, and takes the name back only when it is free.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local TERMINAL = { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" }

local function check(result, original)
  witness.equal(result.outcome, "rolled_back")
  witness.equal(result.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
  local deleted = 0
  for _, entry in ipairs(witness.changes(result.sandbox, "DeleteDBInstance")) do
    if entry.committed then
      deleted = deleted + 1
      witness.equal(entry.params.DBInstanceIdentifier, "mydb", "what is deleted")
    end
  end
  witness.equal(deleted, 1, "deletions")
end

local function original_kept(spec)
  local original
  spec.prepare = function(sandbox) original = sandbox:instance "mydb" end
  local result = rehearse(spec)
  check(result, original)
  return result
end

tests["the name is not asked for while the half-made replacement holds it"] = function()
  local result = original_kept { faults = { TERMINAL }, knobs = { delete_s = 3600, name_release_s = 0 } }
  for _, entry in ipairs(witness.renames(result.sandbox)) do witness.equal(entry.outcome, "ok", "a rename") end
end

tests["a name that RDS gives free late is asked for again"] = function()
  original_kept { faults = { TERMINAL }, knobs = { delete_s = 60, name_release_s = 120, stale_s = { 0, 60 } } }
end

-- How long after the replacement is gone does the original get its name?
local function nobody_s(delete_s)
  local result = original_kept { preset = "quick", faults = { TERMINAL }, knobs = { delete_s = delete_s } }
  local deletion = witness.changes(result.sandbox, "DeleteDBInstance")[1]
  local renames = witness.renames(result.sandbox)
  return (renames[#renames].at_ms - deletion.at_ms) / 1000 - delete_s
end

tests["a replacement that was seen in its deletion for a minute is gone after three looks"] = function()
  local long_s, short_s = nobody_s(300), nobody_s(10)
  assert(long_s >= 20 and long_s < 50, ("the name is taken back after %.0f s"):format(long_s))
  assert(short_s >= 50, ("after a deletion of ten seconds it is taken back after %.0f s"):format(short_s))
end

tests["a replacement whose creation was not answered is found and deleted"] = function()
  local original
  local result = rehearse {
    faults = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "lost" } },
    prepare = function(sandbox)
      original = sandbox:instance "mydb"
      witness.once(sandbox, witness.creating, function(sb)
        sb:at(120, function() sb:disturb("mydb", "incompatible-restore") end)
      end)
    end,
  }
  check(result, original)
end

tests["a replacement that cannot be deleted while it is created is waited for"] = function()
  original_kept { faults = { TERMINAL }, knobs = { delete_in_creating = 0, restore_s = 3600 } }
end

tests["somebody else's database under the name is not deleted"] = function()
  local original, foreign
  local result = rehearse {
    task = "db_restore", snapshot = true,
    faults = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = "every", kind = "drop" } },
    prepare = function(sandbox)
      original = sandbox:instance "mydb"
      witness.once(sandbox, function(sb) return sb:instance "mydb" == nil end, function(sb)
        for second = 5, 600, 5 do
          sb:at(second, function()
            if foreign then return end
            local reply = sb:operator("RestoreDBInstanceFromDBSnapshot",
              { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "mydb-snapshot" })
            foreign = reply and reply.DBInstance.DbiResourceId
          end)
        end
      end)
    end,
  }
  assert(foreign, "somebody took the name")
  witness.equal(result.outcome, "parked")
  witness.equal(result.sandbox:instance("mydb").DbiResourceId, foreign, "who holds the name")
  witness.equal(result.sandbox:instance("mydb-temp").DbiResourceId, original.DbiResourceId, "who is aside")
  witness.equal(witness.committed(result.sandbox, "DeleteDBInstance"), 0, "deletions")
end

return tests
