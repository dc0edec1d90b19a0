--- Carries the calls of a client to AWS: signed and sent by the core, decoded by the model.
local config = require "trapheus.aws.config"
local core = require "trapheus.core"
local credentials = require "trapheus.aws.credentials"
local endpoints = require "trapheus.aws.endpoints"
local errors = require "trapheus.errors"
local model = require "trapheus.aws.model"
local protocol = require "trapheus.aws.protocol"
local tasks = require "trapheus.tasks"
local timestamp = require "trapheus.aws.timestamp"

local transport = {}

---@class trapheus.aws.Transport : trapheus.Transport
---@field let_go (fun(call: trapheus.Call): boolean)?  Is the reply to a call not to be waited for any more?
---@field clock_ahead_s number?  How far this machine's clock is ahead of the service's, by its latest reply.
local Transport = {}
Transport.__index = Transport

--- Who signs: nil for nobody.
local function signer(options, settings)
  if options.credentials == false then return nil end
  return options.credentials and credentials.of(options.credentials) or credentials.resolve(settings)
end

--- Raises NoRegion, NoCredentials, ProfileNotFound, or a message for an endpoint that cannot be used.
---@param service string                 "rds"
---@param definition trapheus.Model
---@param options trapheus.ClientOptions  And those of trapheus.aws.config.
---@return trapheus.aws.Transport
function transport.new(service, definition, options)
  local settings = options.config or config.load(options)
  local region = options.region or settings:region()
  local endpoint_url = options.endpoint_url
  if endpoint_url == nil then endpoint_url = settings:endpoint_url(service, definition.metadata.serviceId) end
  local endpoint, err = endpoints.of_settings(service, settings, region, endpoint_url or nil)
  if not endpoint then error(errors.new { code = "NoEndpoint", message = err, service = service }, 0) end
  endpoint.signing_name = definition.metadata.signingName or endpoint.signing_name
  return setmetatable({
    region = region,
    endpoint = endpoint,
    definition = definition,
    allow_http = endpoints.allows_http(endpoint.url),
    ca_bundle = settings.ca_bundle,
    max_attempts = settings.max_attempts,
    pace = settings.retry_mode == "adaptive" and require("trapheus.aws.adaptive").new() or nil,
    identity = signer(options, settings),
  }, Transport)
end

local function url_of(self, call)
  local prefix = model.host_prefix(self.definition.operations[call.operation], call.params)
  local url = self.endpoint.url:gsub("^%a+://", function(scheme) return scheme .. prefix end)
  return url:find "^%a+://[^/]+/" and url or url .. "/"
end

local function start(self, call)
  local headers = protocol.headers(self.definition, call.operation)
  return assert(tasks.loop({ ca_bundle = self.ca_bundle }):aws {
    url = url_of(self, call),
    body = call.body,
    target = headers.target,
    content_type = headers.content_type,
    service = self.endpoint.signing_name,
    region = self.endpoint.signing_region,
    credentials = self.identity and self.identity:current(not call.read_only),
    read_only = call.read_only,
    max_attempts = call.max_attempts or self.max_attempts,
    allow_http = self.allow_http,
    held = call.decode ~= nil,
  })
end

local function fail(call, source, reply)
  local err = {}
  for name, value in pairs(source) do err[name] = value end
  err.operation, err.service = call.operation, call.service
  err.status = err.status or reply.status
  err.request_id = err.request_id or reply.request_id
  err.attempts = err.attempts or reply.attempts
  error(errors.new(err), 0)
end

-- Sees what time the service says it is.
local function compare_clocks(self, reply)
  local served_at = reply.headers and reply.headers.date and timestamp.parse(reply.headers.date)
  if served_at then self.clock_ahead_s = core.clock.wall_ms() / 1000 - served_at end
end

local function interrupted(ambiguous)
  return { code = "Interrupted", message = "a signal came before the reply", retryable = true, ambiguous = ambiguous }
end

-- nil, why: it was let go, which leaves unknown whether a change was made.
local function await(self, call, op)
  local gone = false
  tasks.await { done = function()
    gone = not op:done() and self.let_go(call)
    return gone or op:done()
  end, result = function() end }
  if not gone then return op:result() end
  return nil, interrupted(not call.read_only)
end

local function exchange(self, call)
  if self.let_go and self.let_go(call) then return nil, interrupted(false) end -- it never leaves
  local op <close> = start(self, call)
  if self.let_go then return await(self, call, op) end
  return tasks.await(op)
end

local EXPIRED = { ExpiredToken = true, ExpiredTokenException = true }

--- Expired credentials are refused before anything is done: with others the call is sent again, once.
local function exchange_with_fresh(self, call)
  local reply, err = exchange(self, call)
  local refused = reply and reply.error and EXPIRED[reply.error.code]
  if refused and self.identity and self.identity:renew() then return exchange(self, call) end
  return reply, err
end

--- A Region that AWS's list does not have may be a mistake.
local function with_hint(self, err)
  if err.code ~= "NameResolutionError" then return err end
  local listed, hint = endpoints.is_listed(self.region)
  if listed then return err end
  local copy = {}
  for name, value in pairs(err) do copy[name] = value end
  copy.message = ("%s; is the Region %s right%s?"):format(err.message, self.region, hint:gsub("%?$", ""))
  return copy
end

--- Sends a call and returns its result, with status, request id and attempts; raises an error table.
---@param call trapheus.Call
---@return table result
---@return trapheus.CallInfo info
function Transport:send(call)
  local reply, err = exchange_with_fresh(self, call)
  if not reply then fail(call, err, {}) end
  compare_clocks(self, reply)
  if reply.error then fail(call, with_hint(self, reply.error), reply) end
  local ok, result = pcall(call.decode or protocol.decode, self.definition, call.operation, reply.body)
  if not ok then fail(call, result, reply) end
  return result, { status = reply.status, request_id = reply.request_id, attempts = reply.attempts }
end

return transport
