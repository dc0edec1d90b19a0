"""What goes wrong on the way: refusals, lost replies, replies that are none, crashes, signals."""

import contextlib
import itertools
import signal
import socket
import sqlite3
import time

import pytest

RENAME = "ModifyDBInstance"
RESTORE = "RestoreDBInstanceFromDBSnapshot"
DELETE = "DeleteDBInstance"
SNAPSHOT = "CreateDBSnapshot"


def error(code, message="no", status=400):
    return {
        "status": status,
        "type": "text/xml",
        "body": f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>r-1</RequestId></ErrorResponse>",
    }


HTML = {"status": 500, "type": "text/html", "body": "<!doctype html><title>500</title><h1>Oops"}


PROMPTLY_S = 10 # a reply is waited for a minute, three times


def call_of(name, operation):
    """What tells the call of that step from others of its operation."""
    where = {"NewDBInstanceIdentifier": name + "-temp"} if operation == RENAME else {}
    return {"operation": operation, "where": where}


def executed(peer, name, operation):
    """How often moto has executed that call."""
    where = call_of(name, operation)["where"]
    return sum(
        call["executed"] and call["status"] == 200 and where.items() <= call["form"].items()
        for call in peer.calls(operation)
    )


def assert_restored(peer, result, original):
    name = original["DBInstanceIdentifier"]
    assert result.code == 0, result
    assert result.document["outcome"] == "restored"
    now = peer.instance(name)
    assert now["DbiResourceId"] != original["DbiResourceId"]
    assert now["DbiResourceId"] == result.document["replacement"]["resource_id"]
    assert now["DeletionProtection"] == original["DeletionProtection"]
    assert peer.instance(name + "-temp") is None
    for operation in (RENAME, RESTORE, DELETE):
        assert executed(peer, name, operation) == 1, operation


def assert_as_it_was(peer, original):
    name = original["DBInstanceIdentifier"]
    now = peer.instance(name)
    for field in ("DbiResourceId", "DeletionProtection", "TagList"):
        assert now[field] == original[field]
    assert peer.instance(name + "-temp") is None


# Refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("protected", [False, True])
def test_a_refused_restore_is_rolled_back(peer, program, create_database, unused_name, protected):
    original = create_database(unused_name, DeletionProtection=protected)
    refusal = error("InvalidParameterCombination", "these do not go together")
    peer.arm({"operation": RESTORE, "times": 99, "execute": False, "reply": refusal})
    result = program.restore(unused_name)
    assert result.code == 5, result
    document = result.document
    assert document["outcome"] == "rolled_back"
    assert document["failure"]["step"] == "restore"
    assert document["failure"]["code"] == "InvalidParameterCombination"
    assert "these do not go together" in document["failure"]["message"]
    assert document["original"] == {
        "resource_id": original["DbiResourceId"],
        "name": unused_name,
        "members": [],
    }
    assert document["replacement"] is None
    assert_as_it_was(peer, original)
    assert peer.snapshot(unused_name + "-snapshot")["Status"] == "available"
    assert executed(peer, unused_name, DELETE) == 0


def test_a_refused_snapshot_leaves_the_database_untouched(peer, program, database):
    name = database["DBInstanceIdentifier"]
    refusal = error("SnapshotQuotaExceeded")
    peer.arm({"operation": SNAPSHOT, "times": 99, "execute": False, "reply": refusal})
    result = program.restore(name)
    assert result.code == 4, result
    assert result.document["outcome"] == "failed"
    assert result.document["failure"]["code"] == "SnapshotQuotaExceeded"
    assert_as_it_was(peer, database)
    assert executed(peer, name, RENAME) == 0


def test_a_refused_delete_leaves_the_original_and_says_so(peer, program, database):
    name = database["DBInstanceIdentifier"]
    refusal = error("AccessDenied", "not allowed to delete", 403)
    peer.arm({"operation": DELETE, "times": 99, "execute": False, "reply": refusal})
    result = program.restore(name)
    assert result.code == 0, result
    assert any(name + "-temp" in warning for warning in result.document["warnings"])
    kept = {"resource_id": database["DbiResourceId"], "name": name + "-temp", "members": []}
    assert result.document["original"] == kept
    assert peer.instance(name + "-temp")["DbiResourceId"] == database["DbiResourceId"]
    assert peer.instance(name)["DbiResourceId"] != database["DbiResourceId"]
    peer.arm()
    run_id = result.document["run_id"]

    def of_it(*arguments):  # other tests' runs may not have ended
        return [row for row in program.run("cleanup", *arguments).document if row["run_id"] == run_id]

    [left] = of_it()
    assert (left["name"], left["remove"]) == (name + "-temp", True)
    assert peer.instance(name + "-temp")
    [removed] = of_it("--remove")
    assert removed["removed"] and peer.instance(name + "-temp") is None
    assert of_it() == []
    assert_restored(peer, program.run("resume", run_id), database)


def test_throttling_is_waited_out(peer, program, database):
    slow_down = error("Throttling", "Rate exceeded")
    peer.arm(
        {"operation": "DescribeDBInstances", "times": 2, "execute": False, "reply": slow_down},
        {"operation": RESTORE, "times": 2, "execute": False, "reply": slow_down},
    )
    assert_restored(peer, program.restore(database["DBInstanceIdentifier"]), database)


# Lost and broken replies ------------------------------------------------------------------------


@pytest.mark.parametrize("operation", [SNAPSHOT, RENAME, RESTORE, DELETE])
@pytest.mark.parametrize("reply", ["cut", "truncated", HTML], ids=["cut", "truncated", "html"])
def test_a_call_whose_reply_is_lost_is_not_made_twice(peer, program, database, operation, reply):
    name = database["DBInstanceIdentifier"]
    peer.arm({**call_of(name, operation), "reply": reply})
    assert_restored(peer, program.restore(name), database)
    assert executed(peer, name, SNAPSHOT) == 1


@pytest.mark.parametrize("operation", [SNAPSHOT, RENAME, RESTORE, DELETE])
@pytest.mark.parametrize("reply", ["cut", HTML], ids=["cut", "html"])
def test_a_call_that_got_lost_itself_is_made_again(peer, program, database, operation, reply):
    name = database["DBInstanceIdentifier"]
    peer.arm({**call_of(name, operation), "execute": False, "reply": reply})
    assert_restored(peer, program.restore(name), database)
    assert executed(peer, name, SNAPSHOT) == 1


@pytest.mark.parametrize("reply", ["cut", "truncated", HTML], ids=["cut", "truncated", "html"])
def test_a_broken_answer_to_a_look_is_asked_for_again(peer, program, database, reply):
    peer.arm(
        {"operation": "GetCallerIdentity", "reply": reply},
        {"operation": "DescribeDBInstances", "times": 2, "reply": reply},
    )
    assert_restored(peer, program.restore(database["DBInstanceIdentifier"]), database)


# Crashes and signals ----------------------------------------------------------------------------


@pytest.mark.parametrize("arrives", [True, False], ids=["call arrives", "call is lost"])
@pytest.mark.parametrize("operation", [SNAPSHOT, RENAME, RESTORE, DELETE])
def test_a_killed_run_is_resumed_to_its_end(peer, program, database, operation, arrives):
    name = database["DBInstanceIdentifier"]
    peer.arm({**call_of(name, operation), "hold": True, "execute": arrives})
    process = program.interrupt(signal.SIGKILL, name)
    assert program.finish(process).code == -signal.SIGKILL
    peer.release()
    [run] = program.runs()
    assert run["outcome"] == "interrupted" and run["identifier"] == name
    result = program.run("resume", run["run_id"])
    assert result.document["run_id"] == run["run_id"]
    assert_restored(peer, result, database)
    assert executed(peer, name, SNAPSHOT) == 1


def test_resuming_what_has_ended_changes_nothing(peer, program, database):
    first = program.restore(database["DBInstanceIdentifier"])
    assert_restored(peer, first, database)
    sent = len(peer.mutations())
    again = program.run("resume", first.document["run_id"])
    assert again.code == 0, again
    assert again.document["outcome"] == "restored"
    assert len(peer.mutations()) == sent
    assert program.run("resume").code == 0


@pytest.mark.parametrize("arrives", [True, False], ids=["call arrives", "call is lost"])
def test_a_run_killed_in_the_restore_is_given_up_by_rollback(peer, program, database, arrives):
    """From a snapshot made without the fence: moto's restore would keep its protection."""
    name = database["DBInstanceIdentifier"]
    peer.rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=name + "-snapshot")
    peer.arm({"operation": RESTORE, "hold": True, "execute": arrives})
    process = program.interrupt(signal.SIGKILL, name, "db_restore")
    program.finish(process)
    peer.release()
    [run] = program.runs()
    result = program.run("rollback", run["run_id"])
    assert result.code == 5, result
    assert result.document["outcome"] == "rolled_back"
    assert_as_it_was(peer, database)
    deleted = [call["form"]["DBInstanceIdentifier"] for call in peer.calls(DELETE)]
    assert deleted == ([name] if arrives else [])


def test_a_rollback_never_deletes_a_protected_replacement(peer, program, create_database, unused_name):
    """moto's restore keeps protection, as if a person had turned it on."""
    original = create_database(unused_name, DeletionProtection=True)
    peer.arm({"operation": RESTORE, "hold": True})
    process = program.interrupt(signal.SIGKILL, unused_name)
    program.finish(process)
    peer.release()
    [run] = program.runs()
    result = program.run("rollback", run["run_id"])
    assert result.code == 6, result
    assert result.document["outcome"] == "parked"
    assert "protection" in result.document["todo"]
    assert peer.calls(DELETE) == []
    replacement = peer.instance(unused_name)
    assert replacement["DbiResourceId"] != original["DbiResourceId"]
    assert peer.instance(unused_name + "-temp")["DbiResourceId"] == original["DbiResourceId"]
    peer.rds.modify_db_instance(DBInstanceIdentifier=unused_name, DeletionProtection=False)
    assert program.run("rollback", run["run_id"]).code == 5
    assert_as_it_was(peer, original)


@pytest.mark.parametrize(
    "operation, number",
    [(SNAPSHOT, signal.SIGINT), (RENAME, signal.SIGTERM), (RESTORE, signal.SIGHUP), (DELETE, signal.SIGINT)],
)
def test_an_interrupted_run_says_how_it_goes_on(peer, program, database, operation, number):
    name = database["DBInstanceIdentifier"]
    peer.arm({**call_of(name, operation), "hold": True})
    process = program.interrupt(number, name)
    peer.release()
    stopped = program.finish(process)
    assert stopped.code == 7, stopped
    assert stopped.document["outcome"] == "interrupted"
    command = stopped.document["next"]
    assert command.startswith("trapheus resume " + stopped.document["run_id"])
    assert_restored(peer, program.run(*command.split()[1:3]), database)


def hold_a_look(peer, after):
    """Once that call has left, no look is answered any more."""
    peer.arm({**after, "hold": True})
    peer.wait_for_held_call()
    peer.arm({"operation": "DescribeDBInstances", "hold": True, "times": 99})
    peer.wait_for_held_call()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_no_look(peer, program, database, number):
    name = database["DBInstanceIdentifier"]
    process = program.start("restore", "--id", name, "--task", "create_snapshot")
    hold_a_look(peer, call_of(name, RENAME))
    process.send_signal(number)
    assert process.wait(timeout=PROMPTLY_S) == 7
    stopped = program.finish(process)
    assert stopped.document["outcome"] == "interrupted" and stopped.document["next"], stopped
    peer.begin()
    again = program.run("resume", stopped.document["run_id"])
    assert again.code == 0 and peer.calls(RENAME)[0]["form"].get("NewDBInstanceIdentifier") is None, again
    assert peer.instance(name)["DbiResourceId"] != database["DbiResourceId"]


def test_a_second_signal_waits_for_no_change(peer, program, database):
    name = database["DBInstanceIdentifier"]
    peer.arm({**call_of(name, RENAME), "hold": True})
    process = program.interrupt(signal.SIGTERM, name)
    time.sleep(0.5)
    assert process.poll() is None, "the first one waits"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PROMPTLY_S) == 7
    stopped = program.finish(process)
    assert stopped.document["outcome"] == "interrupted" and stopped.document["next"], stopped
    peer.release()
    assert_restored(peer, program.run("resume"), database)


def test_a_time_limit_stops_a_run_that_goes_on_later(peer, program, database):
    name = database["DBInstanceIdentifier"]
    stopped = program.restore(name, "create_snapshot", "--timeout", "60s")
    assert stopped.code == 7, stopped
    with contextlib.closing(sqlite3.connect(program.state / "journal.db")) as journal:
        assert journal.execute("SELECT * FROM locks").fetchall() == [], "another machine may go on with it"
    assert_restored(peer, program.run("resume"), database)


def test_two_runs_on_one_database_exclude_each_other(peer, program, database):
    name = database["DBInstanceIdentifier"]
    peer.arm({"operation": SNAPSHOT, "hold": True})
    first = program.start("restore", "--id", name, "--task", "create_snapshot")
    peer.wait_for_held_call()
    [run] = program.runs()
    process = {"host": socket.gethostname(), "pid": first.pid}
    assert run["outcome"] == "running" and run["process"] == process and run["next"] is None
    told = program.run("status", run["run_id"], where={"--output": "text"}).out
    assert "running" in told and "{pid} on {host}".format(**process) in told and "resume" not in told
    sent = len(peer.mutations())
    for second in (program.restore(name), program.run("resume", run["run_id"]), program.run("rollback")):
        assert second.code == 3, second
        assert "run {} (process {pid} on {host}) is at work on {}".format(run["run_id"], name, **process) in second.text
    assert len(peer.mutations()) == sent
    peer.release()
    assert_restored(peer, program.finish(first), database)


# Status -----------------------------------------------------------------------------------------


def test_status_lists_runs_newest_first(peer, program, database):
    name = database["DBInstanceIdentifier"]
    assert program.runs() == []
    first = program.restore(name, "create_snapshot_only").document["run_id"]
    peer.arm({"operation": RESTORE, "hold": True, "execute": False})
    program.finish(program.interrupt(signal.SIGKILL, name))
    peer.release()
    unfinished, done = program.runs()
    assert (done["run_id"], done["outcome"]) == (first, "snapshotted")
    assert unfinished["outcome"] == "interrupted" and unfinished["process"] is None
    assert unfinished["steps"][-1]["name"] == "restore"
    one = program.run("status", first).document
    assert one["run_id"] == first
    table = program.run("status", where={"--output": "text"})
    lines = table.out.splitlines()
    assert table.code == 0 and all(len(line) <= 80 for line in lines)
    assert unfinished["run_id"] in lines[1] and "interrupted" in lines[1]
    assert first in lines[2] and "snapshotted" in lines[2]
    assert "trapheus resume" in lines[-1]
    whole = program.run("status", unfinished["run_id"], where={"--output": "text"}).out
    assert "trapheus resume " + unfinished["run_id"] in whole
    assert "RestoreDBInstanceFromDBSnapshot" in whole and "sent 1 times" in whole
    [ended] = program.run("history").document
    assert ended["run_id"] == first
    assert program.run("history", "--outcome", "restored").document == []
    assert program.run("history", "--since", "1h", "--id", name.upper()).document == [ended]
    assert program.run("history", "--since", "2999-01-01").document == []


def test_an_unknown_run_is_a_usage_error(program):
    for command in ("status", "resume", "rollback"):
        result = program.run(command, "aaaaaaaa")
        assert result.code == 2 and "aaaaaaaa" in result.err, result


def test_a_misspelt_run_is_told_the_nearest(program, database):
    name = database["DBInstanceIdentifier"]
    run_id = program.restore(name, "create_snapshot_only").document["run_id"]
    meant = ("9" + run_id[1:], name)
    for command, given in itertools.product(("status", "resume", "rollback"), meant):
        result = program.run(command, given)
        assert result.code == 2 and run_id in result.err, result
    assert program.run("history", "--outcome", "restord").code == 2
    assert program.run("history", "--limit", "0").code == 2
    assert program.run("history", "--since", "yesterday").code == 2
