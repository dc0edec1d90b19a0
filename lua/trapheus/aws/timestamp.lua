--- Timestamps of AWS: seconds since the epoch, an integer when whole, to and from the three formats on the wire.
local core = require "trapheus.core"

local timestamp = {}

--- Seconds since the epoch, or nil for what is in none of the formats.
---@param text string
---@return number?
function timestamp.parse(text) return core.scalar("timestamp", text) end

local FORMATS = {
  iso8601 = "!%Y-%m-%dT%H:%M:%S",
  rfc822 = "!%a, %d %b %Y %H:%M:%S GMT",
}

--- Writes a timestamp. A fraction is kept to the microsecond, where the format has one.
---@param seconds number
---@param format? "iso8601"|"rfc822"|"unixTimestamp"
---@return string
function timestamp.format(seconds, format)
  format = format or "iso8601"
  if format == "unixTimestamp" then return (("%.6f"):format(seconds):gsub("%.?0+$", "", 1)) end
  local micros = math.floor(seconds * 1000000 + 0.5)
  local text = os.date(FORMATS[format], micros // 1000000) --[[@as string]]
  if format ~= "iso8601" then return text end
  return micros % 1000000 == 0 and text .. "Z" or ("%s.%06dZ"):format(text, micros % 1000000)
end

return timestamp
