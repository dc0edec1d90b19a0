"""The three tasks on a database, and what they must leave alone."""

import json

import pytest

DOCUMENT_FIELDS = {
    "run_id",
    "outcome",
    "task",
    "kind",
    "identifier",
    "snapshot",
    "export",
    "original",
    "replacement",
    "created_at",
    "ended_at",
    "outage",
    "steps",
    "settings",
    "warnings",
    "failure",
    "final_snapshot",
    "todo",
    "next",
}


def assert_restored(peer, result, original, task):
    """Another database answers to the name; the old one and the name it was moved to are gone."""
    name = original["DBInstanceIdentifier"]
    assert result.code == 0, result
    document = result.document
    assert set(document) == DOCUMENT_FIELDS
    assert document["outcome"] == "restored"
    assert (document["identifier"], document["task"], document["kind"]) == (name, task, "instance")
    assert document["original"] == {
        "resource_id": original["DbiResourceId"],
        "name": None,
        "members": [],
    }
    assert document["failure"] is None and document["todo"] is None and document["next"] is None
    now = peer.instance(name)
    assert now["DbiResourceId"] != original["DbiResourceId"]
    assert document["replacement"] == {
        "resource_id": now["DbiResourceId"],
        "name": name,
        "members": [],
    }
    assert peer.instance(name + "-temp") is None
    assert now["DeletionProtection"] == original["DeletionProtection"]
    assert now["TagList"] == original["TagList"]
    return document


def as_form(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def sent_once(peer, operation):
    calls = peer.calls(operation)
    assert len(calls) == 1, [call["form"] for call in calls]
    return calls[0]["form"]


def assert_refused(peer, result, *words):
    assert result.code == 3, result
    assert result.document["outcome"] == "refused"
    for word in words:
        assert word in result.document["failure"]["message"]
    assert peer.mutations() == []


# Tasks ----------------------------------------------------------------------------------------


def test_create_snapshot_makes_a_snapshot_and_restores_from_it(peer, program, database):
    name = database["DBInstanceIdentifier"]
    document = assert_restored(peer, program.restore(name), database, "create_snapshot")
    assert document["snapshot"] == name + "-snapshot"
    assert [step["name"] for step in document["steps"]] == [
        "preflight",
        "lock",
        "fence",
        "snapshot",
        "rename",
        "restore",
        "configure",
        "verify",
        "delete",
        "finish",
    ]
    assert {step["outcome"] for step in document["steps"]} == {"done"}
    snapshot = peer.snapshot(name + "-snapshot")
    assert snapshot["DbiResourceId"] == database["DbiResourceId"]
    assert snapshot["TagList"] == []
    assert peer.snapshots_of(name) == [name + "-snapshot"]
    restore = sent_once(peer, "RestoreDBInstanceFromDBSnapshot")
    assert restore["DBSnapshotIdentifier"] == snapshot["DBSnapshotArn"]


def test_db_restore_uses_the_snapshot_as_it_is(peer, program, database):
    name = database["DBInstanceIdentifier"]
    peer.rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=name + "-snapshot")
    snapshot = peer.snapshot(name + "-snapshot")
    assert_restored(peer, program.restore(name, "db_restore"), database, "db_restore")
    assert peer.snapshot(name + "-snapshot") == snapshot
    assert peer.calls("CreateDBSnapshot") == []


def test_create_snapshot_only_leaves_the_database_alone(peer, program, database):
    name = database["DBInstanceIdentifier"]
    result = program.restore(name, "create_snapshot_only")
    assert result.code == 0, result
    assert set(result.document) == DOCUMENT_FIELDS
    assert result.document["outcome"] == "snapshotted"
    assert peer.snapshot(name + "-snapshot")["Status"] == "available"
    changed = {call["operation"] for call in peer.mutations()}
    assert changed == {"AddTagsToResource", "CreateDBSnapshot", "RemoveTagsFromResource"}
    assert peer.instance(name)["DbiResourceId"] == database["DbiResourceId"]


def test_a_document_says_the_same_as_flags(peer, program, database):
    name = database["DBInstanceIdentifier"]
    document = f'{{"identifier": "{name}", "task": "create_snapshot_only", "isCluster": false}}'
    result = program.run("restore", "--input", document)
    assert result.code == 0, result
    assert result.document["snapshot"] == name + "-snapshot"


def test_text_tells_the_result_and_what_went_where(peer, program, database):
    name = database["DBInstanceIdentifier"]
    result = program.restore(name, where={"--output": "text"})
    assert result.code == 0, result
    assert f"{name} is restored" in result.out
    assert f"original     {database['DbiResourceId']}, deleted" in result.out
    assert f"snapshot     {name}-snapshot" in result.out


# Configuration --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def groups(server):
    server.rds.create_db_parameter_group(
        DBParameterGroupName="strict", DBParameterGroupFamily="mysql8.0", Description="strict"
    )
    ec2 = server.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=zone)["Subnet"]
        for i, zone in enumerate(["us-east-1a", "us-east-1b"])
    ]
    server.rds.create_db_subnet_group(
        DBSubnetGroupName="private",
        DBSubnetGroupDescription="private",
        SubnetIds=[subnet["SubnetId"] for subnet in subnets],
    )


RICH = {
    "Engine": "mysql",
    "EngineVersion": "8.0.36",
    "DBInstanceClass": "db.r6g.large",
    "AllocatedStorage": 500,
    "MaxAllocatedStorage": 1000,
    "StorageType": "gp3",
    "Iops": 14000,
    "StorageThroughput": 600,
    "StorageEncrypted": True,
    "MultiAZ": True,
    "Port": 3307,
    "DBParameterGroupName": "strict",
    "OptionGroupName": "audited",
    "DBSubnetGroupName": "private",
    "VpcSecurityGroupIds": ["sg-1", "sg-2"],
    "BackupRetentionPeriod": 14,
    "PreferredBackupWindow": "03:10-03:40",
    "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
    "CopyTagsToSnapshot": True,
    "AutoMinorVersionUpgrade": False,
    "EnableIAMDatabaseAuthentication": True,
    "EnableCloudwatchLogsExports": ["error", "slowquery"],
    "CACertificateIdentifier": "rds-ca-rsa4096-g1",
    "MonitoringInterval": 30,
    "MonitoringRoleArn": "arn:aws:iam::123456789012:role/monitoring",
    "PubliclyAccessible": False,
    "Tags": [{"Key": "env", "Value": "prod"}, {"Key": "note", "Value": 'a&b <x> "q" é + ~'}],
}


def test_the_restore_is_sent_with_the_whole_configuration(
    peer, program, groups, create_database, unused_name
):
    original = create_database(unused_name, **RICH)
    result = program.restore(unused_name)
    document = assert_restored(peer, result, original, "create_snapshot")
    sent = sent_once(peer, "RestoreDBInstanceFromDBSnapshot")
    expected = {
        "DBInstanceClass": "db.r6g.large",
        "Engine": "mysql",
        "AllocatedStorage": "500",
        "StorageType": "gp3",
        "Iops": "14000",
        "StorageThroughput": "600",
        "MultiAZ": "true",
        "Port": "3307",
        "DBParameterGroupName": "strict",
        "OptionGroupName": "audited",
        "DBSubnetGroupName": "private",
        "VpcSecurityGroupIds.VpcSecurityGroupId.1": "sg-1",
        "VpcSecurityGroupIds.VpcSecurityGroupId.2": "sg-2",
        "PubliclyAccessible": "false",
        "BackupRetentionPeriod": "14",
        "PreferredBackupWindow": "03:10-03:40",
        "CopyTagsToSnapshot": "true",
        "AutoMinorVersionUpgrade": "false",
        "EnableIAMDatabaseAuthentication": "true",
        "EnableCloudwatchLogsExports.member.1": "error",
        "EnableCloudwatchLogsExports.member.2": "slowquery",
        "CACertificateIdentifier": "rds-ca-rsa4096-g1",
        "DeletionProtection": "false",
        "Tags.Tag.1.Key": "env",
        "Tags.Tag.1.Value": "prod",
        "Tags.Tag.2.Key": "note",
        "Tags.Tag.2.Value": 'a&b <x> "q" é + ~',
        "Tags.Tag.3.Key": "trapheus:run",
        "Tags.Tag.3.Value": document["run_id"],
    }
    assert {field: sent.get(field) for field in expected} == expected
    assert not any(field.startswith("AvailabilityZone") for field in sent)
    assert document["settings"]["differing"] == []
    assert {"MultiAZ", "VpcSecurityGroupIds", "Tags"} <= set(document["settings"]["carried"])


def test_what_the_restore_did_not_keep_is_modified_afterwards(
    peer, program, groups, create_database, unused_name
):
    """moto's restore forgets the limit of storage autoscaling."""
    original = create_database(unused_name, **RICH)
    assert_restored(peer, program.restore(unused_name), original, "create_snapshot")
    sent = [call["form"] for call in peer.calls("ModifyDBInstance")]
    [configured] = [form for form in sent if "MaxAllocatedStorage" in form]
    assert configured["MaxAllocatedStorage"] == "1000"
    assert configured["ApplyImmediately"] == "true"
    now = peer.instance(unused_name)
    changing = {"DbiResourceId", "InstanceCreateTime", "LatestRestorableTime"}
    assert {k: v for k, v in now.items() if k not in changing} == {
        k: v for k, v in original.items() if k not in changing
    }


# Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["my-template-1", "a-temp-b", "o" + "x" * 57])
def test_a_name_that_looks_like_a_derived_one_is_only_a_name(peer, program, create_database, name):
    original = create_database(name)
    assert_restored(peer, program.restore(name), original, "create_snapshot")


def test_an_upper_case_identifier_means_the_lower_case_one(peer, program, database):
    name = database["DBInstanceIdentifier"]
    assert_restored(peer, program.restore(name.upper()), database, "create_snapshot")


@pytest.mark.parametrize("name", ["o" + "x" * 58, "9lives", "a--b", "a-", "a_b", "a b", ""])
def test_a_name_that_cannot_be_is_a_usage_error(peer, program, name):
    result = program.restore(name)
    assert result.code == 2, result
    assert result.out == "" and "--id" in result.err
    assert peer.calls() == []


def test_an_unknown_task_never_becomes_a_restore(peer, program, database):
    result = program.restore(database["DBInstanceIdentifier"], "create_snapshots")
    assert result.code == 2 and "create_snapshots" in result.err, result
    assert peer.calls() == []


# Deletion protection ----------------------------------------------------------------------------


def test_a_protected_database_is_restored_and_protected_again(
    peer, program, create_database, unused_name
):
    original = create_database(unused_name, DeletionProtection=True)
    assert_restored(peer, program.restore(unused_name), original, "create_snapshot")
    assert peer.instance(unused_name)["DeletionProtection"] is True


def test_one_of_the_two_is_protected_at_every_moment_of_the_delete(peer, program, database):
    name = database["DBInstanceIdentifier"]
    assert_restored(peer, program.restore(name), database, "create_snapshot")
    calls = peer.calls()
    renamed = next(
        i for i, call in enumerate(calls) if name + "-temp" in call["before"]["databases"]
    )
    deleted = next(
        i for i, call in enumerate(calls) if call["operation"] == "DeleteDBInstance"
    )
    assert renamed < deleted
    for call in calls[renamed : deleted + 1]:
        both = [call["before"]["databases"].get(one) for one in (name, name + "-temp")]
        assert any(one and one["protected"] for one in both), call
    assert calls[deleted]["form"]["DBInstanceIdentifier"] == name + "-temp"
    assert calls[deleted]["form"]["DeleteAutomatedBackups"] == "false"


# Snapshots that exist already ---------------------------------------------------------------------


def test_an_old_snapshot_is_replaced_without_a_moment_without_one(peer, program, database):
    name = database["DBInstanceIdentifier"]
    peer.rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=name + "-snapshot")
    old = peer.snapshot(name + "-snapshot")
    assert_restored(peer, program.restore(name), database, "create_snapshot")
    new = peer.snapshot(name + "-snapshot")
    assert new["SnapshotCreateTime"] > old["SnapshotCreateTime"]
    assert peer.snapshots_of(name) == [name + "-snapshot"]
    for call in peer.calls():
        assert any(one.startswith(name + "-s") for one in call["before"]["snapshots"]), call


def test_an_old_snapshot_is_replaced_directly_on_request(peer, program, database):
    name = database["DBInstanceIdentifier"]
    peer.rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=name + "-snapshot")
    result = program.restore(name, "create_snapshot", "--replace-snapshot", "direct")
    assert_restored(peer, result, database, "create_snapshot")
    changed = [c["operation"] for c in peer.mutations() if "DBSnapshotIdentifier" in c["form"]]
    assert changed[:3] == [
        "DeleteDBSnapshot",
        "CreateDBSnapshot",
        "RestoreDBInstanceFromDBSnapshot",
    ]


def test_the_snapshot_of_another_database_is_not_replaced(
    peer, program, create_database, database, unused_name
):
    name = database["DBInstanceIdentifier"]
    create_database(unused_name + "other")
    peer.rds.create_db_snapshot(
        DBInstanceIdentifier=unused_name + "other", DBSnapshotIdentifier=name + "-snapshot"
    )
    assert_refused(peer, program.restore(name), name + "-snapshot", unused_name + "other")
    assert_refused(peer, program.restore(name, "db_restore"), "--allow-foreign-snapshot")


# Refusals -------------------------------------------------------------------------------------


def test_a_foreign_database_under_the_aside_name_is_left_alone(
    peer, program, create_database, database
):
    name = database["DBInstanceIdentifier"]
    foreign = create_database(name + "-temp")
    assert_refused(peer, program.restore(name), name + "-temp", foreign["DbiResourceId"])
    assert peer.instance(name + "-temp")["DbiResourceId"] == foreign["DbiResourceId"]


def test_db_restore_without_a_snapshot_is_refused(peer, program, database):
    name = database["DBInstanceIdentifier"]
    assert_refused(peer, program.restore(name, "db_restore"), name + "-snapshot", "there is none")


def test_a_database_that_is_not_there_is_refused(peer, program, unused_name):
    assert_refused(peer, program.restore(unused_name), unused_name)
    assert_refused(peer, program.restore(unused_name, "create_snapshot", "--instance"), unused_name)


# Choices --------------------------------------------------------------------------------------


def test_a_plan_names_every_call_and_changes_nothing(peer, program, database):
    name = database["DBInstanceIdentifier"]
    result = program.restore(name, "create_snapshot", "--plan")
    assert result.code == 0, result
    document = result.document
    assert document["outcome"] == "planned"
    planned = [call["operation"] for call in document["plan"]["calls"]]
    assert planned[:5] == [
        "AddTagsToResource",
        "ModifyDBInstance",
        "CreateDBSnapshot",
        "ModifyDBInstance",
        "RestoreDBInstanceFromDBSnapshot",
    ]
    assert "DeleteDBInstance" in planned
    assert peer.mutations() == []
    text = program.restore(name, "create_snapshot", "--plan", where={"--output": "text"})
    assert text.code == 0
    for operation in planned:
        assert operation in text.out
    assert peer.mutations() == []


def test_the_plan_is_what_is_sent(peer, program, database):
    """But for what moto's restore keeps, which RDS's does not: there is nothing left to configure. And from a
    snapshot made without the fence, or its protection would be kept too."""
    name = database["DBInstanceIdentifier"]
    peer.rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=name + "-snapshot")
    plan = program.restore(name, "db_restore", "--plan").document["plan"]
    assert_restored(peer, program.restore(name, "db_restore"), database, "db_restore")
    planned = [call for call in plan["calls"] if call["step"] != "configure"]
    lease, *sent = peer.mutations()  # which is renewed as often as it takes
    sent = [lease, *(call for call in sent if call["operation"] != "AddTagsToResource")]
    for call, sent in zip(planned, sent, strict=True):
        assert call["operation"] == sent["operation"]
        scalars = {k: v for k, v in call["parameters"].items() if not isinstance(v, list)}
        assert {k: as_form(v) for k, v in scalars.items()}.items() <= sent["form"].items()


def test_the_original_is_kept_on_request(peer, program, database):
    name = database["DBInstanceIdentifier"]
    result = program.restore(name, "create_snapshot", "--keep-original")
    assert result.code == 0, result
    kept = {"resource_id": database["DbiResourceId"], "name": name + "-temp", "members": []}
    assert result.document["original"] == kept
    assert peer.instance(name + "-temp")["DbiResourceId"] == database["DbiResourceId"]
    assert peer.instance(name + "-temp")["DeletionProtection"] is False
    assert peer.instance(name)["DbiResourceId"] != database["DbiResourceId"]
    assert peer.calls("DeleteDBInstance") == []


def test_a_final_snapshot_is_taken_on_request(peer, program, database):
    name = database["DBInstanceIdentifier"]
    result = program.restore(name, "create_snapshot", "--final-snapshot", name + "-last")
    assert_restored(peer, result, database, "create_snapshot")
    last = peer.snapshot(name + "-last")
    assert last["DbiResourceId"] == database["DbiResourceId"]
    sent = sent_once(peer, "DeleteDBInstance")
    assert sent["SkipFinalSnapshot"] == "false"
    assert sent["FinalDBSnapshotIdentifier"] == name + "-last"


def test_a_final_snapshot_is_taken_when_nothing_else_would_keep_the_data(
    peer, program, create_database, unused_name
):
    original = create_database(unused_name, BackupRetentionPeriod=0)
    peer.rds.create_db_snapshot(
        DBInstanceIdentifier=unused_name, DBSnapshotIdentifier=unused_name + "-snapshot"
    )
    result = program.restore(unused_name, "db_restore")
    document = assert_restored(peer, result, original, "db_restore")
    last = peer.snapshot(f"{unused_name}-final-{document['run_id']}")
    assert last["DbiResourceId"] == original["DbiResourceId"]


def test_events_come_as_json_lines_before_the_document(peer, program, database):
    result = program.restore(
        database["DBInstanceIdentifier"], "create_snapshot_only", where={"--output": "jsonl"}
    )
    assert result.code == 0, result
    *events, document = [json.loads(line) for line in result.out.splitlines()]
    assert document["outcome"] == "snapshotted"
    assert {event["run_id"] for event in events} == {document["run_id"]}
    assert [e["operation"] for e in events if e["event"] == "call"] == [
        call["operation"] for call in peer.mutations()
    ]
