local heap = require "trapheus.heap"

local tests = {}

function tests.values_come_out_by_key_and_then_in_order()
  local queue, expected = heap.new(), {}
  for i = 1, 500 do
    local key = i * 7919 % 50
    queue:push(key, i)
    expected[i] = { key = key, i = i }
  end
  table.sort(expected, function(a, b) return a.key < b.key or a.key == b.key and a.i < b.i end)
  for _, entry in ipairs(expected) do
    assert(queue:peek() == entry.i)
    local value, key = queue:pop()
    assert(value == entry.i and key == entry.key)
  end
  assert(queue:pop() == nil and queue:peek() == nil and queue.count == 0)
end

function tests.values_can_be_put_in_meanwhile()
  local queue = heap.new()
  queue:push(3, "c")
  queue:push(1, "a")
  assert(queue:pop() == "a")
  queue:push(2, "b")
  assert(queue:pop() == "b" and queue:pop() == "c" and queue.count == 0)
end

return tests
