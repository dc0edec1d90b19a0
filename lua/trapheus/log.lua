--- What a person reads. Everything that came from AWS, the environment or the user goes through
--- `clean`: a control character in a name must not drive a terminal or forge a log line.
local core = require "trapheus.core"

local log = {}

local function escape(bytes)
  return (bytes:gsub(".", function(byte) return ("\\x%02x"):format(byte:byte()) end))
end

-- C1 controls, line and paragraph separators, bidirectional controls, in UTF-8.
local UNICODE = { "\xC2[\x80-\x9F]", "\xE2\x80[\xA8\xA9\x8E\x8F\xAA-\xAE]", "\xE2\x81[\xA6-\xA9]", "\xD8\x9C" }

--- The text with control characters escaped; a line break stays.
---@param text string
---@return string
function log.visible(text)
  if text:find "^[ -~\n]*$" then return text end
  text = text:gsub("\t", "  "):gsub("[%z\1-\9\11-\31\127]", escape)
  for _, pattern in ipairs(UNICODE) do text = text:gsub(pattern, escape) end
  return text
end

--- The same, and what follows a line break is indented.
---@param text string
---@return string
function log.clean(text) return (log.visible(text):gsub("\n", "\n  ")) end

local COLOURS = { red = 31, green = 32, yellow = 33 }

--- Are colours wanted: is the stream of that number a terminal, and NO_COLOR not set (no-color.org)?
---@param fd integer
---@return boolean
function log.colours(fd)
  return (os.getenv "NO_COLOR" or "") == "" and os.getenv "TERM" ~= "dumb" and core.system.isatty(fd)
end

--- The text in a colour.
---@param text string
---@param colour "red"|"green"|"yellow"
---@return string
function log.tint(text, colour) return ("\27[%dm%s\27[m"):format(COLOURS[colour], text) end

--- The same, where colours are wanted.
---@param text string
---@param colour "red"|"green"|"yellow"
---@param fd integer
---@return string
function log.paint(text, colour, fd) return log.colours(fd) and log.tint(text, colour) or text end

--- A moment as a person says it: "2026-01-31 17:05 UTC".
---@param at number  Seconds since the epoch.
---@return string
function log.time(at)
  return os.date("!%Y-%m-%d %H:%M UTC", math.floor(at)) --[[@as string]]
end

local UNITS = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } }

--- A length of time in a table: "1:05:00", "0:12".
---@param seconds number
---@return string
function log.clock(seconds)
  seconds = math.max(0, math.floor(seconds + 0.5))
  local minutes, rest = seconds // 60, seconds % 60
  if minutes < 60 then return ("%d:%02d"):format(minutes, rest) end
  return ("%d:%02d:%02d"):format(minutes // 60, minutes % 60, rest)
end

--- A length of time as a person says it: "1 h 5 min", "12 s".
---@param seconds number
---@return string
function log.duration(seconds)
  seconds = math.max(0, math.floor(seconds + 0.5))
  for i, unit in ipairs(UNITS) do
    if seconds >= unit[1] or unit[1] == 1 then
      local below = UNITS[i + 1]
      local rest = below and seconds % unit[1] // below[1] or 0
      local text = ("%d %s"):format(seconds // unit[1], unit[2])
      return rest > 0 and ("%s %d %s"):format(text, rest, below[2]) or text
    end
  end
end

return log
