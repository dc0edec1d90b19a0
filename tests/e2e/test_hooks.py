"""Hooks around a real run: programs, signals, and what becomes of their files between a run and its resume."""

import os
import signal

import pytest
from conftest import wait_for

HOOKS = """
local trapheus = require "trapheus"
return {
  before = { rename = function(run) %s end },
  verify = function(run) %s end,
}
"""


@pytest.fixture
def hooks(tmp_path):
    """Writes the hooks file, and says where it is."""

    def write(before="", verify=""):
        file = tmp_path / "hooks.lua"
        file.write_text(HOOKS % (before, verify), encoding="utf-8")
        file.chmod(0o644)
        return file

    return write


def test_a_hook_asks_the_replacement_and_aws_and_tells_no_secret(peer, program, database, hooks, tmp_path):
    seen, name = tmp_path / "seen", database["DBInstanceIdentifier"]
    file = hooks(
        verify=f"""
        local other = trapheus.client("rds"):DescribeDBInstances {{ DBInstanceIdentifier = "{name}-temp" }}.DBInstances[1]
        trapheus.run {{ argv = {{ "sh", "-c", 'echo "$PGHOST $OTHER $AWS_SECRET_ACCESS_KEY." > {seen}' }},
          env = {{ PGHOST = run:endpoint().address, OTHER = other.DbiResourceId }} }}
        print(os.getenv "AWS_SECRET_ACCESS_KEY", trapheus.client("rds").transport)
        run:warn("the key is " .. os.getenv "AWS_SECRET_ACCESS_KEY")"""
    )
    result = program.restore(name, "create_snapshot", "--hooks", file)
    assert result.code == 0, result
    host = peer.instance(name)["Endpoint"]["Address"]
    assert seen.read_text() == f"{host} {database['DbiResourceId']} .\n"
    assert "the key is ****" in result.document["warnings"]


def test_a_verify_hook_that_fails_rolls_back(peer, program, database, hooks):
    name = database["DBInstanceIdentifier"]
    file = hooks(verify='trapheus.run { argv = { "sh", "-c", "echo no such table >&2; exit 2" } }')
    # moto gives what is restored the protection that the original had when the snapshot was made
    result = program.restore(name, "create_snapshot", "--no-fence", "--hooks", file)
    assert result.code == 5, result
    assert "sh ended with code 2: no such table" in result.document["failure"]["message"]
    assert peer.instance(name)["DbiResourceId"] == database["DbiResourceId"]


def test_a_signal_ends_a_hook_and_its_program_and_the_hook_is_called_again(program, database, hooks, tmp_path):
    begun, again = tmp_path / "begun", tmp_path / "again"
    name = database["DBInstanceIdentifier"]
    file = hooks(before=f'trapheus.run {{ argv = {{ "sh", "-c", "echo $$ > {begun}; exec sleep 50" }}, timeout_s = 50 }}')
    process = program.start("restore", "--id", name, "--task", "create_snapshot", "--hooks", file)
    pid = int(wait_for(begun))
    process.send_signal(signal.SIGTERM)
    stopped = program.finish(process)
    assert stopped.code == 7, stopped
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    hooks(before=f'assert(io.open("{again}", "a")):write("once "):close()')
    refused = program.run("resume")
    assert refused.code == 3 and f"{file} has changed since run" in refused.err, refused
    resumed = program.run("resume", "--accept-changes")
    assert resumed.code == 0, resumed
    assert again.read_text() == "once "
    assert any(f"{file} has changed since the run began" in line for line in resumed.document["warnings"])


def test_without_its_hooks_a_run_does_not_go_forward(program, database, hooks):
    file = hooks()
    stopped = program.restore(database["DBInstanceIdentifier"], "create_snapshot", "--hooks", file, "--timeout", "60s")
    assert stopped.code == 7, stopped
    file.unlink()
    refused = program.run("resume")
    assert refused.code == 2 and str(file) in refused.err and "--no-hooks" in refused.err, refused
    assert program.run("resume", "--no-hooks").code == 0
