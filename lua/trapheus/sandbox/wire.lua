--- The sandbox over HTTP: a request as AWS's query protocol has it, to the reply. What it is served by is none of its
--- business; the script sandbox.lua puts it behind a port.

local query_server = require "trapheus.aws.query_server"
local signature = require "trapheus.aws.signature"
local timestamp = require "trapheus.aws.timestamp"
local versions = require "trapheus.sandbox.versions"

--- Keys that a sandbox knows unless it is given others. They open nothing else.
local KEYS = { access_key_id = "AKIDSANDBOX", secret_access_key = "sandbox-secret" }

---@class trapheus.sandbox.Wire
---@field sandbox trapheus.Sandbox
---@field keys trapheus.core.Credentials
---@field now_s fun(): number The client's time; the server's clock may be off from that
---@field count integer Requests so far
local wire = { KEYS = KEYS }
wire.__index = wire

---@param sb trapheus.Sandbox
---@param options { now_s: (fun(): number), keys: { access_key_id: string, secret_access_key: string }|nil }
---@return trapheus.sandbox.Wire
function wire.new(sb, options)
  local keys = signature.credentials(options.keys or KEYS)
  return setmetatable({ sandbox = sb, keys = keys, now_s = options.now_s, count = 0 }, wire)
end

--- The server's clock, in whole seconds.
---@return integer
function wire:server_time()
  return (self.now_s() + self.sandbox:ahead_s()) // 1 | 0
end

---@class trapheus.sandbox.Reply
---@field status integer
---@field headers string[][]
---@field body string
---@field service string|nil What was asked, as far as it could be made out
---@field operation string|nil
---@field params table|nil
---@field code string|nil Of the error
---@field arriving trapheus.sandbox.Delivery|nil  What becomes of it on its way
---@field bug string|nil A mistake of the sandbox itself

local FORMS = { POST = "body", GET = "query" }

--- What is asked of which service, or the error that this is answered with.
local function understand(self, request, reply, region)
  local form = FORMS[request.method]
  if not form then return { status = 405, code = "InvalidAction", message = "A POST or a GET is expected." } end
  local service, signed_at_s = signature.check(request, self.keys, region)
  if not service then return signed_at_s end
  reply.service = service
  self.sandbox:advance()
  reply.signed_at_s = self.sandbox:seconds() - (self.now_s() + self.sandbox:ahead_s() - signed_at_s)
  local operation, params = query_server.decode(service, request[form])
  if not operation then return params end
  reply.operation, reply.params = operation, params
end

local function carry_out(self, reply, request_id, region)
  local result, err
  result, err, reply.arriving = self.sandbox:serve(reply.service, reply.operation, reply.params, reply.signed_at_s,
    region)
  return result and query_server.encode(reply.service, reply.operation, result, request_id, versions.written), err
end

local function answer(self, request, reply, request_id, region)
  local err = understand(self, request, reply, region)
  if err then return nil, err end
  local ok, xml, failure = xpcall(carry_out, debug.traceback, self, reply, request_id, region)
  if ok then return xml, failure end
  reply.bug = xml
  return nil, { status = 500, code = "InternalFailure", message = "The sandbox made a mistake." }
end

--- The reply to a request, as the service writes it.
---@param request { method: string, path: string, query: string, headers: string[][], body: string }
---@param region string|nil  Whose endpoint is asked, if not the sandbox's own.
---@return trapheus.sandbox.Reply
function wire:answer(request, region)
  self.count = self.count + 1
  local request_id = ("00000000-0000-4000-8000-%012x"):format(self.count)
  local reply = { status = 200, headers = { { "Content-Type", "text/xml" }, { "x-amzn-RequestId", request_id } } }
  local xml, err = answer(self, request, reply, request_id, region or self.sandbox.region)
  if err then
    reply.status, reply.code = err.status, err.code
    xml = query_server.encode_error(reply.service or "rds", err, request_id)
  end
  table.insert(reply.headers, { "Date", timestamp.format(self:server_time(), "rfc822") })
  reply.body = xml
  return reply
end

return wire
