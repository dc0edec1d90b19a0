--- Restores many databases, several at a time, in one process.
local fleet = require "trapheus.fleet"
local options = require "trapheus.options"

return function(arguments)
  local given = options.fleet(arguments)
  local all = fleet.of(given, "restore")
  for _, id in ipairs(given.targets) do all:add { id = id } end
  return all:run()
end
