--- A mistake in what the user typed: named, exit 2, nothing called.
local Usage = {}
Usage.__index = Usage
Usage.__tostring = function(self) return self.message end

local usage = {}

--- Raises a usage error; printf style.
function usage.fail(format, ...)
  error(setmetatable({ message = format:format(...) }, Usage), 0)
end

--- Raises a usage error when a file of that name, which is not there yet, could not be written.
---@param flag string
---@param name string
function usage.probe(flag, name)
  local file, message = io.open(name, "w")
  if not file then usage.fail("%s: %s", flag, message) end
  file:close()
  os.remove(name)
end

function usage.is(err) return getmetatable(err) == Usage end

return usage
