--- Many restores in one process. Each is a run like any other, with its own lock, lease, journal and end: what becomes
--- of one is nothing to the others, but for who begins next.
---
---     return function(arguments)
---       local fleet = trapheus.fleet(arguments)        -- the flags of trapheus bulk
---       fleet:add { id = "orders" }
---       return fleet:run()                             -- the exit code
---     end
local again = require "trapheus.again"
local alerts = require "trapheus.alerts"
local ambient = require "trapheus.ambient"
local board = require "trapheus.fleet.board"
local command = require "trapheus.command"
local core = require "trapheus.core"
local driver = require "trapheus.drivers.fleet"
local errors = require "trapheus.errors"
local file = require "trapheus.page.file"
local hooks = require "trapheus.hooks"
local journal = require "trapheus.journal"
local log = require "trapheus.log"
local options = require "trapheus.options"
local origin = require "trapheus.origin"
local path = require "trapheus.path"
local place_of = require "trapheus.place"
local record_module = require "trapheus.fleet.record"
local report = require "trapheus.report"
local rows = require "trapheus.fleet.rows"
local runs = require "trapheus.runs"
local usage = require "trapheus.usage"
local waves = require "trapheus.fleet.waves"
local world_module = require "trapheus.world"

local CONCURRENCY = 10

---@class trapheus.Target
---@field id string
---@field kind "instance"|"cluster"|nil     nil: looked up
---@field overrides table<string, any>?    by the field of a flag: "keep_original", "snapshot", "set", …
---@field where string?                     for messages: "targets.csv:3"

---@class trapheus.Fleet
---@field given trapheus.Given
---@field world trapheus.World
---@field targets trapheus.Target[]
---@field own trapheus.Given[]      what each is given
---@field past table<integer, table>  the records of its runs so far, by target
---@field state trapheus.FleetState
local Fleet = {}
Fleet.__index = Fleet

local fleet = {}

-- Making one ----------------------------------------------------------------------------------

-- A flag that may be repeated, and was not given, is an empty list.
local function said(value) return value ~= nil and (type(value) ~= "table" or value[1] ~= nil) end

local function world_of(given)
  given.many = true
  local world = given.sandbox and command.sandbox_world(given) or command.real_world(given)
  if given.plan then world.journal = journal.memory() end
  return world
end

--- A fleet without targets, in the world that the flags name. It must be run, or closed.
---@param given trapheus.Given
---@param script string  the pipeline of its runs, as the user names it
---@return trapheus.Fleet
function fleet.of(given, script)
  given.told = alerts.settings(given)
  local self = setmetatable({ given = given, script = script, targets = {}, own = {}, known = {}, past = {} }, Fleet)
  self.world = world_of(given)
  self.ambient = ambient.enter(self.world)
  self.view = world_module.views(self.world)
  return self
end

--- A fleet without targets, of the flags of `trapheus bulk`, for a script that says itself which databases it is about.
---@param arguments string[]
---@return trapheus.Fleet
function fleet.new(arguments)
  local given = options.fleet(arguments)
  for _, field in ipairs { "target", "targets", "tag", "engine", "match", "format", "resume" } do
    if said(given[field]) then
      usage.fail("this script says itself which databases it is about: --%s is for trapheus bulk", field)
    end
  end
  return fleet.of(given, "restore")
end

--- One more database. A usage error when what it is given is not possible, or it is there already.
---@param target trapheus.Target
function Fleet:add(target)
  local own = options.of_target(self.given, target)
  local first = self.known[own.id]
  if first then
    usage.fail("%s: %s is there already (%s)", target.where or target.id, own.id, first.where or "given before")
  end
  local kept = { id = own.id, kind = target.kind, overrides = target.overrides, where = target.where }
  self.targets[#self.targets + 1], self.own[#self.own + 1] = kept, own
  self.known[own.id] = kept
end

--- Leaves its world. Running it does that, too.
function Fleet:close()
  local entered <close> = self.ambient -- luacheck: ignore
  self.ambient = nil
end

Fleet.__close = Fleet.close

-- Beginning, and going on ---------------------------------------------------------------------

local function begin(self, view, i)
  local run = command.new_run(view, self.own[i], self.script)
  run.options.hooks = self.hooks
  run.record.fleet_id, run.record.fleet_target = self.record.run_id, i
  run.record.script_hash = self.script_hash
  return run, self.pipeline
end

local function go_on(self, view, i)
  local record = self.past[i]
  local pipeline = path.script(record.script)()
  local run = again.take(view, record, pipeline, self.given)
  return run, pipeline
end

-- Whether it is under way now.
local function start(self, i)
  local row, view = self.state.runs[i], self.view()
  row.status, row.started_s = "running", self.world:now_ms() / 1000
  row.estimate_s = self.estimate_s
  view:listen(function(event)
    rows.note(row, event)
    self.board:event(self.state, row.id, event)
  end)
  local ok, run, pipeline = pcall(self.past[i] and go_on or begin, self, view, i)
  if not ok then
    rows.stuck(row, run)
    self.failures = self.failures + 1
    return
  end
  row.run_id = run.id
  self.under_way = self.under_way + 1
  self.driver:add(pipeline, run)
end

-- Begins as many as may be under way.
local function admit(self)
  local most = self.given.concurrency or CONCURRENCY
  local last = self.ends[self.state.wave]
  while not self.stop and self.under_way < most and self.next <= last do
    if self.state.runs[self.next].status == "waiting" then start(self, self.next) end
    self.next = self.next + 1
    self.stop = self.stop or self.failures > self.tolerated
  end
end

-- One has ended: is it the last of its wave, or one too many that failed?
local function advance(self)
  local canary = self.state.wave == 1 and #self.ends > 1 and self.failures > 0
  if self.failures > self.tolerated or canary then self.stop = true end
  admit(self)
  while self.under_way == 0 and not self.stop and self.state.wave < #self.ends do
    self.state.wave = self.state.wave + 1
    admit(self)
  end
end

-- Ending --------------------------------------------------------------------------------------

-- Of one of many, only that a person is needed is told at once; the rest is told of all together.
local function tell(self, run, pipeline)
  if run.record.outcome == "parked" then alerts.tell_end(run, self.given.told) end
  pipeline:ended(run)
  if not self.given.plan then return end
  if self.given.output == "json" then -- one document for all of them
    self.state.runs[run.record.fleet_target].plan = command.plan_document(run)
  else
    command.print_result(run, self.given, 0)
  end
end

local function ended(self, run, problem, pipeline)
  local row = self.state.runs[run.record.fleet_target]
  rows.ended(row, run, problem)
  self.under_way = self.under_way - 1
  if row.status ~= "succeeded" then self.failures = self.failures + 1 end
  if problem then
    run.world.journal:unlock(run)
    self.stop = self.stop or errors.is(problem, "JournalError") -- the next one could not be remembered either
  else
    tell(self, run, pipeline)
  end
  run:tell "stopped"
  advance(self)
end

local function exit_code(self, interrupted)
  if interrupted then return report.EXIT.interrupted end
  for _, row in ipairs(self.state.runs) do
    if row.status ~= "succeeded" then return report.PARTIAL end
  end
  return 0
end

-- One message for all of them; one that cannot be sent is told, and changes nothing.
local function tell_all(self)
  if self.given.plan or self.state.exit_code == report.EXIT.interrupted then return end
  for _, failure in ipairs(alerts.tell_fleet(self.world, self.record, self.state, self.given.told)) do
    io.stderr:write("trapheus: ", log.clean(failure), "\n")
  end
end

local function close(self, interrupted)
  self.driver:each(function(run) self.world.journal:unlock(run) end) -- others may go on with it
  for _, row in ipairs(self.state.runs) do rows.close(row) end
  local state = self.state
  state.exit_code = exit_code(self, interrupted)
  local kept = not self.given.sandbox and not self.given.plan
  state.next_command = kept and state.exit_code ~= 0 and report.next_command(self.record) or nil
  self.board:finish(state)
  if self.given.report then
    local page = require "trapheus.fleet.page"
    file.write(self.given.report, page(state, self.world.journal, self.given.task, self.world:now_ms() // 1000))
  end
  tell_all(self)
  return state.exit_code
end

-- Running -------------------------------------------------------------------------------------

local function confirmed(self)
  local given = self.given
  local terminal = core.system.isatty(0) and core.system.isatty(2)
  if given.yes or given.sandbox or given.plan or not terminal then return true end
  for _, target in ipairs(self.targets) do io.stderr:write("  ", target.id, "\n") end
  io.stderr:write(("\nType %d to restore all of these: "):format(#self.targets))
  return io.read "l" == tostring(#self.targets)
end

-- The pipeline of those that begin now, with its hooks.
local function load_pipeline(self)
  local given = self.given
  self.pipeline = path.script(self.script)()
  local loaded = hooks.load_all(given.hooks)
  hooks.attach(given.plan and self.pipeline:rehearsal() or self.pipeline, loaded)
  given.hook_points, self.hooks = hooks.all_points(loaded), hooks.remembered(loaded)
  self.script_hash = origin.hash(self.pipeline, self.script, given.task)
  self.estimate_s = rows.estimate_s(self.pipeline, given.task)
  local of_one = { yes = true, told = { channels = {} } } -- all were confirmed together, and are told of together
  self.world.gate = command.gate(self.pipeline, setmetatable(of_one, { __index = given }))
end

-- What is not of this fleet, and unfinished, is the same for all of them.
local function know_unfinished(self)
  local open, others = runs.open(self.world.journal)
  function self.world.unfinished() return open, others end
end

local function prepare(self)
  load_pipeline(self)
  know_unfinished(self)
  self.driver = driver.new(self.world, function(...) ended(self, ...) end)
  self.ends, self.tolerated = waves.ends(self.given, #self.targets), waves.tolerated(self.given, #self.targets)
  self.failures, self.under_way, self.next = 0, 0, 1
  self.state = { name = self.record.run_id, wave = 1, waves = #self.ends, runs = {} }
  for i, target in ipairs(self.targets) do
    self.state.runs[i] = rows.new(target, self.past[i])
    if self.given.sandbox then command.stage(self.world, self.own[i]) end
  end
  self.board = self.board or board.of(self.given, function() return self.world:now_ms() / 1000 end)
end

local function limit(self)
  local timeout_s = self.given.timeout_s
  return { until_ms = timeout_s and self.world:now_ms() + timeout_s * 1000 // 1 or nil,
    turn = self.board.tick and function() self.board:tick(self.state) end or nil }
end

--- Restores all of them, tells how, and gives the exit code.
---@return integer exit_code
function Fleet:run()
  local _ <close> = self
  if #self.targets == 0 then usage.fail "nothing is to be restored: no database was named or selected" end
  if not confirmed(self) then
    io.stderr:write "trapheus: not confirmed: nothing was changed\n"
    return report.EXIT.refused
  end
  local known = self.record
  self.record = known or record_module.new(self.world, { script = self.script, targets = self.targets,
    given = record_module.given(self.given), place = place_of(self.given), tells = alerts.wanted(self.given.told) })
  prepare(self)
  if not known then self.world.journal:save(self.record, "fleet", {}) end
  command.arm(self.world)
  advance(self)
  return close(self, self.driver:run(limit(self)))
end

--- Goes on with a fleet of the journal: with what is under way or parked, then with what was not begun.
---@param id string
---@param given trapheus.Given  what is said now comes before what was said at first
---@return integer exit_code
function fleet.resume(id, given)
  if given.plan then usage.fail "--plan is of what has not begun" end
  local kept = command.journal(given)
  local record = record_module.find(kept, id)
  local past = record_module.runs(kept, id)
  kept:close()
  for _, known in ipairs { record.given, record.place } do
    for field, value in pairs(known) do
      if not said(given[field]) then given[field] = value end
    end
  end
  local self = fleet.of(given, record.script)
  self.record, self.past = record, past
  for _, target in ipairs(record.targets) do self:add(target) end
  return self:run()
end

return fleet
