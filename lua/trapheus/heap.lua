--- A priority queue: the least key first, and of equal keys the one that was put in first.
local heap = {}

---@class trapheus.Heap
---@field count integer
local Heap = {}
Heap.__index = Heap

local function before(a, b)
  return a.key < b.key or a.key == b.key and a.order < b.order
end

local function rise(self, i)
  while i > 1 and before(self[i], self[i // 2]) do
    self[i], self[i // 2] = self[i // 2], self[i]
    i = i // 2
  end
end

local function sink(self)
  local i = 1
  while true do
    local least = i
    for child = 2 * i, math.min(2 * i + 1, self.count) do
      if before(self[child], self[least]) then least = child end
    end
    if least == i then return end
    self[i], self[least] = self[least], self[i]
    i = least
  end
end

---@param key number
---@param value any
function Heap:push(key, value)
  self.count, self.pushed = self.count + 1, self.pushed + 1
  self[self.count] = { key = key, order = self.pushed, value = value }
  rise(self, self.count)
end

--- The first value and its key, or nil.
---@return any value
---@return number? key
function Heap:peek()
  local first = self[1]
  if first then return first.value, first.key end
end

--- Takes the first value out.
---@return any value
---@return number? key
function Heap:pop()
  local value, key = self:peek()
  if self.count == 0 then return nil end
  self[1] = self[self.count]
  self[self.count] = nil
  self.count = self.count - 1
  sink(self)
  return value, key
end

---@return trapheus.Heap
function heap.new()
  return setmetatable({ count = 0, pushed = 0 }, Heap)
end

return heap
