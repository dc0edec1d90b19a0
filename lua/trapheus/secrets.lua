--- The variables of the environment that hold secrets: no program that a hook starts is given them, and where a hook's
--- words hold the value of one, or another secret that is known here, that is not shown.
local secrets = {}

secrets.VARIABLES = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN", "TRAPHEUS_SLACK", "TRAPHEUS_WEBHOOK" }

local SHORTEST = 8 -- what is shorter may be part of anything
local known = {}   -- the longest first: one may be a part of another

--- One more such variable.
---@param name string
function secrets.hide(name)
  for _, hidden in ipairs(secrets.VARIABLES) do
    if hidden == name then return end
  end
  table.insert(secrets.VARIABLES, name)
end

--- One more secret, wherever it is from.
---@param text string
function secrets.remember(text)
  for _, other in ipairs(known) do
    if other == text then return end
  end
  table.insert(known, text)
  table.sort(known, function(a, b) return #a > #b end)
end

local function without(text, value)
  if #value < SHORTEST then return text end
  return (text:gsub(value:gsub("%p", "%%%0"), "****"))
end

--- The text without them.
---@param text string
---@return string
function secrets.mask(text)
  for _, name in ipairs(secrets.VARIABLES) do text = without(text, os.getenv(name) or "") end
  for _, value in ipairs(known) do text = without(text, value) end
  return text
end

return secrets
