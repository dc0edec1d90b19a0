--- The account's rate of calls: a bucket that fills up, of which a noisy neighbour takes as well.

local errors = require "trapheus.sandbox.errors"

--- The refusal of a call for which there is none left; nil where there is.
---@param sb trapheus.Sandbox
---@return table|nil err
return function(sb)
  local bucket, now = sb.bucket, sb.now
  if not bucket then
    bucket = { at_ms = now, calls = sb.knobs.throttle_burst }
    sb.bucket = bucket
  end
  if now > bucket.at_ms then
    local left_per_s, burst = sb:draw "throttle_rate_per_s" - sb:draw "neighbour_per_s", sb.knobs.throttle_burst
    local calls = bucket.calls + left_per_s * ((now - bucket.at_ms) / 1000)
    bucket.calls, bucket.at_ms = calls < 0 and 0 or calls < burst and calls or burst, now
  end
  if bucket.calls < 1 then
    return errors.new(sb:chance "throttle_exception_percent" and "ThrottlingException" or "Throttling", "Rate exceeded")
  end
  bucket.calls = bucket.calls - 1
end
