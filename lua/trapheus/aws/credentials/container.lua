--- The credentials that ECS and EKS Pod Identity serve to a container.
local core = require "trapheus.core"
local source = require "trapheus.aws.credentials.source"
local tasks = require "trapheus.tasks"

local ECS = "http://169.254.170.2"
local TIMEOUT_MS, ATTEMPTS, PAUSE_S = 2000, 3, 1

--- Who else may serve them without TLS; the token in the request, and the keys in the reply, go to nobody else.
local HOSTS = { ["169.254.170.2"] = true, ["169.254.170.23"] = true, ["[fd00:ec2::23]"] = true, ["fd00:ec2::23"] = true,
  localhost = true, ["[::1]"] = true, ["::1"] = true }

local function check_url(url)
  local parts = core.uri.parse(url)
  if not parts then source.fail("InvalidConfig", "AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL") end
  if parts.scheme == "https" or HOSTS[parts.host] or parts.host:find "^127%.%d+%.%d+%.%d+$" then return url end
  return source.fail("InvalidConfig", "AWS_CONTAINER_CREDENTIALS_FULL_URI is of the host %s; without https, only this "
    .. "machine and the addresses of ECS and EKS may serve credentials", parts.host)
end

local function authorization(config)
  local path = config:variable "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
  local token = config:variable "AWS_CONTAINER_AUTHORIZATION_TOKEN"
  if path then
    token = config.read_file(path) or source.fail("CredentialsError",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: %s cannot be read", path)
  end
  if token and token:find "[\r\n]" then
    source.fail("InvalidConfig", "the token of AWS_CONTAINER_AUTHORIZATION_TOKEN%s has a line break in it",
      path and "_FILE" or "")
  end
  return token
end

local function ask(config, url)
  local headers = { { "Accept", "application/json" } }
  local token = authorization(config)
  if token then headers[2] = { "Authorization", token } end
  local reply, why = source.exchange(config, { method = "GET", url = url, headers = headers, no_proxy = true,
    timeout_ms = TIMEOUT_MS, connect_timeout_ms = TIMEOUT_MS, max_bytes = 1 << 16 })
  if not reply then return nil, why end
  if reply.status ~= 200 then return nil, "HTTP " .. reply.status end
  local document = source.decode(reply.body)
  return document, not document and "what it says is not JSON" or nil
end

local function fetch(config, url)
  local why
  for attempt = 1, ATTEMPTS do
    local document
    document, why = ask(config, url)
    if document then
      return source.credentials(document, "the container's endpoint", { token = "Token" })
    end
    if attempt < ATTEMPTS then tasks.sleep(PAUSE_S) end
  end
  return source.fail("CredentialsError", "the container's endpoint, %s, gave no credentials: %s",
    core.uri.parse(url).host, why)
end

---@param config trapheus.Config
---@return trapheus.aws.Source?
return function(config)
  local path, full = config:variable "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    config:variable "AWS_CONTAINER_CREDENTIALS_FULL_URI"
  if not path and not full then return nil end
  local url = path and ECS .. path or check_url(full)
  return { method = "container-role", place = core.uri.parse(url).host, renewable = true,
    fetch = function() return fetch(config, url) end }
end
