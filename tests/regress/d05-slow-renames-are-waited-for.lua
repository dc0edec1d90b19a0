--- D5: a rename may take far longer than two and a half minutes, and for a while neither name answers.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local SLOW = { rename_lag_s = 60, rename_s = 900, rename_gap_s = 30, rename_reboot_s = 180, name_release_s = 120,
  stale_s = { 0, 60 } }

tests["a rename of 15 minutes, with a gap between the names"] = function()
  local result = rehearse { knobs = SLOW }
  witness.equal(result.outcome, "restored")
  witness.equal(#witness.renames(result.sandbox), 1, "renames")
end

tests["a rename of two hours"] = function()
  local result = rehearse { knobs = { rename_s = 7200 } }
  witness.equal(result.outcome, "restored")
  witness.equal(#witness.renames(result.sandbox), 1, "renames")
end

tests["a gap of half an hour"] = function()
  witness.equal(rehearse({ knobs = { rename_gap_s = 1800 } }).outcome, "restored")
end

tests["a moment at which both names answer"] = function()
  witness.equal(rehearse({ knobs = { rename_both_s = 30, stale_s = { 0, 60 } } }).outcome, "restored")
end

tests["the way back is as slow, and is waited for"] = function()
  local original
  local result = rehearse {
    knobs = SLOW,
    prepare = function(sandbox) original = sandbox:instance "mydb" end,
    faults = {
      { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" },
    },
  }
  witness.equal(result.outcome, "rolled_back")
  local now = result.sandbox:instance "mydb"
  witness.equal(now.DbiResourceId, original.DbiResourceId, "who holds the name")
  witness.equal(now.DBInstanceStatus, "available", "its status")
  witness.equal(#witness.renames(result.sandbox), 2, "renames")
end

tests["a rename that never ends calls a person, and nothing is restored"] = function()
  local original
  local result = rehearse {
    prepare = function(sandbox) original = sandbox:instance "mydb" end,
    knobs = { rename_s = 40 * 86400 },
  }
  witness.equal(result.outcome, "parked")
  witness.equal(#witness.changes(result.sandbox, "RestoreDBInstanceFromDBSnapshot"), 0, "restores")
  witness.equal(#witness.changes(result.sandbox, "DeleteDBInstance"), 0, "deletions")
  witness.equal(result.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
end

return tests
