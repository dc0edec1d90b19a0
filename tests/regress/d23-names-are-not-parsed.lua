--- D23: an identifier that has -temp or -snapshot in it is a name like any other; nothing is cut off or guessed.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local IDENTIFIERS = {
  "my-template-1", "a-temperature", "orders-temp", "temp", "x-temp-y", "x-snapshot", "snapshot-temp", "a",
  "my-temp-temp",
}

local TERMINAL = { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" }

-- Every name that a call was about is the identifier, or it with one known ending.
local function check_names(sandbox, id, run_id)
  local known = { [id] = true, [id .. "-temp"] = true, [id .. "-snapshot"] = true, [id .. "-s-" .. run_id] = true }
  for _, entry in ipairs(witness.changes(sandbox)) do
    for _, field in ipairs { "DBInstanceIdentifier", "NewDBInstanceIdentifier", "DBSnapshotIdentifier" } do
      local name = entry.params[field]
      name = name and name:match "^arn:.*:([^:]+)$" or name
      if name and not known[name] then error(("%s of %s"):format(entry.operation, name), 2) end
    end
  end
end

for _, id in ipairs(IDENTIFIERS) do
  tests[id .. " is restored"] = function()
    local original
    local result = rehearse { id = id, snapshot = true,
      prepare = function(sandbox) original = sandbox:instance(id) end }
    witness.equal(result.outcome, "restored")
    check_names(result.sandbox, id, result.run.id)
    assert(result.sandbox:instance(id).DbiResourceId ~= original.DbiResourceId, "there is a replacement")
    assert(result.sandbox:instance(id .. "-temp") == nil, "nothing is left aside")
  end

  tests[id .. " is rolled back to its own name"] = function()
    local original
    local result = rehearse { id = id, faults = { TERMINAL },
      prepare = function(sandbox) original = sandbox:instance(id) end }
    witness.equal(result.outcome, "rolled_back")
    check_names(result.sandbox, id, result.run.id)
    witness.equal(result.sandbox:instance(id).DbiResourceId, original.DbiResourceId, "who holds the name")
  end
end

tests["a neighbour whose name is a part of it, or longer, is left alone"] = function()
  local function neighbours(sandbox)
    local list = {}
    for i, name in ipairs { "my", "my-template-1-x", "my-template-1-temp-temp", "my-template" } do
      list[i] = sandbox:instance(name).DbiResourceId
    end
    return table.concat(list, " ")
  end
  for _, faults in ipairs { {}, { TERMINAL } } do
    local before
    local result = rehearse { id = "my-template-1", faults = faults,
      prepare = function(sandbox)
        for _, name in ipairs { "my", "my-template-1-x", "my-template-1-temp-temp", "my-template" } do
          sandbox:add_instance { DBInstanceIdentifier = name }
        end
        before = neighbours(sandbox)
      end }
    witness.equal(neighbours(result.sandbox), before, "the neighbours")
    check_names(result.sandbox, "my-template-1", result.run.id)
  end
end

return tests
