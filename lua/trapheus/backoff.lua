--- How long to wait before trying again: longer each time, and never the same for two.
---
---     local pace = backoff.new { base_s = 1, cap_s = 20 }
---     while not try() do pace:sleep() end
local core = require "trapheus.core"
local tasks = require "trapheus.tasks"

local backoff = {}

---@class trapheus.Backoff
---@field attempt integer  How many delays there were.
local Backoff = {}
Backoff.__index = Backoff

--- The next delay, in seconds: anything up to the base doubled with each attempt, and never more than the cap.
---@return number
function Backoff:next_s()
  self.attempt = self.attempt + 1
  return core.backoff.delay_ms {
    base_ms = self.base_ms,
    cap_ms = self.cap_ms,
    attempt = self.attempt,
    random = self.random(),
  } / 1000
end

--- Waits for the next delay.
function Backoff:sleep()
  tasks.sleep(self:next_s())
end

--- Begins again, after a success.
function Backoff:reset()
  self.attempt = 0
end

---@param options? { base_s?: number, cap_s?: number, random?: fun(): number }  1 s and 20 s if not given.
---@return trapheus.Backoff
function backoff.new(options)
  options = options or {}
  return setmetatable({
    attempt = 0,
    base_ms = math.floor((options.base_s or 1) * 1000),
    cap_ms = math.floor((options.cap_s or 20) * 1000),
    random = options.random or math.random,
  }, Backoff)
end

return backoff
