--- Can a restore be run from here? Each check answers for itself, and says what to do when it fails; one that depends
--- on another that failed is left out. Nothing is changed.
local alerts = require "trapheus.alerts"
local client = require "trapheus.aws.client"
local command = require "trapheus.command"
local config = require "trapheus.aws.config"
local core = require "trapheus.core"
local credentials = require "trapheus.aws.credentials"
local endpoints = require "trapheus.aws.endpoints"
local errors = require "trapheus.errors"
local journal = require "trapheus.journal"
local log = require "trapheus.log"
local permissions = require "trapheus.permissions"
local tasks = require "trapheus.tasks"
local trapheus = require "trapheus"
local usage = require "trapheus.usage"

local doctor = {}

---@class trapheus.Finding
---@field name string
---@field state "ok"|"failed"|"unknown"  Unknown: it could not be asked.
---@field text string
---@field advice string?

---@class trapheus.Patient   What the checks so far have found.
---@field given trapheus.Given
---@field settings trapheus.Config?
---@field region string?
---@field signs boolean?
---@field caller table?      The reply of GetCallerIdentity.
---@field needs trapheus.Permissions?
---@field clients table<string, trapheus.Client>

local TOLERATED_SKEW_S = 60

local NETWORK = "check the way there: security groups, NAT or an interface endpoint for the service, HTTPS_PROXY and "
  .. "NO_PROXY"
local KEYS = "see which credentials are used above; AWS_PROFILE or --profile chooses others"
local POLICY = "have what 'trapheus policy %s' prints put into a policy of these credentials"

--- What to do about an error, by its code.
local ADVICE = {
  NameResolutionError = "check the spelling of the Region, the name server, and HTTPS_PROXY",
  ConnectError = NETWORK, RequestTimeout = NETWORK, ConnectionLost = NETWORK,
  TLSError = "the certificate is not trusted here: AWS_CA_BUNDLE names a file of certificates to trust, as that of a "
    .. "proxy that looks inside",
  InvalidClientTokenId = "AWS does not know this key: it was deleted, or is of another partition; " .. KEYS,
  UnrecognizedClientException = "AWS does not know this key: it was deleted, or is of another partition; " .. KEYS,
  SignatureDoesNotMatch = "the secret is not that of the key, or the clock is wrong; " .. KEYS,
  ExpiredToken = "the credentials have ended: get others; " .. KEYS,
  RequestExpired = "set the clock of this machine",
  NoCredentials = "sign in as for the AWS CLI: 'aws configure', 'aws sso login', or a role of the machine",
  NoRegion = "set AWS_REGION, region in the profile, or give --region",
  MalformedReply = "what answers there is not AWS: check AWS_ENDPOINT_URL and proxies",
  UnsafeFile = "change who may write the file",
}

local function advice_for(err, identifier)
  if not errors.is(err) then return nil end
  if ADVICE[err.code] then return ADVICE[err.code] end
  if errors.class(err.operation or "", err.code, err.status) == "auth" then return POLICY:format(identifier or "ID") end
end

--- What is raised says why.
local function fail(message, ...)
  error(errors.new { code = "Found", message = message:format(...) }, 0)
end

local function client_of(about, service, region)
  local key = service .. " " .. (region or about.region)
  about.clients[key] = about.clients[key]
    or client.new(service, { config = about.settings, region = region or about.region })
  return about.clients[key]
end

-- The checks: a text for what is in order, or false and why it cannot be said. They raise what is not. ----------

local function settings(about)
  local given = about.given
  about.settings = config.load { profile = given.profile, region = given.region, endpoint_url = given.endpoint_url }
  tasks.use(assert(core.loop { ca_bundle = about.settings.ca_bundle, pace = given.pace or 1 }))
  local doubts = about.settings.warnings
  return ("profile %s%s"):format(about.settings.profile, doubts[1] and ("; " .. table.concat(doubts, "; ")) or "")
end

local function region(about)
  about.region = about.settings:region()
  local listed, hint = endpoints.is_listed(about.region)
  return about.region .. (listed and "" or ", which AWS's list in this program does not have" .. hint)
end

local function signs(about)
  local identity = credentials.resolve(about.settings)
  local ends, held = identity:ends_at(), identity:current()
  about.signs = true
  local last = ends and (", until " .. log.time(ends))
    or identity.source.renewable and ", fetched again before they end" or ""
  if ends and ends <= core.clock.wall_ms() / 1000 then fail("%s has ended%s", held.access_key_id, last) end
  return ("%s of %s (%s)%s"):format(held.access_key_id, identity.place, identity.method, last)
end

local function sts(about)
  about.caller = client_of(about, "sts"):GetCallerIdentity {}
  return ("%s, account %s"):format(about.caller.Arn, about.caller.Account)
end

local function clock(about)
  local ahead_s = client_of(about, "sts").transport.clock_ahead_s
  if not ahead_s then return false, "AWS's reply bore no time" end
  if math.abs(ahead_s) < TOLERATED_SKEW_S then return "as AWS's" end
  fail("%s %s AWS's: set it", log.duration(math.abs(ahead_s)), ahead_s > 0 and "ahead of" or "behind")
end

local function rds(about)
  client_of(about, "rds"):DescribeDBInstances { MaxRecords = 20 }
  return client_of(about, "rds").transport.endpoint.url
end

local function state(about)
  local directory = command.state_dir(about.given)
  local opened = journal.open(directory)
  opened:check()
  opened:close()
  return directory
end

local function mail(about, told)
  local ses = client_of(about, "ses", told.region)
  local from, domain = told.from, told.from:match "@(.*)$"
  local reply = ses:GetIdentityVerificationAttributes { Identities = { from, domain } }
  for _, name in ipairs { from, domain } do
    local found = (reply.VerificationAttributes or {})[name]
    if found and found.VerificationStatus == "Success" then return ("mail from %s"):format(from) end
  end
  fail("SES has not verified %s: mail from it is refused; verify the address or its domain in %s", from,
    told.region or about.region)
end

local function channels(about)
  local told, list, untried = alerts.settings(about.given).channels, {}, 0
  if #told == 0 then
    return false, "nobody is told of a failure: name --email-to, --slack, --sns or --webhook, or write the file "
      .. "(--config)"
  end
  for _, channel in ipairs(told) do
    if channel.kind == "email" then list[#list + 1] = mail(about, channel) else untried = untried + 1 end
  end
  if untried > 0 then
    list[#list + 1] = ("%d of Slack, SNS and webhooks, which trapheus notify --test would try"):format(untried)
  end
  return table.concat(list, "; ")
end

local function preflight(about)
  if not about.given.id then return false, "name a database to have it looked at: trapheus doctor ID" end
  local given = {}
  for name, value in pairs(about.given) do given[name] = value end
  about.needs = permissions.gather(trapheus.load "restore", given)
  return ("%s of %s is possible"):format(given.task, given.id)
end

---@type { name: string, ask: (fun(about: trapheus.Patient): string|false, string?), needs: string? }[]
doctor.checks = {
  { name = "settings", ask = settings },
  { name = "Region", ask = region, needs = "settings" },
  { name = "credentials", ask = signs, needs = "settings" },
  { name = "sts", ask = sts, needs = "signs" },
  { name = "clock", ask = clock, needs = "caller" },
  { name = "rds", ask = rds, needs = "caller" },
  { name = "preflight", ask = preflight, needs = "caller" },
  { name = "permissions", ask = require "trapheus.doctor.permissions", needs = "needs" },
  { name = "state directory", ask = state },
  { name = "alerts", ask = channels, needs = "caller" },
}

local function diagnose(check, about)
  local ok, text, why = pcall(check.ask, about)
  if ok then return { name = check.name, state = text and "ok" or "unknown", text = text or why } end
  if not errors.is(text) and not usage.is(text) and type(text) ~= "string" then error(text, 0) end
  local message = errors.is(text, "Found") and text.message or tostring(text)
  return { name = check.name, state = "failed", text = message, advice = advice_for(text, about.given.id) }
end

--- Asks everything that can be asked.
---@param given trapheus.Given
---@return trapheus.Finding[]
function doctor.examine(given)
  local about, findings = { given = given, clients = {} }, {}
  for _, check in ipairs(doctor.checks) do
    if check.needs and not about[check.needs] then
      findings[#findings + 1] = { name = check.name, state = "unknown", text = "not asked, for what is said above" }
    else
      findings[#findings + 1] = diagnose(check, about)
    end
  end
  return findings
end

return doctor
