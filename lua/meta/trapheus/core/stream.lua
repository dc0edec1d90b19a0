---@meta

--- Of trapheus.core: random numbers for what is simulated.
---@class trapheus.core
local core = {}

--- Random numbers that a seed determines, the same everywhere: for what is simulated, never for secrets.
---@class trapheus.core.Stream
local Stream = {}

---@return number  In [0, 1).
function Stream:unit() end

---@param low integer
---@param high integer  Inclusive.
---@return integer
function Stream:integer(low, high) end

---@generic T
---@param list T[]
---@return T
function Stream:pick(list) end

---@param length integer  At most 4096.
---@param alphabet string
---@return string
function Stream:text(length, alphabet) end

---@param count integer  At most 4096.
---@return string
function Stream:bytes(count) end

--- What a client makes of the next six bytes.
---@return number  In [0, 1).
function Stream:of_bytes() end

--- The stream for one purpose: how often one is drawn from makes no difference to another.
---@param seed integer
---@param purpose string
---@return trapheus.core.Stream
function core.stream(seed, purpose) end

return core
