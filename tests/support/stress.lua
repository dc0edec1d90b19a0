--- Makes the collector run all the time, in both of its modes: what is still needed and not held is
--- then gone when it is used. Returns what to call between tests; that changes the mode.
---
--- A test that runs long repeats itself: after its first 200 000 instructions the collector works
--- as usual, with full collections the rarer the longer it takes, so that each suite can be watched.
local PAUSE = 20000 -- instructions between two full collections
local LONG = 200000 -- instructions
local SHARE = 4     -- of the instructions so far run until the next full collection, then

local spent, due = 0, 0

local function pause_over()
  spent = spent + PAUSE
  if spent == LONG then collectgarbage("incremental", 200, 100, 13) end
  if spent < due then return end
  collectgarbage "collect"
  due = spent < LONG and 0 or spent + spent // SHARE
end

local create = coroutine.create
function coroutine.create(body) -- luacheck: ignore 122
  local thread = create(body)
  debug.sethook(thread, pause_over, "", PAUSE)
  return thread
end

debug.sethook(pause_over, "", PAUSE)

local generational = false

return function()
  spent, due = 0, 0
  generational = not generational
  if generational then
    collectgarbage("generational", 1, 1)
  else
    collectgarbage("incremental", 1, 1000, 1)
  end
end
