--- The sandbox: what happens to a cluster without the client, and what a client meets that asks again.
local cluster_world = require "cluster_world"

local tests = {}

local world, call, refused = cluster_world.new, cluster_world.call, cluster_world.refused

local function stand_up(knobs)
  local sb, pass = world(knobs)
  sb:add_cluster({ DBClusterIdentifier = "orders" }, 2)
  sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  return sb, pass
end

function tests.a_cluster_is_stopped_with_its_members()
  local sb, pass = stand_up()
  refused(sb, "StopDBInstance", { DBInstanceIdentifier = "orders-1" }, "InvalidParameterCombination")
  refused(sb, "StartDBCluster", { DBClusterIdentifier = "orders" }, "InvalidDBClusterStateFault")
  assert(call(sb, "StopDBCluster", { DBClusterIdentifier = "orders" }).DBCluster.Status == "stopping")
  pass(31)
  assert(sb:cluster("orders").Status == "stopped" and sb:instance("orders-2").DBInstanceStatus == "stopped")
  assert(sb:cluster("orders").AutomaticRestartTime)
  for operation, more in pairs {
    ModifyDBCluster = { NewDBClusterIdentifier = "old" }, DeleteDBCluster = { SkipFinalSnapshot = true },
    CreateDBClusterSnapshot = { DBClusterSnapshotIdentifier = "t" }, FailoverDBCluster = {},
  } do
    more.DBClusterIdentifier = "orders"
    refused(sb, operation, more, "InvalidDBClusterStateFault")
  end
  call(sb, "StartDBCluster", { DBClusterIdentifier = "orders" })
  pass(61)
  assert(sb:cluster("orders").Status == "available" and sb:instance("orders-1").DBInstanceStatus == "available")
  assert(not sb:cluster("orders").AutomaticRestartTime)
end

function tests.rds_starts_it_again_after_a_week()
  local sb, pass = world()
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  call(sb, "StopDBInstance", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "before" })
  pass(31)
  assert(sb:instance("mydb").DBInstanceStatus == "stopped")
  pass(7 * 86400)
  assert(sb:instance("mydb").DBInstanceStatus == "starting")
  pass(61)
  assert(sb:instance("mydb").DBInstanceStatus == "available" and sb:snapshot("before").Status == "available")
end

function tests.operators_work_on_clusters_too()
  local sb, pass = stand_up()
  sb:inject {
    { at_s = 1, kind = "tag", name = "orders", key = "a", value = "1" },
    { at_s = 2, kind = "write", name = "orders" },
    { at_s = 3, kind = "failover", name = "orders" },
    { at_s = 30, kind = "delete_snapshot", name = "s" },
    { at_s = 40, kind = "rename", name = "orders", new_name = "old" },
    { at_s = 100, kind = "status", name = "old", status = "maintenance", for_s = 10 },
    { at_s = 120, kind = "protect", name = "old", to = "on" },
    { at_s = 130, kind = "delete", name = "old" },
  }
  pass(99)
  local cluster = sb:cluster "old"
  assert(#cluster.TagList == 4 and cluster.data_version == 3 and not sb:cluster_snapshot "s")
  assert(cluster.DBClusterMembers[2].IsClusterWriter)
  pass(5)
  assert(sb:cluster("old").Status == "maintenance")
  pass(300)
  assert(sb:cluster("old").DeletionProtection and #sb:cluster("old").DBClusterMembers == 0)
end

function tests.rds_disturbs_them_by_itself()
  local sb, pass = stand_up { disturbance_every_s = 100, disturbance_s = 50 }
  local seen = {}
  for _ = 1, 200 do
    pass(50)
    for _, cluster in ipairs(call(sb, "DescribeDBClusters", {}).DBClusters) do seen[cluster.Status] = true end
  end
  assert(seen["backing-up"] and seen.maintenance and seen["failing-over"] and seen.available)
end

function tests.a_restore_may_end_badly()
  local sb, pass = stand_up { restore_fails_percent = 100 }
  local params = { DBClusterIdentifier = "again", SnapshotIdentifier = "s", Engine = "aurora-postgresql" }
  call(sb, "RestoreDBClusterFromSnapshot", params)
  pass(91)
  assert(sb:cluster("again").Status == "incompatible-restore")
  local delete = { DBClusterIdentifier = "again", FinalDBSnapshotIdentifier = "f" }
  refused(sb, "DeleteDBCluster", delete, "InvalidDBClusterStateFault")
  call(sb, "DeleteDBCluster", { DBClusterIdentifier = "again", SkipFinalSnapshot = true })
  sb.knobs.restore_fails_percent = 0
  params.DBClusterIdentifier = "third"
  sb:inject { { operation = "RestoreDBClusterFromSnapshot", occurrence = 2, kind = "terminal",
    status = "migration-failed" } }
  call(sb, "RestoreDBClusterFromSnapshot", params)
  pass(91)
  assert(sb:cluster("third").Status == "migration-failed")
end

-- Operation, parameters, what a second call meets.
local AGAIN = {
  { "CreateDBClusterSnapshot", { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "t" },
    "DBClusterSnapshotAlreadyExistsFault" },
  { "DeleteDBClusterSnapshot", { DBClusterSnapshotIdentifier = "s" }, "InvalidDBClusterSnapshotStateFault" },
  { "ModifyDBCluster", { DBClusterIdentifier = "orders", NewDBClusterIdentifier = "old", ApplyImmediately = true },
    "DBClusterAlreadyExistsFault", later = "DBClusterNotFoundFault" },
  { "RestoreDBClusterFromSnapshot",
    { DBClusterIdentifier = "again", SnapshotIdentifier = "s", Engine = "aurora-postgresql" },
    "DBClusterAlreadyExistsFault" },
  { "CreateDBInstance", { DBInstanceIdentifier = "m", DBClusterIdentifier = "orders", Engine = "aurora-postgresql",
    DBInstanceClass = "db.r6g.large" }, "DBInstanceAlreadyExists" },
  { "DeleteDBInstance", { DBInstanceIdentifier = "orders-2" }, "InvalidDBInstanceState", later = "DBInstanceNotFound" },
  { "FailoverDBCluster", { DBClusterIdentifier = "orders" }, "InvalidDBClusterStateFault" },
  { "AddRoleToDBCluster", { DBClusterIdentifier = "orders", RoleArn = "r" }, "DBClusterRoleAlreadyExists" },
  { "CreateDBClusterEndpoint",
    { DBClusterIdentifier = "orders", DBClusterEndpointIdentifier = "e", EndpointType = "ANY" },
    "DBClusterEndpointAlreadyExistsFault" },
}

function tests.a_lost_reply_is_no_reason_to_ask_again()
  for _, row in ipairs(AGAIN) do
    local sb, pass = stand_up()
    sb:inject { { operation = row[1], occurrence = 1, kind = "lost" } }
    local _, err = sb:call("rds", row[1], row[2])
    assert(err.code == "ConnectionLost" and sb.audit[#sb.audit].committed, row[1])
    refused(sb, row[1], row[2], row[3])
    pass(60)
    if row.later then refused(sb, row[1], row[2], row.later) end
  end
end

function tests.a_cluster_that_is_being_deleted_is_deleted_once()
  local sb, pass = stand_up()
  for i = 1, 2 do call(sb, "DeleteDBInstance", { DBInstanceIdentifier = "orders-" .. i }) end
  local params = { DBClusterIdentifier = "orders", SkipFinalSnapshot = true }
  call(sb, "DeleteDBCluster", params)
  refused(sb, "DeleteDBCluster", params, "InvalidDBClusterStateFault")
  pass(100)
  refused(sb, "DeleteDBCluster", params, "DBClusterNotFoundFault")
end

return tests
