"""Chaos on the real thing: the program against its sandbox over HTTP, with faults, killed at random moments and resumed
until the run has ended. Whatever happens, the original or a verified replacement is there, and one of them has the name.

    pytest tests/e2e/test_chaos.py                            for a few seconds
    ./dev chaos 600 7                                         for longer: seconds, first seed

A run is of one number: the one that a failure names is repeated with ./dev chaos 60 N, as far as the machine's own
timing allows."""

import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

ROOT = pathlib.Path(__file__).parent.parent.parent
PROGRAM = ROOT / os.environ.get("TRAPHEUS", "build/asan/trapheus")
REGION, SPEED = "us-east-1", 4000  # a minute of RDS is 15 ms
BUDGET_S, TIMEOUT_S = 15, 120
MOST_KILLS = 6
ENDS = {0: "restored", 3: "refused", 4: "failed", 5: "rolled_back"}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDSANDBOX", "AWS_SECRET_ACCESS_KEY": "sandbox-secret"}

# What may go wrong beside the kills. A chance is of each call.
FAULTS = [
    [],
    ["*:4%:lost", "*:4%:drop"],
    ["*:3%:500c", "*:3%:500n", "*:2%:trunc:300"],
    ["ModifyDBInstance:30%:zombie:300", "DeleteDBInstance:50%:zombie:600"],
    ["RestoreDBInstanceFromDBSnapshot:1:terminal:incompatible-restore", "*:3%:lost"],
    ["RestoreDBInstanceFromDBSnapshot:1:lost", "AddTagsToResource:40%:lost", "RemoveTagsFromResource:40%:lost"],
    ["CreateDBSnapshot:1:lost", "DeleteDBSnapshot:1:zombie:400", "*:5%:throttle:2"],
]


class Round:
    """One database, one run, as many processes as it takes."""

    def __init__(self, seed, directory):
        self.seed, self.random, self.directory = seed, random.Random(seed), pathlib.Path(directory)
        self.faults = self.random.choice(FAULTS)
        self.told, self.kills = [], 0

    def note(self, text):
        self.told.append(text)

    @contextlib.contextmanager
    def sandbox(self):
        flags = [part for fault in self.faults for part in ("--fault", fault)]
        server = subprocess.Popen(
            [PROGRAM, "sandbox", "--database", "mydb", "--time", str(SPEED), "--seed", str(self.seed), "--quiet", *flags],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = server.stdout.readline().strip()
        try:
            yield
        finally:
            server.terminate()
            assert server.wait(TIMEOUT_S) == 0, "the sandbox did not end well"

    @staticmethod
    def ask(call, **arguments):
        """The reply of a call that may be repeated. botocore asks again after an error, not after a reply cut short."""
        for _ in range(10):
            with contextlib.suppress(ResponseParserError):
                return call(**arguments)
        raise AssertionError("ten replies in a row were cut short")

    def look(self):
        """The databases by name, as they are; faults are for whoever asks, so it is asked until there is an answer."""
        client = boto3.client(
            "rds",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"mode": "standard", "max_attempts": 10}),
        )
        self.client = client
        return {one["DBInstanceIdentifier"]: one for one in self.ask(client.describe_db_instances)["DBInstances"]}

    def look_between_names(self):
        """As `look`: RDS shows a database under neither of two names for some seconds, which is a few looks here."""
        looks = (self.look() for _ in range(10))
        return next((now for now in looks if now), {})

    def start(self, *arguments):
        return subprocess.Popen(
            [PROGRAM, *arguments, "--endpoint-url", self.url, "--region", REGION, "--pace", str(SPEED)]
            + ["--state-dir", self.directory / "state", "--output", "json", "--quiet"],
            env={"PATH": os.environ["PATH"], "HOME": str(self.directory), **KEYS},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def survives(self, *arguments):
        """Starts a process, and kills it after a while, or lets it end. Its exit code and what it told; None: killed."""
        process = self.start(*arguments)
        limit = self.random.expovariate(1 / 0.6) if self.kills < MOST_KILLS else TIMEOUT_S
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            assert self.kills < MOST_KILLS, f"{arguments} is still at work after {TIMEOUT_S} s"
            self.kills += 1
            self.note(f"{arguments[0]} killed after {limit:.3f} s")
            return None
        self.note(f"{arguments[0]} ended with {process.returncode}: {err.strip()[-300:]}")
        return process.returncode, out

    def remembered(self):
        """The last run that the journal knows, as status tells it; None."""
        status = [PROGRAM, "status", "--state-dir", self.directory / "state", "--output", "jsonl"]
        out = subprocess.run(status, capture_output=True, text=True, check=True).stdout
        return out.splitlines()[0] if out.startswith("{") else None

    def lose_journal(self):
        """The machine is lost, and time passes until its lease has ended. True: another one can go on from AWS."""
        shutil.rmtree(self.directory / "state", ignore_errors=True)
        marked = False
        for one in self.look().values():
            tags = {tag["Key"]: tag["Value"] for tag in one["TagList"]}
            if "trapheus:lease" not in tags:
                continue
            marked = True
            run = tags["trapheus:lease"].split(":")[0]
            lease = [{"Key": "trapheus:lease", "Value": f"{run}:1"}]
            self.ask(self.client.add_tags_to_resource, ResourceName=one["DBInstanceArn"], Tags=lease)
        self.note(f"the journal is lost, {'with' if marked else 'without'} marks on the databases")
        return marked

    def safe(self, original):
        """The original is there, or the replacement under the name, which is then verified."""
        now = self.look_between_names()
        rids = {one["DbiResourceId"]: one["DBInstanceStatus"] for one in now.values()}
        kept = rids.get(original["DbiResourceId"], "gone") not in ("gone", "deleting")
        serving = ("available", "modifying", "backing-up")
        assert kept or now.get("mydb", {}).get("DBInstanceStatus") in serving, rids

    def go_on(self, lost):
        """What a person would do now. As `survives`."""
        known = self.remembered()
        outcome = known and json.loads(known)["outcome"]
        if outcome in ENDS.values():  # it was killed just after its end
            return next(code for code, end in ENDS.items() if end == outcome), known
        if known:
            return self.survives("resume")
        if not lost:
            return self.survives("restore", "--id", "mydb", "--task", "create_snapshot")
        ended = self.survives("resume", "--from-aws", "mydb")
        if ended and ended[0] == 3:  # between two names, or about to settle: a little later
            time.sleep(0.1)
            return None
        return ended

    def drive(self, original):
        ended, lost = self.go_on(False), False
        losable = self.random.random() < 0.25
        while ended is None or ended[0] == 7:
            self.safe(original)
            if losable and self.kills >= 3:
                losable, lost = False, True
                if not self.lose_journal():
                    return None
            ended = self.go_on(lost)
        return ended

    def check(self, ended, original):
        if ended is None:
            return "lost"
        code, out = ended
        document = json.loads(out)
        outcome, now = document["outcome"], self.settled()
        assert ENDS.get(code) == outcome, (code, document)
        holder = now.get("mydb")
        assert holder, "nobody holds the name"
        restored = holder["DbiResourceId"] != original["DbiResourceId"]
        assert restored == (outcome == "restored"), document
        assert holder["DeletionProtection"] == original["DeletionProtection"] or document["warnings"], document
        assert "mydb-temp" not in now or document["warnings"], document
        marks = [tag for tag in holder["TagList"] if tag["Key"].startswith("trapheus:")]
        assert not marks or document["warnings"], (marks, document)
        assert len(now) <= 2, list(now)
        return outcome

    def settled(self):
        """The databases when whatever was lost on the way has been executed or is dead."""
        time.sleep(1000 / SPEED)
        return self.look()

    def run(self):
        with self.sandbox():
            original = self.look()["mydb"]
            try:
                return self.check(self.drive(original), original)
            except (AssertionError, ClientError, KeyError, ValueError) as error:
                story = "\n  ".join(self.told)
                raise AssertionError(f"seed {self.seed}, faults {self.faults}: {error}\n  {story}") from error


def campaign(seconds, seed, rounds=None):
    """Rounds until the time is over. How many ended in which way, and how many processes were killed."""
    ends, kills, until = {}, 0, time.monotonic() + seconds
    while time.monotonic() < until and (rounds is None or rounds > 0):
        with tempfile.TemporaryDirectory() as directory:
            one = Round(seed, directory)
            end = one.run()
        ends[end] = ends.get(end, 0) + 1
        kills, seed, rounds = kills + one.kills, seed + 1, rounds and rounds - 1
    return ends, kills


def test_whenever_it_is_killed_the_database_is_there():
    ends, kills = campaign(BUDGET_S, seed=1)
    print(f"{sum(ends.values())} runs, {kills} kills: {ends}")
    assert sum(ends.values()) >= 2 and kills >= 2, (ends, kills)
    assert ends.get("restored"), ends


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int)
    given = parser.parse_args()
    began = time.monotonic()
    ends, kills = campaign(given.seconds, given.seed, given.rounds)
    took = time.monotonic() - began
    print(f"{sum(ends.values())} runs in {took:.0f} s, {kills} processes killed: {json.dumps(ends, sort_keys=True)}")
