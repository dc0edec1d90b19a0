--- The sandbox: clusters of Aurora and their members.
local cluster_world = require "cluster_world"
local tables = require "trapheus.sandbox.tables"

local tests = {}

local world, call, refused = cluster_world.new, cluster_world.call, cluster_world.refused

local function described(sb, name)
  return call(sb, "DescribeDBClusters", { DBClusterIdentifier = name }).DBClusters[1]
end

local function member_status(sb, name)
  return call(sb, "DescribeDBInstances", { DBInstanceIdentifier = name }).DBInstances[1].DBInstanceStatus
end

local function writer(sb, name)
  for _, member in ipairs(described(sb, name).DBClusterMembers) do
    if member.IsClusterWriter then return member.DBInstanceIdentifier end
  end
end

local function new_cluster(more)
  local params = {
    DBClusterIdentifier = "Orders", Engine = "aurora-postgresql", MasterUsername = "app",
    MasterUserPassword = "correct-horse",
  }
  for name, value in pairs(more or {}) do params[name] = value end
  return params
end

local function new_member(name, more)
  local params = {
    DBInstanceIdentifier = name, DBClusterIdentifier = "orders", Engine = "aurora-postgresql",
    DBInstanceClass = "db.r6g.large",
  }
  for key, value in pairs(more or {}) do params[key] = value end
  return params
end

function tests.a_cluster_is_created_without_members()
  local sb, pass = world()
  local begun = call(sb, "CreateDBCluster", new_cluster()).DBCluster
  assert(begun.DBClusterIdentifier == "orders" and begun.Status == "creating" and #begun.DBClusterMembers == 0)
  assert(begun.DbClusterResourceId:find "^cluster%-%u+" and begun.DBClusterArn:find ":cluster:orders$")
  refused(sb, "CreateDBInstance", new_member "orders-1", "InvalidDBClusterStateFault")
  pass(31)
  local made = described(sb, "orders")
  assert(made.Status == "available" and made.Endpoint:find "^orders%.cluster%-c" and made.EngineVersion == "16.6")
  assert(made.ReaderEndpoint:find "^orders%.cluster%-ro%-c" and made.BackupRetentionPeriod == 1 and not made.MultiAZ)
  assert(made.DBClusterParameterGroup == "default.aurora-postgresql16" and made.Port == 5432)
end

function tests.the_first_member_writes()
  local sb, pass = world()
  call(sb, "CreateDBCluster", new_cluster { Port = 6000, BackupRetentionPeriod = 7 })
  pass(31)
  local begun = call(sb, "CreateDBInstance", new_member("orders-1", { PromotionTier = 3 })).DBInstance
  assert(begun.DBInstanceStatus == "creating" and begun.DBClusterIdentifier == "orders" and not begun.Endpoint)
  assert(begun.StorageType == "aurora" and begun.BackupRetentionPeriod == 7 and begun.MasterUsername == "app")
  pass(101)
  call(sb, "CreateDBInstance", new_member "orders-2")
  pass(101)
  local members = described(sb, "orders").DBClusterMembers
  assert(#members == 2 and members[1].IsClusterWriter and not members[2].IsClusterWriter)
  assert(members[1].PromotionTier == 3 and members[2].PromotionTier == 1)
  assert(sb:instance("orders-1").Endpoint.Port == 6000)
  local filter = { { Name = "db-cluster-id", Values = { "orders" } } }
  assert(#call(sb, "DescribeDBInstances", { Filters = filter }).DBInstances == 2)
end

function tests.of_two_created_together_either_may_write()
  local seen = {}
  for seed = 1, 20 do
    local sb, pass = world(nil, seed)
    sb:add_cluster({ DBClusterIdentifier = "orders" }, 0)
    call(sb, "CreateDBInstance", new_member "a")
    call(sb, "CreateDBInstance", new_member "b")
    assert(not writer(sb, "orders"))
    pass(200)
    seen[writer(sb, "orders")] = true
  end
  assert(seen.a and seen.b)
end

function tests.a_rename_is_no_outage_and_members_follow()
  local sb, pass = world()
  local before = sb:add_cluster({ DBClusterIdentifier = "orders" }, 2)
  local reply = call(sb, "ModifyDBCluster",
    { DBClusterIdentifier = "orders", NewDBClusterIdentifier = "Orders-Old", ApplyImmediately = true }).DBCluster
  assert(reply.Status == "available" and reply.PendingModifiedValues.DBClusterIdentifier == "orders-old")
  pass(11)
  assert(described(sb, "orders").Status == "renaming" and member_status(sb, "orders-1") == "available")
  refused(sb, "ModifyDBInstance", { DBInstanceIdentifier = "orders-1", NewDBInstanceIdentifier = "x" },
    "InvalidDBClusterStateFault")
  pass(20)
  refused(sb, "DescribeDBClusters", { DBClusterIdentifier = "orders" }, "DBClusterNotFoundFault")
  refused(sb, "DescribeDBClusters", { DBClusterIdentifier = "orders-old" }, "DBClusterNotFoundFault")
  pass(5)
  local after = described(sb, "orders-old")
  assert(after.Status == "available" and after.DbClusterResourceId == before.DbClusterResourceId)
  assert(after.Endpoint:find "^orders%-old%.cluster%-" and after.DBClusterArn:find ":cluster:orders%-old$")
  assert(after.DBClusterMembers[1].DBInstanceIdentifier == "orders-1")
  assert(member_status(sb, "orders-1") == "available" and sb:instance("orders-1").DBClusterIdentifier == "orders-old")
  local filter = { { Name = "db-cluster-resource-id", Values = { before.DbClusterResourceId } } }
  assert(call(sb, "DescribeDBClusters", { Filters = filter }).DBClusters[1].DBClusterIdentifier == "orders-old")
  local events = call(sb, "DescribeEvents", { SourceType = "db-cluster" }).Events
  assert(events[1].Message == "Renamed cluster from orders to orders-old")
end

function tests.a_name_that_is_taken_or_about_to_be()
  local sb = world()
  sb:add_cluster { DBClusterIdentifier = "orders" }
  sb:add_cluster { DBClusterIdentifier = "other" }
  local params = { DBClusterIdentifier = "orders", NewDBClusterIdentifier = "other", ApplyImmediately = true }
  refused(sb, "ModifyDBCluster", params, "DBClusterAlreadyExistsFault")
  params.NewDBClusterIdentifier = "third"
  call(sb, "ModifyDBCluster", params)
  refused(sb, "ModifyDBCluster", params, "DBClusterAlreadyExistsFault")
  refused(sb, "CreateDBCluster", new_cluster { DBClusterIdentifier = "third" }, "DBClusterAlreadyExistsFault")
  sb:add_instance { DBInstanceIdentifier = "fourth" } -- instances have names of their own
  call(sb, "CreateDBCluster", new_cluster { DBClusterIdentifier = "fourth" })
end

function tests.without_apply_immediately_a_rename_waits()
  local sb, pass = world()
  sb:add_cluster { DBClusterIdentifier = "orders" }
  call(sb, "ModifyDBCluster", { DBClusterIdentifier = "orders", NewDBClusterIdentifier = "later" })
  pass(1000)
  assert(described(sb, "orders").PendingModifiedValues.DBClusterIdentifier == "later")
end

function tests.a_rename_may_fail_in_the_background()
  local sb, pass = world()
  sb:add_cluster { DBClusterIdentifier = "orders" }
  sb:inject { { operation = "ModifyDBCluster", occurrence = 1, kind = "background_failure" } }
  call(sb, "ModifyDBCluster",
    { DBClusterIdentifier = "orders", NewDBClusterIdentifier = "old", ApplyImmediately = true })
  pass(100)
  assert(described(sb, "orders").Status == "available" and not described(sb, "orders").PendingModifiedValues)
  assert(call(sb, "DescribeEvents", { SourceType = "db-cluster" }).Events[1].EventCategories[1] == "failure")
end

function tests.renaming_a_member_reboots_it()
  for percent, expected in pairs { [0] = "orders-9", [100] = "orders-2" } do
    local sb, pass = world { writer_reboot_failover_percent = percent }
    sb:add_cluster({ DBClusterIdentifier = "orders" }, 2)
    call(sb, "ModifyDBInstance",
      { DBInstanceIdentifier = "orders-1", NewDBInstanceIdentifier = "orders-9", ApplyImmediately = true })
    pass(76)
    assert(member_status(sb, "orders-9") == "rebooting" and described(sb, "orders").Status == "available")
    pass(30)
    assert(member_status(sb, "orders-9") == "available")
    assert(described(sb, "orders").DBClusterMembers[1].DBInstanceIdentifier == "orders-9")
    assert(writer(sb, "orders") == expected)
  end
end

function tests.the_data_is_in_the_cluster()
  local sb, pass = world()
  sb:add_cluster { DBClusterIdentifier = "orders" }
  sb:write("orders", 4)
  sb:write "orders-2"
  assert(sb:cluster("orders").data_version == 6 and sb:instance("orders-1").data_version == 6)
  call(sb, "CreateDBClusterSnapshot", { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" })
  assert(described(sb, "orders").Status == "backing-up")
  refused(sb, "CreateDBClusterSnapshot", { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" },
    "DBClusterSnapshotAlreadyExistsFault")
  refused(sb, "CreateDBClusterSnapshot", { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "t" },
    "InvalidDBClusterStateFault")
  pass(41)
  local snapshot = call(sb, "DescribeDBClusterSnapshots", { DBClusterSnapshotIdentifier = "s" }).DBClusterSnapshots[1]
  assert(snapshot.Status == "available" and snapshot.DbClusterResourceId == sb:cluster("orders").DbClusterResourceId)
  assert(#snapshot.TagList == 3 and snapshot.PercentProgress == 100)
  sb:write("orders", 10)
  call(sb, "RestoreDBClusterFromSnapshot",
    { DBClusterIdentifier = "again", SnapshotIdentifier = "s", Engine = "aurora-postgresql" })
  assert(sb:cluster("again").restored_version == 6 and sb:cluster_snapshot("s").data_version == 6)
end

function tests.a_restore_has_awss_defaults()
  local sb, pass = world()
  local old = sb:add_cluster { DBClusterIdentifier = "orders" }
  sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  local begun = call(sb, "RestoreDBClusterFromSnapshot",
    { DBClusterIdentifier = "again", SnapshotIdentifier = "s", Engine = "aurora-postgresql" }).DBCluster
  assert(begun.Status == "creating" and begun.DbClusterResourceId ~= old.DbClusterResourceId)
  pass(46)
  assert(described(sb, "again").Status == "migrating")
  pass(45)
  local made = described(sb, "again")
  assert(made.Status == "available" and #made.DBClusterMembers == 0)
  local kept = {
    MasterUsername = true, Port = true, BackupRetentionPeriod = true, KmsKeyId = true, StorageEncrypted = true,
    DatabaseName = true, Engine = true,
  }
  for _, field in ipairs {
    "EngineVersion", "DBClusterParameterGroup", "DBSubnetGroup", "VpcSecurityGroups", "PreferredBackupWindow",
    "PreferredMaintenanceWindow", "CopyTagsToSnapshot", "IAMDatabaseAuthenticationEnabled", "StorageType",
    "EnabledCloudwatchLogsExports", "EngineLifecycleSupport", "NetworkType", "HttpEndpointEnabled", "AssociatedRoles",
    "ServerlessV2ScalingConfiguration", "AutoMinorVersionUpgrade", "TagList",
  } do
    assert(not tables.same(made[field], old[field]), field)
  end
  for field in pairs(kept) do assert(tables.same(made[field], old[field]), field) end
end

function tests.what_a_restore_refuses()
  local sb, pass = world()
  sb:add_cluster { DBClusterIdentifier = "orders" }
  sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  local function restore(code, more)
    local params = { DBClusterIdentifier = "again", SnapshotIdentifier = "s", Engine = "aurora-postgresql" }
    for name, value in pairs(more) do params[name] = value end
    refused(sb, "RestoreDBClusterFromSnapshot", params, code)
  end
  restore("DBClusterAlreadyExistsFault", { DBClusterIdentifier = "ORDERS" })
  restore("DBClusterSnapshotNotFoundFault", { SnapshotIdentifier = "none" })
  restore("InvalidParameterCombination", { Engine = "aurora-mysql" })
  restore("DBClusterParameterGroupNotFound", { DBClusterParameterGroupName = "none" })
  restore("DBSubnetGroupNotFoundFault", { DBSubnetGroupName = "none" })
  restore("InvalidParameterCombination", { EngineMode = "serverless" })
  restore("InvalidParameterCombination", { BacktrackWindow = 3600 })
  restore("InvalidParameterCombination", { DBClusterInstanceClass = "db.r6gd.large" })
  restore("InvalidParameterValue", { BackupRetentionPeriod = 0 })
  restore("InvalidParameterValue", { ScalingConfiguration = {} })
  call(sb, "CreateDBClusterSnapshot", { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "t" })
  restore("InvalidDBClusterSnapshotStateFault", { SnapshotIdentifier = "t" })
  sb:add_cluster { DBClusterIdentifier = "full" }
  sb.knobs.cluster_quota = 2
  pass(100)
  restore("DBClusterQuotaExceededFault", {})
end

function tests.members_have_their_own_settings_and_no_others()
  local sb, pass = world()
  sb:add_cluster({ DBClusterIdentifier = "orders" }, 1)
  refused(sb, "CreateDBInstance", new_member("m", { BackupRetentionPeriod = 3 }), "InvalidParameterCombination")
  refused(sb, "CreateDBInstance", new_member("m", { Engine = "aurora-mysql" }), "InvalidParameterCombination")
  refused(sb, "CreateDBInstance", new_member("m", { PromotionTier = 16 }), "InvalidParameterValue")
  refused(sb, "CreateDBInstance", new_member("m", { DBClusterIdentifier = "none" }), "DBClusterNotFoundFault")
  refused(sb, "CreateDBInstance", new_member "orders-1", "DBInstanceAlreadyExists")
  refused(sb, "ModifyDBInstance", { DBInstanceIdentifier = "orders-1", BackupRetentionPeriod = 3 },
    "InvalidParameterCombination")
  refused(sb, "CreateDBSnapshot", { DBInstanceIdentifier = "orders-1", DBSnapshotIdentifier = "s" },
    "InvalidParameterCombination")
  call(sb, "ModifyDBInstance", { DBInstanceIdentifier = "orders-1", PromotionTier = 9 })
  assert(described(sb, "orders").DBClusterMembers[1].PromotionTier == 9)
  call(sb, "ModifyDBCluster", { DBClusterIdentifier = "orders", BackupRetentionPeriod = 3, ApplyImmediately = true })
  pass(26)
  assert(sb:instance("orders-1").BackupRetentionPeriod == 3)
end

function tests.another_parameter_group_waits_for_each_members_reboot()
  local sb, pass = world()
  sb:add_cluster({ DBClusterIdentifier = "orders" }, 2)
  call(sb, "CreateDBClusterParameterGroup", { DBClusterParameterGroupName = "tuned", Description = "Tuned",
    DBParameterGroupFamily = "aurora-postgresql16" })
  refused(sb, "ModifyDBCluster", { DBClusterIdentifier = "orders", DBClusterParameterGroupName = "none" },
    "DBClusterParameterGroupNotFound")
  call(sb, "ModifyDBCluster", { DBClusterIdentifier = "orders", DBClusterParameterGroupName = "tuned" })
  pass(30)
  call(sb, "RebootDBInstance", { DBInstanceIdentifier = "orders-2" })
  pass(30)
  local made = described(sb, "orders")
  assert(made.DBClusterParameterGroup == "tuned")
  assert(made.DBClusterMembers[1].DBClusterParameterGroupStatus == "pending-reboot")
  assert(made.DBClusterMembers[2].DBClusterParameterGroupStatus == "in-sync")
end

function tests.a_failover_goes_by_promotion_tier()
  local sb, pass = world()
  sb:add_cluster({ DBClusterIdentifier = "orders" }, {
    { DBInstanceIdentifier = "a" }, { DBInstanceIdentifier = "b", PromotionTier = 5 },
    { DBInstanceIdentifier = "c", PromotionTier = 2, DBInstanceClass = "db.r6g.large" },
    { DBInstanceIdentifier = "d", PromotionTier = 2, DBInstanceClass = "db.r6g.4xlarge" },
  })
  call(sb, "FailoverDBCluster", { DBClusterIdentifier = "orders" })
  assert(described(sb, "orders").Status == "failing-over")
  pass(16)
  assert(described(sb, "orders").Status == "available" and writer(sb, "orders") == "d")
  call(sb, "FailoverDBCluster", { DBClusterIdentifier = "orders", TargetDBInstanceIdentifier = "b" })
  pass(16)
  assert(writer(sb, "orders") == "b")
  call(sb, "DeleteDBInstance", { DBInstanceIdentifier = "b" })
  assert(writer(sb, "orders") == "a" or writer(sb, "orders") == "d")
  sb:add_cluster({ DBClusterIdentifier = "lone" }, 1)
  refused(sb, "FailoverDBCluster", { DBClusterIdentifier = "lone" }, "InvalidDBClusterStateFault")
end

function tests.a_cluster_is_deleted_after_its_members()
  local sb, pass = world()
  sb:add_cluster({ DBClusterIdentifier = "orders", DeletionProtection = true }, 1)
  local function delete(more)
    local params = { DBClusterIdentifier = "orders" }
    for name, value in pairs(more or { SkipFinalSnapshot = true }) do params[name] = value end
    return "DeleteDBCluster", params
  end
  local operation, params = delete()
  refused(sb, operation, params, "InvalidParameterCombination")
  call(sb, "ModifyDBCluster", { DBClusterIdentifier = "orders", DeletionProtection = false })
  refused(sb, operation, params, "InvalidDBClusterStateFault")
  refused(sb, operation, { DBClusterIdentifier = "orders" }, "InvalidParameterCombination")
  call(sb, "DeleteDBInstance", { DBInstanceIdentifier = "orders-1" })
  call(sb, delete { FinalDBSnapshotIdentifier = "last", DeleteAutomatedBackups = false })
  refused(sb, operation, params, "InvalidDBClusterStateFault")
  pass(200)
  refused(sb, operation, params, "DBClusterNotFoundFault")
  assert(sb:cluster_snapshot("last").Status == "available" and not sb:instance "orders-1")
  local backups = call(sb, "DescribeDBClusterAutomatedBackups", {}).DBClusterAutomatedBackups
  assert(#backups == 1 and backups[1].Status == "retained")
end

function tests.the_last_member_leaves_the_volume()
  local sb, pass = world()
  sb:add_cluster({ DBClusterIdentifier = "orders", data_version = 7 }, 1)
  call(sb, "DeleteDBInstance", { DBInstanceIdentifier = "orders-1" })
  pass(60)
  assert(sb:cluster("orders").data_version == 7 and #described(sb, "orders").DBClusterMembers == 0)
end

function tests.tags_of_clusters_and_their_snapshots()
  local sb = world()
  local cluster = sb:add_cluster({ DBClusterIdentifier = "orders" }, 1)
  local snapshot = sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  for _, arn in ipairs { cluster.DBClusterArn, snapshot.DBClusterSnapshotArn } do
    call(sb, "AddTagsToResource", { ResourceName = arn, Tags = { { Key = "a", Value = "1" } } })
    call(sb, "RemoveTagsFromResource", { ResourceName = arn, TagKeys = { "owner" } })
    assert(#call(sb, "ListTagsForResource", { ResourceName = arn }).TagList == 3)
  end
  assert(#sb:instance("orders-1").TagList == 2)
end

function tests.what_a_describe_gave_is_kept()
  local sb, pass = world()
  local source = sb:add_cluster({ DBClusterIdentifier = "orders", Engine = "aurora-mysql" }, 2)
  pass(10)
  local cluster = described(sb, "orders")
  local members = call(sb, "DescribeDBInstances", {}).DBInstances
  local other = world()
  other:add_described_cluster(cluster, members)
  for field, value in pairs(cluster) do
    local known = field:find "Endpoint$" or field:find "RestorableTime$"
    assert(known or tables.same(other:cluster("orders")[field], value), field)
  end
  assert(other:cluster("orders").DbClusterResourceId == source.DbClusterResourceId)
  assert(tables.same(other:cluster("orders").DBClusterMembers, cluster.DBClusterMembers))
  assert(other:instance("orders-2").PromotionTier == 1 and other:instance("orders-2").DBClusterIdentifier == "orders")
end

function tests.rds_disturbs_clusters_too()
  local sb, pass = world()
  sb:add_cluster { DBClusterIdentifier = "orders" }
  assert(sb:disturb("orders", "maintenance", 10) and sb:disturb("orders-1", "backing-up", 10))
  assert(described(sb, "orders").Status == "maintenance" and member_status(sb, "orders-1") == "backing-up")
  pass(11)
  assert(described(sb, "orders").Status == "available" and member_status(sb, "orders-1") == "available")
end

return tests
