--- Between the rename and the restore somebody takes the name: nobody answers to it, so a person must know at once.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local OTHER = { DBInstanceClass = "db.t4g.micro", Engine = "mysql", AllocatedStorage = 20, MasterUsername = "somebody",
  MasterUserPassword = "not-a-secret-here" }

-- Somebody creates an instance of that name as soon as it is free.
local function taken(sandbox, name, moved)
  local told = {}
  witness.once(sandbox, moved, function(sb)
    told.at_ms = sb.now
    sb:at(0, function()
      OTHER.DBInstanceIdentifier = name
      assert(sb:operator("CreateDBInstance", OTHER))
    end)
  end)
  return told
end

local function check(result, told, name)
  witness.equal(result.outcome, "parked")
  assert(result.record.parked.reason:find(name .. " is held by a database that this run did not create", 1, true),
    result.record.parked.reason)
  local waited_s = result.record.ended_at - told.at_ms / 1000
  assert(waited_s < 1800, ("it was told after %.0f s"):format(waited_s))
  local changes = witness.changes(result.sandbox)
  witness.equal(changes[#changes].operation, "ModifyDBInstance", "the last change")
end

tests["the name of an instance"] = function()
  local told
  local result = rehearse {
    knobs = { name_release_s = 0, rename_gap_s = 0 },
    prepare = function(sandbox)
      told = taken(sandbox, "mydb", function(sb) return sb:instance "mydb-temp" ~= nil end)
    end,
  }
  check(result, told, "mydb")
  witness.equal(result.sandbox:instance("mydb-temp").DbiResourceId, result.record.facts.original.resource_id)
end

tests["the name of a member of a cluster"] = function()
  local told
  local result = rehearse {
    cluster = {}, members = 2,
    knobs = { name_release_s = 0, rename_gap_s = 0 },
    prepare = function(sandbox)
      told = taken(sandbox, "mydb-1", function(sb) return sb:instance "mydb-1-temp" ~= nil end)
    end,
  }
  witness.equal(result.outcome, "parked")
  assert(result.record.parked.reason:find("mydb-1 is held by", 1, true), result.record.parked.reason)
  witness.equal(witness.committed(result.sandbox, "RestoreDBClusterFromSnapshot"), 0, "restores")
  assert(told.at_ms)
end

return tests
