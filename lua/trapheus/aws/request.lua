--- Any signed request, for what has no model here.
local config = require "trapheus.aws.config"
local core = require "trapheus.core"
local credentials = require "trapheus.aws.credentials"
local endpoints = require "trapheus.aws.endpoints"
local errors = require "trapheus.errors"
local ambient = require "trapheus.ambient"
local sorted = require "trapheus.sorted"
local tasks = require "trapheus.tasks"
local timestamp = require "trapheus.aws.timestamp"

---@class trapheus.Request : trapheus.ConfigOptions
---@field service string       Signing name, and the front of the host name: "s3".
---@field method? string       "GET" if not given.
---@field path? string         As sent, percent-encoded; "/" if not given.
---@field query? table<string, string>
---@field headers? { [1]: string, [2]: string }[]
---@field body? string
---@field credentials? userdata

local function query_text(query)
  local parts = {}
  for i, name in ipairs(sorted.keys(query or {})) do
    parts[i] = core.uri.encode(name) .. "=" .. core.uri.encode(query[name])
  end
  return table.concat(parts, "&")
end

local function host_of(url)
  return url:match "^%a+://([^/]+)"
end

--- S3 wants the path as it is, and the hash of the body as a header.
local function sign(request, endpoint, identity, query, ahead_s)
  local headers = table.move(request.headers or {}, 1, #(request.headers or {}), 1, {})
  headers[#headers + 1] = { "host", host_of(endpoint.url) }
  return core.sigv4.sign {
    method = request.method or "GET",
    path = request.path or "/",
    query = query,
    headers = headers,
    body = request.body or "",
    service = endpoint.signing_name,
    region = endpoint.signing_region,
    time = core.clock.wall_ms() // 1000 - ahead_s,
    credentials = identity,
    normalize_path = request.service ~= "s3",
    sign_body = request.service == "s3",
  }
end

local READS = { GET = true, HEAD = true }

local function exchange(call, ahead_s)
  local request, endpoint = call.request, call.endpoint
  local signed = sign(request, endpoint, call.signer:current(true), call.query, ahead_s)
  local method = request.method or "GET"
  local op <close> = assert(tasks.loop({ ca_bundle = call.ca_bundle }):http {
    method = method,
    url = endpoint.url:gsub("/$", "") .. (request.path or "/") .. (call.query ~= "" and "?" .. call.query or ""),
    headers = signed.headers,
    body = request.body,
    allow_http = endpoints.allows_http(endpoint.url),
    fresh_connection = not READS[method], -- libcurl must not repeat it
  })
  local reply, err = tasks.await(op)
  if reply then return reply end
  error(errors.new { code = err.code, message = err.message, service = request.service }, 0)
end

-- What is refused before anything is done, in one service or another: for the credentials, or for the time.
local EXPIRED = { ExpiredToken = true, ExpiredTokenException = true }
local CLOCK = { RequestTimeTooSkewed = true, RequestExpired = true, RequestInTheFuture = true,
  SignatureDoesNotMatch = true, InvalidSignatureException = true }
local TOLERATED_S = 4 * 60

local function code_of(reply)
  local said = reply.headers["x-amzn-errortype"] or reply.body:match "<Code>([^<]*)</Code>"
    or reply.body:match '"__type"%s*:%s*"([^"]*)"' or ""
  return said:gsub(":.*$", ""):gsub("^.*#", "")
end

--- How far the clock is ahead of the service's, if that is why it refuses; nil if it is not.
local function clock_ahead_s(reply)
  local date = reply.headers.date and timestamp.parse(reply.headers.date)
  local ahead_s = date and core.clock.wall_ms() // 1000 - date
  return ahead_s and math.abs(ahead_s) > TOLERATED_S and ahead_s or nil
end

--- Sends a request signed with the user's credentials; once, unless it was refused for the time it was signed with, or
--- for credentials that have ended and others are there. Any reply is returned, whatever its status; raises an error
--- table when there was none. In a rehearsal nothing is sent, and the reply is an empty one.
---@param request trapheus.Request
---@return { status: integer, headers: table<string, string>, body: string }
return function(request)
  if ambient.rehearsed then
    ambient.tell(("%s %s of %s"):format(request.method or "GET", request.path or "/", request.service))
    return { status = 200, headers = {}, body = "" }
  end
  local settings = not request.region and ambient.settings(request) or config.load(request)
  local endpoint, why = endpoints.of_settings(request.service, settings, settings:region(),
    settings:endpoint_url(request.service))
  if not endpoint then error(errors.new { code = "NoEndpoint", message = why, service = request.service }, 0) end
  local call = { request = request, endpoint = endpoint, query = query_text(request.query),
    ca_bundle = settings.ca_bundle,
    signer = request.credentials and credentials.of(request.credentials) or credentials.resolve(settings) }
  local reply = exchange(call, 0)
  local code = reply.status >= 400 and code_of(reply)
  if EXPIRED[code] and call.signer:renew() then return exchange(call, 0) end
  local ahead_s = CLOCK[code] and clock_ahead_s(reply)
  return ahead_s and exchange(call, ahead_s) or reply
end
