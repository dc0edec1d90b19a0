--- What RDS does by itself, to any instance, at any time.

local resources = require "trapheus.sandbox.resources"

local weather = {}

local KINDS = { "backing-up", "maintenance", "rebooting", "storage-optimization" }

local function living(sb)
  local list = {}
  for _, instance in ipairs(sb.instances) do
    if instance.status == "available" and not instance.busy and not instance.gone then list[#list + 1] = instance end
  end
  return list
end

--- Begins, if there is any.
---@param sb trapheus.Sandbox
function weather.begin(sb)
  local seconds = sb:draw "disturbance_every_s"
  if seconds == 0 then return end
  sb:later(seconds, function()
    local stream, candidates = sb:stream "weather", living(sb)
    local instance = #candidates > 0 and stream:pick(candidates)
    if instance then resources.excursion(sb, instance, stream:pick(KINDS), sb:draw "disturbance_s") end
    weather.begin(sb)
  end)
end

return weather
