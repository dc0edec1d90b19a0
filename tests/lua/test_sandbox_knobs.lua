--- Every knob is read: for each an experiment, with two of its values, in which something that a client sees differs.
local knobs = require "trapheus.sandbox.knobs"
local sandbox = require "trapheus.sandbox"
local sorted = require "trapheus.sorted"

local tests = {}

-- A laboratory -----------------------------------------------------------------------------

local START_MS = 1700000000000

local Lab = {}
Lab.__index = Lab

--- A world that is kind, but for what is given.
local function laboratory(values)
  local lab = setmetatable({ ms = START_MS }, Lab)
  lab.sb = sandbox.new { now_ms = function() return lab.ms end, preset = "quick", knobs = values }
  lab.sb:add_instance { DBInstanceIdentifier = "mydb" }
  lab.sb:add_snapshot { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" }
  return lab
end

function Lab:wait(seconds)
  self.ms = self.ms + seconds * 1000
  self.sb:advance()
end

--- The result, or nil and the code of the refusal.
function Lab:ask(operation, params)
  local result, err = self.sb:call("rds", operation, params or {})
  return result, err and err.code
end

function Lab:call(operation, params)
  local result, code = self:ask(operation, params)
  return result or error(("%s: %s"):format(operation, code), 2)
end

function Lab:code(operation, params) return select(2, self:ask(operation, params)) or "ok" end

--- So many seconds until it holds.
function Lab:until_(holds)
  for seconds = 0, 2000 do
    if holds(self.sb) then return seconds end
    self:wait(1)
  end
  return "never"
end

function Lab:status(name)
  local instance = self.sb:instance(name or "mydb")
  return instance and instance.DBInstanceStatus or "none"
end

function Lab:until_status(name, ...)
  local wanted = {}
  for _, status in ipairs { ... } do wanted[status] = true end
  return self:until_(function() return wanted[self:status(name)] end)
end

function Lab:rename(name, new)
  return self:call("ModifyDBInstance",
    { DBInstanceIdentifier = name or "mydb", NewDBInstanceIdentifier = new or "other", ApplyImmediately = true })
end

function Lab:modify(params, name)
  params.DBInstanceIdentifier, params.ApplyImmediately = name or "mydb", true
  return self:call("ModifyDBInstance", params)
end

function Lab:restore(more)
  local params = { DBInstanceIdentifier = "new", DBSnapshotIdentifier = "s" }
  for name, value in pairs(more or {}) do params[name] = value end
  return self:call("RestoreDBInstanceFromDBSnapshot", params)
end

function Lab:snapshot(name)
  return self:call("CreateDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = name or "t" })
end

function Lab:create(name, code_only)
  local params = { DBInstanceIdentifier = name, DBInstanceClass = "db.t4g.micro", Engine = "postgres",
    MasterUsername = "app", MasterUserPassword = "correct-horse", AllocatedStorage = 20 }
  return (code_only and self.code or self.call)(self, "CreateDBInstance", params)
end

function Lab:delete(name)
  return self:code("DeleteDBInstance", { DBInstanceIdentifier = name or "mydb", SkipFinalSnapshot = true })
end

function Lab:snapshot_status(name)
  local snapshot = self.sb:snapshot(name or "t")
  return snapshot and snapshot.Status or "none"
end

--- What happened to mydb, by its events.
function Lab:events(name)
  local list = {}
  for _, event in ipairs(self:call("DescribeEvents",
    { SourceIdentifier = name or "mydb", SourceType = "db-instance" }).Events) do list[#list + 1] = event.Message end
  return table.concat(list, "; ")
end

function Lab:visible(name)
  local list = {}
  for _, each in ipairs(name and { name } or { "mydb", "other" }) do
    list[#list + 1] = each .. "=" .. self:code("DescribeDBInstances", { DBInstanceIdentifier = each })
  end
  return table.concat(list, " ")
end

--- How often something comes out, of a hundred tries.
local function share(values, try)
  local count = 0
  for seed = 1, 100 do
    local lab = setmetatable({ ms = START_MS }, Lab)
    lab.sb = sandbox.new { now_ms = function() return lab.ms end, preset = "quick", knobs = values, seed = seed }
    lab.sb:add_instance { DBInstanceIdentifier = "mydb" }
    lab.sb:add_snapshot { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" }
    count = count + (try(lab) and 1 or 0)
  end
  return count
end

function Lab:cluster(count)
  self.sb:add_cluster({ DBClusterIdentifier = "orders" }, count)
end

function Lab:cluster_status(name)
  local found = self:ask("DescribeDBClusters", { DBClusterIdentifier = name or "orders" })
  return found and found.DBClusters[1].Status or "none"
end

function Lab:writer()
  for _, member in ipairs(self:call("DescribeDBClusters", { DBClusterIdentifier = "orders" }).DBClusters[1]
    .DBClusterMembers) do
    if member.IsClusterWriter then return member.DBInstanceIdentifier end
  end
end

function Lab:new_cluster(name)
  return self:code("CreateDBCluster", { DBClusterIdentifier = name or "fresh", Engine = "aurora-postgresql",
    MasterUsername = "app", MasterUserPassword = "correct-horse" })
end

function Lab:rename_cluster()
  return self:call("ModifyDBCluster",
    { DBClusterIdentifier = "orders", NewDBClusterIdentifier = "orders-old", ApplyImmediately = true })
end

function Lab:cluster_snapshot(name)
  return self:code("CreateDBClusterSnapshot",
    { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = name or "cs" })
end

-- Experiments ------------------------------------------------------------------------------

--- Knob -> what is seen; and where the presets' kind and unkind values do not suit, which two values.
---@type table<string, { see: (fun(lab: table, values: table): any), values: any[]|nil, with: table|nil }>
local EXPERIMENTS = {}

--- A knob whose value is so many seconds: 5 and 50 of them.
local function lasts(knob, see, with)
  EXPERIMENTS[knob] = { values = { 5, 50 }, see = see, with = with }
end

local function differs(knob, values, see, with)
  EXPERIMENTS[knob] = { values = values, see = see, with = with }
end

lasts("stale_s", function(lab)
  lab:wait(100)
  lab:modify { DeletionProtection = true }
  return lab:until_(function()
    return lab:call("DescribeDBInstances", { DBInstanceIdentifier = "mydb" }).DBInstances[1].DeletionProtection
  end)
end)

lasts("newborn_s", function(lab)
  lab:wait(100)
  lab:snapshot "new"
  return lab:until_(function() return lab:code("DescribeDBSnapshots", { DBSnapshotIdentifier = "new" }) == "ok" end)
end, { stale_s = 200 })

lasts("list_stale_s", function(lab)
  lab:wait(100)
  lab:modify { DeletionProtection = true }
  return lab:until_(function() return lab:call("DescribeDBInstances").DBInstances[1].DeletionProtection end)
end)

tests["a list is never older than the larger of the two says"] = function()
  local lab = laboratory { stale_s = 40, list_stale_s = 30 }
  lab:wait(100)
  lab:modify { DeletionProtection = true }
  local seconds = lab:until_(function() return lab:call("DescribeDBInstances").DBInstances[1].DeletionProtection end)
  assert(seconds == 40, seconds)
end

differs("stale_apart", { 0, 1 }, function(lab)
  lab.sb:add_instance { DBInstanceIdentifier = "second" }
  lab:wait(100)
  local apart = false
  for _ = 1, 40 do
    for _, name in ipairs { "mydb", "second" } do lab:modify({ DeletionProtection = true }, name) end
    lab:wait(5)
    local both = lab:call("DescribeDBInstances").DBInstances
    apart = apart or both[1].DeletionProtection ~= both[2].DeletionProtection
    for _, name in ipairs { "mydb", "second" } do lab:modify({ DeletionProtection = false }, name) end
    lab:wait(40)
  end
  return apart
end, { stale_s = { 0, 10 } })

differs("marker_is_position", { 0, 1 }, function(lab)
  for i = 1, 30 do lab.sb:add_instance { DBInstanceIdentifier = ("n%02d"):format(i), AllocatedStorage = 20 } end
  local first = lab:call("DescribeDBInstances", { MaxRecords = 20 })
  lab.sb:add_instance { DBInstanceIdentifier = "a", AllocatedStorage = 20 }
  return lab:call("DescribeDBInstances", { MaxRecords = 20, Marker = first.Marker }).DBInstances[1].DBInstanceIdentifier
end)

lasts("zombie_s", function(lab)
  lab.sb:inject { "CreateDBSnapshot:1:zombie" }
  lab:ask("CreateDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "t" })
  return lab:until_(function() return lab:snapshot_status() ~= "none" end)
end)

local function granted(lab)
  local count = 0
  for _ = 1, 200 do count = count + (lab:ask "DescribeDBInstances" and 1 or 0) end
  lab:wait(10)
  for _ = 1, 200 do count = count + (lab:ask "DescribeDBInstances" and 1 or 0) end
  return count
end

differs("throttle_burst", { 20, 100 }, granted, { throttle_rate_per_s = 1 })
differs("throttle_rate_per_s", { 1, 5 }, granted, { throttle_burst = 100 })
differs("neighbour_per_s", { 0, 8 }, granted, { throttle_burst = 100, throttle_rate_per_s = 10 })
differs("throttle_exception_percent", { 0, 100 }, function(lab)
  lab:ask "DescribeDBInstances"
  return lab:code "DescribeDBInstances"
end, { throttle_burst = 1 })

differs("clock_offset_s", { 0, 100 }, function(lab) return lab:snapshot().DBSnapshot and lab.sb:seconds() end)
differs("clock_drift_ppm", { 0, 50 }, function(lab)
  lab:wait(1000000)
  return lab.sb:seconds()
end)
differs("credentials_s", { 0, 3600 }, function(lab)
  lab:wait(3600)
  return lab:code "DescribeDBInstances"
end)

differs("disturbance_every_s", { 0, 100 }, function(lab)
  return lab:until_(function() return lab:status() ~= "available" end)
end)
differs("disturbance_s", { 10, 40 }, function(lab)
  lab:until_(function() return lab:status() ~= "available" end)
  return lab:until_status("mydb", "available")
end, { disturbance_every_s = 100 })

lasts("rename_lag_s", function(lab)
  lab:rename()
  return lab:until_(function() return lab:status() ~= "available" end)
end)
lasts("rename_s", function(lab)
  lab:rename()
  return lab:until_(function() return lab.sb:instance "other" end)
end)
lasts("rename_gap_s", function(lab)
  lab:rename()
  lab:wait(21)
  return lab:until_(function() return lab:visible "other" == "other=ok" end)
end)
lasts("rename_both_s", function(lab)
  lab:rename()
  lab:wait(21)
  return lab:until_(function() return lab:visible "mydb" ~= "mydb=ok" end)
end)
lasts("rename_reboot_s", function(lab)
  lab:rename()
  lab:until_(function() return lab.sb:instance "other" end)
  return lab:until_status("other", "available")
end)
lasts("name_release_s", function(lab)
  lab:rename()
  lab:until_(function() return lab.sb:instance "other" end)
  return lab:until_(function() return lab:create("mydb", true) == "ok" end)
end)
differs("rename_label_percent", { 0, 100 }, function(lab)
  lab:rename()
  lab:wait(1)
  return lab:status()
end)
differs("rename_to_itself_reboots", { 0, 1 }, function(lab)
  lab:rename("mydb", "mydb")
  lab:wait(1)
  return lab:status()
end)
differs("rename_certificate", { 0, 1 }, function(lab)
  lab:rename()
  lab:wait(100)
  return lab.sb:instance("other").CertificateDetails.ValidTill
end)
differs("rename_event", { 0, 1 }, function(lab)
  lab:rename()
  lab:wait(100)
  return lab:events "other"
end)
differs("rename_leaves_domain", { 0, 1 }, function(lab)
  lab:modify { Domain = "d-1", DomainIAMRoleName = "r" }
  lab:wait(100)
  lab:rename()
  lab:wait(100)
  return lab.sb:instance("other").DomainMemberships[1].Status
end)
differs("rename_fails_percent", { 0, 50 }, function(_, values)
  return share(values, function(lab)
    lab:rename()
    lab:wait(100)
    return lab.sb:instance "other"
  end)
end)
differs("reserved_name_state", { 0, 1 }, function(lab)
  lab:rename()
  return lab:create("other", true)
end)
differs("failure_event", { 0, 1 }, function(lab)
  lab.sb:inject { "ModifyDBInstance:1:background_failure" }
  lab:modify { MultiAZ = false }
  lab:wait(100)
  return lab:events()
end)

lasts("modify_lag_s", function(lab)
  lab:modify { MultiAZ = false }
  return lab:until_status("mydb", "modifying")
end)
lasts("modify_s", function(lab)
  lab:modify { MultiAZ = false }
  lab:until_status("mydb", "modifying")
  return lab:until_status("mydb", "available")
end)
differs("modify_fails_percent", { 0, 50 }, function(_, values)
  return share(values, function(lab)
    lab:modify { MultiAZ = false }
    lab:wait(100)
    return not lab.sb:instance("mydb").MultiAZ
  end)
end)
differs("modify_in_backing_up", { 0, 1 }, function(lab)
  lab:snapshot()
  return lab:code("ModifyDBInstance", { DBInstanceIdentifier = "mydb", DeletionProtection = true })
end)
differs("modify_in_terminal", { 0, 1 }, function(lab)
  lab.sb:disturb("mydb", "incompatible-network")
  return lab:code("ModifyDBInstance", { DBInstanceIdentifier = "mydb", DeletionProtection = true })
end)
lasts("storage_optimization_s", function(lab)
  lab:modify { AllocatedStorage = 600 }
  lab:until_status("mydb", "storage-optimization")
  return lab:until_status("mydb", "available")
end)
lasts("reboot_s", function(lab)
  lab:call("RebootDBInstance", { DBInstanceIdentifier = "mydb" })
  return lab:until_status("mydb", "available")
end)

lasts("snapshot_s", function(lab)
  lab:snapshot()
  return lab:until_(function() return lab:snapshot_status() == "available" end)
end)
lasts("snapshot_start_s", function(lab)
  lab:snapshot()
  return lab:until_(function() return lab.sb:snapshot("t").SnapshotCreateTime end)
end, { snapshot_s = 100 })
lasts("snapshot_tail_s", function(lab)
  lab:snapshot()
  return lab:until_status("mydb", "available")
end)
lasts("snapshot_delete_s", function(lab)
  lab:call("DeleteDBSnapshot", { DBSnapshotIdentifier = "s" })
  return lab:until_(function() return lab:snapshot_status "s" == "none" end)
end)
differs("snapshot_fails_percent", { 0, 50 }, function(_, values)
  return share(values, function(lab)
    lab:snapshot()
    lab:wait(100)
    return lab:snapshot_status() == "available"
  end)
end)
differs("snapshot_quota", { 1, 2 }, function(lab)
  return lab:code("CreateDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "t" })
end)
differs("instance_quota", { 1, 2 }, function(lab) return lab:create("second", true) end)
differs("storage_quota", { 510, 600 }, function(lab) return lab:create("second", true) end)

lasts("create_s", function(lab)
  lab:create "second"
  return lab:until_(function() return lab:status "second" ~= "creating" end)
end)
lasts("create_backup_s", function(lab)
  lab:create "second"
  lab:until_status("second", "backing-up")
  return lab:until_status("second", "available")
end)
lasts("restore_s", function(lab)
  lab:restore()
  return lab:until_(function() return lab:status "new" ~= "creating" end)
end)
differs("restore_flaps", { 0, 4 }, function(lab)
  lab:restore()
  return lab:until_status("new", "available")
end)
lasts("restore_flap_s", function(lab)
  lab:restore()
  return lab:until_status("new", "available")
end, { restore_flaps = 1 })
lasts("restore_backup_lag_s", function(lab)
  lab:restore()
  lab:until_status("new", "available")
  return lab:until_status("new", "backing-up")
end, { restore_backup_s = 100 })
lasts("restore_backup_s", function(lab)
  lab:restore()
  lab:until_status("new", "backing-up")
  return lab:until_status("new", "available")
end)
differs("restore_fails_percent", { 0, 50 }, function(_, values)
  return share(values, function(lab)
    lab:restore()
    lab:wait(100)
    return lab:status "new" == "available"
  end)
end)
differs("restore_endpoint", { 0, 1 }, function(lab) return lab:restore().DBInstance.Endpoint ~= nil end)
differs("restore_keeps_secret", { 0, 1 }, function(lab)
  lab:modify { ManageMasterUserPassword = true }
  lab:wait(100)
  lab:snapshot()
  lab:wait(100)
  return lab:restore({ DBSnapshotIdentifier = "t" }).DBInstance.MasterUserSecret ~= nil
end)
differs("restore_merges_tags", { 0, 1 }, function(lab)
  return #lab:restore({ Tags = { { Key = "a", Value = "b" } } }).DBInstance.TagList
end)
differs("restore_pending_reboot_percent", { 0, 100 }, function(lab)
  lab:restore { DBParameterGroupName = "production-postgres" }
  lab:wait(100)
  return lab.sb:instance("new").DBParameterGroups[1].ParameterApplyStatus
end)
lasts("reboot_refused_s", function(lab)
  lab:restore()
  lab:until_status("new", "available")
  return lab:until_(function() return lab:code("RebootDBInstance", { DBInstanceIdentifier = "new" }) == "ok" end)
end)

lasts("delete_s", function(lab)
  lab:delete()
  return lab:until_status("mydb", "none")
end)
lasts("delete_precheck_s", function(lab)
  lab:delete()
  return lab:until_status("mydb", "deleting")
end)
differs("delete_again", { 0, 1 }, function(lab)
  lab:delete()
  return lab:delete()
end)
differs("delete_in_creating", { 0, 1 }, function(lab)
  lab:restore()
  return lab:delete "new"
end)
lasts("role_s", function(lab)
  lab:call("AddRoleToDBInstance", { DBInstanceIdentifier = "mydb", RoleArn = "r", FeatureName = "f" })
  return lab:until_(function() return lab.sb:instance("mydb").AssociatedRoles[2].Status == "ACTIVE" end)
end)
lasts("stream_s", function(lab)
  lab.sb.names.mydb.fields.Engine = "oracle-ee"
  lab:call("StartActivityStream", { ResourceArn = lab.sb:instance("mydb").DBInstanceArn, Mode = "async",
    KmsKeyId = "k" })
  return lab:until_(function() return lab.sb:instance("mydb").ActivityStreamStatus == "started" end)
end)
lasts("replication_s", function(lab)
  lab.sb:call("rds", "StartDBInstanceAutomatedBackupsReplication",
    { SourceDBInstanceArn = lab.sb:instance("mydb").DBInstanceArn }, "eu-west-1")
  return lab:until_(function() return lab.sb:instance("mydb").DBInstanceAutomatedBackupsReplications[1] end)
end)

lasts("cluster_create_s", function(lab)
  lab:new_cluster()
  return lab:until_(function() return lab:cluster_status "fresh" == "available" end)
end)
lasts("cluster_delete_s", function(lab)
  lab:cluster(0)
  lab:call("DeleteDBCluster", { DBClusterIdentifier = "orders", SkipFinalSnapshot = true })
  return lab:until_(function() return lab:cluster_status() == "none" end)
end)
lasts("cluster_rename_s", function(lab)
  lab:cluster(1)
  lab:rename_cluster()
  return lab:until_(function() return lab:cluster_status "orders-old" == "available" end)
end)
lasts("cluster_restore_s", function(lab)
  lab:cluster(1)
  lab:cluster_snapshot()
  lab:wait(100)
  lab:call("RestoreDBClusterFromSnapshot",
    { DBClusterIdentifier = "fresh", SnapshotIdentifier = "cs", Engine = "aurora-postgresql" })
  return lab:until_(function() return lab:cluster_status "fresh" == "available" end)
end)
differs("restore_encrypts_cluster", { 0, 1 }, function(lab)
  lab:new_cluster "orders"
  lab:wait(100)
  lab:cluster_snapshot()
  lab:wait(100)
  return lab:call("RestoreDBClusterFromSnapshot", { DBClusterIdentifier = "fresh", SnapshotIdentifier = "cs",
    Engine = "aurora-postgresql" }).DBCluster.StorageEncrypted
end)
differs("cluster_quota", { 1, 2 }, function(lab)
  lab:cluster(0)
  return lab:new_cluster()
end)
differs("cluster_snapshot_quota", { 0, 1 }, function(lab)
  lab:cluster(1)
  return lab:cluster_snapshot()
end)
lasts("failover_s", function(lab)
  lab:cluster(2)
  lab:call("FailoverDBCluster", { DBClusterIdentifier = "orders" })
  return lab:until_(function() return lab:cluster_status() == "available" end)
end)
differs("member_flaps", { 0, 3 }, function(lab)
  lab:cluster(1)
  lab:call("CreateDBInstance", { DBInstanceIdentifier = "orders-9", DBClusterIdentifier = "orders",
    Engine = "aurora-postgresql", DBInstanceClass = "db.r6g.large" })
  return lab:until_status("orders-9", "available")
end)
lasts("secret_s", function(lab)
  lab:modify { ManageMasterUserPassword = true }
  lab:until_(function() return lab.sb:instance("mydb").MasterUserSecret end)
  return lab:until_(function() return lab.sb:instance("mydb").MasterUserSecret.SecretStatus == "active" end)
end)
lasts("cluster_endpoint_s", function(lab)
  lab:cluster(1)
  lab:call("CreateDBClusterEndpoint",
    { DBClusterIdentifier = "orders", DBClusterEndpointIdentifier = "e", EndpointType = "ANY" })
  return lab:until_(function()
    local found = lab:call("DescribeDBClusterEndpoints", { DBClusterEndpointIdentifier = "e" }).DBClusterEndpoints[1]
    return found and found.Status == "available"
  end)
end)
differs("writer_reboot_failover_percent", { 0, 100 }, function(lab)
  lab:cluster(2)
  lab:call("RebootDBInstance", { DBInstanceIdentifier = lab:writer() })
  lab:wait(100)
  return lab:writer()
end)
differs("modify_http_endpoint", { 0, 1 }, function(lab)
  lab:cluster(1)
  lab:ask("ModifyDBCluster", { DBClusterIdentifier = "orders", EnableHttpEndpoint = false, ApplyImmediately = true })
  lab:wait(100)
  return lab:call("DescribeDBClusters", { DBClusterIdentifier = "orders" }).DBClusters[1].HttpEndpointEnabled
end)
differs("cluster_rename_member_endpoints", { 0, 1 }, function(lab)
  lab:cluster(1)
  lab:rename_cluster()
  lab:wait(100)
  return lab.sb:instance("orders-1").Endpoint.Address
end)
differs("multi_az_rename_members", { 0, 1 }, function(lab)
  lab:call("CreateDBCluster", { DBClusterIdentifier = "orders", Engine = "postgres", MasterUsername = "app",
    MasterUserPassword = "correct-horse", DBClusterInstanceClass = "db.r6gd.large", AllocatedStorage = 100,
    StorageType = "io1", Iops = 1000 })
  lab:wait(1000)
  lab:rename_cluster()
  lab:wait(1000)
  return lab.sb:instance "orders-old-instance-1" ~= nil
end)

lasts("stop_s", function(lab)
  lab:call("StopDBInstance", { DBInstanceIdentifier = "mydb" })
  return lab:until_status("mydb", "stopped")
end)
lasts("start_s", function(lab)
  lab:call("StopDBInstance", { DBInstanceIdentifier = "mydb" })
  lab:wait(100)
  lab:call("StartDBInstance", { DBInstanceIdentifier = "mydb" })
  return lab:until_status("mydb", "available")
end)

-- Around a database -------------------------------------------------------------------------

function Lab:export_status(wanted)
  return self:until_(function()
    return self:call("DescribeExportTasks", { ExportTaskIdentifier = "e" }).ExportTasks[1].Status == wanted
  end)
end

function Lab:export()
  self:call("StartExportTask", { ExportTaskIdentifier = "e", S3BucketName = "exports", KmsKeyId = "k",
    SourceArn = self.sb:snapshot("s").DBSnapshotArn, IamRoleArn = "arn:aws:iam::123456789012:role/export" })
end

lasts("export_start_s", function(lab)
  lab:export()
  return lab:export_status "IN_PROGRESS"
end)
lasts("export_s", function(lab)
  lab:export()
  return lab:export_status "COMPLETE"
end)
lasts("export_cancel_s", function(lab)
  lab:export()
  lab:call("CancelExportTask", { ExportTaskIdentifier = "e" })
  return lab:export_status "CANCELED"
end)
differs("proxy_follows_name", { 0, 1 }, function(lab)
  lab:cluster(0)
  lab.sb:add_proxy("front", { "orders" })
  lab:rename_cluster()
  lab:wait(1000)
  lab:new_cluster "orders"
  lab:wait(1000)
  return lab:call("DescribeDBProxyTargets", { DBProxyName = "front" }).Targets[1].TargetHealth.State
end)

-- Where a knob is read again ----------------------------------------------------------------

--- Knob, what of it, two values, what is seen.
local AGAIN = {}

local function again(knob, what, values, see, with)
  AGAIN[#AGAIN + 1] = { knob = knob, what = what, values = values, see = see, with = with }
end

local function multi_az(lab)
  lab:call("CreateDBCluster", { DBClusterIdentifier = "orders", Engine = "postgres", MasterUsername = "app",
    MasterUserPassword = "correct-horse", DBClusterInstanceClass = "db.r6gd.large", AllocatedStorage = 100,
    StorageType = "io1", Iops = 1000 })
  lab:wait(1000)
end

for knob, quota in pairs { instance_quota = "DBInstances", storage_quota = "AllocatedStorage",
  snapshot_quota = "ManualSnapshots", cluster_quota = "DBClusters",
  cluster_snapshot_quota = "ManualClusterSnapshots" } do
  again(knob, "as the account is told of it", { 700, 800 }, function(lab)
    for _, each in ipairs(lab:call("DescribeAccountAttributes").AccountQuotas) do
      if each.AccountQuotaName == quota then return each.Max end
    end
    error("there is no quota " .. quota)
  end)
end
again("delete_in_creating", "of a cluster", { 0, 1 }, function(lab)
  lab:new_cluster()
  return lab:code("DeleteDBCluster", { DBClusterIdentifier = "fresh", SkipFinalSnapshot = true })
end)
again("snapshot_tail_s", "of a cluster", { 5, 50 }, function(lab)
  lab:cluster(1)
  lab:cluster_snapshot()
  lab:wait(1)
  return lab:until_(function() return lab:cluster_status() == "available" end)
end)
again("reboot_s", "of a Multi-AZ DB cluster", { 5, 50 }, function(lab)
  multi_az(lab)
  lab:call("RebootDBCluster", { DBClusterIdentifier = "orders" })
  return lab:until_(function() return lab:cluster_status() == "available" end)
end)
again("reboot_s", "of an instance that fails over", { 5, 50 }, function(lab)
  lab.sb:inject { "1s:failover:mydb" }
  lab:until_status("mydb", "rebooting")
  return lab:until_status("mydb", "available")
end)
again("reboot_s", "of the members of a cluster that has another port", { 5, 50 }, function(lab)
  lab:cluster(1)
  lab:call("ModifyDBCluster", { DBClusterIdentifier = "orders", Port = 6543, ApplyImmediately = true })
  lab:until_status("orders-1", "rebooting")
  return lab:until_status("orders-1", "available")
end)
again("rename_lag_s", "of a rename to the present name", { 5, 50 }, function(lab)
  lab:rename("mydb", "mydb")
  return lab:until_(function() return lab:status() ~= "available" end)
end, { rename_to_itself_reboots = 1 })
again("stream_s", "of a stream that stops", { 5, 50 }, function(lab)
  lab.sb.names.mydb.fields.Engine = "oracle-ee"
  local arn = lab.sb:instance("mydb").DBInstanceArn
  lab:call("StartActivityStream", { ResourceArn = arn, Mode = "async", KmsKeyId = "k" })
  lab:wait(100)
  lab:call("StopActivityStream", { ResourceArn = arn })
  return lab:until_(function() return lab.sb:instance("mydb").ActivityStreamStatus == "stopped" end)
end)
again("cluster_endpoint_s", "of one that is deleted", { 5, 50 }, function(lab)
  lab:cluster(1)
  lab:call("CreateDBClusterEndpoint",
    { DBClusterIdentifier = "orders", DBClusterEndpointIdentifier = "e", EndpointType = "ANY" })
  lab:wait(100)
  lab:call("DeleteDBClusterEndpoint", { DBClusterEndpointIdentifier = "e" })
  return lab:until_(function()
    return #lab:call("DescribeDBClusterEndpoints", { DBClusterEndpointIdentifier = "e" }).DBClusterEndpoints == 0
  end)
end)

local function seen(knob, experiment, value)
  local values = { [knob] = value }
  for name, given in pairs(experiment.with or {}) do values[name] = given end
  local ok, result = pcall(function() return experiment.see(laboratory(values), values) end)
  if not ok then error(("%s = %s: %s"):format(knob, value, result), 0) end
  return tostring(result)
end

local function check(name, unit, experiment)
  local low, high = experiment.values[1], experiment.values[2]
  local a, b = seen(name, experiment, low), seen(name, experiment, high)
  if a == b then error(("%s makes no difference: %s"):format(name, a)) end
  if high == 50 and unit == "s" then
    assert(tonumber(b) - tonumber(a) == 45, ("%s: %s and %s s"):format(name, a, b))
  end
end

for _, knob in ipairs(knobs.register) do
  tests["something is seen of " .. knob.name] = function()
    check(knob.name, knob.unit, EXPERIMENTS[knob.name] or error(knob.name .. " has no experiment: who reads it?"))
  end
end

for _, experiment in ipairs(AGAIN) do
  tests[("something is seen of %s, %s"):format(experiment.knob, experiment.what)] = function()
    check(experiment.knob, experiment.knob:match "_(s)$", experiment)
  end
end

--- What is known of RDS by one report only, or by inference; and what only a real account can settle.
local GUESSES = { "C3", "C5", "R8", "R12", "R14", "T18", "Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8", "Q9", "Q10" }

function tests.every_guess_is_a_knob()
  local facts = {}
  for _, knob in ipairs(knobs.register) do
    for fact in knob.fact:gmatch "[^, ]+" do facts[fact] = true end
  end
  for _, guess in ipairs(GUESSES) do assert(facts[guess], guess .. " is no knob") end
end

function tests.every_experiment_is_of_a_knob()
  local known = {}
  for _, knob in ipairs(knobs.register) do known[knob.name] = true end
  for _, name in ipairs(sorted.keys(EXPERIMENTS)) do assert(known[name], "there is no knob " .. name) end
end

return tests
