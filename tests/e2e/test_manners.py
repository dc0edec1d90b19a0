"""What a terminal, a pipe and a reader of logs see of a restore on the sandbox."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios

import pytest

from served import PROGRAM, TIMEOUT_S

RESTORE = [PROGRAM, "restore", "--id", "mydb", "--task", "create_snapshot", "--sandbox"]
COLOUR = re.compile(r"\x1b\[\d+m")


def restored(*flags):
    done = subprocess.run([*RESTORE, *flags], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done
    return done


def on_a_terminal(columns, **variables):
    """What a restore writes on a terminal that is so wide."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **variables}
    process = subprocess.Popen(RESTORE, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    told = b""
    try:
        while part := os.read(ours, 4096):
            told += part
    except OSError:  # nobody writes to it any more
        pass
    os.close(ours)
    assert process.wait(timeout=TIMEOUT_S) == 0, told
    return told.decode()


@pytest.mark.parametrize("columns", [80, 40])
def test_a_live_line_fits_the_terminal(columns):
    told = on_a_terminal(columns)
    live = [COLOUR.sub("", line) for line in re.split(r"\r\x1b\[K|\n", told) if "  " in line]
    lines = [line.rstrip("\r") for line in live if line[:1] in "·✓"]
    assert len(lines) > 20 and max(map(len, lines)) < columns
    assert columns > 40 or any("…" in line for line in lines)


def test_a_terminal_has_colours_unless_they_are_not_wanted():
    assert COLOUR.search(on_a_terminal(80))
    assert not COLOUR.search(on_a_terminal(80, NO_COLOR="1"))
    assert not COLOUR.search(on_a_terminal(80, TERM="dumb"))
    assert COLOUR.search(on_a_terminal(80, NO_COLOR=""))  # no-color.org: when it is not empty


def test_elsewhere_there_are_none():
    done = restored()
    assert "\x1b" not in done.stdout + done.stderr and "verify: done" in done.stderr


def test_every_call_is_told_with_its_request_id():
    calls = [line for line in restored("--verbose").stderr.splitlines() if ", request " in line]
    assert len(calls) > 50 and all(re.search(r"request sandbox-\d{8}, 1 attempt$", line) for line in calls)
    assert any(line.startswith("  rds RestoreDBInstanceFromDBSnapshot mydb: ok") for line in calls)


def test_every_line_of_a_log_for_machines_names_its_run():
    done = restored("--verbose", "--log-format", "json", "--output", "json")
    run, lines = json.loads(done.stdout)["run_id"], [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["run_id"] for line in lines} == {run}
    answers = [line for line in lines if line["event"] == "answered"]
    assert len({line["request_id"] for line in answers}) == len(answers) > 50
    assert {line["event"] for line in lines} > {"answered", "call", "done"}


def test_quiet_leaves_the_result_only():
    done = restored("--quiet")
    assert done.stderr == "" and done.stdout.startswith("mydb is restored")


def test_a_reader_that_goes_away_is_no_failure():
    for flags in ([], ["--output", "jsonl"]):
        reading, writing = os.pipe()
        os.close(reading)
        process = subprocess.Popen([*RESTORE, *flags], stdout=writing, stderr=subprocess.PIPE, text=True)
        os.close(writing)
        _, told = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 0 and "Broken pipe" not in told, told


@pytest.mark.parametrize(
    "words, meant",
    [
        (["restore", "--id", "mydb", "--taks", "create_snapshot"], "--task"),
        (["restore", "--id", "mydb", "--task", "create_snapshop"], "create_snapshot"),
        (["restroe", "--id", "mydb"], "restore"),
        (["restore", "--id", "mydb", "--task", "db_restore", "--output", "jsn"], "json"),
    ],
)
def test_what_is_misspelt_gets_a_suggestion(words, meant):
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 2 and re.search(rf"did you mean\W+{meant}", done.stderr, re.I), done
