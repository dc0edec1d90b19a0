--- Credentials that last: fetched again before they end, in the background, and kept while their source is down.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local tasks = require "trapheus.tasks"

local ADVISORY_S = 15 * 60  -- with less than this left others are fetched, while these go on signing
local MANDATORY_S = 10 * 60 -- with less than this they are waited for
local CHANGING_S = 5 * 60   -- with less than this nothing is changed
local AGAIN_S = 60          -- between two attempts on a source that is down

---@class trapheus.aws.Identity
---@field source trapheus.aws.Source
---@field method string
---@field place string
local Identity = {}
Identity.__index = Identity

local identity = {}

local function wall_s() return core.clock.wall_ms() / 1000 end

--- A number in [0, 1).
local function chance() return string.unpack("<I6", core.random_bytes(6)) / (1 << 48) end

--- Of a source, or of credentials that are there already.
---@param source trapheus.aws.Source
---@param options? { now_s: (fun(): number)?, random: (fun(): number)? }
---@return trapheus.aws.Identity
function identity.new(source, options)
  options = options or {}
  return setmetatable({ source = source, method = source.method, place = source.place, next_attempt_s = 0,
    now_s = options.now_s or wall_s, random = options.random or chance }, Identity)
end

--- When the credentials end, seconds since the epoch; nil: never, as far as is known.
---@return number?
function Identity:expires_at()
  return self.held and (self.extended_to or self.held.expires_at)
end

--- When they end for good: nil for those that can be fetched again, and for those that never end.
---@return number?
function Identity:ends_at()
  return not self.source.renewable and self:expires_at() or nil
end

--- Do they end, nobody knows when, with no others to come?
---@return boolean
function Identity:ends_unknown()
  return not self.source.renewable and self.held ~= nil and self.held.temporary and not self.held.expires_at
end

--- Its source may hand out what has ended already, in an outage: those are kept until AWS refuses them.
local function hold(self, credentials)
  local now = self.now_s()
  local ends = credentials.expires_at
  self.held = credentials
  self.extended_to = self.source.outlives and ends and ends <= now + ADVISORY_S
    and now + ADVISORY_S + 120 + 480 * self.random() or nil
  self.early_s = ADVISORY_S + 60 * self.random() -- not all at once, where many started together
end

local function fetch(self)
  self.next_attempt_s = self.now_s() + AGAIN_S * (0.75 + self.random() / 2)
  local ok, result = pcall(self.source.fetch)
  if ok then hold(self, result) end
  return ok, result
end

--- Fetches; whoever comes while it is under way waits for the same answer.
local function refresh(self)
  if not self.fetching or self.fetching:done() then self.fetching = tasks.spawn(fetch, self) end
  return tasks.await(self.fetching)
end

local function left_s(self)
  local ends = self:expires_at()
  return ends and ends - self.now_s() or math.huge
end

local function first(self)
  local ok, err = refresh(self)
  if not ok then error(err, 0) end
end

local function ended(self, err)
  local why = err and (": " .. (errors.is(err) and err.message or tostring(err))) or ""
  error(errors.new { code = "CredentialsExpired", retryable = self.source.renewable, message =
    ("the credentials of %s (%s) end before a change could be answered%s%s"):format(self.place, self.method,
      self.source.ends_unless and "; " .. self.source.ends_unless or "", why) }, 0)
end

--- A source that is down, or has no others yet, is not asked for every call, unless there is no going on without.
local function wait_for_others(self, urgent)
  if self.now_s() < self.next_attempt_s and left_s(self) > 0 and not urgent then return nil end
  local ok, err = refresh(self)
  return not ok and err or nil
end

--- What signs now. Raises what the source raised when there are none; CredentialsExpired for a change that these may
--- not outlast.
---@param changes? boolean  They are to sign a change.
---@return userdata
function Identity:current(changes)
  if not self.held then first(self) end
  if left_s(self) >= (self.early_s or ADVISORY_S) then return self.held end
  local err
  if self.source.renewable then
    if left_s(self) < MANDATORY_S then
      err = wait_for_others(self, changes and left_s(self) < CHANGING_S)
    elseif self.now_s() >= self.next_attempt_s and (not self.fetching or self.fetching:done()) then
      self.fetching = tasks.spawn(fetch, self)
    end
  end
  if changes and left_s(self) < CHANGING_S then
    if self.source.renewable or left_s(self) <= 0 then ended(self, err) end
  end
  return self.held
end

--- AWS has refused them as expired: are there others now?
---@return boolean
function Identity:renew()
  local before = self.held
  if self.source.renewable then
    refresh(self)
  elseif self.source.again then
    local found = self.source.again()
    if found and found.access_key_id ~= before.access_key_id then hold(self, found) end
  end
  return self.held ~= before
end

function Identity:__tostring()
  return ("credentials of %s (%s)"):format(self.place, self.method)
end

--- An identity of what a caller gave: one, core.credentials, or a table of the keys.
---@param given any
---@return trapheus.aws.Identity
function identity.of(given)
  if getmetatable(given) == Identity then return given end
  local credentials = type(given) == "table" and core.credentials(given) or given
  return identity.new { method = "given", place = "the caller", renewable = false,
    fetch = function() return credentials end }
end

return identity
