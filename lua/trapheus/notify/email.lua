--- A message by mail, through SES.
local aws = require "trapheus.aws.client"
local bounded = require "trapheus.notify.bounded"
local escape = require "trapheus.escape"

local email = {}

local MOST_BYTES = 200

---@class trapheus.Email
---@field from string          Verified in SES.
---@field to string|string[]
---@field subject string
---@field text string
---@field html? string         The same as HTML: trapheus.notify.escape.html is for what it holds.
---@field timeout_s? number    When to give up (default: 120).
---@field client? trapheus.Client  Of ses; made from the rest of the fields (region, profile, …) if not given.

local FIELDS = { from = "string", to = "string|table", subject = "string", text = "string", html = "string?",
  timeout_s = "number?", client = "table?" }

local function content(text) return text and { Data = text, Charset = "UTF-8" } end

local function send(message)
  local ses = message.client or aws.new("ses", message)
  return ses:SendEmail({
    Source = message.from,
    Destination = { ToAddresses = type(message.to) == "table" and message.to or { message.to } },
    Message = {
      Subject = content(escape.line(message.subject, MOST_BYTES)),
      Body = { Text = content(message.text), Html = content(message.html) },
    },
  }, { repeatable = true }).MessageId
end

--- Sends a mail; raises an error table when SES refuses it. What may pass is tried again.
---@param message trapheus.Email
---@return string message_id
function email.send(message)
  bounded.check("notify.email", message, FIELDS)
  return bounded.call(message.timeout_s, send, message)
end

return email
