--- D3: a snapshot that another account shares is the one that was named, and the cluster keeps its own subnet group.
local clusters = require "clusters"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local ARN = "arn:aws:rds:us-east-1:210987654321:cluster-snapshot:theirs"

local function shared(fields)
  return { task = "db_restore", cluster = {}, members = 1, options = { snapshot = ARN, allow_foreign_snapshot = true },
    prepare = function(sandbox)
      local snapshot = { DBClusterSnapshotIdentifier = "theirs", DBClusterIdentifier = "mydb",
        DBClusterSnapshotArn = ARN, SnapshotType = "shared" }
      for field, value in pairs(fields) do snapshot[field] = value end
      sandbox:add_cluster_snapshot(snapshot)
      sandbox:add_cluster_snapshot { DBClusterSnapshotIdentifier = "a-another", DBClusterIdentifier = "mydb" }
    end }
end

tests["an encrypted one is refused: copy it first"] = function()
  local result = rehearse(shared { StorageEncrypted = true })
  witness.equal(result.outcome, "refused")
  assert(result.record.failure.message:find "shared by account 210987654321", result.record.failure.message)
end

tests["the one that was named is restored, in the cluster's own subnet group"] = function()
  local spec, group = shared {}, nil
  local prepare = spec.prepare
  function spec.prepare(sandbox)
    clusters.amend(sandbox, { StorageEncrypted = false }, { "KmsKeyId" })
    prepare(sandbox)
    group = sandbox:cluster("mydb").DBSubnetGroup
  end
  local result = rehearse(spec)
  witness.equal(result.outcome, "restored", result.record.failure and result.record.failure.message)
  local sent = witness.changes(result.sandbox, "RestoreDBClusterFromSnapshot")[1].params
  witness.equal(sent.SnapshotIdentifier, ARN, "snapshot")
  witness.equal(sent.DBSubnetGroupName, group, "subnet group")
end

return tests
