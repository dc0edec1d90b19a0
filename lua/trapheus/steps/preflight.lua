--- Asks everything that can be refused before anything is changed, and captures the original.
--- A check answers nil, or why not; every reason is told at once.
local advice = require "trapheus.steps.advice"
local common = require "trapheus.steps.checks.common"
local errors = require "trapheus.errors"
local export = require "trapheus.steps.checks.export"
local marks = require "trapheus.marks"
local constant = require "trapheus.constant"
local handover = require "trapheus.steps.handover"
local history = require "trapheus.history"
local overrides = require "trapheus.overrides"
local names = require "trapheus.names"
local pinned = require "trapheus.pinned"
local similar = require "trapheus.databases.similar"
local sorted = require "trapheus.sorted"
local subscriptions = require "trapheus.steps.subscriptions"

---@class trapheus.steps.Preflight : trapheus.Step
local preflight = { name = "preflight", essential = true, refuses = true }

-- Who and what ------------------------------------------------------------------------------

--- Notes who asks, and where.
---@param run trapheus.Run
function preflight.identify(run)
  local caller = run.world.sts:GetCallerIdentity {}
  run.record.account, run.record.region = caller.Account, run.world.region
end

-- Of either kind, who holds a name.
local function holders(run, name)
  return require("trapheus.databases.instance").by_name(run.world.rds, name),
    require("trapheus.databases.cluster").by_name(run.world.rds, name)
end

-- The same, to say more of a refusal: what may not be looked at, as the kind was given, is not known.
local function known_holders(run, name)
  local ok, instance, cluster = pcall(holders, run, name)
  if ok then return instance, cluster end
  local err = instance
  if not errors.is(err) or errors.class(err.operation or "", err.code) ~= "auth" then error(err, 0) end
  return nil, nil
end

-- Why nothing of that kind has the name, and where it may be.
local function not_there(run, what)
  local aside = names.aside(run.identifier)
  local instance, cluster = known_holders(run, aside)
  local way_on = marks.way_on(instance) or marks.way_on(cluster)
  return ("no %s in %s is called %s%s"):format(what, run.world.region, run.identifier,
    way_on and ("; there is %s: %s"):format(aside, way_on) or similar(run.world.rds, run.identifier))
end

local function other_kind(run, kind)
  local instance, cluster = known_holders(run, run.identifier)
  local other = instance and "instance" or cluster and "cluster"
  return other and ("%s is a DB %s, not a DB %s: --%s"):format(run.identifier, other, kind, other)
end

-- The kind by flag, or by who holds the name. nil, why.
local function find_kind(run)
  if run.record.kind then return run.record.kind end
  local instance, cluster = holders(run, run.identifier)
  if instance and cluster then
    return nil, ("a DB instance and a DB cluster are both called %s: say --instance or --cluster"):format(
      run.identifier)
  elseif not instance and not cluster then
    return nil, not_there(run, "DB instance and no DB cluster")
  end
  return instance and "instance" or "cluster"
end

-- The members that are its own, each with what a restore needs of it.
local function capture_members(run, original)
  local list = {}
  for i, member in ipairs(original.seen_members) do
    local writer = (member.in_cluster or {}).IsClusterWriter
    list[i] = { name = member.name, aside = names.aside(member.name), now = member.name,
      resource_id = member.resource_id, role = writer and "writer" or "reader",
      config = run.database.member_settings:capture(member.raw) }
  end
  return list
end

-- Protection that a run which has not ended has turned on is not the database's own.
local function own_protection(run, original)
  local state = marks.state_of_original(original)
  if not state or not state.protected then return original.protected end
  local own = state.protected == "yes"
  if own ~= original.protected then
    run:warn(("run %s, which has not ended, has turned deletion protection on: it will be off as before"):format(
      state.run))
  end
  return own
end

-- What was seen is shared by all who look: the members that this run sees with it are its own.
local function with_members(run, seen)
  return setmetatable({ seen_members = run.database.members(run.world.rds, seen) }, { __index = seen })
end

--- Notes all that is needed of the original.
---@param run trapheus.Run
---@param seen trapheus.Database
---@return trapheus.Database original  It, with `seen_members`.
function preflight.capture(run, seen)
  local facts, original = run.facts, with_members(run, seen)
  facts.original = { resource_id = original.resource_id, name = original.name, arn = original.arn,
    protected = own_protection(run, original), members = capture_members(run, original),
    followers = constant(original:followers()) }
  facts.config = run.database.settings:capture(original.raw)
  facts.config.DeletionProtection = facts.original.protected
  facts.original.endpoints = handover.capture(run, original)
  facts.original.subscriptions = subscriptions.capture(run, original)
  facts.encrypted = original.raw.StorageEncrypted == true
  facts.aside = names.aside(run.identifier)
  facts.snapshot_name = run.options.snapshot or names.snapshot(run.identifier)
  return original
end

-- All of it -----------------------------------------------------------------------------------

-- What is refused of any database, then what of this kind.
local function ask(run, part, what, thing, problems)
  for _, checks in ipairs { common[part], require("trapheus.steps.checks." .. run.record.kind)[part] } do
    for _, name in ipairs(sorted.keys(checks)) do
      local problem = checks[name](run, thing)
      if problem then problems[#problems + 1] = what .. ": " .. problem end
    end
  end
end

local function check_snapshot(run, problems)
  local name = run.facts.snapshot_name
  local seen = run.database.snapshot(run.world.rds, name)
  if not seen then
    if not run:takes_snapshot() then problems[#problems + 1] = ("snapshot %s: there is none"):format(name) end
    return
  end
  ask(run, "snapshot", "snapshot " .. name, seen, problems)
  local known = pinned.new(seen, name)
  if run:takes_snapshot() then run.facts.snapshot_old = known else run.facts.snapshot = known end
  run.seen_snapshot = seen
end

-- What keeps the export from being made is a reason, or a warning where it may be done without.
local function plan_export(run, original, problems)
  if not run.options.export or not run:takes_snapshot() then return end
  local known, found = export.plan(run, original)
  run.facts.export = known
  for _, problem in ipairs(found) do
    if run.options.export_optional then
      run:warn("no export is made: " .. problem)
    else
      problems[#problems + 1] = "export: " .. problem
    end
  end
end

local function warn_of_unfinished(run, open)
  for _, record in ipairs(open) do
    if record.identifier == run.identifier and record.account == run.record.account
      and record.region == run.record.region and record.run_id ~= run.id then
      run:warn(("run %s of %s is not finished: trapheus resume %s, or trapheus rollback %s"):format(record.run_id,
        run.identifier, record.run_id, record.run_id))
    end
  end
end

function preflight.advance(run)
  preflight.identify(run)
  local open, _, known = run.world:unfinished()
  warn_of_unfinished(run, open)
  local kind, why = find_kind(run)
  if not kind then return run:fail(why) end
  run.record.kind, run.database = kind, require("trapheus.databases." .. kind)
  run.past = history.past(run.record, known or {})
  local seen = run:holder(run.identifier)
  if not seen then return run:fail(other_kind(run, kind) or not_there(run, "DB " .. kind)) end
  local original = preflight.capture(run, seen)
  run.seen_original = original
  local problems = run:restores() and overrides.apply(run) or {}
  check_snapshot(run, problems)
  plan_export(run, original, problems)
  ask(run, "original", run.identifier, original, problems)
  if run:restores() then ask(run, "names", "names", original, problems) end
  if #problems > 0 then return run:fail(table.concat(problems, "\n")) end
  constant(run.facts.config)
  if run.facts.overridden then constant(run.facts.overridden) end
  for _, member in ipairs(run.facts.original.members) do constant(member.config) end
  advice.give(run, original, run.seen_snapshot)
  return run.world:gate(run) or run:done()
end

return preflight
