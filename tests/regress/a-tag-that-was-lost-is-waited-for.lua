--- A call that puts the run's tags on a database, and is lost, may be executed a quarter of an hour later. Its step may
--- have ended long ago by then: the marks are taken off when it is certainly dead, or they would come after all.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local LATE_S = 600

-- Until then the lease stays, so that no other run begins meanwhile.
local function lease_stays(sandbox)
  local given_up = {}
  for _, entry in ipairs(sandbox.audit) do
    local arn = entry.params.ResourceName
    assert(not (entry.late and given_up[arn]), "the lease is given up before")
    if entry.operation == "RemoveTagsFromResource" then given_up[arn] = true end
  end
end

local function unmarked_in_the_end(occurrence, refused, outcome, late_s, more)
  late_s = late_s or LATE_S
  local spec = { preset = not more and "quick" or nil, snapshot = true, faults = {
    { operation = "AddTagsToResource", occurrence = occurrence, kind = "zombie", delay_s = late_s }, refused } }
  for field, value in pairs(more or {}) do spec[field] = value end
  local result = rehearse(spec)
  witness.equal(result.outcome, outcome)
  witness.pass(result.world, late_s + 60)
  assert(not witness.marked(result.sandbox:instance "mydb".TagList), "a mark is left")
  lease_stays(result.sandbox)
end

local function denied(operation, occurrence)
  return { operation = operation, occurrence = occurrence, kind = "denied" }
end

tests["by a run that is refused the fence"] = function()
  unmarked_in_the_end(2, denied("ModifyDBInstance", 1), "failed")
end

tests["by one that is refused the snapshot"] = function()
  unmarked_in_the_end(2, denied("CreateDBSnapshot", 1), "failed")
end

tests["by one that is refused the rename"] = function()
  unmarked_in_the_end(3, denied("ModifyDBInstance", 2), "rolled_back")
end

-- What the database bears says less than the one that was lost, and looks like it.
tests["by one that names its snapshot before the rename"] = function()
  unmarked_in_the_end(2, nil, "restored", 889)
end

-- The lease is put there once more as a look is from before: it is there already, which proves nothing of that call.
tests["by one whose call put what was there already"] = function()
  for seed = 1, 60 do unmarked_in_the_end(4, nil, "restored", 880, { seed = seed, task = "db_restore" }) end
end

-- Somebody has taken the lease off, and it is put again; the looks that follow are from before.
tests["one that was put only just now is looked for until it shows"] = function()
  for seed = 1, 100 do
    local result = rehearse { task = "create_snapshot_only", seed = seed,
      knobs = { snapshot_s = 470, stale_s = { 0, 60 }, stale_apart = 1 }, prepare = function(sandbox)
        sandbox:at(400, function(sb)
          assert(sb:operator("RemoveTagsFromResource", { ResourceName = sb:instance("mydb").DBInstanceArn,
            TagKeys = { "trapheus:lease", "trapheus:state" } }))
        end)
      end }
    witness.equal(result.outcome, "snapshotted")
    assert(not witness.marked(result.sandbox:instance "mydb".TagList), ("the marks are left (%d)"):format(seed))
  end
end

return tests
