"""Fleets against moto: real lookups and looks that are shared, signals and kills, and the others when one fails."""

import collections
import json
import os
import signal
import time

import pytest
from test_failures import error

SIZE = 4


@pytest.fixture
def fleet(create_database, unused_name):
    """The names of a few databases."""
    names = [f"{unused_name}-{i}" for i in range(1, SIZE + 1)]
    for name in names:
        create_database(name, Tags=[{"Key": "fleet", "Value": unused_name}], DeletionProtection=True)
    return names


def resource_ids(peer, names):
    return {name: peer.instance(name)["DbiResourceId"] for name in names}


def assert_all_restored(peer, names, before):
    for name in names:
        row = peer.instance(name)
        assert row["DbiResourceId"] != before[name], name
        assert row["DBInstanceStatus"] == "available" and row["DeletionProtection"]
        assert not [tag for tag in row["TagList"] if tag["Key"].startswith("trapheus:")], name
        assert peer.instance(name + "-temp") is None


def deny_snapshots(peer, name):
    refusal = error("AccessDenied", "not allowed to take a snapshot", 403)
    where = {"DBInstanceIdentifier": name}
    peer.arm({"operation": "CreateDBSnapshot", "where": where, "times": 9, "execute": False, "reply": refusal})


def bulk(program, *arguments, **changes):
    return program.run("bulk", "--task", "create_snapshot", *arguments, **changes)


def test_a_file_of_instances_is_restored(peer, program, fleet, tmp_path):
    before = resource_ids(peer, fleet)
    file = tmp_path / "targets.csv"
    file.write_text("id,snapshot\n" + "".join(f"{name},{name}-mine\n" for name in fleet))
    result = bulk(program, "--targets", str(file), "--concurrency", "3")
    assert result.code == 0, result
    assert result.document["outcomes"] == {"restored": SIZE}
    assert_all_restored(peer, fleet, before)
    assert all(peer.snapshot(name + "-mine") for name in fleet)
    sent = collections.Counter(call["operation"] for call in peer.mutations())
    assert sent["RestoreDBInstanceFromDBSnapshot"] == sent["DeleteDBInstance"] == SIZE
    looks = [call for call in peer.calls("DescribeDBInstances") if "Filters.Filter.1.Values.Value.2" in call["form"]]
    assert looks, "no look was shared"


def test_a_selection_is_restored_with_a_canary_first(peer, program, fleet):
    before = resource_ids(peer, fleet)
    tag = "fleet=" + fleet[0].rsplit("-", 1)[0]
    result = bulk(program, "--tag", tag, "--canary", "1", where={"--output": "jsonl"})
    assert result.code == 0, result
    assert_all_restored(peer, fleet, before)
    restores = [call["form"]["DBInstanceIdentifier"] for call in peer.calls("RestoreDBInstanceFromDBSnapshot")]
    assert restores[0] == fleet[0] and sorted(restores) == fleet
    finished = json.loads(result.out.splitlines()[-1])
    assert finished["outcomes"] == {"restored": SIZE}


def test_one_that_is_denied_is_nothing_to_the_others(peer, program, fleet):
    before = resource_ids(peer, fleet)
    deny_snapshots(peer, fleet[2])
    result = bulk(program, *fleet, "--keep-going")
    assert result.code == 8, result
    assert result.document["outcomes"] == {"restored": SIZE - 1, "failed": 1}
    assert peer.instance(fleet[2])["DbiResourceId"] == before[fleet[2]]
    assert_all_restored(peer, [name for name in fleet if name != fleet[2]], before)


def processor_s(process):
    """What it has used of the processor so far."""
    with open(f"/proc/{process.pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_fleet_that_was_stopped_is_gone_on_with(peer, program, fleet, how):
    before = resource_ids(peer, fleet)
    where = {"NewDBInstanceIdentifier": fleet[1] + "-temp"}
    peer.arm({"operation": "ModifyDBInstance", "where": where, "hold": True, "execute": True})
    process = program.start("bulk", "--task", "create_snapshot", *fleet, "--concurrency", "3")
    peer.wait_for_held_call()
    process.send_signal(how)
    if how != signal.SIGKILL:
        before_s = processor_s(process)
        time.sleep(1)
        assert processor_s(process) - before_s < 0.5, "it does not sleep while it waits for a reply"
        peer.release()
    stopped = program.finish(process)
    if how == signal.SIGKILL:
        peer.release()
        [name] = {run["fleet"] for run in program.runs()}
        status = program.run("status", where={"--output": None})
        assert f"{name}: 3 unfinished, 1 not begun" in status.out, status
    else:
        assert stopped.code == 7, stopped
        name = stopped.document["fleet"]
        assert name in stopped.document["next"]
    page = program.run("report", name).out
    assert f"<h1>Fleet {name}" in page and "3 interrupted: " in page and "1 waiting: not begun" in page
    again = program.run("resume", name)
    assert again.code == 0, again
    assert again.document["outcomes"] == {"restored": SIZE}
    assert_all_restored(peer, fleet, before)
    sent = collections.Counter(call["operation"] for call in peer.mutations())
    assert sent["RestoreDBInstanceFromDBSnapshot"] == sent["DeleteDBInstance"] == SIZE


def test_a_second_signal_waits_for_no_reply(peer, program, fleet):
    before = resource_ids(peer, fleet)
    where = {"NewDBInstanceIdentifier": fleet[1] + "-temp"}
    peer.arm({"operation": "ModifyDBInstance", "where": where, "hold": True, "execute": True})
    process = program.start("bulk", "--task", "create_snapshot", *fleet, "--concurrency", "3")
    peer.wait_for_held_call()
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert process.poll() is None, "the first one waits"
    process.send_signal(signal.SIGINT)
    stopped = program.finish(process)
    assert stopped.code == 7 and stopped.document["outcomes"] == {"interrupted": 3, "skipped": 1}, stopped
    peer.release()
    again = program.run("resume", stopped.document["fleet"])
    assert again.code == 0 and again.document["outcomes"] == {"restored": SIZE}, again
    assert_all_restored(peer, fleet, before)
    sent = collections.Counter(call["operation"] for call in peer.mutations())
    assert sent["RestoreDBInstanceFromDBSnapshot"] == sent["DeleteDBInstance"] == SIZE


def test_who_was_not_told_before_a_fleet_died_is_told_once(peer, program, fleet):
    """The process dies when all have ended, while the server holds the mail that says so."""
    peer.ses.verify_email_identity(EmailAddress="dba@example.com")
    told = ("--notify-on", "success", "--email-from", "dba@example.com", "--email-to", "a@example.com")
    peer.arm({"operation": "SendEmail", "hold": True, "execute": False})
    process = program.start("bulk", "--task", "create_snapshot_only", *fleet, *told)
    peer.wait_for_held_call()
    process.send_signal(signal.SIGKILL)
    program.finish(process)
    peer.release()
    [name] = {run["fleet"] for run in program.run("history", where={"--output": "json"}).document}
    peer.begin()
    again = program.run("resume", *told)
    assert again.code == 0 and again.document["outcomes"] == {"snapshotted": SIZE}, again
    [mail] = peer.calls("SendEmail")
    assert f"fleet {name}: all {SIZE} ended well" in mail["form"]["Message.Subject.Data"]
    assert peer.mutations() == [mail]
    assert program.run("resume", name, *told).code == 0
    assert "no run is unfinished" in program.run("resume", *told).err
    assert peer.calls("SendEmail") == [mail], "it is told twice"


def test_no_other_is_begun_after_one_that_fails_and_resume_begins_them(peer, program, fleet):
    before = resource_ids(peer, fleet)
    deny_snapshots(peer, fleet[0])
    stopped = bulk(program, *fleet, "--concurrency", "1")
    assert stopped.code == 8, stopped
    assert stopped.document["outcomes"] == {"failed": 1, "skipped": SIZE - 1}
    again = program.run("bulk", "--resume", stopped.document["fleet"])
    assert again.code == 8, again
    assert again.document["outcomes"] == {"failed": 1, "restored": SIZE - 1}
    assert_all_restored(peer, fleet[1:], before)


def test_a_plan_for_all_changes_nothing(peer, program, fleet):
    result = bulk(program, *fleet, "--plan", where={"--output": None})
    assert result.code == 0, result
    for name in fleet:
        assert f"RestoreDBInstanceFromDBSnapshot {name}" in result.out
    one = json.loads(bulk(program, *fleet, "--plan", where={"--output": "json"}).out)
    assert [run["identifier"] for run in one["runs"]] == list(fleet)
    for run in one["runs"]:
        assert "RestoreDBInstanceFromDBSnapshot" in [call["operation"] for call in run["plan"]["calls"]]
    lines = bulk(program, *fleet, "--plan", where={"--output": "jsonl"}).out.splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert not peer.mutations()


def test_what_cannot_be_meant_is_refused_before_anything_is_changed(peer, program, fleet):
    for arguments, text in (
        ([fleet[0], fleet[0].upper()], "named twice"),
        ([fleet[0], "no-such-database"], "no-such-database: no database in us-east-1 has this name"),
        ([], "nothing is to be restored"),
        (["--tag", "fleet=nobody"], "no database in us-east-1 is selected"),
        ([fleet[0], "--max-failures", "many"], "--max-failures 'many'"),
    ):
        result = bulk(program, *arguments)
        assert result.code == 2 and text in result.err, result
    assert program.run("resume", "fleet-aaaaaaaa").code == 2
    assert not peer.mutations()
