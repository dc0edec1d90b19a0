--- The sandbox's clusters, asked for anything at any time: what must hold holds, and nothing but AWS's errors comes.
local random = require "trapheus.sandbox.random"
local sandbox = require "trapheus.sandbox"
local shapes = require "shapes"

local tests = {}

local SEEDS, CALLS = 12, 250

local CLUSTERS, MEMBERS, SNAPSHOTS = { "a", "b", "c" }, { "a-1", "a-2", "m", "c-instance-1" }, { "s", "t" }
local ENGINES = { "aurora-postgresql", "aurora-mysql", "postgres" }

--- A call that may or may not make sense.
local CALLS_BY_NAME = {
  CreateDBCluster = function(pick)
    local engine = pick(ENGINES)
    return { DBClusterIdentifier = pick(CLUSTERS), Engine = engine, MasterUsername = "app",
      MasterUserPassword = "correct-horse", DBClusterInstanceClass = engine == "postgres" and "db.r6gd.large" or nil,
      AllocatedStorage = engine == "postgres" and 100 or nil }
  end,
  CreateDBInstance = function(pick)
    return { DBClusterIdentifier = pick(CLUSTERS), DBInstanceIdentifier = pick(MEMBERS), Engine = pick(ENGINES),
      DBInstanceClass = "db.r6g.large", PromotionTier = pick { 0, 1, 15 } }
  end,
  ModifyDBCluster = function(pick)
    return { DBClusterIdentifier = pick(CLUSTERS), ApplyImmediately = pick { true, false },
      NewDBClusterIdentifier = pick { false, "a", "b", "c" } or nil, DeletionProtection = pick { false, true },
      BackupRetentionPeriod = pick { 1, 7 }, Port = pick { 3306, 5432 },
      ManageMasterUserPassword = pick { true, false } }
  end,
  ModifyDBInstance = function(pick)
    return { DBInstanceIdentifier = pick(MEMBERS), ApplyImmediately = true,
      NewDBInstanceIdentifier = pick { false, "a-1", "m" } or nil, PromotionTier = pick { 0, 3 } }
  end,
  DeleteDBInstance = function(pick) return { DBInstanceIdentifier = pick(MEMBERS) } end,
  DeleteDBCluster = function(pick)
    local final = pick { false, "s", "f" } or nil
    return { DBClusterIdentifier = pick(CLUSTERS), SkipFinalSnapshot = not final, FinalDBSnapshotIdentifier = final }
  end,
  CreateDBClusterSnapshot = function(pick)
    return { DBClusterIdentifier = pick(CLUSTERS), DBClusterSnapshotIdentifier = pick(SNAPSHOTS) }
  end,
  DeleteDBClusterSnapshot = function(pick) return { DBClusterSnapshotIdentifier = pick(SNAPSHOTS) } end,
  RestoreDBClusterFromSnapshot = function(pick)
    return { DBClusterIdentifier = pick(CLUSTERS), SnapshotIdentifier = pick(SNAPSHOTS), Engine = pick(ENGINES) }
  end,
  FailoverDBCluster = function(pick)
    return { DBClusterIdentifier = pick(CLUSTERS), TargetDBInstanceIdentifier = pick { false, "a-2" } or nil }
  end,
  RebootDBInstance = function(pick) return { DBInstanceIdentifier = pick(MEMBERS) } end,
  RebootDBCluster = function(pick) return { DBClusterIdentifier = pick(CLUSTERS) } end,
  StopDBCluster = function(pick) return { DBClusterIdentifier = pick(CLUSTERS) } end,
  StartDBCluster = function(pick) return { DBClusterIdentifier = pick(CLUSTERS) } end,
  AddRoleToDBCluster = function(pick) return { DBClusterIdentifier = pick(CLUSTERS), RoleArn = pick { "r", "q" } } end,
  CreateDBClusterEndpoint = function(pick)
    return { DBClusterIdentifier = pick(CLUSTERS), DBClusterEndpointIdentifier = "e", EndpointType = "ANY",
      StaticMembers = { pick(MEMBERS) } }
  end,
  DeleteDBClusterEndpoint = function() return { DBClusterEndpointIdentifier = "e" } end,
  StartExportTask = function(pick)
    return { ExportTaskIdentifier = pick { "x", "y" }, S3BucketName = "exports", KmsKeyId = "k",
      IamRoleArn = "arn:aws:iam::123456789012:role/r",
      SourceArn = "arn:aws:rds:us-east-1:123456789012:cluster:" .. pick(CLUSTERS) }
  end,
  DescribeDBClusters = function() return {} end,
  DescribeDBInstances = function() return {} end,
  DescribeDBClusterEndpoints = function() return {} end,
  DescribeDBClusterSnapshots = function() return {} end,
}

local OPERATIONS = {}
for name in pairs(CALLS_BY_NAME) do OPERATIONS[#OPERATIONS + 1] = name end
table.sort(OPERATIONS)

local function contains(list, wanted)
  for _, one in ipairs(list) do
    if one == wanted then return true end
  end
  return false
end

local function check_cluster(sb, cluster)
  assert(sb.cluster_names[cluster.name] == cluster, "it holds its name")
  assert(not cluster.writer or contains(cluster.members, cluster.writer), "the writer is a member")
  for _, member in ipairs(cluster.members) do
    assert(member.cluster == cluster and not member.gone and sb.names[member.name] == member, "a member is there")
  end
  for _, endpoint in ipairs(cluster.endpoints) do
    assert(endpoint.cluster == cluster and not endpoint.gone, "a custom endpoint is there")
    for _, member in ipairs(endpoint.static) do assert(contains(cluster.members, member), "and leads to members") end
  end
end

local function check(sb)
  local seen = {}
  for _, list in ipairs { sb.clusters, sb.instances } do
    for _, resource in ipairs(list) do
      assert(not seen[resource.rid], "a resource id is one database's")
      seen[resource.rid] = true
      if not resource.gone and resource.members then check_cluster(sb, resource) end
      if not resource.gone and resource.cluster then
        assert(not resource.cluster.gone and contains(resource.cluster.members, resource), "a member has its cluster")
      end
    end
  end
end

local function play(seed, preset)
  local stream, clock = random.new(seed, "calls"), { ms = 1700000000000 }
  local sb = sandbox.new { now_ms = function() return clock.ms end, seed = seed, preset = preset,
    knobs = { credentials_s = 0 } }
  sb:add_cluster({ DBClusterIdentifier = "a" }, 2)
  local function pick(list) return list[stream:integer(1, #list)] end
  local granted = 0
  for _ = 1, CALLS do
    local operation = pick(OPERATIONS)
    local result, err = sb:call("rds", operation, CALLS_BY_NAME[operation](pick))
    if result then
      granted = granted + 1
      shapes.check_output(operation, result)
    end
    assert(result or err.status, operation)
    check(sb)
    clock.ms = clock.ms + stream:integer(1, 200) * 1000
  end
  return granted, sb
end

for seed = 1, SEEDS do
  local preset = seed % 3 == 0 and "adversarial" or seed % 3 == 1 and "typical" or "quick"
  tests[("seed %d, %s"):format(seed, preset)] = function()
    assert(play(seed, preset) > CALLS / 10, "hardly anything was granted")
  end
end

function tests.one_seed_is_one_story()
  local function story()
    local lines = {}
    for _, entry in ipairs(select(2, play(1, "typical")).audit) do
      lines[#lines + 1] = ("%d %s %s %s"):format(entry.at_ms, entry.operation, entry.outcome, entry.target)
    end
    return table.concat(lines, "\n")
  end
  assert(story() == story())
end

return tests
