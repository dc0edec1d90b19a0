--- A message to a Slack channel, by an incoming webhook.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local ambient = require "trapheus.ambient"
local tasks = require "trapheus.tasks"

local slack = {}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }
local LIMIT = 4000

--- Text that Slack shows as it is: no links, no mentions, no control characters but line breaks, and not too long.
---@param text string
---@return string
function slack.escape(text)
  text = text:gsub("[%c]", function(character) return character == "\n" and "\n" or " " end)
  if #text > LIMIT then text = text:sub(1, (utf8.offset(text, 0, LIMIT + 1) or LIMIT + 1) - 1) .. "…" end
  return (text:gsub("[&<>]", ENTITIES))
end

---@class trapheus.SlackMessage
---@field url string           The webhook: a secret.
---@field text string
---@field allow_host? string   Another host than Slack's.
---@field allow_http? boolean  For a listener on this machine.

--- Sends a message; raises an error table when it could not be delivered.
---@param message trapheus.SlackMessage
function slack.send(message)
  for _, field in ipairs { "url", "text" } do
    local kind = type(message[field])
    if kind ~= "string" then error(("notify.slack: %s: expected a string, got %s"):format(field, kind), 2) end
  end
  if ambient.rehearsed then
    return assert(ambient.rehearsed.sandbox:webhook(message.url, json.encode { text = slack.escape(message.text) }))
  end
  local op <close>, refused = core.notify {
    loop = tasks.loop(),
    url = message.url,
    body = json.encode { text = slack.escape(message.text) },
    allow_host = message.allow_host,
    allow_http = message.allow_http,
  }
  local reply, err = nil, refused
  if op then reply, err = tasks.await(op) end
  if reply then return end
  error(errors.new { code = err.code, message = err.message, service = "slack", status = err.status }, 0)
end

return slack
