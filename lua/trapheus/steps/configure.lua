--- Gives the replacement what the restore call does not take: one modification, one reboot if a
--- parameter group waits for it, and the settings that have a call of their own; a cluster first,
--- then each member.
local calls = require "trapheus.steps.calls"
local compare = require "trapheus.steps.compare"
local parts = require "trapheus.parts"
local statuses = require "trapheus.statuses"

---@class trapheus.steps.Configure : trapheus.Step
local configure = { name = "configure", deadline_s = 24 * 3600, typical_s = 300, on_deadline = "park" }

local APPLIED_S = 180 -- an accepted modification begins, and shows, within this time or not at all

-- One modification. What RDS then still shows otherwise, verify judges.
local function modify(run, part, parameters)
  local answer = run:change(part.seen, part.seen:modify(parameters))
  if answer.reply then part.known.configured_at = run:now_s() end
  if not answer.fail then return answer end
  local _, security = compare.part(run, part)
  if security then return answer end
  run:warn("some settings could not be applied: " .. answer.fail)
  part.known.configured_at = run:now_s()
  return run:wait "the configuration to settle"
end

-- nil: it has all that a modification gives, and has settled.
local function settle(run, part)
  local seen = part.seen
  if not seen then return run:wait(("RDS to show %s again"):format(part.label)) end
  if seen:bad() == "terminal" then return run:fail(("%s is '%s'"):format(part.label, seen.status)) end
  if not seen:quiet() then -- nothing can be changed, nor judged
    return run:wait(("the configuration to settle (%s)"):format(seen.status), statuses.typical_s[seen.status])
  end
  local current = part.settings:current(seen.raw)
  local parameters = part.settings:modify(part.config, current)
  local outstanding = next(parameters) ~= nil
  if outstanding and not part.known.configured_at then return modify(run, part, parameters) end
  if seen:needs_reboot() then return run:change(seen, seen:reboot()) end
  local settled, why = seen:settled()
  if outstanding and run:now_s() - part.known.configured_at < APPLIED_S then settled, why = false, "not applied yet" end
  if not settled then return run:wait(("the configuration to settle (%s)"):format(why), 60) end
  return calls.advance(run, part)
end

function configure.advance(run)
  local answer = parts.each(parts.replacement(run), function(part) return settle(run, part) end)
  if run:steady("configured", not answer) then return run:done() end
  return answer or run:wait("the configuration to settle (looking again)", 20)
end

return configure
