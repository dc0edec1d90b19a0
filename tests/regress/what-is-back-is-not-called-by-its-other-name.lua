--- Back under its own name, the original may still be shown under the other one for a minute: what is put right then is
--- not asked of the other name.
local instance = require "trapheus.databases.instance"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

-- The next look is from before the original had its name again.
local function look_before(run)
  run:look_anew() -- at what the step before has seen, too
  local look = instance.by_resource_id
  function instance.by_resource_id(...)
    instance.by_resource_id = look
    local raw = {}
    for field, value in pairs(look(...).raw) do raw[field] = value end
    raw.DBInstanceIdentifier, raw.DBInstanceArn = "mydb-temp", raw.DBInstanceArn .. "-temp"
    return instance.wrap(raw)
  end
end

for _, step in ipairs { "fence", "lock" } do
  tests["on the way back through the step " .. step] = function()
    local result = rehearse { extend = witness.before_undo(step, look_before), knobs = { stale_s = 0 },
      faults = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "denied" } } }
    witness.equal(result.outcome, "rolled_back")
    for _, entry in ipairs(witness.changes(result.sandbox)) do
      assert(not entry.outcome:find "NotFound", ("%s: %s"):format(entry.operation, entry.outcome))
    end
    local truth = result.sandbox:instance "mydb"
    assert(not truth.DeletionProtection and not witness.marked(truth.TagList), "it is as it was")
  end
end

return tests
