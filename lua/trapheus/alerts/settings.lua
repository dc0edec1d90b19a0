--- Who is told, and of what: from flags, the environment and the configuration file, in this order.
local config = require "trapheus.alerts.config"
local core = require "trapheus.core"
local data_file = require "trapheus.data_file"
local events = require "trapheus.alerts.events"
local options = require "trapheus.options"
local path = require "trapheus.path"
local secrets = require "trapheus.secrets"
local sns = require "trapheus.notify.sns"
local usage = require "trapheus.usage"
local webhook = require "trapheus.notify.webhook"

local settings = {}

---@class trapheus.Channel
---@field kind "email"|"slack"|"sns"|"webhook"
---@field id string                  "slack 2": what the journal calls it
---@field on table<string, true>     Of what it is told.
---@field from string?               Of mail.
---@field to string[]?
---@field region string?             Of mail and SNS: where, if not where the database is.
---@field url string?                Of webhooks: a secret.
---@field allow_host string?
---@field allow_private boolean?
---@field topic string?              Of SNS.

---@class trapheus.AlertSettings
---@field channels trapheus.Channel[]

-- Addresses of webhooks ----------------------------------------------------------------------

local function lines_of(where, file)
  if not core.system.stat(file) then usage.fail("%s: there is no file %s", where, file) end
  path.check_owner(file)
  data_file.check_private(file)
  local handle <close> = assert(io.open(file, "r"))
  local list = options.split { handle:read "a" or "" }
  if #list == 0 then usage.fail("%s: %s is empty", where, file) end
  return list
end

local function variable(where, name)
  local list = options.split { os.getenv(name) or "" }
  if #list == 0 then usage.fail("%s: the variable %s is not set", where, name) end
  secrets.hide(name)
  return list
end

-- What a text stands for: @FILE, env:NAME, or an address as it is. Whether there was one.
local function addresses(where, text)
  local file, name = text:match "^@(.+)$", text:match "^env:(.+)$"
  if file then return lines_of(where, file) end
  if name then return variable(where, name) end
  return { text }, true
end

local function check_url(where, channel)
  local allowed = channel.kind == "webhook" and webhook.host(channel.url) or channel.allow_host
  local fault = core.notify_fault { url = channel.url, allow_host = allowed }
  if fault then usage.fail("%s: %s", where, fault) end
  secrets.remember(channel.url)
end

-- Where they come from -------------------------------------------------------------------------

local function check_address(where, address)
  if not address:find "^[^%s@<>,]+@[^%s@<>,]+$" then usage.fail("%s: '%s' is no mail address", where, address) end
end

local function environment(name)
  local list = options.split { os.getenv(name) or "" }
  return #list > 0 and list or nil
end

local VARIABLES = { email_to = "TRAPHEUS_EMAIL_TO", slack = "TRAPHEUS_SLACK", sns = "TRAPHEUS_SNS",
  webhook = "TRAPHEUS_WEBHOOK" }

-- What the first place that says something says, what that place is called, and which it is.
local function first(given, flag, of_file, file)
  if given[flag] then return given[flag], "--" .. flag:gsub("_", "-"), "flag" end
  local list = environment(VARIABLES[flag])
  if list then return list, VARIABLES[flag], "environment" end
  return of_file or {}, ("%s: notify.%s"):format(file, flag), "file"
end

local function mails(given, found, file)
  local to, where, place = first(given, "email_to", nil, file)
  local from = given.email_from or os.getenv "TRAPHEUS_EMAIL_FROM"
  local known = found.email[1] or {}
  local list = place == "file" and found.email
    or { { from = from or known.from, to = to, region = known.region, on = known.on } }
  for _, mail in ipairs(list) do
    mail.kind, mail.from = "email", from or mail.from
    if not mail.from then
      usage.fail "mail needs a sender: --email-from, TRAPHEUS_EMAIL_FROM or from in the configuration file"
    end
    check_address(given.email_from and "--email-from" or "the sender of mail", mail.from)
    for _, address in ipairs(mail.to) do check_address(where, address) end
  end
  return list
end

-- A secret that stands where others can read it is none.
local function check_place(where, place, file)
  if place == "flag" then
    usage.fail("%s: anybody on this machine can read an address on the command line: give @FILE or env:NAME", where)
  elseif place == "file" then
    data_file.check_private(file)
  end
end

local function webhooks(kind, given, found, file)
  local list, where, place = first(given, kind, found[kind], file)
  local channels = {}
  for _, each in ipairs(list) do
    each = type(each) == "string" and { url = each } or each
    local urls, literal = addresses(where, each.url)
    if literal then check_place(where, place, file) end
    for _, url in ipairs(urls) do
      local channel = { kind = kind, url = url, allow_host = each.allow_host, allow_private = each.allow_private,
        on = each.on }
      check_url(where, channel)
      channels[#channels + 1] = channel
    end
  end
  return channels
end

local function topics(given, found, file)
  local list, where = first(given, "sns", found.sns, file)
  local channels = {}
  for i, each in ipairs(list) do
    each = type(each) == "string" and { topic = each } or each
    local region = sns.region(each.topic)
      or usage.fail("%s: '%s' is no topic: arn:aws:sns:REGION:ACCOUNT:NAME is expected", where, each.topic)
    channels[i] = { kind = "sns", topic = each.topic, region = region, on = each.on }
  end
  return channels
end

-- Of what each is told ---------------------------------------------------------------------------

local function chosen(given)
  if given.notify_on then return events.chosen("--notify-on", given.notify_on) end
  return events.chosen("TRAPHEUS_NOTIFY_ON", environment "TRAPHEUS_NOTIFY_ON")
end

local function choose(channel, asked, found, file)
  local of_file = channel.on or found.on
  return asked[channel.kind] or asked.all
    or of_file and events.set(("%s: notify.%s.on"):format(file, channel.kind), of_file)
    or events.DEFAULT
end

--- Reads them. Raises a usage error that shows no address of a webhook.
---@param given trapheus.Given
---@return trapheus.AlertSettings
function settings.read(given)
  local found, file = config.read(given)
  local asked, channels = chosen(given), {}
  for _, list in ipairs { mails(given, found, file), webhooks("slack", given, found, file), topics(given, found, file),
    webhooks("webhook", given, found, file) } do
    for i, channel in ipairs(list) do
      channel.id = ("%s %d"):format(channel.kind, i)
      channel.on = choose(channel, asked, found, file)
      channels[#channels + 1] = channel
    end
  end
  return { channels = channels }
end

--- Those of a kind.
---@param read trapheus.AlertSettings
---@param kind string
---@return trapheus.Channel[]
function settings.of(read, kind)
  local list = {}
  for _, channel in ipairs(read.channels) do
    if channel.kind == kind then list[#list + 1] = channel end
  end
  return list
end

--- Those that are told of an event.
---@param read trapheus.AlertSettings
---@param event string
---@return trapheus.Channel[]
function settings.told_of(read, event)
  local list = {}
  for _, channel in ipairs(read.channels) do
    if channel.on[event] then list[#list + 1] = channel end
  end
  return list
end

local TITLES = { email = "mail alert %s", slack = "Slack alert %s", sns = "SNS alert %s", webhook = "webhook alert %s" }

--- What a person calls it; never its address, but a webhook's host.
---@param channel trapheus.Channel
---@return string
function settings.title(channel)
  local title = TITLES[channel.kind]:format(channel.id:match "%d+$")
  local detail = channel.topic or channel.kind == "webhook" and webhook.host(channel.url)
    or channel.to and table.concat(channel.to, ", ")
  return detail and ("%s (%s)"):format(title, detail) or title
end

return settings
