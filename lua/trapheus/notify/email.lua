--- A message by mail, through SES.
local aws = require "trapheus.aws.client"

local email = {}

---@class trapheus.Email
---@field from string
---@field to string|string[]
---@field subject string
---@field text string
---@field client? trapheus.Client  Of ses; made from the rest of the fields (region, profile, …) if not given.

--- Sends a mail, as text; raises an error table when SES refuses it.
---@param message trapheus.Email
---@return string message_id
function email.send(message)
  local ses = message.client or aws.new("ses", message)
  local reply = ses:SendEmail {
    Source = message.from,
    Destination = { ToAddresses = type(message.to) == "table" and message.to or { message.to } },
    Message = {
      Subject = { Data = (message.subject:gsub("%c+", " ")), Charset = "UTF-8" },
      Body = { Text = { Data = message.text, Charset = "UTF-8" } },
    },
  }
  return reply.MessageId
end

return email
