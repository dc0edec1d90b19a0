--- Runs of a fleet that share what they see, with stale reads, lost and late calls: after each change of the sandbox's
--- truth no data is lost, nobody touches what is another's, and at the end each is what its outcome says.
local many = require "many"
local witness = require "witness"
local tests = {}

local IDS = { "mydb", "mydb-2", "orders", "users" }

local FAULTS = {
  { "*:4%:lost", "*:3%:drop" },
  { "*:3%:500c", "*:3%:500n", "RestoreDBInstanceFromDBSnapshot:2:terminal:incompatible-restore" },
  { "ModifyDBInstance:30%:zombie:300", "DeleteDBInstance:50%:zombie:600", "*:5%:throttle" },
  { "RestoreDBInstanceFromDBSnapshot:1:lost", "AddTagsToResource:40%:lost", "DescribeDBInstances:5%:drop" },
  { "CreateDBSnapshot:1:lost", "RestoreDBInstanceFromDBSnapshot:1:denied", "*:3%:lost" },
}

local function by_rid(sandbox, rid)
  for _, thing in ipairs(sandbox.instances) do
    if thing.rid == rid and not thing.gone then return thing end
  end
end

local function alive(thing) return thing ~= nil and thing.status ~= "deleting" end

-- Collects what breaks.
local function watch(all)
  local sandbox, journal = all.world.sandbox, all.world.journal
  local seen = { originals = {}, verified = {}, made = {}, problems = {}, read = 0 }
  for _, id in ipairs(IDS) do seen.originals[id] = sandbox.names[id].rid end
  local owner = {}
  for id, rid in pairs(seen.originals) do owner[rid] = id end
  local save = journal.save
  function journal.save(self, record, ...)
    save(self, record, ...)
    local verified = record.facts and record.facts.verified
    if verified then seen.verified[record.identifier] = verified.resource_id end
  end
  local function note(text) seen.problems[#seen.problems + 1] = text end
  local function effect(entry)
    if entry.operation == "RestoreDBInstanceFromDBSnapshot" then
      local thing = sandbox.names[entry.params.DBInstanceIdentifier]
      seen.made[thing and thing.rid or entry.target] = entry.params.DBInstanceIdentifier
    elseif entry.operation == "DeleteDBInstance" then
      local id = owner[entry.target]
      if id and not seen.verified[id] then note("the original of " .. id .. " was deleted before it was verified") end
      if not id and not seen.made[entry.target] then note("a third one was deleted: " .. tostring(entry.target)) end
    elseif entry.params.NewDBInstanceIdentifier then
      local id = owner[entry.target] or seen.made[entry.target]
      local name = entry.params.NewDBInstanceIdentifier
      if name ~= id and name ~= tostring(id) .. "-temp" then note(("%s became %s"):format(tostring(id), name)) end
    end
  end
  function seen.audit(upto)
    for i = seen.read + 1, upto do
      local entry = sandbox.audit[i]
      if entry.committed and entry.service == "rds" then effect(entry) end
    end
    seen.read = math.max(seen.read, upto)
  end
  function sandbox.on_commit()
    seen.audit(#sandbox.audit - 1)
    for id, rid in pairs(seen.originals) do
      if not alive(by_rid(sandbox, rid)) and not alive(by_rid(sandbox, seen.verified[id])) then
        note(id .. " is lost: neither the original nor a verified replacement is there")
      end
    end
  end
  return seen
end

local function check_end(sandbox, row, seen)
  local holder = sandbox.names[row.id]
  local wanted = row.outcome == "restored" and seen.verified[row.id] or seen.originals[row.id]
  if row.status == "parked" or row.status == "interrupted" then return end
  witness.equal(holder and holder.rid, wanted, ("who is %s, %s"):format(row.id, row.outcome))
end

for i, faults in ipairs(FAULTS) do
  tests[("%d the invariants hold with %s"):format(i, faults[1])] = function()
    local seen
    local result = many { ids = IDS, flags = { "--keep-going", "--seed", tostring(i) }, faults = faults,
      knobs = { stale_s = { 0, 60 }, list_stale_s = { 0, 30 }, stale_apart = 1, rename_gap_s = { 0, 30 } },
      prepare = function(all)
        for _, own in ipairs(all.own) do require("trapheus.command").stage(all.world, own) end
        seen = watch(all)
      end }
    seen.audit(#result.sandbox.audit)
    witness.none(seen.problems)
    for _, row in ipairs(result.state.runs) do check_end(result.sandbox, row, seen) end
    local shared = 0
    for _, entry in ipairs(result.sandbox.audit) do
      local filter = (entry.params.Filters or {})[1]
      shared = shared + (filter and #filter.Values > 1 and 1 or 0)
    end
    assert(shared > 20, "only " .. shared .. " looks were shared")
  end
end

return tests
