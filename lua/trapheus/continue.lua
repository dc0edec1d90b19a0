--- Going on with a run that exists: from the journal of this machine, in the world that it began in.
local ambient = require "trapheus.ambient"
local alerts = require "trapheus.alerts"
local command = require "trapheus.command"
local errors = require "trapheus.errors"
local hooks = require "trapheus.hooks"
local names = require "trapheus.names"
local options = require "trapheus.options"
local origin = require "trapheus.origin"
local pipelines = require "trapheus.pipeline"
local recover = require "trapheus.recover"
local run_module = require "trapheus.run"
local runs = require "trapheus.runs"
local usage = require "trapheus.usage"

-- A journal of another account or Region must not act on a database that only has the same name.
local function check_place(run)
  local record = run.record
  if not record.account then return end
  local account = run.world.sts:GetCallerIdentity({}).Account
  if account ~= record.account or run.world.region ~= record.region then
    error(errors.new { code = "OtherAccount", message = ("run %s belongs to account %s in %s, but these credentials "
      .. "are of account %s in %s"):format(record.run_id, record.account, record.region, account, run.world.region),
    }, 0)
  end
end

local function take_lock(run)
  local held, why = run.world.journal:lock(run)
  if not held then error(errors.new { code = "Locked", message = why }, 0) end
end

local function choose(given, name)
  local journal = command.journal(given)
  local record
  if given.run then
    record = runs.find(journal, given.run)
  else
    record = runs.only_open(journal) or name == "resume" and runs.first(journal, alerts.owed) or nil
  end
  journal:close()
  return record
end

-- The world that the run began in, unless the flags say otherwise.
local function place(given, record)
  given.run, given.region = record.run_id, given.region or record.region
  for field, value in pairs(record.place) do
    if given[field] == nil then given[field] = value end
  end
  given.state_dir = command.state_dir(given)
end

-- Nothing is left to do, and that is no failure; but who died before everybody was told may have left that.
local function ended(run, given, change)
  run.world.journal:unlock(run)
  if change then change(run) end
  if alerts.owed(run.record) then alerts.tell_end(run, given.told) end
  io.stderr:write(("trapheus: run %s has ended already: there is nothing to do\n"):format(run.id))
  command.print_result(run, given, 0)
  return 0
end

-- With one that another machine has begun, and whose journal is not here.
local function from_aws(given, change)
  if given.run then usage.fail "a run and --from-aws exclude each other: the run's id is found on the database" end
  local identifier = given.from_aws:lower()
  local ok, why = names.valid(identifier)
  if not ok then usage.fail("--from-aws '%s' is no valid name: %s", given.from_aws, why) end
  given.told = alerts.settings(given)
  local world = command.real_world(given)
  local _ <close> = ambient.enter(world)
  local pipeline, loaded = require("trapheus").load "restore", hooks.load_all(given.hooks)
  hooks.attach(pipeline, loaded)
  local run = recover.run(world, pipeline, identifier, "restore")
  run.record.place, run.options.hooks = options.place(given), hooks.remembered(loaded)
  take_lock(run)
  command.arm(world)
  if change and run.record.direction == "forward" then change(run) end
  run:save("recovered")
  return command.run(pipeline, run, given)
end

--- Goes on with a run: its own pipeline, its own record.
---@param name string                 "resume" or "rollback"
---@param arguments string[]
---@param change fun(run: trapheus.Run)?  What is decided before it goes on.
---@return integer exit_code
return function(name, arguments, change)
  local given = options.read(name, arguments)
  if given.hooks and given.no_hooks then usage.fail "--hooks and --no-hooks exclude each other" end
  if given.from_aws then return from_aws(given, change) end
  local record = choose(given, name)
  if not record then
    io.stderr:write "trapheus: no run is unfinished\n"
    return 0
  end
  place(given, record)
  given.told = alerts.settings(given)
  local run = run_module.wrap(command.real_world(given), record)
  local _ <close> = ambient.enter(run.world)
  local pipeline = require("trapheus").load(record.script)
  run.world.gate = command.gate(pipeline, given)
  local how = { back = name == "rollback" or record.direction == "back", accept_changes = given.accept_changes }
  if runs.unfinished(record) then
    check_place(run)
    origin.check(record, pipeline, how)
    take_lock(run)
    run = run_module.wrap(run.world, run.world.journal:load(run.id)) -- as the last holder of the lock left it
    run.record.script_hash = record.script_hash -- what has changed is meant
  end
  if runs.unfinished(run.record) then
    hooks.attach(pipeline, hooks.again(run, given, how.back))
  end
  pipeline:bind(run)
  if not runs.unfinished(run.record) then return ended(run, given, change) end
  pipelines.reopen(run)
  command.arm(run.world)
  if change then change(run) end
  return command.run(pipeline, run, given)
end
