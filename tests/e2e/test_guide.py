"""The commands of the guides are run as they stand there, and print what is said.

A block ```console run is one bash session; a line `$ …` is a command (`# exit N` behind it is its exit code), the other lines
are parts of what the last command tells, in that order, whatever the spaces. A block ```lua file=NAME is a file. All blocks of a document
share one directory.
"""

import os
import pathlib
import re
import socket
import subprocess
import sys

import pytest
from served import PROGRAM, TIMEOUT_S, sandbox

ROOT = pathlib.Path(__file__).parent.parent.parent
DOCUMENTS = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(?:console (run)|lua file=(\S+))\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = "8080"

# The RDS that is reached is served, and in a hurry: so is who waits for it.
WRAPPER = """#!/bin/sh
case "$1 $*" in
*--sandbox* | *--pace*) exec {0} "$@" ;;
"restore "* | "resume "* | "rollback "* | "bulk "*) exec {0} "$@" --pace 3000 --endpoint-url "$(cat ~/served)" ;;
*) exec {0} "$@" ;;
esac
"""
AWS = """#!/bin/sh
case "$*" in
*--endpoint-url*) exec {0} "$@" ;;
*) exec {0} "$@" --endpoint-url "$(cat ~/served)" ;;
esac
"""
# Who is asked by --profile production.
PROFILE = """[profile production]
region = us-east-1
endpoint_url = {}
aws_access_key_id = AKIDSANDBOX
aws_secret_access_key = sandbox-secret
"""
MARK = "@@"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def commands_of(block):
    """Each command with its exit code and what it should tell."""
    commands = []
    for line in block.splitlines():
        if line.startswith("$ "):
            command, _, code = line[2:].partition("   # exit ")
            commands.append((command, int(code or 0), []))
        elif line:
            commands[-1][2].append(line)
    return commands


def script_of(commands):
    """Runs them one by one; between two, the mark and the exit code."""
    lines = ["trap 'kill $(jobs -p) 2>/dev/null' EXIT", "exec 2>&1"]
    for command, _, _ in commands:
        lines.append(command)
        lines.append("code=$?")
        if server := re.search(r"--listen (\S+) .*&$", command):
            lines.append(f'at={server[1]}; until (: <"/dev/tcp/${{at/://}}") 2>/dev/null; do sleep 0.05; done')
        lines.append(f'echo; echo "{MARK}$code"')
    return "\n".join(lines)


def squeezed(text):
    return " ".join(text.split())


def run(block, directory):
    commands = commands_of(block)
    programs = directory / "bin"
    venv = pathlib.Path(sys.executable).parent
    if not programs.exists():
        programs.mkdir()
        for name, text in {"trapheus": WRAPPER.format(PROGRAM), "aws": AWS.format(venv / "aws")}.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
    environment = {
        "PATH": f"{programs}:{venv}:{os.environ['PATH']}",
        "HOME": str(directory),
        "NO_PROXY": "127.0.0.1",
        "AWS_PAGER": "",
    }
    done = subprocess.run(
        ["bash", "-c", script_of(commands).replace(f":{PORT}", f":{free_port()}")],
        cwd=directory, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    told = re.split(rf"^{MARK}(\d+)$", done.stdout, flags=re.MULTILINE)
    for i, (command, code, expected) in enumerate(commands):
        out = told[2 * i]
        assert int(told[2 * i + 1]) == code, f"{command}\n{out}"
        rest = squeezed(out)
        for line in expected:
            _, found, rest = rest.partition(squeezed(line))
            assert found, f"{command}: {line}\n{out}"


@pytest.fixture
def directory(tmp_path):
    """With what a user of the guide has already: a profile of an account that has a database called mydb."""
    with sandbox("--database", "mydb") as (_, url):
        (tmp_path / ".aws").mkdir()
        (tmp_path / ".aws" / "config").write_text(PROFILE.format(url))
        (tmp_path / "served").write_text(url)
        yield tmp_path


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_guide_says_is_so(document, directory):
    text = (ROOT / document).read_text(encoding="utf-8")
    assert re.findall(r"^\s*\$ .*$", BLOCK.sub("", text), flags=re.MULTILINE) == [], "stands where it is not run"
    for marked, file, body in BLOCK.findall(text):
        if file:
            (directory / file).write_text(body, encoding="utf-8")
        elif marked:
            run(body, directory)
