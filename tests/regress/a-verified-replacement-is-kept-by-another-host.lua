--- Once the replacement is verified there is only forward, for another machine too: also when the marks on the original
--- are off already, because all that was left to do were those on the replacement.
local driver = require "trapheus.drivers.local"
local errors = require "trapheus.errors"
local hosts = require "hosts"
local path = require "trapheus.path"
local recover = require "trapheus.recover"
local witness = require "witness"

local tests = {}

-- The machine dies after the nth journal write in the last step. nil: there are not so many.
local function dies_at_the_end(spec, nth)
  local count = 0
  return hosts.lost(spec, function(_, _, when, world)
    local record = world and next(world.journal.documents) and world.journal:list()[1]
    local is_counted = when == "after" and record and record.step == "finish"
    count = count + (is_counted and 1 or 0)
    return is_counted and count == nth
  end)
end

local DENIED = { operation = "DeleteDBInstance", occurrence = "every", kind = "denied" }

local function who(sandbox)
  local truth = sandbox:cluster "mydb" or sandbox:instance "mydb"
  return truth.DbClusterResourceId or truth.DbiResourceId
end

local CASES = {
  ["its members are not marked any more"] = function()
    return { cluster = {}, members = 2, options = { keep_original = true } }
  end,
  ["the original is kept"] = function() return { options = { keep_original = true } } end,
  ["the original could not be deleted"] = function() return { faults = { DENIED } } end,
  ["of the snapshot nothing is known any more"] = function()
    return { faults = { DENIED }, task = "db_restore", snapshot = true }
  end,
}

for name, spec in pairs(CASES) do
  tests[name] = function()
    local nth, recovered = 0, 0
    repeat
      nth = nth + 1
      local world = dies_at_the_end(spec(), nth)
      if world then
        witness.pass(world, 1900)
        local sandbox = world.sandbox
        local verified = who(sandbox)
        if spec().snapshot then sandbox:call("rds", "DeleteDBSnapshot", { DBSnapshotIdentifier = "mydb-snapshot" }) end
        local other, pipeline = hosts.another(world), path.script "scripts/restore.lua" ()
        local ok, run = pcall(recover.run, other, pipeline, "mydb", "restore")
        if ok then
          assert(other.journal:lock(run))
          driver.run(pipeline, run)
          recovered = recovered + 1
          witness.equal(run.record.outcome, "restored", "the outcome, after write " .. nth)
        else
          assert(errors.is(run, "NotRecoverable"), tostring(run))
        end
        witness.pass(world, 1800)
        witness.equal(who(sandbox), verified, "who holds the name, after write " .. nth)
      end
    until not world
    assert(nth > 4 and recovered > 2, ("%d writes, %d recovered"):format(nth, recovered))
  end
end

return tests
