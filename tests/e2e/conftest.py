"""End to end: the program against moto, over HTTP, with verified signatures.

    cmake --build --preset asan && cmake --build --preset debug
    python -m venv VENV && VENV/bin/pip install -r tests/e2e/requirements.txt
    VENV/bin/pytest tests/e2e

TRAPHEUS names another program than build/asan/trapheus.
"""

import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.request

import boto3
import pytest
from botocore.exceptions import ClientError

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
REGION = "us-east-1"
ADMINISTRATOR = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
)
RUN_TIMEOUT_S = 60
OFFLINE = ("status", "history", "report")  # commands that only read the journal

# A shell ignores it for what runs in the background, and so would the programs that are started here.
signal.signal(signal.SIGINT, signal.default_int_handler)

EXIT = {
    "restored": 0,
    "snapshotted": 0,
    "planned": 0,
    "usage": 2,
    "refused": 3,
    "failed": 4,
    "rolled_back": 5,
    "parked": 6,
    "interrupted": 7,
}


def pytest_sessionfinish(session, exitstatus):
    """What is skipped shows nothing: it is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == pytest.ExitCode.OK and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# The peer -------------------------------------------------------------------------------------


def post(url, body, content_type="application/json"):
    request = urllib.request.Request(url, body, {"Content-Type": content_type}, method="POST")
    with urllib.request.urlopen(request, timeout=RUN_TIMEOUT_S + 10) as reply:
        return reply.status


class Peer:
    """moto, its recorder and its faults."""

    def __init__(self, url, record_file):
        self.url, self.record_file = url, record_file
        user = self.client("iam", "unknown", "unknown")
        user.create_user(UserName="operator")
        user.put_user_policy(UserName="operator", PolicyName="all", PolicyDocument=ADMINISTRATOR)
        key = user.create_access_key(UserName="operator")["AccessKey"]
        self.access_key, self.secret_key = key["AccessKeyId"], key["SecretAccessKey"]
        post(url + "/moto-api/reset-auth", b"0", "application/octet-stream")
        self.rds, self.ses = self.client("rds"), self.client("ses")
        # moto shows default option groups, but does not know them at a restore.
        self.rds.create_option_group(
            OptionGroupName="audited",
            EngineName="mysql",
            MajorEngineVersion="8.0",
            OptionGroupDescription="audited",
        )

    def client(self, service, access_key=None, secret_key=None):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=access_key or self.access_key,
            aws_secret_access_key=secret_key or self.secret_key,
        )

    def arm(self, *faults):
        """Replaces the faults that wait for calls of the program; see moto_server.Peer."""
        post(self.url + "/e2e/faults", json.dumps(faults).encode())

    def wait_for_held_call(self):
        post(self.url + "/e2e/held", b"")

    def release(self):
        post(self.url + "/e2e/release", b"")

    def begin(self):
        """Forgets the faults and the calls so far."""
        self.arm()
        self.offset = self.record_file.stat().st_size

    def calls(self, operation=None):
        """What the program has sent since `begin`."""
        with open(self.record_file, encoding="utf-8") as record:
            record.seek(self.offset)
            calls = [json.loads(line) for line in record]
        return [call for call in calls if operation in (None, call["operation"])]

    def mutations(self):
        reads = ("Describe", "Get", "List")
        return [call for call in self.calls() if not call["operation"].startswith(reads)]

    def instance(self, name):
        """The instance of that name, or None."""
        try:
            return self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
        except ClientError as error:
            if error.response["Error"]["Code"] != "DBInstanceNotFound":
                raise
        return None

    def snapshot(self, name):
        """The snapshot of that name, or None."""
        try:
            return self.rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"][0]
        except ClientError as error:
            if error.response["Error"]["Code"] != "DBSnapshotNotFound":
                raise
        return None

    def snapshots_of(self, database):
        """The names of its manual snapshots, sorted."""
        reply = self.rds.describe_db_snapshots(DBInstanceIdentifier=database, SnapshotType="manual")
        return sorted(one["DBSnapshotIdentifier"] for one in reply["DBSnapshots"])


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("moto")
    record_file = directory / "calls.jsonl"
    with open(directory / "moto.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, HERE / "moto_server.py", record_file],
            stdout=subprocess.PIPE,
            stderr=log,
        )
    port = process.stdout.readline().strip().decode()
    assert port, (directory / "moto.log").read_text()
    yield Peer(f"http://127.0.0.1:{port}", record_file)
    process.kill()
    process.wait()


@pytest.fixture
def peer(server):
    server.begin()
    yield server
    server.arm()


# The program ----------------------------------------------------------------------------------


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out, self.err = process.stdout, process.stderr

    @property
    def text(self):
        return self.out + self.err

    @property
    def document(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


class Program:
    """The program under test, with a state directory, home and environment of its own."""

    def __init__(self, peer, directory):
        self.peer, self.home, self.state = peer, directory / "home", directory / "state"
        self.home.mkdir()
        self.path = os.environ.get("TRAPHEUS", ROOT / "build" / "asan" / "trapheus")
        self.secrets, self.told = [peer.secret_key], []
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": peer.access_key,
            "AWS_SECRET_ACCESS_KEY": peer.secret_key,
        }
        self.where = {
            "--endpoint-url": peer.url,
            "--pace": "1000",
            "--region": REGION,
            "--state-dir": str(self.state),
            "--output": "json",
        }

    def heed_hangups(self):
        """In the child: who started the tests may have chosen to ignore them, as nohup does."""
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    def command(self, arguments, where):
        given = {**self.where, **where}
        if arguments[0] in OFFLINE:
            given = {flag: given.get(flag) for flag in ("--state-dir", "--output")}
            if arguments[0] == "report":
                del given["--output"]
        flags = [part for flag, value in given.items() if value for part in (flag, value)]
        return [self.path, *arguments, *flags]

    def start(self, *arguments, where={}, environment={}):
        """Starts it. `where` and `environment` change the usual flags and variables; None: without."""
        variables = {**self.environment, **environment}
        return subprocess.Popen(
            self.command(arguments, where),
            cwd=ROOT,
            env={name: value for name, value in variables.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=self.heed_hangups,
        )

    def finish(self, process):
        try:
            out, err = process.communicate(timeout=RUN_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            pytest.fail(f"still at work after {RUN_TIMEOUT_S} s:\n{out[-2000:]}\n{err[-2000:]}")
        self.told.append(out + err)
        process.stdout, process.stderr = out, err
        return Result(process)

    def run(self, *arguments, **changes):
        return self.finish(self.start(*arguments, **changes))

    def restore(self, identifier, task="create_snapshot", *arguments, **changes):
        return self.run("restore", "--id", identifier, "--task", task, *arguments, **changes)

    def interrupt(self, signal, identifier, task="create_snapshot"):
        """Starts a restore, and sends it a signal when a fault of the peer has held a call."""
        process = self.start("restore", "--id", identifier, "--task", task)
        self.peer.wait_for_held_call()
        process.send_signal(signal)
        return process

    def runs(self):
        return self.run("status").document

    def assert_no_secret_told(self):
        files = [path for path in self.state.rglob("*") if path.is_file()]
        for secret in self.secrets:
            assert not any(secret in text for text in self.told), "a secret was printed"
            assert not any(secret.encode() in path.read_bytes() for path in files), "a secret was kept"


@pytest.fixture
def program(peer, tmp_path):
    program = Program(peer, tmp_path)
    yield program
    program.assert_no_secret_told()


def wait_for(file):
    """Until something is in it."""
    deadline = time.monotonic() + 20
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline, file
        time.sleep(0.02)
    return file.read_text()


# Databases ------------------------------------------------------------------------------------

numbers = itertools.count(1)


@pytest.fixture
def unused_name():
    """A name that no other test uses."""
    return f"orders{next(numbers)}"


@pytest.fixture
def create_database(peer):
    """Creates a database; the defaults are plain, `changes` are parameters of CreateDBInstance."""

    def create(name, **changes):
        parameters = {
            "DBInstanceIdentifier": name,
            "DBInstanceClass": "db.t3.medium",
            "Engine": "mysql",
            "EngineVersion": "8.0.36",
            "OptionGroupName": "audited",
            "AllocatedStorage": 20,
            "StorageType": "gp3",
            "MasterUsername": "root",
            "MasterUserPassword": "correct-horse-battery",
            **changes,
        }
        return peer.rds.create_db_instance(**parameters)["DBInstance"]

    return create


@pytest.fixture
def database(create_database, unused_name):
    return create_database(unused_name)
