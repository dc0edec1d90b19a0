--- A DB cluster as the steps see it: looked at, judged, changed; and the parts that a database is made of.
local cluster = require "trapheus.databases.cluster"
local hosts = require "hosts"
local instance = require "trapheus.databases.instance"
local parts = require "trapheus.parts"
local preflight = require "trapheus.steps.preflight"
local witness = require "witness"
local world_module = require "trapheus.world"

local tests = {}

local equal = witness.equal

local function aurora(fields)
  local raw = { DBClusterIdentifier = "c", DbClusterResourceId = "cluster-C", DBClusterArn = "arn:c",
    Status = "available", Engine = "aurora-mysql" }
  for field, value in pairs(fields or {}) do raw[field] = value end
  return cluster.wrap(raw)
end

local function multi_az(fields)
  fields.Engine, fields.DBClusterInstanceClass = "postgres", "db.r6gd.large"
  return aurora(fields)
end

local function sandboxed(add)
  local world = world_module.sandbox { knobs = { stale_s = 0 } }
  add(world.sandbox)
  return world.rds
end

-- Looking ---------------------------------------------------------------------------------------

function tests.it_is_found_by_name_and_by_resource_id()
  local truth
  local rds = sandboxed(function(sandbox)
    truth = sandbox:add_cluster({ DBClusterIdentifier = "mydb" }, { { DBInstanceIdentifier = "w" } })
    sandbox:add_cluster({ DBClusterIdentifier = "other" }, {})
  end)
  equal(cluster.by_name(rds, "mydb").resource_id, truth.DbClusterResourceId)
  equal(cluster.by_resource_id(rds, truth.DbClusterResourceId).name, "mydb")
  equal(cluster.by_name(rds, "nobody"), nil)
  equal(cluster.by_resource_id(rds, "cluster-NOBODY"), nil)
end

function tests.the_members_that_a_run_has_seen_with_it_are_its_own()
  local world = world_module.sandbox { knobs = { stale_s = 0 } }
  world.sandbox:add_cluster({ DBClusterIdentifier = "mydb" }, { { DBInstanceIdentifier = "w" } })
  local run, seen = hosts.run(world), cluster.by_name(world.rds, "mydb")
  run.database = cluster
  local original = preflight.capture(run, seen)
  equal(#original.seen_members, 1)
  equal(original.name, "mydb")
  equal(cluster.wrap(seen.raw).seen_members, nil, "what another run is given of the same look")
end

function tests.an_emulator_without_the_filter_is_searched()
  local filtered = 0
  local rds = { paginate = function(_, _, parameters)
    if parameters.Filters then
      filtered = filtered + 1
      error(require("trapheus.errors").new { code = "InvalidParameterValue" }, 0)
    end
    local list, at = { { DbClusterResourceId = "cluster-A" }, { DbClusterResourceId = "cluster-B" } }, 0
    return function()
      at = at + 1
      return list[at]
    end
  end }
  equal(cluster.by_resource_id(rds, "cluster-B").resource_id, "cluster-B")
  equal(filtered, 1, "questions with a filter")
end

function tests.its_members_are_those_of_aurora_with_what_the_cluster_says_of_them()
  local rds = sandboxed(function(sandbox)
    sandbox:add_cluster({ DBClusterIdentifier = "mydb" },
      { { DBInstanceIdentifier = "r" }, { DBInstanceIdentifier = "w", IsClusterWriter = true } })
    sandbox:add_cluster({ DBClusterIdentifier = "other" }, { { DBInstanceIdentifier = "x" } })
    sandbox:add_cluster { DBClusterIdentifier = "maz", Engine = "postgres" }
  end)
  local roles = {}
  for _, member in ipairs(cluster.members(rds, cluster.by_name(rds, "mydb"))) do
    roles[#roles + 1] = member.name .. (member.in_cluster.IsClusterWriter and "!" or "")
  end
  equal(table.concat(roles, " "), "r w!", "members")
  equal(#cluster.members(rds, cluster.by_name(rds, "maz")), 0, "members of its own")
  equal(#instance.members(rds, instance.by_name(rds, "r")), 0, "members of an instance")
end

-- Judging ---------------------------------------------------------------------------------------

local function row(fields) return { DBInstanceIdentifier = "w", IsClusterWriter = fields.writer,
  DBClusterParameterGroupStatus = fields.status or "in-sync" } end

function tests.it_has_settled_when_its_members_and_roles_have_arrived()
  assert(aurora():settled())
  for _, fields in ipairs {
    { Status = "modifying" }, { PendingModifiedValues = { EngineVersion = "8" } },
    { DBClusterMembers = { row { status = "pending-reboot" } } }, { AssociatedRoles = { { Status = "PENDING" } } },
    { VpcSecurityGroups = { { Status = "adding" } } },
  } do
    local settled, why = aurora(fields):settled()
    assert(not settled and why, next(fields))
  end
end

function tests.it_is_usable_when_somebody_writes_if_there_ever_was_somebody()
  local members = { { name = "w" } }
  equal(aurora():usable(members), false)
  equal(aurora { DBClusterMembers = { row {} } }:usable(members), false)
  equal(aurora { DBClusterMembers = { row { writer = true } } }:usable(members), true)
  equal(aurora { Status = "failed", DBClusterMembers = { row { writer = true } } }:usable(members), false)
  equal(aurora():usable {}, true)
end

function tests.only_a_multi_az_cluster_is_rebooted_as_one()
  local waiting = { DBClusterMembers = { row { status = "pending-reboot" } } }
  equal(aurora(waiting):needs_reboot(), false)
  equal(multi_az(waiting):needs_reboot(), true)
  equal((multi_az({}):reboot()), "RebootDBCluster")
end

-- Changing --------------------------------------------------------------------------------------

function tests.automated_backups_of_a_multi_az_cluster_cannot_be_kept()
  local _, _, kept = aurora():delete { delete_automated_backups = false }
  equal(kept.DeleteAutomatedBackups, false)
  local _, _, lost = multi_az({}):delete { delete_automated_backups = false }
  equal(lost.DeleteAutomatedBackups, nil)
  equal(cluster.retains_backups { Engine = "aurora-postgresql" }, true)
  equal(cluster.retains_backups { Engine = "mysql" }, false)
end

function tests.a_member_is_deleted_without_what_its_cluster_has()
  local _, _, parameters = instance.wrap({ DBInstanceIdentifier = "m", DbiResourceId = "db-M" }):delete {}
  equal(parameters.SkipFinalSnapshot, true)
  equal(parameters.DeleteAutomatedBackups, nil)
end

-- Parts -----------------------------------------------------------------------------------------

local function wait(why, sent) return { wait = why, sent = sent } end

-- What is asked of whom, and the answer, when `answers` tells what each part answers.
local function walk(roles, answers)
  local list, asked = {}, {}
  for i, role in ipairs(roles) do list[i] = { role = role, nth = i } end
  local answer = parts.each(list, function(part)
    asked[#asked + 1] = part.nth
    return answers[part.nth]
  end)
  return answer, table.concat(asked, " ")
end

local ROLES = { "reader", "reader", "reader", "writer", "whole" }

function tests.parts_of_one_role_are_moved_together_and_the_next_waits()
  local answer, asked = walk(ROLES, { wait "one", nil, wait "three" })
  equal(answer.wait, "one")
  equal(asked, "1 2 3", "asked")
  answer, asked = walk(ROLES, { [4] = wait "four" })
  equal(answer.wait, "four")
  equal(asked, "1 2 3 4", "asked")
  answer, asked = walk(ROLES, {})
  equal(answer, nil)
  equal(asked, "1 2 3 4 5", "asked")
end

function tests.one_call_a_look()
  local answer, asked = walk(ROLES, { wait "shown soon", wait("sent", true) })
  equal(answer.wait, "sent")
  equal(asked, "1 2", "asked")
end

function tests.a_failure_is_told_at_once()
  local answer, asked = walk(ROLES, { wait "one", { fail = "denied" } })
  equal(answer.fail, "denied")
  equal(asked, "1 2", "asked")
end

return tests
