--- D2: a rollback deletes the half-made cluster with its members, and asks for no name that one of those still holds.
local clusters = require "clusters"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local WRITER_FAILS = { operation = "CreateDBInstance", occurrence = 1, kind = "terminal", status = "failed" }
local READER_DENIED = { operation = "CreateDBInstance", occurrence = 3, kind = "denied" }

local function check(spec)
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "rolled_back")
  witness.none(state.problems)
  clusters.check_back(result.sandbox, state.before)
  clusters.tidy(result.sandbox)
  for _, entry in ipairs(witness.changes(result.sandbox)) do
    local renames = entry.params.NewDBInstanceIdentifier or entry.params.NewDBClusterIdentifier
    assert(not renames or entry.outcome == "ok", ("a rename to %s: %s"):format(tostring(renames), entry.outcome))
  end
  witness.equal(witness.committed(result.sandbox, "DeleteDBCluster"), 1, "clusters deleted")
end

for label, fault in pairs { ["the writer failed"] = WRITER_FAILS, ["a reader was refused"] = READER_DENIED } do
  tests[label .. ": names that are slow to be free are waited for"] = function()
    check { cluster = {}, members = 3, faults = { fault }, knobs = { delete_s = 1800 } }
  end
  tests[label .. ": with old reads"] = function()
    check { cluster = {}, members = 3, faults = { fault }, knobs = { stale_s = { 0, 60 } }, seed = 3 }
  end
end

tests["a member whose creation was not answered is found and deleted"] = function()
  check { cluster = {}, members = 2, faults = {
    { operation = "CreateDBInstance", occurrence = 2, kind = "lost" },
  }, prepare = function(sandbox)
    witness.once(sandbox, function(sb)
      local cluster = sb:cluster "mydb"
      return cluster ~= nil and sb:cluster "mydb-temp" ~= nil and #cluster.DBClusterMembers == 2
    end, function(sb)
      sb:at(60, function() sb:disturb("mydb-1", "failed") end)
    end)
  end }
end

return tests
