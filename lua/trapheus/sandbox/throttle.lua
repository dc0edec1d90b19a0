--- The account's rate of calls: a bucket that fills up, of which a noisy neighbour takes as well.

local errors = require "trapheus.sandbox.errors"

--- The refusal of a call for which there is none left; nil where there is.
---@param sb trapheus.Sandbox
---@return table|nil err
return function(sb)
  local bucket = sb.bucket or { at_ms = sb.now, calls = sb.knobs.throttle_burst }
  local passed_s = (sb.now - bucket.at_ms) / 1000
  local left_per_s = passed_s > 0 and sb:draw "throttle_rate_per_s" - sb:draw "neighbour_per_s" or 0
  bucket.calls = math.max(0, math.min(sb.knobs.throttle_burst, bucket.calls + left_per_s * passed_s))
  bucket.at_ms, sb.bucket = sb.now, bucket
  if bucket.calls < 1 then
    return errors.new(sb:chance "throttle_exception_percent" and "ThrottlingException" or "Throttling", "Rate exceeded")
  end
  bucket.calls = bucket.calls - 1
end
