--- The sandbox: export tasks.
local cluster_world = require "cluster_world"
local shapes = require "shapes"

local tests = {}

local call, refused = cluster_world.call, cluster_world.refused

local ROLE = "arn:aws:iam::123456789012:role/export"

local function stand_up(knobs)
  local sb, pass = cluster_world.new(knobs)
  sb:add_instance { DBInstanceIdentifier = "mydb", data_version = 8 }
  local snapshot = sb:add_snapshot { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" }
  return sb, pass, snapshot.DBSnapshotArn
end

local function start(arn, more)
  local params = {
    ExportTaskIdentifier = "Task-1", SourceArn = arn, S3BucketName = "exports", IamRoleArn = ROLE,
    KmsKeyId = "alias/exports",
  }
  for name, value in pairs(more or {}) do params[name] = value end
  return params
end

local function task(sb, name)
  local result = call(sb, "DescribeExportTasks", { ExportTaskIdentifier = name or "task-1" })
  shapes.check_output("DescribeExportTasks", result)
  return result.ExportTasks[1]
end

function tests.a_snapshot_is_exported()
  local sb, pass, arn = stand_up()
  local begun = call(sb, "StartExportTask", start(arn, { S3Prefix = "nightly", ExportOnly = { "app.public" } }))
  shapes.check_output("StartExportTask", begun)
  assert(begun.Status == "STARTING" and begun.ExportTaskIdentifier == "task-1" and not begun.TaskStartTime)
  pass(11)
  assert(task(sb).Status == "IN_PROGRESS" and task(sb).TaskStartTime and task(sb).PercentProgress == 0)
  pass(30)
  assert(task(sb).PercentProgress == 25)
  pass(70)
  local done = task(sb)
  assert(done.Status == "COMPLETE" and done.PercentProgress == 100 and done.TaskEndTime and done.S3Prefix == "nightly")
  assert(done.SourceType == "SNAPSHOT" and done.SnapshotTime and sb:export_task("task-1").data_version == 8)
end

function tests.clusters_and_their_snapshots_are_exported_too()
  local sb, pass = stand_up()
  local cluster = sb:add_cluster { DBClusterIdentifier = "orders" }
  local snapshot = sb:add_cluster_snapshot { DBClusterIdentifier = "orders", DBClusterSnapshotIdentifier = "c" }
  local three = sb:add_cluster { DBClusterIdentifier = "three", Engine = "postgres" }
  call(sb, "StartExportTask", start(cluster.DBClusterArn))
  call(sb, "StartExportTask", start(snapshot.DBClusterSnapshotArn, { ExportTaskIdentifier = "two" }))
  refused(sb, "StartExportTask", start(three.DBClusterArn, { ExportTaskIdentifier = "x" }),
    "InvalidParameterCombination")
  pass(111)
  local of_clusters = call(sb, "DescribeExportTasks", { SourceType = "CLUSTER" }).ExportTasks
  assert(#of_clusters == 1 and of_clusters[1].Status == "COMPLETE" and task(sb, "two").Status == "COMPLETE")
  local filter = { { Name = "source-arn", Values = { snapshot.DBClusterSnapshotArn } } }
  assert(#call(sb, "DescribeExportTasks", { Filters = filter }).ExportTasks == 1)
end

function tests.one_at_a_time_and_a_name_once()
  local sb, pass, arn = stand_up()
  call(sb, "StartExportTask", start(arn))
  refused(sb, "StartExportTask", start(arn), "ExportTaskAlreadyExists")
  refused(sb, "StartExportTask", start(arn, { ExportTaskIdentifier = "two" }), "ExportTaskAlreadyExists")
  pass(111)
  refused(sb, "StartExportTask", start(arn), "ExportTaskAlreadyExists")
  call(sb, "StartExportTask", start(arn, { ExportTaskIdentifier = "two" }))
end

function tests.what_an_export_needs()
  local sb, _, arn = stand_up()
  sb:lack("bucket", "nowhere")
  sb:lack("role", ROLE .. "-2")
  sb:lack("permission", ROLE .. "-3")
  sb:lack("key", "alias/off")
  for _, row in ipairs {
    { "InvalidS3BucketFault", { S3BucketName = "nowhere" } },
    { "InvalidS3BucketFault", { S3BucketName = "Not_A_Bucket" } },
    { "IamRoleNotFound", { IamRoleArn = ROLE .. "-2" } },
    { "IamRoleNotFound", { IamRoleArn = "role" } },
    { "IamRoleMissingPermissions", { IamRoleArn = ROLE .. "-3" } },
    { "KMSKeyNotAccessibleFault", { KmsKeyId = "alias/off" } },
    { "InvalidExportOnly", { ExportOnly = { "a.b.c.d" } } }, { "InvalidExportOnly", { ExportOnly = { "my-app" } } },
    { "InvalidParameterValue", { S3Prefix = "a:b" } },
    { "InvalidParameterValue", { SourceArn = "mydb" } },
    { "InvalidParameterValue", { ExportTaskIdentifier = "1st" } },
    { "InvalidParameterValue", { ExportTaskIdentifier = ("a"):rep(61) } },
    { "DBSnapshotNotFound", { SourceArn = arn .. "x" } },
    { "DBClusterSnapshotNotFoundFault", { SourceArn = arn:gsub(":snapshot:", ":cluster-snapshot:") } },
    { "DBClusterNotFoundFault", { SourceArn = arn:gsub(":snapshot:", ":cluster:") } },
  } do
    refused(sb, "StartExportTask", start(arn, row[2]), row[1])
  end
  local mysql = sb:add_instance { DBInstanceIdentifier = "m", Engine = "mysql", EngineVersion = "8.0.40" }
  local of_mysql = sb:add_snapshot { DBInstanceIdentifier = mysql.DBInstanceIdentifier, DBSnapshotIdentifier = "m" }
  refused(sb, "StartExportTask", start(of_mysql.DBSnapshotArn, { ExportOnly = { "a.b.c" } }), "InvalidExportOnly")
  sb:add_instance { DBInstanceIdentifier = "old", StorageType = "standard" }
  local magnetic = sb:add_snapshot { DBInstanceIdentifier = "old", DBSnapshotIdentifier = "old" }
  refused(sb, "StartExportTask", start(magnetic.DBSnapshotArn), "InvalidParameterCombination")
  assert(#sb.exports == 0)
  local begun = call(sb, "CreateDBSnapshot", { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "t" }).DBSnapshot
  refused(sb, "StartExportTask", start(begun.DBSnapshotArn), "InvalidExportSourceState")
end

function tests.a_running_export_is_cancelled()
  local sb, pass, arn = stand_up()
  call(sb, "StartExportTask", start(arn))
  pass(50)
  local reply = call(sb, "CancelExportTask", { ExportTaskIdentifier = "task-1" })
  shapes.check_output("CancelExportTask", reply)
  assert(reply.Status == "CANCELING")
  refused(sb, "CancelExportTask", { ExportTaskIdentifier = "task-1" }, "InvalidExportTaskStateFault")
  pass(200)
  assert(task(sb).Status == "CANCELED" and task(sb).TaskEndTime)
  refused(sb, "CancelExportTask", { ExportTaskIdentifier = "none" }, "ExportTaskNotFound")
  refused(sb, "DescribeExportTasks", { ExportTaskIdentifier = "none" }, "ExportTaskNotFound")
end

function tests.it_may_fail_and_outlives_its_snapshot()
  local sb, pass, arn = stand_up()
  sb:inject { { operation = "StartExportTask", occurrence = 1, kind = "background_failure" } }
  call(sb, "StartExportTask", start(arn))
  call(sb, "DeleteDBSnapshot", { DBSnapshotIdentifier = "s" })
  pass(111)
  assert(task(sb).Status == "FAILED" and #task(sb).FailureCause > 0 and not sb:snapshot "s")
end

return tests
