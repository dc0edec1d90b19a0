--- Compares the replacement with the configuration that was captured. When three settled looks
--- agree it is VERIFIED, durably: from then on there is only forward.
local constant = require "trapheus.constant"
local compare = require "trapheus.steps.compare"
local parts = require "trapheus.parts"
local sorted = require "trapheus.sorted"

---@class trapheus.steps.Verify : trapheus.Step
local verify = { name = "verify", essential = true, deadline_s = 6 * 3600, on_deadline = "park" }

local function text(value)
  if type(value) ~= "table" then return value == nil and "none" or tostring(value) end
  local texts = {}
  for _, element in ipairs(value) do
    if type(element) == "table" then
      local values = {}
      for i, key in ipairs(sorted.keys(element)) do values[i] = tostring(element[key]) end
      element = table.concat(values, "=")
    end
    texts[#texts + 1] = tostring(element)
  end
  return table.concat(texts, ",")
end

-- What nobody has accepted.
local function tell(differing)
  local lines = {}
  for _, difference in ipairs(differing) do
    if not difference.accepted then
      lines[#lines + 1] = ("%s is %s, was %s"):format(difference.name, text(difference.found), text(difference.wanted))
    end
  end
  return table.concat(lines, "; ")
end

-- What is not so yet; nil: every part is there, under its name, and has settled.
local function unsettled(run, list)
  for _, part in ipairs(list) do
    local seen = part.seen
    if not seen then return run:wait(("RDS to show %s again"):format(part.label)) end
    if seen:bad() == "terminal" then return run:fail(("%s is '%s'"):format(part.label, seen.status)) end
    local settled, why = seen:settled()
    if not settled or seen.name ~= part.home then
      return run:wait(("the replacement to be certain (%s)"):format(why or seen.name), 20)
    end
  end
end

-- What differs, of all parts.
local function differences(run, list)
  local all, all_secure = {}, true
  for _, part in ipairs(list) do
    local differing, security = compare.part(run, part)
    all_secure = all_secure and not security
    table.move(differing, 1, #differing, #all + 1, all)
  end
  return all, not all_secure
end

-- A managed password is in another secret now, and the old one goes with the original.
local function tell_of_secret(run, whole)
  local secret = whole.seen.raw.MasterUserSecret
  if run.facts.config.ManageMasterUserPassword and secret then
    run:warn(("the master password is in a new secret, %s: point there what reads the old one, which goes with the "
      .. "original"):format(secret.SecretArn))
  end
end

function verify.advance(run)
  local list = parts.replacement(run)
  local answer = unsettled(run, list)
  if answer then
    run:steady("verify", false)
    return answer
  end
  local differing, security = differences(run, list)
  local summary = tell(differing)
  if not run:steady("verify " .. summary, true) then
    return run:wait("the replacement to be certain (looking again)", 20)
  end
  if security then return run:fail("the replacement is not as the original was: " .. summary) end
  local stopped = run:approve()
  if stopped then
    run:steady("verify", false) -- what a hook has done is looked at as well
    return stopped
  end
  if summary ~= "" then run:warn("not carried over: " .. summary) end
  tell_of_secret(run, list[1])
  run.facts.differing = constant(differing)
  run.facts.verified = constant { resource_id = list[1].resource_id, at = run:stamp() }
  run:save("verified", run.facts.verified)
  return run:done()
end

return verify
