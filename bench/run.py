"""Measures every claim against its peer, in turn, and prints a table of the medians.

What is measured, and why it is what it is, is in README.md.
"""

import os
import pathlib
import statistics
import subprocess
import sys

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


def where_the_time_goes():
    for fidelity in RESTORES_A_SECOND:
        print(f"a restore through the sandbox, as {fidelity}, by file:", flush=True)
        subprocess.run([str(part) for part in script("sandbox", fidelity, "profile")], check=True)


def main():
    with open(PAGE, "wb") as page:
        subprocess.run([str(part) for part in script("page")], stdout=page, check=True)
    rows = [("claim", "ours", "peer", "ratio", "target", "met")]
    sandbox = (restores(*row) for row in RESTORES_A_SECOND.items())
    for row in [*(compare(*claim) for claim in CLAIMS), memory(), *sandbox]:
        rows.append((*row[:-1], "yes" if row[-1] else "NO"))
        print(f"  {row[0]}", file=sys.stderr)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    missed = sum(row[-1] == "NO" for row in rows)
    print(f"{missed} of {len(rows) - 1} targets missed" if missed else "every target met")
    where_the_time_goes()


if __name__ == "__main__":
    main()
