--- Tells people how a run goes: mail through SES, Slack, SNS and webhooks, all at the same time. What is told of an end
--- is told after the end is durable, once to each, also when the process dies in between: then by whoever resumes. A
--- message that does not arrive is reported, and changes nothing else.
local ambient = require "trapheus.ambient"
local aws = require "trapheus.aws.client"
local core = require "trapheus.core"
local email = require "trapheus.notify.email"
local errors = require "trapheus.errors"
local events = require "trapheus.alerts.events"
local fleet = require "trapheus.alerts.fleet"
local includes = require "trapheus.includes"
local json = require "trapheus.json"
local log = require "trapheus.log"
local message = require "trapheus.notify.message"
local secrets = require "trapheus.secrets"
local settings_module = require "trapheus.alerts.settings"
local slack = require "trapheus.notify.slack"
local sns = require "trapheus.notify.sns"
local story = require "trapheus.alerts.story"
local tasks = require "trapheus.tasks"
local usage = require "trapheus.usage"
local webhook = require "trapheus.notify.webhook"

local alerts = {}

--- Who is told, and of what. What a run began with counts as flags do that are not given now; if some of that cannot be
--- had any more, that is said, and keeps nobody from going on.
---@param given trapheus.Given  `notify`: what it began with
---@return trapheus.AlertSettings
function alerts.settings(given)
  if not given.notify then return settings_module.read(given) end
  local ok, found = pcall(settings_module.read, setmetatable({}, { __index = function(_, field)
    if given[field] ~= nil then return given[field] end
    return given.notify[field]
  end }))
  if ok then return found end
  if not usage.is(found) then error(found, 0) end
  io.stderr:write("trapheus: warning: not all are told who were to be: ", log.clean(tostring(found)), "\n")
  return settings_module.read(given)
end

-- Sending -------------------------------------------------------------------------------------

local SEND = {}

function SEND.email(channel, said, client)
  email.send { client = client("ses", channel.region), from = channel.from, to = channel.to,
    subject = message.subject(said), text = message.text(said), html = message.html(said) }
end

function SEND.slack(channel, said)
  local blocks, text = message.slack(said)
  slack.send { url = channel.url, allow_host = channel.allow_host, allow_private = channel.allow_private,
    text = text, blocks = blocks }
end

function SEND.sns(channel, said, client)
  sns.send { client = client("sns", channel.region), topic = channel.topic, subject = message.subject(said),
    text = message.text(said), json = said.body, attributes = said.attributes, id = said.id }
end

function SEND.webhook(channel, said)
  webhook.send { url = channel.url, allow_private = channel.allow_private, body = said.body }
end

local function reason(err)
  return secrets.mask(errors.is(err) and (err.service and err.code .. ": " or "") .. err.message or tostring(err))
end

-- nil, or what went wrong, for a person.
local function deliver(channel, said, client)
  local ok, err = pcall(SEND[channel.kind], channel, said, client)
  return not ok and ("%s was not sent: %s"):format(settings_module.title(channel), reason(err)) or nil
end

---@class trapheus.Delivered
---@field channel trapheus.Channel
---@field failure string?  Never an address of a webhook.

local function clients(world)
  if not world then return function(service, region) return aws.new(service, { region = region }) end end
  return function(service, region) return world:client(service, region) end
end

local function failures_of(delivered)
  local failures = {}
  for _, each in ipairs(delivered) do failures[#failures + 1] = each.failure end
  return failures
end

--- Begins to send a message to some channels. What is returned is done when each has arrived or failed, and its result
--- says which: tasks.await waits for it.
---@param world trapheus.World?
---@param channels trapheus.Channel[]
---@param said trapheus.Message
---@param done fun(delivered: trapheus.Delivered)?  Told of each at once.
---@return trapheus.Task
function alerts.begin(world, channels, said, done)
  local client, sendings = clients(world), {}
  for i, channel in ipairs(channels) do
    sendings[i] = function()
      if ambient.rehearsed then ambient.tell("tell " .. settings_module.title(channel)) end
      local delivered = { channel = channel, failure = deliver(channel, said, client) }
      if done then done(delivered) end
      return delivered
    end
  end
  return tasks.spawn(tasks.all, sendings)
end

--- Sends a message, and waits until each has arrived or failed.
---@param done fun(delivered: trapheus.Delivered)?
---@return trapheus.Delivered[]
function alerts.send(world, channels, said, done)
  local task <close> = alerts.begin(world, channels, said, done)
  return tasks.await(task)
end

-- Of a run ------------------------------------------------------------------------------------

local function warn_of(run, delivered)
  for _, failure in ipairs(failures_of(delivered)) do run:warn(failure) end
end

-- Until preflight has ended there is no run to keep; a journal that cannot be written is told, and no more.
local function keep(run, kind, entry)
  if #run.record.steps <= 1 then return end
  local ok, err = pcall(run.save, run, kind, entry)
  if not ok and not errors.is(err, "JournalError") then error(err, 0) end
  if not ok then run:warn("who was told is not remembered: " .. err.message) end
end

-- Those that have not been told of it yet, this event being what it is. `id`: what tells it from others.
local function still_to_tell(record, settings, event, id)
  local told, list = (record.told or {})[id] or {}, {}
  for _, channel in ipairs(settings_module.told_of(settings, event)) do
    if not told[channel.id] then list[#list + 1] = channel end
  end
  return list
end

local function note(record, id, what)
  record.told = record.told or {}
  record.told[id] = record.told[id] or {}
  record.told[id][what] = true
end

--- Of which events anybody wants to know, in the order of the alphabet. nil: of none.
---@param settings trapheus.AlertSettings
---@return string[]?
function alerts.wanted(settings)
  local wanted = json.list {}
  for event in pairs(events.NAMES) do
    if settings_module.told_of(settings, event)[1] then wanted[#wanted + 1] = event end
  end
  table.sort(wanted)
  return wanted[1] and wanted or nil
end

--- What a run remembers of who wants to know of what: one that died before it told can be seen by that.
---@param run trapheus.Run
---@param settings trapheus.AlertSettings
function alerts.remember(run, settings) run.record.tells = alerts.wanted(settings) end

--- Tells that the run begins, while it goes on.
---@param run trapheus.Run
---@param settings trapheus.AlertSettings
function alerts.tell_start(run, settings)
  local id = story.id(run.record, "start")
  local channels = still_to_tell(run.record, settings, "start", id)
  if #channels == 0 then return end
  for _, channel in ipairs(channels) do note(run.record, id, channel.id) end
  run.telling = alerts.begin(run.world, channels, story.of(run, "start"))
end

-- What has become of a task; nothing when a signal comes first.
local function await(run, task)
  local count, stopped
  local before = run.world:signals()
  tasks.await {
    done = function()
      count, stopped = run.world:signals()
      return task:done() or count > before
    end,
    result = function() end,
  }
  if task:done() then return task:result() end
  run:warn("not everybody was told before " .. stopped .. ": trapheus resume " .. run.id .. " does")
end

-- What was begun with the run must have ended before more is told.
local function end_telling(run)
  local task <close> = run.telling
  if not task then return end
  run.telling = nil
  warn_of(run, await(run, task) or {})
end

-- Has everybody heard of that?
local function is_told(record, event) return ((record.told or {})[story.id(record, event)] or {}).all or false end

local function claim_of(run) return "telling of " .. run.id end

-- Another process may be at it, or have been since the record was read. A journal that fails keeps nobody from telling.
local function claim(run)
  local journal = run.world.journal
  local ok, mine, kept = pcall(function()
    local mine = journal:claim(claim_of(run), run.id)
    return mine, mine and journal:load(run.id)
  end)
  if ok and kept then run.record.told = kept.told end
  return not ok or mine
end

local function tell(run, channels, event, id)
  local record = run.record
  local task <close> = alerts.begin(run.world, channels, story.of(run, event), function(delivered)
    note(record, id, delivered.channel.id)
    keep(run, "told", { event = event, channel = delivered.channel.id, failure = delivered.failure })
  end)
  local delivered = await(run, task)
  if not delivered then return end
  warn_of(run, delivered)
  note(record, id, "all")
  keep(run, "told", { event = event })
end

--- Tells how the run has ended those who have not heard it yet.
---@param run trapheus.Run
---@param settings trapheus.AlertSettings
function alerts.tell_end(run, settings)
  end_telling(run)
  local record = run.record
  local event = events.of(record)
  local wanted = settings_module.told_of(settings, event)[1] or alerts.owed(record) -- though nobody wants to know now
  if not wanted then return end
  if not claim(run) then return run:warn "another process is telling how it ended" end
  local id = story.id(record, event)
  if not is_told(record, event) then tell(run, still_to_tell(record, settings, event, id), event, id) end
  pcall(run.world.journal.release, run.world.journal, claim_of(run), run.id)
end

--- Has the run ended without everybody having been told?
---@param record table
---@return boolean
function alerts.owed(record)
  local event = events.of(record)
  for _, wanted in ipairs(event and record.tells or {}) do
    if wanted == event then return not is_told(record, event) end
  end
  return false
end

--- Tells how a fleet went, in one message, those who are told of such an end.
---@param state trapheus.FleetState
---@param settings trapheus.AlertSettings?  By default those of the environment and the configuration file.
---@param world trapheus.World?
---@return string[] failures  One line for each message that did not arrive.
function alerts.fleet_summary(state, settings, world)
  local said, event = fleet.story(state, (world and world:now_ms() or core.clock.wall_ms()) // 1000)
  return failures_of(alerts.send(world, settings_module.told_of(settings or alerts.settings {}, event), said))
end

-- Whoever was told is remembered at once. What that comes to when the journal fails, for a person.
local function remember_told(world, record, id, what, failure)
  note(record, id, what)
  local entry = { event = id, channel = what, failure = failure }
  local ok, err = pcall(world.journal.save, world.journal, record, "told", entry)
  if not ok and not errors.is(err, "JournalError") then error(err, 0) end
  return not ok and "who was told is not remembered: " .. err.message or nil
end

--- Has the fleet ended so without everybody having been told?
---@param record trapheus.FleetRecord
---@param state trapheus.FleetState
---@return boolean
function alerts.fleet_owed(record, state)
  local event = fleet.event_of(state)
  if not includes(record.tells or {}, event) then return false end
  return not ((record.told or {})[fleet.end_of(state, event)] or {}).all
end

--- As `fleet_summary`, of a fleet of the journal: of each end once, also when the process dies in between or the fleet
--- is gone on with that has ended.
---@param world trapheus.World
---@param record trapheus.FleetRecord
---@param state trapheus.FleetState
---@param settings trapheus.AlertSettings
---@return string[] failures
function alerts.tell_fleet(world, record, state, settings)
  local said, event = fleet.story(state, world:now_ms() // 1000)
  local wanted = settings_module.told_of(settings, event)[1] or alerts.fleet_owed(record, state) -- as of a run
  if not wanted then return {} end
  local telling, id = { id = record.run_id, record = record, world = world }, fleet.end_of(state, event)
  if not claim(telling) then return { "another process is telling how it ended" } end
  local forgotten
  local delivered = alerts.send(world, still_to_tell(record, settings, event, id), said, function(each)
    forgotten = remember_told(world, record, id, each.channel.id, each.failure) or forgotten
  end)
  forgotten = remember_told(world, record, id, "all") or forgotten
  pcall(world.journal.release, world.journal, claim_of(telling), record.run_id)
  local failures = failures_of(delivered)
  failures[#failures + 1] = forgotten
  return failures
end

--- Tells that a run could not even begin, as far as that goes without a world: there may be no Region, and no profile.
---@param given trapheus.Given
---@param settings trapheus.AlertSettings
---@param err trapheus.Error
---@return string[] failures
function alerts.tell_refusal(given, settings, err)
  local loop = assert(core.loop { ca_bundle = os.getenv "AWS_CA_BUNDLE" })
  local _ <close> = ambient.enter { loop = loop }
  local said = story.refusal(given, err, core.clock.wall_ms() // 1000)
  return failures_of(alerts.send(nil, settings_module.told_of(settings, "failure"), said))
end

return alerts
