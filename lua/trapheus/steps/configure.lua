--- Gives the replacement what the restore call does not take: one modification, and one reboot
--- if a parameter group waits for it.
---@class trapheus.steps.Configure : trapheus.Step
local configure = { name = "configure", deadline_s = 24 * 3600, typical_s = 300, on_deadline = "park" }

local APPLIED_S = 180 -- an accepted modification begins, and shows, within this time or not at all

-- One modification. What RDS then still shows otherwise, verify judges.
local function modify(run, replacement, current, parameters)
  local answer = run:change(replacement, replacement:modify(parameters))
  if answer.reply then run.facts.configured_at = run:now_s() end
  if not answer.fail then return answer end
  local _, security = run.database.settings:diff(run.facts.config, current)
  if security then return answer end
  run:warn("some settings could not be applied: " .. answer.fail)
  run.facts.configured_at = run:now_s()
  return run:wait "the configuration to settle"
end

function configure.advance(run)
  local replacement = run:observe "replacement"
  local bad = replacement:bad()
  if bad == "terminal" then return run:fail(("the replacement is '%s'"):format(replacement.status)) end
  local settings = run.database.settings
  local current = settings:capture(replacement.raw)
  local parameters = settings:modify(run.facts.config, current)
  local outstanding = next(parameters) ~= nil
  if outstanding and not run.facts.configured_at then
    return modify(run, replacement, current, parameters)
  end
  if replacement:quiet() and replacement:needs_reboot() then return run:change(replacement, replacement:reboot()) end
  local settled, why = replacement:settled()
  if outstanding and run:now_s() - run.facts.configured_at < APPLIED_S then settled, why = false, "not applied yet" end
  if run:steady("configured", settled) then return run:done() end
  return run:wait(("the configuration to settle (%s)"):format(why or "looking again"), configure.typical_s)
end

return configure
