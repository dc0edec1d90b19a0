--- Gives the replacement the settings that have an operation of their own, one call at a look.
local calls = require "trapheus.settings.calls"
local compare = require "trapheus.steps.compare"
local errors = require "trapheus.errors"

local step = {}

-- What could not be had is not asked for again; the comparison lists it, and the report says why.
local function give_up(run, part, row, why)
  part.known.given_up = part.known.given_up or {}
  part.known.given_up[row.name] = why
  run:warn(("%s of %s could not be carried over: %s"):format(row.name, part.seen.name, why))
end

local PATIENCE_S = 3600 -- for what is no matter of security

-- Has it been asked for in vain for so long? What RDS has just taken on has all that time to come.
local function too_long(run, part, row, answer)
  part.known.asked_at = part.known.asked_at or {}
  local since = part.known.asked_at[row.name]
  local taken_on = answer.sent and not answer.patient
  if taken_on or not since then part.known.asked_at[row.name] = run:now_s() end
  return not taken_on and since and run:now_s() - since > PATIENCE_S
end

local function target_of(seen, call, piece)
  local target = seen:target()
  target.part = call.name and call.name(piece) or nil
  target.region = call.region and call.region(piece) or nil
  return target
end

local function ask(run, seen, row, piece)
  local call = calls[row.call]
  local ok, parameters = pcall(call.parameters, run, seen, piece)
  if ok then return run:change(seen, row.call, target_of(seen, call, piece), parameters) end
  if not errors.is(parameters) or parameters.retryable then error(parameters, 0) end
  return run:fail(tostring(parameters), parameters.code)
end

--- One look. nil: every setting of this kind is there, or was given up.
---@param run trapheus.Run
---@param part trapheus.Part  Of the replacement, as it was just seen.
---@return trapheus.Answer?
function step.advance(run, part)
  for _, row, piece in part.settings:missing(part.config, part.seen) do
    if not (part.known.given_up or {})[row.name] then
      local answer = ask(run, part.seen, row, piece)
      local needed = row.security and not compare.accepts(run, part, row.name)
      local late = not needed and not answer.fail and too_long(run, part, row, answer)
      if needed or not (answer.fail or late) then return answer end
      give_up(run, part, row, answer.fail or "it has not come within an hour: " .. answer.wait)
    end
  end
end

return step
