"""Measures every claim against its peer, in turn, and prints a table of the medians.

What is measured, and why it is what it is, is in README.md.
"""

import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import urllib.request

BENCH = pathlib.Path(__file__).parent
BUILD = BENCH.parent / "build"
ROUNDS = int(os.environ.get("ROUNDS", 9))

PROGRAM = BUILD / "release" / "trapheus"
PYTHON = BUILD / "bench" / "bin" / "python"
PAGE = BUILD / "page.xml"


def script(name, *arguments):
    return [PROGRAM, BENCH / f"{name}.lua", *arguments]


def peer(name, *arguments):
    return [PYTHON, BENCH / f"{name}.py", *arguments]


def program(name, *arguments):
    return [BUILD / "release" / "bench" / name, *arguments]


def process(*command):
    return program("process", *command)


# A claim, what of ours is measured against which peer, and how many times the peer's time we may take at most.
CLAIMS = [
    ("start-up, against the AWS CLI", process(PROGRAM, "--version"), process(PYTHON.with_name("aws"), "--version"), 1 / 40),
    ("start-up, against curl", process(PROGRAM, "--version"), process("curl", "--version"), 1),
    ("a signature from Lua, against botocore", script("sign"), peer("sign"), 1 / 10),
    ("a signature in C, against botocore", program("sign", "ours"), peer("sign"), 1 / 10),
    ("a signature in C, against OpenSSL's part of it", program("sign", "ours"), program("sign", "bare"), 3),
    ("decoding 100 instances, against botocore", script("decode", PAGE), peer("decode", PAGE), 1 / 8),
    ("decoding 100 instances, against bare expat", script("decode", PAGE), program("decode", PAGE), 3),
]

RESTORE = [PROGRAM, "restore", "--id", "mydb", "--task", "create_snapshot"]
MAX_MIB = 16


def figures(command):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, check=True, text=True)
    return [float(figure) for figure in done.stdout.split()]


def seconds(command):
    return figures(command)[0]


def shown(time_s):
    return f"{time_s * 1e3:.3f} ms" if time_s >= 1e-3 else f"{time_s * 1e6:.2f} µs"


def factor(ratio):
    return f"{1 / ratio:.1f} times faster" if ratio < 1 else f"{ratio:.2f} times the time"


def target(most):
    if most == 1:
        return "no slower"
    return f"{1 / most:.0f} times faster" if most < 1 else f"at most {most} times"


def compare(claim, ours, peers, most):
    """The row of a claim: medians, and the median of the ratios of runs next to each other."""
    pairs = [(seconds(ours), seconds(peers)) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(times) for times in zip(*pairs))
    ratio = statistics.median(a / b for a, b in pairs)
    return claim, shown(mine), shown(theirs), factor(ratio), target(most), ratio <= most


def memory():
    """The row of the peak memory of a whole restore, on the sandbox."""
    peaks = [figures(process(*RESTORE, "--sandbox"))[1] / 1024 for _ in range(ROUNDS)]
    mib = statistics.median(peaks)
    return "peak memory of a restore", f"{mib:.1f} MiB", "", "", f"under {MAX_MIB} MiB", mib < MAX_MIB


RESTORES_A_SECOND = {"tables": 300, "bytes": 25}


def restores(fidelity, least):
    """The row of whole restores through the sandbox, on one core, its own side included."""
    rate = statistics.median(1 / seconds(script("sandbox", fidelity)) for _ in range(ROUNDS))
    return f"restores through the sandbox, as {fidelity}", f"{rate:.0f} a second", "", "", f"{least} a second", rate >= least


# Fleets ---------------------------------------------------------------------------------------

WAITS, WAIT_S, PACE, INTERVAL_S = 1000, 120, 5, 1.65  # the peer sees changes about as late as ours
FLEET = int(os.environ.get("FLEET", 1000))
FLEET_PACE, FLEET_MIB = 20, 64
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDSANDBOX", "AWS_SECRET_ACCESS_KEY": "sandbox-secret", "AWS_REGION": "us-east-1"}


@contextlib.contextmanager
def server(*command):
    """A server whose first line of output says where it is."""
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def waited(command):
    """Processor seconds, peak KiB, calls and lateness of waiting for a thousand instances."""
    with server(PYTHON, BENCH / "stub.py", WAITS, WAIT_S) as port:
        url = f"http://127.0.0.1:{port}"
        _, peak_kib, cpu_s = figures(process(*command(url)))
        with urllib.request.urlopen(url) as reply:
            calls, late_s, _ = reply.read().split()
    return cpu_s, peak_kib / 1024, int(calls), float(late_s) * PACE


def waits():
    """The rows of a thousand waits, against a poller of boto3's that asks about a hundred at a time."""
    rounds = range(min(ROUNDS, 1))  # of two minutes
    ours = [waited(lambda url: script("waits", url, WAITS, PACE)) for _ in rounds]
    peers = [waited(lambda url: peer("waits", url, WAITS, INTERVAL_S)) for _ in rounds]
    mine, theirs = ([statistics.median(column) for column in zip(*rows)] for rows in (ours, peers))
    for name, i, text, most in (("time", 0, "{:.2f} s", 0.1), ("memory", 1, "{:.1f} MiB", 0.5), ("calls", 2, "{:.0f}", 1)):
        ratio = mine[i] / theirs[i]
        yield f"{WAITS} waits, {name}", text.format(mine[i]), text.format(theirs[i]), f"{ratio:.2f} times", f"{most} times", ratio <= most
    yield f"{WAITS} waits, seconds late", f"{mine[3]:.1f} s", f"{theirs[3]:.1f} s", "", "", True


def many_restores():
    """The row of the peak memory of many whole restores in one process, from the sandbox over HTTP."""
    names = [f"db{i}" for i in range(FLEET)]
    knobs = ("instance_quota", "snapshot_quota", "storage_quota", "throttle_rate_per_s", "throttle_burst")
    flags = [part for knob in knobs for part in ("--knob", f"{knob}=1000000000")]
    flags += [part for name in names for part in ("--database", name)]
    with tempfile.TemporaryDirectory() as home, server(PROGRAM, "sandbox", "--quiet", "--time", FLEET_PACE, *flags) as url:
        os.environ.update(KEYS, HOME=home)
        targets = pathlib.Path(home, "targets.txt")
        targets.write_text("\n".join(names))
        bulk = [PROGRAM, "bulk", "--task", "create_snapshot", "--targets", targets, "--endpoint-url", url]
        flags = ["--pace", FLEET_PACE, "--concurrency", FLEET, "--quiet"]
        took_s, peak_kib, cpu_s = figures(process(*bulk, *flags))
    claim = f"{FLEET} restores in one process ({took_s:.0f} s, {cpu_s:.0f} s of processor time)"
    return claim, f"{peak_kib / 1024:.1f} MiB", "", "", f"under {FLEET_MIB} MiB", peak_kib / 1024 < FLEET_MIB


# How many restores at once; the most seconds that changes may be seen late, and the most looks, of each.
LATENESS = [(1, 15, 60), (1000, 6, 10)]


def lateness(count, most_s, most_looks):
    late_s, looks, fixed_s = figures(script("lateness", count))
    claim = f"seconds late per restore, {count} at once"
    target_text = f"{most_s} s, {most_looks} looks"
    met = late_s <= most_s and looks <= most_looks
    return claim, f"{late_s:.1f} s, {looks:.1f} looks", f"{fixed_s:.1f} s every 40 s", "", target_text, met


# By how many per cent a database's lengths differ, and how often it has been restored before.
RECORDED = [(5, 0), (5, 1), (5, 3), (5, 5), (10, 5), (20, 5)]
LATE_S, LOOKS = LATENESS[0][1:]


def recorded(percent, times):
    """The row of the model of waits whose lengths earlier restores have recorded."""
    waits, late_s, looks, fixed_s, fixed_looks, others = figures(script("recorded", percent, times))
    claim = f"model: seconds late, restored {times} times before, ±{percent} %"
    ours = f"{late_s:.1f} s, {looks:.1f} looks (and {others:.0f})"
    peers = f"{fixed_s:.1f} s, {fixed_looks:.1f} looks ({waits:.0f} waits)"
    return claim, ours, peers, "", f"{LATE_S} s, {LOOKS} looks", late_s <= LATE_S and looks <= LOOKS


def restored_before(percent, times):
    """The same as the program does it on the sandbox, where all its looks are counted."""
    late_s, looks, fixed_s = figures(script("lateness", 1, percent, times + 1))
    claim = f"sandbox: seconds late, restored {times} times before, ±{percent} %"
    return claim, f"{late_s:.1f} s, {looks:.1f} looks", f"{fixed_s:.1f} s every 40 s", "", "", True


def where_the_time_goes():
    for fidelity in RESTORES_A_SECOND:
        print(f"a restore through the sandbox, as {fidelity}, by file:", flush=True)
        subprocess.run([str(part) for part in script("sandbox", fidelity, "profile")], check=True)


def of_client():
    yield from (compare(*claim) for claim in CLAIMS)
    yield memory()


def of_sandbox():
    yield from (restores(*row) for row in RESTORES_A_SECOND.items())


def of_fleets():
    yield from waits()
    yield many_restores()
    yield from (lateness(*row) for row in LATENESS)


def of_records():
    yield from (recorded(*row) for row in RECORDED)
    yield from (restored_before(*row) for row in RECORDED)


GROUPS = {"client": of_client, "sandbox": of_sandbox, "records": of_records, "fleets": of_fleets}


def main(names):
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        sys.exit(f"there is no group {unknown[0]}: {', '.join(GROUPS)} are")
    with open(PAGE, "wb") as page:
        subprocess.run([str(part) for part in script("page")], stdout=page, check=True)
    rows = [("claim", "ours", "peer", "ratio", "target", "met")]
    for name in names or GROUPS:
        for row in GROUPS[name]():
            rows.append((*row[:-1], "yes" if row[-1] else "NO"))
            print(f"  {row[0]}", file=sys.stderr)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    missed = sum(row[-1] == "NO" for row in rows)
    print(f"{missed} of {len(rows) - 1} targets missed" if missed else "every target met")
    if "sandbox" in (names or GROUPS):
        where_the_time_goes()


if __name__ == "__main__":
    main(sys.argv[1:])
