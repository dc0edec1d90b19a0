--- JSON posted to a webhook. Its address is a secret: what goes wrong names its host at most.
local ambient = require "trapheus.ambient"
local bounded = require "trapheus.notify.bounded"
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local tasks = require "trapheus.tasks"

local function deliver(request)
  local op <close>, refused = core.notify(request)
  local reply, err = nil, refused
  if op then reply, err = tasks.await(op) end
  return reply, err
end

local function rehearse(service, url, body)
  local ok, err = ambient.rehearsed.sandbox:webhook(url, body)
  if not ok then error(errors.new { code = err.code, message = err.message, service = service }, 0) end
end

--- Posts it; raises an error table when it could not be delivered.
---@param service "slack"|"webhook"
---@param address trapheus.SlackMessage|trapheus.WebhookMessage  Where to, and what is allowed.
---@param body string  JSON
return function(service, address, body)
  if ambient.rehearsed then return rehearse(service, address.url, body) end
  local reply, err = bounded.call(address.timeout_s, deliver, {
    loop = tasks.loop(),
    url = address.url,
    body = body,
    allow_host = address.allow_host,
    allow_private = address.allow_private,
    allow_http = address.allow_http,
  })
  if reply then return end
  error(errors.new { code = err.code, message = err.message, service = service, status = err.status }, 0)
end
