-- Writes what is installed beside the program: the manual page (the prose of docs/trapheus.1.in,
-- with the commands and flags as the program knows them) and the completion scripts.
-- usage: lua5.4 cmake/texts.lua DIRECTORY, in the root of the source

package.path = "lua/?.lua;lua/?/init.lua;" .. package.path
local commands = require "trapheus.commands"
local completion = require "trapheus.completion"

-- A line of text: no request at its start, no escape in it, ASCII quotes as they are.
local function text(line)
  return (line:gsub("\\", "\\e"):gsub("-", "\\-"):gsub("…", "..."):gsub("^[.']", "\\&%0"))
end

local function sentence(line) return text(line:gsub("^%l", string.upper) .. ".") end

local function item(flag)
  local argument, optional = commands.argument(flag)
  return (".It Fl %s%s\n%s"):format(text(flag[1]:sub(2)),
    argument and (optional and " Op Ar " or " Ar ") .. argument or "", text(flag[3]))
end

local function list(flags)
  local items = {}
  for i, flag in ipairs(flags) do items[i] = item(flag) end
  return table.concat(items, "\n")
end

local function synopsis(command)
  local words = {}
  for open, word in command.synopsis:gmatch "(%[?)([%w-]+)" do
    local argument = word:find "^%-" and "Fl " .. text(word:sub(2)) or "Ar " .. word
    words[#words + 1] = (open == "[" and "Op " or "") .. argument
  end
  return (".Ss Nm Cm %s %s"):format(command.name, table.concat(words, " "))
end

-- The flags of a group stand where they come first; later commands refer to them.
local described = {}

local function group(command, titled)
  local title, flags = titled[1], titled[2]
  if described[titled] then return (".Pp\n%s: as for\n.Cm %s ."):format(title, described[titled]) end
  described[titled] = command.name
  return (".Pp\n%s:\n.Bl -tag -width Ds\n%s\n.El"):format(title, list(flags))
end

local function describe(command)
  local lines = { synopsis(command), sentence(command.summary) }
  local argument = command.argument
  if argument then
    lines[#lines + 1] = (".Pp\n.Ar %s\nis %s."):format(argument[1]:upper(), text(argument[2]))
  end
  for _, titled in ipairs(command.groups) do lines[#lines + 1] = group(command, titled) end
  return table.concat(lines, "\n")
end

local function described_commands()
  local blocks = {}
  for i, command in ipairs(commands.LIST) do blocks[i] = describe(command) end
  return table.concat(blocks, "\n")
end

local function manual()
  local source <close> = assert(io.open("docs/trapheus.1.in", "r"))
  local parts = { FLAGS = list(commands.FLAGS), COMMANDS = described_commands() }
  return (source:read("a"):gsub("%f[^\n]@(%u+)@", parts))
end

local function write(name, content)
  local output = assert(io.open(arg[1] .. "/" .. name, "w"))
  assert(output:write(content))
  assert(output:close())
end

write("trapheus.1", manual())
write("trapheus.bash", completion.bash())
write("_trapheus", completion.zsh())
