--- Who is told when a run does not end well: mail through SES, and Slack webhooks. An alert is
--- sent after the outcome is durable; one that fails is reported and changes nothing else.
local email = require "trapheus.notify.email"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local log = require "trapheus.log"
local options = require "trapheus.options"
local path = require "trapheus.path"
local slack = require "trapheus.notify.slack"
local usage = require "trapheus.usage"

local alerts = {}

---@class trapheus.AlertSettings
---@field email_from string?
---@field email_to string[]
---@field slack string[]

local KEYS = { email_from = "string", email_to = "list", slack = "list" }

local function config_file()
  local named = os.getenv "TRAPHEUS_CONFIG"
  if named then return named, true end
  local home = os.getenv "XDG_CONFIG_HOME" or (os.getenv "HOME" or "") .. "/.config"
  return home .. "/trapheus/config.json", false
end

local function read_config()
  local name, must_exist = config_file()
  local file <close> = io.open(name, "r")
  if not file then
    if must_exist then usage.fail("TRAPHEUS_CONFIG: %s cannot be read", name) end
    return {}
  end
  path.check_owner(name)
  local ok, document = pcall(json.decode, file:read "a" or "")
  if not ok or type(document) ~= "table" then usage.fail("%s is not a JSON object", name) end
  for key, value in pairs(document) do
    local kind = KEYS[key] or usage.fail("%s: unknown key '%s'; email_from, email_to and slack are known", name, key)
    if (kind == "list") ~= json.is_list(value) then usage.fail("%s: %s must be a %s", name, key, kind) end
  end
  return document
end

local function check_address(flag, address)
  if not address:find "^[^%s@<>,]+@[^%s@<>,]+$" then usage.fail("%s '%s' is no mail address", flag, address) end
end

--- Flags, then environment (TRAPHEUS_EMAIL_FROM, _EMAIL_TO, _SLACK), then the configuration file.
---@param given trapheus.Given
---@return trapheus.AlertSettings
function alerts.settings(given)
  local config = read_config()
  local function list(flag, variable, key)
    if #flag > 0 then return flag end
    local from_environment = os.getenv(variable)
    return options.split(from_environment and { from_environment } or config[key])
  end
  local settings = {
    email_from = given.email_from or os.getenv "TRAPHEUS_EMAIL_FROM" or config.email_from,
    email_to = list(given.email_to, "TRAPHEUS_EMAIL_TO", "email_to"),
    slack = list(given.slack, "TRAPHEUS_SLACK", "slack"),
  }
  if #settings.email_to > 0 and not settings.email_from then
    usage.fail "mail needs a sender: --email-from, TRAPHEUS_EMAIL_FROM or email_from in the configuration file"
  end
  if settings.email_from then check_address("--email-from", settings.email_from) end
  for _, address in ipairs(settings.email_to) do check_address("--email-to", address) end
  for _, url in ipairs(settings.slack) do
    if not url:find "^https://" then usage.fail "--slack: an https:// webhook address is expected" end
  end
  return settings
end

local function post(world, url, text)
  if not world.sandbox then
    local _, err = errors.try(slack.send, { url = url, text = text })
    return err
  end
  local ok, err = world.sandbox:webhook(url, json.encode { text = slack.escape(text) })
  return not ok and err or nil
end

local function mail(world, settings, subject, text)
  local _, err = errors.try(email.send, { client = world.ses, from = settings.email_from, to = settings.email_to,
    subject = subject, text = text })
  return err
end

local function reason(err)
  return type(err) == "table" and err.message and (err.code and err.code .. ": " or "") .. err.message or tostring(err)
end

--- Sends what is configured.
---@param world trapheus.World
---@param settings trapheus.AlertSettings
---@param subject string
---@param text string
---@return string[] failures  One line for each alert that could not be sent. Never a webhook's address.
function alerts.send(world, settings, subject, text)
  local failures = {}
  subject = log.clean(subject):gsub("%s+", " ")
  if #settings.email_to > 0 then
    local err = mail(world, settings, subject, text)
    if err then failures[#failures + 1] = "the mail alert was not sent: " .. reason(err) end
  end
  for i, url in ipairs(settings.slack) do
    local err = post(world, url, subject .. "\n" .. text)
    if err then failures[#failures + 1] = ("Slack alert %d was not sent: %s"):format(i, reason(err)) end
  end
  return failures
end

return alerts
