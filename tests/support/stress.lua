--- Makes the collector run all the time, in both of its modes: what is still needed and not held is
--- then gone when it is used. Returns what to call between tests; that changes the mode.
local INSTRUCTIONS = 20000 -- between two full collections

local function collect() collectgarbage "collect" end

local create = coroutine.create
function coroutine.create(body) -- luacheck: ignore 122
  local thread = create(body)
  debug.sethook(thread, collect, "", INSTRUCTIONS)
  return thread
end

debug.sethook(collect, "", INSTRUCTIONS)

local generational = false

return function()
  generational = not generational
  if generational then
    collectgarbage("generational", 1, 1)
  else
    collectgarbage("incremental", 1, 1000, 1)
  end
end
