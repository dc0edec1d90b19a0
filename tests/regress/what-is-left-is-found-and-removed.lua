--- What ended runs have left behind is found; what is certainly theirs is removed on request, the rest is only named.
local hosts = require "hosts"
local leftovers = require "trapheus.leftovers"
local marks = require "trapheus.marks"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local function denied(operation, from, to)
  local faults = {}
  for i = from, to do faults[#faults + 1] = { operation = operation, occurrence = i, kind = "denied" } end
  return faults
end

local function only(found)
  witness.equal(#found, 1, "things found")
  return found[1]
end

local function remove(result)
  local found = leftovers.find(result.world)
  local sent = #witness.changes(result.sandbox)
  leftovers.remove(result.world, found)
  return found, #witness.changes(result.sandbox) - sent
end

local function nothing_left(result)
  witness.equal(#leftovers.find(result.world), 0, "things left")
end

tests["nothing is left of a run that has ended well"] = function() nothing_left(rehearse {}) end

tests["an original that could not be deleted"] = function()
  local result = rehearse { knobs = { stale_s = 0 }, faults = denied("DeleteDBInstance", 1, 1) }
  witness.equal(result.outcome, "restored")
  local thing = only(leftovers.find(result.world))
  assert(thing.remove and thing.name == "mydb-temp" and thing.why:find(result.run.id, 1, true), thing.why)
  assert(result.sandbox:instance "mydb-temp", "looking has removed it")
  thing = only((remove(result)))
  assert(thing.removed, thing.failure)
  assert(not result.sandbox:instance "mydb-temp", "it is there")
  assert(not witness.marked(result.sandbox:instance "mydb".TagList), "a mark is left")
  witness.equal(result.world.journal:load(result.run.id).outcome, "restored", "how the run ended")
  nothing_left(result)
end

tests["an original that was kept on purpose is only named"] = function()
  local result = rehearse { knobs = { stale_s = 0 }, options = { keep_original = true } }
  witness.equal(result.outcome, "restored")
  local found, sent = remove(result)
  local thing = only(found)
  assert(thing.name == "mydb-temp" and not thing.remove and thing.why:find("kept by request", 1, true), thing.why)
  witness.equal(sent, 0, "changes")
end

tests["an original whose replacement is gone is not deleted"] = function()
  local result = rehearse { knobs = { stale_s = 0 }, faults = denied("DeleteDBInstance", 1, 1) }
  for _, call in ipairs {
    { "ModifyDBInstance", { DBInstanceIdentifier = "mydb", DeletionProtection = false } },
    { "DeleteDBInstance", { DBInstanceIdentifier = "mydb", SkipFinalSnapshot = true } },
  } do assert(result.sandbox:operator(call[1], call[2])) end
  witness.pass(result.world, 7200)
  assert(not only(leftovers.find(result.world)).remove, "it would be removed")
  local _, sent = remove(result)
  witness.equal(sent, 0, "changes")
  assert(result.sandbox:instance "mydb-temp", "the last database is gone")
end

tests["protection and marks that could not be taken off the original"] = function()
  local faults = denied("RemoveTagsFromResource", 1, 1)
  faults[#faults + 1] = { operation = "ModifyDBInstance", occurrence = 2, kind = "denied" }
  faults[#faults + 1] = { operation = "CreateDBSnapshot", occurrence = "every", kind = "error",
    code = "SnapshotQuotaExceeded" }
  local result = rehearse { knobs = { stale_s = 0 }, faults = faults }
  witness.equal(result.outcome, "failed")
  witness.equal(#leftovers.find(result.world), 2, "things found")
  local found = remove(result)
  for _, thing in ipairs(found) do assert(thing.removed, thing.failure) end
  assert(not result.sandbox:instance "mydb".DeletionProtection, "it is protected")
  witness.equal(result.world.journal:load(result.run.id).outcome, "failed", "how the run ended")
  nothing_left(result)
end

tests["protection that a person has turned on since stays"] = function()
  local faults = denied("RemoveTagsFromResource", 1, 1)
  faults[#faults + 1] = { operation = "CreateDBSnapshot", occurrence = "every", kind = "error",
    code = "SnapshotQuotaExceeded" }
  local result = rehearse { knobs = { stale_s = 0 }, faults = faults }
  assert(result.sandbox:operator("ModifyDBInstance", { DBInstanceIdentifier = "mydb", DeletionProtection = true }))
  assert(only((remove(result))).removed)
  assert(result.sandbox:instance "mydb".DeletionProtection, "it was turned off")
end

tests["a snapshot whose mark could not be taken off"] = function()
  local result = rehearse { knobs = { stale_s = 0 }, faults = denied("RemoveTagsFromResource", 1, 99) }
  result.sandbox:heal()
  local found = remove(result)
  witness.equal(#found, 2, "the replacement and the snapshot")
  for _, thing in ipairs(found) do assert(thing.removed, thing.failure) end
  assert(result.sandbox:snapshot "mydb-snapshot", "the snapshot itself is gone")
  nothing_left(result)
end

tests["what another machine's run, or a copy, bears is only named"] = function()
  local result = rehearse { knobs = { stale_s = 0 }, faults = denied("RemoveTagsFromResource", 1, 99) }
  local sandbox = result.sandbox
  sandbox:heal()
  sandbox:add_instance { DBInstanceIdentifier = "theirs", TagList = marks.list({}, { [marks.LEASE] = "aaaabbbb:1" }) }
  sandbox:add_snapshot { DBSnapshotIdentifier = "copy", DBInstanceIdentifier = "theirs",
    TagList = marks.list({}, { [marks.RUN] = marks.of_snapshot(result.run.id) }) }
  local found = remove(result)
  for _, thing in ipairs(found) do
    local ours = thing.name:find "^mydb" ~= nil
    witness.equal(thing.removed or false, ours, thing.name .. " removed")
    witness.equal(thing.remove, ours, thing.name)
  end
  witness.equal(#leftovers.find(result.world), 2, "things named")
  witness.equal(#leftovers.find(hosts.another(result.world)), 2, "things named elsewhere")
end

return tests
