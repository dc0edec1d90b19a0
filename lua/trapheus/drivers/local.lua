--- The local driver: waiting means sleeping, in this process, until the run has ended.
local driver = {}

-- Sleeps on the world's loop. A signal ends it early.
local function sleep(world, delay_ms)
  local timer <close> = world.loop:timer(delay_ms)
  while not timer:done() and not world:interrupted() do world.loop:step() end
end

--- Runs to the end, or until a signal or the time limit: then nothing is undone, and a resume goes on.
---@param pipeline trapheus.Pipeline
---@param run trapheus.Run
---@param limit { until_ms: integer? }?  When to stop, on the world's clock.
---@return string? interrupted  Why it stopped before its end.
function driver.run(pipeline, run, limit)
  local world = run.world
  while true do
    local delay_ms = pipeline:tick(run)
    if not delay_ms then return nil end
    local until_ms = limit and limit.until_ms
    sleep(world, until_ms and math.min(delay_ms, math.max(until_ms - world:now_ms(), 0)) or delay_ms)
    local signal = world:interrupted()
    if signal then return signal end
    if until_ms and world:now_ms() >= until_ms then return "the time limit" end
  end
end

return driver
