--- Data files beside the modules: inside the program, or where package.path finds them.
local core = require "trapheus.core"

local resource = {}

--- The text of a data file, named as a module is.
---
---     resource.read("trapheus.aws.models.rds", "json")
---
---@param name string       "trapheus.aws.models.rds"
---@param extension string  "json"
---@param optional? boolean  nil for one that is not there.
---@return string
function resource.read(name, extension, optional)
  local file = ("%s.%s"):format(name:gsub("%.", "/"), extension)
  local text = core.bundled and core.bundled(file)
  if text then return text end
  local path, why = package.searchpath(name, (package.path:gsub("%.lua", "." .. extension)))
  if not path and optional then return nil end
  path = assert(path, why)
  local handle <close> = assert(io.open(path, "rb"))
  return handle:read "a"
end

return resource
