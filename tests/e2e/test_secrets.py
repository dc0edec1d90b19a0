"""What must reach no output and no file. Every test looks for the secret key; these look harder."""

import signal
import stat

WEBHOOK = "https://127.0.0.1/services/T11111111/B11111111/markermarkermarkermarker"
PASSWORD = "correct-horse-battery"


def test_no_secret_is_told_or_kept_by_a_run_that_fails(peer, program, database):
    name = database["DBInstanceIdentifier"]
    program.secrets += [PASSWORD, WEBHOOK, "markermarker", "AWS4-HMAC-SHA256"]
    refusal = {"status": 400, "type": "text/xml", "body": "<ErrorResponse/>"}
    peer.arm(
        {"operation": "RestoreDBInstanceFromDBSnapshot", "times": 99, "execute": False, "reply": refusal}
    )
    result = program.restore(
        name, "create_snapshot", "--verbose", environment={"TRAPHEUS_SLACK": WEBHOOK}
    )
    assert result.code == 5, result
    program.assert_no_secret_told()


def test_no_secret_is_left_in_the_journal_of_a_killed_run(peer, program, database):
    program.secrets += [PASSWORD, WEBHOOK, "markermarker", "AWS4-HMAC-SHA256"]
    program.environment["TRAPHEUS_SLACK"] = WEBHOOK
    peer.arm({"operation": "RestoreDBInstanceFromDBSnapshot", "hold": True, "execute": False})
    program.finish(program.interrupt(signal.SIGKILL, database["DBInstanceIdentifier"]))
    peer.release()
    assert any(path.is_file() for path in program.state.rglob("*"))
    program.assert_no_secret_told()


def test_the_journal_is_private(peer, program, database):
    assert program.restore(database["DBInstanceIdentifier"], "create_snapshot_only").code == 0
    assert stat.S_IMODE(program.state.stat().st_mode) == 0o700
    for path in program.state.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
