--- The world a run lives in: clock, randomness, AWS, journal. The real one is curl, the system
--- clock and SQLite; the other is a virtual clock and the sandbox. Steps cannot tell.
local adaptive = require "trapheus.aws.adaptive"
local client = require "trapheus.aws.client"
local core = require "trapheus.core"
local journal = require "trapheus.journal"
local runs = require "trapheus.runs"
local shared = require "trapheus.shared"
local tasks = require "trapheus.tasks"

---@class trapheus.World
---@field loop userdata           core.loop
---@field rds table               clients
---@field sts table
---@field region string
---@field journal trapheus.Journal
---@field config table?          of the real world: trapheus.aws.config
---@field transport_in (fun(region: string): trapheus.Transport)?  of the sandbox: carries any client's calls
---@field sandbox table?          the sandbox, if this is its world
---@field random_bytes fun(count: integer): string  Random; in the sandbox its seed says which
---@field pace number?            so many times as fast as real time its clock runs; nil: as fast, or virtual
---@field unattended boolean?     nobody watches, and nobody is told
---@field look_ms { min: integer, max: integer }  how far apart the looks of a waiting run are, if it has not waited
---                               for hours, and nothing is recorded
local World = { look_ms = { min = 5 * 1000, max = 60 * 1000 } }
World.__index = World

local world = {}

-- Of one process. RDS's limits are unpublished, and shared with everybody: a fleet, which needs more, slows down when
-- one call is throttled.
local CALLS = { rate_per_s = 5, burst = 20 }
local CALLS_OF_MANY = { rate_per_s = 20, burst = 40 }

function World:now_ms() return self.loop:now_ms() end

--- When what a run knows of AWS at this look was asked for: now, or somewhat earlier where looks are shared.
function World:looked_ms() return self.loop:now_ms() end

--- A number in [0, 1) for jitter.
function World:random()
  return string.unpack("<I6", self.random_bytes(6)) / (1 << 48)
end

--- How far this machine's clock is ahead of AWS's, in seconds; nil while that is not known.
---@return number?
function World:clock_ahead_s() return self.rds.transport.clock_ahead_s end

--- When the credentials end for good, seconds since the epoch; nil for those that can be fetched again, or do not end
--- as far as is known.
---@return number?
---@return string? what  What a person has to do then, where that is known.
function World:credentials_end_at()
  local identity = self.rds.transport.identity
  if not identity then return nil end
  return identity:ends_at(), identity.source.ends_unless
end

--- Do the credentials end, nobody knows when?
---@return boolean
function World:credentials_end_unknown()
  local identity = self.rds.transport.identity
  return identity ~= nil and identity:ends_unknown()
end

--- How many signals have asked the program to stop, and which was the last.
---@return integer count
---@return string? name
function World:signals()
  local whole, name = self.shared_by or self, self.loop:interrupted() -- the loop tells it once
  if name then whole.stopped_by, whole.signalled = name, (whole.signalled or 0) + 1 end
  return whole.signalled or 0, whole.stopped_by
end

--- nil, or the name of the signal that asks the program to stop.
---@return string?
function World:interrupted()
  local _, name = self:signals()
  return name
end

-- Whose replies are let go. Others carry word of how a run has ended, once a signal has come: alerts bound that wait.
local LETS_GO = { rds = true, sts = true }

-- A look that is not answered is let go when a signal comes: it can be had again. What may change something is waited
-- for, until a second one comes: then its outcome is unknown, as when the reply is lost.
local function letting_go(self)
  return function(call) return self:signals() > (call.read_only and 0 or 1) end
end

--- The runs of the journal for which something is left to do.
---@return table[] records
---@return table[] others  Of which that is not known.
---@return table[]? known   All that it has, newest first; a fleet does without.
function World:unfinished() return runs.open(self.journal) end

--- f(event) is told of everything that happens: { event=, at=, run_id=, step=, … }
function World:listen(f) table.insert(self.listeners, f) end

function World:tell(event)
  for _, listener in ipairs(self.listeners) do listener(event) end
end

--- The client of a service, made when it is first asked for.
---@param service string
---@param region string?  Another Region than the run's.
---@return trapheus.Client
function World:client(service, region)
  local key = service .. " " .. (region or self.region)
  self.clients[key] = self.clients[key] or self.make_client(service, region ~= self.region and region or nil)
  return self.clients[key]
end

--- The client of another Region.
---@param region string
---@return table
function World:rds_in(region)
  return region == self.region and self.rds or self:client("rds", region)
end

--- Asked once, between preflight and the first change. An answer instead of nil ends the run there.
---@return trapheus.Answer?
function World:gate() return nil end

local function new(fields)
  fields.listeners, fields.clients = {}, {}
  fields.random_bytes = fields.random_bytes or core.random_bytes
  return setmetatable(fields, World)
end

---@class trapheus.RealOptions
---@field config table        trapheus.aws.config
---@field state_dir string
---@field pace number?        divides every wait, for emulators
---@field on_call function?   told of every AWS call
---@field adaptive boolean?   all slow down when one is throttled
---@field recording trapheus.Recording?  of every call

-- In AWS's adaptive retry mode one who is throttled slows all of them down.
local function equipped(made, options, loop)
  if options.adaptive then made.transport.pace = made.transport.pace or adaptive.new() end
  if options.recording then made.transport = options.recording:around(made.transport, loop) end
  return made
end

--- The real world.
---@param options trapheus.RealOptions
---@return trapheus.World
function world.real(options)
  local config = options.config
  local loop = core.loop { pace = options.pace or 1, ca_bundle = config.ca_bundle }
  tasks.use(loop)
  local limiter = core.limiter.new(options.adaptive and CALLS_OF_MANY or CALLS)
  local made = new {
    loop = loop,
    config = config,
    pace = options.pace,
    region = config:region(),
    journal = journal.open(options.state_dir),
  }
  local let_go = letting_go(made)
  function made.make_client(name, region)
    local of = client.new(name, { config = config, region = region, limiter = limiter, on_call = options.on_call })
    of.transport.let_go = LETS_GO[name] and let_go
    return equipped(of, options, loop)
  end
  made.rds, made.sts = made.make_client "rds", made.make_client "sts"
  return made
end

local EPOCH_MS = 1767225600000 -- 2026-01-01: where the sandbox's time begins

---@class trapheus.SandboxOptions
---@field seed integer?
---@field preset string?    see trapheus.sandbox.knobs
---@field knobs table?
---@field speed number?     so many times as fast as real time; nil: virtual time
---@field fidelity "tables"|"bytes"?  Whether calls are tables or signed requests and XML; default tables
---@field region string?
---@field account string?
---@field start_ms integer?
---@field on_call function?
---@field adaptive boolean?
---@field recording trapheus.Recording?
---@field journal table?

-- Lets time pass while a call waits for its reply; other tasks of this loop go on meanwhile.
local function waiter(loop)
  return function(seconds)
    local timer <close> = loop:timer(math.ceil(seconds * 1000))
    if tasks.loop() == loop then tasks.await(timer) end
    while not timer:done() do loop:step() end
  end
end

--- The sandbox's world: its time is virtual, and passes only where the program waits; or real time, made faster.
---@param options trapheus.SandboxOptions?
---@return trapheus.World
function world.sandbox(options)
  options = options or {}
  local loop = core.loop { virtual = not options.speed, pace = options.speed, start_ms = options.start_ms or EPOCH_MS }
  local sandbox = require("trapheus.sandbox").new {
    now_ms = function() return loop:now_ms() end,
    seed = options.seed or 1,
    account = options.account,
    region = options.region or "us-east-1",
    preset = options.preset,
    knobs = options.knobs,
  }
  local function transport(region)
    return sandbox:transport { fidelity = options.fidelity, region = region, wait = waiter(loop) }
  end
  local here = transport()
  local function service(name, region)
    return equipped(client.new(name, { region = sandbox.region, transport = region and transport(region) or here,
      on_call = options.on_call }), options, loop)
  end
  return new {
    make_client = service,
    transport_in = function(region) return region ~= sandbox.region and transport(region) or here end,
    loop = loop,
    pace = options.speed,
    region = options.region or "us-east-1",
    journal = options.journal or journal.memory(),
    rds = service "rds", sts = service "sts",
    sandbox = sandbox,
    random_bytes = function(count) return sandbox:stream("client"):bytes(count) end,
    random = function() return sandbox:stream("client"):of_bytes() end,
  }
end

-- One of several runs -------------------------------------------------------------------------

local SHARED_LOOK_MS = { min = 2 * 1000, max = 20 * 1000 } -- a look costs a hundredth of a call

local function looked_ms(view) return view.rds.looked_ms or view.loop:now_ms() end

--- The same world for each of several runs: with listeners of its own, and clients that share what they see.
---@param whole trapheus.World
---@return fun(): trapheus.World  Makes one for a run.
function world.views(whole)
  local makers = {}
  for _, service in ipairs { "rds", "sts" } do makers[service] = shared.clients(whole[service], whole.loop) end
  local common = setmetatable({ shared_by = whole, look_ms = SHARED_LOOK_MS, looked_ms = looked_ms },
    { __index = whole })
  local class = { __index = common }
  return function()
    local view = setmetatable({ listeners = {} }, class)
    for service, make in pairs(makers) do view[service] = make() end
    return view
  end
end

return world
