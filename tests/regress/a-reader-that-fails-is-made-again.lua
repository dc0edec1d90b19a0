--- A reader that ends badly is deleted by its resource id and made again, twice; then the cluster goes on without it.
local clusters = require "clusters"
local rehearse = require "rehearse"
local report = require "trapheus.report"
local witness = require "witness"
local tests = {}

-- The second member made, mydb-2, fails so many times; its creations are numbers 2, and from 4 on.
local function failing(times)
  local faults = {}
  for i = 1, times do
    faults[i] = { operation = "CreateDBInstance", occurrence = i == 1 and 2 or i + 2, kind = "terminal",
      status = "incompatible-network" }
  end
  return faults
end

local function check(spec, without)
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "restored")
  witness.none(state.problems)
  clusters.check_restored(result, state.before, "mydb", without)
  clusters.tidy(result.sandbox)
  return result
end

for times = 1, 2 do
  tests[("it failed %d times, and is there"):format(times)] = function()
    local result = check { cluster = {}, members = 3, faults = failing(times) }
    witness.equal(#result.record.facts.replacement.members["mydb-2"].retired, times, "failed ones on record")
  end

  tests[("it failed %d times, with old reads"):format(times)] = function()
    check { cluster = {}, members = 3, faults = failing(times), knobs = { stale_s = { 0, 60 } }, seed = 5 }
  end
end

tests["it failed three times: the cluster is restored without it, and that is told"] = function()
  local result = check({ cluster = {}, members = 3, faults = failing(3) }, { ["mydb-2"] = true })
  assert(report.text(result.run):find "the reader mydb%-2 is missing", report.text(result.run))
  witness.equal(witness.committed(result.sandbox, "CreateDBInstance"), 5, "members made")
  for _, member in ipairs(result.document.replacement.members) do
    if member.name == "mydb-2" then assert(type(member.resource_id) ~= "string", "it has a resource id") end
  end
end

tests["a failed one that may not be deleted stays, and that is told"] = function()
  local spec = { cluster = {}, members = 2, faults = failing(1) }
  spec.faults[2] = { operation = "DeleteDBInstance", occurrence = 1, kind = "denied" }
  local result = rehearse(spec)
  witness.equal(result.outcome, "restored")
  assert(report.text(result.run):find "the reader mydb%-2 is missing", report.text(result.run))
end

return tests
