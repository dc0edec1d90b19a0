"""A sandbox that begins with databases as the AWS CLI has described them, and a rehearsal on them."""

import contextlib
import json
import os
import pty
import subprocess

import pytest
from served import PROGRAM, TIMEOUT_S, aws, sandbox

ELSEWHERE = "eu-west-1"  # than where a sandbox is unless it is told
LISTS = ("instances", "snapshots", "clusters", "cluster-snapshots")
SCENARIO = """
return {
  title = "An account with some databases",
  expected = "restored",
  knobs = { stale_s = 0 },
  instances = {
    { DBInstanceIdentifier = "orders", Engine = "mysql", DeletionProtection = true, MultiAZ = false,
      PendingModifiedValues = {
        DBInstanceClass = "db.r6g.4xlarge", MasterUserPassword = "****",
        PendingCloudwatchLogsExports = { LogTypesToEnable = { "audit" } },
      } },
    { DBInstanceIdentifier = "idle", DBInstanceStatus = "stopped", TagList = {} },
    { DBInstanceIdentifier = "wiki", Engine = "mariadb", ProcessorFeatures = { { Name = "coreCount", Value = "2" } } },
  },
  snapshots = { { DBSnapshotIdentifier = "wiki-snapshot", DBInstanceIdentifier = "wiki" } },
  clusters = {
    { DBClusterIdentifier = "shop", members = 3, PendingModifiedValues = { BackupRetentionPeriod = 3 } },
    { DBClusterIdentifier = "cart", Engine = "aurora-mysql", members = {
      { DBInstanceIdentifier = "cart-a", DBInstanceClass = "db.serverless" },
      { DBInstanceIdentifier = "cart-b", IsClusterWriter = true },
    } },
    { DBClusterIdentifier = "three", Engine = "postgres" },
  },
  cluster_snapshots = { { DBClusterSnapshotIdentifier = "cart-snapshot", DBClusterIdentifier = "cart" } },
}
"""


def described(url):
    """What the AWS CLI prints, but for what moves with the clock."""
    documents = [aws(url, f"describe-db-{name}", region=ELSEWHERE) for name in LISTS]
    for document in documents:
        for row in next(iter(document.values())):
            row.pop("LatestRestorableTime", None)
    return documents


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    """Files as a user makes them, and what is in them."""
    directory = tmp_path_factory.mktemp("account")
    (directory / "account.lua").write_text(SCENARIO, encoding="utf-8")
    arguments = ("--scenario", directory / "account.lua", "--region", ELSEWHERE)
    with sandbox(*arguments) as (_, url):
        documents = described(url)
    names = [directory / f"{name}.json" for name in LISTS]
    for name, document in zip(names, documents):
        name.write_text(json.dumps(document), encoding="utf-8")
    return names, documents


def flags(names):
    return [word for name in names for word in ("--from-describe", str(name))]


def restore(*words, stdin=None):
    command = [PROGRAM, "restore", "--output", "json", "--quiet", *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=TIMEOUT_S)


def test_what_was_described_is_described_so_again(account):
    names, documents = account
    assert [len(list(document.values())[0]) for document in documents] == [3 + 3 + 2 + 3, 1, 3, 1]
    with sandbox(*flags(names), "--knob", "stale_s=0") as (_, url):
        assert described(url) == documents


@pytest.mark.parametrize("name", ["wiki", "cart", "three"])
def test_a_restore_is_rehearsed_on_it(account, name):
    names, _ = account
    done = restore("--sandbox", *flags(names), "--id", name, "--task", "db_restore")
    assert done.returncode == 0, done
    document = json.loads(done.stdout)
    assert document["outcome"] == "restored" and document["settings"]["differing"] == []


def test_a_scenario_happens_to_it(account):
    names, documents = account
    done = restore("--sandbox", "restore-fails", *flags(names), "--id", "wiki")
    document = json.loads(done.stdout)
    assert done.returncode == 5 and document["outcome"] == "rolled_back"
    assert document["scenario"] == {
        "name": "restore-fails", "expected": "rolled_back", "as_expected": True,
    }  # fmt: skip
    wiki = [row for row in documents[0]["DBInstances"] if row["DBInstanceIdentifier"] == "wiki"]
    assert document["original"]["resource_id"] == wiki[0]["DbiResourceId"]


@pytest.mark.parametrize("name, part", [("orders", "pending"), ("idle", "stopped")])
def test_what_could_not_be_restored_is_refused(account, name, part):
    names, _ = account
    done = restore("--sandbox", "--from-describe", "-", "--id", name, "--task", "create_snapshot",
                   stdin=names[0].read_text(encoding="utf-8"))  # fmt: skip
    assert done.returncode == 3 and part in json.loads(done.stdout)["failure"]["message"]


def test_a_mistake_is_named_by_its_place(account, tmp_path):
    names, documents = account
    document = json.loads(json.dumps(documents[0]))
    document["DBInstances"][2]["AllocatedStorage"] = "20GB"
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(document), encoding="utf-8")
    done = restore("--sandbox", "--from-describe", broken, "--id", "wiki", "--task", "db_restore")
    place = f'{broken}: DBInstances[2].AllocatedStorage: a number is expected, not "20GB"'
    assert done.returncode == 2 and place in done.stderr
    done = restore("--sandbox", *flags(names), "--id", "wikki", "--task", "db_restore")
    assert done.returncode == 2 and "did you mean wiki?" in done.stderr


def test_it_can_be_watched_on_a_terminal():
    ours, theirs = pty.openpty()
    command = [PROGRAM, "restore", "--sandbox", "somebody-deletes", "--sandbox-time", "3000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    told = b""
    with contextlib.suppress(OSError):  # what a terminal gives that nobody writes to any more
        while part := os.read(ours, 4096):
            told += part
    os.close(ours)
    out, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0 and "ended as it should" in out
    assert "✓".encode() in told and b"\r\x1b[K" in told
    assert "» somebody else: DeleteDBInstance mydb-temp: InvalidParameterCombination".encode() in told


def test_elsewhere_there_is_a_line_an_event():
    command = [PROGRAM, "restore", "--sandbox", "no-snapshot", "--sandbox-time", "real"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 3 and "ended as it should" in done.stdout
    assert "\x1b" not in done.stderr and "preflight: snapshot mydb-snapshot: there is none" in done.stderr


@pytest.mark.parametrize("speed", ["slow", "0", "-1", "2000000", "nan", "inf"])
def test_a_speed_that_is_none_is_named(speed):
    done = restore("--sandbox", f"--sandbox-time={speed}", "--id", "a", "--task", "db_restore")
    assert done.returncode == 2 and f"--sandbox-time '{speed}'" in done.stderr
