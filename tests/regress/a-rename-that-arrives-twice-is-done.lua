--- A request that arrives twice is executed once and refused once: where the refusal comes back, the run looks before
--- it believes it, and does not turn round for a rename that has taken effect.
local errors = require "trapheus.sandbox.errors"
local rehearse = require "rehearse"
local witness = require "witness"

local tests = {}

local NEW = { ModifyDBInstance = "NewDBInstanceIdentifier", ModifyDBCluster = "NewDBClusterIdentifier" }

-- The sandbox answers the nth rename by `refuse(call, entry)`, which says what becomes of it.
local function refusing(nth, refuse)
  return function(sandbox)
    local serve, seen = sandbox.serve, 0
    function sandbox:serve(service, operation, params, ...)
      seen = seen + (NEW[operation] and params[NEW[operation]] and 1 or 0)
      if not (NEW[operation] and params[NEW[operation]] and seen == nth) then
        return serve(self, service, operation, params, ...)
      end
      return nil, refuse(function(...) return serve(self, service, operation, params, ...) end, ...)
    end
  end
end

-- Executed, and its echo says so.
local function echo(code)
  return function(execute, ...)
    assert(execute(...), "the first of the two is executed")
    return errors.new(code, "as the second one finds it")
  end
end

-- Not executed at all.
local function refusal(code)
  return function() return errors.new(code, "it is taken") end
end

local function end_as(outcome, spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, outcome)
  return result
end

for _, code in ipairs { "DBInstanceAlreadyExists", "DBInstanceNotFound" } do
  tests["an instance moves aside, whatever the second says: " .. code] = function()
    local result = end_as("restored", { prepare = refusing(1, echo(code)) })
    witness.equal(#witness.renames(result.sandbox), 1, "renames that were sent")
  end

  tests["an instance moves back, whatever the second says: " .. code] = function()
    end_as("rolled_back", { prepare = refusing(2, echo(code)),
      faults = { "RestoreDBInstanceFromDBSnapshot:every:terminal:failed" } })
  end

  tests["a member moves aside, whatever the second says: " .. code] = function()
    end_as("restored", { cluster = {}, members = 2, prepare = refusing(2, echo(code)) })
  end
end

for _, code in ipairs { "DBClusterAlreadyExistsFault", "DBClusterNotFoundFault" } do
  tests["a cluster moves aside, whatever the second says: " .. code] = function()
    end_as("restored", { cluster = {}, members = 1, prepare = refusing(2, echo(code)) })
  end
end

tests["the request itself arrives twice"] = function()
  for _, cluster in ipairs { false, {} } do
    local operation = cluster and "ModifyDBCluster" or "ModifyDBInstance" -- the second of it is the rename
    local result = end_as("restored", { cluster = cluster or nil, faults = { operation .. ":2:dup" } })
    witness.equal(result.sandbox.faults[1].kind, "dup")
  end
end

tests["a refusal that is meant is believed, once it has been looked"] = function()
  local result = end_as("rolled_back", { prepare = refusing(1, refusal "DBInstanceAlreadyExists") })
  witness.equal(#witness.renames(result.sandbox), 0, "renames that arrived")
  witness.equal(result.record.failure.code, "DBInstanceAlreadyExists")
  assert(result.record.failure.message:find "it is taken", "RDS's own words")
end

tests["a run that dies in doubt looks as well"] = function()
  local died
  local function die(_, entry, when)
    if died or entry.outcome ~= "doubtful" or when ~= "after" then return false end
    died = true
    return true
  end
  local result = end_as("restored", { prepare = refusing(1, echo "DBInstanceAlreadyExists"), crash = die })
  witness.equal(result.crashes, 1, "crashes")
end

return tests
