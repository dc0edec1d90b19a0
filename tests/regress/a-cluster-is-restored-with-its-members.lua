--- Clusters of every kind are restored in place: each member under its own name, in its role, and nothing left behind.
local clusters = require "clusters"
local merged = require "merged"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local TOPOLOGIES = {
  ["Aurora PostgreSQL with one member"] = { cluster = { Engine = "aurora-postgresql" }, members = 1 },
  ["Aurora PostgreSQL with three members"] = { cluster = { Engine = "aurora-postgresql" }, members = 3 },
  ["Aurora PostgreSQL with fifteen members"] = { cluster = { Engine = "aurora-postgresql" }, members = 15 },
  ["Aurora MySQL with one member"] = { cluster = { Engine = "aurora-mysql" }, members = 1 },
  ["Aurora MySQL with three members"] = { cluster = { Engine = "aurora-mysql" }, members = 3 },
  ["Aurora MySQL with fifteen members"] = { cluster = { Engine = "aurora-mysql" }, members = 15 },
  ["Aurora without members"] = { cluster = {}, members = {} },
  ["a protected one"] = { cluster = { DeletionProtection = true }, members = 2 },
  ["one without a database"] = { cluster = {}, members = 1,
    prepare = function(sandbox) clusters.amend(sandbox, {}, { "DatabaseName" }) end },
  ["Serverless v2"] = { cluster = {}, members = {
    { DBInstanceIdentifier = "mydb-w", DBInstanceClass = "db.serverless", IsClusterWriter = true },
    { DBInstanceIdentifier = "mydb-r", DBInstanceClass = "db.serverless" },
  } },
  ["the writer listed last, and of the last tier"] = { cluster = {}, members = {
    { DBInstanceIdentifier = "alpha", PromotionTier = 0 }, { DBInstanceIdentifier = "beta", PromotionTier = 1 },
    { DBInstanceIdentifier = "zeta", PromotionTier = 15, IsClusterWriter = true },
  } },
  ["members of different classes and zones"] = { cluster = {}, members = {
    { DBInstanceIdentifier = "a", DBInstanceClass = "db.r6g.large", AvailabilityZone = "us-east-1b",
      IsClusterWriter = true },
    { DBInstanceIdentifier = "b", DBInstanceClass = "db.r6g.4xlarge", AvailabilityZone = "us-east-1b" },
    { DBInstanceIdentifier = "c", DBInstanceClass = "db.serverless", AvailabilityZone = "us-east-1a" },
  } },
  ["a member of the cluster's own name"] = { cluster = {}, kind = "cluster", members = {
    { DBInstanceIdentifier = "mydb", IsClusterWriter = true }, { DBInstanceIdentifier = "mydb-2" } } },
  ["Multi-AZ DB cluster, PostgreSQL"] = { cluster = { Engine = "postgres" } },
  ["Multi-AZ DB cluster, MySQL"] = { cluster = { Engine = "mysql" } },
}

local TASKS = {
  create_snapshot = {}, ["create_snapshot, replacing one"] = { task = "create_snapshot", snapshot = true },
  db_restore = { snapshot = true },
}

local function check(spec)
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "restored")
  witness.none(state.problems)
  if spec.cluster.Engine == "postgres" or spec.cluster.Engine == "mysql" then
    local now = clusters.picture(result.sandbox, "mydb")
    assert(now.resource_id ~= state.before.resource_id and next(now.members), "a replacement with members")
    clusters.check_data(result, now)
  else
    clusters.check_restored(result, state.before)
  end
  clusters.tidy(result.sandbox)
  return result
end

for topology, spec in pairs(TOPOLOGIES) do
  for label, task in pairs(TASKS) do
    if type(spec.members) == "table" or (spec.members or 0) < 15 or label == "create_snapshot" then
      tests[topology .. ": " .. label] = function() check(merged({ task = label }, spec, task)) end
    end
  end

  tests[topology .. ": create_snapshot_only"] = function()
    local spec_only = merged(spec, { task = "create_snapshot_only" })
    local state = clusters.watch(spec_only)
    local result = rehearse(spec_only)
    witness.equal(result.outcome, "snapshotted")
    clusters.check_back(result.sandbox, state.before)
    clusters.tidy(result.sandbox)
    witness.equal(result.sandbox:cluster_snapshot("mydb-snapshot").Status, "available", "the snapshot")
    for _, entry in ipairs(witness.changes(result.sandbox)) do
      assert(not entry.operation:find "^Modify" and not entry.operation:find "^Delete", entry.operation)
    end
  end
end

tests["an old snapshot's data, not today's, is restored from it"] = function()
  local written
  local spec = { task = "db_restore", cluster = {}, members = 2, snapshot = true, prepare = function(sandbox)
    sandbox.cluster_names.mydb.data_version = sandbox.cluster_names.mydb.data_version + 7
    written = sandbox:cluster("mydb").data_version
  end }
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "restored")
  clusters.check_restored(result, state.before)
  assert(clusters.picture(result.sandbox, "mydb").restored_version < written - 6, "what was written since is there")
end

tests["a kept original stays aside with its members, and without marks"] = function()
  local spec = { cluster = {}, members = 2, options = { keep_original = true } }
  local state = clusters.watch(spec)
  local result = rehearse(spec)
  witness.equal(result.outcome, "restored")
  clusters.check_restored(result, state.before)
  local aside = clusters.picture(result.sandbox, "mydb-temp")
  witness.equal(aside.resource_id, state.before.resource_id, "who is aside")
  assert(aside.members["mydb-1-temp"] and aside.members["mydb-2-temp"], "members aside")
  witness.equal(result.document.original.members[1].name, "mydb-1-temp", "where the report says that a member is")
  for _, object in ipairs(result.sandbox.clusters) do assert(not witness.marked(object.fields.TagList), object.name) end
end

return tests
