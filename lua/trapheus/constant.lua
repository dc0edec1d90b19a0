--- constant(data): plain data that is complete, and is not changed any more: its copies are itself. So what is captured
--- once need not be copied at each save.
local META = require("trapheus.core").CONSTANT

function META.__newindex(_, key) error(("constant data is given the field %s"):format(tostring(key)), 2) end

---@generic T: table
---@param data T
---@return T
return function(data) return setmetatable(data, META) end
