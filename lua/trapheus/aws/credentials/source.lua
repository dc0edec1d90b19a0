--- What the sources of credentials share: how they fail, how they fetch, and how a document becomes credentials.
---
--- A source is { method=, place=, fetch=, renewable= }: `fetch` gives core.credentials or raises. Secrets pass through
--- Lua strings, which cannot be wiped; they are dropped at once, and what is kept does not show them.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local tasks = require "trapheus.tasks"
local timestamp = require "trapheus.aws.timestamp"

local source = {}

---@class trapheus.aws.Source
---@field method string        "environment", "assume-role", …
---@field place string         Where it was found, for people.
---@field fetch fun(): userdata
---@field renewable boolean    `fetch` gives others when these end.
---@field ends_unless string?  What a person has to do when these end.

---@param code string
---@param message string
function source.fail(code, message, ...)
  error(errors.new { code = code, message = message:format(...) }, 0)
end

--- A source of credentials that are what they are.
---@return trapheus.aws.Source
function source.fixed(method, place, credentials)
  return { method = method, place = place, fetch = function() return credentials end, renewable = false }
end

local NAMES = { id = "AccessKeyId", secret = "SecretAccessKey", token = "SessionToken", expiration = "Expiration" }

--- A JSON object, or nil. What is wrong with it is not told: it may be half a secret.
---@param text string
---@return table?
function source.decode(text)
  local ok, document = pcall(json.decode, text)
  return ok and type(document) == "table" and not json.is_list(document) and document or nil
end

local function text_in(document, name)
  local value = name and document[name]
  return type(value) == "string" and value ~= "" and value or nil
end

--- The credentials in a document as AWS's tools write them; raises CredentialsError, naming what is missing.
---@param document table
---@param place string                  For the message.
---@param names? table<string, string>  Other names for the members.
---@return userdata
function source.credentials(document, place, names)
  names = setmetatable(names or {}, { __index = NAMES })
  local id, secret = text_in(document, names.id), text_in(document, names.secret)
  if not id or not secret then
    source.fail("CredentialsError", "%s gave no %s", place, id and names.secret or names.id)
  end
  local expiration = document[names.expiration]
  local expires_at = type(expiration) == "number" and expiration or timestamp.parse(tostring(expiration or ""))
  if type(expiration) == "string" and not expires_at then
    source.fail("CredentialsError", "%s gave an %s that is no time", place, names.expiration)
  end
  local ok, made = pcall(core.credentials, { access_key_id = id, secret_access_key = secret,
    session_token = text_in(document, names.token), expires_at = expires_at })
  return ok and made or source.fail("CredentialsError", "%s gave a key with a blank in it", place)
end

--- One exchange over HTTP, outside of any service's client. nil and why, when there was no reply.
---@param config trapheus.Config
---@param request table  As for loop:http.
---@return { status: integer, headers: table, body: string }?
---@return string? why
function source.exchange(config, request)
  request.allow_http = request.url:find "^http://" ~= nil
  local op <close>, refusal = tasks.loop({ ca_bundle = config.ca_bundle }):http(request)
  if not op then return nil, refusal.message end
  local reply, err = tasks.await(op)
  return reply, err and err.message
end

return source
