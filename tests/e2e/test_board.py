"""What is told of a fleet: a table on a terminal, lines elsewhere, and how it ended."""

import json
import re
import signal

import pytest
from fleets import REHEARSAL, Terminal, bulk
from served import sandbox

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDSANDBOX", "AWS_SECRET_ACCESS_KEY": "sandbox-secret", "AWS_REGION": "us-east-1"}
HIDDEN, SHOWN = b"\x1b[?25l", b"\x1b[?25h"


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def test_standard_input_and_json_lines():
    result = bulk(*REHEARSAL, "--targets", "-", "--output", "jsonl", stdin="db1\ndb2 # the other one\n")
    assert result.returncode == 0, result
    *events, document = lines_of(result.stdout)
    assert document["fleet"].startswith("fleet-") and document["outcome"] == "succeeded"
    assert {run["identifier"]: run["outcome"] for run in document["runs"]} == {"db1": "restored", "db2": "restored"}
    ended = [event for event in events if event["event"] == "ended"]
    assert sorted(event["identifier"] for event in ended) == ["db1", "db2"]
    for event in events:
        assert {"event", "at", "identifier", "run_id"} <= event.keys(), event


def test_a_line_an_event_and_the_failures_at_the_end():
    fault = ("--fault", "RestoreDBInstanceFromDBSnapshot:1:terminal:failed", "--keep-going")
    result = bulk(*REHEARSAL, *fault, "db1", "db2")
    assert result.returncode == 8, result
    assert "\x1b" not in result.stdout + result.stderr
    assert re.search(r"^\d\d:\d\d:\d\d db\d rolled back: ", result.stderr, re.M), result.stderr
    assert re.match(r"rolled back:\n  db\d \(run \w{8}\)\n    because  .*\n    next     the original has its name again",
                    result.stdout), result.stdout
    assert "exit         8: some have not ended well" in result.stdout


# On a terminal --------------------------------------------------------------------------------


def test_a_table_that_fits():
    terminal = Terminal(*REHEARSAL, "--concurrency", "30", "--keep-going", "--fault", "CreateDBSnapshot:3:denied",
                        *(f"staging-orders-of-the-whole-company-{i}" for i in range(30)))
    assert terminal.finish() == 8, terminal.out
    seen = terminal.seen()
    assert seen["cursor"] and seen["wraps"] and seen["coloured"] and not seen["wrapped"] and seen["scrolled"] == 0
    assert re.match(r"fleet-\w{8}: 1 failed, 29 succeeded, 30 warnings$", seen["lines"][0]), seen
    assert len(seen["lines"]) == 23 and seen["lines"][2].startswith("✗ staging-order…"), seen["lines"]
    assert re.match(r"  and \d+ succeeded$", seen["lines"][22]), seen
    assert "29 of 30 ended well" in terminal.out and "\x1b" not in terminal.out


def test_no_color_is_heeded_and_a_dumb_terminal_gets_lines():
    terminal = Terminal(*REHEARSAL, "db1", NO_COLOR="1")
    assert terminal.finish() == 0
    assert not terminal.seen()["coloured"] and terminal.seen()["lines"][0].endswith("1 succeeded, 1 warnings")
    terminal = Terminal(*REHEARSAL, "db1", TERM="dumb")
    assert terminal.finish() == 0
    assert b"\x1b" not in terminal.written and b"preflight: done" in terminal.written


def interrupted(number, *arguments, **variables):
    """What has become of the terminal when the first restores have begun, and a signal comes."""
    terminal = Terminal(*arguments, "db1", "db2", **variables)
    while b"waiting" not in terminal.written:
        assert terminal.read(), terminal.written
    terminal.process.send_signal(number)
    code, seen = terminal.finish(), terminal.seen()
    assert seen["cursor"] and seen["wraps"], seen
    assert terminal.written.count(HIDDEN) == terminal.written.count(SHOWN)
    return code, terminal.out


def test_a_signal_in_a_rehearsal_leaves_the_terminal_as_it_was():
    assert interrupted(signal.SIGINT, *REHEARSAL, "--sandbox-time", "600")[0] == -signal.SIGINT


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_terminal_as_it_was(tmp_path, number):
    with sandbox("--database", "db1", "--database", "db2", "--time", "60", "--quiet") as (_, url):
        where = ("--endpoint-url", url, "--pace", "60", "--state-dir", str(tmp_path), "--task", "create_snapshot")
        code, told = interrupted(number, *where, **KEYS)
    assert code == 7 and "exit         7: stopped before the end" in told, told
    assert re.search(r"interrupted:\n  db1 \(run \w{8}\)\n.*trapheus resume", told), told
