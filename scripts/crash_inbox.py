#!/usr/bin/env python3
"""Ends a sweep of the inbox at every system call of some kinds, by SIGKILL or by an error, and lets the next one finish.

    scripts/crash_inbox.py [BINARY=target/debug/modelguard] [kill|EIO|ENOSPC]

Needs strace. After each of them every row has to be stored once, every file to lie where it belongs, and one alert to
tell of each file that is refused.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

CALLS = ["rename", "link", "linkat", "unlink", "unlinkat", "mkdir", "openat", "write", "pwrite64", "fsync", "ftruncate"]
MOST = 400  # of one call; a sweep of six files has some 160 of the most frequent one
ROWS = {
    "prediction": "prediction JOIN batch ON batch.id = prediction.batch_id AND batch.state = 'visible'",
    "truth": "truth JOIN batch ON batch.id = truth.batch_id AND batch.state = 'visible'",
    "alert": "alert",
    "refusal": "operation WHERE kind = 'refuse'",
    "ingest": "operation WHERE kind = 'ingest'",
}
EXPECTED_ROWS = {"prediction": 2, "truth": 1, "alert": 3, "refusal": 3, "ingest": 2}
EXPECTED_FILES = {
    "done": ["1.csv", "2_labels.csv", "4.csv"],
    "rejected": [f"{number}.csv{ending}" for number in (3, 5, 6) for ending in ("", ".error.json")],
    ".taking": [],
    "": [],
}


def environment(root):
    return {"HOME": root, "XDG_STATE_HOME": root, "USER": "t", "MODELGUARD_NOW": "1767623422"}


def run(words, folder, root):
    return subprocess.run(words, cwd=folder, env=environment(root), capture_output=True, text=True)


def prepare(binary, root):
    base = os.path.join(root, "base")
    os.makedirs(os.path.join(base, ".git"))
    os.makedirs(os.path.join(base, "inbox"))
    write = lambda name, text: open(os.path.join(base, name), "w").write(text)
    write("model.bin", "x")
    for line in ["init --model m --task regression", "register model.bin --alias production --yes"]:
        done = run([binary, *line.split()], base, root)
        assert done.returncode == 0, done
    write("modelguard.toml", '[ingest]\ninbox = "inbox/"\n')
    write("inbox/1.csv", "id,prediction\na,1\nb,2\n")
    write("inbox/2_labels.csv", "id,truth\na,1\n")
    write("inbox/3.csv", "id,prediction\nz,abc\n")
    write("inbox/4.csv", "id,prediction\na,1\nb,2\n")
    write("inbox/5.csv", "nothing\n")
    write("inbox/6.csv", "id,prediction\nc,1\nd,abc\n")
    return base


def names(folder):
    own = {"done", "rejected", ".taking", ".modelguard.lock"}
    return sorted(set(os.listdir(folder)) - own) if os.path.isdir(folder) else []


def mistakes(binary, folder, root):
    """What the next sweep leaves otherwise than it should."""
    end = run([binary, "ingest", "inbox"], folder, root)
    found = [] if end.returncode in (0, 2) else [end]
    store = sqlite3.connect(os.path.join(folder, "modelguard.db"))
    count = lambda source: store.execute(f"SELECT count(*) FROM {source}").fetchone()[0]
    rows = {what: count(source) for what, source in ROWS.items()}
    files = {place: names(os.path.join(folder, "inbox", place)) for place in EXPECTED_FILES}
    found += [rows] if rows != EXPECTED_ROWS else []
    found += [files] if files != EXPECTED_FILES else []
    views = "SELECT name FROM sqlite_schema WHERE type = 'view' AND name LIKE 'invariant%'"
    found += [view for (view,) in store.execute(views).fetchall() if count(view)]
    store.close()
    return found


def main():
    binary = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/debug/modelguard")
    how = sys.argv[2] if len(sys.argv) > 2 else "kill"
    what = "signal=KILL" if how == "kill" else f"error={how}"
    ended, wrong = 0, 0
    with tempfile.TemporaryDirectory() as root:
        base = prepare(binary, root)
        for call in CALLS:
            for number in range(1, MOST):
                folder = os.path.join(root, "run")
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(base, folder)
                inject = ["strace", "-f", "-o", "trace", f"-etrace={call}", f"-einject={call}:{what}:when={number}"]
                run([*inject, binary, "ingest", "inbox"], folder, root)
                with open(os.path.join(folder, "trace")) as trace:
                    hit = any("+++ killed by SIGKILL" in line or "(INJECTED)" in line for line in trace)
                if not hit:
                    break
                ended += 1
                found = mistakes(binary, folder, root)
                if found:
                    wrong += 1
                    print(f"{call} {number}: {found}")
            assert not hit, f"{MOST - 1} calls of {call} were not all of them: raise MOST"
    print(f"{ended} sweeps ended by {how}, {wrong} not finished by the next one")
    assert ended > 100, "hardly any sweep was ended: does strace work here?"
    sys.exit(wrong > 0)


main()
