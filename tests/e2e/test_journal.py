"""The journal when it is damaged, foreign, unwritable or full: never guessed around, and nothing is sent."""

import contextlib
import json
import os
import resource
import signal
import sqlite3
import subprocess

import pytest


@pytest.fixture
def stopped(peer, program, database):
    """A run that was killed when it was about to rename, and what was sent by then."""
    name = database["DBInstanceIdentifier"]
    where = {"NewDBInstanceIdentifier": name + "-temp"}
    peer.arm({"operation": "ModifyDBInstance", "where": where, "hold": True, "execute": False})
    program.finish(program.interrupt(signal.SIGKILL, name))
    peer.release()
    [run] = program.runs()
    return run["run_id"], len(peer.mutations())


@contextlib.contextmanager
def journal(program):
    with contextlib.closing(sqlite3.connect(program.state / "journal.db")) as database:
        yield database
        database.commit()


def change_record(program, run_id, **fields):
    with journal(program) as database:
        [text] = database.execute("SELECT document FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        text = json.dumps({**json.loads(text), **fields})
        database.execute("UPDATE runs SET document = ? WHERE run_id = ?", (text, run_id))


def assert_refused(peer, program, stopped, *texts, commands=("resume", "rollback"), **changes):
    run_id, sent = stopped
    for command in commands:
        result = program.run(command, run_id, **changes)
        assert result.code == 3, result
        for text in texts:
            assert text in result.err, result
    assert len(peer.mutations()) == sent


def test_a_journal_of_another_account_is_refused(peer, program, stopped):
    change_record(program, stopped[0], account="210987654321")
    assert_refused(peer, program, stopped, "belongs to account 210987654321")


def test_a_journal_of_another_region_is_refused(peer, program, stopped):
    assert_refused(peer, program, stopped, "belongs to account", "us-east-1", where={"--region": "eu-west-1"})


def test_a_record_of_another_version_is_refused(peer, program, stopped):
    change_record(program, stopped[0], format=99)
    assert_refused(peer, program, stopped, "another version of trapheus (format 99)")
    unnamed = program.run("resume")
    assert unnamed.code == 3 and "another version of trapheus (format 99)" in unnamed.err, unnamed
    listed = program.run("status")
    assert listed.code == 0 and listed.document == [] and f"run {stopped[0]} is not shown" in listed.err, listed
    assert len(peer.mutations()) == stopped[1]


def test_a_record_that_cannot_be_read_is_refused(peer, program, stopped, database):
    with journal(program) as file:
        file.execute("UPDATE runs SET document = substr(document, 1, 100)")
    path = str(program.state / "journal.db")
    assert_refused(peer, program, stopped, path, "damaged", stopped[0], commands=("resume", "rollback", "status"))
    result = program.restore(database["DBInstanceIdentifier"])
    assert result.code == 3 and path in result.text, result
    assert len(peer.mutations()) == stopped[1]


@pytest.mark.parametrize("foreign", [b"a note to myself\n" * 300, None], ids=["no database", "another program's"])
def test_a_file_of_somebody_else_is_refused_and_left_alone(peer, program, stopped, foreign):
    path = program.state / "journal.db"
    for file in program.state.glob("journal.db*"):
        file.unlink()
    if foreign:
        path.write_bytes(foreign)
    else:
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE runs (title TEXT)")
            database.commit()
    path.chmod(0o600)
    before = path.read_bytes()
    assert_refused(peer, program, stopped, str(path), commands=("resume", "rollback", "status"))
    assert path.read_bytes() == before


def test_a_journal_of_a_newer_version_is_refused(peer, program, stopped, database):
    with journal(program) as file:
        file.execute("PRAGMA user_version = 99")
    assert_refused(peer, program, stopped, str(program.state), commands=("resume", "rollback", "status"))
    assert program.restore(database["DBInstanceIdentifier"]).code == 3


def damage(path):
    """Overwrites the pages behind the first one."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\x5a" * (path.stat().st_size - 4096))


def test_a_damaged_journal_is_refused_with_its_path(peer, program, stopped, database):
    damage(program.state / "journal.db")
    path = str(program.state / "journal.db")
    assert_refused(peer, program, stopped, path, "copy", commands=("resume", "rollback", "status"))
    result = program.restore(database["DBInstanceIdentifier"])
    assert result.code == 3 and path in result.text, result
    assert len(peer.mutations()) == stopped[1]


def test_a_directory_that_others_may_write_is_refused(peer, program, stopped):
    program.state.chmod(0o777)
    assert_refused(peer, program, stopped, str(program.state), "others may write")


SCRIPT = """local restore = require "trapheus".load "restore"
%s
return restore
"""
ANNOUNCE = """restore:insert("lock", { name = "announce", advance = function(run) return run:done() end })"""


def test_an_edited_script_is_refused_until_that_is_meant(peer, program, database, tmp_path):
    script = tmp_path / "mine.lua"
    script.write_text(SCRIPT % "")
    name = database["DBInstanceIdentifier"]
    peer.arm({"operation": "RestoreDBInstanceFromDBSnapshot", "hold": True, "execute": False})
    process = program.start(script, "--id", name, "--task", "create_snapshot")
    peer.wait_for_held_call()
    process.kill()
    program.finish(process)
    peer.release()
    [run] = program.runs()
    script.write_text(SCRIPT % ANNOUNCE)
    sent = len(peer.mutations())
    refused = program.run("resume")
    assert refused.code == 3 and "now they are preflight, lock, announce, fence" in refused.err, refused
    assert f"trapheus rollback {run['run_id']}" in refused.err and "--accept-changes" in refused.err
    assert len(peer.mutations()) == sent
    resumed = program.run("resume", "--accept-changes")
    assert resumed.code == 0 and "announce" not in [step["name"] for step in resumed.document["steps"]], resumed


def test_what_has_ended_is_nothing_to_do(peer, program, database):
    """Whatever it ended as."""
    name = database["DBInstanceIdentifier"]
    refusal = {"status": 400, "type": "text/xml", "body": "<ErrorResponse><Error><Code>SnapshotQuotaExceeded</Code>"
               "<Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>"}
    peer.arm({"operation": "CreateDBSnapshot", "times": 99, "execute": False, "reply": refusal})
    failed = program.restore(name)
    assert failed.code == 4, failed
    sent = len(peer.mutations())
    for command in ("resume", "rollback"):
        result = program.run(command, failed.document["run_id"])
        assert result.code == 0 and "nothing to do" in result.err, result
        assert result.document["outcome"] == "failed"
    assert len(peer.mutations()) == sent


# Disks ------------------------------------------------------------------------------------------


AS_ROOT = [] if os.getuid() == 0 else ["sudo", "-n"]


@contextlib.contextmanager
def tmpfs(path, options):
    path.mkdir(mode=0o700, exist_ok=True)
    subprocess.run([*AS_ROOT, "mount", "-t", "tmpfs", "-o", f"{options},uid={os.getuid()}", "tmpfs", path], check=True)
    try:
        yield
    finally:
        subprocess.run([*AS_ROOT, "umount", path], check=True)


def fill(filler):
    with contextlib.suppress(OSError), open(filler, "ab", buffering=0) as file:
        while file.write(b"\0" * 4096):
            pass


def test_a_read_only_directory_is_refused_before_anything_is_sent(peer, program, database):
    with tmpfs(program.state, "ro,mode=700"):
        result = program.restore(database["DBInstanceIdentifier"])
        assert result.code == 3 and str(program.state) in result.text, result
    assert peer.mutations() == []


def test_a_disk_that_fills_up_stops_the_run_and_it_goes_on_when_there_is_room(peer, program, database):
    name = database["DBInstanceIdentifier"]
    with tmpfs(program.state, "size=4m,mode=700"):
        peer.arm({"operation": "CreateDBSnapshot", "hold": True})
        process = program.start("restore", "--id", name, "--task", "create_snapshot")
        peer.wait_for_held_call()
        filler = program.state / "filler"
        fill(filler)
        peer.release()
        result = program.finish(process)
        assert result.code == 7 and "full" in result.text, result
        fill(filler)  # what the program had used beside its journal is free again
        sent = len(peer.mutations())
        assert program.run("resume").code in (3, 7)
        assert len(peer.mutations()) == sent
        filler.unlink()
        assert program.run("resume").code == 0
        assert peer.instance(name)["DbiResourceId"] != database["DbiResourceId"]


def test_a_file_that_may_not_grow_stops_the_run_before_its_first_call(peer, program, database):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    arguments = ["restore", "--id", database["DBInstanceIdentifier"], "--task", "create_snapshot"]
    process = subprocess.Popen(
        program.command(arguments, {}), env=program.environment, preexec_fn=limit, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    result = program.finish(process)
    assert result.code == 3, result
    assert peer.mutations() == []
    assert os.listdir(program.state)
