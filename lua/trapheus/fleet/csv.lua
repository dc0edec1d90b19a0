--- CSV as RFC 4180 has it, and nothing more lenient: a text that could be read in two ways is refused. No field is ever
--- part of a message.
local csv = {}

---@class trapheus.CsvRecord   Its fields, in order.
---@field line integer         where it begins

-- The quoted field that begins at a quote: its value, where what follows it begins, and on which line. nil, why.
local function quoted(text, at, line)
  local pieces, from, first = {}, at + 1, line
  while true do
    local quote = text:find('"', from, true)
    if not quote then return nil, "a quoted field has no end", first end
    local piece = text:sub(from, quote - 1)
    local _, breaks = piece:gsub("\n", "")
    line, pieces[#pieces + 1] = line + breaks, piece
    if text:byte(quote + 1) ~= 34 then return table.concat(pieces), quote + 1, line end
    pieces[#pieces + 1], from = '"', quote + 2
  end
end

-- The same of any field.
local function field(text, at, line)
  if text:byte(at) == 34 then return quoted(text, at, line) end
  local stop = text:find('[,\r\n"]', at) or #text + 1
  if text:byte(stop) == 34 then return nil, "there is a quote in a field that does not begin with one", line end
  return text:sub(at, stop - 1), stop, line
end

-- Where the next field, or the next record, begins; nil: neither does here.
local function beyond(text, at)
  local comma, line_break = text:match("^,()", at), text:match("^\r?\n()", at)
  return comma or line_break or at > #text and at or nil, comma ~= nil
end

--- Reads all records; lines without anything are left out. nil, what is wrong, and on which line.
---@param text string
---@return trapheus.CsvRecord[]? records
---@return string? why
---@return integer? line
function csv.parse(text)
  local records, at, line = {}, 1, 1
  while at <= #text do
    local record, more = { line = line }
    repeat
      local value, after, reached = field(text, at, line)
      if not value then return nil, after --[[@as string]], reached end
      record[#record + 1], line = value, reached
      at, more = beyond(text, after --[[@as integer]])
      if not at then return nil, "a comma or the end of the line is expected behind a field", line end
    until not more
    line = line + 1
    if #record > 1 or record[1] ~= "" then records[#records + 1] = record end
  end
  return records
end

return csv
