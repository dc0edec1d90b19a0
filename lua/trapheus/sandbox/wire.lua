--- The sandbox over HTTP: a request as AWS's query protocol has it, to the reply. What it is served by is none of its
--- business; the script sandbox.lua puts it behind a port.

local query_server = require "trapheus.aws.query_server"
local signature = require "trapheus.aws.signature"

--- Keys that a sandbox knows unless it is given others. They open nothing else.
local KEYS = { access_key_id = "AKIDSANDBOX", secret_access_key = "sandbox-secret" }

---@class trapheus.sandbox.Wire
---@field sandbox trapheus.Sandbox
---@field keys trapheus.aws.Keys
---@field now_s fun(): number Real time
---@field count integer Requests so far
local wire = { KEYS = KEYS }
wire.__index = wire

---@param sb trapheus.Sandbox
---@param options { now_s: (fun(): number), keys: trapheus.aws.Keys|nil }
---@return trapheus.sandbox.Wire
function wire.new(sb, options)
  return setmetatable({ sandbox = sb, keys = options.keys or KEYS, now_s = options.now_s, count = 0 }, wire)
end

---@class trapheus.sandbox.Reply
---@field status integer
---@field headers string[][]
---@field body string
---@field service string|nil What was asked, as far as it could be made out
---@field operation string|nil
---@field params table|nil
---@field code string|nil Of the error
---@field bug string|nil A mistake of the sandbox itself

local FORMS = { POST = "body", GET = "query" }

--- What is asked of which service, or the error that this is answered with.
local function understand(self, request, reply)
  local form = FORMS[request.method]
  if not form then return { status = 405, code = "InvalidAction", message = "A POST or a GET is expected." } end
  local service, err = signature.check(request, self.keys, self.sandbox.region, self.now_s())
  if not service then return err end
  reply.service = service
  local operation, params = query_server.decode(service, request[form])
  if not operation then return params end
  reply.operation, reply.params = operation, params
end

local function carry_out(self, reply, request_id)
  local result, err = self.sandbox:call(reply.service, reply.operation, reply.params)
  return result and query_server.encode(reply.service, reply.operation, result, request_id), err
end

local function answer(self, request, reply, request_id)
  local err = understand(self, request, reply)
  if err then return nil, err end
  local ok, xml, failure = xpcall(carry_out, debug.traceback, self, reply, request_id)
  if ok then return xml, failure end
  reply.bug = xml
  return nil, { status = 500, code = "InternalFailure", message = "The sandbox made a mistake." }
end

--- The reply to a request; nil where the service gives none, and the connection ends.
---@param request { method: string, path: string, query: string, headers: string[][], body: string }
---@return trapheus.sandbox.Reply|nil
function wire:answer(request)
  self.count = self.count + 1
  local request_id = ("00000000-0000-4000-8000-%012x"):format(self.count)
  local reply = { status = 200, headers = { { "Content-Type", "text/xml" }, { "x-amzn-RequestId", request_id } } }
  local xml, err = answer(self, request, reply, request_id)
  if err and not err.status then return nil end
  if err then
    reply.status, reply.code = err.status, err.code
    xml = query_server.encode_error(reply.service or "rds", err, request_id)
  end
  reply.body = xml
  return reply
end

return wire
