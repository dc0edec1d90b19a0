--- D29: the permissions of a run are those that it needs: each action on the resources it is done to, roles for the
--- service that takes them, and nothing deleted that was not moved aside or made by a run.
local command = require "trapheus.command"
local driver = require "trapheus.drivers.local"
local journal = require "trapheus.journal"
local model = require "trapheus.aws.model"
local operations = require "trapheus.operations"
local options = require "trapheus.options"
local permissions = require "trapheus.permissions"
local policy = require "trapheus.policy"
local trapheus = require "trapheus"

local tests = {}

local function given(...)
  return options.restore({ "mydb", "--sandbox", ... }, "policy")
end

local function policy_for(...)
  return policy.build(permissions.gather(trapheus.load "restore", given(...)))
end

local function rds_arn(rest) return "arn:aws:rds:us-east-1:123456789012:" .. rest end

-- As IAM judges, as far as these policies go -----------------------------------------------------------

local function matches(patterns, text)
  for _, pattern in ipairs(type(patterns) == "table" and patterns or { patterns }) do
    if text:find("^" .. pattern:gsub("[%-%.%+%[%]%(%)%$%^%%%?]", "%%%0"):gsub("%*", ".*") .. "$") then return true end
  end
  return false
end

--- `tagged`: the resource bears the tag of a run.
local function allowed(document, action, resource, tagged)
  local yes = false
  for _, statement in ipairs(document.Statement) do
    if matches(statement.Action, action) then
      if statement.Effect == "Deny" then
        if not matches(statement.NotResource, resource) and not tagged then return false end
      elseif matches(statement.Resource, resource) then
        yes = true
      end
    end
  end
  return yes
end

-- Runs, and what they change ---------------------------------------------------------------------------

local NAMED = { DBInstanceIdentifier = "db", NewDBInstanceIdentifier = "db", DBSnapshotIdentifier = "snapshot",
  DBParameterGroupName = "pg", OptionGroupName = "og", DBSubnetGroupName = "subgrp",
  FinalDBSnapshotIdentifier = "snapshot", DBClusterIdentifier = "cluster", NewDBClusterIdentifier = "cluster",
  DBClusterSnapshotIdentifier = "cluster-snapshot", SnapshotIdentifier = "cluster-snapshot",
  DBClusterParameterGroupName = "cluster-pg" }

local function changes_of(faults, ...)
  local asked, seen = given(...), {}
  local world = command.sandbox_world(asked)
  world.journal = journal.memory()
  world.sandbox:inject(faults)
  world:listen(function(event)
    if event.event == "call" then seen[#seen + 1] = event end
  end)
  local run = command.new_run(world, asked, "restore")
  driver.run(trapheus.load "restore", run)
  return seen, run.record.outcome
end

local function resources(call)
  local list = { call.parameters.ResourceName }
  for field, kind in pairs(NAMED) do
    local name = call.parameters[field]
    if name and field ~= "FinalDBSnapshotIdentifier" then
      list[#list + 1] = name:find "^arn:" and name or ("arn:aws:rds:us-east-1:123456789012:%s:%s"):format(kind, name)
    end
  end
  return list
end

local function assert_enough(document, calls)
  assert(#calls > 0)
  for _, call in ipairs(calls) do
    for _, resource in ipairs(resources(call)) do
      assert(allowed(document, "rds:" .. call.operation, resource, true), call.operation .. " on " .. resource)
    end
  end
end

local RESTORE = "RestoreDBInstanceFromDBSnapshot"
local WAYS = {
  { "restored", {} },
  { "rolled_back", { { operation = RESTORE, occurrence = 1, kind = "terminal", status = "failed" } } },
  { "failed", { { operation = "ModifyDBInstance", occurrence = 1, kind = "denied" } } },
}

for _, task in ipairs { "create_snapshot", "db_restore" } do
  for _, way in ipairs(WAYS) do
    tests[("what a run of %s needs that ends as %s is in its policy"):format(task, way[1])] = function()
      local calls, outcome = changes_of(way[2], "--task", task)
      assert(outcome == way[1], outcome)
      if way[1] ~= "failed" then assert_enough(policy_for("--task", task), calls) end
    end
  end
end

function tests.a_cluster_and_its_members()
  local document = policy_for "--cluster"
  local calls, outcome = changes_of({}, "--cluster")
  assert(outcome == "restored", outcome)
  assert_enough(document, calls)
  local cluster = "arn:aws:rds:us-east-1:123456789012:cluster:"
  assert(not allowed(document, "rds:DeleteDBCluster", cluster .. "mydb", false))
  assert(allowed(document, "rds:DeleteDBCluster", cluster .. "mydb-temp", false))
end

function tests.a_snapshot_only_needs_no_more_than_that()
  local document = policy_for("--task", "create_snapshot_only")
  local calls, outcome = changes_of({}, "--task", "create_snapshot_only")
  assert(outcome == "snapshotted", outcome)
  assert_enough(document, calls)
  for _, action in ipairs { "rds:DeleteDBInstance", "rds:ModifyDBInstance", "rds:" .. RESTORE } do
    assert(not allowed(document, action, "arn:aws:rds:us-east-1:123456789012:db:mydb", true), action)
  end
end

function tests.the_next_run_replaces_the_snapshot_that_this_one_makes()
  for operation, kind in pairs { DeleteDBSnapshot = "snapshot", DeleteDBClusterSnapshot = "cluster-snapshot" } do
    local document = policy_for("--snapshot", "nightly", kind == "cluster-snapshot" and "--cluster" or nil)
    assert(allowed(document, "rds:" .. operation, rds_arn(kind .. ":nightly"), false), operation)
    assert(not allowed(document, "rds:" .. operation, rds_arn(kind .. ":weekly"), false), operation)
    assert(allowed(document, "rds:DescribeExportTasks", "*", false), "it is looked at before it is replaced")
  end
end

--- Of each operation that changes something, what names what is changed.
local NAMES = { DBInstanceIdentifier = "db", DBClusterIdentifier = "cluster", DBSnapshotIdentifier = "snapshot",
  DBClusterSnapshotIdentifier = "cluster-snapshot", DBClusterEndpointIdentifier = "cluster-endpoint",
  ResourceArn = "db", ResourceName = "db", SourceDBInstanceArn = "db", SubscriptionName = "es" }

function tests.whatever_is_called_is_allowed_on_what_it_is_called_on()
  local about = permissions.gather(trapheus.load "restore", given())
  about.subscriptions = { { name = "mine", source = "mydb" } }
  local rds, judged = model.load "rds", 0
  for operation in pairs(operations) do
    for member in pairs(rds.shapes[rds.operations[operation].input.shape].members) do
      local kind = NAMES[member]
      if kind then
        local resource = rds_arn(kind .. ":mine")
        local given_as = (member:find "Arn$" or member == "ResourceName") and resource or "mine"
        about.calls, judged = { { operation = operation, parameters = { [member] = given_as } } }, judged + 1
        assert(allowed(policy.build(about), "rds:" .. operation, resource, true), operation .. " of " .. member)
      end
    end
  end
  assert(judged >= 30, judged)
end

-- And no more ---------------------------------------------------------------------------------------------

function tests.nothing_is_changed_anywhere_and_no_role_is_given_to_anybody()
  for _, statement in ipairs(policy_for().Statement) do
    for _, action in ipairs(statement.Action) do
      assert(not action:find "^%a+:%*$" and action ~= "*", action)
      local looks = action:find ":Describe" or action:find ":Get" or action:find ":List" or action == "ses:SendEmail"
      assert(looks or statement.Resource ~= "*", action .. " on everything")
      if action == "iam:PassRole" then assert(statement.Condition.StringEquals["iam:PassedToService"]) end
    end
  end
end

function tests.another_database_is_out_of_reach()
  local document = policy_for()
  for _, action in ipairs { "ModifyDBInstance", "DeleteDBInstance", RESTORE, "AddTagsToResource" } do
    assert(allowed(document, "rds:" .. action, "arn:aws:rds:us-east-1:123456789012:db:mydb", true), action)
    for _, name in ipairs { "orders", "mydb2", "mydb-temp2" } do
      assert(not allowed(document, "rds:" .. action, "arn:aws:rds:us-east-1:123456789012:db:" .. name, true), name)
    end
  end
end

function tests.groups_are_used_and_not_changed()
  local document = policy_for()
  for _, group in ipairs { "pg:production-postgres", "og:production-postgres", "subgrp:production" } do
    local arn = "arn:aws:rds:us-east-1:123456789012:" .. group
    assert(allowed(document, "rds:" .. RESTORE, arn, true), group)
    for _, action in ipairs { "AddTagsToResource", "ModifyDBInstance", "DeleteDBInstance" } do
      assert(not allowed(document, "rds:" .. action, arn, true), action .. " on " .. group)
    end
  end
end

function tests.only_what_was_moved_aside_or_made_by_a_run_is_deleted()
  local document, db = policy_for(), "arn:aws:rds:us-east-1:123456789012:db:"
  assert(allowed(document, "rds:DeleteDBInstance", db .. "mydb-temp", false))
  assert(allowed(document, "rds:DeleteDBInstance", db .. "mydb", true))
  assert(not allowed(document, "rds:DeleteDBInstance", db .. "mydb", false))
end

function tests.an_alert_is_sent_from_one_address()
  local mail
  local document = policy_for("--email-from", "dba@example.com", "--email-to", "ops@example.com")
  for _, statement in ipairs(document.Statement) do
    if statement.Sid == "Mail" then mail = statement end
  end
  assert(mail.Condition.StringEquals["ses:FromAddress"] == "dba@example.com")
end

return tests
