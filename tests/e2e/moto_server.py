"""moto's server, corrected where it breaks an in-place restore, with a recorder and faults in front.

    python moto_server.py RECORD_FILE

Listens on a free port of 127.0.0.1 and prints it. Every request of the program under test becomes a
line of RECORD_FILE; what boto3 sends for the tests does not. A test arms faults with POST /e2e/faults.
"""

import itertools
import json
import socket
import sys
import threading
import traceback
from io import BytesIO
from urllib.parse import parse_qsl

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.rds import models
from moto.rds.exceptions import DBInstanceAlreadyExists, RDSClientError
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request, Response

REGION = "us-east-1"
HELD_TIMEOUT_S = 60


# Corrections ----------------------------------------------------------------------------------

serial = itertools.count(1)


def give_each_instance_its_resource_id():
    original = models.DBInstance.__init__

    def init(self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.dbi_resource_id = f"db-{next(serial):026d}"

    models.DBInstance.__init__ = init


def name_automatic_snapshots_apart():
    def of_instance(self):
        name = f"rds:{self.db_instance_identifier}-{next(serial)}"
        self.backend.create_auto_snapshot(self.db_instance_identifier, name)

    def of_cluster(self):
        name = f"rds:{self.db_cluster_identifier}-{next(serial)}"
        self.backend.create_auto_cluster_snapshot(self.db_cluster_identifier, name)

    models.DBInstance.save_automated_backup = of_instance
    models.DBCluster.save_automated_backup = of_cluster


def correct_instance_rename():
    original = models.RDSBackend.modify_db_instance

    def modify(self, db_instance_identifier, db_kwargs):
        new = db_kwargs.get("new_db_instance_identifier")
        if new and new in self.databases:
            raise DBInstanceAlreadyExists()
        return original(self, db_instance_identifier, db_kwargs)

    models.RDSBackend.modify_db_instance = modify


def correct_cluster_rename():
    original = models.RDSBackend.modify_db_cluster

    def modify(self, kwargs):
        old, new = kwargs["db_cluster_identifier"], kwargs.get("new_db_cluster_identifier")
        if new and new in self.clusters:
            raise RDSClientError("DBClusterAlreadyExistsFault", f"DB cluster {new} already exists")
        members = [one for one in self.databases.values() if one.db_cluster_identifier == old]
        answer = original(self, kwargs)
        if new:
            for member in members:
                member.db_cluster_identifier = new
        return answer

    models.RDSBackend.modify_db_cluster = modify


# Recorder and faults --------------------------------------------------------------------------


class Hold:
    """A request that waits at the door until the test has done what it wanted to do meanwhile."""

    def __init__(self):
        self.arrived, self.released = threading.Event(), threading.Event()


class Peer:
    """What stands between the program under test and moto.

    A fault: {operation, where: {field: value}, times, hold, execute, reply}. It strikes the calls of
    that operation whose form has those fields. With `hold` the call waits for POST /e2e/release.
    `execute` (true if not given) says whether moto sees it; `reply` replaces the answer: "cut" closes the
    connection, "truncated" sends half of the answer, {status, type, body} sends that.
    """

    def __init__(self, application, record_file):
        self.application = application
        self.record = open(record_file, "a", encoding="utf-8")
        self.lock = threading.Lock()
        self.alone = threading.Lock()  # moto serves one request at a time: its tables are changed by whoever comes
        self.faults, self.hold = [], Hold()

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"].startswith("/e2e/"):
            return self.control(Request(environ))(environ, start_response)
        if "Boto3" in environ.get("HTTP_USER_AGENT", "") or environ["PATH_INFO"] != "/":
            with self.alone:
                return self.application(environ, start_response)
        return self.observe(environ, start_response)

    def control(self, request):
        if request.path == "/e2e/faults":
            with self.lock:
                self.hold.released.set()
                self.faults, self.hold = request.get_json(), Hold()
        elif request.path == "/e2e/held":
            if not self.hold.arrived.wait(HELD_TIMEOUT_S):
                return Response("no call was held", 504)
        elif request.path == "/e2e/release":
            self.hold.released.set()
        return Response(status=204)

    def take_fault(self, form):
        with self.lock:
            for fault in self.faults:
                where = fault.get("where", {})
                if (
                    fault["operation"] == form.get("Action")
                    and fault.get("times", 1) > 0
                    and all(form.get(field) == value for field, value in where.items())
                ):
                    fault["times"] = fault.get("times", 1) - 1
                    return fault
        return {}

    def observe(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        with self.alone:
            entry = {"operation": form.get("Action"), "form": form, "before": world()}
        fault = self.take_fault(form)
        if fault.get("hold"):
            hold = self.hold
            hold.arrived.set()
            hold.released.wait(HELD_TIMEOUT_S)
        entry["executed"] = fault.get("execute", True)
        if entry["executed"]:
            response = self.execute(environ)
        else:
            response = Response("the call was not executed", 503)
        entry["status"] = response.status_code
        self.write(entry)
        return spoil(response, fault.get("reply"), environ)(environ, start_response)

    def execute(self, environ):
        try:
            with self.alone:
                return Response(*run_wsgi_app(self.application, environ, buffered=True))
        except Exception:  # moto's own mistakes: HTML, as its server answers then
            traceback.print_exc()
            return Response("<h1>Internal Server Error", 500, content_type="text/html")

    def write(self, entry):
        with self.lock:
            self.record.write(json.dumps(entry) + "\n")
            self.record.flush()


def spoil(response, reply, environ):
    if reply == "cut":
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    elif reply == "truncated":
        data = response.get_data()
        response.set_data(data[: len(data) // 2])
    elif reply:
        return Response(reply["body"], reply["status"], content_type=reply["type"])
    return response


def world():
    """The databases and the complete snapshots that there are."""
    backend = models.rds_backends[DEFAULT_ACCOUNT_ID][REGION]
    return {
        "databases": {
            name: {"resource_id": one.dbi_resource_id, "protected": one.deletion_protection}
            for name, one in backend.databases.items()
        },
        "snapshots": [
            name
            for name, one in backend.database_snapshots.items()
            if one.snapshot_type == "manual" and one.status == "available"
        ],
    }


def main(record_file):
    give_each_instance_its_resource_id()
    name_automatic_snapshots_apart()
    correct_instance_rename()
    correct_cluster_rename()
    peer = Peer(DomainDispatcherApplication(create_backend_app), record_file)
    server = make_server(
        "127.0.0.1", 0, peer, threaded=True, request_handler=MotoRequestHandler
    )
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
