--- Restores every staging database from the snapshot that it is to begin the day with, one of them first.
---
---     trapheus examples/fleets/staging.lua --task db_restore --canary 1
local trapheus = require "trapheus"

return function(arguments)
  local fleet = trapheus.fleet(arguments) -- with the flags of trapheus bulk
  for database in fleet.world.rds:paginate "DescribeDBInstances" do
    local id = database.DBInstanceIdentifier
    if id:find "^staging%-" and not database.DBClusterIdentifier then
      fleet:add { id = id, kind = "instance", overrides = { snapshot = id .. "-morning" } }
    end
  end
  return fleet:run() -- the exit code
end
