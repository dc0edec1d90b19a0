"""EC2's metadata service as AWS's own mock of it has it (tests/layers/e2e.sh builds it). Its credentials have
long ended, as those that the service hands out in an outage."""

import json
import os
import socket
import subprocess
import time

import pytest

from conftest import ROOT

MOCK = ROOT / "build" / "ec2-metadata-mock"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture(scope="module", params=["both versions", "version 2 only"])
def url(request):
    port = free_port()
    flags = ["--imdsv2"] if request.param == "version 2 only" else []
    command = [MOCK, "--hostname", "127.0.0.1", "--port", str(port), *flags]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def resolve(tmp_path, **environment):
    program = os.environ.get("TRAPHEUS", ROOT / "build" / "asan" / "trapheus")
    case = {"service": "rds", "environment": {"HOME": str(tmp_path), **environment}}
    (tmp_path / "cases.json").write_text(json.dumps([case]))
    result = subprocess.run([program, "tests/e2e/resolve.lua", tmp_path / "cases.json"], cwd=ROOT, text=True,
                            capture_output=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)[0]


def test_the_instances_role_and_region(url, tmp_path):
    answer = resolve(tmp_path, AWS_EC2_METADATA_SERVICE_ENDPOINT=url)
    assert (answer["who"].get("key"), answer["who"].get("method")) == ("12345678901", "iam-role"), answer
    assert answer["region"] == "us-east-1"


def test_it_is_not_asked_where_it_is_disabled(url, tmp_path):
    answer = resolve(tmp_path, AWS_EC2_METADATA_SERVICE_ENDPOINT=url, AWS_EC2_METADATA_DISABLED="true")
    assert answer["who"]["refused"] == "NoCredentials" and answer["region"]["refused"] == "NoRegion"
