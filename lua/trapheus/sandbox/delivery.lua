--- What the client meets where a reply does not arrive as the service wrote it: as bytes for who reads bytes, as the
--- error that comes of them for who does not.

local errors = require "trapheus.sandbox.errors"
local query_server = require "trapheus.aws.query_server"

local delivery = {}

delivery.TIMEOUT_S = 60 -- what our client, and most, give a call

local LOST = "Connection was closed before we received a valid response."
local PAGE = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>\n"

local NEW = "<NewInTown since='today'><member>" .. ("?"):rep(1000) .. "</member></NewInTown>"
local HUGE = 10 * 1024 * 1024 -- bytes

-- With more inside the result, or the error.
local function with(body, more)
  local _, at = body:find "<%w+Result>"
  if not at then _, at = body:find "<Error>" end
  return at and body:sub(1, at) .. more .. body:sub(at + 1) or body
end

--- Ways to write the same reply that a client has to put up with.
---@type table<string, fun(body: string): string>
local ODD = {
  unknown = function(body) return with(body, NEW) end,
  huge = function(body) return with(body, NEW:rep(HUGE // #NEW)) end,
  entities = function(body)
    return (body:gsub(">(%w)([^<>&]*)<", function(first, rest) return (">&#x%x;%s<"):format(first:byte(), rest) end))
  end,
}

--- Errors of a connection: no reply at all.
local NO_REPLY = {
  timeout = { code = "RequestTimeout", message = "Read timeout on endpoint." },
  lost = { code = "ConnectionLost", message = LOST },
  reset = { code = "ConnectionLost", message = LOST },
  unresolved = { code = "NameResolutionError", message = "Could not resolve host." },
  untrusted = { code = "TLSError", message = "The server's certificate is not trusted." },
}

---@class trapheus.sandbox.Delivery
---@field how string
---@field took_s number  How long the client waits for the reply, or before it gives up.
---@field bytes integer|nil
---@field form string|nil

--- What a fault makes of the reply; nil: it arrives.
---@param how string|nil
---@param fault table
---@return trapheus.sandbox.Delivery|nil
function delivery.new(how, fault)
  if not how then return nil end
  local took_s = how == "timeout" and delivery.TIMEOUT_S or how == "slow" and fault.delay_s or 0
  if took_s > delivery.TIMEOUT_S then how, took_s = "timeout", delivery.TIMEOUT_S end
  return { how = how, took_s = took_s, bytes = fault.bytes, form = fault.form }
end

--- The reply as it arrives: nil and the error of the connection, where none does.
---@param arriving trapheus.sandbox.Delivery|nil
---@param reply { status: integer, headers: string[][], body: string }  Changed in place.
---@return table|nil reply
---@return { code: string, message: string }|nil err
function delivery.bytes(arriving, reply)
  if not arriving then return reply end
  if NO_REPLY[arriving.how] then return nil, NO_REPLY[arriving.how] end
  local body = reply.body
  if arriving.how == "cut" then
    reply.body = body:sub(1, arriving.bytes or #body // 2)
  elseif arriving.how == "odd" then
    reply.body = ODD[arriving.form or "unknown"](body)
  elseif arriving.how == "garbage" then
    reply.headers = { { "Content-Type", arriving.form == "type" and "application/octet-stream" or "text/html" } }
    if arriving.form == "empty" then reply.body = "" end
    if (arriving.form or "html") == "html" then reply.status, reply.body = 502, PAGE end
  end
  return reply
end

local function malformed(status)
  return { code = "MalformedReply", message = ("HTTP %d, and not a reply of the service"):format(status),
    status = status, malformed = true }
end

local REQUEST_ID = ("0"):rep(36)

local function length(service, operation, result, err)
  if err then return #query_server.encode_error(service, err, REQUEST_ID) end
  return #query_server.encode(service, operation, result, REQUEST_ID)
end

-- Only whoever knows how long a reply is knows whether it is cut.
local function is_cut(arriving, call, result, err)
  return not arriving.bytes or call.service == "webhook"
    or arriving.bytes < length(call.service, call.operation, result, err)
end

--- The same for who has no bytes: what the client makes of them.
---@param arriving trapheus.sandbox.Delivery|nil
---@param call { service: string, operation: string }
---@param result table|nil
---@param err table|nil
---@return table|nil result
---@return table|nil err
function delivery.tables(arriving, call, result, err)
  if not arriving then return result, err end
  local none = NO_REPLY[arriving.how]
  if none then return nil, errors.transport(none.code, none.message) end
  local status = err and err.status or 200
  if arriving.how == "cut" and is_cut(arriving, call, result, err) then return nil, malformed(status) end
  if arriving.how == "garbage" and arriving.form ~= "type" then
    return nil, malformed(arriving.form == "empty" and status or 502)
  end
  return result, err
end

return delivery
