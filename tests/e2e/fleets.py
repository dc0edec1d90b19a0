"""Fleets through the real program, with a terminal and without one."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

from conftest import ROOT

PROGRAM = ROOT / os.environ.get("TRAPHEUS", "build/asan/trapheus")
TIMEOUT_S = 120
REHEARSAL = ("--task", "create_snapshot", "--sandbox")


def bulk(*arguments, stdin=""):
    """A fleet without a terminal."""
    return subprocess.run(
        [PROGRAM, "bulk", *arguments], input=stdin, capture_output=True, text=True, cwd=ROOT, timeout=TIMEOUT_S
    )


class Terminal:
    """A fleet whose standard error is a terminal of 80 columns and 24 lines."""

    def __init__(self, *arguments, **variables):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TERM": "xterm", **variables}
        self.process = subprocess.Popen(
            [PROGRAM, "bulk", *arguments],
            cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave,
        )
        os.close(slave)
        self.written = b""

    def read(self):
        """Some more of what is written; False at the end."""
        try:
            more = os.read(self.master, 65536)
        except OSError:
            more = b""
        self.written += more
        return more != b""

    def finish(self):
        while self.read():
            pass
        os.close(self.master)
        self.out = self.process.stdout.read().decode()
        self.process.stdout.close()
        return self.process.wait(TIMEOUT_S)

    def seen(self):
        """What a person sees in the end."""
        found = subprocess.run(
            [PROGRAM, "tests/support/seen.lua"], input=self.written, capture_output=True, cwd=ROOT, check=True,
            env={"TRAPHEUS_PATH": "tests/support", "PATH": os.environ["PATH"]},
        )
        return json.loads(found.stdout)
