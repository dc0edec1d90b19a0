--- D7: nothing of the original is deleted before its replacement is verified on record; its data stays recoverable.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local MONTHS_AGO = 1760000000

-- Rehearses, and at each change asks: is the original being deleted, and was VERIFIED durable by then?
local function watched(spec)
  local original, verified, problems
  local prepare = spec.prepare
  function spec.prepare(sandbox)
    original = sandbox:instance "mydb"
    problems = witness.always(sandbox, function(sb)
      local truth = sb:by_resource_id(original.DbiResourceId)
      if truth and truth.DBInstanceStatus ~= "deleting" or verified then return nil end
      return "the original is deleted, and no replacement is verified"
    end)
    if prepare then prepare(sandbox) end
  end
  function spec.crash(kind, entry, when)
    if kind == "verified" and when == "after" then verified = entry end
  end
  local result = rehearse(spec)
  witness.none(problems)
  return result, original, verified
end

tests["a durable record of the verified replacement comes before the deletion"] = function()
  local result, original, verified = watched {}
  witness.equal(result.outcome, "restored")
  assert(result.sandbox:by_resource_id(original.DbiResourceId) == nil, "the original is gone")
  witness.equal(verified.resource_id, result.sandbox:instance("mydb").DbiResourceId, "what was verified")
end

tests["what replaces the original holds the data of the pinned snapshot"] = function()
  local result = watched { task = "db_restore", snapshot = { data_version = 7 }, instance = { data_version = 12 } }
  witness.equal(result.outcome, "restored")
  witness.equal(result.sandbox:instance("mydb").restored_version, 7, "its data")
end

tests["automated backups of the original are kept"] = function()
  local result, original = watched {}
  local kept = result.sandbox.retained_backups[1]
  assert(kept and kept.DbiResourceId == original.DbiResourceId, "no backup of the original is left")
end

tests["they go only where that was asked for, and then a last snapshot stays"] = function()
  local result = watched { task = "db_restore", snapshot = { SnapshotCreateTime = MONTHS_AGO },
    instance = { data_version = 12 }, options = { delete_automated_backups = true } }
  witness.equal(result.outcome, "restored")
  witness.equal(#result.sandbox.retained_backups, 0, "retained backups")
  local final = result.sandbox:snapshot("mydb-final-" .. result.run.id)
  assert(final and final.Status == "available", "no final snapshot")
  assert(final.data_version >= 12, "of the data before the restore")
end

tests["an original without automated backups leaves a last snapshot"] = function()
  local result = watched { task = "db_restore", snapshot = true, instance = { BackupRetentionPeriod = 0 } }
  witness.equal(result.outcome, "restored")
  local final = result.sandbox:snapshot("mydb-final-" .. result.run.id)
  witness.equal(final and final.Status, "available", "the final snapshot")
end

tests["a last snapshot is taken under the name that was given"] = function()
  local result = watched { options = { final_snapshot = "before-the-restore" } }
  witness.equal(result.outcome, "restored")
  local final = result.sandbox:snapshot "before-the-restore"
  witness.equal(final and final.Status, "available", "the final snapshot")
end

tests["a check of the user's that fails keeps the original"] = function()
  local result, original = watched {
    extend = function(pipeline) pipeline:before("verify", function() error("the orders are missing", 0) end) end,
  }
  witness.equal(result.outcome, "rolled_back")
  witness.equal(result.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
  assert(result.record.failure.message:find("the orders are missing", 1, true), result.record.failure.message)
end

tests["a replacement with another security group is not taken for the original"] = function()
  local result, original = watched {
    prepare = function(sandbox)
      witness.once(sandbox, witness.creating, function(sb)
        witness.once(sb, function() return not witness.creating(sb) end, function()
          witness.amend(sb, "mydb", { VpcSecurityGroups = { { VpcSecurityGroupId = "sg-other", Status = "active" } } })
          sb.known.security_groups["sg-0app"], sb.known.security_groups["sg-0admin"] = nil, nil
        end)
      end)
    end,
  }
  witness.equal(result.outcome, "rolled_back")
  witness.equal(result.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
end

tests["an original that somebody has renamed meanwhile is not deleted by name"] = function()
  local result, original = watched {
    prepare = function(sandbox)
      witness.once(sandbox, witness.creating, function(sb)
        sb:operator("ModifyDBInstance", { DBInstanceIdentifier = "mydb-temp", NewDBInstanceIdentifier = "mydb-old",
          ApplyImmediately = true })
      end)
    end,
  }
  witness.equal(result.outcome, "parked")
  local kept = result.sandbox:instance "mydb-old"
  assert(kept and kept.DbiResourceId == original.DbiResourceId, "the original is still there")
  witness.equal(result.document.original.name, "mydb-old", "and the report says so")
end

return tests
