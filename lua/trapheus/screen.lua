--- How much room a text takes on a terminal, and how it is made to fit.
local screen = {}

-- Where the characters are that take two columns, and those that take none: first and last. Unicode 15, in large.
local WIDE = { { 0x1100, 0x115F }, { 0x2E80, 0x303E }, { 0x3041, 0xA4CF }, { 0xA960, 0xA97C }, { 0xAC00, 0xD7A3 },
  { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F },
  { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD } }
local NONE = { { 0x0300, 0x036F }, { 0x200B, 0x200D }, { 0x20D0, 0x20FF }, { 0xFE00, 0xFE0F }, { 0xE0100, 0xE01EF } }

local function within(ranges, code)
  for _, range in ipairs(ranges) do
    if code <= range[2] then return code >= range[1] end
  end
  return false
end

local function columns_of(code)
  if code < 0x300 then return 1 end
  return within(NONE, code) and 0 or within(WIDE, code) and 2 or 1
end

--- How many columns a text without control characters takes. What is no UTF-8: a column a byte.
---@param text string
---@return integer
function screen.width(text)
  if not text:find "[\x80-\xFF]" or not utf8.len(text) then return #text end
  local columns = 0
  for _, code in utf8.codes(text) do columns = columns + columns_of(code) end
  return columns
end

-- As much of it as fits into so many columns.
local function head(text, columns)
  if not utf8.len(text) then return text:sub(1, math.max(0, columns)) end
  local last = 0
  for at, code in utf8.codes(text) do
    columns = columns - columns_of(code)
    if columns < 0 then break end
    last = at + #utf8.char(code) - 1
  end
  return text:sub(1, last)
end

-- The same, from its end on.
local function tail(text, columns)
  if not utf8.len(text) then return columns > 0 and text:sub(-columns) or "" end
  local from = #text + 1
  while from > 1 do
    local at = utf8.offset(text, -1, from) --[[@as integer]]
    columns = columns - columns_of(utf8.codepoint(text, at))
    if columns < 0 then break end
    from = at
  end
  return text:sub(from)
end

--- The text, or as much as fits into so many columns, with an ellipsis.
---@param text string
---@param columns integer
---@return string
function screen.fit(text, columns)
  if screen.width(text) <= columns then return text end
  return columns < 1 and "" or head(text, columns - 1) .. "…"
end

--- The same, cut in the middle: what derived names differ in is at their end.
---@param text string
---@param columns integer
---@return string
function screen.middle(text, columns)
  if screen.width(text) <= columns then return text end
  if columns < 1 then return "" end
  local front = head(text, (columns - 1) // 2)
  return front .. "…" .. tail(text, columns - 1 - screen.width(front))
end

--- A text that fits, with blanks behind it up to so many columns.
---@param text string
---@param columns integer
---@return string
function screen.pad(text, columns)
  return text .. (" "):rep(columns - screen.width(text))
end

return screen
