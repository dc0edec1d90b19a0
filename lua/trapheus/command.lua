--- What the commands share: the world that was asked for, a run driven to its end in it, and
--- what is told about it.
local alerts = require "trapheus.alerts"
local config = require "trapheus.aws.config"
local core = require "trapheus.core"
local driver = require "trapheus.drivers.local"
local endpoints = require "trapheus.aws.endpoints"
local errors = require "trapheus.errors"
local hooks = require "trapheus.hooks"
local journal = require "trapheus.journal"
local json = require "trapheus.json"
local log = require "trapheus.log"
local names = require "trapheus.names"
local options = require "trapheus.options"
local origin = require "trapheus.origin"
local place_of = require "trapheus.place"
local planner = require "trapheus.plan"
local progress = require "trapheus.progress"
local ambient = require "trapheus.ambient"
local report = require "trapheus.report"
local run_module = require "trapheus.run"
local told_of = require("trapheus.alerts.settings").told_of
local usage = require "trapheus.usage"
local world_module = require "trapheus.world"

local command = {}

-- The world -------------------------------------------------------------------------------

--- The directory where runs are remembered; made if it is not there.
---@param given trapheus.Given
---@return string
function command.state_dir(given)
  local directory = given.state_dir
  if not directory then
    local base = os.getenv "XDG_STATE_HOME" or (os.getenv "HOME" or usage.fail "HOME is not set: give --state-dir")
      .. "/.local/state"
    directory = base .. "/trapheus"
  end
  local made = directory:sub(1, 1) == "/" and "" or "."
  for part in directory:gmatch "[^/]+" do
    made = made .. "/" .. part
    if not core.system.stat(made) then
      local ok, message = core.system.mkdir(made)
      if not ok then usage.fail("--state-dir: %s", message) end
    end
  end
  return directory
end

--- The journal to read in; checked, as what is damaged is never guessed around.
---@param given trapheus.Given
---@return trapheus.Journal
function command.journal(given)
  local opened = journal.open(command.state_dir(given))
  opened:check()
  return opened
end

-- Tells of each call when it is answered, and of which run it was, once there is one.
local function told_of_calls(given)
  if given.on_call then return given.on_call end
  if not given.verbose then return nil end
  if given.log_format == "json" then
    return function(call)
      call.event, call.run_id = "answered", given.run
      io.stderr:write(json.encode(call), "\n")
    end
  end
  return function(call)
    io.stderr:write(log.clean(("  %s %s%s: %s, request %s, %s"):format(call.service, call.operation,
      call.target and " " .. call.target or "",
      call.code or "ok", tostring(call.request_id or "none"),
      (call.attempts or 1) > 1 and call.attempts .. " attempts" or "1 attempt")), "\n")
  end
end

local function recording_of(given)
  return given.record and require("trapheus.recording").new(given.record) or nil
end

--- The real world, as flags and environment say.
---@param given trapheus.Given
---@return trapheus.World
function command.real_world(given)
  if given.endpoint_url then
    local ok, why = pcall(endpoints.allows_http, given.endpoint_url)
    if not ok then usage.fail("%s (--endpoint-url)", why) end
  end
  local settings = config.load { profile = given.profile, region = given.region, endpoint_url = given.endpoint_url }
  for _, warning in ipairs(settings.warnings) do io.stderr:write(log.clean("trapheus: warning: " .. warning), "\n") end
  if given.pace and endpoints.is_aws(settings:endpoint_url "rds") then
    usage.fail "--pace is for emulators: AWS's own endpoints take their time (--endpoint-url names another)"
  end
  local world = world_module.real { config = settings, state_dir = command.state_dir(given), pace = given.pace,
    on_call = told_of_calls(given), adaptive = given.many, recording = recording_of(given) }
  world.journal:check()
  return world
end

local function described_of(given)
  local described = require "trapheus.sandbox.described"
  local databases = described.read(given.from_describe)
  if given.id then described.require(databases, given.id) end
  return databases
end

local function needed_snapshot(given)
  return given.task == "db_restore" and (given.snapshot or names.snapshot(given.id)):match "[^:]+$" or nil
end

--- A sandbox that has what the user asked for.
---@param given trapheus.Given
---@return trapheus.World
function command.sandbox_world(given)
  local stage = require "trapheus.sandbox.stage"
  local spec = { id = given.id, is_cluster = given.cluster, scenario = given.scenario,
    snapshot = given.id and needed_snapshot(given), described = given.from_describe and described_of(given) }
  local made = stage.options(spec)
  if given.knob or given.preset or given.seed then require("trapheus.sandbox_options").behave(given, made) end
  made.region, made.on_call, made.speed = made.region or given.region, told_of_calls(given), given.speed
  made.adaptive, made.recording = given.many, recording_of(given)
  made.start_ms = spec.described and core.clock.wall_ms() or nil -- its times are of the real calendar
  local world = world_module.sandbox(made)
  function spec.tell(message)
    world:tell { event = "outside", identifier = given.id, at = world.sandbox.now / 1000, message = message }
  end
  stage.set(world.sandbox, spec)
  for _, override in ipairs(given.set or {}) do world.sandbox:learn(override.name, options.split { override.text }) end
  if given.fault or given.fault_seed then
    world.sandbox:inject(require("trapheus.sandbox_options").faults(given, given.id))
  end
  return world
end

--- Puts into a sandbox one of several databases that are to be restored there; and room for its replacement.
---@param world trapheus.World
---@param given trapheus.Given  of that one
function command.stage(world, given)
  local spec = { id = given.id, is_cluster = given.cluster, snapshot = needed_snapshot(given) }
  require("trapheus.sandbox.stage").add(world.sandbox, spec)
  local knobs = world.sandbox.knobs
  for _, quota in ipairs { "instance_quota", "cluster_quota", "snapshot_quota", "cluster_snapshot_quota" } do
    knobs[quota] = knobs[quota] + 3
  end
  knobs.storage_quota = knobs.storage_quota + 3000
end

-- Before the first change -------------------------------------------------------------------

local function confirmed(run, plan)
  io.stderr:write(report.plan(plan, run.record.warnings), "\n\nType ", run.identifier, " to go on: ")
  return io.read "l" == run.identifier
end

--- From the first change on a signal means: stop at the next safe point. Until then it just ends the program.
function command.arm(world)
  if not world.sandbox then world.loop:signals() end
end

--- The gate: the plan is made, shown where it is asked for, and confirmed on a terminal.
function command.gate(pipeline, given)
  return function(world, run)
    local plan = planner.make(pipeline, run, world_module.sandbox { start_ms = world:now_ms(), region = world.region,
      account = run.record.account })
    plan.hooks = given.hook_points
    run.record.plan_hash, run.plan = plan.hash, plan
    if plan.trouble then run:warn("in the rehearsal on the sandbox this run " .. plan.trouble) end
    if given.plan then return { done = true, outcome = "planned" } end
    local terminal = core.system.isatty(0) and core.system.isatty(2)
    if terminal and not given.yes and not given.sandbox and not confirmed(run, plan) then
      return run:fail "not confirmed"
    end
    run.plan, run.seen_original, run.seen_snapshot = nil, nil, nil -- one of a thousand that wait keeps nothing in vain
    command.arm(world)
    alerts.tell_start(run, given.told)
  end
end

-- Driving and telling -----------------------------------------------------------------------

-- Writes the result. A reader that went away is no failure; a full disk is one that must be told.
local function write_result(text)
  local ok, message = io.stdout:write(text, "\n")
  if ok then ok, message = io.stdout:flush() end
  if not ok and message ~= "Broken pipe" then
    io.stderr:write("trapheus: the result could not be written: ", tostring(message), "\n")
  end
end

-- What the file of the scenario says of the task that it is made for.
local function scenario_text(scenario, record)
  if record.task ~= scenario.task then return ("  scenario     %s: %s"):format(scenario.name, scenario.title) end
  return ("  scenario     %s: %s (%s)"):format(scenario.name, scenario.title,
    scenario.expected == record.outcome and "ended as it should" or "it should have ended as " .. scenario.expected)
end

-- What there is to say of a rehearsal alone.
local function write_rehearsal(run, given, real_ms, is_open)
  local scenario = given.scenario
  if scenario then write_result(scenario_text(scenario, run.record)) end
  local unmet = require "trapheus.sandbox.unmet"(run.world.sandbox, scenario and scenario.actions or {})
  if unmet[1] and not given.plan then write_result("  not met      " .. table.concat(unmet, ", ")) end
  write_result(("  sandbox      %s of RDS time in %.1f s%s"):format(
    log.duration((run.record.ended_at or run:stamp()) - run.record.created_at), real_ms / 1000,
    is_open and "; it is gone now, and this run cannot be resumed" or ""))
end

--- The calls of a run that was only planned; nil: it came to none.
---@param run trapheus.Run
---@return table?
function command.plan_document(run)
  local plan = run.plan
  return plan and { calls = json.list(plan.calls), outage_s = plan.outage_s or json.null, hash = plan.hash,
    trouble = plan.trouble or json.null }
end

--- Tells how the run has ended, or where it stands, on stdout.
---@param run trapheus.Run
---@param given trapheus.Given
---@param real_ms number  How long it took, in this process.
function command.print_result(run, given, real_ms)
  local document = report.document(run)
  if given.plan then document.plan = command.plan_document(run) end
  local scenario = given.scenario
  if scenario then
    document.scenario = { name = scenario.name, expected = scenario.expected,
      as_expected = scenario.expected == run.record.outcome }
  end
  if given.output == "json" or given.output == "jsonl" then
    return write_result(json.encode(document, { indent = given.output == "json" }))
  end
  if given.plan and run.plan then write_result(report.plan(run.plan)) end
  local headline, rest = report.text(run):match "^([^\n]*)(.*)$"
  write_result(log.paint(headline, report.exit_code(run) == 0 and "green" or "red", 1) .. rest)
  if given.sandbox then write_rehearsal(run, given, real_ms, document.next ~= json.null) end
end

-- The page that was asked for.
local function write_page(run, given)
  if not given.report then return end
  local page, file = require "trapheus.page", require "trapheus.page.file"
  file.write(given.report, page.of_run(report.document(run), run.record, run:stamp()))
end

-- Is there anything in the journal that could be gone on with?
local function kept(run)
  local ok, record = pcall(run.world.journal.load, run.world.journal, run.id)
  return not ok or record ~= nil
end

-- The journal cannot be written: nothing was sent after that. The run goes on when it can.
local function drive(pipeline, run, given)
  local until_ms = given.timeout_s and run.world:now_ms() + given.timeout_s * 1000 // 1 or nil
  local ok, result = xpcall(driver.run, errors.traced, pipeline, run, { until_ms = until_ms })
  if ok then return result and "stopped by " .. result end
  if errors.is(result, "JournalError") then return tostring(result), not kept(run) end
  error(("%s\nthe run is kept: trapheus resume %s"):format(tostring(result), run.id), 0)
end

-- Nobody watches, and nobody is told of a failure.
local function unattended(given)
  return not (told_of(given.told, "failure")[1] or given.sandbox or core.system.isatty(0) or core.system.isatty(2))
end

--- Runs to the end, tells everybody, and gives the exit code.
---@param pipeline trapheus.Pipeline
---@param run trapheus.Run
---@param given trapheus.Given
---@return integer exit_code
function command.run(pipeline, run, given)
  local began_ms = core.clock.monotonic_ms()
  run.world:listen(progress.listener(given) or function() end)
  run.world.unattended = unattended(given)
  alerts.remember(run, given.told)
  local stopped, untouched = drive(pipeline, run, given)
  run:tell "stopped"
  if stopped then
    run.record.outcome = untouched and "refused" or "interrupted"
    run.record.failure = { step = run.record.step, message = stopped }
    run.world.journal:unlock(run) -- it can be gone on with from wherever the journal is
  end
  if not given.plan then alerts.tell_end(run, given.told) end
  pipeline:ended(run)
  write_page(run, given)
  command.print_result(run, given, core.clock.monotonic_ms() - began_ms)
  return report.exit_code(run)
end

--- A run as it begins.
---@param world trapheus.World
---@param given trapheus.Given
---@param script string  as the user named it
---@return trapheus.Run
function command.new_run(world, given, script)
  return run_module.new(world, {
    identifier = given.id,
    task = given.task,
    kind = given.cluster and "cluster" or given.instance and "instance" or nil,
    options = options.recorded(given),
    place = place_of(given),
    script = script:find("/", 1, true) and core.system.realpath(script) or script,
  })
end

-- There is no world to run in: that is told, too.
local function refuse(given, err)
  if errors.is(err) and not given.plan and not given.sandbox then
    for _, failure in ipairs(alerts.tell_refusal(given, given.told, err)) do
      io.stderr:write("trapheus: ", log.clean(failure), "\n")
    end
  end
  if errors.is(err) and given.output ~= "text" and given.output then
    write_result(json.encode(report.refusal(given, err)))
  end
  error(err, 0)
end

--- `trapheus SCRIPT --id … --task …` for a script that returns a pipeline.
---@param pipeline trapheus.Pipeline
---@param script string       as the user named it
---@param arguments string[]
---@return integer exit_code
function command.restore(pipeline, script, arguments)
  local given = options.restore(arguments)
  if not pipeline.tasks[given.task] then usage.fail("%s has no task '%s'", script, given.task) end
  given.told = alerts.settings(given)
  local ok, world = pcall(given.sandbox and command.sandbox_world or command.real_world, given)
  if not ok then refuse(given, world) end
  local _ <close> = ambient.enter(world)
  if given.plan then world.journal = journal.memory() end -- a plan is nothing to go on with
  world.gate = command.gate(pipeline, given)
  local loaded = hooks.load_all(given.hooks)
  hooks.attach(given.plan and pipeline:rehearsal() or pipeline, loaded) -- a plan only has them checked
  given.hook_points = hooks.all_points(loaded)
  local run = command.new_run(world, given, script)
  run.record.script_hash = origin.hash(pipeline, script, given.task)
  run.options.hooks = hooks.remembered(loaded)
  given.run = run.id
  return command.run(pipeline, run, given)
end

return command
