--- A message to any webhook, as JSON.
local bounded = require "trapheus.notify.bounded"
local json = require "trapheus.json"
local post = require "trapheus.notify.post"

local webhook = {}

---@class trapheus.WebhookMessage
---@field url string              https: a secret. No redirect is followed.
---@field body table              Sent as JSON.
---@field allow_private? boolean  An address off the public Internet, or by way of a proxy.
---@field allow_http? boolean     Without TLS: for a listener on this machine.
---@field timeout_s? number       When to give up (default: 120).

local FIELDS = { url = "string", body = "table", allow_private = "boolean?", allow_http = "boolean?",
  timeout_s = "number?" }

--- The host of an address; nil: it has none.
---@param url string
---@return string?
function webhook.host(url)
  local authority = url:match "^%a[%w+.-]*://([^/?#]*)"
  return authority and not authority:find "@" and (authority:match "^%[(.*)%]" or authority:match "^[^:]+") or nil
end

--- Sends a message; raises an error table when it could not be delivered. What may pass is tried three times.
---@param message trapheus.WebhookMessage
function webhook.send(message)
  bounded.check("notify.webhook", message, FIELDS)
  post("webhook", { url = message.url, allow_host = webhook.host(message.url), timeout_s = message.timeout_s,
    allow_private = message.allow_private, allow_http = message.allow_http }, json.encode(message.body))
end

return webhook
