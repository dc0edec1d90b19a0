--- The INI dialect of AWS's config and credentials files, as the AWS CLI reads it.
---
---     # a comment: a line that starts with # or ;
---     [profile orders]
---     region = eu-west-1          # no comment, but part of the value
---     s3 =                        (a setting of its own settings, indented)
---       max_queue_size = 100
---
--- Names are in any case, and end at the first = or :. A line that is indented further than the setting before it
--- continues its value. What is none of these, and what stands twice, is an error, as the CLI's.
local ini = {}

local function trim(text) return text:match "^%s*(.-)%s*$" end

local function fail(read, message, ...)
  error(("line %d: %s"):format(read.line, message:format(...)), 0)
end

local function begin_section(read, title)
  if read.sections[title] then fail(read, "the section [%s] is there a second time", title) end
  read.section, read.values = title, {}
  read.sections[title] = read.values
  read.name = nil
end

--- The line is not told: half a secret may stand in it.
local function begin_setting(read, line)
  if not read.section then fail(read, "a [section] is expected before the first setting") end
  local name, value = line:match "^([^=:]-)%s*[=:]%s*(.*)$"
  if not name or name == "" then fail(read, "a [section] or 'name = value' is expected") end
  name = name:lower()
  if read.values[name] then fail(read, "%s is there a second time in [%s]", name, read.section) end
  read.name = name
  read.values[name] = { value }
end

local function read_line(read, line)
  local text = trim(line)
  local open = read.name and read.values[read.name]
  if text == "" then
    if open then open[#open + 1] = "" end
  elseif not text:find "^[#;]" then
    local indent = #line:match "^%s*"
    if open and indent > read.indent then
      open[#open + 1] = text
      return
    end
    read.indent = indent
    local title = text:match "^%[(.+)%]"
    if title then begin_section(read, title) else begin_setting(read, text) end
  end
end

--- A value of several lines of which the first is empty has settings of its own.
local function finish(name, lines)
  local value = table.concat(lines, "\n"):gsub("%s+$", "")
  if value:sub(1, 1) ~= "\n" then return value end
  local inner = {}
  for line in value:gmatch "[^\n]+" do
    local key, text = line:match "^%s*([^=]-)%s*=%s*(.-)%s*$"
    if not key then error(("'name = value' is expected in each line below %s"):format(name), 0) end
    inner[key] = text
  end
  return inner
end

--- The sections of a file, by the text between the brackets. Raises a message for what is no such file.
---@param text string
---@return table<string, table<string, string|table<string, string>>>
function ini.parse(text)
  local read = { sections = {}, line = 0, indent = 0 }
  for line in (text:gsub("^\xEF\xBB\xBF", "") .. "\n"):gmatch "([^\r\n]*)\r?\n" do
    read.line = read.line + 1
    read_line(read, line)
  end
  for _, section in pairs(read.sections) do
    for name, lines in pairs(section) do section[name] = finish(name, lines) end
  end
  return read.sections
end

return ini
