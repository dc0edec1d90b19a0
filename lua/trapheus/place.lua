--- Where a run or a fleet runs, and who is told: what a resume needs to find AWS, or the emulator, and them again.
local core = require "trapheus.core"

local PLACE = { "profile", "endpoint_url", "pace", "state_dir" }
local TOLD = { "email_from", "email_to", "slack", "sns", "webhook", "notify_on" }

local function absolute(file) return core.system.realpath(file) or file end

-- Of a flag: files are found from wherever it goes on.
local function remembered(value)
  if type(value) ~= "table" then return value end
  local list = {}
  for i, text in ipairs(value) do
    list[i] = text:gsub("^@(.+)$", function(file) return "@" .. absolute(file) end)
  end
  return list
end

local function told(given)
  local notify = { config = given.config and absolute(given.config) }
  for _, field in ipairs(TOLD) do notify[field] = remembered(given[field]) end
  return next(notify) and notify or nil
end

--- The profile's name, no key; where the address of a webhook stands, not the address.
---@param given trapheus.Given
---@return table
return function(given)
  local place = { notify = told(given) }
  for _, field in ipairs(PLACE) do place[field] = given[field] end
  return place
end
