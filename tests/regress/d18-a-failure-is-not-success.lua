--- D18: every outcome has its own exit code, and only what was asked for and done is 0.
local many = require "many"
local rehearse = require "rehearse"
local report = require "trapheus.report"
local witness = require "witness"
local tests = {}

local RESTORE, CREATE = "RestoreDBInstanceFromDBSnapshot", "CreateDBSnapshot"

-- Outcome, exit code, the rehearsal that ends so.
local OUTCOMES = {
  { "restored", 0, {} },
  { "restored", 0, { options = { keep_original = true } } },
  { "snapshotted", 0, { task = "create_snapshot_only" } },
  { "planned", 0, { extend = function(pipeline)
    pipeline:before("preflight", function(run)
      run.world.gate = function() return { done = true, outcome = "planned" } end
    end)
  end } },
  { "refused", 3, { task = "db_restore" } },
  { "refused", 3, { extend = function(pipeline)
    pipeline:before("preflight", function(run)
      run.world.gate = function() return run:fail "not confirmed" end
    end)
  end } },
  { "failed", 4, { faults = { { operation = CREATE, occurrence = "every", kind = "terminal", status = "failed" } } } },
  { "failed", 4, { faults = { { operation = "ModifyDBInstance", occurrence = 1, kind = "denied" } } } },
  { "rolled_back", 5, { faults = { { operation = RESTORE, occurrence = 1, kind = "terminal", status = "failed" } } } },
  { "rolled_back", 5, { faults = { { operation = RESTORE, occurrence = 1, kind = "denied" } } } },
  { "parked", 6, { faults = {
    { operation = RESTORE, occurrence = 1, kind = "terminal", status = "failed" },
    { operation = "DeleteDBInstance", occurrence = "every", kind = "denied" },
  } } },
}

for i, row in ipairs(OUTCOMES) do
  tests[("%02d a run that ends as %s exits with %d"):format(i, row[1], row[2])] = function()
    local result = rehearse(row[3])
    witness.equal(result.outcome, row[1])
    witness.equal(report.EXIT[result.outcome], row[2], "exit code")
    local failed = row[2] ~= 0
    witness.equal(type(result.document.failure) == "table", failed, "a failure is told")
    witness.equal(report.headline(result.record):find "mydb" ~= nil, true, "the headline names the database")
  end
end

tests["a run stopped half way exits with 7"] = function()
  local result = rehearse { limit_s = 60 }
  witness.equal(result.outcome, nil, "an outcome before the end")
  witness.equal(report.EXIT.interrupted, 7, "exit code")
end

tests["failures have exit codes of their own"] = function()
  local seen = {}
  for outcome, code in pairs(report.EXIT) do
    if code ~= 0 then
      assert(code > 2, outcome .. " has the code of an internal or a usage error")
      assert(not seen[code], outcome)
      seen[code] = outcome
    end
  end
end

tests["nothing but the planned outcome, and no change, when there is only a plan"] = function()
  local result = rehearse(OUTCOMES[4][3])
  witness.equal(#witness.changes(result.sandbox), 0, "changes")
end

-- Of a fleet: what its databases meet, how many of them end well, and the exit code.
local FLEETS = {
  { "all end well", 3, 0, {} },
  { "one fails", 2, 8, { faults = { { operation = RESTORE, occurrence = 1, kind = "terminal", status = "failed" } } } },
  { "all fail", 0, 8, { faults = { { operation = CREATE, occurrence = "every", kind = "denied" } } } },
  { "one has to be done by hand", 2, 8, { faults = {
    { operation = RESTORE, occurrence = 1, kind = "terminal", status = "failed" },
    { operation = "DeleteDBInstance", occurrence = 1, kind = "denied" },
  } } },
  { "its time is over", 0, 7, { flags = { "--keep-going", "--timeout", "5m" } } },
}

for i, row in ipairs(FLEETS) do
  tests[("a fleet of which %s exits with %d"):format(row[1], row[3])] = function()
    local result = many { ids = { "a", "b", "c" }, flags = row[4].flags or { "--keep-going" }, faults = row[4].faults }
    local well = 0
    for _, each in ipairs(result.state.runs) do well = well + (each.status == "succeeded" and 1 or 0) end
    witness.equal(result.code, row[3], "exit code")
    witness.equal(well, row[2], "ended well")
    if i == 4 then witness.equal(result.rows.a.status, "parked") end
  end
end

return tests
