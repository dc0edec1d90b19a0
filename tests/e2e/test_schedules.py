"""The scheduled runs among the examples: what reads them finds nothing, and their commands do what they say."""

import os
import re
import subprocess
import sys

import pytest
import yaml
from conftest import ROOT
from served import PROGRAM, TIMEOUT_S

SCHEDULE = ROOT / "examples" / "schedule"


def read(name):
    return (SCHEDULE / name).read_text(encoding="utf-8")


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, **more)


# systemd --------------------------------------------------------------------------------------


@pytest.fixture
def verify(tmp_path):
    """What systemd has to say of the timer and its service, on a machine that has the program."""

    def look(was="", value=""):
        for unit in ("trapheus.service", "trapheus.timer"):
            text = read(unit).replace("/usr/local/bin/trapheus", str(PROGRAM))
            (tmp_path / unit).write_text(text.replace(was, value) if was else text)
        done = run("systemd-analyze", "verify", tmp_path / "trapheus.timer", tmp_path / "trapheus.service")
        return done.stderr

    return look


def test_systemd_finds_nothing_in_the_units(verify):
    assert verify() == ""


@pytest.mark.parametrize(
    "was, value, told",
    [
        ("Mon..Fri 03:00", "Mon..Fri 33:00", "calendar specification"),
        ("Type=oneshot", "Type=once", "service type"),
        ("ExecStart=/", "ExecStart=/nowhere/", "not executable"),
        ("[Timer]", "[Timer]\nOnCalender=daily", "Unknown key 'OnCalender'"),
    ],
)
def test_systemd_looks(verify, was, value, told):
    assert told in verify(was, value)


def test_the_timer_elapses_on_weekdays_at_three():
    when = re.search("^OnCalendar=(.*)$", read("trapheus.timer"), re.MULTILINE)[1]
    done = run("systemd-analyze", "calendar", "--base-time=2026-11-27 00:00 UTC", "--iterations=6", when,
               env=os.environ | {"TZ": "UTC"})  # fmt: skip
    elapses = re.findall(r"(?:elapse|#\d): (.*) UTC$", done.stdout, re.MULTILINE)
    assert [each.split()[0] for each in elapses] == ["Fri", "Mon", "Tue", "Wed", "Thu", "Fri"], done
    assert {each.split()[-1] for each in elapses} == {"03:00:00"}


# cron -----------------------------------------------------------------------------------------


def crontab(text, path):
    """What Debian's crontab has to say. It reads those of users; in /etc/cron.d the user stands before the command."""
    path.write_text(re.sub(r"^((?:\S+ ){5})trapheus ", r"\1", text, flags=re.MULTILINE))
    return run("crontab", "-n", path)


def test_cron_finds_nothing_in_the_crontab(tmp_path):
    done = crontab(read("crontab"), tmp_path / "crontab")
    assert done.returncode == 0, done
    assert read("crontab").endswith("\n"), "it takes no line without an end"
    assert not re.search(r"^[^#].*%", read("crontab"), re.MULTILINE), "to cron it is the end of the command"


@pytest.mark.parametrize("broken", ["0 33 * * 1-5", "0 3 * * 1-9", "0 3 * *"])
def test_cron_looks(tmp_path, broken):
    text = read("crontab").replace("0 3 * * 1-5 trapheus ", broken + " ")
    assert crontab(text, tmp_path / "crontab").returncode != 0


# Kubernetes -----------------------------------------------------------------------------------


def objections(path, version):
    """What is not as the schemas of that version of Kubernetes have it."""
    done = run(sys.executable, "-m", "kubernetes_validate", "--strict", "--quiet", "-k", version, path)
    assert done.returncode == 0 or done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("version", ["1.27", "1.37"])
def test_kubernetes_finds_nothing_in_the_manifest(version):
    assert objections(SCHEDULE / "cronjob.yaml", version) == ""


@pytest.mark.parametrize(
    "was, value",
    [
        ("concurrencyPolicy", "concurencyPolicy"),
        ("backoffLimit: 0", "backoffLimit: none"),
        ("restartPolicy: Never\n", "\n          restartPolicies: Never\n"),
        ("batch/v1", "batch/v1beta7"),
    ],
)
def test_kubernetes_looks(tmp_path, was, value):
    assert was in read("cronjob.yaml")
    (tmp_path / "broken.yaml").write_text(read("cronjob.yaml").replace(was, value))
    assert objections(tmp_path / "broken.yaml", "1.27") != ""


@pytest.fixture
def manifest():
    return {document["kind"]: document for document in yaml.safe_load_all(read("cronjob.yaml"))}


def pod_of(manifest):
    return manifest["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def test_what_the_job_mounts_is_there(manifest):
    volumes = {volume["name"]: volume for volume in pod_of(manifest)["volumes"]}
    [container] = pod_of(manifest)["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    assert volumes["targets"]["configMap"]["name"] == manifest["ConfigMap"]["metadata"]["name"]
    claim = volumes["state"]["persistentVolumeClaim"]["claimName"]
    assert claim == manifest["PersistentVolumeClaim"]["metadata"]["name"]


# The commands ---------------------------------------------------------------------------------


def command_of(name, manifest):
    """The command, and the targets that it is given."""
    if name == "cronjob.yaml":
        [container] = pod_of(manifest)["containers"]
        [command] = container["args"]
        return command.replace("--state-dir /state", ""), manifest["ConfigMap"]["data"]["targets.csv"]
    [command] = re.findall(r"/usr/local/bin/trapheus .*$", read(name), re.MULTILINE)
    return command, read("targets.csv")


@pytest.mark.parametrize("name", ["crontab", "trapheus.service", "cronjob.yaml"])
def test_the_command_restores_one_first_then_the_others(name, manifest, tmp_path):
    command, targets = command_of(name, manifest)
    (tmp_path / "targets.csv").write_text(targets)
    for was, value in {"/usr/local/bin/trapheus": PROGRAM, "/etc/trapheus": tmp_path}.items():
        command = command.replace(was, str(value))
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}

    def sandbox(*more):
        return run("sh", "-c", " ".join((command, "--sandbox", *more)), env=environment, stdin=subprocess.DEVNULL)

    done = sandbox()
    assert done.returncode == 0 and "3 of 3 ended well" in done.stdout, done
    done = sandbox("--fault", "RestoreDBInstanceFromDBSnapshot:1:denied")
    assert done.returncode == 8 and "1 rolled back, 2 skipped" in done.stdout, done
