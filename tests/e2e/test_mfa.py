"""A role that wants an MFA code: asked for on the terminal, never shown; elsewhere refused."""

import os
import pty
import select
import time

import peer_services
from test_differential import Case

CONFIG = """[profile base]
aws_access_key_id = AKIDBASE
aws_secret_access_key = taint-secret
[profile mfa]
region = us-east-1
role_arn = arn:aws:iam::123456789012:role/mfa
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/me
"""
CODE = "135790"


def on_a_terminal(program, environment, answer):
    """Runs trapheus doctor on a terminal of its own, and types the answer when it is asked; what the terminal showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(program.path, [str(program.path), "doctor", "--state-dir", str(program.state)], environment)
    shown, typed, deadline = b"", False, time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            data = os.read(terminal, 4096)
        except OSError:  # it has ended
            break
        shown += data
        if not data:
            break
        if not typed and b"MFA code for" in shown:
            os.write(terminal, answer.encode() + b"\n")
            typed = True
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()


def test_a_code_is_asked_for_and_not_shown(program, tmp_path):
    with peer_services.serve() as port:
        case = Case({"name": "mfa", "service": "rds", "environment": {"AWS_PROFILE": "mfa"}, "config": CONFIG},
                    tmp_path / "case", port)
        code, shown = on_a_terminal(program, case.environment, CODE)
        assert "MFA code for arn:aws:iam::123456789012:mfa/me (profile mfa): " in shown, shown
        assert "ASIAmfa of profile mfa" in shown and "until 2099" in shown, shown
        assert CODE not in shown and "taint" not in shown, shown
        assert code == 3, "the key is none that the peer's STS knows"
        code, shown = on_a_terminal(program, case.environment, "no code")
        assert code == 3 and "6 digits" in shown and "no code" not in shown, shown


def test_without_a_terminal_it_says_what_to_do(program, tmp_path):
    with peer_services.serve() as port:
        case = Case({"name": "mfa", "service": "rds", "environment": {"AWS_PROFILE": "mfa"}, "config": CONFIG},
                    tmp_path / "case", port)
        program.environment = case.environment
        program.where.update({"--endpoint-url": None, "--pace": None, "--region": None})
        program.path = ["setsid", "--wait", str(program.path)]
        command = program.command
        program.command = lambda arguments, where: [*program.path, *command(arguments, where)[1:]]
        result = program.run("doctor")
        assert result.code == 3 and "there is no terminal to ask on" in result.text, result
