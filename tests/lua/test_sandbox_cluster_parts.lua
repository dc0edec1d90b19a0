--- The sandbox: what belongs to a cluster, and whether it survives a rename and a restore.
local cluster_world = require "cluster_world"

local tests = {}

local world, call, refused = cluster_world.new, cluster_world.call, cluster_world.refused

local ROLE = "arn:aws:iam::123456789012:role/load"

local function stand_up(knobs)
  local sb, pass = world(knobs)
  local cluster = sb:add_cluster({ DBClusterIdentifier = "orders" }, 3)
  sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  return sb, pass, cluster
end

local function rename(sb, pass)
  call(sb, "ModifyDBCluster",
    { DBClusterIdentifier = "orders", NewDBClusterIdentifier = "old", ApplyImmediately = true })
  pass(40)
end

local function restore(sb, pass)
  call(sb, "RestoreDBClusterFromSnapshot",
    { DBClusterIdentifier = "orders", SnapshotIdentifier = "s", Engine = "aurora-postgresql" })
  pass(91)
end

local function custom(sb, name)
  local params = { Filters = { { Name = "db-cluster-endpoint-type", Values = { "custom" } } } }
  params.DBClusterIdentifier = name
  return call(sb, "DescribeDBClusterEndpoints", params).DBClusterEndpoints
end

local NEW = {
  DBClusterIdentifier = "orders", DBClusterEndpointIdentifier = "Reports", EndpointType = "READER",
  StaticMembers = { "orders-2", "orders-3" },
}

function tests.a_custom_endpoint_stays_with_its_cluster()
  local sb, pass = stand_up()
  local begun = call(sb, "CreateDBClusterEndpoint", NEW)
  assert(begun.Status == "creating" and begun.DBClusterEndpointIdentifier == "reports")
  assert(begun.Endpoint:find "^reports%.cluster%-custom%-c")
  pass(11)
  assert(custom(sb, "orders")[1].Status == "available")
  assert(sb:cluster("orders").CustomEndpoints[1] == begun.Endpoint)
  rename(sb, pass)
  local found = custom(sb)[1]
  assert(found.DBClusterIdentifier == "old" and found.Endpoint == begun.Endpoint and #found.StaticMembers == 2)
  restore(sb, pass)
  assert(#custom(sb, "orders") == 0 and #sb:cluster("orders").CustomEndpoints == 0)
  refused(sb, "CreateDBClusterEndpoint", NEW, "DBClusterEndpointAlreadyExistsFault")
  call(sb, "DeleteDBClusterEndpoint", { DBClusterEndpointIdentifier = "reports" })
  refused(sb, "DeleteDBClusterEndpoint", { DBClusterEndpointIdentifier = "reports" },
    "InvalidDBClusterEndpointStateFault")
  refused(sb, "CreateDBClusterEndpoint", NEW, "DBClusterEndpointAlreadyExistsFault")
  pass(11)
  refused(sb, "DeleteDBClusterEndpoint", { DBClusterEndpointIdentifier = "reports" }, "DBClusterEndpointNotFoundFault")
  local again = { DBClusterIdentifier = "orders", DBClusterEndpointIdentifier = "reports", EndpointType = "ANY" }
  call(sb, "CreateDBClusterEndpoint", again)
end

function tests.who_is_behind_a_custom_endpoint()
  local sb, pass = stand_up()
  local function refuse(code, more)
    local params = {}
    for name, value in pairs(NEW) do params[name] = value end
    for name, value in pairs(more) do params[name] = value end
    refused(sb, "CreateDBClusterEndpoint", params, code)
  end
  refuse("DBInstanceNotFound", { StaticMembers = { "none" } })
  refuse("InvalidParameterCombination", { ExcludedMembers = { "orders-1" } })
  refuse("InvalidParameterValue", { EndpointType = "WRITER" })
  refuse("DBClusterNotFoundFault", { DBClusterIdentifier = "none" })
  call(sb, "CreateDBClusterEndpoint", NEW)
  refused(sb, "ModifyDBClusterEndpoint", { DBClusterEndpointIdentifier = "reports", EndpointType = "ANY" },
    "InvalidDBClusterEndpointStateFault")
  pass(11)
  call(sb, "ModifyDBInstance",
    { DBInstanceIdentifier = "orders-2", NewDBInstanceIdentifier = "second", ApplyImmediately = true })
  call(sb, "DeleteDBInstance", { DBInstanceIdentifier = "orders-3" })
  pass(110)
  assert(table.concat(custom(sb)[1].StaticMembers, " ") == "second")
  call(sb, "ModifyDBClusterEndpoint", { DBClusterEndpointIdentifier = "reports", ExcludedMembers = { "orders-1" } })
  assert(#custom(sb)[1].StaticMembers == 0 and custom(sb)[1].ExcludedMembers[1] == "orders-1")
  assert(#call(sb, "DescribeDBClusterEndpoints", {}).DBClusterEndpoints == 3) -- with the writer's and the readers'
end

function tests.custom_endpoints_go_with_their_cluster()
  local sb, pass = stand_up()
  for i = 1, 5 do
    call(sb, "CreateDBClusterEndpoint",
      { DBClusterIdentifier = "orders", DBClusterEndpointIdentifier = "e" .. i, EndpointType = "ANY" })
  end
  refused(sb, "CreateDBClusterEndpoint", NEW, "DBClusterEndpointQuotaExceededFault")
  for i = 1, 3 do call(sb, "DeleteDBInstance", { DBInstanceIdentifier = "orders-" .. i }) end
  call(sb, "DeleteDBCluster", { DBClusterIdentifier = "orders", SkipFinalSnapshot = true })
  pass(100)
  assert(#custom(sb) == 0)
end

function tests.roles_of_a_cluster()
  local sb, pass = stand_up()
  local load = { DBClusterIdentifier = "orders", RoleArn = ROLE }
  call(sb, "AddRoleToDBCluster", load)
  refused(sb, "AddRoleToDBCluster", load, "DBClusterRoleAlreadyExists")
  assert(sb:cluster("orders").AssociatedRoles[2].Status == "PENDING")
  pass(21)
  assert(sb:cluster("orders").AssociatedRoles[2].Status == "ACTIVE")
  rename(sb, pass)
  restore(sb, pass)
  assert(#sb:cluster("old").AssociatedRoles == 2 and #sb:cluster("orders").AssociatedRoles == 0)
  call(sb, "RemoveRoleFromDBCluster", { DBClusterIdentifier = "old", RoleArn = ROLE })
  refused(sb, "RemoveRoleFromDBCluster", { DBClusterIdentifier = "old", RoleArn = ROLE }, "DBClusterRoleNotFound")
  for i = 1, 5 do call(sb, "AddRoleToDBCluster", { DBClusterIdentifier = "orders", RoleArn = ROLE .. i }) end
  refused(sb, "AddRoleToDBCluster", load, "DBClusterRoleQuotaExceeded")
end

function tests.the_http_endpoint_is_switched_by_its_own_operations()
  local sb, pass, cluster = stand_up()
  rename(sb, pass)
  restore(sb, pass)
  assert(sb:cluster("old").HttpEndpointEnabled and not sb:cluster("orders").HttpEndpointEnabled)
  local arn = { ResourceArn = cluster.DBClusterArn }
  assert(call(sb, "EnableHttpEndpoint", arn).HttpEndpointEnabled and sb:cluster("orders").HttpEndpointEnabled)
  assert(not call(sb, "DisableHttpEndpoint", arn).HttpEndpointEnabled)
  refused(sb, "EnableHttpEndpoint", { ResourceArn = cluster.DBClusterArn .. "x" }, "ResourceNotFoundFault")
  sb:disturb("orders", "maintenance", 10)
  refused(sb, "EnableHttpEndpoint", arn, "InvalidResourceStateFault")
end

function tests.a_managed_secret_is_its_databases()
  local sb, pass = stand_up { secret_s = 30 }
  call(sb, "ModifyDBCluster",
    { DBClusterIdentifier = "orders", ManageMasterUserPassword = true, MasterUserSecretKmsKeyId = "k" })
  pass(26)
  local secret = sb:cluster("orders").MasterUserSecret
  assert(secret.SecretStatus == "creating" and secret.KmsKeyId == "k" and secret.SecretArn:find "rds!cluster%-")
  pass(31)
  assert(sb:cluster("orders").MasterUserSecret.SecretStatus == "active")
  local secrets = sb:secrets()
  assert(#secrets == 1 and secrets[1].owner == sb:cluster("orders").DbClusterResourceId)
  rename(sb, pass)
  restore(sb, pass)
  assert(not sb:cluster("orders").MasterUserSecret and sb:cluster("old").MasterUserSecret)
  for i = 1, 3 do call(sb, "DeleteDBInstance", { DBInstanceIdentifier = "orders-" .. i }) end
  call(sb, "DeleteDBCluster", { DBClusterIdentifier = "old", SkipFinalSnapshot = true })
  pass(100)
  assert(#sb:secrets() == 0)
end

function tests.an_activity_stream_is_the_old_clusters()
  local sb, pass, cluster = stand_up()
  local start = { ResourceArn = cluster.DBClusterArn, Mode = "sync", KmsKeyId = "k" }
  assert(call(sb, "StartActivityStream", start).Status == "starting")
  refused(sb, "StartActivityStream", start, "InvalidDBClusterStateFault")
  pass(61)
  local made = sb:cluster "orders"
  assert(made.ActivityStreamStatus == "started" and made.ActivityStreamMode == "sync")
  assert(made.ActivityStreamKinesisStreamName:find "^aws%-rds%-das%-cluster%-")
  rename(sb, pass)
  restore(sb, pass)
  assert(sb:cluster("orders").ActivityStreamStatus == "stopped" and not sb:cluster("orders").ActivityStreamMode)
  call(sb, "StopActivityStream", { ResourceArn = sb:cluster("old").DBClusterArn })
  refused(sb, "StopActivityStream", { ResourceArn = sb:cluster("old").DBClusterArn }, "InvalidDBClusterStateFault")
  pass(61)
  assert(sb:cluster("old").ActivityStreamStatus == "stopped")
  refused(sb, "StartActivityStream", { ResourceArn = cluster.DBClusterArn .. "x", Mode = "sync", KmsKeyId = "k" },
    "DBClusterNotFoundFault")
end

return tests
