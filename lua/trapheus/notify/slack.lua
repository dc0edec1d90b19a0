--- A message to a Slack channel, by an incoming webhook.
local bounded = require "trapheus.notify.bounded"
local errors = require "trapheus.errors"
local escape = require "trapheus.escape"
local json = require "trapheus.json"
local post = require "trapheus.notify.post"

local slack = {}

local MOST_BYTES = 4000

---@class trapheus.SlackMessage
---@field url string           The webhook: a secret.
---@field text string          Shown as it is, no links, no mentions; with blocks, where they are not shown.
---@field blocks? table[]      Block Kit's, sent as they are: trapheus.notify.escape.slack is for what they hold.
---@field allow_host? string   Another host than Slack's.
---@field allow_private? boolean  An address off the public Internet, or by way of a proxy.
---@field allow_http? boolean  allow_host without TLS: for a listener on this machine.
---@field timeout_s? number    When to give up (default: 120).

local FIELDS = { url = "string", text = "string", blocks = "table?", allow_host = "string?",
  allow_private = "boolean?", allow_http = "boolean?", timeout_s = "number?" }

--- What Slack means by its answers.
local MEANING = { [400] = "it does not take the message", [403] = "the webhook may not post there",
  [404] = "the webhook is not there any more", [410] = "the channel is archived" }

--- Sends a message; raises an error table when it could not be delivered. What may pass is tried three times.
---@param message trapheus.SlackMessage
function slack.send(message)
  bounded.check("notify.slack", message, FIELDS)
  local ok, err = pcall(post, "slack", message, json.encode { text = escape.slack(message.text, MOST_BYTES),
    mrkdwn = false, blocks = message.blocks })
  if ok then return end
  local meaning = errors.is(err) and MEANING[err.status]
  if meaning then err.message = ("%s: %s"):format(err.message, meaning) end
  error(err, 0)
end

return slack
