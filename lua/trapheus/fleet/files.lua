--- What names many databases: CSV with a header, JSON, or a name a line, read into rows. What a field means is not
--- known here. A message names file, line and field, and shows no value: nobody knows what else stands in a table.
local csv = require "trapheus.fleet.csv"
local json = require "trapheus.json"
local sorted = require "trapheus.sorted"
local usage = require "trapheus.usage"

local files = {}

local MOST_BYTES = 16 * 1024 * 1024

---@class trapheus.TargetRow
---@field where string                              "hosts.csv:3"
---@field fields { name: string, value: any, where: string? }[]  in the order in which they stand there; `where` the
---                                              name of it stands, if that is elsewhere

local function refuse(file, line, format, ...)
  usage.fail("%s", ("%s:%d: %s"):format(file, line, format:format(...)))
end

-- Names of fields are shown, as long as they look like some.
local function shown(name)
  return #name <= 40 and name:find "^[%w_%- ]+$" and ("'%s'"):format(name) or "that is no word"
end
files.shown = shown

local function line_of(text, byte)
  local _, breaks = text:sub(1, byte - 1):gsub("\n", "")
  return breaks + 1
end

-- A name a line -------------------------------------------------------------------------------

local formats = {}

function formats.lines(text, file)
  local rows, number = {}, 0
  for line in (text .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    local words = line:gsub("#.*", ""):match "^%s*(.-)%s*$"
    if words:find "[%s,;]" then
      refuse(file, number, "one name a line is expected; --format csv is for tables")
    elseif words ~= "" then
      rows[#rows + 1] = { where = ("%s:%d"):format(file, number), fields = { { name = "id", value = words } } }
    end
  end
  return rows
end

-- CSV -----------------------------------------------------------------------------------------

local function trimmed(text) return text:match "^%s*(.-)%s*$" end

local function header_of(record, file)
  if not record then usage.fail("%s: a first line with the names of the columns is expected: id, and flags", file) end
  if #record == 1 and record[1]:find "[;\t]" then
    refuse(file, record.line, "columns are separated by commas, not by %s", record[1]:find ";" and "';'" or "tabs")
  end
  local names = {}
  for i, name in ipairs(record) do
    names[i] = trimmed(name)
    if names[i] == "" then refuse(file, record.line, "column %d has no name", i) end
  end
  return names
end

function formats.csv(text, file)
  local records, why, line = csv.parse(text)
  if not records then refuse(file, line --[[@as integer]], "%s", why) end
  local names, rows = header_of(records[1], file), {}
  local head = ("%s:%d"):format(file, records[1].line)
  for i = 2, #records do
    local record = records[i]
    if #record ~= #names then
      refuse(file, record.line, "there are %d fields, and the first line names %d", #record, #names)
    end
    local row = { where = ("%s:%d"):format(file, record.line), fields = {} }
    for column, name in ipairs(names) do
      local value = trimmed(record[column])
      row.fields[column] = { name = name, value = value ~= "" and value or nil, where = head }
    end
    rows[#rows + 1] = row
  end
  return rows
end

-- JSON ----------------------------------------------------------------------------------------

-- Of a list that is known to be JSON: where each of its elements begins, and the first name that one has twice.
local function elements(text)
  local list, depth, fresh, at = {}, 0, false, text:find "%S"
  while at do
    local char, stop = text:sub(at, at), at
    if fresh and char ~= "]" then list[#list + 1] = { at = at, names = {} } end
    if char == '"' then
      stop = json.end_of_string(text, at)
      local name = depth == 2 and text:find("^%s*:", stop + 1) and text:sub(at + 1, stop - 1)
      local element = list[#list]
      if name and element.names[name] then element.twice = element.twice or name end
      if name then element.names[name] = true end
    end
    depth = depth + (char:find "[%[{]" and 1 or char:find "[%]}]" and -1 or 0)
    fresh = depth == 1 and char:find "[,%[]" ~= nil
    at = text:find("%S", stop + 1)
  end
  return list
end

local function fields_of(object)
  local fields = {}
  for i, name in ipairs(sorted.keys(object)) do
    fields[i] = { name = name }
    if object[name] ~= json.null then fields[i].value = object[name] end
  end
  return fields
end

function formats.json(text, file)
  local ok, list = pcall(json.decode, text, file)
  if not ok then usage.fail("%s", tostring(list)) end
  if type(list) ~= "table" or not json.is_list(list) then
    usage.fail("%s: a list is expected: of names, or of objects with an id and flags", file)
  end
  local rows, places = {}, elements(text)
  for i, element in ipairs(list) do
    local line = line_of(text, places[i].at)
    local object = type(element) == "string" and { id = element } or element
    if type(object) ~= "table" or json.is_list(object) then
      refuse(file, line, "a name or an object is expected")
    elseif places[i].twice then
      refuse(file, line, "%s is given twice", shown(places[i].twice))
    end
    rows[i] = { where = ("%s:%d"):format(file, line), fields = fields_of(object) }
  end
  return rows
end

-- Any of them ---------------------------------------------------------------------------------

local SUFFIXES = { csv = "csv", json = "json", txt = "lines", list = "lines" }

-- By its name; what has no suffix, as standard input has not, is lines.
local function format_of(file)
  local suffix = file:match "[^/]%.([^./]+)$"
  return not suffix and "lines" or SUFFIXES[suffix:lower()]
    or usage.fail("%s: is it csv, json or lines? --format says so", file)
end

local function text_of(file)
  if file == "-" then return io.read(MOST_BYTES + 1) or "", "standard input" end
  local handle, message = io.open(file, "rb")
  if not handle then usage.fail("--targets: %s", message) end
  local text, unreadable = handle:read(MOST_BYTES + 1)
  handle:close()
  if unreadable then usage.fail("--targets: %s: %s", file, unreadable) end
  return text or "", file
end

--- The text without what some editors put before it. What is no text in UTF-8 is refused.
local function plain(text, file)
  if #text > MOST_BYTES then usage.fail("%s: it has more than %d MiB", file, MOST_BYTES >> 20) end
  if text:find "^\xFF\xFE" or text:find "^\xFE\xFF" then usage.fail("%s: it is UTF-16; save it as UTF-8", file) end
  text = text:gsub("^\xEF\xBB\xBF", "")
  local _, odd = utf8.len(text)
  odd = odd or text:find("\0", 1, true)
  if odd then refuse(file, line_of(text, odd), "it is no text in UTF-8") end
  return text
end

--- Reads one; "-" is standard input. Raises a usage error.
---@param file string
---@param format "csv"|"json"|"lines"|nil  nil: by its suffix
---@return trapheus.TargetRow[]
function files.read(file, format)
  format = format or format_of(file)
  local text, name = text_of(file)
  local rows = formats[format](plain(text, name), name)
  if #rows == 0 then usage.fail("%s: it names no database", name) end
  return rows
end

return files
