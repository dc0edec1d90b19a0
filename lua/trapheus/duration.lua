--- Lengths of time as people write them: 90s, 45m, 12h, 2d; a bare number is seconds.

local SECONDS = { s = 1, m = 60, h = 3600, d = 86400 }

---@param text string
---@return number? seconds  nil for what is no duration.
return function(text)
  local number, unit = text:match "^(%d+%.?%d*)([smhd]?)$"
  return number and tonumber(number) * (SECONDS[unit] or 1) or nil
end
