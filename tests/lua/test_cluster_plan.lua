--- A plan of a cluster, advice about it, and what is told while it is restored.
local json = require "trapheus.json"
local plan = require "trapheus.plan"
local rehearse = require "rehearse"
local report = require "trapheus.report"
local witness = require "witness"
local world_module = require "trapheus.world"

local tests = {}

local equal = witness.equal

-- A rehearsal that ends with its plan.
local function planned(spec)
  local made
  function spec.extend(pipeline)
    local tick = pipeline.tick
    function pipeline:tick(run)
      run.world.gate = function(world, gated)
        made = plan.make(self, gated, world_module.sandbox { start_ms = world:now_ms(), region = world.region,
          account = gated.record.account })
        return { done = true, outcome = "planned" }
      end
      return tick(self, run)
    end
  end
  local result = rehearse(spec)
  equal(result.outcome, "planned")
  equal(#witness.changes(result.sandbox), 0, "changes")
  return made, result
end

local function listed(calls)
  local list = {}
  for _, call in ipairs(calls) do
    if not call.operation:find "Tags" then list[#list + 1] = call.operation .. " " .. call.target end
  end
  return list
end

-- What the run then does is what the plan says.
for label, spec in pairs {
  ["three members"] = { cluster = {}, members = 3 },
  ["an old snapshot to restore from"] = { cluster = { Engine = "aurora-mysql" }, members = 2, snapshot = true,
    task = "db_restore" },
  ["Serverless v2, and a snapshot that is replaced"] = { cluster = {}, snapshot = true, members = {
    { DBInstanceIdentifier = "w", DBInstanceClass = "db.serverless", IsClusterWriter = true } } },
  ["a Multi-AZ DB cluster"] = { cluster = { Engine = "mysql" } },
} do
  tests["a plan is what the run does: " .. label] = function()
    local made = planned(spec)
    equal(made.trouble, nil, "trouble")
    spec.extend = nil
    local calls = {}
    for _, call in ipairs(rehearse(spec).calls) do
      if not call:find "Tags" then calls[#calls + 1] = call end
    end
    equal(table.concat(listed(made.calls), "\n"), table.concat(calls, "\n"))
    assert(made.outage_s > 0 and #made.carried > 20, "outage and settings")
    assert(report.plan(made):find "RestoreDBClusterFromSnapshot", "the plan for people")
  end
end

tests["a plan tells what is carried over of each member"] = function()
  local made = planned { cluster = {}, members = { { DBInstanceIdentifier = "a", IsClusterWriter = true },
    { DBInstanceIdentifier = "b" }, { DBInstanceIdentifier = "c" } }, prepare = function(sandbox)
    witness.amend(sandbox, "c", { MonitoringInterval = 0 }, { "MonitoringRoleArn" })
  end }
  local of = {}
  for _, name in ipairs(made.carried) do of[name] = true end
  for _, name in ipairs { "Port", "a.DBInstanceClass", "b.PromotionTier", "c.Tags" } do assert(of[name], name) end
  local text = report.plan(made)
  for _, pattern in ipairs { "\nSettings carried over %(%d+%): Engine,",
    "\nOf the members a, b %(%d+%): DBInstanceClass,",
    "\nOf the member c %(%d+%): DBInstanceClass,", "carried over: a%.DbiResourceId, b%.DbiResourceId, " } do
    assert(text:find(pattern), ("%s is not in:\n%s"):format(pattern, text))
  end
end

tests["what every cluster and member has is not called lost"] = function()
  local made = planned { cluster = {}, members = 2 }
  for _, row in ipairs(made.impossible) do
    assert(row.name:find "ResourceId$", row.name .. " is called lost")
  end
  equal(#made.impossible, 3, "resource ids")
end

tests["advice: a cluster's groups, machines and room are asked about"] = function()
  local _, result = planned { cluster = {}, members = 2, knobs = { stale_s = 0 }, prepare = function(sandbox)
    sandbox.known.parameter_groups["production-aurora-postgresql"] = nil
    sandbox.knobs.instance_quota = 3
  end }
  local warnings = table.concat(result.record.warnings, "\n")
  for _, part in ipairs { "the parameter group production%-aurora%-postgresql does not exist",
    "2 of 3 DB instances are used, and the run needs 2 more" } do
    assert(warnings:find(part), warnings)
  end
end

tests["the document names the members of both, with their roles"] = function()
  local document = json.decode(json.encode(rehearse({ cluster = {}, members = 2 }).document))
  equal(document.kind, "cluster")
  for _, side in ipairs { "original", "replacement" } do
    local roles = {}
    for _, member in ipairs(document[side].members) do
      assert(member.resource_id:find "^db%-", side)
      roles[#roles + 1] = member.role
    end
    table.sort(roles)
    equal(table.concat(roles, " "), "reader writer", side)
  end
  equal(document.replacement.members[1].name, "mydb-1")
  equal(document.original.members[1].name, json.null)
end

tests["what is waited for says of which part"] = function()
  local seen = {}
  for _, event in ipairs(rehearse({ cluster = {}, members = 2 }).events) do
    if event.why then seen[#seen + 1] = event.why end
  end
  local text = table.concat(seen, "\n")
  for _, part in ipairs { "the reader mydb%-2 to ", "the writer mydb%-1 %(creating%)",
    "the reader mydb%-2 %(creating%)" } do
    assert(text:find(part), text)
  end
end

return tests
