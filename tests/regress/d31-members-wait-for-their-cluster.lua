--- D31: a member is made when its cluster is available, and not asked for before.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

for label, knobs in pairs {
  ["a restore of hours"] = { cluster_restore_s = 3 * 3600 },
  ["old reads"] = { stale_s = { 0, 60 } },
} do
  tests[label] = function()
    local result = rehearse { cluster = {}, members = 3, knobs = knobs }
    witness.equal(result.outcome, "restored")
    for _, entry in ipairs(witness.changes(result.sandbox, "CreateDBInstance")) do
      witness.equal(entry.outcome, "ok", "a member that was asked for")
    end
    witness.equal(#witness.changes(result.sandbox, "CreateDBInstance"), 3, "members asked for")
  end
end

return tests
