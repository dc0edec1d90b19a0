--- Many restores in one process. Each is a run like any other, with its own lock, lease, journal and end: what becomes
--- of one is nothing to the others, but for who begins next.
---
---     return function(arguments)
---       local fleet = trapheus.fleet(arguments)        -- the flags of trapheus bulk
---       fleet:add { id = "orders" }
---       return fleet:run()                             -- the exit code
---     end
local alerts = require "trapheus.alerts"
local ambient = require "trapheus.ambient"
local command = require "trapheus.command"
local core = require "trapheus.core"
local driver = require "trapheus.drivers.fleet"
local errors = require "trapheus.errors"
local hooks = require "trapheus.hooks"
local journal = require "trapheus.journal"
local log = require "trapheus.log"
local options = require "trapheus.options"
local path = require "trapheus.path"
local record_module = require "trapheus.fleet.record"
local report = require "trapheus.report"
local usage = require "trapheus.usage"
local waves = require "trapheus.fleet.waves"
local world_module = require "trapheus.world"

local CONCURRENCY = 10

---@class trapheus.Target
---@field id string
---@field kind "instance"|"cluster"|nil     nil: looked up
---@field overrides table<string, any>?    by the field of a flag: "keep_original", "snapshot", "set", …
---@field where string?                     for messages: "targets.csv:3"

---@class trapheus.FleetRow     One of fleet.state.runs.
---@field id string
---@field status "waiting"|"running"|"succeeded"|"failed"|"rolled_back"|"parked"|"skipped"|"interrupted"
---@field outcome string?
---@field run_id string?
---@field step string?
---@field started_s number?
---@field elapsed_s number?
---@field estimate_s number?     how long all of its steps usually take
---@field last_event table?
---@field message string?        why it did not end well

---@class trapheus.FleetState
---@field name string
---@field wave integer
---@field waves integer
---@field runs trapheus.FleetRow[]

---@class trapheus.Fleet
---@field given trapheus.Given
---@field world trapheus.World
---@field state trapheus.FleetState
local Fleet = {}
Fleet.__index = Fleet

local fleet = {}

-- Making one ----------------------------------------------------------------------------------

local function world_of(given)
  given.many = true
  local world = given.sandbox and command.sandbox_world(given) or command.real_world(given)
  if given.plan then world.journal = journal.memory() end
  return world
end

--- A fleet without targets, in the world that the flags name.
---@param given trapheus.Given
---@param script string
---@return trapheus.Fleet
function fleet.of(given, script)
  local self = setmetatable({ given = given, script = script, settings = alerts.settings(given), targets = {},
    own = {}, known = {} }, Fleet)
  self.world = world_of(given)
  self.ambient = ambient.enter(self.world)
  self.view = world_module.views(self.world)
  return self
end

--- A fleet without targets, of the flags of `trapheus bulk`.
---@param arguments string[]
---@return trapheus.Fleet
function fleet.new(arguments) return fleet.of(options.fleet(arguments), "restore") end

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

-- What is told --------------------------------------------------------------------------------

local STATUS = { restored = "succeeded", snapshotted = "succeeded", planned = "succeeded", refused = "failed",
  failed = "failed", rolled_back = "rolled_back", parked = "parked", interrupted = "interrupted" }

local function estimate_s(pipeline, task)
  local sum = 0
  for _, name in ipairs(pipeline.tasks[task]) do sum = sum + (pipeline.steps[name].typical_s or 0) end
  return sum
end

-- Notes what a run tells in its row, and passes it on.
local function follow(self, view, row)
  view:listen(function(event)
    row.step, row.last_event = event.step, event
    row.elapsed_s = event.at - (row.started_s or event.at)
    self.board:event(self.state, row.id, event)
  end)
end

-- Beginning -----------------------------------------------------------------------------------

local function begin(self, i)
  local row, own, view = self.state.runs[i], self.own[i], self.view()
  local run = command.new_run(view, own, self.script)
  run.options.hooks = self.hooks
  run.record.fleet_id, run.record.fleet_target = self.record.run_id, i
  row.status, row.run_id, row.started_s = "running", run.id, run:now_s()
  row.estimate_s = estimate_s(self.pipeline, own.task)
  follow(self, view, row)
  self.under_way = self.under_way + 1
  self.driver:add(self.pipeline, run)
end

-- Begins as many as may be under way.
local function admit(self)
  local most = self.given.concurrency or CONCURRENCY
  local last = self.ends[self.state.wave]
  while not self.stop and self.under_way < most and self.next <= last do
    if self.state.runs[self.next].status == "waiting" then begin(self, self.next) end
    self.next = self.next + 1
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

local function note_end(row, run, problem)
  local outcome = problem and "interrupted" or run.record.outcome
  row.status, row.outcome = STATUS[outcome], outcome
  row.elapsed_s = run:now_s() - row.started_s
  local failure = run.record.parked and run.record.parked.reason or run.record.failure and run.record.failure.message
  row.message = problem and tostring(problem) or report.EXIT[outcome] ~= 0 and failure or nil
end

local function ended(self, run, problem)
  local row = self.state.runs[run.record.fleet_target]
  note_end(row, run, problem)
  self.under_way = self.under_way - 1
  if row.status ~= "succeeded" then self.failures = self.failures + 1 end
  if problem and errors.is(problem, "JournalError") then self.stop = true end -- of no use to begin another one
  if not problem then self.pipeline:ended(run) end
  run:tell "stopped"
  if self.given.plan then command.print_result(run, self.given, 0) end
  advance(self)
end

--- The exit code: 0 when all have ended well, 7 when a signal or the time limit came before, else 8.
---@return integer
function Fleet:exit_code(interrupted)
  if interrupted then return report.EXIT.interrupted end
  for _, row in ipairs(self.state.runs) do
    if row.status ~= "succeeded" then return report.PARTIAL end
  end
  return 0
end

local function close(self, interrupted)
  for _, row in ipairs(self.state.runs) do
    if row.status == "waiting" then row.status = "skipped" end
    if row.status == "running" then row.status, row.outcome = "interrupted", "interrupted" end
  end
  self.state.next_command = self:exit_code(interrupted) ~= 0 and not self.given.sandbox and not self.given.plan
    and ("trapheus resume %s"):format(self.record.run_id) or nil
  self.board:finish(self.state)
end

-- One message for all of them; one that cannot be sent is told, and changes nothing.
local function alert(self, interrupted)
  if interrupted or self:exit_code() == 0 or self.given.plan then return end
  local lines = {}
  for _, row in ipairs(self.state.runs) do
    if row.status ~= "succeeded" then
      lines[#lines + 1] = log.clean(("%s: %s%s"):format(row.id, row.outcome or row.status,
        row.message and ": " .. row.message or ""))
    end
  end
  local title = ("trapheus: %d of %d restores have not ended well"):format(#lines, #self.state.runs)
  for _, failure in ipairs(alerts.send(self.world, self.settings, title, table.concat(lines, "\n"))) do
    io.stderr:write("trapheus: ", log.clean(failure), "\n")
  end
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

-- What all of its runs share.
local function prepare(self)
  local given = self.given
  self.pipeline = path.script(self.script)()
  local loaded = hooks.load_all(given.hooks)
  hooks.attach(given.plan and self.pipeline:rehearsal() or self.pipeline, loaded)
  given.hook_points, self.hooks = hooks.all_points(loaded), hooks.remembered(loaded)
  local gate_given = setmetatable({ yes = true }, { __index = given }) -- all of them were confirmed together
  self.world.gate = command.gate(self.pipeline, gate_given)
  self.driver = driver.new(self.world, function(run, problem) ended(self, run, problem) end)
  self.ends, self.tolerated = waves.ends(given, #self.targets), waves.tolerated(given, #self.targets)
  self.failures, self.under_way, self.next = 0, 0, 1
  self.state = { name = self.record.run_id, wave = 1, waves = #self.ends, runs = {} }
  for i, target in ipairs(self.targets) do
    self.state.runs[i] = { id = target.id, status = "waiting" }
    if given.sandbox then command.stage(self.world, self.own[i]) end
  end
end

--- Restores all of them, tells how, and gives the exit code.
---@return integer exit_code
function Fleet:run()
  local _ <close> = self.ambient
  local given, world = self.given, self.world
  if #self.targets == 0 then usage.fail "nothing is to be restored: no database was named or selected" end
  if not confirmed(self) then
    io.stderr:write "trapheus: not confirmed: nothing was changed\n"
    return report.EXIT.refused
  end
  self.record = record_module.new(world, { script = self.script, targets = self.targets, place = options.place(given) })
  prepare(self)
  world.journal:save(self.record, "fleet")
  command.arm(world)
  self.board = self.board or require("trapheus.fleet.lines").new(given)
  advance(self)
  local limit = { until_ms = given.timeout_s and world:now_ms() + given.timeout_s * 1000 // 1 or nil }
  local interrupted = self.driver:run(limit)
  close(self, interrupted)
  alert(self, interrupted)
  return self:exit_code(interrupted)
end

return fleet
