"""What must reach no output and no file. Every test looks for the secret key; these look harder."""

import json
import pathlib
import signal
import stat

import pytest

import cases
import peer_services
from test_differential import Case

WEBHOOK = "https://127.0.0.1/services/T11111111/B11111111/markermarkermarkermarker"
PASSWORD = "correct-horse-battery"


def test_no_secret_is_told_or_kept_by_a_run_that_fails(peer, program, database):
    name = database["DBInstanceIdentifier"]
    program.secrets += [PASSWORD, WEBHOOK, "markermarker", "AWS4-HMAC-SHA256"]
    refusal = {"status": 400, "type": "text/xml", "body": "<ErrorResponse/>"}
    peer.arm(
        {"operation": "RestoreDBInstanceFromDBSnapshot", "times": 99, "execute": False, "reply": refusal}
    )
    program.state.mkdir(exist_ok=True)
    recording = program.state / "run.jsonl"
    result = program.restore(
        name, "create_snapshot", "--verbose", "--record", str(recording), environment={"TRAPHEUS_WEBHOOK": WEBHOOK}
    )
    assert result.code == 5, result
    assert name in recording.read_text(encoding="utf-8")
    program.assert_no_secret_told()


def test_no_secret_is_left_in_the_journal_of_a_killed_run(peer, program, database):
    program.secrets += [PASSWORD, WEBHOOK, "markermarker", "AWS4-HMAC-SHA256"]
    program.environment["TRAPHEUS_WEBHOOK"] = WEBHOOK
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


# Every secret there is, marked, and every place where one might come out ----------------------------------------

MARK = "taint"
BASE = "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = taint-secret\naws_session_token = taint-t\n"
ROLE = "[profile top]\nregion = us-east-1\nrole_arn = arn:aws:iam::123456789012:role/{}\nsource_profile = base\n"
OLD = {"expiresAt": "2020-01-01T00:00:00Z"}
RENEWABLE = {"refreshToken": "taint-r", "clientId": "c", "clientSecret": "taint-c",
             "registrationExpiresAt": cases.FAR_FUTURE}

SOURCES = {
    "environment": {"environment": {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "taint-secret",
                                    "AWS_SESSION_TOKEN": "taint-token"}},
    "half an environment": {"environment": {"AWS_SECRET_ACCESS_KEY": "taint-secret", "AWS_SESSION_TOKEN": "taint"}},
    "a profile": {"config": BASE, "profile": "base"},
    "keys with a blank": {"config": BASE.replace("AKIDBASE", "AKID BASE taint"), "profile": "base"},
    "a file that is none": {"config": "[default]\ntaint-secret\n"},
    "a secret without its name": {"credentials": "[default]\naws_access_key_id = A\n= taint-secret\n"},
    "a role": {"config": BASE + ROLE.format("top"), "profile": "top"},
    "a role that is denied": {"config": BASE + ROLE.format("denied"), "profile": "top"},
    "a pod": {"environment": cases.POD, "files": {"token": "taint-web-identity"}},
    "a sign-in": {"config": cases.sso(), "profile": "dev", "files": cases.signed_in("corp", accessToken="taint-a")},
    "a sign-in that is refused": {"config": cases.sso(), "profile": "dev",
                                  "files": cases.signed_in("corp", accessToken="taint-refused")},
    "a sign-in that is renewed": {"config": cases.sso(), "profile": "dev",
                                  "files": cases.signed_in("corp", accessToken="taint-a", **OLD, **RENEWABLE)},
    "a sign-in that is not renewed": {"config": cases.sso(), "profile": "dev", "files": cases.signed_in(
        "corp", accessToken="taint-a", **OLD, **{**RENEWABLE, "refreshToken": "taint-refused"})},
    "a program": {"config": cases.printed(SecretAccessKey="taint-secret", SessionToken="taint-token")},
    "a program that fails": {"config": cases.process("sh -c 'echo taint; echo taint >&2; exit 1'")},
    "a program that prints nonsense": {"config": cases.process("echo '{\"SecretAccessKey\": \"taint'")},
    "a container": {"environment": {**cases.CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "taint-said"}},
    "a container that prints nonsense": {"environment": {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:{port}/garbage",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "taint-said"}},
    "a token with a line break": {"environment": {**cases.CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "taint\nx"}},
    "an instance": {"environment": cases.METADATA},
    "an endpoint with a password": {"environment": {**cases.KEYS, "AWS_ENDPOINT_URL_RDS": "https://me:taint@h.example"}},
    "a proxy with a password": {"environment": {**cases.KEYS, "HTTPS_PROXY": "http://me:taint@127.0.0.1:1",
                                                "AWS_REGION": "us-east-1"}, "at AWS": True},
}


@pytest.fixture(scope="module")
def services():
    with peer_services.serve() as port:
        yield port


@pytest.mark.parametrize("name", SOURCES)
def test_no_marked_secret_comes_out(peer, program, services, name, tmp_path):
    source = dict(SOURCES[name])
    case = Case({"name": name, "service": "rds", "environment": {}, **source}, tmp_path / "case", services)
    case.home.mkdir(exist_ok=True)
    program.environment = {"AWS_REGION": "us-east-1", **case.environment}
    program.where.update({"--region": None, "--profile": case.flags.get("profile"), "--pace": None})
    program.where["--endpoint-url"] = None
    if not source.get("at AWS"):  # moto does not know these keys: every call is refused
        program.environment = {"AWS_ENDPOINT_URL": peer.url, **program.environment}
    seen = []
    for command in (["doctor", "orders"],
                    ["restore", "--id", "orders", "--task", "create_snapshot", "--verbose", "--log-format", "json"],
                    ["policy", "orders"]):
        where = {"--output": None} if command[0] == "policy" else {}
        process = program.start(*command, where=where)
        seen.append(" ".join(pathlib.Path(f"/proc/{process.pid}/cmdline").read_text().split("\0")))
        result = program.finish(process)
        assert result.code in (2, 3, 4), (command, result)
        seen.append(result.text)
    for path in program.state.rglob("*") if program.state.exists() else []:
        if path.is_file():
            seen.append(path.read_bytes().decode(errors="replace"))
    for text in seen:
        assert MARK not in text, text
    if name == "a sign-in that is renewed":  # the one place where a secret is written down: where the AWS CLI has it
        cache = next((case.home / ".aws/sso/cache").iterdir())
        assert stat.S_IMODE(cache.stat().st_mode) == 0o600
        assert json.loads(cache.read_text())["accessToken"] == "taint-fresh"
