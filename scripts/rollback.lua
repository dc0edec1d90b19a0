--- Gives a run up: what it has done is undone, and the original gets its name back.
local continue = require "trapheus.continue"
local pipeline = require "trapheus.pipeline"
local usage = require "trapheus.usage"

return function(arguments)
  return continue("rollback", arguments, function(run)
    local ok, why = pipeline.turn_back(run)
    if not ok then usage.fail("run %s cannot be rolled back: %s", run.id, why) end
  end)
end
