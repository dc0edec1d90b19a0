--- Crashes and changes of mind, for a rehearsal.
local pipeline_module = require "trapheus.pipeline"

local interrupt = {}

--- Dies once: at the first journal write for which `matches` holds.
---@param matches fun(kind: string, entry: table, when: "before"|"after"): boolean
---@return fun(kind: string, entry: table, when: string): boolean  Rehearsal.crash
function interrupt.once(matches)
  local dead = false
  return function(kind, entry, when)
    if dead or not matches(kind, entry, when) then return false end
    dead = true
    return true
  end
end

--- Dies once: at the write that says how a step has ended.
---@param outcome "done"|"failed"
---@param when "before"|"after"
---@param step string?  Default: the first one.
function interrupt.at_end(outcome, when, step)
  return interrupt.once(function(kind, entry, moment)
    local ended = entry.ended or entry -- what is done is written with what begins then
    return kind == "step" and ended.outcome == outcome and moment == when and (not step or ended.step == step)
  end)
end

--- Gives the run up right after the call of a step (one about a database, not its tags) was accepted: it dies there,
--- and who goes on turns back at once.
---@param spec Rehearsal
---@param step string
---@return Rehearsal spec
function interrupt.give_up(spec, step)
  local dead, turned = false, false
  spec.crash = interrupt.once(function(kind, entry, when)
    dead = kind == "outcome" and when == "after" and entry.outcome == "accepted"
      and entry.key:find("DB%w+ .*" .. step .. "$") ~= nil
    return dead
  end)
  function spec.extend(pipeline)
    local tick = pipeline.tick
    function pipeline:tick(run)
      if dead and not turned then
        turned = true
        assert(pipeline_module.turn_back(run))
      end
      return tick(self, run)
    end
  end
  return spec
end

return interrupt
