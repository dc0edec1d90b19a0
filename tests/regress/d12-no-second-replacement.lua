--- D12: a restore call that is throttled, lost or late is never repeated into a second replacement, and is no failure.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local RESTORE = "RestoreDBInstanceFromDBSnapshot"

local FAULTS = {
  ["throttled ten times"] = { kind = "throttle", count = 10 },
  ["not sent"] = { kind = "drop" },
  ["executed, reply lost"] = { kind = "lost" },
  ["executed half a minute later"] = { kind = "zombie", delay_s = 30 },
  ["executed ten minutes later"] = { kind = "zombie", delay_s = 600 },
  ["an internal failure, not executed"] = { kind = "500n" },
  ["an internal failure, executed"] = { kind = "500c" },
  ["executed, reply cut"] = { kind = "garbage" },
}

-- Never are there two databases beside the original.
local function two_replacements(original)
  return function(sandbox)
    local count = 0
    for _, instance in ipairs(sandbox.instances) do
      if not instance.gone and instance.rid ~= original.DbiResourceId then count = count + 1 end
    end
    return count > 1 and count .. " replacements" or nil
  end
end

local function check(fault, knobs)
  local problems, original
  local result = rehearse {
    knobs = knobs,
    faults = { fault },
    prepare = function(sandbox)
      original = sandbox:instance "mydb"
      problems = witness.always(sandbox, two_replacements(original))
    end,
  }
  witness.none(problems)
  witness.equal(result.outcome, "restored")
  witness.equal(witness.committed(result.sandbox, RESTORE), 1, "restores that took effect")
  witness.equal(witness.committed(result.sandbox, "DeleteDBInstance"), 1, "deletions")
  witness.equal(result.record.facts.replacement.resource_id, result.sandbox:instance("mydb").DbiResourceId,
    "the replacement that is on record")
end

for name, fault in pairs(FAULTS) do
  local function injected(occurrence)
    return { operation = RESTORE, occurrence = occurrence, kind = fault.kind, count = fault.count,
      delay_s = fault.delay_s }
  end
  tests["the restore is " .. name] = function() check(injected(1)) end
  tests["the restore is " .. name .. ", and reads are a minute old"] = function()
    check(injected(1), { stale_s = { 0, 60 }, newborn_s = 60 })
  end
end

tests["AlreadyExists after a lost reply means that it is ours"] = function()
  local result = rehearse {
    faults = {
      { operation = RESTORE, occurrence = 1, kind = "zombie", delay_s = 1 },
      { operation = RESTORE, occurrence = 2, kind = "error", code = "DBInstanceAlreadyExists" },
    },
  }
  witness.equal(result.outcome, "restored")
  witness.equal(witness.committed(result.sandbox, RESTORE), 1, "restores that took effect")
end

tests["a restore that is lost three times over is given up, not sent for ever"] = function()
  local original
  local result = rehearse {
    prepare = function(sandbox) original = sandbox:instance "mydb" end,
    faults = { { operation = RESTORE, occurrence = "every", kind = "drop" } },
  }
  witness.equal(result.outcome, "rolled_back")
  witness.equal(#witness.changes(result.sandbox, RESTORE), 3, "restores that were sent")
  witness.equal(result.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
end

return tests
