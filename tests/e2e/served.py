"""A sandbox of one's own over HTTP, and the clients that ask it: boto3, the AWS CLI."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = pathlib.Path(__file__).parent.parent.parent
PROGRAM = ROOT / os.environ.get("TRAPHEUS", "build/asan/trapheus")
AWS = pathlib.Path(sys.executable).parent / "aws"
REGION = "us-east-1"
SPEED = 3000  # a minute of RDS is 20 ms
PASSWORD = "not-to-be-seen"
TEXT = "a&b <x> \"q\" é ✓"
TIMEOUT_S = 120


@contextlib.contextmanager
def sandbox(*arguments):
    """A sandbox of one's own, and its URL."""
    speed = [] if "--time" in arguments else ["--time", str(SPEED)]
    command = [PROGRAM, "sandbox", "--listen", "127.0.0.1:0", *speed, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, told
    assert PASSWORD not in told


def client(url, service="rds", secret="sandbox-secret", region=REGION, attempts=1):
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="AKIDSANDBOX",
        aws_secret_access_key=secret,
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}, proxies={}),
    )


def until(rds, waiter, **parameters):
    rds.get_waiter(waiter).wait(WaiterConfig={"Delay": 0.02, "MaxAttempts": 2000}, **parameters)


def until_named(rds, name):
    """botocore's waiters know no rename: they take a name that does not answer yet for an error."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(rds.exceptions.DBInstanceNotFoundFault):
            row = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
            if row["DBInstanceStatus"] == "available":
                return row
        time.sleep(0.02)
    raise AssertionError(f"there is no {name}")


def create(rds, name, **more):
    return rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="app",
        MasterUserPassword=PASSWORD,
        **more,
    )["DBInstance"]


def code_of(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def environment(**more):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "AKIDSANDBOX",
        "AWS_SECRET_ACCESS_KEY": "sandbox-secret",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        **more,
    }


def aws(url, *words, fails_with=None, region=REGION):
    """What the AWS CLI prints; or, for a call that must fail, nothing."""
    command = [AWS, "--endpoint-url", url, "--region", region, "--output", "json", "rds", *words]
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=TIMEOUT_S
    )
    if fails_with:
        assert done.returncode != 0 and fails_with in done.stderr, done
        return None
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def documented(rds, operation, code):
    """The exception's name and the HTTP status that botocore's model has for the error."""
    for shape in rds.meta.service_model.operation_model(operation).error_shapes:
        if shape.metadata["error"]["code"] == code:
            return shape.name, shape.metadata["error"]["httpStatusCode"]
    return "ClientError", 400  # common to all of AWS


def refused(rds, operation, parameters):
    with pytest.raises(ClientError) as caught:
        getattr(rds, xform_name(operation))(**parameters)
    return caught.value


def check(rds, operation, parameters, code):
    """The call is refused with that code; class, status and fault are as botocore documents."""
    error = refused(rds, operation, parameters)
    reply = error.response
    assert reply["Error"]["Code"] == code, reply
    assert reply["Error"]["Type"] == "Sender" and reply["Error"]["Message"]
    assert PASSWORD not in str(error)
    name, status = documented(rds, operation, code)
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == status
    assert type(error).__name__ == name
    assert name != "ClientError" or code.startswith("InvalidParameter"), "not documented"
