--- The sandbox as a client's transport, at one of two fidelities. Tables: parameters and results as they are. Bytes:
--- the request signed and encoded, the reply as XML, judged and decoded as the client does with one from AWS.

local backoff = require "trapheus.backoff"
local delivery = require "trapheus.sandbox.delivery"
local errors = require "trapheus.errors"
local exchange = require "trapheus.aws.exchange"
local protocol = require "trapheus.aws.protocol"
local signature = require "trapheus.aws.signature"
local timestamp = require "trapheus.aws.timestamp"
local wire = require "trapheus.sandbox.wire"

---@class trapheus.sandbox.Transport : trapheus.Transport
---@field sandbox trapheus.Sandbox
---@field clock_ahead_s number?  How far the client's clock is ahead of the server's, by its latest reply.
local transport = {}
transport.__index = transport

local HOST = "rds.sandbox.invalid"
local TOLERATED_S = 4 * 60 -- as the client: a smaller difference of clocks is not what a signature is refused for

---@class trapheus.sandbox.Answer  What came of one attempt.
---@field result table?
---@field err table?         As the client is told it: code, message, status, retryable, ambiguous.
---@field request_id string?  Of tables: made when it is asked for.
---@field date_s number?     The server's time, when there was a reply.
---@field status integer?    Of the reply, when there is a result.
---@field attempts integer?

-- Fidelities ------------------------------------------------------------------------------

-- No reply came: whether it was executed, nobody knows, unless it was never sent.
local function no_reply(err, read_only)
  local unsent = err.code == "NameResolutionError" or err.code == "TLSError"
  return { code = err.code, message = err.message, retryable = true, ambiguous = not unsent and not read_only }
end

local function judged(err, status, request_id)
  err.status, err.request_id = status, request_id
  return err
end

-- Hardly anybody asks for the request id of a call.
local ANSWER = {
  __index = function(answer, name)
    return name == "request_id" and ("sandbox-%08d"):format(answer.number) or nil
  end,
}

local function as_tables(self, call, signed_at_s)
  local sb = self.sandbox
  local result, err, arriving = sb:serve(call.service, call.operation, call.params, signed_at_s, self.region)
  if arriving then
    self:pass(arriving)
    result, err = delivery.tables(arriving, call, result, err)
  end
  if err and not err.status then return { err = no_reply(err, call.read_only) } end
  local answer = setmetatable({ result = result, err = false, date_s = sb:seconds() // 1 | 0, number = #sb.audit,
    status = 200, attempts = 1 }, ANSWER)
  if err then
    answer.err = judged(exchange.judge { status = err.status, code = not err.malformed and err.code or nil,
      message = err.message, read_only = call.read_only }, err.status, answer.request_id)
  end
  return answer
end

local function header(reply, name)
  for _, pair in ipairs(reply.headers) do
    if pair[1]:lower() == name then return pair[2] end
  end
end

local CREDENTIALS = signature.credentials(wire.KEYS)

local function as_bytes(self, call, signed_at_s)
  local reply = self.wire:answer(exchange.request(call, { host = HOST, region = self.region, time_s = signed_at_s,
    credentials = CREDENTIALS }), self.region)
  if reply.bug then error(reply.bug, 0) end
  self:pass(reply.arriving)
  local arrived, err = delivery.bytes(reply.arriving, reply)
  if not arrived then return { err = no_reply(err, call.read_only) } end
  local date, answer = header(arrived, "date"), { request_id = header(arrived, "x-amzn-requestid"), status = 200 }
  answer.date_s = date and timestamp.parse(date)
  answer.result, err = exchange.read(call, arrived)
  if err then answer.err = judged(err, arrived.status, answer.request_id) end
  return answer
end

local ATTEMPTS = { tables = as_tables, bytes = as_bytes }

-- The transport ---------------------------------------------------------------------------

---@class trapheus.sandbox.TransportOptions
---@field fidelity? "tables"|"bytes"
---@field region? string  Whose endpoint is called, if not the sandbox's own.
---@field wait? fun(seconds: number)  Lets virtual time pass while the client waits for a reply.

---@param sb trapheus.Sandbox
---@param options trapheus.sandbox.TransportOptions|nil
---@return trapheus.sandbox.Transport
function transport.new(sb, options)
  options = options or {}
  local fidelity = options.fidelity or "tables"
  local self = {
    sandbox = sb, region = options.region or sb.region, skew_s = 0, wait = options.wait,
    takes_tables = fidelity == "tables",
    attempt = ATTEMPTS[fidelity] or error("no such fidelity: " .. tostring(fidelity), 2),
  }
  if fidelity == "bytes" then self.wire = wire.new(sb, { now_s = function() return sb.now / 1000 end }) end
  return setmetatable(self, transport)
end

--- Lets the time pass that a reply takes.
---@param arriving trapheus.sandbox.Delivery|nil
function transport:pass(arriving)
  if arriving and arriving.took_s > 0 and self.wait then self.wait(arriving.took_s) end
end

local CLOCK = { RequestExpired = true, RequestTimeTooSkewed = true, SignatureDoesNotMatch = true }

-- A signature of the wrong time: takes the server's from then on.
local function adjust(self, answer, now_s)
  if not answer.err or not CLOCK[answer.err.code] or not answer.date_s then return false end
  local skew_s = answer.date_s - now_s
  if math.abs(skew_s - self.skew_s) < TOLERATED_S then return false end
  self.skew_s = skew_s
  return true
end

local EARLY_MS = 5 * 60 * 1000 -- before their end

-- As a client does that can: new credentials in time. Those that were taken away stay away.
local function refresh(sb)
  if sb.now > sb.credentials_end_ms - EARLY_MS and sb.credentials == "valid" then
    sb:renew_credentials()
  end
end

local function attempt(self, call)
  local sb = self.sandbox
  sb:advance()
  if sb.credentials_end_ms then refresh(sb) end
  local answer = self:attempt(call, (sb.now // 1000 + self.skew_s) // 1 | 0)
  local now_s = sb.now // 1000
  if answer.date_s then self.clock_ahead_s = now_s - answer.date_s end
  return answer, now_s
end

local MOST_ATTEMPTS = 3 -- AWS's standard mode, as core/include/trapheus/retry.h has it; its budget is not modelled

-- Sends what has failed as often again as the client does: what only reads, and what was certainly not begun; what was
-- signed by a wrong clock at once, by the right one.
local function again(self, asked, most, answer, now_s)
  local pace, attempts, adjusted = nil, 1, false
  while answer.err do
    if not adjusted and adjust(self, answer, now_s) then
      adjusted = true
    elseif attempts < most and answer.err.retryable and not answer.err.ambiguous then
      pace = pace or backoff.new { random = function() return self.sandbox:stream("client"):unit() end }
      local wait_s = pace:next_s()
      if self.wait then self.wait(wait_s) end
    else
      break
    end
    answer, now_s = attempt(self, asked)
    attempts = attempts + 1
  end
  return answer, attempts
end

local function in_bytes(call)
  if call.body then return call end
  return { service = call.service, operation = call.operation, params = call.params, read_only = call.read_only,
    body = protocol.encode(call.service, call.operation, call.params), decode = call.decode }
end

--- Answers one call, as a client asks it: at AWS's standard mode of retries.
---@param call trapheus.Call
---@return table result
---@return trapheus.CallInfo info
function transport:send(call)
  local asked = self.wire and in_bytes(call) or call
  local answer, now_s = attempt(self, asked)
  local attempts = 1
  if answer.err then answer, attempts = again(self, asked, call.max_attempts or MOST_ATTEMPTS, answer, now_s) end
  answer.attempts = attempts
  if answer.result then return answer.result, answer end
  local err = answer.err
  err.operation, err.service, err.attempts = call.operation, call.service, attempts
  error(errors.new(err), 0)
end

return transport
