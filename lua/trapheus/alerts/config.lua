--- The configuration file: who is told, of what. A Lua table, checked.
---
---     return {
---       notify = {
---         email = { from = "dba@example.com", to = { "oncall@example.com" } },
---         slack = { "env:TEAM_SLACK", { url = "https://hooks.slack.com/services/…", on = { "parked" } } },
---       },
---     }
local core = require "trapheus.core"
local data_file = require "trapheus.data_file"
local fields = require "trapheus.fields"
local usage = require "trapheus.usage"

local config = {}

---@class trapheus.ConfigFile    What the file returns.
---@field notify trapheus.NotifyConfig

---@class trapheus.NotifyConfig         The table `notify`. One of a kind needs no list.
---@field on string|string[]|nil      Of what everybody is told who says nothing else.
---@field email trapheus.EmailConfig|trapheus.EmailConfig[]|nil
---@field slack string|trapheus.WebhookConfig|(trapheus.WebhookConfig|string)[]|nil
---@field sns string|trapheus.SnsConfig|(trapheus.SnsConfig|string)[]|nil
---@field webhook string|trapheus.WebhookConfig|(trapheus.WebhookConfig|string)[]|nil

---@class trapheus.EmailConfig
---@field from string              Verified in SES.
---@field to string|string[]
---@field region string?           Where SES is called (default: where the database is).
---@field on string|string[]|nil   Of what is told: start, success, failure, rolled_back, parked, interrupted, or all.

---@class trapheus.WebhookConfig
---@field url string               https, or env:NAME, or @FILE.
---@field allow_host string?       Of slack: another host than Slack's.
---@field allow_private boolean?   An address off the public Internet, or by way of a proxy.
---@field on string|string[]|nil

---@class trapheus.SnsConfig
---@field topic string             Its ARN.
---@field on string|string[]|nil

local KINDS = {
  email = { from = "string", to = "strings", region = "string", on = "strings" },
  slack = { url = "string", allow_host = "string", allow_private = "boolean", on = "strings" },
  sns = { topic = "string", on = "strings" },
  webhook = { url = "string", allow_private = "boolean", on = "strings" },
}
local SHORT = { slack = "url", sns = "topic", webhook = "url" } -- what a string means
local NEEDED = { email = "to", slack = "url", sns = "topic", webhook = "url" }
local NOTIFY = { on = true, email = true, slack = true, sns = true, webhook = true }

local CHECK = {}

function CHECK.string(file, field, value)
  if type(value) ~= "string" or value == "" then fields.expected(file, field, "a string", value) end
  return value
end

function CHECK.boolean(file, field, value)
  if type(value) ~= "boolean" then fields.expected(file, field, "true or false", value) end
  return value
end

function CHECK.strings(file, field, value)
  if type(value) == "string" then return { value } end
  for i, each in ipairs(fields.list(file, field, value, "a string or a list of strings")) do
    CHECK.string(file, ("%s[%d]"):format(field, i), each)
  end
  return value
end

local function channel(file, field, kind, value)
  if type(value) == "string" and SHORT[kind] then value = { [SHORT[kind]] = value } end
  if type(value) ~= "table" then
    fields.expected(file, field, SHORT[kind] and "a string or a table" or "a table", value)
  end
  fields.keys(file, field, value, KINDS[kind], "field")
  local read = {}
  for key, inner in pairs(value) do read[key] = CHECK[KINDS[kind][key]](file, field .. "." .. key, inner) end
  if not read[NEEDED[kind]] then fields.refuse(file, field, "%s is missing", NEEDED[kind]) end
  return read
end

-- One, or a list of them.
local function channels(file, kind, value)
  local field = "notify." .. kind
  if type(value) ~= "table" or next(value) ~= nil and value[1] == nil then
    return { channel(file, field, kind, value) }
  end
  local list = {}
  for i, each in ipairs(fields.list(file, field, value, "a list")) do
    list[i] = channel(file, ("%s[%d]"):format(field, i), kind, each)
  end
  return list
end

local function check_notify(file, notify)
  if type(notify) ~= "table" then fields.expected(file, "notify", "a table", notify) end
  fields.keys(file, "notify", notify, NOTIFY, "field")
  local read = { on = notify.on ~= nil and CHECK.strings(file, "notify.on", notify.on) or nil }
  for kind in pairs(KINDS) do read[kind] = notify[kind] ~= nil and channels(file, kind, notify[kind]) or {} end
  return read
end

-- Where it is; nil: there is none, and none was asked for.
local function find(given)
  local named = given.config or os.getenv "TRAPHEUS_CONFIG"
  if named then return named end
  local home = os.getenv "XDG_CONFIG_HOME" or (os.getenv "HOME" or "") .. "/.config"
  local file, old = home .. "/trapheus/config.lua", home .. "/trapheus/config.json"
  if core.system.stat(file) then return file end
  if core.system.stat(old) then
    usage.fail("%s is not read any more: write %s, which returns { notify = { email = { from = …, to = { … } }, "
      .. "slack = { … } } }", old, file)
  end
end

--- Reads it. Raises a usage error that names the file and the field.
---@param given { config: string? }
---@return trapheus.NotifyConfig
---@return string? file
function config.read(given)
  local file = find(given)
  if not file then return check_notify("", {}) end
  local document = data_file.read(file)
  fields.keys(file, nil, document, { notify = true }, "field")
  return check_notify(file, document.notify or {}), file
end

return config
