--- A call without a network: the request that the client would send, and what it makes of a reply.
local core = require "trapheus.core"
local protocol = require "trapheus.aws.protocol"

local exchange = {}

local HEADERS = { { "Content-Type", "application/x-www-form-urlencoded; charset=utf-8" } }

--- The signed request of a call.
---@param call { service: string, body: string }
---@param signing { host: string, region: string, time_s: integer, credentials: table }
---@return { method: string, path: string, query: string, headers: string[][], body: string } request
function exchange.request(call, signing)
  local signed = core.sigv4.sign {
    method = "POST", path = "/", query = "", body = call.body, service = call.service, region = signing.region,
    time = signing.time_s, credentials = signing.credentials, headers = { { "Host", signing.host }, HEADERS[1] },
  }
  return { method = "POST", path = "/", query = "", headers = signed.headers, body = call.body }
end

--- What the client is told of an error reply: code, message, retryable, ambiguous.
---@param reply { status: integer, code: string?, message: string?, read_only: boolean }  No code: not the service's.
---@return table err
function exchange.judge(reply) return core.reply.judge(reply) end

--- The result of a reply as bytes, or nil and what the client is told instead.
---@param call { service: string, operation: string, read_only: boolean }
---@param reply { status: integer, body: string }
---@return table? result
---@return table? err
function exchange.read(call, reply)
  local err = core.reply.read { status = reply.status, body = reply.body, read_only = call.read_only }
  if err then return nil, err end
  local ok, result = pcall(call.decode or protocol.decode, call.service, call.operation, reply.body)
  if ok then return result end
  return nil, result
end

return exchange
