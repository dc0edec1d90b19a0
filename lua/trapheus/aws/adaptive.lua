--- The adaptive retry mode of AWS's SDKs: once a service has throttled, calls are sent no faster than it seems to take
--- them. Before that it does nothing.
local adaptive = {}

local BUCKET_S = 0.5            -- calls are counted in steps of this
local SMOOTH = 0.8              -- how much the newest step counts
local BETA, SCALE = 0.7, 0.4    -- of CUBIC: what is left after a throttle, and how fast it grows again
local LEAST_PER_S = 0.5

---@class trapheus.aws.Adaptive
local Adaptive = {}
Adaptive.__index = Adaptive

---@return trapheus.aws.Adaptive
function adaptive.new()
  return setmetatable({ counted = 0, measured = 0, tokens = 0, filled_at = nil, step = nil }, Adaptive)
end

local function measure(self, now)
  local step = now // BUCKET_S
  self.counted = self.counted + 1
  if not self.step then
    self.step = step
  elseif step > self.step then
    local rate = self.counted / ((step - self.step) * BUCKET_S)
    self.measured = rate * SMOOTH + self.measured * (1 - SMOOTH)
    self.counted, self.step = 0, step
  end
end

local function fill(self, now)
  self.tokens = math.min(math.max(self.rate, 1), self.tokens + (now - (self.filled_at or now)) * self.rate)
  self.filled_at = now
end

--- As a core.limiter: 0 and a token is taken, or how long to wait before asking again.
---@param now_ms number
---@return number wait_ms
function Adaptive:take(now_ms)
  if not self.rate then return 0 end
  fill(self, now_ms / 1000)
  if self.tokens >= 1 then
    self.tokens = self.tokens - 1
    return 0
  end
  return math.max(1, math.ceil((1 - self.tokens) / self.rate * 1000))
end

--- A call has been answered: by a throttle, or not.
---@param now_ms number
---@param throttled boolean
function Adaptive:answered(now_ms, throttled)
  local now = now_ms / 1000
  measure(self, now)
  if throttled then
    local rate = self.rate and math.min(self.measured, self.rate) or self.measured
    self.last_most, self.throttled_at = rate, now
    self.window_s = (rate * (1 - BETA) / SCALE) ^ (1 / 3)
    self.wanted = rate * BETA
  elseif self.rate then
    self.wanted = SCALE * (now - self.throttled_at - self.window_s) ^ 3 + self.last_most
  end
  if not throttled and not self.rate then return end
  if self.rate then fill(self, now) else self.filled_at = now end
  self.rate = math.max(math.min(self.wanted, 2 * self.measured), LEAST_PER_S)
  self.tokens = math.min(self.tokens, math.max(self.rate, 1))
end

return adaptive
