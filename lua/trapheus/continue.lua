--- Going on with a run that exists: from the journal of this machine, in the world that it began in.
local again = require "trapheus.again"
local ambient = require "trapheus.ambient"
local alerts = require "trapheus.alerts"
local command = require "trapheus.command"
local fleets = require "trapheus.fleet.record"
local hooks = require "trapheus.hooks"
local names = require "trapheus.names"
local options = require "trapheus.options"
local place_of = require "trapheus.place"
local recover = require "trapheus.recover"
local runs = require "trapheus.runs"
local usage = require "trapheus.usage"

local function choose(given, name)
  local journal = command.journal(given)
  local record
  if given.run then
    record = runs.find(journal, given.run)
  else
    record = runs.only_open(journal)
      or name == "resume" and (runs.first(journal, alerts.owed) or fleets.owed(journal)) or nil
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
  run.record.place, run.options.hooks = place_of(given), hooks.remembered(loaded)
  again.lock(run)
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
  if fleets.names_fleet(given.run) then
    if change then usage.fail "runs are rolled back one by one: trapheus status names them" end
    return require("trapheus.fleet").resume(given.run, given)
  end
  local record = choose(given, name)
  if not record then
    io.stderr:write "trapheus: no run is unfinished\n"
    return 0
  end
  if record.fleet then return require("trapheus.fleet").resume(record.run_id, given) end
  place(given, record)
  given.told = alerts.settings(given)
  local world = command.real_world(given)
  local _ <close> = ambient.enter(world)
  local pipeline = require("trapheus").load(record.script)
  world.gate = command.gate(pipeline, given)
  local run, unfinished = again.take(world, record, pipeline, given, name == "rollback")
  if not unfinished then return ended(run, given, change) end
  command.arm(run.world)
  if change then change(run) end
  return command.run(pipeline, run, given)
end
