--- What must follow of a fault in a step: cells of the matrix that no other test names.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local RESTORE = "RestoreDBInstanceFromDBSnapshot"
local TERMINAL = { operation = RESTORE, occurrence = 1, kind = "terminal", status = "failed" }

local function warned(result, text)
  local all = table.concat(result.record.warnings, "\n")
  assert(all:find(text, 1, true), ("%q is not in: %s"):format(text, all))
end

local function original_back(result)
  local holder = result.sandbox:instance "mydb"
  witness.equal(holder and holder.DbiResourceId, result.record.facts.original.resource_id, "who holds the name")
end

tests["lease: a look that is not answered is had again"] = function()
  local result = rehearse {
    faults = { { operation = "DescribeDBInstances", occurrence = 3, kind = "throttle", count = 9 } } }
  witness.equal(result.outcome, "restored")
end

tests["lease: what may not be tagged is refused, and nothing is changed"] = function()
  local result = rehearse { faults = { { operation = "AddTagsToResource", occurrence = "every", kind = "denied" } } }
  witness.equal(result.outcome, "refused")
  witness.equal(#witness.changes(result.sandbox), 0, "changes")
end

tests["rename that fails in the background: asked for once more, then rolled back"] = function()
  for _, fails in ipairs { 1, 2 } do
    local result = rehearse { faults = {
      { operation = "ModifyDBInstance", occurrence = 2, kind = "background_failure" },
      fails == 2 and { operation = "ModifyDBInstance", occurrence = 3, kind = "background_failure" } or nil,
    } }
    witness.equal(result.outcome, fails == 2 and "rolled_back" or "restored", fails .. " failures")
    witness.equal(#witness.renames(result.sandbox), 2, "renames")
    if fails == 2 then original_back(result) end
  end
end

for status, outcome in pairs { wait = "parked", rollback = "rolled_back" } do
  tests["restore that ends so that a person could mend it: " .. status] = function()
    local result = rehearse { options = { on_recoverable = status }, faults = { { operation = RESTORE, occurrence = 1,
      kind = "terminal", status = "incompatible-parameters" } } }
    witness.equal(result.outcome, outcome)
    if outcome == "rolled_back" then
      original_back(result)
    else
      witness.equal(witness.committed(result.sandbox, "DeleteDBInstance"), 0, "deletions")
    end
  end
end

tests["rollback when somebody has deleted the original: the replacement is not deleted as well"] = function()
  local result = rehearse {
    extend = function(pipeline)
      pipeline:before("verify", function(run)
        local sandbox = run.world.sandbox
        for _, change in ipairs {
          { "ModifyDBInstance", { DBInstanceIdentifier = "mydb-temp", DeletionProtection = false } },
          { "DeleteDBInstance", { DBInstanceIdentifier = "mydb-temp", SkipFinalSnapshot = true } },
        } do assert(sandbox:operator(change[1], change[2])) end
        witness.pass(run.world, 7200)
        error("not what it was", 0)
      end)
    end,
  }
  witness.equal(result.outcome, "parked")
  assert(result.record.parked.reason:find("is gone", 1, true), result.record.parked.reason)
  witness.equal(result.sandbox:instance("mydb").DbiResourceId, result.record.facts.replacement.resource_id,
    "the last one")
end

tests["rollback whose protection and tags cannot be put back: told, and rolled back"] = function()
  for _, operation in ipairs { "ModifyDBInstance", "RemoveTagsFromResource" } do
    local from = operation == "ModifyDBInstance" and 4 or 1 -- the fence, two renames
    local faults = { TERMINAL }
    for i = from, from + 9 do faults[#faults + 1] = { operation = operation, occurrence = i, kind = "denied" } end
    local result = rehearse { faults = faults }
    witness.equal(result.outcome, "rolled_back", operation)
    original_back(result)
    warned(result, operation == "ModifyDBInstance" and "deletion protection" or "the tags")
  end
end

tests["rollback whose last looks are not allowed: told, and rolled back"] = function()
  local result
  result = rehearse {
    faults = { TERMINAL },
    extend = function(pipeline)
      local undo = pipeline.steps.fence.undo
      pipeline:replace("fence", { advance = pipeline.steps.fence.advance, tidies = true, undo = function(run)
        run.world.sandbox:inject { { operation = "DescribeDBInstances", occurrence = "every", kind = "denied" } }
        return undo(run)
      end })
    end,
  }
  witness.equal(result.outcome, "rolled_back")
  warned(result, "undo fence did not end")
  original_back(result)
end

tests["rollback whose protection does not go off in time: told, and rolled back"] = function()
  local result = rehearse { faults = { TERMINAL, { operation = "ModifyDBInstance", occurrence = 4, kind = "stuck" },
    { operation = "ModifyDBInstance", occurrence = 5, kind = "stuck" } } }
  witness.equal(result.outcome, "rolled_back")
  original_back(result)
end

return tests
