"""Credentials, profiles, regions and endpoints: found where AWS's own tools find them, or named as missing."""

import contextlib
import http.server
import socket
import threading

import pytest

NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
NOWHERE = {"--endpoint-url": None, "--pace": None}


def snapshot(program, database, **changes):
    return program.restore(database["DBInstanceIdentifier"], "create_snapshot_only", **changes)


def assert_stopped(peer, result, *words, code=3):
    """It ends with that code, says why, and has changed nothing."""
    assert result.code == code, result
    for word in words:
        assert word in result.text, result
    assert "traceback" not in result.text
    assert peer.mutations() == []


# Credentials ------------------------------------------------------------------------------------


def test_a_wrong_secret_is_named(peer, program, database):
    result = snapshot(program, database, environment={"AWS_SECRET_ACCESS_KEY": "wrong" * 8})
    assert_stopped(peer, result, "SignatureDoesNotMatch")


def test_an_unknown_access_key_is_named(peer, program, database):
    result = snapshot(program, database, environment={"AWS_ACCESS_KEY_ID": "AKIAUNKNOWNUNKNOWNUN"})
    assert_stopped(peer, result, "InvalidClientTokenId")


def test_missing_credentials_are_named(peer, program, database):
    result = snapshot(program, database, environment=NO_KEYS)
    assert_stopped(peer, result, "NoCredentials", "AWS_ACCESS_KEY_ID")


def test_half_of_the_credentials_are_none(peer, program, database):
    result = snapshot(program, database, environment={"AWS_SECRET_ACCESS_KEY": None})
    assert_stopped(peer, result, "AWS_SECRET_ACCESS_KEY is not")


def test_an_action_that_is_not_allowed_is_named(peer, program, database):
    iam = peer.client("iam")
    iam.create_user(UserName="reader")
    policy = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": "*",'
        ' "Action": ["rds:Describe*", "sts:*"]}}'
    )
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    program.secrets.append(key["SecretAccessKey"])
    result = snapshot(
        program,
        database,
        environment={
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        },
    )
    assert result.code == 3, result  # the first change is the lease, a tag
    assert result.document["failure"]["code"] == "AccessDenied"
    assert peer.snapshots_of(database["DBInstanceIdentifier"]) == []


def test_a_temporary_session_signs_with_its_token(peer, program, database):
    iam, sts = peer.client("iam"), peer.client("sts")
    name = "role-of-" + database["DBInstanceIdentifier"]
    trust = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole"}}'
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
    allow = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=allow)
    session = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="restore")["Credentials"]
    program.secrets += [session["SecretAccessKey"], session["SessionToken"]]
    result = snapshot(
        program,
        database,
        environment={
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        },
    )
    assert result.code == 0, result


# Profiles and regions ---------------------------------------------------------------------------


@pytest.fixture
def shared_files(peer, program):
    """AWS's shared files, with a profile `restorer`; the variables that name them."""
    credentials, config = program.home / "credentials", program.home / "config"
    credentials.write_text(
        "[restorer]\n"
        f"aws_access_key_id = {peer.access_key}\n"
        f"aws_secret_access_key = {peer.secret_key}\n"
    )
    config.write_text(f"[profile restorer]\nregion = us-east-1\nendpoint_url = {peer.url}\n")
    return {
        **NO_KEYS,
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_CONFIG_FILE": str(config),
    }


def test_a_profile_brings_keys_region_and_endpoint(peer, program, database, shared_files):
    where = {"--endpoint-url": None, "--region": None, "--profile": "restorer"}
    result = snapshot(program, database, where=where, environment=shared_files)
    assert result.code == 0, result
    result = snapshot(
        program,
        database,
        where={**where, "--profile": None},
        environment={**shared_files, "AWS_PROFILE": "restorer"},
    )
    assert result.code == 0, result


def test_a_profile_that_is_asked_for_comes_before_keys_in_the_environment(
    peer, program, database, shared_files
):
    keys = {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWNUNKNOWNUN", "AWS_SECRET_ACCESS_KEY": "wrong" * 8}
    result = snapshot(
        program, database, where={"--profile": "restorer"}, environment={**shared_files, **keys}
    )
    assert result.code == 0, result


def test_an_unknown_profile_is_named(peer, program, database, shared_files):
    result = snapshot(
        program, database, where={"--profile": "nobody"}, environment=shared_files
    )
    assert_stopped(peer, result, "nobody", shared_files["AWS_SHARED_CREDENTIALS_FILE"])


def test_the_region_comes_from_the_environment(peer, program, database):
    result = snapshot(
        program, database, where={"--region": None}, environment={"AWS_REGION": "us-east-1"}
    )
    assert result.code == 0, result


def test_a_missing_region_is_named(peer, program, database):
    result = snapshot(program, database, where={"--region": None})
    assert_stopped(peer, result, "NoRegion", "--region")


# Endpoints --------------------------------------------------------------------------------------


@pytest.mark.parametrize("of_rds", [True, False])
def test_the_endpoint_comes_from_the_environment(peer, program, database, of_rds):
    environment = {"AWS_ENDPOINT_URL": peer.url}
    if of_rds:
        environment = {"AWS_ENDPOINT_URL_RDS": peer.url, "AWS_ENDPOINT_URL_STS": peer.url}
        environment["AWS_ENDPOINT_URL_SES"] = peer.url
    result = snapshot(program, database, where={"--endpoint-url": None}, environment=environment)
    assert result.code == 0, result


def test_haste_is_refused_at_aws_itself(peer, program, database):
    for where in ({"--endpoint-url": None}, {"--endpoint-url": "https://rds.us-east-1.amazonaws.com"}):
        assert_stopped(peer, snapshot(program, database, where=where), "--pace", code=2)


def test_an_endpoint_without_tls_elsewhere_is_refused(peer, program, database):
    result = snapshot(program, database, where={"--endpoint-url": "http://rds.example.com"})
    assert result.code in (2, 3), result
    assert "https" in result.text and "traceback" not in result.text


def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_an_endpoint_that_nobody_listens_at_is_named(peer, program, database):
    url = f"http://127.0.0.1:{closed_port()}"
    result = snapshot(program, database, where={"--endpoint-url": url})
    assert_stopped(peer, result, "ConnectError")


@contextlib.contextmanager
def other_server(status, content_type, body):
    """A server that answers everything in the same way."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "status, content_type, body",
    [
        (200, "text/html", b"<!doctype html><h1>Welcome to nginx"),
        (200, "application/json", b'{"hello": "world"}'),
        (200, "text/xml", b""),
        (200, "text/xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"),
        (404, "text/html", b"<h1>404"),
        (502, "text/plain", b"bad gateway"),
        (301, "text/html", b"moved"),
    ],
)
def test_an_endpoint_that_is_not_aws_is_told(peer, program, database, status, content_type, body):
    with other_server(status, content_type, body) as url:
        result = snapshot(program, database, where={"--endpoint-url": url})
    assert_stopped(peer, result, "GetCallerIdentity")
