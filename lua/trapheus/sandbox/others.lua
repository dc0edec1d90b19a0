--- Services beside RDS: STS, SES, SNS, webhooks.

local errors = require "trapheus.sandbox.errors"
local tables = require "trapheus.sandbox.tables"

local others = { operations = { sts = {}, ses = {}, sns = {}, webhook = {} } }

function others.operations.sts.GetCallerIdentity(sb)
  return { Account = sb.account, UserId = "AIDASANDBOX", Arn = ("arn:aws:iam::%s:user/sandbox"):format(sb.account) }
end

function others.operations.ses.SendEmail(sb, params)
  local mail = tables.copy(params)
  mail.at_ms = sb.now
  table.insert(sb.mail, mail)
  sb:committed()
  return { MessageId = ("%016x-sandbox"):format(#sb.mail) }
end

local function refuse_message(message)
  errors.refuse("InvalidParameter", "Invalid parameter: " .. message)
end

--- A subject is a short line of ASCII, and a message at most 256 KiB.
local function check_message(params)
  local subject, message = params.Subject, params.Message
  if not message or message == "" then refuse_message "Empty message" end
  if #message > 262144 then refuse_message "Message too long" end
  if subject and (#subject > 100 or not subject:find "^[\32-\126]+$") then refuse_message "Subject" end
end

function others.operations.sns.Publish(sb, params)
  local topic = params.TopicArn or params.TargetArn
  if not topic or not topic:gsub("%.fifo$", ""):find "^arn:[^:]*:sns:[^:]*:%d+:[%w_-]+$" then
    refuse_message "TopicArn"
  end
  if topic:find "%.fifo$" and not params.MessageGroupId then
    refuse_message "The MessageGroupId parameter is required for FIFO topics"
  end
  check_message(params)
  if sb.lacking.topic[topic] then errors.refuse("NotFound", "Topic does not exist") end
  local message = tables.copy(params)
  message.at_ms = sb.now
  table.insert(sb.published, message)
  sb:committed()
  return { MessageId = ("00000000-0000-4000-9000-%012x"):format(#sb.published) }
end

function others.operations.webhook.webhook(sb, params)
  table.insert(sb.webhooks, { at_ms = sb.now, url = params.url, body = params.body })
  sb:committed()
  return true
end

return others
