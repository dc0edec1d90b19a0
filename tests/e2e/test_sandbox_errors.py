"""Every error that the sandbox raises, as boto3 gives it: code, class, HTTP status and whose fault it is.

What AWS documents of an operation's errors is in botocore's model.
"""

import json

import pytest
from served import PASSWORD, ROOT, check, client, refused, sandbox

ARN = "arn:aws:rds:us-east-1:123456789012:"
ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/none", "FeatureName": "s3Import"}
TAGS = [{"Key": "a", "Value": "b"}]
NEW = {
    "DBInstanceIdentifier": "new",
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "postgres",
    "AllocatedStorage": 20,
    "MasterUsername": "app",
    "MasterUserPassword": PASSWORD,
}
RESTORE = {"DBInstanceIdentifier": "new", "DBSnapshotIdentifier": "done"}


def new(**more):
    return {**NEW, **more}


def of(name, **more):
    return {"DBInstanceIdentifier": name, **more}


# Operation, parameters, code. There are mydb (protected), busy (backing-up), going (deleting), young (creating);
# of snapshots done, and begun (creating).
REFUSED = [
    ("CreateDBInstance", new(DBInstanceIdentifier="mydb"), "DBInstanceAlreadyExists"),
    ("CreateDBInstance", new(DBInstanceIdentifier="1st"), "InvalidParameterValue"),
    ("CreateDBInstance", new(DBInstanceIdentifier="a--b"), "InvalidParameterValue"),
    ("CreateDBInstance", new(MasterUserPassword="short"), "InvalidParameterValue"),
    ("CreateDBInstance", new(MasterUsername="rdsadmin"), "InvalidParameterValue"),
    ("CreateDBInstance", new(AllocatedStorage=1), "InvalidParameterCombination"),
    ("CreateDBInstance", new(BackupRetentionPeriod=36), "InvalidParameterValue"),
    ("CreateDBInstance", new(EngineVersion="x"), "InvalidParameterCombination"),
    ("CreateDBSnapshot", of("none", DBSnapshotIdentifier="x"), "DBInstanceNotFound"),
    ("CreateDBSnapshot", of("busy", DBSnapshotIdentifier="x"), "InvalidDBInstanceState"),
    ("CreateDBSnapshot", of("mydb", DBSnapshotIdentifier="done"), "DBSnapshotAlreadyExists"),
    ("DeleteDBSnapshot", {"DBSnapshotIdentifier": "none"}, "DBSnapshotNotFound"),
    ("DeleteDBSnapshot", {"DBSnapshotIdentifier": "begun"}, "InvalidDBSnapshotState"),
    ("DescribeDBSnapshots", {"DBSnapshotIdentifier": "none"}, "DBSnapshotNotFound"),
    ("DescribeDBInstances", of("none"), "DBInstanceNotFound"),
    ("DescribeDBInstances", {"MaxRecords": 19}, "InvalidParameterValue"),
    ("DescribeDBInstances", {"Marker": "nonsense"}, "InvalidParameterValue"),
    ("DescribeDBInstances", {"Filters": [{"Name": "x", "Values": ["y"]}]}, "InvalidParameterValue"),
    ("ModifyDBInstance", of("none"), "DBInstanceNotFound"),
    ("ModifyDBInstance", of("busy", DBInstanceClass="db.m5.large"), "InvalidDBInstanceState"),
    ("ModifyDBInstance", of("mydb", NewDBInstanceIdentifier="busy"), "DBInstanceAlreadyExists"),
    ("ModifyDBInstance", of("mydb", DBParameterGroupName="none"), "DBParameterGroupNotFound"),
    ("ModifyDBInstance", of("mydb", OptionGroupName="none"), "OptionGroupNotFoundFault"),
    ("ModifyDBInstance", of("mydb", CACertificateIdentifier="none"), "CertificateNotFound"),
    ("ModifyDBInstance", of("mydb", AllocatedStorage=20), "InvalidParameterCombination"),
    ("ModifyDBInstance", of("mydb", MonitoringInterval=60), "InvalidParameterCombination"),
    ("RebootDBInstance", of("none"), "DBInstanceNotFound"),
    ("RebootDBInstance", of("young"), "InvalidDBInstanceState"),
    ("RestoreDBInstanceFromDBSnapshot", {**RESTORE, **of("mydb")}, "DBInstanceAlreadyExists"),
    (
        "RestoreDBInstanceFromDBSnapshot",
        {**RESTORE, "DBSnapshotIdentifier": "none"},
        "DBSnapshotNotFound",
    ),
    (
        "RestoreDBInstanceFromDBSnapshot",
        {**RESTORE, "DBSnapshotIdentifier": "begun"},
        "InvalidDBSnapshotState",
    ),
    ("DeleteDBInstance", of("none", SkipFinalSnapshot=True), "DBInstanceNotFound"),
    ("DeleteDBInstance", of("going", SkipFinalSnapshot=True), "InvalidDBInstanceState"),
    ("DeleteDBInstance", of("mydb", SkipFinalSnapshot=True), "InvalidParameterCombination"),
    ("DeleteDBInstance", of("mydb"), "InvalidParameterCombination"),
    (
        "DeleteDBInstance",
        of("busy", FinalDBSnapshotIdentifier="done"),
        "DBSnapshotAlreadyExists",
    ),
    ("AddTagsToResource", {"ResourceName": ARN + "db:none", "Tags": TAGS}, "DBInstanceNotFound"),
    ("AddTagsToResource", {"ResourceName": ARN + "x:y", "Tags": TAGS}, "InvalidParameterValue"),
    (
        "AddTagsToResource",
        {"ResourceName": ARN + "db:mydb", "Tags": [{"Key": "aws:x", "Value": "y"}]},
        "InvalidParameterValue",
    ),
    ("AddRoleToDBInstance", of("none", **ROLE), "DBInstanceNotFound"),
    ("RemoveRoleFromDBInstance", of("mydb", **ROLE), "DBInstanceRoleNotFound"),
    ("DescribeDBParameterGroups", {"DBParameterGroupName": "none"}, "DBParameterGroupNotFound"),
    ("DescribeOptionGroups", {"OptionGroupName": "none"}, "OptionGroupNotFoundFault"),
    ("DescribeDBSubnetGroups", {"DBSubnetGroupName": "none"}, "DBSubnetGroupNotFoundFault"),
    ("DescribeExportTasks", {"ExportTaskIdentifier": "none"}, "ExportTaskNotFound"),
]


SCENARIO = """
return {
  title = "One of each",
  expected = "restored",
  knobs = { stale_s = 0 },
  instances = {
    { DeletionProtection = true },
    { DBInstanceIdentifier = "busy", DBInstanceStatus = "backing-up" },
    { DBInstanceIdentifier = "going", DBInstanceStatus = "deleting" },
    { DBInstanceIdentifier = "young", DBInstanceStatus = "creating" },
  },
  snapshots = {
    { DBSnapshotIdentifier = "done", DBInstanceIdentifier = "mydb" },
    { DBSnapshotIdentifier = "begun", DBInstanceIdentifier = "mydb", Status = "creating" },
  },
}
"""


@pytest.fixture(scope="module")
def rds(tmp_path_factory):
    scenario = tmp_path_factory.mktemp("errors") / "one-of-each.lua"
    scenario.write_text(SCENARIO, encoding="utf-8")
    with sandbox("--scenario", str(scenario)) as (_, url):
        yield client(url)


@pytest.fixture(scope="module")
def one_snapshot(tmp_path_factory):
    scenario = tmp_path_factory.mktemp("errors") / "one-snapshot.lua"
    scenario.write_text(
        'return { title = "A database and its snapshot", expected = "restored",'
        ' snapshots = { { DBSnapshotIdentifier = "done", DBInstanceIdentifier = "mydb" } } }',
        encoding="utf-8",
    )
    return str(scenario)


@pytest.mark.parametrize("operation, parameters, code", REFUSED)
def test_an_error_is_as_aws_documents_it(rds, operation, parameters, code):
    check(rds, operation, parameters, code)


VALUES = {"string": "x" * 30, "list": [], "boolean": True, "timestamp": 0}  # and what is a number: 1


def documented_errors(rds):
    """Each operation of both models that has errors of its own, with parameters that pass, and their codes."""
    model = rds.meta.service_model
    ours = json.loads((ROOT / "lua/trapheus/aws/models/rds.json").read_bytes())
    known = {shape["error"]["code"] for shape in ours["shapes"].values() if "error" in shape}
    for name in sorted(set(model.operation_names) & set(ours["operations"])):
        operation = model.operation_model(name)
        needed = operation.input_shape.required_members if operation.input_shape else []
        members = operation.input_shape.members if needed else {}
        codes = [shape.metadata["error"]["code"] for shape in operation.error_shapes]
        codes = [code for code in codes if code in known]
        if codes:
            yield name, {member: VALUES.get(members[member].type_name, 1) for member in needed}, codes


def test_every_error_that_aws_documents_can_be_met(rds, tmp_path):
    """Whether or not the sandbox serves the operation: --fault OPERATION:1:error:CODE."""
    known = list(documented_errors(rds))
    faults = [
        {"operation": name, "occurrence": i, "kind": "error", "code": code}
        for name, _, codes in known
        for i, code in enumerate(codes, 1)
    ]
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(faults), encoding="utf-8")
    with sandbox("--quiet", "--fault", f"@{plan}") as (_, url):
        one = client(url)
        for name, parameters, codes in known:
            for code in codes:
                check(one, name, parameters, code)
    assert len(faults) > 600


QUOTAS = [
    ("instance_quota=1", "CreateDBInstance", new(), "InstanceQuotaExceeded"),
    ("instance_quota=1", "RestoreDBInstanceFromDBSnapshot", RESTORE, "InstanceQuotaExceeded"),
    ("storage_quota=510", "CreateDBInstance", new(), "StorageQuotaExceeded"),
    (
        "snapshot_quota=1",
        "CreateDBSnapshot",
        of("mydb", DBSnapshotIdentifier="x"),
        "SnapshotQuotaExceeded",
    ),
]


@pytest.mark.parametrize("knob, operation, parameters, code", QUOTAS)
def test_a_quota_is_kept(one_snapshot, knob, operation, parameters, code):
    with sandbox("--scenario", one_snapshot, "--knob", knob) as (_, url):
        check(client(url), operation, parameters, code)


# Of what the fault of a service is, and of what bars the way to it.
BARRED = [
    ("DescribeDBInstances:every:500n", "InternalFailure", 500, "Receiver"),
    ("DescribeDBInstances:every:503", "ServiceUnavailable", 503, "Receiver"),
    ("DescribeDBInstances:every:throttle:9", "Throttling", 400, "Sender"),
    ("DescribeDBInstances:every:denied", "AccessDenied", 403, "Sender"),
    ("DescribeDBInstances:every:expired", "ExpiredToken", 403, "Sender"),
    ("DescribeDBInstances:every:revoked", "InvalidClientTokenId", 403, "Sender"),
]


@pytest.mark.parametrize("fault, code, status, whose", BARRED)
def test_a_fault_is_an_error_of_its_kind(fault, code, status, whose):
    with sandbox("--fault", fault) as (_, url):
        reply = refused(client(url), "DescribeDBInstances", {}).response
        assert reply["Error"]["Code"] == code and reply["Error"]["Type"] == whose
        assert reply["ResponseMetadata"]["HTTPStatusCode"] == status


# What becomes of a request that was executed and whose reply was lost: the client sends it again.
AGAIN = [
    ("CreateDBSnapshot", of("mydb", DBSnapshotIdentifier="x"), "DBSnapshotAlreadyExists"),
    ("DeleteDBSnapshot", {"DBSnapshotIdentifier": "done"}, "InvalidDBSnapshotState"),
    (
        "ModifyDBInstance",
        of("mydb", NewDBInstanceIdentifier="other", ApplyImmediately=True),
        "DBInstanceAlreadyExists",
    ),
    ("RestoreDBInstanceFromDBSnapshot", RESTORE, "DBInstanceAlreadyExists"),
    ("DeleteDBInstance", of("mydb", SkipFinalSnapshot=True), "InvalidDBInstanceState"),
    ("AddRoleToDBInstance", of("mydb", **ROLE), "DBInstanceRoleAlreadyExists"),
]


@pytest.mark.parametrize("operation, parameters, code", AGAIN)
def test_what_was_made_already_is_not_made_again(one_snapshot, operation, parameters, code):
    arguments = ("--scenario", one_snapshot, "--fault", f"{operation}:1:lost", "--time", "real")
    with sandbox(*arguments) as (_, url):
        error = refused(client(url, attempts=2), operation, parameters)
        assert "reached max retries: 1" in str(error)
        assert error.response["Error"]["Code"] == code


def test_what_may_be_repeated_is_harmless(one_snapshot):
    with sandbox("--scenario", one_snapshot, "--fault", "AddTagsToResource:1:lost") as (_, url):
        rds = client(url, attempts=2)
        rds.add_tags_to_resource(ResourceName=ARN + "db:mydb", Tags=TAGS)
        listed = rds.list_tags_for_resource(ResourceName=ARN + "db:mydb")["TagList"]
        assert listed.count(TAGS[0]) == 1
