--- EnableHttpEndpoint and DisableHttpEndpoint: the Data API of an Aurora cluster.

local clusters = require "trapheus.sandbox.clusters"
local errors = require "trapheus.sandbox.errors"
local names = require "trapheus.sandbox.names"
local resources = require "trapheus.sandbox.resources"

local http_endpoint = { operations = { rds = {} } }

local function switch(enabled)
  return function(sb, params)
    local cluster = sb.cluster_names[names.from(tostring(params.ResourceArn), "cluster")]
    if not cluster or cluster.hidden then
      errors.refuse("ResourceNotFoundFault", ("The resource %s was not found."):format(params.ResourceArn))
    end
    sb.target = cluster.rid
    if cluster.status ~= "available" or cluster.busy or clusters.is_multi_az(cluster) then
      errors.refuse("InvalidResourceStateFault", ("The HTTP endpoint of %s cannot be switched now."):format(
        cluster.name))
    end
    cluster.fields.HttpEndpointEnabled = enabled
    resources.commit(sb, cluster)
    return { ResourceArn = params.ResourceArn, HttpEndpointEnabled = enabled }
  end
end

http_endpoint.operations.rds.EnableHttpEndpoint = switch(true)
http_endpoint.operations.rds.DisableHttpEndpoint = switch(false)

return http_endpoint
