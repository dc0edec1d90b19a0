--- The instance metadata service of EC2: version 2, which asks for a token first. Version 1 only for those who have
--- said ec2_metadata_v1_disabled = false.
local core = require "trapheus.core"
local source = require "trapheus.aws.credentials.source"

local imds = {}

local ADDRESS = { ipv4 = "http://169.254.169.254/", ipv6 = "http://[fd00:ec2::254]/" }
local TOKEN_TTL_S = "21600"
local ROLES = "latest/meta-data/iam/security-credentials/"
local REFUSALS = { [403] = true, [404] = true, [405] = true }

--- Where a base address may be without TLS: link-local or this machine.
local HOSTS = { "^169%.254%.%d+%.%d+$", "^127%.%d+%.%d+%.%d+$", "^localhost$", "^%[?fd00:ec2::%x+%]?$", "^%[?::1%]?$" }

local function is_near(host)
  for _, pattern in ipairs(HOSTS) do
    if host:find(pattern) then return true end
  end
  return false
end

local function base(config)
  local url, mode = config:setting "ec2_metadata_service_endpoint", config:setting "ec2_metadata_service_endpoint_mode"
  if not url then return ADDRESS[mode or config:setting "imds_use_ipv6" and "ipv6" or "ipv4"] end
  local parts = core.uri.parse(url)
  if not parts then source.fail("InvalidConfig", "AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL: '%s'", url) end
  if parts.scheme ~= "https" and not is_near(parts.host) then
    source.fail("InvalidConfig", "AWS_EC2_METADATA_SERVICE_ENDPOINT is of the host %s; without https, only this "
      .. "machine and link-local addresses may serve credentials", parts.host)
  end
  return url:gsub("/*$", "/")
end

local function disabled(config)
  return (config:variable "AWS_EC2_METADATA_DISABLED" or ""):lower() == "true"
end

--- One request, repeated as the settings say; nil and why when there was no usable answer.
local function ask(config, method, path, headers)
  local timeout_ms = (config:setting "metadata_service_timeout" or 1) * 1000
  local why
  for _ = 1, config:setting "metadata_service_num_attempts" or 1 do
    local reply
    reply, why = source.exchange(config, { method = method, url = base(config) .. path, headers = headers,
      no_proxy = true, timeout_ms = timeout_ms, connect_timeout_ms = timeout_ms, max_bytes = 1 << 16 })
    if reply and (reply.status < 500 and reply.status ~= 429) then return reply end
    if reply then why = "HTTP " .. reply.status end
  end
  return nil, why
end

--- The headers that a session's requests carry, or nil and why there is no session.
local function open_session(config)
  local reply, why = ask(config, "PUT", "latest/api/token",
    { { "x-aws-ec2-metadata-token-ttl-seconds", TOKEN_TTL_S } })
  if reply and reply.status == 200 and reply.body:find "^%S+$" then
    return { { "x-aws-ec2-metadata-token", reply.body } }
  end
  if config:setting "ec2_metadata_v1_disabled" == false and (not reply or REFUSALS[reply.status]) then return {} end
  return nil, reply and ("it refuses a token (HTTP %d)"):format(reply.status) or why
end

local function get(config, session, path)
  local reply, why = ask(config, "GET", path, session)
  if not reply then return nil, why end
  if reply.status ~= 200 or reply.body == "" then return nil, "HTTP " .. reply.status end
  return reply.body
end

local function role_name(config, session)
  local name, why = get(config, session, ROLES)
  if name then return name:match "^%s*(%S+)" end
  return nil, why == "HTTP 404" and "the instance has no role" or why
end

--- The document of the instance's role; nil and why.
local function read_role(config)
  local session, why = open_session(config)
  if not session then return nil, why end
  local name, body, document
  name, why = role_name(config, session)
  if name then body, why = get(config, session, ROLES .. name) end
  if not body then return nil, why end
  document = source.decode(body)
  if not document then return nil, "what it says is not JSON" end
  if not document.AccessKeyId then return nil, ("it says %s"):format(tostring(document.Code or "nothing of use")) end
  return document
end

local HINT = "in a container the hop limit of the metadata service must be 2 (aws ec2 modify-instance-metadata-options "
  .. "--http-put-response-hop-limit 2)"

local function fetch(config)
  local document, why = read_role(config)
  if document then return source.credentials(document, "the instance's role", { token = "Token" }) end
  return source.fail("CredentialsError", "the EC2 metadata service gave no credentials: %s; %s", why, HINT)
end

--- The instance's role, when there is one.
---@param config trapheus.Config
---@return trapheus.aws.Source?
function imds.source(config)
  if disabled(config) then return nil end
  local document, why = read_role(config)
  if not document then
    config.imds_said = why
    return nil
  end
  local first = source.credentials(document, "the instance's role", { token = "Token" })
  return {
    method = "iam-role", place = "the instance's role", renewable = true, outlives = true,
    fetch = function()
      local held = first or fetch(config)
      first = nil
      return held
    end,
  }
end

--- Why there were none, for those who run on EC2.
---@param config trapheus.Config
---@return string?
function imds.why_not(config)
  if disabled(config) then return "AWS_EC2_METADATA_DISABLED is true" end
  local said = config.imds_said
  if not said then return nil end
  return ("nor has the EC2 metadata service (%s)%s"):format(said, said:find "timed out" and "; on EC2: " .. HINT or "")
end

--- The Region that the instance is in.
---@param config trapheus.Config
---@return string?
function imds.region(config)
  if disabled(config) then return nil end
  local session = open_session(config)
  return session and get(config, session, "latest/meta-data/placement/region") or nil
end

return imds
