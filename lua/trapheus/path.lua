--- Where scripts and modules are found: --scripts DIR, TRAPHEUS_PATH, the ones inside the program.
local core = require "trapheus.core"
local usage = require "trapheus.usage"

local path = { directories = {} }

--- Puts directories in front of everything else, for scripts (DIR/name.lua) and for modules.
---@param list string[]
function path.prepend(list)
  for i = #list, 1, -1 do table.insert(path.directories, 1, list[i]) end
end

function path.from_environment()
  local list = {}
  for directory in (os.getenv "TRAPHEUS_PATH" or ""):gmatch "[^:]+" do list[#list + 1] = directory end
  path.prepend(list)
end

local function searcher(module)
  local templates = {}
  for _, directory in ipairs(path.directories) do
    templates[#templates + 1] = directory .. "/?.lua"
    templates[#templates + 1] = directory .. "/?/init.lua"
  end
  local file, message = package.searchpath(module, table.concat(templates, ";"))
  if not file then return message end
  return path.load_file(file), file
end

--- Lets `require` look there before the bundle.
function path.install()
  table.insert(package.searchers, 2, searcher)
end

local OTHERS_WRITE = tonumber("002", 8)

--- Refuses a file that somebody else may write: it would act with the user's credentials.
---@param file string
function path.check_owner(file)
  local info, message = core.system.stat(file)
  if not info then usage.fail("%s", message) end
  if info.type ~= "file" then usage.fail("%s is a %s, not a file", file, info.type) end
  if info.mode & OTHERS_WRITE ~= 0 then usage.fail("%s may be written by others: chmod o-w %s", file, file) end
  if info.uid ~= core.system.geteuid() and info.uid ~= 0 then
    usage.fail("%s belongs to another user: it would act with your credentials", file)
  end
end

--- Loads a Lua text file as a function.
---@param file string
---@param environment table?  Its globals, if not everybody's.
---@return function
function path.load_file(file, environment)
  path.check_owner(file)
  local chunk, err = loadfile(file, "t", environment or _G)
  if not chunk then usage.fail("%s is not a Lua script: %s", file, err) end
  return chunk
end

local function bundled(name)
  local text = core.bundled and core.bundled("scripts/" .. name .. ".lua")
  return text and assert(load(text, "@scripts/" .. name .. ".lua", "t"))
end

local function unknown(name)
  local scripts, known = path.scripts(), {}
  for _, script in ipairs(scripts) do known[script] = true end
  local meant = require "trapheus.nearest"(name, known)
  usage.fail("there is no script '%s': %sgive a path, or one of: %s", name,
    meant and ("did you mean %s? Else "):format(meant) or "", table.concat(scripts, ", "))
end

--- The file that a script is in; nil for one that is inside the program, or that there is not.
---@param name string
---@return string?
function path.script_file(name)
  if name:find "[/.]" then return name end
  for _, directory in ipairs(path.directories) do
    local file = directory .. "/" .. name .. ".lua"
    if core.system.stat(file) then return file end
  end
end

--- The script of a name ("restore") or path ("scripts/restore.lua").
---@param name string
---@return function chunk
function path.script(name)
  local file = path.script_file(name)
  if file then return path.load_file(file) end
  return bundled(name) or unknown(name)
end

--- The bundled scripts that a user calls by name.
---@return string[]
function path.scripts()
  local names = {}
  for i, command in ipairs(require("trapheus.commands").LIST) do names[i] = command.name end
  return names
end

return path
