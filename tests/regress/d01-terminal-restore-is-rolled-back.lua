--- D1: a restore that ends in a terminal state is the very case that rollback exists for.
local rehearse = require "rehearse"
local tests = {}

for _, status in ipairs { "incompatible-restore", "failed", "incompatible-network", "storage-full" } do
  tests["a restore that ends " .. status .. " is rolled back"] = function()
    local before
    local result = rehearse {
      prepare = function(sandbox) before = sandbox:instance "mydb" end,
      faults = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal",
        status = status } },
    }
    assert(result.outcome == "rolled_back", result.outcome)
    local now = result.sandbox:instance "mydb"
    assert(now and now.DbiResourceId == before.DbiResourceId, "the original has its name again")
    assert(now.DeletionProtection == false, "protected as before")
    assert(result.sandbox:instance "mydb-temp" == nil, "nothing is left aside")
  end
end

return tests
