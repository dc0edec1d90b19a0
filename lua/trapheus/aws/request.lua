--- Any signed request, for what has no model here.
local config = require "trapheus.aws.config"
local core = require "trapheus.core"
local credentials = require "trapheus.aws.credentials"
local endpoints = require "trapheus.aws.endpoints"
local errors = require "trapheus.errors"
local sorted = require "trapheus.sorted"
local tasks = require "trapheus.tasks"

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
local function sign(request, endpoint, identity, query)
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
    time = core.clock.wall_ms() // 1000,
    credentials = identity,
    normalize_path = request.service ~= "s3",
    sign_body = request.service == "s3",
  }
end

--- Sends a request signed with the user's credentials, once. Any reply is returned, whatever its status; raises an
--- error table when there was none.
---@param request trapheus.Request
---@return { status: integer, headers: table<string, string>, body: string }
return function(request)
  local settings = config.load(request)
  local region = settings:region()
  local endpoint = assert(endpoints.of_settings(request.service, settings, region,
    settings:endpoint_url(request.service)))
  local query = query_text(request.query)
  local signer = request.credentials and credentials.of(request.credentials) or credentials.resolve(settings)
  local signed = sign(request, endpoint, signer:current(true), query)
  local op <close> = assert(tasks.loop({ ca_bundle = settings.ca_bundle }):http {
    method = request.method or "GET",
    url = endpoint.url:gsub("/$", "") .. (request.path or "/") .. (query ~= "" and "?" .. query or ""),
    headers = signed.headers,
    body = request.body,
    allow_http = endpoints.allows_http(endpoint.url),
  })
  local reply, err = tasks.await(op)
  if reply then return reply end
  error(errors.new { code = err.code, message = err.message, service = request.service }, 0)
end
