-- Writes docs/reference.md, the reference of the Lua module, from the annotations that LuaLS reads.
-- usage: lua5.4 cmake/reference.lua > docs/reference.md, in the root of the source

-- What is public: a title, a file, and which functions of it, by pattern (none: only its classes).
local PARTS = {
  { "trapheus", "lua/trapheus/init.lua", "^trapheus%." },
  { "Clients", "lua/trapheus/aws/client.lua", "^Client:" },
  { "Signed requests", "lua/trapheus/aws/request.lua" },
  { "Tasks", "lua/trapheus/tasks.lua", "^tasks%.[sar]", "^Task:" },
  { "Waiters", "lua/trapheus/waiter.lua", "^Waiter:" },
  { "Back-off", "lua/trapheus/backoff.lua", "^Backoff:" },
  { "Programs", "lua/trapheus/program.lua" },
  { "Errors", "lua/trapheus/errors.lua", "^errors%." },
  { "Notifications", "lua/trapheus/notify/slack.lua", "%.send$" },
  { "E-mail", "lua/trapheus/notify/email.lua", "%.send$" },
  { "SNS", "lua/trapheus/notify/sns.lua", "%.send$" },
  { "Webhooks", "lua/trapheus/notify/webhook.lua", "%.send$" },
  { "What a hooks file returns", "lua/trapheus/hooks.lua" },
  { "What a hook is given", "lua/trapheus/view.lua", "^View:" },
  { "Pipelines", "lua/trapheus/pipeline.lua", "^Pipeline:%l+$" },
  { "What a step is given", "lua/trapheus/run.lua", "^Run:" },
  { "Fleets", "lua/trapheus/fleet/init.lua", "^Fleet:" },
}

local function cell(text) return (text:gsub("%s+$", ""):gsub("|", "\\|")) end

-- "name type  what it is" of a field or a parameter: a type ends before two blanks, or at the end of the line.
local function taken_apart(text)
  local name, rest = text:match "^(%S+)%s+(.*)$"
  if not name then return text, "", "" end
  local kind, what = rest:match "^(.-)%s%s+(.*)$"
  return name, kind or rest, what or ""
end

local function rows(out, title, list)
  if #list == 0 then return end
  out[#out + 1] = ("| %s | type | |\n| --- | --- | --- |"):format(title)
  for _, each in ipairs(list) do
    local name, kind, what = taken_apart(each)
    out[#out + 1] = ("| `%s` | `%s` | %s |"):format(cell(name), cell(kind), cell(what))
  end
  out[#out + 1] = ""
end

-- A block of comments: its prose, and its tags by name. What is indented below a tag goes on with it.
local function read(block)
  local found, prose, last = { field = {}, param = {}, ["return"] = {}, class = {} }, {}, nil
  for _, line in ipairs(block) do
    local tag, rest = line:match "^@(%l+)%s+(.*)$"
    local more = line:match "^%s+(.*)$"
    last = tag and found[tag] or more and last or nil
    if last then
      if tag then table.insert(last, rest) else last[#last] = last[#last] .. " " .. more end
    elseif not line:find "^@" then
      prose[#prose + 1] = line
    end
  end
  found.prose = table.concat(prose, "\n"):gsub("^%s+", ""):gsub("%s+$", "")
  return found
end

local function write_class(out, found)
  local name, what = found.class[1]:match "^([^%s:]+)[^%s]*%s*(.*)$"
  out[#out + 1] = ("### `%s`\n"):format(name)
  if what ~= "" then out[#out + 1] = what .. "\n" end
  rows(out, "field", found.field)
end

local function write_function(out, name, arguments, found)
  out[#out + 1] = ("### `%s(%s)`\n"):format(name, arguments)
  if found.prose ~= "" then out[#out + 1] = found.prose .. "\n" end
  rows(out, "parameter", found.param)
  for _, each in ipairs(found["return"]) do
    local kind, what = each:match "^(.-)%s%s+(.*)$"
    local told = what and (" (%s)"):format((what:gsub("%.$", ""))) or ""
    out[#out + 1] = ("Returns `%s`%s.\n"):format(kind or each, told)
  end
end

local function matches(name, patterns)
  for i = 3, #patterns do
    if name:find(patterns[i]) then return true end
  end
  return false
end

local function write_part(out, part)
  local file <close> = assert(io.open(part[2], "r"))
  local block = {}
  out[#out + 1] = ("## %s\n"):format(part[1])
  for line in file:lines() do
    local comment = line:match "^%-%-%-%s?(.*)$"
    if comment then
      block[#block + 1] = comment
    else
      local found, name, arguments = read(block), line:match "^function ([%w_.:]+)%((.-)%)"
      if found.class[1] then write_class(out, found) end
      if name and found.prose ~= "" and matches(name, part) then write_function(out, name, arguments, found) end
      block = {}
    end
  end
end

local out = { "# The Lua module\n\nMade from the annotations by `cmake/reference.lua`; a test compares. "
  .. "`require \"trapheus\"` inside the program, or from a stock\n`lua5.4` once it is installed. "
  .. "A failed call raises an error table; `trapheus.try` makes an answer of it.\n" }
for _, part in ipairs(PARTS) do write_part(out, part) end
print((table.concat(out, "\n"):gsub("\n\n\n+", "\n\n"):gsub("%s+$", "")))
