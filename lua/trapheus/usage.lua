--- A mistake in what the user typed: named, exit 2, nothing called.
local Usage = {}
Usage.__index = Usage
Usage.__tostring = function(self) return self.message end

local usage = {}

--- Raises a usage error; printf style.
function usage.fail(format, ...)
  error(setmetatable({ message = format:format(...) }, Usage), 0)
end

function usage.is(err) return getmetatable(err) == Usage end

return usage
