--- A client of one AWS service: each operation of its model is a method, with AWS's own names.
---
---     local rds = client.new("rds", { region = "eu-west-1" })
---     local page = rds:DescribeDBInstances { DBInstanceIdentifier = "orders" }
---
--- A second argument { max_attempts = 1 } has it sent once, whatever comes back; { repeatable = true } says that to
--- send it twice does no harm.
--- A failed call raises an error table (trapheus.errors); misuse raises with the caller's line.
local errors = require "trapheus.errors"
local model = require "trapheus.aws.model"
local protocol = require "trapheus.aws.protocol"
local ambient = require "trapheus.ambient"
local tasks = require "trapheus.tasks"

local client = {}

---@class trapheus.Call
---@field service string     "rds"
---@field operation string
---@field params table
---@field read_only boolean  It may be sent again: it only looks, or was said to be repeatable.
---@field body string?       The form body; not for a transport that takes tables.
---@field max_attempts integer?  1: it is sent once, whatever comes back.
---@field decode (fun(definition: trapheus.Model|string, operation: string, body: trapheus.core.Bytes): table)?
---                          Instead of protocol.decode.

---@class trapheus.CallInfo
---@field status? integer
---@field request_id? string
---@field attempts? integer

--- Carries calls: to AWS, to the sandbox, to a recording. `send` returns the result as a table, and if it knows them
--- status, request id and attempts; it raises an error table.
---@class trapheus.Transport
---@field send fun(self: trapheus.Transport, call: trapheus.Call): table, trapheus.CallInfo?
---@field takes_tables boolean?  It needs the parameters only, and no body.

---@class trapheus.Client
---@field service string
---@field region? string
local Client = {}

--- What a call is about, for the log: the first identifier among its parameters.
-- What a call is about: the first of these that it has.
local TARGETS = {
  "DBInstanceIdentifier", "DBClusterIdentifier", "DBSnapshotIdentifier", "DBClusterSnapshotIdentifier",
  "ResourceName", "ResourceIdentifier", "RoleArn", "TopicArn",
}

local function target_of(params)
  for _, name in ipairs(TARGETS) do
    if type(params[name]) == "string" then return params[name] end
  end
end

local function tell(self, call, info, code)
  self.on_call {
    service = call.service,
    operation = call.operation,
    target = target_of(call.params),
    read_only = call.read_only,
    status = info.status,
    request_id = info.request_id,
    attempts = info.attempts,
    code = code,
  }
end

local function wait_for_turn(limiter)
  while true do
    local wait_ms = limiter:take(tasks.loop():now_ms())
    if wait_ms == 0 then return end
    tasks.sleep(wait_ms / 1000)
  end
end

local function is_throttle(result, operation)
  return errors.is(result) and errors.class(operation, result.code, result.status) == "throttle"
end

local function transport_to_aws(service, definition, options)
  local settings = ambient.settings(options)
  if settings then options = { config = settings, region = options.region } end
  return require("trapheus.aws.transport").new(service, definition, options)
end

local function connect(self)
  self.transport = transport_to_aws(self.service, self.model, self.options)
  self.options = false -- credentials may be among them
  self.region = self.region or self.transport.region or false
end

-- In a rehearsal a client that was given no transport talks to the sandbox.
local function transport_of(self)
  local world = not self.given and ambient.rehearsed
  if world then return world.transport_in(self.region or world.region) end
  if not self.transport then connect(self) end
  return self.transport
end

local function send(self, transport, call)
  local pace = transport.pace
  if self.limiter then wait_for_turn(self.limiter) end
  if pace then wait_for_turn(pace) end
  local ok, result, info = pcall(transport.send, transport, call)
  if pace then pace:answered(tasks.loop():now_ms(), not ok and is_throttle(result, call.operation)) end
  if ok then
    if self.on_call then tell(self, call, info or {}) end
    return result
  end
  if errors.is(result) then
    result.operation = result.operation or call.operation
    result.service = result.service or call.service
    if self.on_call then tell(self, call, result, result.code) end
  end
  error(result, 0)
end

local BLAME = { level = 2 }

local function method(operation)
  local read_only = model.is_read_only(operation)
  return function(self, params, how)
    params = params or {}
    local transport = transport_of(self)
    local checked = transport.takes_tables and protocol.check or protocol.encode
    local body = checked(self.model, operation, params, BLAME)
    local call = { service = self.service, operation = operation, params = params, read_only = read_only, body = body }
    if how then
      call.read_only = read_only or how.repeatable or false
      call.max_attempts, call.decode = how.max_attempts, how.decode
    end
    return send(self, transport, call)
  end
end

local MARKER = { input_token = "Marker", output_token = "Marker" }

--- How a listing is turned over, by AWS's table; RDS turns every one by a Marker.
local function paging(self, operation)
  local entry = model.beside(self.name, "paginators")[operation] or MARKER
  if type(entry.input_token) ~= "string" or type(entry.output_token) ~= "string" then
    error(operation .. " is turned over by more than one token, which paginate cannot", 3)
  end
  self.turned[operation] = entry
  return entry
end

-- The member of the reply that holds the items, where AWS's table knows it.
local function items_of(entry)
  local key = entry.result_key
  return type(key) == "table" and key[1] or key
end

-- The token of the page that comes after it, if one does.
local function more_after(entry, page)
  if entry.more_results and not page[entry.more_results] then return nil end
  local token = page[entry.output_token]
  return token ~= "" and token or nil
end

-- What comes after the first page, which asks for the second by that token.
local function turned_over(self, operation, entry, params, how, token)
  local request, seen = {}, {} -- no copy: that of what is constant is itself
  for name, value in next, params do request[name] = value end
  return function()
    if not token then return nil end
    if seen[token] then
      error(errors.new { code = "MalformedReply", operation = operation, message = "a page comes a second time" }, 0)
    end
    seen[token], request[entry.input_token] = true, token
    local page = self[operation](self, request, how)
    token = more_after(entry, page)
    return page
  end
end

-- Goes through a list, and then those of further pages.
local function through(items, list_member, next_page)
  local at = 0
  return function()
    at = at + 1
    while true do
      local item = items and items[at]
      if item or not next_page then return item end
      local page = next_page()
      if not page then return nil end
      items, at = page[list_member], 1
    end
  end
end

--- Goes through the pages of a listing, item by item.
---
---     for snapshot in rds:paginate("DescribeDBSnapshots", {}, "DBSnapshots") do … end
---
---@param operation string
---@param params? table
---@param list_member? string  The member of the reply that holds the items; AWS's table knows it, for most.
---@param how? { max_attempts: integer? }
---@return fun(): any?
function Client:paginate(operation, params, list_member, how)
  local entry = self.turned[operation] or paging(self, operation)
  list_member = list_member or items_of(entry)
    or error(("which member of the reply of %s holds its items?"):format(operation), 2)
  params = params or {}
  local page = self[operation](self, params, how)
  local token = more_after(entry, page)
  return through(page[list_member], list_member, token and turned_over(self, operation, entry, params, how, token))
end

function Client.__index(self, name)
  if Client[name] then return Client[name] end
  model.operation(self.model, name, 2)
  local operation = method(name)
  rawset(self, name, operation)
  return operation
end

---@class trapheus.ClientOptions
---@field region? string
---@field profile? string
---@field credentials? table|false   core.credentials, an identity of trapheus.aws.credentials, or a table
---                                  { access_key_id=, secret_access_key=, session_token= }; false: nothing is signed
---@field endpoint_url? string|false  false: AWS's own, whatever the settings say
---@field transport? trapheus.Transport  Instead of AWS; then the options above are not looked at.
---@field limiter? table             core.limiter: paces the calls.
---@field on_call? fun(call: table)  Told of every call: service, operation, target, read_only, status, request_id,
---                                  attempts, and code if it failed.

---@param service string|trapheus.Model  "rds", the path of a service-2.json, or such a table.
---@param options? trapheus.ClientOptions
---@return trapheus.Client
function client.new(service, options)
  options = options or {}
  local definition = model.load(service, 2)
  local self = {
    service = model.name(service, definition),
    name = service,
    model = definition,
    limiter = options.limiter or false,
    on_call = options.on_call or false,
    turned = {}, -- of operations: by which tokens
    paginate = Client.paginate,
    region = options.region or false,
  }
  self.given, self.transport = options.transport ~= nil, options.transport or false
  self.options = not self.given and options
  if self.given then
    self.region = self.region or self.transport.region or false
  elseif not (ambient.rehearsed or ambient.expected) then
    connect(self)
  end
  return setmetatable(self, Client)
end

return client
