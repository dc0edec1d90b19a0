--- Whether the original is fenced was seen; a later look may be from before that. It is fenced again only when none of
--- several looks, a minute apart, shows it.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

tests["by a run whose call was answered with an error, and took effect"] = function()
  for seed = 1, 20 do
    local result = rehearse { seed = seed, knobs = { stale_s = { 0, 60 } }, instance = { DeletionProtection = false },
      faults = { { operation = "ModifyDBInstance", occurrence = 1, kind = "500c" } } }
    witness.equal(result.outcome, "restored")
    local fenced = 0
    for _, entry in ipairs(witness.changes(result.sandbox, "ModifyDBInstance")) do
      if entry.params.NewDBInstanceIdentifier then break end
      fenced = fenced + 1
    end
    witness.equal(fenced, 1, ("seed %d: calls that fence it"):format(seed))
  end
end

return tests
