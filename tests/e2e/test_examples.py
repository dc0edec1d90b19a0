"""The hooks among the examples, at real work: on a PostgreSQL that they reach by the endpoint of what is restored, on
the API of a Kubernetes cluster, on a process that pauses, on moto's Route 53."""

import json
import os
import shutil
import signal
import subprocess
import sys

import boto3
import local_https
import pytest
from conftest import ROOT, wait_for
from moto.server import ThreadedMotoServer
from postgres import PASSWORD, postgres

HOOKS = ROOT / "examples" / "hooks"

# Stands before a program in PATH: writes down what it was given, does what a test wants done before, and runs it.
NOTED = """#!/bin/sh
{before}
printf '%s\\037' "$@" >> {told}; echo >> {told}
exec {program} "$@"
"""


@pytest.fixture
def noted(tmp_path):
    """The arguments of every call of a program since."""

    def note(name, before=":"):
        told, directory = tmp_path / f"{name}.told", tmp_path / "noted"
        directory.mkdir(exist_ok=True)
        (directory / name).write_text(NOTED.format(before=before, told=told, program=shutil.which(name)))
        (directory / name).chmod(0o755)
        return lambda: [line.split("\037")[:-1] for line in told.read_text().splitlines()] if told.exists() else []

    return note


@pytest.fixture
def restore(program, tmp_path):
    """Restores with a hook of the examples; nothing that is written in them has to be changed but `changes`."""

    def run(name, hook, *arguments, changes={}, environment={}):
        file, text = tmp_path / f"{hook}.lua", (HOOKS / f"{hook}.lua").read_text()
        for was, value in changes.items():
            assert was in text
            text = text.replace(was, value)
        file.write_text(text)
        path = f"{tmp_path / 'noted'}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
        # moto gives what is restored the protection that the original had when the snapshot was made
        given = ("restore", "--id", name, "--task", "create_snapshot", "--no-fence", "--hooks", file, *arguments)
        return program.start(*given, environment={"PATH": path, **environment})

    def finished(*arguments, **changes):
        return program.finish(run(*arguments, **changes))

    finished.start = run
    return finished


# SQL ------------------------------------------------------------------------------------------

SHOP = """
drop table if exists customers, addresses, orders;
create table customers (id int primary key, name text, email text, phone text);
insert into customers values (1, 'Ada Lovelace', 'ada@lovelace.org', '1815');
insert into customers values (2, 'Alan Turing', 'alan@turing.org', '1912');
create table addresses (id int primary key, street text);
insert into addresses values (1, '12 St James Square');
create table orders (id int primary key);
insert into orders select generate_series(1, 5000);
"""
MASKED = [["1", "customer 1", "1@example.com", ""], ["2", "customer 2", "2@example.com", ""]]


@pytest.fixture(scope="module")
def running():
    with postgres() as running:
        yield running


@pytest.fixture
def shop(running, program):
    running.sql(SHOP)
    program.secrets.append(PASSWORD)
    program.environment.update(running.environment)
    return running


@pytest.fixture
def create(create_database, unused_name, shop):
    """A database whose port is that of the server. To moto it is a MySQL: it restores no PostgreSQL with its groups."""
    return lambda: create_database(unused_name, Port=shop.port)["DBInstanceIdentifier"]


def test_a_smoke_test_asks_the_replacement(create, restore, noted):
    calls = noted("psql")
    result = restore(create(), "smoke-test")
    assert result.code == 0 and "answers, with 5000 rows" in result.text, result
    assert calls() == [["-XAtc", "select count(*) from orders"]]


@pytest.mark.parametrize(
    "broken, password, why",
    [
        ("truncate orders", PASSWORD, "the table is empty"),
        ("drop table orders", PASSWORD, 'relation "orders" does not exist'),
        ("select", "another", "password authentication failed"),
    ],
    ids=["empty", "missing", "not let in"],
)
def test_without_its_data_it_is_rolled_back(peer, create, restore, shop, broken, password, why):
    name = create()
    original = peer.instance(name)["DbiResourceId"]
    shop.sql(broken)
    result = restore(name, "smoke-test", environment={"PGPASSWORD": password})
    assert result.code == 5, result
    assert why in result.document["failure"]["message"], result
    assert peer.instance(name)["DbiResourceId"] == original


def test_personal_data_is_masked(create, restore, shop, noted):
    calls = noted("psql")
    result = restore(create(), "mask-personal-data")
    assert result.code == 0, result
    assert shop.sql("select * from customers order by id") == MASKED
    assert shop.sql("select street from addresses") == [["street 1"]]
    assert PASSWORD not in str(calls())


def test_half_masked_is_not_masked_and_rolled_back(peer, create, restore, shop):
    name = create()
    shop.sql("drop table addresses")
    result = restore(name, "mask-personal-data")
    assert result.code == 5 and 'relation "addresses" does not exist' in result.text, result
    assert shop.sql("select name from customers where id = 1") == [["Ada Lovelace"]], "all of it, or none"


def test_what_is_masked_is_not_masked_again_by_who_resumes(peer, program, create, restore, shop, noted, tmp_path):
    name, look = create(), json.dumps([{"operation": "DescribeDBInstances", "hold": True}])
    arm = f"curl --silent --header 'Content-Type: application/json' --data '{look}' {peer.url}/e2e/faults"
    calls = noted("psql", before=arm)  # the look that follows the hook is held
    process = restore.start(name, "mask-personal-data")
    wait_for(tmp_path / "psql.told")
    peer.wait_for_held_call()
    process.send_signal(signal.SIGKILL)
    program.finish(process)
    peer.arm()
    assert len(calls()) == 1 and shop.sql("select * from customers order by id") == MASKED
    shop.sql("insert into customers values (3, 'Grace Hopper')")  # whoever is let in after it
    result = program.run("resume")
    assert result.document["outcome"] == "restored", result
    assert shop.sql("select name from customers where id = 3") == [["Grace Hopper"]]


def test_tables_are_read_wholly_and_one_that_is_not_there_is_told(create, restore, shop):
    result = restore(create(), "warm-up", environment={"TABLES": "customers nowhere orders"})
    assert result.code == 0 and "orders is warm" in result.text, result
    assert "nowhere stays cold" in result.text and 'relation "nowhere" does not exist' in result.text
    read = dict(shop.sql("select relname, seq_tup_read from pg_stat_user_tables"))
    assert int(read["orders"]) >= 5000 and int(read["customers"]) >= 2, read


# The application ------------------------------------------------------------------------------

TOKEN = "eyJhbGciOiJSUzI1NiJ9.not-to-be-seen"


class Cluster(local_https.Quiet):
    """The API of a cluster: one deployment, whose pods end a look later than they are told to."""

    PATH = "/apis/apps/v1/namespaces/shop/deployments/web"
    may_patch = True

    def answer_if(self, allowed):
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.answer(401, "{}")
        if self.path != self.PATH or not allowed:
            return self.answer(403, "{}")
        return self.answer(200, json.dumps(self.deployment))

    def do_GET(self):
        self.answer_if(True)
        pods = self.deployment["spec"]["replicas"]
        self.deployment["status"] = {"replicas": pods} if pods else {}

    def do_PATCH(self):
        patch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.may_patch and self.headers["Content-Type"] == "application/merge-patch+json":
            self.deployment["spec"].update(patch["spec"])
            annotations = self.deployment["metadata"].setdefault("annotations", {})
            annotations.update(patch["metadata"]["annotations"])
            self.deployment["metadata"]["annotations"] = {k: v for k, v in annotations.items() if v is not None}
            self.seen.append((patch["spec"]["replicas"], self.look()))
        self.answer_if(self.may_patch)


@pytest.fixture
def cluster(peer, program, database, tmp_path):
    """A cluster; what was seen of the databases at each change of it; and what a pod finds in its service account."""
    account, name = tmp_path / "account", database["DBInstanceIdentifier"]
    account.mkdir()
    file, context = local_https.certificate(account, "IP:127.0.0.1")
    file.rename(account / "ca.crt")
    (account / "token").write_text(TOKEN)
    program.secrets.append(TOKEN)

    class Mine(Cluster):
        deployment = {"metadata": {"name": "web"}, "spec": {"replicas": 3}, "status": {"replicas": 3}}
        seen = []

        def look(self):
            return peer.instance(name) is not None, peer.instance(name + "-temp") is not None

    with local_https.serve(Mine, context) as port:
        Mine.environment = {"KUBERNETES_API": f"https://127.0.0.1:{port}", "SERVICE_ACCOUNT": str(account)}
        yield Mine


def test_a_deployment_is_scaled_to_none_before_the_rename_and_back(cluster, database, restore, noted):
    calls = noted("curl")
    result = restore(database["DBInstanceIdentifier"], "pause-in-kubernetes", environment=cluster.environment)
    assert result.code == 0, result
    assert cluster.seen == [(0, (True, False)), (3, (True, False))], "outside the outage"
    assert cluster.deployment["metadata"] == {"name": "web", "annotations": {}}
    assert [call[call.index("--request") + 1] for call in calls()] == ["GET", "PATCH", "GET", "GET", "GET", "PATCH"]
    assert TOKEN not in str(calls())


def test_one_that_may_not_be_scaled_leaves_the_database_alone(peer, cluster, database, restore):
    cluster.may_patch = False
    result = restore(database["DBInstanceIdentifier"], "pause-in-kubernetes", environment=cluster.environment)
    assert result.code == 4 and "403" in result.document["failure"]["message"], result
    assert cluster.deployment["spec"] == {"replicas": 3}
    assert not any("NewDBInstanceIdentifier" in call["form"] for call in peer.calls("ModifyDBInstance"))


APPLICATION = """
import signal, time
def tell(number, frame):
    print(signal.Signals(number).name, flush=True)
for each in (signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(each, tell)
print("up", flush=True)
while True:
    time.sleep(60)
"""


def test_a_process_pauses_and_goes_on(database, restore, tmp_path):
    process = subprocess.Popen([sys.executable, "-c", APPLICATION], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "up\n"
        (tmp_path / "pid").write_text(f"{process.pid}\n")
        pid = {"PID_FILE": str(tmp_path / "pid")}
        result = restore(database["DBInstanceIdentifier"], "pause-application", environment=pid)
        assert result.code == 0, result
    finally:
        process.terminate()
    assert process.communicate()[0].splitlines() == ["SIGUSR1", "SIGUSR2"]


# DNS ------------------------------------------------------------------------------------------


@pytest.fixture
def zone():
    """A Route 53 of its own, where the name in its zone points, and how it is reached."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    known = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    route53 = boto3.client("route53", endpoint_url=url, **known)
    made = route53.create_hosted_zone(Name="example.com", CallerReference="zone")["HostedZone"]["Id"]

    def points_at():
        records = route53.list_resource_record_sets(HostedZoneId=made)["ResourceRecordSets"]
        return [record["ResourceRecords"][0]["Value"] for record in records if record["Type"] == "CNAME"]

    points_at.changes = {"Z0000000EXAMPLE": made.split("/")[-1]}
    points_at.environment = {"AWS_ENDPOINT_URL_ROUTE_53": url, "AWS_DEFAULT_REGION": "us-east-1"}
    yield points_at
    server.stop()


def test_a_name_points_elsewhere_during_the_outage_and_back(peer, program, database, restore, zone):
    name, seen = database["DBInstanceIdentifier"], []
    peer.arm({"operation": "RestoreDBInstanceFromDBSnapshot", "hold": True})
    process = restore.start(name, "dns-change", changes=zone.changes, environment=zone.environment)
    peer.wait_for_held_call()
    seen += zone()
    peer.release()
    result = program.finish(process)
    assert result.code == 0, result
    assert seen + zone() == ["standby.example.com", peer.instance(name)["Endpoint"]["Address"]]


def test_a_zone_that_is_not_there_leaves_the_database_alone(peer, database, restore, zone):
    result = restore(database["DBInstanceIdentifier"], "dns-change", environment=zone.environment)
    assert result.code == 4 and "NoSuchHostedZone" in result.text, result
    assert not any("NewDBInstanceIdentifier" in call["form"] for call in peer.calls("ModifyDBInstance"))
