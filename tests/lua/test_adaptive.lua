--- The adaptive retry mode, on a clock of our own.
local adaptive = require "trapheus.aws.adaptive"

local tests = {}

--- Sends as fast as it may for so long, to a service that takes `limit` calls a second; how many it took.
local function drive(pace, from_ms, for_ms, limit)
  local now, taken, second, in_second = from_ms, 0, nil, 0
  while now < from_ms + for_ms do
    local wait_ms = pace:take(now)
    if wait_ms > 0 then
      now = now + wait_ms
    else
      if now // 1000 ~= second then second, in_second = now // 1000, 0 end
      in_second = in_second + 1
      pace:answered(now, in_second > limit)
      taken = taken + (in_second > limit and 0 or 1)
      now = now + 10
    end
  end
  return taken, now
end

function tests.nothing_is_held_back_before_a_throttle()
  local pace = adaptive.new()
  for i = 1, 200 do
    assert(pace:take(i * 10) == 0)
    pace:answered(i * 10, false)
  end
end

function tests.after_a_throttle_calls_are_sent_as_fast_as_they_are_taken()
  local pace = adaptive.new()
  local _, now = drive(pace, 0, 5000, 20)
  assert(pace.rate < 100)
  local sent, refused = 0, 0
  local taken = drive({ take = function(_, at) return pace:take(at) end, answered = function(_, at, throttled)
    sent, refused = sent + 1, refused + (throttled and 1 or 0)
    pace:answered(at, throttled)
  end }, now, 30000, 20)
  assert(taken > 150 and taken <= 600, taken)
  assert(refused / sent < 0.5, ("%d of %d"):format(refused, sent))
end

function tests.it_never_stands_still()
  local pace = adaptive.new()
  for i = 1, 50 do pace:answered(i * 1000, true) end
  assert(pace.rate == 0.5 and pace:take(51000) <= 2000)
end

return tests
