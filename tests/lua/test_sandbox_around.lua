--- The sandbox: what stands around a database. Groups, subscriptions, proxies, SNS.
local cluster_world = require "cluster_world"
local shapes = require "shapes"

local tests = {}

local world, call, refused = cluster_world.new, cluster_world.call, cluster_world.refused

local function checked(sb, operation, params)
  local result = call(sb, operation, params)
  shapes.check_output(operation, result)
  return result
end

function tests.a_parameter_group_lives()
  for operation, name in pairs { DBParameterGroup = "DBParameterGroupName",
    DBClusterParameterGroup = "DBClusterParameterGroupName" } do
    local sb = world()
    local params = { [name] = "Tuned", DBParameterGroupFamily = "aurora-postgresql16", Description = "Tuned" }
    assert(checked(sb, "Create" .. operation, params)[operation][name] == "tuned")
    refused(sb, "Create" .. operation, params, "DBParameterGroupAlreadyExists")
    local found = checked(sb, "Describe" .. operation .. "s", { [name] = "tuned" })[operation .. "s"]
    assert(#found == 1 and found[1].DBParameterGroupFamily == "aurora-postgresql16")
    local arn = found[1][operation .. "Arn"]
    call(sb, "AddTagsToResource", { ResourceName = arn, Tags = { { Key = "a", Value = "1" } } })
    assert(#call(sb, "ListTagsForResource", { ResourceName = arn }).TagList == 1)
    call(sb, "Delete" .. operation, { [name] = "tuned" })
    refused(sb, "Delete" .. operation, { [name] = "tuned" }, "DBParameterGroupNotFound")
    refused(sb, "Describe" .. operation .. "s", { [name] = "tuned" }, "DBParameterGroupNotFound")
    refused(sb, "Delete" .. operation, { [name] = "default.aurora-postgresql16" }, "InvalidDBParameterGroupState")
    assert(#checked(sb, "Describe" .. operation .. "s", {})[operation .. "s"] > 3)
  end
end

function tests.an_option_group_lives()
  local sb = world()
  local params = { OptionGroupName = "o", EngineName = "mysql", MajorEngineVersion = "8.0",
    OptionGroupDescription = "o" }
  checked(sb, "CreateOptionGroup", params)
  refused(sb, "CreateOptionGroup", params, "OptionGroupAlreadyExistsFault")
  assert(checked(sb, "DescribeOptionGroups", { EngineName = "mysql" }).OptionGroupsList[2].OptionGroupName == "o")
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  refused(sb, "DeleteOptionGroup", { OptionGroupName = "production-postgres" }, "InvalidOptionGroupStateFault")
  call(sb, "DeleteOptionGroup", { OptionGroupName = "o" })
  refused(sb, "DescribeOptionGroups", { OptionGroupName = "o" }, "OptionGroupNotFoundFault")
end

function tests.a_group_in_use_cannot_be_deleted()
  local sb = world()
  sb:add_cluster { DBClusterIdentifier = "orders" }
  local name = "production-aurora-postgresql"
  refused(sb, "DeleteDBParameterGroup", { DBParameterGroupName = name }, "InvalidDBParameterGroupState")
  refused(sb, "DeleteDBClusterParameterGroup", { DBClusterParameterGroupName = name }, "InvalidDBParameterGroupState")
end

function tests.a_group_of_another_family_does_not_fit()
  local sb = world()
  local other = { DBParameterGroupFamily = "aurora-mysql8.0", Description = "x" }
  other.DBParameterGroupName, other.DBClusterParameterGroupName = "other", "other"
  call(sb, "CreateDBParameterGroup", other)
  call(sb, "CreateDBClusterParameterGroup", other)
  sb:add_cluster { DBClusterIdentifier = "orders" }
  sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  local code = "InvalidParameterCombination"
  refused(sb, "ModifyDBInstance", { DBInstanceIdentifier = "mydb", DBParameterGroupName = "other" }, code)
  refused(sb, "ModifyDBInstance", { DBInstanceIdentifier = "orders-1", DBParameterGroupName = "other" }, code)
  refused(sb, "ModifyDBCluster", { DBClusterIdentifier = "orders", DBClusterParameterGroupName = "other" }, code)
  refused(sb, "RestoreDBClusterFromSnapshot", { DBClusterIdentifier = "again", SnapshotIdentifier = "s",
    Engine = "aurora-postgresql", DBClusterParameterGroupName = "other" }, code)
  assert(not sb:cluster "again")
end

function tests.subscriptions_are_shown()
  local sb = world()
  sb:add_event_subscription { CustSubscriptionId = "alarm", SnsTopicArn = "arn:aws:sns:us-east-1:123456789012:t",
    SourceType = "db-cluster", SourceIdsList = { "orders" }, EventCategoriesList = { "deletion" }, Enabled = true }
  local found = checked(sb, "DescribeEventSubscriptions", {}).EventSubscriptionsList
  assert(found[1].SourceIdsList[1] == "orders" and found[1].Status == "active")
  refused(sb, "DescribeEventSubscriptions", { SubscriptionName = "none" }, "SubscriptionNotFound")
end

function tests.a_proxy_may_or_may_not_find_the_new_holder()
  for knob, expected in pairs { [0] = "UNAVAILABLE", [1] = "AVAILABLE" } do
    local sb, pass = world { proxy_follows_name = knob }
    sb:add_cluster({ DBClusterIdentifier = "orders" }, 1)
    sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
    sb:add_proxy("front", { "orders", "orders-1" })
    local function state()
      return checked(sb, "DescribeDBProxyTargets", { DBProxyName = "front" }).Targets[1].TargetHealth.State
    end
    assert(#checked(sb, "DescribeDBProxies", {}).DBProxies == 1 and state() == "AVAILABLE")
    call(sb, "ModifyDBCluster",
      { DBClusterIdentifier = "orders", NewDBClusterIdentifier = "old", ApplyImmediately = true })
    pass(40)
    assert(state() == "UNAVAILABLE")
    call(sb, "RestoreDBClusterFromSnapshot",
      { DBClusterIdentifier = "orders", SnapshotIdentifier = "s", Engine = "aurora-postgresql" })
    pass(100)
    assert(state() == expected)
  end
  refused(world(), "DescribeDBProxyTargets", { DBProxyName = "none" }, "DBProxyNotFoundFault")
end

function tests.a_blue_green_deployment_is_of_its_source()
  local sb = world()
  local orders = sb:add_cluster { DBClusterIdentifier = "orders" }
  local mydb = sb:add_instance { DBInstanceIdentifier = "mydb" }
  sb:add_blue_green("upgrade", "orders")
  local function of(arn)
    return checked(sb, "DescribeBlueGreenDeployments", { Filters = { { Name = "source", Values = { arn } } } })
      .BlueGreenDeployments
  end
  assert(#of(mydb.DBInstanceArn) == 0 and of(orders.DBClusterArn)[1].BlueGreenDeploymentName == "upgrade")
  local id = of(orders.DBClusterArn)[1].BlueGreenDeploymentIdentifier
  assert(#checked(sb, "DescribeBlueGreenDeployments", { BlueGreenDeploymentIdentifier = id }).BlueGreenDeployments == 1)
  refused(sb, "DescribeBlueGreenDeployments", { BlueGreenDeploymentIdentifier = "none" },
    "BlueGreenDeploymentNotFoundFault")
end

function tests.a_member_of_a_global_database_stays()
  local sb, pass = world()
  sb:add_cluster({ DBClusterIdentifier = "orders" }, 0)
  sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  sb:add_global_cluster("everywhere", { "orders" })
  assert(checked(sb, "DescribeGlobalClusters", {}).GlobalClusters[1].GlobalClusterMembers[1].IsWriter)
  assert(checked(sb, "DescribeDBClusters", {}).DBClusters[1].GlobalClusterIdentifier == "everywhere")
  refused(sb, "DeleteDBCluster", { DBClusterIdentifier = "orders", SkipFinalSnapshot = true },
    "InvalidDBClusterStateFault")
  call(sb, "RestoreDBClusterFromSnapshot",
    { DBClusterIdentifier = "again", SnapshotIdentifier = "s", Engine = "aurora-postgresql" })
  pass(91)
  assert(not sb:cluster("again").GlobalClusterIdentifier)
  refused(sb, "DescribeGlobalClusters", { GlobalClusterIdentifier = "none" }, "GlobalClusterNotFoundFault")
end

function tests.what_sns_was_asked_to_publish_is_kept()
  local sb = world()
  local topic = "arn:aws:sns:us-east-1:123456789012:alarms"
  local function publish(more)
    local params = { TopicArn = topic, Message = "restored", Subject = "trapheus" }
    for name, value in pairs(more or {}) do params[name] = value end
    return sb:call("sns", "Publish", params)
  end
  assert(publish().MessageId and sb.published[1].Message == "restored" and sb.published[1].at_ms)
  for _, row in ipairs {
    { "InvalidParameter", 400, { TopicArn = "alarms" } }, { "InvalidParameter", 400, { Message = "" } },
    { "InvalidParameter", 400, { Subject = ("x"):rep(101) } }, { "InvalidParameter", 400, { Subject = "a\nb" } },
    { "InvalidParameter", 400, { Message = ("x"):rep(262145) } },
  } do
    local result, err = publish(row[3])
    assert(not result and err.code == row[1] and err.status == row[2])
  end
  sb:lack("topic", topic)
  local _, err = publish()
  assert(err.code == "NotFound" and err.status == 404 and #sb.published == 1)
end

function tests.replicas_stay_with_their_source_and_are_promoted_when_it_goes()
  local sb, pass = world()
  sb:add_instance { DBInstanceIdentifier = "mydb", ReadReplicaDBInstanceIdentifiers = { "copy", "elsewhere" } }
  sb:add_instance { DBInstanceIdentifier = "copy", ReadReplicaSourceDBInstanceIdentifier = "mydb" }
  local function rename(from, to)
    call(sb, "ModifyDBInstance",
      { DBInstanceIdentifier = from, NewDBInstanceIdentifier = to, ApplyImmediately = true })
    pass(2000)
  end
  rename("mydb", "old")
  assert(sb:instance("copy").ReadReplicaSourceDBInstanceIdentifier == "old")
  rename("copy", "copy-2")
  local list = sb:instance("old").ReadReplicaDBInstanceIdentifiers
  assert(#list == 2 and list[1] == "copy-2" and list[2] == "elsewhere")
  call(sb, "DeleteDBInstance", { DBInstanceIdentifier = "old", SkipFinalSnapshot = true })
  assert(sb:instance("copy-2").ReadReplicaSourceDBInstanceIdentifier == "old", "it is there for a while")
  pass(2000)
  local left = call(sb, "DescribeDBInstances", { DBInstanceIdentifier = "copy-2" }).DBInstances[1]
  assert(left.ReadReplicaSourceDBInstanceIdentifier == nil and left.DBInstanceStatus == "available")
end

function tests.nothing_is_restored_whose_key_is_disabled()
  local sb, pass = world()
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  sb:add_snapshot { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" }
  sb:add_cluster { DBClusterIdentifier = "orders" }
  sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  local instance = { DBInstanceIdentifier = "new", DBSnapshotIdentifier = "s" }
  local cluster = { DBClusterIdentifier = "new", SnapshotIdentifier = "s", Engine = "aurora-postgresql" }
  sb:inject { "1m:key_disabled:mydb", "2m:key_enabled:mydb", "1m:key_disabled:orders", "2m:key_enabled:orders" }
  pass(60)
  refused(sb, "RestoreDBInstanceFromDBSnapshot", instance, "KMSKeyNotAccessibleFault")
  refused(sb, "RestoreDBClusterFromSnapshot", cluster, "KMSKeyNotAccessibleFault")
  pass(60)
  call(sb, "RestoreDBInstanceFromDBSnapshot", instance)
  call(sb, "RestoreDBClusterFromSnapshot", cluster)
end

function tests.a_first_backup_waits_for_what_goes_on()
  local sb, pass = world { restore_s = 10, restore_flaps = 0, restore_backup_lag_s = 5, restore_backup_s = 500,
    modify_s = 50, modify_lag_s = 0 }
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  sb:add_snapshot { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" }
  call(sb, "RestoreDBInstanceFromDBSnapshot", { DBInstanceIdentifier = "new", DBSnapshotIdentifier = "s" })
  pass(11)
  call(sb, "ModifyDBInstance", { DBInstanceIdentifier = "new", MultiAZ = true, ApplyImmediately = true })
  pass(40)
  assert(sb:instance("new").DBInstanceStatus == "modifying")
  pass(60)
  assert(sb:instance("new").DBInstanceStatus == "backing-up", sb:instance("new").DBInstanceStatus)
  pass(500)
  assert(sb:instance("new").DBInstanceStatus == "available")
end

return tests
