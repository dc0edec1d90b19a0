"""botocore and the program, given the same files, variables, flags and services, find the same credentials, Region,
endpoint and retries, or refuse alike."""

import collections
import hashlib
import hmac
import json
import os
import subprocess
import unittest.mock

import botocore.credentials
import botocore.exceptions as refusals
import botocore.loaders
import botocore.session
import botocore.tokens
import botocore.utils
import pytest

import cases
import peer_services
from conftest import ROOT

#: What botocore raises, and what the program calls it.
CODES = {
    "ProfileNotFound": "ProfileNotFound",
    "ConfigParseError": "ConfigParseError",
    "PartialCredentialsError": "NoCredentials",
    "InvalidConfigError": "InvalidConfig",
    "InfiniteLoopConfigError": "InvalidConfig",
    "InvalidRetryModeError": "InvalidConfig",
    "InvalidRetryConfigurationError": "InvalidConfig",
    "InvalidMaxRetryAttemptsError": "InvalidConfig",
    "InvalidSTSRegionalEndpointsConfigError": "InvalidConfig",
    "InvalidIMDSEndpointModeError": "InvalidConfig",
    "CredentialRetrievalError": "CredentialsError",
    "JSONDecodeError": "CredentialsError",
    "FileNotFoundError": "CredentialsError",
    "SSOTokenLoadError": "SSOLoginNeeded",
    "UnauthorizedSSOTokenError": "SSOLoginNeeded",
    "TokenRetrievalError": "SSOLoginNeeded",
    "InvalidRegionError": "UnknownRegion",
    "NoRegionError": "NoRegion",
    "EndpointProviderError": "NoEndpoint",
    "EndpointVariantError": "NoEndpoint",
    "ValueError": "InvalidConfig",
    "AttributeError": "CredentialsError",  # of a program that prints a list
}


def code_of(error):
    if isinstance(error, refusals.ClientError):
        return error.response["Error"]["Code"]
    return CODES.get(type(error).__name__, type(error).__name__)


class Case:
    """A case written out: its files, its variables."""

    def __init__(self, case, home, port):
        def fill(text):
            return text.replace("{home}", str(home)).replace("{port}", str(port))

        self.name, self.service = case["name"], case["service"]
        self.flags = {key: case[key] for key in ("profile", "region", "endpoint_url") if key in case}
        self.home = home
        self.environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "AWS_CONFIG_FILE": str(home / ".aws/config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(home / ".aws/credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        url = f"http://127.0.0.1:{port}"
        if self.service != "sts":
            self.environment.update(AWS_ENDPOINT_URL_STS=url, AWS_ENDPOINT_URL_SSO=url, AWS_ENDPOINT_URL_SSO_OIDC=url)
        self.environment.update({key: fill(value) for key, value in case["environment"].items()})
        files = dict(case.get("files", {}))
        for key in ("config", "credentials"):
            if key in case:
                files[f".aws/{key}"] = case[key]
        for name, text in files.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(fill(text).encode())

    def question(self):
        return {"environment": self.environment, "service": self.service, **self.flags}


# botocore's answers ---------------------------------------------------------------------------------

LOADER = botocore.loaders.Loader()


def session_of(case):
    session = botocore.session.Session(profile=case.flags.get("profile"))
    session.register_component("data_loader", LOADER)
    return session


def who(case):
    found = session_of(case).get_credentials()
    if found is None:
        return {"refused": "NoCredentials"}
    frozen = found.get_frozen_credentials()
    return {"key": frozen.access_key, "secret": frozen.secret_key, "token": frozen.token}


class Sent(Exception):
    pass


def client_of(case):
    session = session_of(case)
    flags = {"region_name": case.flags.get("region"), "endpoint_url": case.flags.get("endpoint_url")}
    return session.create_client(case.service, aws_access_key_id="A", aws_secret_access_key="s", **flags)


OPERATIONS = {"rds": "describe_db_instances", "sts": "get_caller_identity", "secretsmanager": "list_secrets"}


def where(case):
    """Where a request goes, and what for it is signed: seen on its way out."""
    client = client_of(case)
    seen = {}

    def look(request, **_):
        scope = request.headers["Authorization"].decode().split("Credential=")[1].split(",")[0].split("/")
        seen.update(url=request.url.rstrip("/"), signing_region=scope[2], signing_name=scope[3])
        raise Sent

    client.meta.events.register("before-send", look)
    try:
        getattr(client, OPERATIONS[case.service])()
    except Sent:
        pass
    return seen


def retries(case):
    settings = client_of(case).meta.config.retries
    return {"mode": settings["mode"], "attempts": settings.get("total_max_attempts")}


def ask(question, case):
    try:
        return question(case)
    except Exception as error:
        return {"refused": code_of(error), "message": str(error)}


def of_botocore(case):
    cache = str(case.home / ".aws/sso/cache")
    environment = dict(case.environment)
    if environment.get("AWS_REGION"):  # which the AWS CLI reads first, and botocore not at all
        environment["AWS_DEFAULT_REGION"] = environment["AWS_REGION"]
    with (
        unittest.mock.patch.dict(os.environ, environment, clear=True),
        unittest.mock.patch.object(botocore.credentials.SSOProvider, "_SSO_TOKEN_CACHE_DIR", cache),
        unittest.mock.patch.object(botocore.tokens.SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", cache),
        unittest.mock.patch.object(botocore.utils.ContainerMetadataFetcher, "SLEEP_TIME", 0),
    ):
        questions = {"who": who, "where": where}
        if case.name.startswith("retry"):
            questions["retries"] = retries
        return {name: ask(question, case) for name, question in questions.items()}


# The comparison -----------------------------------------------------------------------------------------


def of_program(program, all_of_them, directory):
    path = directory / "cases.json"
    path.write_text(json.dumps([case.question() for case in all_of_them]))
    result = subprocess.run([program, "tests/e2e/resolve.lua", path], cwd=ROOT, capture_output=True, text=True,
                            timeout=120, stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]})
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def same_key(theirs, ours):
    """The signature is one that only the same secret makes."""
    key = ("AWS4" + theirs["secret"]).encode()
    for part in ("19700101", "r", "s", "aws4_request", ours["text"]):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    token = theirs["token"] and hashlib.sha256(theirs["token"].encode()).hexdigest()
    return (theirs["key"], key.hex(), token) == (ours["key"], ours["signature"], ours.get("token"))


def same(question, theirs, ours):
    if "refused" in theirs or "refused" in ours:
        return theirs.get("refused") == ours.get("refused")
    if question == "who":
        return same_key(theirs, ours)
    if question == "where":
        return theirs == {**ours, "url": ours["url"].rstrip("/")}
    return theirs["mode"] == ours["mode"] and (theirs["attempts"] or 3) == ours["attempts"]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    directory = tmp_path_factory.mktemp("differential")
    program = os.environ.get("TRAPHEUS", ROOT / "build" / "asan" / "trapheus")
    with peer_services.serve() as port:
        # A refresh of a token writes it down: each side has files of its own.
        def written(side):
            return [Case(case, directory / side / case["name"], port) for case in cases.all_cases()]

        ours = of_program(program, written("ours"), directory)
        return [(case, of_botocore(case), answer) for case, answer in zip(written("theirs"), ours)]


@pytest.mark.parametrize("question", ["who", "where", "retries"])
def test_both_answer_alike(answers, question):
    differences, kinds = [], collections.Counter()
    for case, theirs, ours in answers:
        if "refused" in ours:  # of a setting that botocore reads when it comes to it
            assert ours["refused"]["refused"] in [theirs[each].get("refused") for each in theirs], (case.name, ours)
            continue
        if question not in theirs or "refused" in theirs["who"] and "refused" in ours["who"] and question != "who":
            continue  # where nobody signs there is no request to compare
        mine = ours[question]
        kinds["refused" if "refused" in theirs[question] else "answered"] += 1
        if not same(question, theirs[question], mine):
            differences.append(f"{case.name}: {case.flags} {theirs[question]} != {mine}")
    assert not differences, f"{len(differences)} of {len(answers)}:\n" + "\n".join(differences)
    assert len(answers) >= 380 and kinds["answered"] >= (12 if question == "retries" else 150), kinds
