--- A plan is made without the steps and hooks that somebody has added: they may act on the real world.
local planner = require "trapheus.plan"
local rehearse = require "rehearse"
local witness = require "witness"
local world_module = require "trapheus.world"
local tests = {}

-- How often `extend`'s step or hook was run when the plan was made, and in all.
local function runs(extend)
  local count, planned = 0, nil
  local result = rehearse { extend = function(pipeline)
    extend(pipeline, function() count = count + 1 end)
    pipeline:after("preflight", function(run)
      local plan = planner.make(pipeline, run, world_module.sandbox { start_ms = run.world:now_ms(),
        account = run.record.account })
      witness.equal(plan.trouble, nil, "the plan's trouble")
      planned = count
    end)
  end }
  witness.equal(result.outcome, "restored")
  witness.equal(#result.record.warnings, 1, "warnings")
  return planned, count
end

local ADDED = {
  ["an inserted step"] = function(pipeline, count)
    pipeline:insert("snapshot", { name = "touch", advance = function(run)
      count()
      return run:done()
    end })
  end,
  ["a replaced step"] = function(pipeline, count)
    local shipped = pipeline.steps.configure
    pipeline:replace("configure", { advance = function(run)
      count()
      return shipped.advance(run)
    end })
  end,
  ["a hook"] = function(pipeline, count) pipeline:before("rename", count) end,
}

for what, extend in pairs(ADDED) do
  tests[what] = function()
    local planned, all = runs(extend)
    witness.equal(planned, 0, "when planned")
    assert(all > 0, "in the run itself")
  end
end

return tests
