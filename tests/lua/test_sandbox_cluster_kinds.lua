--- The sandbox: Multi-AZ DB clusters, Serverless v2, and what is said of all clusters together.
local cluster_world = require "cluster_world"

local tests = {}

local world, call, refused = cluster_world.new, cluster_world.call, cluster_world.refused

local THREE = { DBClusterIdentifier = "three", Engine = "postgres" }

local function described(sb, name)
  return call(sb, "DescribeDBClusters", { DBClusterIdentifier = name }).DBClusters[1]
end

local function create_three(more)
  local params = {
    DBClusterIdentifier = "three", Engine = "postgres", DBClusterInstanceClass = "db.r6gd.large", StorageType = "io1",
    Iops = 3000, AllocatedStorage = 100, MasterUsername = "app", MasterUserPassword = "correct-horse",
  }
  for name, value in pairs(more or {}) do params[name] = value end
  return "CreateDBCluster", params
end

local function members_of(sb, name)
  local list, writer = {}, nil
  for i, member in ipairs(described(sb, name).DBClusterMembers) do
    list[i] = member.DBInstanceIdentifier
    if member.IsClusterWriter then writer = member.DBInstanceIdentifier end
  end
  return table.concat(list, " "), writer
end

function tests.rds_makes_three_members()
  local sb, pass = world()
  call(sb, create_three())
  assert(members_of(sb, "three") == "three-instance-1 three-instance-2 three-instance-3")
  assert(sb:instance("three-instance-1").DBInstanceStatus == "creating")
  pass(31)
  local _, writer = members_of(sb, "three")
  local cluster, member = described(sb, "three"), sb:instance "three-instance-2"
  assert(writer and cluster.MultiAZ and cluster.Status == "available" and cluster.StorageType == "io1")
  assert(member.DBInstanceStatus == "available" and member.DBInstanceClass == "db.r6gd.large")
  assert(member.AllocatedStorage == 100 and member.Iops == 3000 and member.DBClusterIdentifier == "three")
end

function tests.its_members_are_rdss_own()
  local sb, pass = world()
  sb:add_cluster(THREE)
  local one = { DBInstanceIdentifier = "three-instance-1" }
  refused(sb, "ModifyDBInstance", { DBInstanceIdentifier = "three-instance-1", NewDBInstanceIdentifier = "x" },
    "InvalidParameterCombination")
  refused(sb, "DeleteDBInstance", one, "InvalidParameterCombination")
  refused(sb, "CreateDBInstance", { DBInstanceIdentifier = "four", DBClusterIdentifier = "three", Engine = "postgres",
    DBInstanceClass = "db.r6gd.large" }, "InvalidParameterCombination")
  call(sb, "RebootDBInstance", one)
  pass(21)
  assert(sb:instance("three-instance-1").DBInstanceStatus == "available")
  call(sb, "ModifyDBCluster",
    { DBClusterIdentifier = "three", DBClusterInstanceClass = "db.r6gd.xlarge", ApplyImmediately = true })
  pass(30)
  assert(sb:instance("three-instance-1").DBInstanceClass == "db.r6gd.xlarge")
end

function tests.whether_its_members_follow_its_name_is_a_guess()
  for knob, expected in pairs { [0] = "three", [1] = "old" } do
    local sb, pass = world { multi_az_rename_members = knob }
    local before = sb:add_cluster(THREE)
    call(sb, "ModifyDBCluster",
      { DBClusterIdentifier = "three", NewDBClusterIdentifier = "old", ApplyImmediately = true })
    pass(40)
    local names = members_of(sb, "old")
    assert(names:find("^" .. expected .. "%-instance%-1 "), names)
    assert(sb:instance(expected .. "-instance-3").DBClusterIdentifier == "old")
    assert(described(sb, "old").DbClusterResourceId == before.DbClusterResourceId)
    assert((sb:instance "three-instance-3" == nil) == (knob == 1))
  end
end

function tests.a_restore_is_one_if_it_is_told_the_class()
  local sb, pass = world()
  sb:add_cluster(THREE)
  sb:add_cluster_snapshot { DBClusterIdentifier = "three", DBClusterSnapshotIdentifier = "s" }
  local params = { DBClusterIdentifier = "again", SnapshotIdentifier = "s", Engine = "postgres" }
  refused(sb, "RestoreDBClusterFromSnapshot", params, "MissingParameter")
  params.DBClusterInstanceClass, params.StorageType = "db.r6gd.large", "io1"
  refused(sb, "RestoreDBClusterFromSnapshot", params, "InvalidParameterCombination") -- io1 needs Iops
  params.Iops = 3000
  call(sb, "RestoreDBClusterFromSnapshot", params)
  pass(91)
  assert(described(sb, "again").Status == "available" and described(sb, "again").AllocatedStorage == 100)
  assert(members_of(sb, "again") == "again-instance-1 again-instance-2 again-instance-3")
end

function tests.it_is_deleted_with_its_members()
  local sb, pass = world()
  sb:add_cluster(THREE)
  refused(sb, "DeleteDBCluster",
    { DBClusterIdentifier = "three", SkipFinalSnapshot = true, DeleteAutomatedBackups = false },
    "InvalidParameterCombination")
  call(sb, "DeleteDBCluster", { DBClusterIdentifier = "three", SkipFinalSnapshot = true })
  assert(sb:instance("three-instance-1").DBInstanceStatus == "deleting")
  pass(21)
  assert(not sb:cluster "three" and not sb:instance "three-instance-1")
end

function tests.the_names_of_its_members_must_fit()
  local sb = world()
  local _, params = create_three({ DBClusterIdentifier = ("a"):rep(53) })
  refused(sb, "CreateDBCluster", params, "InvalidParameterValue")
  sb:add_instance { DBInstanceIdentifier = "three-instance-2" }
  local operation
  operation, params = create_three()
  refused(sb, operation, params, "DBInstanceAlreadyExists")
  params.DBClusterIdentifier = ("a"):rep(52)
  call(sb, operation, params)
end

function tests.names_have_a_grammar_and_a_length()
  local sb = world()
  sb:add_cluster { DBClusterIdentifier = "orders" }
  for _, name in ipairs { ("a"):rep(64), "1st", "a--b", "a-", "a_b" } do
    refused(sb, "ModifyDBCluster", { DBClusterIdentifier = "orders", NewDBClusterIdentifier = name },
      "InvalidParameterValue")
    refused(sb, "CreateDBClusterSnapshot", { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = name },
      "InvalidParameterValue")
  end
end

function tests.serverless_members_need_a_scaling_configuration()
  local sb, pass = world()
  sb:add_cluster({ DBClusterIdentifier = "orders" }, 1)
  sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  local params = { DBClusterIdentifier = "again", SnapshotIdentifier = "s", Engine = "aurora-postgresql" }
  for _, scaling in ipairs {
    { MinCapacity = 1, MaxCapacity = 0.5 }, { MinCapacity = 0.3, MaxCapacity = 2 },
    { MinCapacity = 1, MaxCapacity = 257 },
    { MinCapacity = 1, MaxCapacity = 2, SecondsUntilAutoPause = 300 },
  } do
    params.ServerlessV2ScalingConfiguration = scaling
    refused(sb, "RestoreDBClusterFromSnapshot", params, "InvalidParameterCombination")
  end
  params.ServerlessV2ScalingConfiguration = nil
  call(sb, "RestoreDBClusterFromSnapshot", params)
  pass(91)
  local member = { DBInstanceIdentifier = "again-1", DBClusterIdentifier = "again", Engine = "aurora-postgresql",
    DBInstanceClass = "db.serverless" }
  refused(sb, "CreateDBInstance", member, "InvalidDBClusterStateFault")
  call(sb, "ModifyDBCluster",
    { DBClusterIdentifier = "again", ServerlessV2ScalingConfiguration = { MinCapacity = 0, MaxCapacity = 4 } })
  call(sb, "CreateDBInstance", member)
end

function tests.backtrack_cannot_be_switched_on_later()
  local sb, pass = world()
  sb:add_cluster { DBClusterIdentifier = "orders", Engine = "aurora-mysql" }
  sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  for name, window in pairs { with = 3600, without = 0 } do
    call(sb, "RestoreDBClusterFromSnapshot", { DBClusterIdentifier = name, SnapshotIdentifier = "s",
      Engine = "aurora-mysql", BacktrackWindow = window })
  end
  pass(91)
  call(sb, "ModifyDBCluster", { DBClusterIdentifier = "with", BacktrackWindow = 7200 })
  refused(sb, "ModifyDBCluster", { DBClusterIdentifier = "without", BacktrackWindow = 7200 },
    "InvalidParameterCombination")
end

function tests.there_is_no_way_back_to_an_older_version()
  local sb, pass = world()
  sb:add_cluster { DBClusterIdentifier = "orders" } -- 16.4
  sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  local params = { DBClusterIdentifier = "again", SnapshotIdentifier = "s", Engine = "aurora-postgresql" }
  params.EngineVersion = "16.3"
  refused(sb, "RestoreDBClusterFromSnapshot", params, "InvalidParameterCombination")
  params.EngineVersion = nil
  call(sb, "RestoreDBClusterFromSnapshot", params)
  pass(91)
  assert(sb:cluster("again").EngineVersion == "16.6") -- the Region's default
  refused(sb, "ModifyDBCluster", { DBClusterIdentifier = "again", EngineVersion = "16.4" },
    "InvalidParameterCombination")
  call(sb, "ModifyDBCluster", { DBClusterIdentifier = "again", EngineVersion = "16.10", ApplyImmediately = true })
  pass(30)
  assert(sb:cluster("again").EngineVersion == "16.10")
end

function tests.guesses_about_a_restore()
  for knob, expected in pairs { [0] = false, [1] = true } do
    local sb, pass = world { restore_encrypts_cluster = knob, modify_http_endpoint = knob }
    local cluster = sb:add_cluster { DBClusterIdentifier = "orders", StorageEncrypted = false }
    assert(cluster.KmsKeyId)
    sb.cluster_names.orders.fields.KmsKeyId = nil
    sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
    call(sb, "RestoreDBClusterFromSnapshot",
      { DBClusterIdentifier = "again", SnapshotIdentifier = "s", Engine = "aurora-postgresql" })
    pass(91)
    call(sb, "ModifyDBCluster", { DBClusterIdentifier = "again", EnableHttpEndpoint = true })
    assert(described(sb, "again").StorageEncrypted == expected)
    assert(described(sb, "again").HttpEndpointEnabled == expected)
  end
end

function tests.members_change_status_before_they_are_available()
  local sb, pass = world { member_flaps = 2 }
  sb:add_cluster({ DBClusterIdentifier = "orders" }, 0)
  call(sb, "CreateDBInstance", { DBInstanceIdentifier = "m", DBClusterIdentifier = "orders",
    Engine = "aurora-postgresql", DBInstanceClass = "db.r6g.large" })
  pass(101)
  assert(sb:instance("m").DBInstanceStatus ~= "available" and sb:instance("m").DBInstanceStatus ~= "creating")
  pass(20)
  assert(sb:instance("m").DBInstanceStatus == "available")
end

function tests.the_account_knows_its_clusters()
  local sb = world { cluster_snapshot_quota = 1 }
  sb:add_cluster { DBClusterIdentifier = "orders" }
  sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "s" }
  refused(sb, "CreateDBClusterSnapshot", { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "t" },
    "SnapshotQuotaExceeded")
  local used = {}
  for _, quota in ipairs(call(sb, "DescribeAccountAttributes", {}).AccountQuotas) do
    used[quota.AccountQuotaName] = quota.Used
  end
  assert(used.DBClusters == 1 and used.ManualClusterSnapshots == 1 and used.DBInstances == 2)
  assert(used.AllocatedStorage == 0 and used.ManualSnapshots == 0)
  local found = {}
  for _, version in ipairs(call(sb, "DescribeDBEngineVersions", { Engine = "aurora-postgresql" }).DBEngineVersions) do
    found[#found + 1] = version.EngineVersion
  end
  assert(table.concat(found, " ") == "16.4 16.6")
  local options = call(sb, "DescribeOrderableDBInstanceOptions", { Engine = "aurora-postgresql" })
  assert(options.OrderableDBInstanceOptions[1].DBInstanceClass == "db.r6g.large")
end

return tests
