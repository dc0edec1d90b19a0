--- The variables of the environment that hold secrets: no program that a hook starts is given them, and where a hook's
--- words hold the value of one, that is not shown.
local secrets = {}

secrets.VARIABLES = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN", "TRAPHEUS_SLACK" }

local SHORTEST = 8 -- what is shorter may be part of anything

--- The text without them.
---@param text string
---@return string
function secrets.mask(text)
  for _, name in ipairs(secrets.VARIABLES) do
    local value = os.getenv(name) or ""
    if #value >= SHORTEST then text = text:gsub(value:gsub("%p", "%%%0"), "****") end
  end
  return text
end

return secrets
