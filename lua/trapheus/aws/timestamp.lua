--- Timestamps of AWS: seconds since the epoch, an integer when whole, to and from the three formats on the wire.
local timestamp = {}

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11,
  Dec = 12 }

--- Days from 1970-01-01 to a day of the Gregorian calendar: years begin in March, so that leap days come last.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
end

local function in_range(month, day, hour, minute, second)
  return month >= 1 and month <= 12 and day >= 1 and day <= 31 and hour <= 24 and minute < 60 and second <= 60
end

local function epoch(year, month, day, hour, minute, second, fraction, offset_s)
  year, month, day = tonumber(year), tonumber(month) or MONTHS[month], tonumber(day)
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  if not month or not in_range(month, day, hour, minute, second) then return nil end
  local whole = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset_s
  if not fraction or not fraction:find "[1-9]" then return whole end
  return whole + tonumber("0." .. fraction)
end

local function offset_seconds(zone)
  if zone == "Z" or zone == "" then return 0 end
  local sign, hours, minutes = zone:match "^([+-])(%d%d):?(%d%d)$"
  return hours and (sign == "-" and -1 or 1) * (tonumber(hours) * 3600 + tonumber(minutes) * 60)
end

local function parse_iso8601(text)
  local year, month, day, hour, minute, second, rest = text:match "^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)(.*)$"
  if not year then return nil end
  local fraction, zone = rest:match "^%.(%d+)(.*)$"
  local offset_s = offset_seconds(zone or rest)
  return offset_s and epoch(year, month, day, hour, minute, second, fraction, offset_s)
end

local function parse_rfc822(text)
  local day, month, year, time = text:match "^%a+, (%d+) (%a%a%a) (%d%d%d%d) (.*) GMT$"
  if not year then return nil end
  local hour, minute, second, fraction = time:match "^(%d%d):(%d%d):(%d%d)%.?(%d*)$"
  return hour and epoch(year, month, day, hour, minute, second, fraction, 0)
end

local function parse_seconds(text)
  local seconds = text:find "^%-?%d+%.?%d*$" and tonumber(text)
  return seconds and (math.tointeger(seconds) or seconds) or nil
end

--- Seconds since the epoch, or nil for what is in none of the formats.
---@param text string
---@return number?
function timestamp.parse(text)
  return parse_iso8601(text) or parse_rfc822(text) or parse_seconds(text)
end

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
