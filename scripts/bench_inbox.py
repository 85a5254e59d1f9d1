#!/usr/bin/env python3
"""Says how long a sweep of the inbox takes for each file, of those that are refused and of those that come in.

    scripts/bench_inbox.py [BINARY=target/debug/modelguard]... [FILES=300]

Several binaries are run by turns, so that a busy machine is as slow for each; the fastest of five rounds counts. How
often the disk is waited for (fsync) is counted too, if strace is there: that depends on no disk.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

ROUNDS = 5


def sweep(binary, root, refused, good, around=()):
    """The seconds that one sweep takes, within another command."""
    folder = os.path.join(root, "project")
    os.makedirs(os.path.join(folder, ".git"))
    os.makedirs(os.path.join(folder, "inbox"))
    environment = {"HOME": root, "XDG_STATE_HOME": root, "USER": "t"}

    def run(line, status=0, around=()):
        began = time.monotonic()
        done = subprocess.run([*around, binary, *line.split()], cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == status, done
        return time.monotonic() - began

    def write(name, text):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)

    write("model.bin", "x")
    run("init --model m --task regression")
    run("register model.bin --alias production --yes")
    write("modelguard.toml", '[ingest]\ninbox = "inbox/"\n')
    for number in range(refused):
        write(f"inbox/refused_{number}.csv", f"id,prediction\nr{number},abc\n")
    for number in range(good):
        write(f"inbox/good_{number}.csv", f"id,prediction\ng{number},1\n")
    # What was written for the sweep is not what it waits for.
    os.sync()
    return run("ingest inbox", 2 if refused else 0, around)


def syncs(binary, refused, good):
    """How often one sweep waits for the disk."""
    with tempfile.TemporaryDirectory() as root:
        trace = os.path.join(root, "trace")
        sweep(binary, root, refused, good, ["strace", "-f", "-e", "trace=fsync,fdatasync", "-o", trace])
        with open(trace) as lines:
            return sum("sync(" in line for line in lines)


def main():
    words = sys.argv[1:]
    files = int(words.pop()) if words and words[-1].isdigit() else 300
    binaries = [os.path.abspath(binary) for binary in words or ["target/debug/modelguard"]]
    for what, refused, good in [("refused", files, 0), ("good", 0, files), ("of each", files, files)]:
        best = {}
        for _ in range(ROUNDS):
            for binary in binaries:
                with tempfile.TemporaryDirectory() as root:
                    seconds = sweep(binary, root, refused, good)
                best[binary] = min(seconds, best.get(binary, seconds))
        for binary, seconds in best.items():
            each = 1000 * seconds / (refused + good)
            waits = f", {syncs(binary, refused, good)} syncs" if shutil.which("strace") else ""
            print(f"{files} {what}: {seconds:.2f} s, {each:.1f} ms a file{waits}  {binary}", flush=True)


main()
