--- The INI dialect of AWS's config and credentials files.
---
---     [profile orders]            ; a section
---     region = eu-west-1          ; a setting; names in any case
---     s3 =                        ; a setting of its own settings, indented
---       max_queue_size = 100
---
--- A line that starts with # or ; is a comment, and so is what follows white space and # or ;. An indented line after a
--- setting with a value continues it. What is none of these is skipped, as AWS's own tools do.
local ini = {}

local function trim(text) return text:match "^%s*(.-)%s*$" end

local function setting(line)
  local name, value = line:match "^%s*([^=]-)%s*=(.*)$"
  if name and name ~= "" then return name:lower(), trim(value) end
end

--- An indented line: a setting of a setting, or the rest of a value.
local function indented(section, name, line)
  local value = section[name]
  local inner, inner_value = setting(line)
  if value == "" then value = {} end
  if type(value) == "table" then
    if inner then value[inner] = inner_value end
  else
    value = value .. "\n" .. trim(line)
  end
  section[name] = value
end

local function section_title(line)
  local title = line:match "^%s*%[([^%]]*)%]"
  return title and trim(title:gsub('["\']', ""):gsub("%s+", " "))
end

--- One line within a section; gives the name of the setting that an indented line would add to.
local function read_line(section, last, line)
  if last and line:find "^%s" then
    indented(section, last, line)
    return last
  end
  local name, value = setting(line)
  if name then section[name] = value end
  return name
end

--- The sections of a file, by the text between the brackets, without quotes ("profile orders").
---@param text string
---@return table<string, table<string, string|table<string, string>>>
function ini.parse(text)
  local sections, section, last = {}, {}, nil
  for line in text:gmatch "[^\r\n]+" do
    line = line:gsub("^%s*[#;].*$", ""):gsub("%s[#;].*$", "")
    local title = section_title(line)
    if title then
      sections[title] = sections[title] or {}
      section, last = sections[title], nil
    elseif line:find "%S" then
      last = read_line(section, last, line)
    end
  end
  return sections
end

return ini
