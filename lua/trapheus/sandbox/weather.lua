--- What RDS does by itself, to any instance or cluster, at any time.

local members = require "trapheus.sandbox.members"
local resources = require "trapheus.sandbox.resources"

local weather = {}

--- SourceType -> what it may show.
local KINDS = {
  ["db-instance"] = { "backing-up", "maintenance", "rebooting", "storage-optimization" },
  ["db-cluster"] = { "backing-up", "maintenance", "failing-over" },
}

local function living(sb)
  local list = {}
  for _, kind in ipairs { sb.instances, sb.clusters } do
    for _, resource in ipairs(kind) do
      if resource.status == "available" and not resource.busy and not resource.gone then list[#list + 1] = resource end
    end
  end
  return list
end

--- A cluster that fails over has another writer afterwards, if there is one.
local function disturb(sb, resource)
  local status = sb:stream("weather"):pick(KINDS[resource.kind.event])
  resources.excursion(sb, resource, status, sb:draw "disturbance_s")
  if status == "failing-over" then members.fail_over(sb, resource) end
end

--- Begins, if there is any.
---@param sb trapheus.Sandbox
function weather.begin(sb)
  local seconds = sb:draw "disturbance_every_s"
  if seconds == 0 then return end
  sb:later(seconds, function()
    local candidates = living(sb)
    if #candidates > 0 then disturb(sb, sb:stream("weather"):pick(candidates)) end
    weather.begin(sb)
  end)
end

return weather
