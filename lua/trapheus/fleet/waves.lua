--- Who of a fleet begins when, and how much may go wrong before nobody does any more.
local usage = require "trapheus.usage"

local waves = {}

-- "12" or "25%" of `total`, rounded by `round`; nil: it is neither.
local function count(text, total, round)
  local percent = tonumber(text:match "^(%d+%.?%d*)%%$")
  if percent then return percent <= 100 and round(total * percent / 100) or nil end
  return text:find "^%d+$" and math.tointeger(tonumber(text)) or nil
end

--- How many may fail and the next still begins.
---@param given { max_failures: string?, keep_going: boolean? }
---@param total integer
---@return integer
function waves.tolerated(given, total)
  if given.keep_going then return total end
  local text = given.max_failures or "0"
  return count(text, total, math.floor)
    or usage.fail("--max-failures '%s': a number, or a share as 5%%, is expected", text)
end

local function sizes(given)
  if given.canary then return { given.canary }, "--canary" end
  local list = {}
  for part in (given.waves or ""):gmatch "[^,]+" do list[#list + 1] = part end
  return list, "--waves"
end

--- Where each wave ends: the last of its targets. The last wave has all that are left.
---@param given { canary: string?, waves: string? }
---@param total integer
---@return integer[]
function waves.ends(given, total)
  local ends, last = {}, 0
  local list, flag = sizes(given)
  for _, text in ipairs(list) do
    local size = count(text, total, math.ceil)
    if not size or size < 1 then
      usage.fail("%s '%s': a number from 1 on, or a share as 5%%, is expected", flag, text)
    end
    last = math.min(total, last + size)
    ends[#ends + 1] = last
  end
  if last < total then ends[#ends + 1] = total end
  return ends
end

return waves
