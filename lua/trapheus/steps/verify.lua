--- Compares the replacement with the configuration that was captured. When three settled looks
--- agree it is VERIFIED, durably: from then on there is only forward.
local sorted = require "trapheus.sorted"

---@class trapheus.steps.Verify : trapheus.Step
local verify = { name = "verify", essential = true, deadline_s = 6 * 3600, on_deadline = "park" }

local function text(value)
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for _, element in ipairs(value) do
    if type(element) == "table" then
      local values = {}
      for i, key in ipairs(sorted.keys(element)) do values[i] = tostring(element[key]) end
      element = table.concat(values, "=")
    end
    parts[#parts + 1] = tostring(element)
  end
  return table.concat(parts, ",")
end

local function tell(differing)
  local lines = {}
  for _, difference in ipairs(differing) do
    lines[#lines + 1] = ("%s is %s, was %s"):format(difference.name, text(difference.found), text(difference.wanted))
  end
  return table.concat(lines, "; ")
end

function verify.advance(run)
  local replacement = run:observe "replacement"
  if replacement:bad() == "terminal" then
    return run:fail(("the replacement is '%s'"):format(replacement.status))
  end
  local settled, why = replacement:settled()
  settled = settled and replacement.name == run.identifier
  local settings = run.database.settings
  local differing, security = settings:diff(run.facts.config, settings:capture(replacement.raw))
  local summary = tell(differing)
  if not run:steady("verify " .. summary, settled) then
    return run:wait(("the replacement to be certain (%s)"):format(why or "looking again"), 20)
  end
  if security then return run:fail("the replacement is not as the original was: " .. summary) end
  if summary ~= "" then run:warn("not carried over: " .. summary) end
  for _, setting in ipairs(settings:impossible(run.facts.config)) do
    run:warn(("%s is not carried over: %s"):format(setting.name, setting.why))
  end
  run.facts.differing = differing
  run.facts.verified = { resource_id = replacement.resource_id, at = run:stamp() }
  run:save("verified", run.facts.verified)
  return run:done()
end

return verify
