"""trapheus doctor says what stands in the way of a restore, and what to do about it."""

import contextlib
import fnmatch
import http.server
import json
import threading
import urllib.parse

import pytest

from served import sandbox
from test_policy import printed_policy


@contextlib.contextmanager
def iam_of(policies):
    """An IAM that simulates: allowed is what one of the policies' statements allows."""

    class Iam(http.server.BaseHTTPRequestHandler):
        wbufsize = -1

        def do_POST(self):
            form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            members = {name: [form[key][0] for key in sorted(form) if key.startswith(name + ".member.")
                              and key.count(".") == 2] for name in ("ActionNames", "ResourceArns")}
            results = "".join(
                f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{resource}</EvalResourceName>"
                f"<EvalDecision>{'allowed' if allowed(policies[0], action, resource) else 'implicitDeny'}</EvalDecision>"
                "</member>" for action in members["ActionNames"] for resource in members["ResourceArns"] or ["*"])
            name = "SimulatePrincipalPolicy"
            data = (f"<{name}Response><{name}Result><EvaluationResults>{results}</EvaluationResults></{name}Result>"
                    f"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{name}Response>").encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Iam)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def listed(value):
    return value if isinstance(value, list) else [value]


def allowed(policy, action, resource):
    return any(
        any(fnmatch.fnmatchcase(action, pattern) for pattern in listed(statement["Action"]))
        and any(fnmatch.fnmatchcase(resource, pattern.replace("*", "?*") if resource != "*" else pattern)
                for pattern in listed(statement["Resource"]))
        for statement in policy["Statement"] if statement["Effect"] == "Allow")


def without(policy, action):
    statements = [{**statement, "Action": [one for one in statement["Action"] if one != action]}
                  for statement in policy["Statement"]]
    return {"Statement": [statement for statement in statements if statement["Action"]]}


def doctor(program, *arguments, **changes):
    return program.run("doctor", *arguments, **changes)


def findings(result):
    return {one["name"]: one for one in result.document["findings"]}


def test_each_action_taken_away_is_named_before_anything_is_changed(peer, program, database):
    name = database["DBInstanceIdentifier"]
    policy = printed_policy(program, name)
    policies = [policy]
    actions = sorted({one for statement in policy["Statement"] if statement["Effect"] == "Allow"
                      for one in statement["Action"]})
    with iam_of(policies) as url:
        program.where["--endpoint-url"] = None
        program.where["--pace"] = None
        program.environment.update(AWS_ENDPOINT_URL=peer.url, AWS_ENDPOINT_URL_IAM=url)
        result = doctor(program, name)
        assert result.code == 0 and findings(result)["permissions"]["state"] == "ok", result
        changing = [one for one in actions if not one.split(":")[1].startswith(("Describe", "Get", "List"))]
        assert len(changing) >= 8, changing
        for action in [*changing, "rds:DescribeDBInstances"]:
            policies[0] = without(policy, action)
            result = doctor(program, name)
            found = findings(result)["permissions"]
            assert result.code == 3 and found["state"] == "failed", (action, result)
            denied = {one.split(" on ")[0] for one in found["text"].split("denies ")[1].split(", ")}
            assert denied == {action.rstrip("*")}, (action, found)
            assert f"trapheus policy {name}" in found["advice"]
    assert peer.mutations() == []


def test_what_cannot_be_simulated_is_said(peer, program, database):
    result = doctor(program, database["DBInstanceIdentifier"])
    found = findings(result)
    assert result.code == 0 and found["preflight"]["state"] == "ok", result
    assert found["permissions"]["state"] == "unknown" and "simulation" in found["permissions"]["text"], result
    assert found["alerts"]["state"] == "unknown" and found["clock"]["state"] == "ok"


def test_the_sandbox_says_that_it_has_no_iam(program):
    with sandbox("--database", "mydb") as (_, url):
        keys = {"AWS_ACCESS_KEY_ID": "AKIDSANDBOX", "AWS_SECRET_ACCESS_KEY": "sandbox-secret"}
        result = doctor(program, "mydb", where={"--endpoint-url": url}, environment=keys)
    found = findings(result)["permissions"]
    assert result.code == 0 and found["state"] == "unknown", result
    assert "This is a sandbox of rds, sts and ses: it has no iam" in found["text"], result


@pytest.mark.parametrize("changes, name, words", [
    ({"environment": {"AWS_PROFILE": "nope"}}, "settings", ("ProfileNotFound", "nope")),
    ({"environment": {"AWS_SECRET_ACCESS_KEY": "wrong" * 8}}, "sts", ("SignatureDoesNotMatch", "secret")),
    ({"environment": {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}}, "credentials", ("aws sso login",)),
    ({"where": {"--region": "useast-1"}, "environment": {}}, "Region", ("us-east-1",)),
    ({"where": {"--endpoint-url": "http://127.0.0.1:1"}}, "sts", ("ConnectError", "HTTPS_PROXY")),
    ({"where": {"--endpoint-url": "https://127.0.0.1:1/a/path"}}, "sts", ("without a path",)),
    ({"where": {"--state-dir": "/proc/nowhere"}}, "state directory", ("/proc/nowhere",)),
    ({"environment": {"AWS_CA_BUNDLE": "/nonexistent.pem"}}, "settings", ("/nonexistent.pem", "ca_bundle")),
    ({"environment": {"TRAPHEUS_EMAIL_FROM": "me@example.org", "TRAPHEUS_EMAIL_TO": "you@example.org"}}, "alerts",
     ("SES has not verified me@example.org",)),
])
def test_what_stands_in_the_way_is_named(program, changes, name, words):
    if "Region" == name:
        program.where["--endpoint-url"] = None
        program.where["--pace"] = None
    result = doctor(program, **changes)
    found = findings(result)[name]
    assert result.code == 3 and found["state"] == "failed", result
    for word in words:
        assert word in found["text"] + found.get("advice", ""), (word, result)


def test_a_person_is_told_line_by_line(program):
    result = doctor(program, where={"--output": None, "--endpoint-url": "http://127.0.0.1:1"})
    assert result.code == 3 and "failed   sts" in result.out and "-> check the way there" in result.out, result
