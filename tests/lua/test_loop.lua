local core = require "trapheus.core"
local tests = {}

function tests.virtual_time_advances_to_the_next_timer()
  local loop <close> = core.loop { virtual = true, start_ms = 1000 }
  local late, soon = loop:timer(86400000), loop:timer(500)
  assert(not soon:done() and loop:now_ms() == 1000)
  assert(loop:step() == 1 and loop:now_ms() == 1500)
  assert(soon:done() and soon:result() == true and not late:done())
  local value, err = late:result()
  assert(value == nil and err.code == "PENDING")
  assert(loop:step(60000) == 1 and loop:now_ms() == 61500)
  assert(loop:step() == 0 and late:done() and loop:now_ms() == 86401000)
  assert(loop:step() == 0)
end

function tests.a_closed_op_is_cancelled()
  local loop <close> = core.loop { virtual = true }
  local op = loop:timer(10)
  op:close()
  op:close()
  assert(op:done() and select(2, op:result()).code == "ECANCELED")
  do local _ <close> = loop:timer(20) end
  assert(loop:step() == 0 and loop:now_ms() == 0)
end

function tests.closing_the_loop_cancels_what_is_outstanding()
  local loop = core.loop { virtual = true }
  local op = loop:timer(10)
  loop:close()
  loop:close()
  assert(op:done() and select(2, op:result()).code == "ECANCELED")
  local ok, message = pcall(loop.step, loop)
  assert(not ok and message:find("the loop is closed", 1, true))
end

function tests.an_op_keeps_its_loop_alive()
  local op = core.loop { virtual = true }:timer(10)
  collectgarbage()
  collectgarbage()
  assert(not op:done())
  local weak = setmetatable({ op }, { __mode = "v" })
  op = nil -- luacheck: ignore
  collectgarbage()
  collectgarbage()
  assert(weak[1] == nil)
end

function tests.a_dropped_op_is_cancelled()
  local loop <close> = core.loop { virtual = true }
  loop:timer(10)
  collectgarbage()
  collectgarbage()
  assert(loop:step() == 0 and loop:now_ms() == 0)
end

function tests.paced_time_runs_faster()
  local loop <close> = core.loop { pace = 1000000, start_ms = 5 }
  local op = loop:timer(1000000)
  while not op:done() do loop:step() end
  assert(loop:now_ms() >= 1000005)
end

function tests.real_time_is_the_clocks()
  local loop <close> = core.loop {}
  assert(math.abs(loop:now_ms() - core.clock.wall_ms()) < 60000)
  local before = core.clock.monotonic_ms()
  local op = loop:timer(2)
  while not op:done() do loop:step() end
  assert(core.clock.monotonic_ms() >= before + 2)
end

function tests.a_signal_ends_the_wait()
  local loop <close> = core.loop {}
  assert(loop:signals() and loop:signals() and loop:interrupted() == nil)
  local op <close> = loop:timer(3600000)
  os.execute "kill -TERM $PPID" -- nohup would leave a SIGHUP ignored
  loop:step()
  assert(loop:interrupted() == "SIGTERM" and loop:interrupted() == nil and not op:done())
  local other <close> = core.loop {}
  assert(select(2, other:signals()).code == "EINVAL")
end

function tests.misuse_names_the_argument()
  for message, options in pairs {
    ["pace: more than 0"] = { pace = 0 },
    ["a virtual clock has no pace"] = { virtual = true, pace = 2 },
  } do
    local ok, err = pcall(core.loop, options)
    assert(not ok and err:find(message, 1, true), err)
  end
  local loop <close> = core.loop { virtual = true }
  assert(not pcall(loop.timer, loop, "soon") and not pcall(loop.timer, loop, 0 / 0))
end

return tests
