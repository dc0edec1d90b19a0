--- A run that is given up right after a call was accepted does not take a stale look for the truth.
local interrupt = require "interrupt"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local function given_up(step, knobs)
  local original
  local result = rehearse(interrupt.give_up({
    knobs = knobs,
    prepare = function(sandbox) original = sandbox:instance "mydb" end,
  }, step))
  witness.equal(result.crashes, 1, "crashes")
  witness.pass(result.world, 1800)
  local holder = result.sandbox:instance "mydb"
  witness.equal(holder and holder.DbiResourceId, original.DbiResourceId, "who holds the name")
  witness.equal(result.outcome, "rolled_back")
end

tests["the rename"] = function() given_up("rename", { rename_lag_s = 60, stale_s = { 50, 60 } }) end

tests["the restore"] = function() given_up("restore", { restore_s = 600, stale_s = { 50, 60 }, newborn_s = 60 }) end

return tests
