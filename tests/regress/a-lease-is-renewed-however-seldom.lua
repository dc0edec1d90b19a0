--- A process that hardly gets to work (a starved machine, one that sleeps again and again) finds its lease ended at
--- each look. Every renewal that RDS has accepted is an end of that call, not one more attempt at it.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local SELDOM_S, LOOKS = 1750, 24

tests["a run that looks twice an hour keeps its lease, and goes on"] = function()
  local looks = 0
  local result = rehearse { extend = function(pipeline)
    pipeline:insert("rename", { name = "window", advance = function(run)
      looks = looks + 1
      witness.pass(run.world, SELDOM_S)
      return looks < LOOKS and run:wait "the window" or run:done()
    end })
  end }
  witness.equal(result.outcome, "restored")
  for _, warning in ipairs(result.document.warnings) do assert(not warning:find "lease", warning) end
end

return tests
