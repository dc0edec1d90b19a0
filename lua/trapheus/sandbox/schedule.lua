--- What is still to happen, in time order; events of the same instant happen in the order they were planned.

local schedule = {}
schedule.__index = schedule

---@return table
function schedule.new()
  return setmetatable({ heap = {}, planned = 0 }, schedule)
end

local function before(a, b)
  if a.at_ms ~= b.at_ms then return a.at_ms < b.at_ms end
  return a.order < b.order
end

---@param at_ms number
---@param action fun()
function schedule:add(at_ms, action)
  local heap = self.heap
  self.planned = self.planned + 1
  heap[#heap + 1] = { at_ms = at_ms, order = self.planned, action = action }
  local i = #heap
  while i > 1 and before(heap[i], heap[i // 2]) do
    heap[i], heap[i // 2] = heap[i // 2], heap[i]
    i = i // 2
  end
end

local function sink(heap)
  local i = 1
  while true do
    local least = i
    for child = 2 * i, 2 * i + 1 do
      if heap[child] and before(heap[child], heap[least]) then least = child end
    end
    if least == i then return end
    heap[i], heap[least] = heap[least], heap[i]
    i = least
  end
end

---@return number|nil at_ms When the next event is due.
function schedule:next_ms()
  return self.heap[1] and self.heap[1].at_ms
end

---@return table|nil event { at_ms =, action = }, taken off the schedule.
function schedule:pop()
  local heap = self.heap
  local first = heap[1]
  if not first then return nil end
  heap[1] = heap[#heap]
  heap[#heap] = nil
  sink(heap)
  return first
end

return schedule
