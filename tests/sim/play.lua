--- Plays one case in virtual time: the shipped pipeline on the sandbox, with every call and every journal write in
--- view of the invariants; dies and goes on where the case says so; then everything heals, and an end is demanded.
local alerts = require "trapheus.alerts"
local ambient = require "trapheus.ambient"
local case_module = require "case"
local errors = require "trapheus.errors"
local invariants = require "invariants"
local journal = require "trapheus.journal"
local past = require "past"
local path = require "trapheus.path"
local pipelines = require "trapheus.pipeline"
local recover = require "trapheus.recover"
local run_module = require "trapheus.run"
local statuses = require "trapheus.statuses"
local strikes = require "strikes"
local topologies = require "topologies"
local watch_module = require "watch"
local world_module = require "trapheus.world"

local CRASH = {} -- what is raised where a process dies
local ASLEEP = {} -- and where its machine falls asleep
local DAY_S = 86400
local LIMIT_S = 40 * DAY_S
local MOST_TRIES, TRY_AGAIN_S = 4, 1200
local MOST_LIVES, MOST_LOOKS, MOST_ROUNDS = 60, 20000, 4

---@class trapheus.sim.Play
---@field case trapheus.sim.Case
---@field sandbox trapheus.Sandbox
---@field hosts trapheus.sim.Host[]
---@field watch trapheus.sim.Watch
---@field counts table<string, integer>   calls, journal writes, looks so far
---@field visit? fun(play: trapheus.sim.Play, site: string)  is told of each site
---@field events table[]                  told by the runs, with the host
---@field past table?                      the record of an earlier run of the same database, in every journal
local Play = {}
Play.__index = Play

---@class trapheus.sim.Host
---@field name string
---@field world trapheus.World
---@field run trapheus.Run
---@field pipeline trapheus.Pipeline
---@field wake_ms integer?   nil: it has ended
---@field lives integer
---@field slept boolean?      its machine was asleep
---@field elsewhere string?  it has been moved to another machine once
---@field forgetful boolean?  its journal was lost with that

-- Dying ---------------------------------------------------------------------------------------

-- Does something happen here? Counts this site.
local function struck(play, site, when, what)
  if play.visit then play.visit(play, strikes.boundary(site, play.counts[site], when)) end
  local crashes = play.case.crashes
  for i = 1, #crashes do
    local crash = crashes[i]
    local here = crash.site == site and crash.when == when and (not crash.what or crash.what == what)
    if here and crash.nth == play.counts[crash.what and site .. " " .. what or site] then
      play.died[#play.died + 1] = { site = site, when = when, at_ms = play.loop:now_ms() }
      play.away_s = crash.away_s or 60
      play.slept_s = play.slept_s + play.away_s
      return true
    end
  end
end

local function die(play, site, when, what)
  if struck(play, site, when, what) then error(CRASH, 0) end
end

local function count(play, site, what)
  local counts = play.counts
  counts[site] = counts[site] + 1
  if not what then return end
  local both = site .. " " .. what
  counts[both] = (counts[both] or 0) + 1
end

-- The faults begin with the first durable write: what is refused in preflight is of little interest.
local function break_calm(play)
  if not play.case.calm or play.stormy then return end
  play.stormy = true
  play.sandbox:inject(play.case.faults)
end

-- What others do when a step begins for the first time.
local function meanwhile(play, step)
  for _, planned in ipairs(play.case.meanwhile or {}) do
    if planned.step == step and play.counts["journal " .. step] == 1 then
      local fault = {}
      for field, value in pairs(planned) do fault[field] = field ~= "step" and field ~= "after_s" and value or nil end
      fault.at_s = planned.after_s or 0
      play.sandbox:inject { fault }
    end
  end
end

local function mortal_journal(play, host)
  local kept = journal.memory()
  local save = kept.save
  if play.past then kept:save(play.past) end
  function kept:save(record, kind, entry)
    local what = kind == "step" and not entry.outcome and entry.step or nil
    count(play, "journal", what)
    die(play, "journal", "before", what)
    if struck(play, "journal", "refused", what) then
      error(errors.new { code = "JournalError", operation = "journal", message = "database or disk is full" }, 0)
    end
    save(self, record, kind, entry)
    play.watch:saved(host, record, kind)
    break_calm(play)
    if what then meanwhile(play, what) end
    die(play, "journal", "after", what)
  end
  return kept
end

local function mortal_transport(play, host, inner)
  return setmetatable({
    send = function(_, call)
      count(play, "call", call.operation)
      die(play, "call", "before", call.operation)
      play.watch:sending(host, call)
      local ok, result, info = pcall(inner.send, inner, call)
      play.watch:answered(host, call, not ok and result or nil, ok and result or nil)
      die(play, "call", "after", call.operation)
      if not ok then error(result, 0) end
      return result, info
    end,
  }, { __index = inner })
end

-- Hosts ---------------------------------------------------------------------------------------

local function view_of(play, host)
  local world = {}
  for field, value in pairs(play.world) do world[field] = value end
  world.listeners, world.elsewhere = {}, {}
  world = setmetatable(world, getmetatable(play.world))
  for _, service in ipairs { "rds", "sts" } do
    local client = {}
    for field, value in pairs(play.world[service]) do client[field] = value end
    client.transport = mortal_transport(play, host, client.transport)
    world[service] = setmetatable(client, getmetatable(play.world[service]))
  end
  world:listen(function(event)
    event.host = host.name
    play.events[#play.events + 1] = event
  end)
  return world
end

-- What is restored already, or has the name of an original that is gone, is another database: nobody begins with that.
local function too_late(play, host)
  for _, other in ipairs(play.hosts) do
    if other ~= host and other.run.record.outcome == "restored" then return true end
  end
  play.sandbox:advance() -- what is gone by now is seen to be only when time has passed there, too
  return play.watch:thing(play.watch.original.rid) == nil
end

local function begin(play, host)
  local case = play.case
  host.wake_ms = nil
  if too_late(play, host) then return end
  host.run = run_module.new(host.world, { identifier = "mydb", task = case.task,
    kind = nil, options = case.options or {}, script = "scripts/restore.lua" })
  host.wake_ms = play.loop:now_ms()
end

local function add_host(play, name)
  local host = { name = name, lives = 1 }
  play.hosts[#play.hosts + 1] = host
  host.world = view_of(play, host)
  host.world.journal = mortal_journal(play, host)
  host.pipeline = path.script "scripts/restore.lua" ()
  begin(play, host)
  return host
end

-- A machine that is there goes on with its run itself; from AWS that is done for one which is gone.
local function check_gone(host, found)
  if found.id == host.run.id then return end
  error(errors.new { code = "NotRecoverable", message = found.id .. " is a rival's" }, 0)
end

-- On another machine, from what the run has left in AWS. It may have to wait for the old lease to end; where it says
-- that it cannot be sure, the journal is found again after all. True: goes on now.
local function move_elsewhere(play, host)
  local kept = host.world.journal
  host.world.journal = mortal_journal(play, host)
  local ok, run = pcall(function()
    local found = recover.run(host.world, host.pipeline, "mydb", "restore")
    check_gone(host, found)
    found:save "recovered"
    return found
  end)
  if ok then
    host.run, host.elsewhere, host.forgetful = run, "moved", true
    return true
  end
  if run ~= CRASH and not errors.is(run) then error(run, 0) end
  host.world.journal, host.tries = kept, (host.tries or 0) + 1
  if host.tries == MOST_TRIES then
    host.elsewhere = "found"
    return true
  end
  host.wake_ms, host.dead = play.loop:now_ms() + TRY_AGAIN_S * 1000, true
end

-- The process is started again, by hand or by a supervisor; on this host or, its journal lost, on another.
local function resume(play, host)
  host.lives = host.lives + 1
  local record = host.world.journal:load(host.run.id)
  if not record then return begin(play, host) end
  if play.case.elsewhere and not host.elsewhere and not move_elsewhere(play, host) then return end
  if host.elsewhere ~= "moved" then host.run = run_module.wrap(host.world, record) end
  host.elsewhere = host.elsewhere and "settled"
  host.pipeline:bind(host.run)
  pipelines.reopen(host.run)
end

local SECRET = "T0P5ECRET"
local TELL = { channels = { { kind = "slack", id = "slack 1", url = "https://hooks.slack.com/services/" .. SECRET,
  on = { failure = true, rolled_back = true, parked = true } } } }

-- The run has ended: whoever wants to know is told, as the program does.
local function tell_end(play, host)
  local ending = { outcome = host.run.record.outcome }
  local _ <close> = ambient.enter(host.world)
  alerts.tell_end(host.run, TELL)
  ending.after = host.run.record.outcome
  play.endings[#play.endings + 1] = ending
end

local function tick(play, host)
  count(play, "look", host.run.record.step)
  local ok, delay = pcall(function()
    if struck(play, "look", "asleep", host.run.record.step) then error(ASLEEP, 0) end
    die(play, "look", "before", host.run.record.step)
    local delay_ms = host.pipeline:tick(host.run)
    if not delay_ms then tell_end(play, host) end
    return delay_ms
  end)
  local now = play.loop:now_ms()
  if ok then
    host.wake_ms = delay and now + delay or nil
  elseif delay == ASLEEP then
    host.wake_ms, host.slept = now + play.away_s * 1000, true
  elseif delay == CRASH or errors.is(delay, "JournalError") then
    host.wake_ms, host.dead = now + play.away_s * 1000, true
  else
    host.wake_ms = nil
    play.watch:report("error", type(delay) == "table" and (delay.message or "a table") or tostring(delay))
  end
end

-- Time ----------------------------------------------------------------------------------------

local function sleep_until(play, at_ms)
  local left = at_ms - play.loop:now_ms()
  if left <= 0 then return end
  local timer <close> = play.loop:timer(left)
  while not timer:done() do play.loop:step() end
end

local function first_awake(play)
  local first
  for _, host in ipairs(play.hosts) do
    if host.wake_ms and (not first or host.wake_ms < first.wake_ms) then first = host end
  end
  return first
end

-- Lets everybody work until all have ended, or too much time or effort has gone by.
local function work(play)
  local until_ms = play.loop:now_ms() + LIMIT_S * 1000
  while true do
    local host = first_awake(play)
    if not host then return end
    if host.wake_ms > until_ms or play.counts.look > MOST_LOOKS or host.lives > MOST_LIVES then
      return play.watch:report("L1", ("no end after %d looks and %.1f days"):format(play.counts.look,
        (play.loop:now_ms() - play.began_ms) / 1000 / DAY_S))
    end
    sleep_until(play, host.wake_ms)
    if host.dead then
      host.dead = nil
      resume(play, host)
    end
    local begins = #host.run.record.steps == 0 and not host.elsewhere
    if begins and too_late(play, host) then host.wake_ms = nil end
    if host.wake_ms and not host.dead then tick(play, host) end
  end
end

-- From here on nothing goes wrong any more. What is parked must then come to an end of its own (L5).
local function heal(play)
  local sb = play.sandbox
  sb:heal()
  sb.credentials, sb.denied = "valid", {}
  play.healed = true
end

-- A person mends what the run waits for: what hangs or is in a state that can be mended is available again.
local function mend(play)
  local sb = play.sandbox
  for _, list in ipairs { sb.instances, sb.clusters } do
    for _, thing in ipairs(list) do
      if not thing.gone and thing.status ~= "deleting" and not statuses.settled[thing.status] then
        sb:disturb(thing.name, "available")
      end
    end
  end
end

local function finish(play)
  for _ = 1, MOST_ROUNDS do
    local again = false
    for _, host in ipairs(play.hosts) do
      if host.run.record.outcome == "parked" then
        play.parked[#play.parked + 1] = host.run.record.parked.reason
        again = true
        host.wake_ms, host.dead = play.loop:now_ms() + 300 * 1000, true
      end
    end
    if not again then return end
    mend(play)
    work(play)
  end
end

local LATE_S = 900 -- a signature lives as long

-- What has been lost on its way may still arrive when everybody has ended.
local function let_arrive(play)
  sleep_until(play, play.loop:now_ms() + LATE_S * 1000)
  play.sandbox:advance()
end

-- Playing -------------------------------------------------------------------------------------

-- A call is a site wherever it comes from, as long as it can meet a fault.
local function visit_calls(play)
  local sb, serve = play.sandbox, play.sandbox.serve
  function sb.serve(_, service, operation, ...)
    if play.visit and not play.healed then
      play.visit(play, strikes.call(operation, (sb.counts[operation] or 0) + 1))
    end
    return serve(sb, service, operation, ...)
  end
end

local function stage(play)
  local case = play.case
  local topology = assert(topologies[case.topology], case.topology)
  play.topology = topology
  play.world = world_module.sandbox { seed = case.seed, preset = case.preset, knobs = case.knobs,
    fidelity = case.fidelity }
  play.loop, play.sandbox = play.world.loop, play.world.sandbox
  play.began_ms = play.loop:now_ms()
  topology.populate(play.sandbox)
  if case.snapshot or case.task == "db_restore" then topology.add_snapshot(play.sandbox) end
  play.sandbox:write "mydb"
  if not case.calm then play.sandbox:inject(case.faults) end
  play.watch = watch_module.new(play, topology.kind, invariants)
  if play.visit then visit_calls(play) end
end

---@param case trapheus.sim.Case
---@param visit? fun(play: trapheus.sim.Play, site: string)  Is told of every site, before anything strikes there.
---@return trapheus.sim.Play  With `watch.problems`.
local function play_case(case, visit)
  local play = setmetatable({ case = case_module.new(case), hosts = {}, events = {}, died = {}, parked = {},
    endings = {}, visit = visit, secret = SECRET, slept_s = 0,
    counts = { call = 0, journal = 0, look = 0 }, away_s = 60,
    past = case.record and past(case, play_case) or nil }, Play)
  stage(play)
  add_host(play, "a")
  if case.rival_s then add_host(play, "b").wake_ms = play.began_ms + case.rival_s * 1000 end
  work(play)
  play.first_outcome = play.hosts[1].run.record.outcome
  heal(play)
  finish(play)
  let_arrive(play)
  play.watch:ended()
  play.outcome = play.hosts[1].run.record.outcome
  return play
end

return play_case
