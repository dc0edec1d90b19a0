"""The sandbox's clusters over HTTP, as boto3 and the AWS CLI see them."""

import contextlib
import time

import pytest
from served import PASSWORD, TIMEOUT_S, aws, check, client, code_of, sandbox, until

ENGINE = "aurora-postgresql"
ARN = "arn:aws:rds:us-east-1:123456789012:"
ROLE = "arn:aws:iam::123456789012:role/load"
EXPORT = {
    "ExportTaskIdentifier": "e",
    "S3BucketName": "exports",
    "IamRoleArn": ROLE,
    "KmsKeyId": "alias/exports",
}


@pytest.fixture
def url():
    with sandbox("--cluster", "orders:2", "--knob", "stale_s=0") as (_, address):
        yield address


def until_cluster(rds, name):
    """botocore's waiters know no rename: they take a name that does not answer yet for an error."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(rds.exceptions.DBClusterNotFoundFault):
            row = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
            if row["Status"] == "available" and "PendingModifiedValues" not in row:
                return row
        time.sleep(0.02)
    raise AssertionError(f"there is no {name}")


def writers(cluster):
    return [
        row["DBInstanceIdentifier"] for row in cluster["DBClusterMembers"] if row["IsClusterWriter"]
    ]


def add_member(rds, cluster, name, **more):
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBClusterIdentifier=cluster,
        DBInstanceClass="db.r6g.large",
        Engine=ENGINE,
        **more,
    )
    until(rds, "db_instance_available", DBInstanceIdentifier=name)


def test_a_cluster_is_created_and_deleted(url):
    rds = client(url)
    begun = rds.create_db_cluster(
        DBClusterIdentifier="new",
        Engine=ENGINE,
        MasterUsername="app",
        MasterUserPassword=PASSWORD,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 8},
        Tags=[{"Key": "a", "Value": "b"}],
    )["DBCluster"]
    assert begun["Status"] == "creating" and begun["DBClusterMembers"] == []
    until(rds, "db_cluster_available", DBClusterIdentifier="new")
    add_member(rds, "new", "new-1", PromotionTier=0)
    add_member(rds, "new", "new-2")
    made = rds.describe_db_clusters(DBClusterIdentifier="new")["DBClusters"][0]
    assert writers(made) == ["new-1"] and len(made["DBClusterMembers"]) == 2
    assert made["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 8.0}

    delete = {"DBClusterIdentifier": "new", "SkipFinalSnapshot": True}
    assert code_of(rds.delete_db_cluster, **delete) == "InvalidDBClusterStateFault"
    for name in ("new-2", "new-1"):
        rds.delete_db_instance(DBInstanceIdentifier=name)
    assert rds.delete_db_cluster(**delete)["DBCluster"]["Status"] == "deleting"
    until(rds, "db_cluster_deleted", DBClusterIdentifier="new")
    until(rds, "db_instance_deleted", DBInstanceIdentifier="new-1")


def test_a_cluster_is_restored_in_the_place_of_another(url):
    rds = client(url)
    old = rds.describe_db_clusters(DBClusterIdentifier="orders")["DBClusters"][0]
    rds.create_db_cluster_snapshot(
        DBClusterIdentifier="orders", DBClusterSnapshotIdentifier="orders-1"
    )
    until(rds, "db_cluster_snapshot_available", DBClusterSnapshotIdentifier="orders-1")
    until(rds, "db_cluster_available", DBClusterIdentifier="orders")

    rds.modify_db_cluster(
        DBClusterIdentifier="orders", NewDBClusterIdentifier="orders-old", ApplyImmediately=True
    )
    moved = until_cluster(rds, "orders-old")
    assert moved["DbClusterResourceId"] == old["DbClusterResourceId"]
    assert moved["Endpoint"].startswith("orders-old.cluster-")
    assert code_of(rds.describe_db_clusters, DBClusterIdentifier="orders") == (
        "DBClusterNotFoundFault"
    )
    by_id = [{"Name": "db-cluster-resource-id", "Values": [old["DbClusterResourceId"]]}]
    found = rds.describe_db_clusters(Filters=by_id)["DBClusters"]
    assert [row["DBClusterIdentifier"] for row in found] == ["orders-old"]
    of_cluster = [{"Name": "db-cluster-id", "Values": ["orders-old"]}]
    assert len(rds.describe_db_instances(Filters=of_cluster)["DBInstances"]) == 2

    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="orders",
        SnapshotIdentifier="orders-1",
        Engine=ENGINE,
        EngineVersion=old["EngineVersion"],
        StorageType=old["StorageType"],
        DBClusterParameterGroupName=old["DBClusterParameterGroup"],
        Tags=old["TagList"],
    )
    until(rds, "db_cluster_available", DBClusterIdentifier="orders")
    made = rds.describe_db_clusters(DBClusterIdentifier="orders")["DBClusters"][0]
    assert made["DbClusterResourceId"] != old["DbClusterResourceId"]
    assert made["Endpoint"] == old["Endpoint"] and made["DBClusterArn"] == old["DBClusterArn"]
    for field in ("EngineVersion", "StorageType", "DBClusterParameterGroup", "TagList"):
        assert made[field] == old[field], field
    assert made["DBClusterMembers"] == []
    add_member(rds, "orders", "orders-3")

    rds.modify_db_cluster(
        DBClusterIdentifier="orders", BackupRetentionPeriod=3, ApplyImmediately=True
    )
    until_cluster(rds, "orders")
    made = rds.describe_db_clusters(DBClusterIdentifier="orders")["DBClusters"][0]
    assert made["BackupRetentionPeriod"] == 3
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="orders-1")
    until(rds, "db_cluster_snapshot_deleted", DBClusterSnapshotIdentifier="orders-1")


def test_roles_change_in_a_failover(url):
    rds = client(url)
    rds.failover_db_cluster(DBClusterIdentifier="orders", TargetDBInstanceIdentifier="orders-2")
    made = until_cluster(rds, "orders")
    assert writers(made) == ["orders-2"]
    arn = made["DBClusterArn"]
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "x", "Value": "y"}])
    assert {"Key": "x", "Value": "y"} in rds.list_tags_for_resource(ResourceName=arn)["TagList"]


def test_clusters_come_in_pages():
    names = [f"c{i:02}" for i in range(1, 26)]
    arguments = [word for name in names for word in ("--cluster", f"{name}:0")]
    with sandbox(*arguments) as (_, url):
        rds = client(url)
        pages = rds.get_paginator("describe_db_clusters").paginate(
            PaginationConfig={"PageSize": 20}
        )
        assert [row["DBClusterIdentifier"] for p in pages for row in p["DBClusters"]] == names
        some = [{"Name": "db-cluster-id", "Values": ["c03", "c25"]}]
        assert len(rds.describe_db_clusters(Filters=some)["DBClusters"]) == 2
        none = [{"Name": "engine", "Values": ["aurora-mysql"]}]
        assert rds.describe_db_clusters(Filters=none)["DBClusters"] == []


def test_custom_endpoints_and_groups(url):
    rds = client(url)
    rds.create_db_cluster_endpoint(
        DBClusterIdentifier="orders",
        DBClusterEndpointIdentifier="reports",
        EndpointType="READER",
        StaticMembers=["orders-2"],
    )
    rows = rds.describe_db_cluster_endpoints()["DBClusterEndpoints"]
    assert sorted(row["EndpointType"] for row in rows) == ["CUSTOM", "READER", "WRITER"]
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="tuned",
        DBParameterGroupFamily="aurora-postgresql16",
        Description="Tuned",
    )
    rds.modify_db_cluster(DBClusterIdentifier="orders", DBClusterParameterGroupName="tuned")
    made = until_cluster(rds, "orders")
    assert made["DBClusterParameterGroup"] == "tuned"
    groups = rds.describe_db_cluster_parameter_groups(DBClusterParameterGroupName="tuned")
    assert groups["DBClusterParameterGroups"][0]["Description"] == "Tuned"


def test_a_snapshot_is_exported(url):
    rds = client(url)
    snapshot = rds.create_db_cluster_snapshot(
        DBClusterIdentifier="orders", DBClusterSnapshotIdentifier="s"
    )["DBClusterSnapshot"]
    until(rds, "db_cluster_snapshot_available", DBClusterSnapshotIdentifier="s")
    task = {**EXPORT, "SourceArn": snapshot["DBClusterSnapshotArn"]}
    assert rds.start_export_task(**task)["Status"] == "STARTING"
    check(rds, "StartExportTask", task, "ExportTaskAlreadyExists")
    deadline = time.monotonic() + TIMEOUT_S
    done = {}
    while done.get("Status") != "COMPLETE" and time.monotonic() < deadline:
        time.sleep(0.02)
        done = rds.describe_export_tasks(ExportTaskIdentifier="e")["ExportTasks"][0]
    assert done["PercentProgress"] == 100 and done["TaskEndTime"] > done["TaskStartTime"]
    check(rds, "CancelExportTask", {"ExportTaskIdentifier": "e"}, "InvalidExportTaskStateFault")


def of(name, **more):
    return {"DBClusterIdentifier": name, **more}


def member(cluster, name):
    return of(cluster, DBInstanceIdentifier=name, DBInstanceClass="db.r6g.large", Engine=ENGINE)


def snapshot_of(name):
    return of(name, DBClusterSnapshotIdentifier="s")


def export_of(resource, **more):
    return {**EXPORT, "SourceArn": ARN + resource, **more}


NEW = {"Engine": ENGINE, "MasterUsername": "app", "MasterUserPassword": PASSWORD}
GROUP = {"DBClusterParameterGroupName": "none"}
ENDPOINT = {"DBClusterEndpointIdentifier": "none"}
SNAPSHOT = {"DBClusterSnapshotIdentifier": "none"}
RESTORE = of("new", SnapshotIdentifier="none", Engine=ENGINE)
ANY = {**ENDPOINT, "EndpointType": "ANY"}
TAKEN = of("orders", NewDBClusterIdentifier="going")
DEFAULT_GROUP = {"DBParameterGroupName": "default.postgres16"}

# Operation, parameters, code. There are orders, with two members, and going (deleting).
REFUSED = [
    ("DescribeDBClusters", of("none"), "DBClusterNotFoundFault"),
    ("CreateDBCluster", of("orders", **NEW), "DBClusterAlreadyExistsFault"),
    ("CreateDBCluster", of("1st", **NEW), "InvalidParameterValue"),
    ("CreateDBCluster", of("new", **NEW, **GROUP), "DBClusterParameterGroupNotFound"),
    ("CreateDBCluster", of("new", **NEW, DBSubnetGroupName="x"), "DBSubnetGroupNotFoundFault"),
    ("ModifyDBCluster", of("none"), "DBClusterNotFoundFault"),
    ("ModifyDBCluster", of("going", Port=1), "InvalidDBClusterStateFault"),
    ("ModifyDBCluster", TAKEN, "DBClusterAlreadyExistsFault"),
    ("ModifyDBCluster", of("orders", **GROUP), "DBClusterParameterGroupNotFound"),
    ("ModifyDBCluster", of("orders", OptionGroupName="none"), "OptionGroupNotFoundFault"),
    ("ModifyDBCluster", of("orders", BackupRetentionPeriod=0), "InvalidParameterValue"),
    ("DeleteDBCluster", of("none", SkipFinalSnapshot=True), "DBClusterNotFoundFault"),
    ("DeleteDBCluster", of("orders", SkipFinalSnapshot=True), "InvalidDBClusterStateFault"),
    ("DeleteDBCluster", of("orders"), "InvalidParameterCombination"),
    ("FailoverDBCluster", of("none"), "DBClusterNotFoundFault"),
    ("FailoverDBCluster", of("going"), "InvalidDBClusterStateFault"),
    ("RebootDBCluster", of("none"), "DBClusterNotFoundFault"),
    ("CreateDBInstance", member("none", "m"), "DBClusterNotFoundFault"),
    ("CreateDBInstance", member("going", "m"), "InvalidDBClusterStateFault"),
    ("CreateDBInstance", member("orders", "orders-1"), "DBInstanceAlreadyExists"),
    ("CreateDBClusterSnapshot", snapshot_of("none"), "DBClusterNotFoundFault"),
    ("CreateDBClusterSnapshot", snapshot_of("going"), "InvalidDBClusterStateFault"),
    ("DescribeDBClusterSnapshots", SNAPSHOT, "DBClusterSnapshotNotFoundFault"),
    ("DeleteDBClusterSnapshot", SNAPSHOT, "DBClusterSnapshotNotFoundFault"),
    ("RestoreDBClusterFromSnapshot", RESTORE, "DBClusterSnapshotNotFoundFault"),
    ("AddRoleToDBCluster", of("none", RoleArn=ROLE), "DBClusterNotFoundFault"),
    ("RemoveRoleFromDBCluster", of("orders", RoleArn=ROLE), "DBClusterRoleNotFound"),
    ("CreateDBClusterEndpoint", of("none", **ANY), "DBClusterNotFoundFault"),
    ("CreateDBClusterEndpoint", of("orders", **ANY, StaticMembers=["x"]), "DBInstanceNotFound"),
    ("DeleteDBClusterEndpoint", ENDPOINT, "DBClusterEndpointNotFoundFault"),
    ("EnableHttpEndpoint", {"ResourceArn": ARN + "cluster:none"}, "ResourceNotFoundFault"),
    ("EnableHttpEndpoint", {"ResourceArn": ARN + "cluster:going"}, "InvalidResourceStateFault"),
    ("StopActivityStream", {"ResourceArn": ARN + "cluster:none"}, "DBClusterNotFoundFault"),
    ("StopActivityStream", {"ResourceArn": ARN + "cluster:orders"}, "InvalidDBClusterStateFault"),
    ("ListTagsForResource", {"ResourceName": ARN + "cluster:none"}, "DBClusterNotFoundFault"),
    ("StartExportTask", export_of("cluster:none"), "DBClusterNotFoundFault"),
    ("StartExportTask", export_of("snapshot:none"), "DBSnapshotNotFound"),
    ("StartExportTask", export_of("cluster:going"), "InvalidExportSourceState"),
    ("StartExportTask", export_of("x", S3BucketName="X"), "InvalidS3BucketFault"),
    ("StartExportTask", export_of("x", IamRoleArn="x"), "IamRoleNotFound"),
    ("CancelExportTask", {"ExportTaskIdentifier": "none"}, "ExportTaskNotFound"),
    ("DescribeDBClusterParameterGroups", GROUP, "DBParameterGroupNotFound"),
    ("DeleteDBParameterGroup", DEFAULT_GROUP, "InvalidDBParameterGroupState"),
    ("DeleteOptionGroup", {"OptionGroupName": "none"}, "OptionGroupNotFoundFault"),
    ("DescribeEventSubscriptions", {"SubscriptionName": "none"}, "SubscriptionNotFound"),
    ("DescribeDBProxies", {"DBProxyName": "none"}, "DBProxyNotFoundFault"),
]


@pytest.fixture(scope="module")
def rds():
    with sandbox("--cluster", "orders:2", "--cluster", "going:0", "--time", "real") as (_, address):
        one = client(address)
        one.delete_db_cluster(DBClusterIdentifier="going", SkipFinalSnapshot=True)
        yield one


@pytest.mark.parametrize("operation, parameters, code", REFUSED)
def test_an_error_is_as_aws_documents_it(rds, operation, parameters, code):
    check(rds, operation, parameters, code)


def test_the_aws_cli(url):
    row = aws(url, "describe-db-clusters", "--db-cluster-identifier", "orders")
    assert len(row["DBClusters"][0]["DBClusterMembers"]) == 2
    aws(
        url, "create-db-cluster-snapshot", "--db-cluster-identifier", "orders",
        "--db-cluster-snapshot-identifier", "s",
    )  # fmt: skip
    until(client(url), "db_cluster_snapshot_available", DBClusterSnapshotIdentifier="s")
    aws(
        url, "start-export-task", "--export-task-identifier", "e", "--s3-bucket-name", "exports",
        "--source-arn", ARN + "cluster-snapshot:s", "--iam-role-arn", ROLE,
        "--kms-key-id", "alias/exports",
    )  # fmt: skip
    task = aws(url, "describe-export-tasks", "--export-task-identifier", "e")["ExportTasks"][0]
    assert task["S3Bucket"] == "exports" and task["SourceArn"] == ARN + "cluster-snapshot:s"
    aws(
        url, "create-db-instance", "--db-instance-identifier", "orders-9", "--engine", ENGINE,
        "--db-cluster-identifier", "orders", "--db-instance-class", "db.r6g.large",
    )  # fmt: skip
    until(client(url), "db_instance_available", DBInstanceIdentifier="orders-9")
    row = aws(url, "describe-db-clusters", "--db-cluster-identifier", "orders")["DBClusters"][0]
    assert "orders-9" in [it["DBInstanceIdentifier"] for it in row["DBClusterMembers"]]
    aws(
        url, "restore-db-cluster-from-snapshot", "--db-cluster-identifier", "copy",
        "--snapshot-identifier", "s", "--engine", ENGINE, "--no-deletion-protection",
    )  # fmt: skip
    aws(
        url, "describe-db-clusters", "--db-cluster-identifier", "none",
        fails_with="DBClusterNotFoundFault",
    )  # fmt: skip
