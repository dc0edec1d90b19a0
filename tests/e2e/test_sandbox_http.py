"""The sandbox over HTTP, as boto3, the AWS CLI and the program itself see it."""

import concurrent.futures
import contextlib
import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError
from served import (
    PASSWORD,
    PROGRAM,
    REGION,
    SPEED,
    TEXT,
    TIMEOUT_S,
    aws,
    client,
    code_of,
    create,
    environment,
    sandbox,
    until,
    until_named,
)


@pytest.fixture
def url():
    with sandbox("--database", "mydb", "--knob", "stale_s=0") as (_, address):
        yield address


def test_an_instance_lives_with_boto3(url):
    rds = client(url)
    begun = create(rds, "orders", Tags=[{"Key": "note", "Value": TEXT}])
    assert begun["TagList"][0]["Value"] == TEXT
    assert begun["DBInstanceStatus"] == "creating"
    until(rds, "db_instance_available", DBInstanceIdentifier="orders")

    rds.create_db_snapshot(DBInstanceIdentifier="orders", DBSnapshotIdentifier="orders-1")
    until(rds, "db_snapshot_available", DBSnapshotIdentifier="orders-1")
    until(rds, "db_instance_available", DBInstanceIdentifier="orders")

    rds.modify_db_instance(
        DBInstanceIdentifier="orders", NewDBInstanceIdentifier="orders-old", ApplyImmediately=True
    )
    moved = until_named(rds, "orders-old")
    assert moved["DbiResourceId"] == begun["DbiResourceId"]
    assert moved["Endpoint"]["Address"].startswith("orders-old.")
    assert code_of(rds.describe_db_instances, DBInstanceIdentifier="orders") == "DBInstanceNotFound"

    restored = rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="orders", DBSnapshotIdentifier="orders-1"
    )["DBInstance"]
    assert restored["DbiResourceId"] != begun["DbiResourceId"]
    until(rds, "db_instance_available", DBInstanceIdentifier="orders")
    rds.add_tags_to_resource(
        ResourceName=restored["DBInstanceArn"], Tags=[{"Key": "note", "Value": TEXT}]
    )
    tags = rds.list_tags_for_resource(ResourceName=restored["DBInstanceArn"])["TagList"]
    assert tags == [{"Key": "note", "Value": TEXT}]

    rds.delete_db_instance(DBInstanceIdentifier="orders-old", SkipFinalSnapshot=True)
    until(rds, "db_instance_deleted", DBInstanceIdentifier="orders-old")
    rds.delete_db_snapshot(DBSnapshotIdentifier="orders-1")
    until(rds, "db_snapshot_deleted", DBSnapshotIdentifier="orders-1")
    names = [row["DBInstanceIdentifier"] for row in rds.describe_db_instances()["DBInstances"]]
    assert names == ["mydb", "orders"]


QUICKLY = ("create_s=5", "create_backup_s=2", "snapshot_s=5", "snapshot_tail_s=1", "restore_s=5", "restore_flap_s=1",
           "restore_backup_s=1", "delete_s=5", "snapshot_delete_s=2")  # fmt: skip


def test_stock_waiters_bear_reads_that_are_as_stale_as_usual():
    """A client takes some milliseconds: at this speed less than the three seconds that a read may be old."""
    knobs = [word for knob in QUICKLY for word in ("--knob", knob)]
    with sandbox("--time", "60", *knobs) as (_, url):
        rds = client(url)
        for name in ("one", "two", "three", "four"):
            copy, snapshot = name + "-copy", name + "-1"
            create(rds, name)
            until(rds, "db_instance_available", DBInstanceIdentifier=name)
            rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=snapshot)
            until(rds, "db_snapshot_available", DBSnapshotIdentifier=snapshot)
            rds.restore_db_instance_from_db_snapshot(
                DBInstanceIdentifier=copy, DBSnapshotIdentifier=snapshot
            )
            until(rds, "db_instance_available", DBInstanceIdentifier=copy)
            time.sleep(3 / 60)  # a read of before it was available: this waiter fails at that
            rds.delete_db_instance(DBInstanceIdentifier=copy, SkipFinalSnapshot=True)
            until(rds, "db_instance_deleted", DBInstanceIdentifier=copy)


def test_lists_are_filtered_and_come_in_pages():
    names = [f"db{i:02}" for i in range(1, 31)]
    arguments = [word for name in names for word in ("--database", name)]
    with sandbox(*arguments) as (_, url):
        rds = client(url)
        page = rds.describe_db_instances(MaxRecords=20)
        assert len(page["DBInstances"]) == 20 and page["Marker"]
        pages = rds.get_paginator("describe_db_instances").paginate(
            PaginationConfig={"PageSize": 20}
        )
        assert [row["DBInstanceIdentifier"] for p in pages for row in p["DBInstances"]] == names
        some = [{"Name": "db-instance-id", "Values": ["db03", "db29"]}]
        found = rds.describe_db_instances(Filters=some)["DBInstances"]
        assert [row["DBInstanceIdentifier"] for row in found] == ["db03", "db29"]
        rid = rds.describe_db_instances(DBInstanceIdentifier="db07")["DBInstances"][0]["DbiResourceId"]
        found = rds.describe_db_instances(Filters=[{"Name": "dbi-resource-id", "Values": [rid]}])
        assert [row["DBInstanceIdentifier"] for row in found["DBInstances"]] == ["db07"]
        none = [{"Name": "engine", "Values": ["mysql"]}]
        assert rds.describe_db_instances(Filters=none)["DBInstances"] == []
        listed = aws(url, "describe-db-instances", "--page-size", "20")["DBInstances"]
        assert [row["DBInstanceIdentifier"] for row in listed] == names
        found = aws(url, "describe-db-instances", "--filters", "Name=db-instance-id,Values=db03,db29")
        assert [row["DBInstanceIdentifier"] for row in found["DBInstances"]] == ["db03", "db29"]


def test_errors_are_botocores_exceptions(url):
    rds = client(url)
    with pytest.raises(rds.exceptions.DBInstanceNotFoundFault) as caught:
        rds.describe_db_instances(DBInstanceIdentifier="none")
    reply = caught.value.response
    assert reply["Error"]["Code"] == "DBInstanceNotFound" and reply["Error"]["Type"] == "Sender"
    metadata = reply["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 404
    assert metadata["RequestId"] == metadata["HTTPHeaders"]["x-amzn-requestid"]
    assert "date" in metadata["HTTPHeaders"]
    with pytest.raises(rds.exceptions.DBInstanceAlreadyExistsFault):
        create(rds, "mydb")
    with pytest.raises(rds.exceptions.DBSnapshotNotFoundFault):
        rds.delete_db_snapshot(DBSnapshotIdentifier="none")
    with pytest.raises(rds.exceptions.InvalidDBInstanceStateFault):
        create(rds, "young")
        rds.reboot_db_instance(DBInstanceIdentifier="young")
    assert code_of(rds.describe_db_instances, MaxRecords=5) == "InvalidParameterValue"
    assert code_of(rds.describe_db_instances, Filters=[{"Name": "x", "Values": ["y"]}]) == (
        "InvalidParameterValue"
    )


def test_only_what_is_signed_rightly_is_answered(url):
    assert code_of(client(url, secret="wrong").describe_db_instances) == "SignatureDoesNotMatch"
    elsewhere = client(url, region="eu-west-1")
    assert code_of(elsewhere.describe_db_instances) == "SignatureDoesNotMatch"
    identity = client(url, "sts").get_caller_identity()
    assert identity["Account"] == "123456789012"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url + "/?Action=DescribeDBInstances&Version=2014-10-31")
    assert caught.value.code == 403 and b"MissingAuthenticationToken" in caught.value.read()


# The AWS CLI ----------------------------------------------------------------------------------


def test_the_aws_cli(url):
    aws(
        url,
        "create-db-instance", "--db-instance-identifier", "cli", "--engine", "mysql",
        "--db-instance-class", "db.t4g.micro", "--allocated-storage", "20",
        "--master-username", "app", "--master-user-password", PASSWORD,
        "--tags", "Key=a,Value=b", "Key=c,Value=d",
    )  # fmt: skip
    until(client(url), "db_instance_available", DBInstanceIdentifier="cli")
    row = aws(url, "describe-db-instances", "--db-instance-identifier", "cli")["DBInstances"][0]
    assert row["Engine"] == "mysql" and row["Endpoint"]["Port"] == 3306
    assert row["TagList"] == [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}]
    aws(
        url,
        "create-db-snapshot", "--db-instance-identifier", "cli", "--db-snapshot-identifier", "cli-1"
    )
    until(client(url), "db_snapshot_available", DBSnapshotIdentifier="cli-1")
    aws(
        url,
        "restore-db-instance-from-db-snapshot", "--db-instance-identifier", "copy",
        "--db-snapshot-identifier", "cli-1", "--no-multi-az",
    )  # fmt: skip
    aws(url, "wait", "db-snapshot-available", "--db-snapshot-identifier", "cli-1")
    aws(
        url,
        "modify-db-instance", "--db-instance-identifier", "cli", "--apply-immediately",
        "--new-db-instance-identifier", "renamed", "--backup-retention-period", "3",
    )  # fmt: skip
    renamed = until_named(client(url), "renamed")
    assert renamed["DbiResourceId"] == row["DbiResourceId"] and renamed["BackupRetentionPeriod"] == 3
    aws(
        url,
        "describe-db-instances", "--db-instance-identifier", "none", fails_with="DBInstanceNotFound"
    )
    aws(url, "delete-db-instance", "--db-instance-identifier", "renamed", "--skip-final-snapshot")
    until(client(url), "db_instance_deleted", DBInstanceIdentifier="renamed")


# The program ----------------------------------------------------------------------------------


def test_the_program_restores_a_database_on_it(url, tmp_path):
    rds = client(url)
    before = rds.describe_db_instances(DBInstanceIdentifier="mydb")["DBInstances"][0]
    command = [
        PROGRAM, "restore", "--id", "mydb", "--task", "create_snapshot", "--yes",
        "--endpoint-url", url, "--pace", str(SPEED), "--state-dir", tmp_path, "--output", "json",
    ]  # fmt: skip
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "restored"
    rows = rds.describe_db_instances()["DBInstances"]
    assert [row["DBInstanceIdentifier"] for row in rows] == ["mydb"]
    after = rows[0]
    assert after["DbiResourceId"] != before["DbiResourceId"]
    for field in ("Endpoint", "DBInstanceArn", "DBInstanceClass", "MonitoringInterval"):
        assert after[field] == before[field], field
    assert sorted(map(str, after["TagList"])) == sorted(map(str, before["TagList"]))


# The command ----------------------------------------------------------------------------------


def run(*words):
    return subprocess.run(
        [PROGRAM, "sandbox", *words], capture_output=True, text=True, timeout=TIMEOUT_S
    )


@pytest.mark.parametrize("given, told", [([], "secret sandbox-secret"), (["--secret", PASSWORD], "the secret that")])
def test_it_says_how_to_sign(given, told):
    with sandbox(*given) as (process, _):  # which looks for PASSWORD in what was told
        assert told in process.stderr.readline()


def test_it_stops_when_it_is_asked_to():
    with sandbox("--quiet") as (process, url):
        assert code_of(client(url).describe_db_instances, MaxRecords=1) == "InvalidParameterValue"
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=TIMEOUT_S)
        assert (process.returncode, out, told) == (0, "", "")


# What the client meets, and what becomes of what it asked for.
SNAPSHOT, MODIFY = "CreateDBSnapshot", "ModifyDBInstance"
FAULTS = [
    (SNAPSHOT, "drop", ConnectionClosedError, None),
    (SNAPSHOT, "lost", ConnectionClosedError, "available"),
    (SNAPSHOT, "dup", ClientError, "available"),
    (SNAPSHOT, "zombie:5m", ConnectionClosedError, "available"),
    (SNAPSHOT, "throttle", ClientError, None),
    (SNAPSHOT, "500n", ClientError, None),
    (SNAPSHOT, "500c", ClientError, "available"),
    (SNAPSHOT, "503", ClientError, None),
    (SNAPSHOT, "trunc:300", ResponseParserError, "available"),
    (SNAPSHOT, "garbage:html", ClientError, "available"),
    (SNAPSHOT, "garbage:empty", ResponseParserError, "available"),
    (SNAPSHOT, "odd:entities", None, "available"),
    (SNAPSHOT, "slow:90", ConnectionClosedError, "available"),
    (SNAPSHOT, "reset:request:10", ConnectionClosedError, None),
    (SNAPSHOT, "reset:response:200", ResponseParserError, "available"),
    (SNAPSHOT, "dns", ConnectionClosedError, None),
    (SNAPSHOT, "tls", ConnectionClosedError, None),
    (SNAPSHOT, "skew:120", None, "available"),
    (SNAPSHOT, "expired", ClientError, None),
    (SNAPSHOT, "revoked", ClientError, None),
    (SNAPSHOT, "denied", ClientError, None),
    (SNAPSHOT, "error:SnapshotQuotaExceeded", ClientError, None),
    (SNAPSHOT, "terminal:failed", None, "failed"),
    (SNAPSHOT, "stuck", None, "creating"),
    (MODIFY, "background_failure", None, "an event says so"),
]
ASKED = {SNAPSHOT: {"DBSnapshotIdentifier": "s"}, MODIFY: {"BackupRetentionPeriod": 3, "ApplyImmediately": True}}


def status_of_the_snapshot(rds):
    rows = rds.describe_db_snapshots()["DBSnapshots"]
    return rows[0]["Status"] if rows else None


def end_of_the_change(rds):
    events = rds.describe_events(SourceType="db-instance", SourceIdentifier="mydb", EventCategories=["failure"])
    unchanged = rds.describe_db_instances()["DBInstances"][0]["BackupRetentionPeriod"] != 3
    return "an event says so" if events["Events"] and unchanged else None


SEEN = {SNAPSHOT: status_of_the_snapshot, MODIFY: end_of_the_change}


@pytest.mark.parametrize("operation, kind, met, end", FAULTS)
def test_a_call_may_go_wrong(operation, kind, met, end):
    with sandbox("--database", "mydb", "--knob", "stale_s=0", "--fault", f"{operation}:1:{kind}") as (_, url):
        rds = client(url)
        call = getattr(rds, xform_name(operation))
        with pytest.raises(met) if met else contextlib.nullcontext():
            call(DBInstanceIdentifier="mydb", **ASKED[operation])
        deadline = time.monotonic() + TIMEOUT_S
        while SEEN[operation](rds) != end and time.monotonic() < deadline:
            time.sleep(0.02)
        assert SEEN[operation](rds) == end


def test_every_kind_of_fault_goes_over_http():
    listed = run("--faults").stdout.split("What happens at a time")[0]
    kinds = set(re.findall(r"^  (\w+)", listed, re.MULTILINE))
    assert kinds == {kind.split(":")[0] for _, kind, _, _ in FAULTS}


def test_an_odd_reply_says_the_same():
    with sandbox("--database", "mydb", "--fault", "DescribeDBInstances:1:odd:entities",
                 "--fault", "DescribeDBInstances:2:odd:unknown", "--knob", "stale_s=0") as (_, url):
        rds = client(url)
        odd, new, plain = (rds.describe_db_instances()["DBInstances"] for _ in range(3))
        assert odd == new == plain and plain[0]["DBInstanceIdentifier"] == "mydb"


def test_a_reply_may_take_its_time():
    """Twenty seconds of RDS are not long; another client is served meanwhile."""
    with sandbox("--database", "mydb", "--time", "20", "--fault", "CreateDBSnapshot:1:slow:20") as (_, url):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            began = time.monotonic()
            slow = pool.submit(client(url).create_db_snapshot, DBInstanceIdentifier="mydb", DBSnapshotIdentifier="s")
            client(url).describe_db_instances()
            assert not slow.done()
            assert slow.result()["DBSnapshot"]["DBSnapshotIdentifier"] == "s"
            assert time.monotonic() - began >= 0.99


def test_a_clock_may_be_off(tmp_path):
    """The program's own client learns the time from the refusal, and goes on."""
    plan = tmp_path / "plan.json"
    plan.write_text('[{"operation": "*", "occurrence": 1, "kind": "skew", "offset_s": 3600}]')
    with sandbox("--database", "mydb", "--fault", f"@{plan}") as (_, url):
        assert code_of(client(url).describe_db_instances) == "RequestExpired"
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "AKIDSANDBOX", "AWS_SECRET_ACCESS_KEY": "sandbox-secret"}
        words = ["restore", "--id", "mydb", "--task", "create_snapshot", "--plan", "--region", REGION]
        done = subprocess.run(
            [PROGRAM, *words, "--endpoint-url", url, "--pace", "1000", "--state-dir", tmp_path],
            capture_output=True, text=True, timeout=TIMEOUT_S, env=environment, check=False,
        )
        assert done.returncode == 0, done


def test_it_shows_its_knobs():
    done = run("--knobs")
    assert done.returncode == 0 and "rename_s" in done.stdout and "create_s" in done.stdout


@pytest.mark.parametrize(
    "words, part",
    [
        (["--listen", "0.0.0.0:0"], "only this machine"),
        (["--listen", "example.com:80"], "ADDRESS:PORT"),
        (["--listen", "127.0.0.1:99999"], "65535"),
        (["--time", "slow"], "--time 'slow'"),
        (["--preset", "kind"], "quick, typical, adversarial"),
        (["--knob", "rename_s"], "NAME=VALUE"),
        (["--knob", "nothing=1"], "no such knob"),
        (["--knob", "renam_s=1"], "did you mean rename_s?"),
        (["--knob", "rename_s=9..2"], "9 is more than 2"),
        (["--knob", "rename_s=-9"], "-9 is less than 0"),
        (["--database", "1st"], "--database '1st'"),
        (["--seed", "x"], "--seed 'x'"),
        (["--scenario", "slow-renam"], "did you mean slow-rename?"),
        (["--scenario", "slow-rename", "--id", "1st"], "1st: The parameter DBInstanceIdentifier"),
        (["--id", "orders"], "--scenario is missing"),
        (["--from-describe", "nowhere.json"], "nowhere.json"),
        (["--from-describe", "x.json", "--region", "eu-west-1"], "exclude each other"),
        (["--fault", "DescribeDBInstances:1:dorp"], "did you mean drop?"),
        (["--fault", "@nowhere.lua"], "nowhere.lua"),
        (["--fault-seed", "x"], "--fault-seed 'x'"),
        (["--replay", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--replay", "x.jsonl", "--database", "mydb"], "exclude each other"),
    ],
)
def test_mistakes_are_named(words, part):
    done = run(*words)
    assert done.returncode == 2 and part in done.stderr, done


def test_a_port_in_use_is_named(url):
    done = run("--listen", url.removeprefix("http://"))
    assert done.returncode == 2 and "in use" in done.stderr
