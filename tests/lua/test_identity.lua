--- Credentials that last: fetched again before they end, kept while their source is down, on a clock of our own.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local identity = require "trapheus.aws.credentials.identity"
local tasks = require "trapheus.tasks"

local tests = {}

--- An identity of a source whose credentials last so long, on a clock of our own.
local function refreshing(lifetime_s)
  local clock = { now = 1000000, fetches = 0 }
  local made = identity.new({ method = "test", place = "a test", renewable = true, fetch = function()
    clock.fetches = clock.fetches + 1
    if clock.down then errors.try(error, "", 0) end
    return core.credentials { access_key_id = "K" .. clock.fetches, secret_access_key = "HUSH",
      expires_at = clock.now + lifetime_s }
  end }, { now_s = function() return clock.now end, random = function() return 0.5 end })
  return made, clock
end

local function key(who, changes) return who:current(changes).access_key_id end

function tests.credentials_are_fetched_again_before_they_end()
  local who, clock = refreshing(3600)
  assert(key(who) == "K1")
  clock.now = clock.now + 2600
  assert(key(who) == "K1" and clock.fetches == 1)
  clock.now = clock.now + 100 -- 900 s left: others are fetched, these are good
  key(who)
  assert(clock.fetches == 2 and key(who) == "K2")
end

function tests.credentials_are_kept_while_their_source_is_down()
  local who, clock = refreshing(3600)
  key(who)
  clock.down, clock.now = true, clock.now + 3100
  assert(key(who) == "K1" and key(who, true) == "K1" and clock.fetches == 2)
  clock.now = clock.now + 300 -- 200 s left: enough to look, not to change
  assert(key(who) == "K1")
  local ok, err = pcall(key, who, true)
  assert(not ok and errors.is(err, "CredentialsExpired") and err.retryable and not err.ambiguous, tostring(err))
  clock.down = false
  assert(key(who, true) ~= "K1", "a change does not wait for the next time to ask")
end

function tests.credentials_that_aws_refuses_are_fetched_at_once()
  local who, clock = refreshing(3600)
  key(who)
  assert(who:renew() and key(who) == "K2")
  clock.down = true
  assert(not who:renew() and key(who) == "K2")
end

function tests.others_are_fetched_behind_the_back_of_those_who_sign()
  local previous = tasks.use(core.loop { virtual = true })
  local now, fetches = 1000000, 0
  local who = identity.new({ method = "test", place = "a test", renewable = true, fetch = function()
    fetches = fetches + 1
    if fetches > 1 then tasks.sleep(20) end
    return core.credentials { access_key_id = "K" .. fetches, secret_access_key = "HUSH", expires_at = now + 3600 }
  end }, { now_s = function() return now end, random = function() return 0.5 end })
  tasks.run(function()
    key(who)
    now = now + 2800 -- 800 s left
    local began_ms = tasks.loop():now_ms()
    for _ = 1, 5 do assert(key(who, true) == "K1", "it waits for others") end
    assert(fetches == 2 and tasks.loop():now_ms() == began_ms, "one asks for others, and nobody waits")
    tasks.sleep(30)
    assert(key(who, true) == "K2" and fetches == 2)
  end)
  tasks.use(previous)
end

--- What is sent of a change that is refused so often, for credentials that have ended; and its error.
local function refused(times)
  local client = require "trapheus.aws.client"
  local who = refreshing(3600)
  local sent = {}
  local refusal = { code = "ExpiredToken", message = "old", retryable = false }
  local done = "<ModifyDBInstanceResponse><ModifyDBInstanceResult/></ModifyDBInstanceResponse>"
  local loop = {}
  function loop:aws(request)
    sent[#sent + 1] = request.credentials.access_key_id
    local refuses = #sent <= times
    return setmetatable({ done = function() return true end, result = function()
      return { status = refuses and 403 or 200, attempts = 1, headers = {}, body = done,
        error = refuses and refusal or nil }
    end }, { __close = function() end })
  end
  local previous = tasks.use(loop)
  local ok, err = pcall(function()
    client.new("rds", { region = "eu-west-1", credentials = who, read_file = function() end, getenv = function() end })
      :ModifyDBInstance { DBInstanceIdentifier = "a" }
  end)
  tasks.use(previous)
  return table.concat(sent, " "), not ok and err or nil
end

function tests.a_refused_call_is_sent_again_with_others_once()
  local sent, err = refused(1)
  assert(sent == "K1 K2" and not err, sent)
  sent, err = refused(9)
  assert(sent == "K1 K2" and errors.is(err, "ExpiredToken"), sent)
end

function tests.an_outage_of_the_metadata_service_does_not_stop_a_run()
  local clock = 1000000
  local who = identity.new({ method = "iam-role", place = "x", renewable = true, outlives = true, fetch = function()
    return core.credentials { access_key_id = "OLD", secret_access_key = "HUSH", expires_at = 999999 }
  end }, { now_s = function() return clock end, random = function() return 0.5 end })
  assert(key(who, true) == "OLD")
end

return tests
