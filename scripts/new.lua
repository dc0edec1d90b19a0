--- Writes a hooks file or a script to begin with. Nothing that is there is written over.
local core = require "trapheus.core"
local nearest = require "trapheus.nearest"
local options = require "trapheus.options"
local starter = require "trapheus.starter"
local usage = require "trapheus.usage"

local function write(name, text)
  local file, message = io.open(name, "w")
  if not file then usage.fail("%s", message) end
  local written, why = file:write(text)
  if written then written, why = file:close() end
  if not written then usage.fail("%s: %s", name, why) end
  print(name)
end

-- So that an editor knows what a hook sees.
local function write_luarc(directory)
  local name, library = directory .. ".luarc.json", starter.library()
  if not library then
    io.stderr:write "trapheus: no .luarc.json: the annotations are not installed beside this program\n"
  elseif core.system.stat(name) then
    io.stderr:write(("trapheus: %s is there already: its workspace.library should have %s\n"):format(name,
      table.concat(library, " and ")))
  else
    write(name, starter.luarc(library))
  end
end

return function(arguments)
  local what, name = table.unpack(options.read("new", arguments).what)
  local text = starter.TEXTS[what]
  if not text then
    local near = nearest(what, starter.TEXTS)
    usage.fail("there is no '%s' to begin with%s: hooks or script", what,
      near and (" (did you mean %s?)"):format(near) or "")
  end
  if not name:find "%.lua$" then name = name .. ".lua" end
  if name:find "^%.?lua$" or name:find "/%.lua$" then usage.fail("'%s' is no name", name) end
  if core.system.stat(name) then usage.fail("%s is there already, and is not written over", name) end
  write(name, (text:gsub("FILE", (name:gsub("%%", "%%%%")))))
  write_luarc(name:match "^(.*/)[^/]+$" or "")
  return 0
end
