--- A DB cluster: only looked up, so that its name is told apart from an instance's.
local errors = require "trapheus.errors"

local cluster = { kind = "cluster" }

---@param name string
---@return { name: string, resource_id: string }?
function cluster.by_name(rds, name)
  local page, err = errors.try(rds.DescribeDBClusters, rds, { DBClusterIdentifier = name })
  if err and errors.is(err, "DBClusterNotFoundFault") then return nil end
  if err then error(err, 0) end
  local raw = page.DBClusters[1]
  return raw and { name = raw.DBClusterIdentifier, resource_id = raw.DbClusterResourceId } or nil
end

return cluster
