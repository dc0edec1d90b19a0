"""Signing in, end to end: certificates, files that others may write, and credentials that are fetched again."""

import datetime
import json

import pytest

from local_https import Quiet, certificate, serve


# Certificates -----------------------------------------------------------------------------------------


class Denying(Quiet):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A server with a certificate of its own: its address, and the file of the certificate."""
    file, context = certificate(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")
    with serve(Denying, context) as port:
        yield f"https://127.0.0.1:{port}", file


def sts_of(result):
    return {one["name"]: one for one in result.document["findings"]}["sts"]


def test_a_certificate_that_does_not_verify_is_named(program, tls):
    result = program.run("doctor", where={"--endpoint-url": tls[0]})
    assert result.code == 3 and "TLSError" in sts_of(result)["text"], result
    assert "AWS_CA_BUNDLE" in sts_of(result)["advice"]


def test_a_bundle_makes_it_trusted(program, tls):
    result = program.run("doctor", where={"--endpoint-url": tls[0]}, environment={"AWS_CA_BUNDLE": str(tls[1])})
    assert "AccessDenied" in sts_of(result)["text"], result


def test_a_bundle_of_the_profile_does_too(program, tls):
    (program.home / ".aws").mkdir()
    (program.home / ".aws/config").write_text(f"[default]\nca_bundle = {tls[1]}\n")
    result = program.run("doctor", where={"--endpoint-url": tls[0]})
    assert "AccessDenied" in sts_of(result)["text"], result


# Proxies ------------------------------------------------------------------------------------------------


def test_the_variables_of_proxies_are_heeded(program, tls):
    asked = []

    class Proxy(Quiet):
        def do_CONNECT(self):
            asked.append(self.path)
            self.answer(502, "")

    url, bundle = tls
    with serve(Proxy) as port:
        for name in ("HTTPS_PROXY", "https_proxy"):
            proxied = {"AWS_CA_BUNDLE": str(bundle), name: f"http://127.0.0.1:{port}"}
            result = program.run("doctor", where={"--endpoint-url": url}, environment=proxied)
            assert result.code == 3 and "HTTPS_PROXY" in sts_of(result)["advice"], result
            assert set(asked) == {url.removeprefix("https://")}, asked
            asked.clear()
            for no_proxy in ("NO_PROXY", "no_proxy"):
                result = program.run("doctor", where={"--endpoint-url": url},
                                     environment={**proxied, no_proxy: "other.example,127.0.0.1"})
                assert "AccessDenied" in sts_of(result)["text"] and asked == [], result


# Files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["config", "credentials"])
def test_a_file_that_anybody_may_write_is_refused(program, name):
    path = program.home / ".aws" / name
    path.parent.mkdir()
    path.write_text("[default]\n")
    path.chmod(0o666)
    result = program.run("restore", "--id", "orders", "--task", "create_snapshot")
    assert result.code == 3 and f"UnsafeFile: {path}" in result.text and "chmod o-w" in result.text, result


# Credentials that end -----------------------------------------------------------------------------------


@pytest.fixture
def container(peer, program):
    """A container's endpoint with keys that moto knows, and soon end; how often they were asked for."""
    asked = []

    class Container(Quiet):
        def do_GET(self):
            asked.append(self.headers["Authorization"])
            minutes = 4 if len(asked) == 1 else 60  # too few to change anything with
            ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
            self.answer(200, json.dumps({
                "AccessKeyId": peer.access_key, "SecretAccessKey": peer.secret_key,
                "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"), "Token": ""}))

    with serve(Container) as port:
        program.environment.update(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
        program.environment = {key: value for key, value in program.environment.items() if value}
        program.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"http://127.0.0.1:{port}/"
        program.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(program.home / "token")
        (program.home / "token").write_text("marked-token")
        program.secrets.append("marked-token")
        yield asked


def test_credentials_that_soon_end_are_fetched_again_and_not_for_every_call(program, database, container):
    result = program.restore(database["DBInstanceIdentifier"])
    assert result.document["outcome"] == "restored", result
    assert container == ["marked-token"] * 2, container
    assert not any("credentials end" in warning for warning in result.document["warnings"]), result


def test_temporary_ones_that_cannot_be_fetched_again_are_told_of(peer, program, database):
    ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=30)
    result = program.restore(database["DBInstanceIdentifier"], environment={
        "AWS_CREDENTIAL_EXPIRATION": ends.strftime("%Y-%m-%dT%H:%M:%SZ")})
    assert result.document["outcome"] == "restored", result
    assert any("the credentials end at" in warning for warning in result.document["warnings"]), result
