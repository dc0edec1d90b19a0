--- D14: everything that can be refused is refused before the first change.
local report = require "trapheus.report"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local function operator(operation, parameters)
  return function(sandbox) assert(sandbox:operator(operation, parameters)) end
end

local function beside(name, more)
  return function(sandbox)
    sandbox:add_instance { DBInstanceIdentifier = name }
    if more then more(sandbox) end
  end
end

local function many_tags(count)
  local tags = {}
  for i = 1, count do tags[i] = { Key = "tag-" .. i, Value = "x" } end
  return tags
end

local function amend(fields)
  return function(sandbox) witness.amend(sandbox, "mydb", fields) end
end

local OLD = { task = "db_restore", snapshot = true }

local function with_snapshot(fields) return { task = "db_restore", snapshot = fields } end

-- What is wrong, what the refusal says of it, and the rehearsal.
local REFUSALS = {
  ["the aside name is taken"] = { "mydb%-temp is taken", { prepare = beside "mydb-temp" } },
  ["the aside name is taken, db_restore"] = { "mydb%-temp is taken",
    { task = "db_restore", snapshot = true, prepare = beside "mydb-temp" } },
  ["there is no snapshot"] = { "mydb%-snapshot: there is none", { task = "db_restore" } },
  ["the snapshot of another name is missing"] = { "other: there is none",
    { task = "db_restore", snapshot = true, options = { snapshot = "other" } } },
  ["the snapshot is being made"] = { "it is 'creating'", with_snapshot { Status = "creating" } },
  ["the snapshot has failed"] = { "it is 'failed'", with_snapshot { Status = "failed" } },
  ["the snapshot is of another engine"] = { "engine mysql, not postgres", with_snapshot { Engine = "mysql" } },
  ["the snapshot needs more storage"] = { "needs 900 GiB", with_snapshot { AllocatedStorage = 900 } },
  ["the snapshot is not encrypted"] = { "not encrypted", with_snapshot { Encrypted = false } },
  ["the snapshot is shared and encrypted"] = { "shared by account 210987654321",
    with_snapshot { DBSnapshotArn = "arn:aws:rds:us-east-1:210987654321:snapshot:mydb-snapshot" } },
  ["the snapshot is another database's"] = { "it is of other, not of mydb", { task = "db_restore",
    prepare = beside("other", function(sandbox)
      sandbox:add_snapshot { DBSnapshotIdentifier = "mydb-snapshot", DBInstanceIdentifier = "other" }
    end) } },
  ["the snapshot to replace is another database's"] = { "it is of other, not of mydb", {
    prepare = beside("other", function(sandbox)
      sandbox:add_snapshot { DBSnapshotIdentifier = "mydb-snapshot", DBInstanceIdentifier = "other" }
    end) } },
  ["the final snapshot's name is taken"] = { "final snapshot mydb%-snapshot exists",
    { task = "db_restore", snapshot = true, options = { final_snapshot = "mydb-snapshot" } } },
  ["modifications are pending"] = { "modifications are pending", { prepare = operator("ModifyDBInstance",
    { DBInstanceIdentifier = "mydb", DBInstanceClass = "db.r6g.large", ApplyImmediately = false }) } },
  ["it is a replica"] = { "read replica of main", { instance = { ReadReplicaSourceDBInstanceIdentifier = "main" } } },
  ["it is a replica of a cluster"] = { "read replica of main",
    { instance = { ReadReplicaSourceDBClusterIdentifier = "main" } } },
  ["it has replicas"] = { "has read replicas %(r1, r2%)",
    { instance = { ReadReplicaDBInstanceIdentifiers = { "r1" }, ReadReplicaDBClusterIdentifiers = { "r2" } } } },
  ["it is a member of a cluster"] = { "member of the cluster main", { instance = { DBClusterIdentifier = "main" } } },
  ["it is RDS Custom"] = { "RDS Custom.*under another name", { prepare = amend { Engine = "custom-oracle-ee" } } },
  ["it has 48 tags"] = { "48 tags; 3 of 50 must be free", { instance = { TagList = many_tags(48) } } },
  ["it is stopped"] = { "it is 'stopped'", { instance = { DBInstanceStatus = "stopped" } } },
  ["it is backing up"] = { "it is 'backing%-up'", { instance = { DBInstanceStatus = "backing-up" } } },
  ["it is being deleted"] = { "it is 'deleting'", { prepare = operator("DeleteDBInstance",
    { DBInstanceIdentifier = "mydb", SkipFinalSnapshot = true }) } },
  ["there is none of the name"] = { "is called mydb", {
    prepare = function(sandbox) sandbox.instances, sandbox.names = {}, {} end } },
  ["the name is misspelt"] = { "no DB instance and no DB cluster in us%-east%-1 is called mydv; did you mean mydb%?", {
    restored = "mydv" } },
  ["the name of a cluster is misspelt, and of instances only those of clusters are like it"] = {
    "is called mydv; did you mean mydb%?", { restored = "mydv", cluster = {},
      members = { { DBInstanceIdentifier = "mydu", IsClusterWriter = true } } } },
  ["the name is like no other"] = { "is called payments$", { restored = "payments" } },
  ["the name is misspelt, and what there is may not be listed"] = { "is called mydv$", { restored = "mydv",
    faults = { { operation = "DescribeDBInstances", occurrence = 2, kind = "denied" },
      { operation = "DescribeDBInstances", occurrence = 3, kind = "denied" } } } },
  ["there is none of the name, the kind being given"] = { "no DB instance in us%-east%-1 is called mydb", {
    kind = "instance", prepare = function(sandbox) sandbox.instances, sandbox.names = {}, {} end } },
  ["there is none of the name, and the other kind may not be looked at"] = { "no DB instance .* is called mydb", {
    kind = "instance", prepare = function(sandbox) sandbox.instances, sandbox.names = {}, {} end,
    faults = { { operation = "DescribeDBClusters", occurrence = "every", kind = "denied" } } } },
  ["it is of the other kind"] = { "mydb is a DB instance, not a DB cluster: %-%-instance", { kind = "cluster" } },
  ["looking at databases is not allowed"] = { "AccessDenied",
    { faults = { { operation = "DescribeDBInstances", occurrence = "every", kind = "denied" } } } },
  ["looking at snapshots is not allowed"] = { "AccessDenied",
    { faults = { { operation = "DescribeDBSnapshots", occurrence = "every", kind = "denied" } } } },
  ["the credentials are not valid"] = { "InvalidClientTokenId", { faults = {
    { operation = "GetCallerIdentity", occurrence = "every", kind = "error", code = "InvalidClientTokenId" } } } },
}

for name, row in pairs(REFUSALS) do
  tests["refused: " .. name] = function()
    row[2].knobs = { stale_s = 0 }
    local result = rehearse(row[2])
    witness.equal(result.outcome, "refused")
    witness.equal(report.EXIT[result.outcome], 3, "exit code")
    local message = result.record.failure.message
    assert(message:find(row[1]), message)
    witness.equal(#witness.changes(result.sandbox), 0, "changes")
    witness.equal(result.document.failure.step, "preflight", "the step that refused")
  end
end

tests["refused: every reason is told at once"] = function()
  local result = rehearse { task = "db_restore", instance = { DBClusterIdentifier = "main", TagList = many_tags(50) },
    prepare = beside "mydb-temp" }
  local message = result.record.failure.message
  for _, part in ipairs { "member of the cluster", "50 tags", "mydb-temp is taken", "mydb-snapshot: there is none" } do
    assert(message:find(part, 1, true), ("%s is not told: %s"):format(part, message))
  end
end

local ACCEPTED = {
  ["47 tags"] = { instance = { TagList = many_tags(47) } },
  ["replicas, by request"] = { options = { allow_replicas = true },
    instance = { ReadReplicaDBInstanceIdentifiers = { "r1" } } },
  ["another's snapshot, by request"] = { task = "db_restore",
    options = { allow_foreign_snapshot = true, snapshot = "theirs" },
    prepare = beside("other", function(sandbox)
      sandbox:add_snapshot { DBSnapshotIdentifier = "theirs", DBInstanceIdentifier = "other" }
    end) },
  ["a smaller snapshot"] = with_snapshot { AllocatedStorage = 400 },
  ["an own snapshot"] = OLD,
  ["only a snapshot, with the aside name taken"] = { task = "create_snapshot_only", prepare = beside "mydb-temp" },
}

for name, spec in pairs(ACCEPTED) do
  tests["accepted: " .. name] = function()
    local result = rehearse(spec)
    assert(result.outcome == "restored" or result.outcome == "snapshotted",
      result.record.failure and result.record.failure.message or result.outcome)
  end
end

tests["a throttled preflight is no refusal"] = function()
  local result = rehearse {
    faults = { { operation = "DescribeDBInstances", occurrence = 1, kind = "throttle", count = 5 } },
  }
  witness.equal(result.outcome, "restored")
end

return tests
