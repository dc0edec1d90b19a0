local core = require "trapheus.core"
local tests = {}

local function refused(fragment, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message:find(fragment, 1, true), tostring(message))
end

local AVAILABLE = {
  { state = "success", matcher = "pathAll", expected = "available" },
  { state = "failure", matcher = "pathAny", expected = "failed" },
  { state = "success", matcher = "path", expected = true },
  { state = "retry", matcher = "path", expected = 3 },
  { state = "success", matcher = "error", expected = "DBInstanceNotFound" },
}

function tests.backs_off_with_full_jitter()
  local function delay(attempt, random)
    return core.backoff.delay_ms { base_ms = 1000, cap_ms = 20000, attempt = attempt, random = random }
  end
  assert(delay(1, 0) == 0 and delay(1, 0.5) == 500 and delay(3, 0.5) == 2000 and delay(9, 0.5) == 10000)
  assert(math.type(delay(2, 0.3)) == "integer" and delay(1 << 40, 0.5) == 10000)
  refused("field 'attempt': 1 or more", delay, 0, 0)
  refused("field 'random': 0 to 1", delay, 1, 2)
  refused("field 'random': number expected, got nil", delay, 1)
end

function tests.waits_long_between_changes()
  local function delay(elapsed_s, expected_s)
    return core.waiter.delay_ms { elapsed_ms = elapsed_s * 1000, expected_ms = expected_s and expected_s * 1000,
      min_ms = 2000, max_ms = 60000, worth_ms = 1000, random = 0.5 }
  end
  assert(delay(600, 600) < delay(300, 600) and delay(0, 600) < delay(200, 600))
  assert(delay(36000) == 52500 and math.type(delay(300, 600)) == "integer")
  local function of_others(changes)
    return core.waiter.delay_ms { elapsed_ms = 1000, min_ms = 2000, max_ms = 60000, random = 1, watched_s = 5000,
      changes = changes }
  end
  assert(of_others(100) < of_others(1))
  local function by_the_record(elapsed_s)
    return core.waiter.delay_ms { elapsed_ms = elapsed_s * 1000, min_ms = 2000, max_ms = 60000, random = 1,
      due_ms = 600 * 1000, spread_ms = 20 * 1000 }
  end
  assert(by_the_record(100) > 50000 and by_the_record(600) < 10000 and by_the_record(36000) == 60000)
  refused("field 'spread_ms': out of range", core.waiter.delay_ms,
    { elapsed_ms = 0, min_ms = 1, max_ms = 2, random = 0, due_ms = 1, spread_ms = 0 / 0 })
  refused("field 'max_ms': below min_ms", core.waiter.delay_ms,
    { elapsed_ms = 0, min_ms = 2, max_ms = 1, random = 0 })
  refused("field 'min_ms': 0 or more", core.waiter.delay_ms, { elapsed_ms = 0, min_ms = -1, max_ms = 1, random = 0 })
end

function tests.judges_as_the_tables_say()
  for _, row in ipairs {
    { { values = { "available", "available" } }, "success" },
    { { values = { "available", "creating" } }, "retry" },
    { { values = { "available", "failed" } }, "failure" },
    { { values = { true } }, "success" },
    { { values = { false } }, "retry" },
    { { values = { 3 } }, "retry" },
    { { values = {} }, "retry" },
    { {}, "retry" },
    { { error = "DBInstanceNotFound" }, "success" },
    { { error = "AccessDenied" }, "failure" },
  } do
    assert(core.waiter.judge(AVAILABLE, row[1]) == row[2])
  end
  assert(core.waiter.judge({ { state = "failure", matcher = "path", expected = 3 } }, { values = { 3 } }) == "failure")
end

function tests.many_values_outlive_collection()
  local values = {}
  for i = 1, 5000 do values[i] = i + 0.5 end
  collectgarbage "generational"
  local acceptors = { { state = "success", matcher = "pathAny", expected = "5000.5" } }
  assert(core.waiter.judge(acceptors, { values = values }) == "success")
  collectgarbage "incremental"
end

function tests.refuses_tables_that_are_none()
  local judge = core.waiter.judge
  refused("field 'matcher': 'status' is not known", judge,
    { { state = "retry", matcher = "status", expected = 404 } }, {})
  refused("field 'state': string expected, got nil", judge, { {} }, {})
  refused("field 'expected': string, number or boolean", judge, { { state = "retry", matcher = "path" } }, {})
  refused("field 'values': a list expected", judge, {}, { values = "available" })
  refused("field 'values': string, number or boolean", judge, {}, { values = { {} } })
  refused("a list of tables", judge, { "success" }, {})
end

function tests.limits_a_rate()
  local limiter = core.limiter.new { rate_per_s = 2, burst = 2 }
  assert(limiter:take(1000) == 0 and limiter:take(1000) == 0 and limiter:take(1000) == 500)
  assert(limiter:take(1500.7) == 0 and limiter:take(0) == 500 and limiter:take(500) == 0)
  refused("a positive rate_per_s", core.limiter.new, { rate_per_s = 0, burst = 1 })
  refused("field 'burst': number expected", core.limiter.new, { rate_per_s = 1 })
  refused("out of range", limiter.take, limiter, 1 / 0)
end

return tests
