--- Where a service answers: AWS's own endpoint rule sets, interpreted.
---
--- A rule set is a tree of conditions over a few parameters (region, FIPS, dual stack, an endpoint of the user's own)
--- whose leaves are an endpoint or an error.
local core = require "trapheus.core"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local resource = require "trapheus.resource"

local endpoints = {}

local cache = {}

local function load(name, extension)
  local file = ("%s.%s"):format(name, extension)
  cache[file] = cache[file] or json.decode(resource.read("trapheus.aws.models." .. name, extension), file)
  return cache[file]
end

-- Partitions.

--- Does a region match a partition's regular expression? Of those the data has `\-`, `\w`, `\d`, `+` and one group of
--- alternatives.
local function matches(region, regex)
  local before, alternatives, after = regex:match "^(.-)%((.-)%)(.*)$"
  for alternative in (alternatives or ""):gmatch "[^|]*" do
    local pattern = alternatives and before .. alternative .. after or regex
    if region:find((pattern:gsub("\\w", "[%%w_]"):gsub("\\", "%%"))) then return true end
  end
  return false
end

local function outputs(partition, region)
  local result = { name = partition.id }
  for _, source in ipairs { partition.outputs, partition.regions[region] or {} } do
    for name, value in pairs(source) do result[name] = value end
  end
  return result
end

--- What is known of a region's partition: name, dnsSuffix, dualStackDnsSuffix, supportsFIPS, supportsDualStack. A
--- region that is in none is taken for one of the first, as AWS's SDKs do.
---@param region string
---@return table
function endpoints.partition(region)
  local partitions = load("partitions", "json").partitions
  for _, partition in ipairs(partitions) do
    if partition.regions[region] then return outputs(partition, region) end
  end
  for _, partition in ipairs(partitions) do
    if matches(region, partition.regionRegex) then return outputs(partition, region) end
  end
  return outputs(partitions[1], region)
end

local LABEL = "^%w[%w-]*$"

--- Does AWS's list of Regions have it?
---@param region string
---@return boolean
---@return string hint  "; did you mean us-east-1?", or "".
function endpoints.is_listed(region)
  local known = {}
  for _, partition in ipairs(load("partitions", "json").partitions) do
    for name in pairs(partition.regions) do known[name] = true end
  end
  if known[region] then return true, "" end
  return false, model.hint(region, known)
end

--- May it be a Region? One that AWS's list does not have yet may, if its name is like those of a partition.
---@param region string
---@return boolean
---@return string? hint  Of what is none: as above; nil: it is no name at all.
function endpoints.is_region(region)
  if not region:find(LABEL) or #region > 63 then return false end
  for _, partition in ipairs(load("partitions", "json").partitions) do
    if partition.regions[region] or matches(region, partition.regionRegex) then return true end
  end
  return endpoints.is_listed(region)
end

-- Rules. `scope` holds the parameters and what conditions have assigned.

local evaluate

local function attribute(value, path)
  for name, index in path:gmatch "([^.%[%]]+)%[?(%d*)%]?" do
    value = value[name]
    if index ~= "" then value = value[tonumber(index) + 1] end
  end
  return value
end

local FUNCTIONS = {
  isSet = function(value) return value ~= nil end,
  ["not"] = function(value) return not value end,
  booleanEquals = function(a, b) return a == b end,
  stringEquals = function(a, b) return a == b end,
  getAttr = attribute,
  isValidHostLabel = function(text, subdomains)
    for label in (text .. "."):gmatch "([^.]*)%." do
      if not label:find "^%w[%w-]*$" or #label > 63 then return false end
    end
    return subdomains or not text:find(".", 1, true)
  end,
  ["aws.partition"] = endpoints.partition,
}

local function fill(template, scope)
  return (template:gsub("{([^}#]+)#?([^}]*)}", function(name, path)
    return path == "" and scope[name] or attribute(scope[name], path)
  end))
end

--- The properties of an endpoint, templates filled in.
local function fill_all(value, scope)
  if type(value) == "string" then return fill(value, scope) end
  if type(value) ~= "table" then return value end
  local filled = {}
  for key, inner in pairs(value) do filled[key] = fill_all(inner, scope) end
  return filled
end

local function call(expression, scope)
  local arguments, count = {}, #expression.argv
  for i, argument in ipairs(expression.argv) do arguments[i] = evaluate(argument, scope) end
  local apply = FUNCTIONS[expression.fn] or error("endpoint rules: unknown function " .. expression.fn)
  return apply(table.unpack(arguments, 1, count))
end

function evaluate(expression, scope)
  if type(expression) == "string" then return fill(expression, scope) end
  if type(expression) ~= "table" then return expression end
  if expression.ref then return scope[expression.ref] end
  return call(expression, scope)
end

local function holds(conditions, scope)
  for _, condition in ipairs(conditions) do
    local value = call(condition, scope)
    if not value then return false end
    if condition.assign then scope[condition.assign] = value end
  end
  return true
end

local function first_match(rules, scope)
  for _, rule in ipairs(rules) do
    if holds(rule.conditions, scope) then
      if rule.type == "error" then return nil, evaluate(rule.error, scope) end
      if rule.type == "endpoint" then return rule.endpoint end
      return first_match(rule.rules, scope)
    end
  end
  return nil, "no endpoint rule applies"
end

--- Applies the rule set of a service to parameters as AWS names them.
---@param service string
---@param parameters table  Region, UseFIPS, UseDualStack, Endpoint, UseGlobalEndpoint
---@return { url: string, properties: table }? endpoint
---@return string? err
function endpoints.apply(service, parameters)
  local rules = load(service, "endpoints.json")
  local scope = {}
  for name, parameter in pairs(rules.parameters) do
    scope[name] = parameters[name]
    if scope[name] == nil then scope[name] = parameter.default end
  end
  local endpoint, err = first_match(rules.rules, scope)
  if not endpoint then return nil, err end
  return { url = evaluate(endpoint.url, scope), properties = fill_all(endpoint.properties or {}, scope) }
end

-- What a client needs.

local RULE_SETS = { email = "ses", iam = "iam", kms = "kms", rds = "rds", secretsmanager = "secretsmanager",
  ses = "ses", sesv2 = "sesv2", sns = "sns", ssm = "ssm", states = "states", sts = "sts" }
local SIGNING_NAMES = { email = "ses", sesv2 = "ses" }

--- A service without a rule set here answers at PREFIX.REGION.SUFFIX, with FIPS at PREFIX-fips. S3 has a dual stack of
--- its own.
local function plain(service, options)
  local partition, region = endpoints.partition(options.region), options.region
  local suffix = options.use_dual_stack and partition.dualStackDnsSuffix or partition.dnsSuffix
  local host = options.use_fips and service .. "-fips" or service
  if service == "s3" and options.use_dual_stack then
    host, suffix = host .. ".dualstack", partition.dnsSuffix
  end
  return { url = ("https://%s.%s.%s"):format(host, region, suffix), properties = {} }
end

---@class trapheus.Endpoint
---@field url string
---@field signing_name string
---@field signing_region string

---@param service string  "rds", or the host prefix of a service without a rule set here.
---@param options { region: string, endpoint_url?: string, use_fips?: boolean, use_dual_stack?: boolean,
---                 use_global?: boolean }
---@return trapheus.Endpoint? endpoint
---@return string? err
function endpoints.resolve(service, options)
  if not options.region:find(LABEL) then return nil, ("%q is no region"):format(options.region) end
  local endpoint, err
  if RULE_SETS[service] then
    endpoint, err = endpoints.apply(RULE_SETS[service], {
      Region = options.region,
      Endpoint = options.endpoint_url,
      UseFIPS = options.use_fips or false,
      UseDualStack = options.use_dual_stack or false,
      UseGlobalEndpoint = options.use_global,
    })
  elseif options.endpoint_url then
    endpoint = { url = options.endpoint_url, properties = {} }
  else
    endpoint = plain(service, options)
  end
  if not endpoint then return nil, err end
  local scheme = (endpoint.properties.authSchemes or {})[1] or {}
  return {
    url = endpoint.url,
    signing_name = scheme.signingName or SIGNING_NAMES[service] or service,
    signing_region = scheme.signingRegion or options.region,
  }
end

--- The endpoint of a service by the user's settings.
---@param service string
---@param settings trapheus.Config
---@param region string
---@param endpoint_url string?
---@return trapheus.Endpoint? endpoint
---@return string? err
function endpoints.of_settings(service, settings, region, endpoint_url)
  local usable, why = pcall(endpoints.allows_http, endpoint_url or "https://aws")
  if not usable then return nil, why end
  return endpoints.resolve(service, {
    region = region,
    endpoint_url = endpoint_url,
    use_fips = settings.use_fips,
    use_dual_stack = settings.use_dual_stack,
    use_global = service == "sts" and not settings.sts_regional or nil,
  })
end

-- AWS's own endpoints, by host.
local AWS_HOSTS = { "%.amazonaws%.com$", "%.amazonaws%.com%.cn$", "%.api%.aws$", "%.amazonwebservices%.", "%.aws%.dev$",
  "%.amazonaws%.eu$", "%.c2s%.ic%.gov$", "%.sc2s%.sgov%.gov$", "%.cloud%.adc%-e%.uk$", "%.csp%.hci%.ic%.gov$" }

--- Is it one of AWS's own endpoints, and no emulator?
---@param url string?  nil, or what is no address: AWS's
---@return boolean
function endpoints.is_aws(url)
  local parts = url and core.uri.parse(url)
  if not parts then return true end
  for _, pattern in ipairs(AWS_HOSTS) do
    if parts.host:find(pattern) then return true end
  end
  return false
end

local function is_loopback(host)
  return host == "localhost" or host == "::1" or host == "[::1]" or host:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

--- May the endpoint be called without TLS? Only a simulator on this machine may; any other http:// raises, and so does
--- what is more than a scheme, a host and a port.
---@param url string
---@return boolean
function endpoints.allows_http(url)
  if url:find("@", 1, true) then error("endpoint URL: a user name or password in it is not taken", 0) end
  local parts = core.uri.parse(url)
  if not parts then error(("endpoint URL %s: https://HOST or https://HOST:PORT is expected"):format(url), 0) end
  if (parts.path ~= "" and parts.path ~= "/") or parts.query ~= "" then
    error(("endpoint URL %s: only https://HOST or https://HOST:PORT is taken, without a path"):format(url), 0)
  end
  if parts.scheme == "https" then return false end
  if parts.scheme == "http" and is_loopback(parts.host) then return true end
  error(("endpoint URL %s: https is needed; http is only for 127.0.0.1 and localhost"):format(url), 0)
end

return endpoints
