--- A message of no run: made up, marked as a test, and sent or shown.
local alerts = require "trapheus.alerts"
local ambient = require "trapheus.ambient"
local commands = require "trapheus.commands"
local config = require "trapheus.aws.config"
local core = require "trapheus.core"
local json = require "trapheus.json"
local log = require "trapheus.log"
local message = require "trapheus.notify.message"
local settings_module = require "trapheus.alerts.settings"
local story = require "trapheus.alerts.story"
local usage = require "trapheus.usage"

local trial = {}

local NOT_ARRIVED <const> = 3 -- the exit code: something stands in the way

local OUTCOMES = { start = false, success = "restored", failure = "failed", rolled_back = "rolled_back",
  parked = "parked", interrupted = "interrupted" }
local FAILED = { failure = true, rolled_back = true, parked = true, interrupted = true }

-- A run as it might have been.
local function sample(event)
  local now_s = core.clock.wall_ms() // 1000
  local original = { resource_id = "db-EXAMPLE", name = "example", members = {} }
  local record = {
    run_id = "test", identifier = "example", task = "create_snapshot", kind = "instance", region = nil,
    created_at = now_s - 600, ended_at = event ~= "start" and now_s or nil, outcome = OUTCOMES[event] or nil,
    options = {}, steps = {}, warnings = {}, place = {},
    facts = { original = original, aside = "example-temp", snapshot = { name = "example-snapshot" } },
    failure = FAILED[event] and { step = "snapshot", message = "this is a test" } or nil,
    parked = event == "parked" and { reason = "this is a test", todo = "Nothing: this is a test." } or nil,
  }
  return { record = record, facts = record.facts, stamp = function() return now_s end }
end

local function of(event) return story.as_test(story.of(sample(event), event)) end

-- Those who are told of it when it is named, else of anything.
local function receivers(given)
  local read = alerts.settings(given)
  local list = given.event and settings_module.told_of(read, given.event) or read.channels
  if list[1] then return list end
  usage.fail("nobody is told%s: name --email-to, --slack, --sns or --webhook, or write the file (--config)",
    given.event and " of " .. given.event or "")
end

local function names(set)
  local list = {}
  for _, event in ipairs(commands.CHOICES.event) do
    if set[event] then list[#list + 1] = event end
  end
  return json.list(list)
end

local function write(given, document, text)
  if given.output and given.output ~= "text" then
    print(json.encode(document, { indent = given.output == "json" }))
  else
    print(text)
  end
end

-- As much of a world as it takes: no Region where only webhooks are told, and no journal.
local function outside(given)
  local loaded = config.load { profile = given.profile, region = given.region, endpoint_url = given.endpoint_url }
  return { config = loaded, loop = assert(core.loop { ca_bundle = loaded.ca_bundle }) }
end

--- Sends it, and says of each whether it has arrived.
---@param given trapheus.Given
---@return integer exit_code
function trial.test(given)
  local channels = receivers(given)
  local _ <close> = ambient.enter(outside(given))
  local lines, rows, code = {}, json.list {}, 0
  for i, sent in ipairs(alerts.send(nil, channels, of(given.event or "failure"))) do
    if sent.failure then code = NOT_ARRIVED end
    lines[i] = sent.failure and log.paint("✗ ", "red", 1) .. log.clean(sent.failure)
      or log.paint("✓ ", "green", 1) .. log.clean(settings_module.title(sent.channel) .. " has arrived")
    rows[i] = { channel = sent.channel.id, told_of = names(sent.channel.on), arrived = not sent.failure,
      failure = sent.failure or json.null }
  end
  write(given, { channels = rows, arrived = code == 0 }, table.concat(lines, "\n"))
  return code
end

local SHOWN = {}

function SHOWN.email(said)
  return { subject = message.subject(said), text = message.text(said), html = message.html(said) }
end

function SHOWN.slack(said)
  local blocks, text = message.slack(said)
  return { text = text, blocks = json.list(blocks) }
end

function SHOWN.sns(said) return { subject = message.subject(said), text = message.text(said), json = said.body } end

function SHOWN.webhook(said) return said.body end

--- Shows what each would get.
---@param given trapheus.Given
---@return integer exit_code
function trial.print(given)
  local said, rows, lines = of(given.event or "failure"), json.list {}, {}
  for i, channel in ipairs(receivers(given)) do
    local shown = SHOWN[channel.kind](said)
    rows[i] = { channel = channel.id, told_of = names(channel.on), message = shown }
    lines[#lines + 1] = ("%s, told of %s"):format(log.clean(settings_module.title(channel)),
      table.concat(names(channel.on), ", "))
    lines[#lines + 1] = "  " .. (shown.subject and shown.subject .. "\n\n" .. shown.text
      or json.encode(shown, { indent = true })):gsub("\n", "\n  ")
  end
  write(given, { channels = rows }, table.concat(lines, "\n"))
  return 0
end

return trial
