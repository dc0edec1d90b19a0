--- Resolves what each case of a file says: trapheus tests/e2e/resolve.lua CASES.json. Prints, as JSON, who signs (the
--- key's id, and a signature that only its secret makes), in which Region, at which endpoint; or the refusal.
local config = require "trapheus.aws.config"
local core = require "trapheus.core"
local credentials = require "trapheus.aws.credentials"
local endpoints = require "trapheus.aws.endpoints"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local tasks = require "trapheus.tasks"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function load(case)
  return config.load {
    profile = case.profile, region = case.region, endpoint_url = case.endpoint_url,
    getenv = function(name) return case.environment[name] end,
  }
end

local function who(settings)
  local identity = credentials.resolve(settings)
  local held = identity:current()
  local signed = core.sigv4.sign { method = "GET", path = "/", headers = { { "host", "h" } }, service = "s",
    region = "r", time = 0, credentials = held }
  local token
  for _, header in ipairs(signed.headers) do
    if header[1]:lower() == "x-amz-security-token" then token = core.sha256(header[2]) end
  end
  return { key = held.access_key_id, text = signed.string_to_sign, signature = signed.signature, token = token,
    method = identity.method }
end

local function where(settings, service)
  local endpoint, err = endpoints.of_settings(service, settings, settings:region(), settings:endpoint_url(service))
  if not endpoint then error(errors.new { code = "NoEndpoint", message = err }, 0) end
  endpoints.allows_http(endpoint.url)
  return endpoint
end

local function refusal(err)
  return { refused = errors.is(err) and err.code or "InvalidConfig", message = tostring(err) }
end

--- What one case comes to, in each of its three questions.
local function resolve(case)
  local ok, settings = pcall(load, case)
  if not ok then return { refused = refusal(settings) } end
  local answer = {}
  for name, ask in pairs {
    who = who,
    region = function() return settings:region() end,
    where = function() return where(settings, case.service) end,
    retries = function() return { mode = settings.retry_mode, attempts = settings.max_attempts or 3 } end,
  } do
    local fine, result = pcall(ask, settings)
    answer[name] = fine and result or refusal(result)
  end
  return answer
end

return function(arguments)
  tasks.use(core.loop { pace = 1000 })
  local answers = {}
  for i, case in ipairs(json.decode(read(arguments[1]))) do answers[i] = resolve(case) end
  print(json.encode(answers))
  return 0
end
