--- A custom endpoint of an Aurora cluster. Its name is its own and does not follow the cluster's; while one cluster has
--- it, no other can.
local errors = require "trapheus.errors"

---@class trapheus.Endpoint
---@field name string
---@field resource_id string
---@field status string
---@field cluster string     the name of its cluster
---@field raw table          a DBClusterEndpoint
local Endpoint = {}
Endpoint.__index = Endpoint

local endpoint = { kind = "cluster-endpoint" }

local function wrap(raw)
  return setmetatable({ kind = endpoint.kind, name = raw.DBClusterEndpointIdentifier, status = raw.Status or "unknown",
    resource_id = raw.DBClusterEndpointResourceIdentifier, cluster = raw.DBClusterIdentifier, raw = raw }, Endpoint)
end

-- Those that a request finds; the built-in ones have no name.
local function list(rds, request)
  local found = {}
  for raw in rds:paginate("DescribeDBClusterEndpoints", request, "DBClusterEndpoints") do
    if raw.EndpointType == "CUSTOM" then found[#found + 1] = wrap(raw) end
  end
  return found
end

---@param name string
---@return trapheus.Endpoint?
function endpoint.by_name(rds, name)
  local found, err = errors.try(list, rds, { DBClusterEndpointIdentifier = name })
  if err and err.code:find "NotFound" then return nil end
  if err then error(err, 0) end
  return found[1]
end

---@param cluster string  its name
---@return trapheus.Endpoint[]
function endpoint.of_cluster(rds, cluster) return list(rds, { DBClusterIdentifier = cluster }) end

function Endpoint:describe() return ("%s of %s %s"):format(self.resource_id, self.cluster, self.status) end

function Endpoint:moving() return self.status ~= "available" and self.status ~= "inactive" end

return endpoint
