--- Restores many databases, several at a time, in one process.
local fleet = require "trapheus.fleet"
local log = require "trapheus.log"
local options = require "trapheus.options"
local targets = require "trapheus.fleet.targets"
local usage = require "trapheus.usage"

-- A sandbox has what is named; what it is told of, it has already.
local function asked(given, world) return (not given.sandbox or given.from_describe) and world.rds or nil end

return function(arguments)
  local given = options.fleet(arguments)
  if given.resume then
    if given.target[1] or given.targets[1] or given.task then usage.fail "--resume knows what there is to restore" end
    return fleet.resume(given.resume, given)
  end
  local all = fleet.of(given, "restore")
  local list, left_out = targets.read(given, asked(given, all.world))
  for _, text in ipairs(left_out) do io.stderr:write("trapheus: ", log.clean(text), "\n") end
  for _, target in ipairs(list) do all:add(target) end
  return all:run()
end
