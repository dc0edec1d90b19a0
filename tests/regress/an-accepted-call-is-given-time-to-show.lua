--- A run that is given up right after a call was accepted does not take a stale look for the truth.
local pipeline_module = require "trapheus.pipeline"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

-- Dies when the call of `step` is accepted; who goes on turns back at once.
local function given_up(step, knobs)
  local dead, turned, original = false, false, nil
  local result = rehearse {
    knobs = knobs,
    prepare = function(sandbox) original = sandbox:instance "mydb" end,
    extend = function(pipeline)
      local tick = pipeline.tick
      function pipeline:tick(run)
        if dead and not turned then
          turned = true
          assert(pipeline_module.turn_back(run))
        end
        return tick(self, run)
      end
    end,
    crash = function(kind, entry, when)
      if dead or kind ~= "outcome" or when ~= "after" or entry.outcome ~= "accepted" then return false end
      dead = entry.key:find(step .. "$") ~= nil
      return dead
    end,
  }
  witness.equal(result.crashes, 1, "crashes")
  witness.pass(result.world, 1800)
  local holder = result.sandbox:instance "mydb"
  witness.equal(holder and holder.DbiResourceId, original.DbiResourceId, "who holds the name")
  witness.equal(result.outcome, "rolled_back")
end

tests["the rename"] = function() given_up("rename", { rename_lag_s = 60, stale_s = { 50, 60 } }) end

tests["the restore"] = function() given_up("restore", { restore_s = 600, stale_s = { 50, 60 } }) end

return tests
