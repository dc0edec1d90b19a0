--- The database that a misspelt name may have meant. Advice only: one page of each kind is looked at, once, and what
--- may not be looked at is done without.
local errors = require "trapheus.errors"
local nearest = require "trapheus.nearest"

local ONCE = { max_attempts = 1 }

--- "; did you mean orders?", or "".
---@param rds table
---@param name string
---@return string
return function(rds, name)
  local names = {}
  local page = errors.try(rds.DescribeDBInstances, rds, {}, ONCE)
  for _, raw in ipairs(page and page.DBInstances or {}) do
    if not raw.DBClusterIdentifier then names[raw.DBInstanceIdentifier] = true end -- a member is not restored by itself
  end
  page = errors.try(rds.DescribeDBClusters, rds, {}, ONCE)
  for _, raw in ipairs(page and page.DBClusters or {}) do names[raw.DBClusterIdentifier] = true end
  local near = nearest(name, names)
  return near and ("; did you mean %s?"):format(near) or ""
end
