local core = require "trapheus.core"
local tasks = require "trapheus.tasks"

local tests = {}

--- Runs a test on a virtual clock of its own.
local function virtual(f)
  return function()
    local loop <close> = core.loop { virtual = true, start_ms = 0 }
    local restored <close> = setmetatable({ previous = tasks.use(loop) }, { __close = function(self)
      tasks.use(self.previous)
    end })
    f(loop, restored)
  end
end

local function fails(expected, ...)
  local ok, err = pcall(...)
  assert(not ok and tostring(err):find(expected, 1, true), tostring(err))
end

tests.sleep_takes_the_loops_time = virtual(function(loop)
  tasks.sleep(3600)
  assert(loop:now_ms() == 3600000)
end)

tests.tasks_wait_side_by_side = virtual(function(loop)
  local order = {}
  local results = tasks.all {
    function() tasks.sleep(3) order[#order + 1] = "a" return 1 end,
    function() tasks.sleep(1) order[#order + 1] = "b" tasks.sleep(1) return 2, "dropped" end,
    function() order[#order + 1] = "c" return nil end,
  }
  assert(table.concat(order) == "cba" and results[1] == 1 and results[2] == 2 and results[3] == nil)
  assert(loop:now_ms() == 3000)
end)

tests.equal_times_end_in_the_order_they_began = virtual(function()
  local order = {}
  local functions = {}
  for i = 1, 5 do functions[i] = function() tasks.sleep(1) order[#order + 1] = i end end
  tasks.all(functions)
  assert(table.concat(order) == "12345")
end)

tests.await_returns_what_a_task_returned = virtual(function()
  local task = tasks.spawn(function(a) tasks.sleep(1) return a, nil, 3 end, "x")
  assert(not task:done())
  local a, b, c = tasks.await(task)
  assert(a == "x" and b == nil and c == 3 and task:done())
end)

tests.an_error_reaches_whoever_awaits = virtual(function()
  local err = { code = "X" }
  local task = tasks.spawn(function() tasks.sleep(1) error(err) end)
  local ok, caught = pcall(tasks.await, task)
  assert(not ok and caught == err)
  assert(tasks.run(function() return pcall(tasks.await, task) end) == false)
end)

tests.all_cancels_the_others_when_one_fails = virtual(function(loop)
  local closed = false
  fails("broken", tasks.all, {
    function()
      local _ <close> = setmetatable({}, { __close = function() closed = true end })
      tasks.sleep(100)
    end,
    function() tasks.sleep(1) error("broken", 0) end,
  })
  assert(closed and loop:now_ms() == 1000)
end)

tests.where_no_yield_is_possible_the_loop_is_driven = virtual(function(loop)
  local ticks = 0
  tasks.run(function()
    local ticker <close> = tasks.spawn(function()
      while true do tasks.sleep(1) ticks = ticks + 1 end
    end)
    local list = { 2, 1 }
    table.sort(list, function(a, b) tasks.sleep(5) return a < b end)
    assert(ticks >= 4 and list[1] == 1)
    local text = ("ab"):gsub(".", function(c) tasks.sleep(1) return c:upper() end)
    assert(text == "AB")
    local own = coroutine.wrap(function() tasks.sleep(1) coroutine.yield "own" end)
    assert(own() == "own")
    assert(not ticker:done())
  end)
  assert(loop:now_ms() >= 8000)
end)

tests.a_driver_inside_a_task_resumes_what_became_ready_with_it = virtual(function()
  tasks.run(function()
    local second
    local first = tasks.spawn(function()
      tasks.sleep(1)
      return (("x"):gsub(".", function() return tasks.await(second) end))
    end)
    second = tasks.spawn(function() tasks.sleep(1) return "y" end)
    assert(tasks.await(first) == "y")
  end)
end)

tests.run_raises_what_it_raised_and_what_nobody_asked_for = virtual(function()
  fails("first", tasks.run, function() error("first", 0) end)
  fails("lost", tasks.run, function()
    tasks.spawn(function() tasks.sleep(1) error("lost", 0) end)
    tasks.sleep(2)
  end)
  assert(tasks.run(function(...) return select("#", ...) end, nil, nil) == 2)
end)

tests.a_closed_task_is_cancelled = virtual(function()
  local task = tasks.spawn(function() tasks.sleep(10) end)
  task:close()
  task:close()
  assert(task:done())
  fails("the task was cancelled", tasks.await, task)
end)

tests.a_wait_without_an_end_is_an_error = virtual(function()
  local never = { done = function() return false end }
  fails("waiting for what nothing will end", tasks.await, never)
  fails("waiting for what nothing will end", tasks.run, function() tasks.await(never) end)
end)

tests.sleep_wants_a_number = virtual(function()
  fails("test_tasks.lua", function() tasks.sleep("1h") end)
end)

return tests
