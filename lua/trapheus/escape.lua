--- Text from anywhere, made safe for where it is shown: it stays text, and what it held can be read.
local log = require "trapheus.log"

local escape = {}

local UNKNOWN = "\xEF\xBF\xBD" -- U+FFFD

-- Bytes that are no UTF-8 are replaced, one by one.
local function valid(text)
  local parts, from = {}, 1
  while true do
    local ok, bad = utf8.len(text, from)
    if ok then return table.concat(parts) .. text:sub(from) end
    parts[#parts + 1] = text:sub(from, bad - 1) .. UNKNOWN
    from = bad + 1
  end
end

local function cut(text, most_bytes)
  if #text <= most_bytes then return text end
  return text:sub(1, utf8.offset(text, 0, most_bytes + 1) - 1) .. "…"
end

--- Lines that can be printed: a control character, or one that turns the direction of writing, is shown as \xNN.
---@param text string
---@param most_bytes integer?  What is longer is cut.
---@return string
function escape.text(text, most_bytes)
  return cut(log.visible(valid(text)), most_bytes or math.maxinteger)
end

--- The same in one line.
---@param text string
---@param most_bytes integer?
---@return string
function escape.line(text, most_bytes)
  return escape.text(text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""), most_bytes)
end

--- ASCII in one line: anything else is a question mark.
---@param text string
---@param most_bytes integer
---@return string
function escape.ascii(text, most_bytes)
  return (escape.line(text):gsub(utf8.charpattern, function(character) return #character > 1 and "?" or nil end)
    :sub(1, most_bytes))
end

local HTML = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }
local SLACK = { ["&"] = HTML["&"], ["<"] = HTML["<"], [">"] = HTML[">"] }

--- For an element or an attribute of HTML.
---@param text string
---@return string
function escape.html(text) return (escape.text(text):gsub("[&<>\"']", HTML)) end

--- For a text object of Slack's: no links, no mentions. That `*` and others mean nothing is for the object to say: a
--- plain_text, or mrkdwn = false.
---@param text string
---@param most_bytes integer?
---@return string
function escape.slack(text, most_bytes)
  local escaped = escape.text(text):gsub("[&<>]", SLACK)
  if #escaped <= (most_bytes or math.maxinteger) then return escaped end
  escaped = cut(escaped, most_bytes):sub(1, -#"…" - 1)
  return escaped:gsub("&[^;]*$", "") .. "…"
end

return escape
