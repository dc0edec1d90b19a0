--- D22: a cluster that others depend on, or that a restore cannot give back, is refused with what to do instead.
local clusters = require "clusters"
local rehearse = require "rehearse"
local report = require "trapheus.report"
local witness = require "witness"
local tests = {}

local function amend(fields)
  return function(sandbox) clusters.amend(sandbox, fields) end
end

local function beside(name) return function(sandbox) sandbox:add_instance { DBInstanceIdentifier = name } end end

local function many_tags(count)
  local tags = {}
  for i = 1, count do tags[i] = { Key = "tag-" .. i, Value = "x" } end
  return tags
end

local function long(length) return ("m"):rep(length) end

-- What is wrong, what the refusal says of it, and the rehearsal.
local REFUSALS = {
  ["a member of a global database"] = { "global database world.*RemoveFromGlobalCluster",
    { prepare = amend { GlobalClusterIdentifier = "world" } } },
  ["Serverless v1"] = { "Serverless v1", { prepare = amend { EngineMode = "serverless" } } },
  ["Limitless"] = { "Limitless.*under another name", { prepare = amend { ClusterScalabilityType = "limitless" } } },
  ["Neptune"] = { "Amazon Neptune", { prepare = amend { Engine = "neptune" } } },
  ["DocumentDB"] = { "Amazon DocumentDB", { prepare = amend { Engine = "docdb" } } },
  ["a replica"] = { "replica of arn:main", { prepare = amend { ReplicationSourceIdentifier = "arn:main" } } },
  ["with replicas"] = { "read replicas %(arn:r1%).*%-%-allow%-replicas",
    { prepare = amend { ReadReplicaIdentifiers = { "arn:r1" } } } },
  ["a member that is not available"] = { "member mydb%-2 is 'rebooting'",
    { prepare = function(sandbox) sandbox:disturb("mydb-2", "rebooting", 600) end } },
  ["pending at a member"] = { "modifications of its member mydb%-2 are pending", { prepare = function(sandbox)
    assert(sandbox:operator("ModifyDBInstance", { DBInstanceIdentifier = "mydb-2", DBInstanceClass = "db.r6g.8xlarge",
      ApplyImmediately = false }))
  end } },
  ["pending at the cluster"] = { "modifications are pending",
    { prepare = amend { PendingModifiedValues = { EngineVersion = "16.6" } } } },
  ["the cluster's aside name is taken"] = { "mydb%-temp is taken",
    { prepare = function(sandbox) sandbox:add_cluster({ DBClusterIdentifier = "mydb-temp" }, {}) end } },
  ["a member's aside name is taken"] = { "mydb%-2%-temp is taken", { prepare = beside "mydb-2-temp" } },
  ["a member's aside name is another member's"] = { "aa%-temp is taken", { members = {
    { DBInstanceIdentifier = "aa", IsClusterWriter = true }, { DBInstanceIdentifier = "aa-temp" } } } },
  ["a member's aside name is too long"] = { "a member is moved to.*64 characters", { members = {
    { DBInstanceIdentifier = long(59), IsClusterWriter = true } } } },
  ["a reader of Aurora Auto Scaling"] = { "Auto Scaling", { members = {
    { DBInstanceIdentifier = "w", IsClusterWriter = true },
    { DBInstanceIdentifier = "application-autoscaling-1" } } } },
  ["a member with 50 tags"] = { "member w has 50 tags", { members = {
    { DBInstanceIdentifier = "w", IsClusterWriter = true, TagList = many_tags(50) } } } },
  ["the snapshot's name is too long"] = { "the snapshot's name.*64 characters", { id = long(55), members = {} } },
  ["the interim snapshot's name is too long"] = { "interim snapshot's name.*direct",
    { id = long(54), members = {}, snapshot = true } },
  ["the final snapshot's name is too long"] = { "final snapshot's name.*%-%-final%-snapshot",
    { id = long(50), members = {}, task = "db_restore", snapshot = true,
      options = { delete_automated_backups = true } } },
  ["a Multi-AZ DB cluster's members would have too long a name"] = { "RDS gives a member.*64 characters",
    { id = long(48), cluster = { Engine = "postgres" } } },
  ["a snapshot of a newer version"] = { "of version 16.9, the cluster of 16.4",
    { task = "db_restore", snapshot = { EngineVersion = "16.9" } } },
  ["no cluster snapshot"] = { "mydb%-snapshot: there is none", { task = "db_restore" } },
  ["a cluster snapshot of another engine"] = { "engine aurora%-mysql",
    { task = "db_restore", snapshot = { Engine = "aurora-mysql", EngineVersion = "8.0.mysql_aurora.3.07.1" } } },
  ["a member by itself"] = { "member of the cluster mydb: restore the cluster, %-%-id mydb",
    { restored = "mydb-1" } },
}

for name, row in pairs(REFUSALS) do
  tests["refused: " .. name] = function()
    local spec = row[2]
    spec.knobs, spec.cluster = { stale_s = 0 }, spec.cluster or {}
    local result = rehearse(spec)
    witness.equal(result.outcome, "refused")
    witness.equal(report.EXIT[result.outcome], 3, "exit code")
    local message = result.record.failure.message
    assert(message:find(row[1]), message)
    witness.equal(#witness.changes(result.sandbox), 0, "changes")
  end
end

local ACCEPTED = {
  ["replicas, by request"] = { options = { allow_replicas = true },
    prepare = amend { ReadReplicaIdentifiers = { "arn:r1" } } },
  ["an instance of the aside name: another name space"] = { prepare = beside "mydb-temp" },
  ["54 characters, when no interim snapshot is needed"] = { id = long(54), members = {} },
  ["55 characters, with a name for the snapshot"] = { id = long(55), members = {}, options = { snapshot = "s" } },
  ["53 characters, replacing directly"] = { id = long(53), members = {}, snapshot = true,
    options = { replace_snapshot = "direct" } },
}

for name, spec in pairs(ACCEPTED) do
  tests["accepted: " .. name] = function()
    spec.cluster, spec.members = {}, spec.members or 1
    local result = rehearse(spec)
    witness.equal(result.outcome, "restored",
      result.record.failure and result.record.failure.message or "outcome")
  end
end

tests["an instance and a cluster of one name are told apart"] = function()
  local function both(kind)
    return rehearse { cluster = {}, members = 1, kind = kind, prepare = function(sandbox)
      sandbox:add_instance { DBInstanceIdentifier = "mydb" }
    end }
  end
  assert(both(nil).record.failure.message:find "say %-%-instance or %-%-cluster")
  witness.equal(both("cluster").outcome, "restored")
  witness.equal(both("instance").outcome, "restored")
end

return tests
