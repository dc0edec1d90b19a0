"""A real PostgreSQL of the tests' own: Debian's, in a directory of its own, on a port of this machine. It wants a
password."""

import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile

PROGRAMS = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
USER, PASSWORD, DATABASE = "app", "correct-postgres-battery", "shop"

# It does not serve root. Debian's package has made a user who may.
AS_POSTGRES = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.getuid() == 0 else []


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Postgres:
    def __init__(self, directory):
        self.directory, self.port = directory, free_port()

    def run(self, program, *arguments):
        done = subprocess.run([*AS_POSTGRES, PROGRAMS / program, *arguments], cwd=self.directory, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout

    @property
    def environment(self):
        """What a hook's psql finds around it: who asks, and where the name of an endpoint really is."""
        return {"PGUSER": USER, "PGPASSWORD": PASSWORD, "PGDATABASE": DATABASE, "PGHOSTADDR": "127.0.0.1"}

    def sql(self, text):
        """Rows of texts."""
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text], text=True, capture_output=True,
                              env={**os.environ, **self.environment, "PGPORT": str(self.port)})
        assert done.returncode == 0, done.stderr
        return [line.split("|") for line in done.stdout.splitlines()]


@contextlib.contextmanager
def postgres():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="postgres"))
    server, data = Postgres(directory), directory / "data"
    password = directory / "password"
    password.write_text(PASSWORD)
    if AS_POSTGRES:
        owner = pwd.getpwnam("postgres")
        for path in (directory, password):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    server.run("initdb", "-D", data, "-U", USER, "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync")
    options = f"-F -p {server.port} -k {directory} -c listen_addresses=127.0.0.1"
    server.run("pg_ctl", "-D", data, "-w", "-l", directory / "log", "-o", options, "start")
    try:
        subprocess.run(["createdb", DATABASE], check=True,
                       env={**os.environ, **server.environment, "PGDATABASE": "postgres", "PGPORT": str(server.port)})
        yield server
    finally:
        server.run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(directory)
