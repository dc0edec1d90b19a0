--- D6: `available` right after a rename may be the state from before it; nothing is restored until the name is free.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

-- When the original really had its other name.
local function moved_at(sandbox)
  local moved = {}
  witness.once(sandbox, function(sb) return sb:instance "mydb-temp" ~= nil end, function(sb) moved.ms = sb.now end)
  return moved
end

for seed = 1, 5 do
  tests[("a stale `available` after the rename deceives nobody, seed %d"):format(seed)] = function()
    local moved
    local result = rehearse {
      seed = seed,
      knobs = { rename_lag_s = 60, rename_s = 300, stale_s = { 0, 60 }, name_release_s = 0 },
      prepare = function(sandbox) moved = moved_at(sandbox) end,
    }
    witness.equal(result.outcome, "restored")
    local restores = witness.changes(result.sandbox, "RestoreDBInstanceFromDBSnapshot")
    witness.equal(#restores, 1, "restores")
    witness.equal(restores[1].outcome, "ok", "the restore")
    assert(restores[1].at_ms >= moved.ms, "restored before the name was free")
    witness.equal(#witness.renames(result.sandbox), 1, "renames")
  end
end

tests["a name that nobody shows but RDS still keeps is waited for, and is no reason to go back"] = function()
  local result = rehearse { knobs = { name_release_s = 900, stale_s = { 0, 60 } } }
  witness.equal(result.outcome, "restored")
  local restores = witness.changes(result.sandbox, "RestoreDBInstanceFromDBSnapshot")
  witness.equal(restores[1].outcome, "DBInstanceAlreadyExists", "the first restore")
  witness.equal(witness.committed(result.sandbox, "RestoreDBInstanceFromDBSnapshot"), 1, "restores")
  witness.equal(#witness.renames(result.sandbox), 1, "renames")
end

tests["a rename whose reply was lost is looked for, not repeated"] = function()
  local result = rehearse {
    task = "db_restore", snapshot = true, options = { no_fence = true },
    knobs = { rename_lag_s = 60, stale_s = { 0, 60 } },
    faults = { { operation = "ModifyDBInstance", occurrence = 1, kind = "lost" } },
  }
  witness.equal(result.outcome, "restored")
  witness.equal(#witness.renames(result.sandbox), 1, "renames")
end

return tests
