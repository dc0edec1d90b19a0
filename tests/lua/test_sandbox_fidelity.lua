--- Calls as tables and calls as bytes are one RDS: the same seed and faults, the same outcome and the same changes.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local fault_plan = require "trapheus.sandbox.fault_plan"
local faults = require "trapheus.sandbox.faults"
local json = require "trapheus.json"
local rehearse = require "rehearse"
local sorted = require "trapheus.sorted"
local swarm = require "trapheus.sandbox.swarm"
local trace = require "trapheus.sandbox.trace"
local world_module = require "trapheus.world"

local tests = {}

local function both(spec)
  local results = {}
  for _, fidelity in ipairs { "tables", "bytes" } do
    spec.fidelity = fidelity
    results[fidelity] = rehearse(spec)
  end
  return results.tables, results.bytes
end

-- The first line in which two texts differ.
local function difference(a, b)
  local of_b, number = b:gmatch "[^\n]*", 0
  for line in a:gmatch "[^\n]*" do
    local other = of_b()
    number = number + 1
    if line ~= other then return ("line %d: %s\n%s"):format(number, line:sub(1, 400), tostring(other):sub(1, 400)) end
  end
  return "one is longer"
end

local function same(label, spec)
  local tables, bytes = both(spec)
  for _, tell in ipairs { "committed", "calls" } do
    local a, b = trace[tell](tables.sandbox), trace[tell](bytes.sandbox)
    if a ~= b then error(("%s: %s: %s"):format(label, tell, difference(a, b)), 2) end
  end
  if tables.outcome ~= bytes.outcome then
    error(("%s: %s, not %s"):format(label, bytes.outcome, tables.outcome), 2)
  end
  return tables
end

function tests.seeds_and_their_faults()
  local outcomes = {}
  for seed = 1, 18 do
    local result = same("seed " .. seed, { seed = seed, faults = swarm(seed, "mydb"), snapshot = seed % 2 == 0 or nil,
      task = seed % 5 == 0 and "db_restore" or nil,
      preset = seed == 8 and "adversarial" or seed % 3 > 0 and "quick" or nil })
    outcomes[result.outcome] = true
  end
  assert(#sorted.keys(outcomes) >= 2, "all of them end alike: " .. table.concat(sorted.keys(outcomes), " "))
end

--- Every kind of fault of a call, with parameters that matter.
local KINDS = { "drop", "lost", "dup", "zombie:5m", "throttle:2", "500n", "500c", "503", "trunc", "trunc:0",
  "trunc:700", "trunc:1000000",
  "garbage:html", "garbage:empty", "garbage:type", "slow:20", "slow:10m", "odd", "odd:entities", "odd:huge",
  "reset:request:10", "reset:response:10", "dns", "tls", "skew:1200", "skew:-1200", "skew:100", "expired",
  "revoked", "denied", "error:Odd:418", "error:Odd", "terminal:failed", "background_failure", "stuck" }

local CALLS = {
  { "DescribeDBInstances", {} },
  { "DescribeDBInstances", { DBInstanceIdentifier = "none" } },
  { "CreateDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" } },
  { "ModifyDBInstance", { DBInstanceIdentifier = "mydb", MultiAZ = false, ApplyImmediately = true } },
}

local function attempt(world, call)
  local reply, err = errors.try(world.rds[call[1]], world.rds, call[2])
  if reply then
    reply.ResponseMetadata = nil
    return (json.encode(reply):gsub("{}", "[]")) -- an empty table says not which it is
  end
  return ("%s status=%s retryable=%s ambiguous=%s attempts=%s"):format(err.code, err.status, err.retryable,
    err.ambiguous, err.attempts)
end

--- What a client learns of two calls, the first of which meets a fault; and how long that took.
local function learned(fidelity, call, kind)
  local world = world_module.sandbox { fidelity = fidelity, knobs = { stale_s = 0 } }
  world.sandbox:add_instance { DBInstanceIdentifier = "mydb" }
  world.sandbox:inject { ("%s:1:%s"):format(call[1], kind) }
  local began_ms = world:now_ms()
  local seen = { attempt(world, call), attempt(world, call) }
  seen[3] = ("%d ms, ahead %s s"):format(world:now_ms() - began_ms, world:clock_ahead_s())
  seen[4] = trace.calls(world.sandbox)
  return table.concat(seen, "\n")
end

function tests.every_kind_of_fault_means_the_same()
  local seen = {}
  for _, kind in ipairs(KINDS) do
    for _, call in ipairs(CALLS) do
      if fault_plan.parse(("%s:1:%s"):format(call[1], kind)) then
        local a, b = learned("tables", call, kind), learned("bytes", call, kind)
        if a ~= b then error(("%s of %s: %s"):format(kind, call[1], difference(a, b))) end
        seen[kind:match "^[^:]+"] = true
      end
    end
  end
  for kind in pairs(faults.effects) do assert(seen[kind], kind .. " is not compared") end
end

--- Kind, how often a read and a change are sent, and the fault of nearly all attempts.
local REPEATED = {
  { "drop", 3, 1 }, { "dns", 3, 3 }, { "tls", 3, 3 }, { "throttle", 3, 3 }, { "500c", 3, 1 }, { "503", 3, 1 },
  { "trunc:0", 3, 1 }, { "garbage:html", 3, 1 }, { "reset:response", 3, 1 }, { "denied", 1, 1 },
  { "error:InvalidDBInstanceState", 1, 1 },
}

--- How often a call is sent when every attempt meets that.
local function attempts(fidelity, call, kind, how)
  local world = world_module.sandbox { fidelity = fidelity }
  world.sandbox:add_instance { DBInstanceIdentifier = "mydb" }
  world.sandbox:inject { ("%s:every:%s"):format(call[1], kind) }
  local _, err = errors.try(world.rds[call[1]], world.rds, call[2], how)
  assert(err.attempts == #world.sandbox.audit, "the error says how often")
  return err.attempts
end

function tests.what_may_be_sent_again_is()
  for _, fidelity in ipairs { "tables", "bytes" } do
    for _, row in ipairs(REPEATED) do
      local kind, of_read, of_change = table.unpack(row)
      local reads, changes = attempts(fidelity, CALLS[1], kind), attempts(fidelity, CALLS[3], kind)
      assert(reads == of_read, ("%s of a read at %s: sent %d times"):format(kind, fidelity, reads))
      assert(changes == of_change, ("%s of a change at %s: sent %d times"):format(kind, fidelity, changes))
      assert(attempts(fidelity, CALLS[1], kind, { max_attempts = 1 }) == 1, "once, as asked")
    end
  end
end

function tests.time_passes_between_attempts()
  local world = world_module.sandbox {}
  local began_ms = world:now_ms()
  world.sandbox:inject { "DescribeDBInstances:1:throttle:2" }
  assert(world.rds:DescribeDBInstances {})
  local took_ms = world:now_ms() - began_ms
  assert(took_ms > 0 and took_ms <= 3000, took_ms .. " ms: up to one second, then up to two")
end

function tests.a_look_that_is_lost_refuses_nothing()
  local result = same("a lost look of preflight", { faults = { "GetCallerIdentity:1:drop", "DescribeDBInstances:1:drop",
    "DescribeDBSnapshots:1:503" } })
  assert(result.outcome == "restored", result.outcome)
end

function tests.a_client_whose_clock_is_off_learns_the_time()
  for _, fidelity in ipairs { "tables", "bytes" } do
    local world = world_module.sandbox { fidelity = fidelity }
    world.sandbox:shift_clock(3600)
    assert(world.sts:GetCallerIdentity {})
    local audit = world.sandbox.audit
    assert(#audit == 2 and audit[1].outcome == "RequestExpired" and audit[2].outcome == "ok", "sent again, once")
    assert(world:clock_ahead_s() == -3600)
    assert(world.sts:GetCallerIdentity {})
    assert(#audit == 3, "it has learnt")
  end
end

function tests.a_late_request_is_as_old_as_its_signature()
  for _, fidelity in ipairs { "tables", "bytes" } do
    for delay_s, wanted in pairs { [880] = "ok", [920] = "RequestExpired" } do
      local world = world_module.sandbox { fidelity = fidelity, knobs = { stale_s = 0 } }
      world.sandbox:add_instance { DBInstanceIdentifier = "mydb" }
      world.sandbox:inject { ("CreateDBSnapshot:1:zombie:%d"):format(delay_s) }
      errors.try(world.rds.CreateDBSnapshot, world.rds, CALLS[3][2])
      local timer <close> = world.loop:timer(1000000)
      while not timer:done() do world.loop:step() end
      world.sandbox:advance()
      assert(world.sandbox.audit[2].late and world.sandbox.audit[2].outcome == wanted)
    end
  end
end

function tests.bytes_are_what_the_client_sends()
  local world = world_module.sandbox { fidelity = "bytes" }
  local seen
  local answer = world.rds.transport.wire.answer
  function world.rds.transport.wire:answer(request)
    seen = request
    return answer(self, request)
  end
  world.rds:DescribeDBInstances { MaxRecords = 20 }
  assert(seen.body:find("Action=DescribeDBInstances", 1, true) and seen.body:find("MaxRecords=20", 1, true))
  local signed = {}
  for _, pair in ipairs(seen.headers) do signed[pair[1]:lower()] = pair[2] end
  assert(signed.authorization:find("^AWS4%-HMAC%-SHA256 Credential=AKIDSANDBOX/20260101/us%-east%-1/rds/aws4_request"))
  assert(core.version)
end

return tests
