#!/usr/bin/env python3
"""A year of hours: the demo's flights, day after day, with `monitor` run each hour as a process of its own.

    scripts/year_of_hours.py [BINARY] [--hours N] [--copies N]

1. The demo's fault from day 100 on: one degraded message, one rollback, one recovered message in the whole year.
2. Labels stop on day 100: one blind message.
3. No fault, the days shuffled, `monitor` once a day: in how many of the copies is anything alarmed at all?

Each day is one of the demo's days (4 to 10 November 2013; with the fault 11 and 12), under ids of its own. Its
predictions of both versions and its truth come as two files through the inbox. Prints what it counted, the run time
of a monitor, and the size of the store and of the tool's log after the year. Ends with 1 if a count is wrong.
"""

import argparse
import csv
import json
import os
import random
import subprocess
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

DEMO = Path(__file__).resolve().parent.parent / "fixtures" / "demo"
OLDER, NEWER = "20131101_090000", "20131104_090000"
BEGIN = datetime(2013, 11, 4)
FAULT_DAY = 100
POLICY = """\
[check]
metric = "accuracy"
baseline = "reference"

[action]
on_degraded = "rollback"

[ingest]
inbox = "inbox/"

[delivery]
remind_after = "0s"

[[notify]]
kind = "file"
path = "told.jsonl"
"""


def moment(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


def rows_by_day(live, shadow, truth, days):
    """The rows of each day: (id, time within the day, newer's prediction, older's prediction, truth)."""
    older = {row["id"]: row["prediction"] for row in read(shadow)}
    truths = {row["id"]: row["truth"] for row in read(*truth)}
    found = {}
    for row in read(live):
        at = moment(row["predicted_at"])
        day = at.date().isoformat()
        if day in days and row["id"] in older and row["id"] in truths:
            within = at - datetime(at.year, at.month, at.day)
            found.setdefault(day, []).append(
                (row["id"], within, row["prediction"], older[row["id"]], truths[row["id"]])
            )
    return [found[day] for day in sorted(found)]


def read(*names):
    for name in names:
        with (DEMO / name).open(newline="") as file:
            yield from csv.DictReader(file)


GOOD = rows_by_day(
    "1_week_live.csv",
    "1_week_shadow.csv",
    ["1_week_truth.csv", "2_fault_truth.csv"],
    {f"2013-11-{day:02}" for day in range(4, 11)},
)
FAULTY = rows_by_day(
    "2_fault_live.csv",
    "2_fault_shadow.csv",
    ["2_fault_truth.csv", "3_hours_truth.csv"],
    {"2013-11-11", "2013-11-12"},
)


class Year:
    """One project and its clock."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "XDG_STATE_HOME": str(folder / "state"),
            "MODELGUARD_CONFIG": str(folder / "modelguard.toml"),
        }
        self.seconds, self.runs = 0.0, 0
        (folder / "modelguard.toml").write_text(POLICY)
        (folder / "inbox").mkdir()
        before = BEGIN - timedelta(hours=1)
        self.run(before, "init", "--model", "flights", "--task", "classification")
        for name, reference, version in (
            ("clock_times.json", "reference_clock_times.csv", OLDER),
            ("feed_delay.json", "reference_feed_delay.csv", NEWER),
        ):
            words = ["register", str(DEMO / name), "--reference", str(DEMO / reference), "--version-id", version]
            self.run(before, *words, "--alias", "production", "--yes")

    def run(self, now, *words):
        environment = {**self.environment, "MODELGUARD_NOW": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
        words = [self.binary, "-C", str(self.folder), *words]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    def monitor(self, now):
        began = time.perf_counter()
        run = self.run(now, "monitor", "-q")
        self.seconds += time.perf_counter() - began
        self.runs += 1
        if run.returncode not in (0, 3, 4, 5, 6):
            raise SystemExit(f"{now}: exit status {run.returncode}\n{run.stdout}{run.stderr}")
        return run.returncode

    def drop(self, number, rows, with_truth=True):
        """A day's predictions and truth, renamed into the inbox at the end of the day."""
        day = BEGIN + timedelta(days=number)
        self.place(
            f"{number:04}-predictions.csv",
            ["id", "predicted_at", "version", "prediction"],
            [
                (f"{number}-{name}", f"{day + within:%Y-%m-%dT%H:%M:%SZ}", version, prediction)
                for name, within, newer, older, _ in rows
                for version, prediction in ((NEWER, newer), (OLDER, older))
            ],
        )
        if with_truth:
            truths = [(f"{number}-{name}", truth) for name, _, _, _, truth in rows]
            self.place(f"{number:04}-truth.csv", ["id", "truth"], truths)

    def place(self, name, head, rows):
        hidden = self.folder / "inbox" / f".{name}.tmp"
        with hidden.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(head)
            writer.writerows(rows)
        hidden.rename(self.folder / "inbox" / name)

    def told(self):
        path = self.folder / "told.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def events(self):
        return [message["event"] for message in self.told()]


def play(binary, folder, hours, faulty=False, labels_stop=False):
    year = Year(binary, folder)
    statuses = {}
    for hour in range(hours):
        now = BEGIN + timedelta(hours=hour)
        number, of_day = divmod(hour, 24)
        if of_day == 0 and number > 0:
            ended = number - 1
            is_bad = faulty and ended >= FAULT_DAY
            rows = (FAULTY if is_bad else GOOD)[ended % (2 if is_bad else 7)]
            year.drop(ended, rows, with_truth=not (labels_stop and ended >= FAULT_DAY))
        status = year.monitor(now)
        statuses[status] = statuses.get(status, 0) + 1
    return year, statuses


def shuffled(binary, folder, copy, days):
    """Whether anything was alarmed in a year without a fault, its days in another order."""
    year = Year(binary, folder)
    order = random.Random(copy)
    for number in range(days):
        year.drop(number, order.choice(GOOD))
        year.monitor(BEGIN + timedelta(days=number + 1))
    return [event for event in year.events() if event in ("degraded", "blocked")]


def size(path):
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary", nargs="?", default="target/release/modelguard")
    parser.add_argument("--hours", type=int, default=8760)
    parser.add_argument("--copies", type=int, default=20)
    arguments = parser.parse_args()
    binary = str(Path(arguments.binary).resolve())
    wrong = []

    def expect(what, found, wanted):
        print(f"{what}: {found}{'' if found == wanted else f'   WRONG, {wanted} was expected'}")
        if found != wanted:
            wrong.append(what)

    with tempfile.TemporaryDirectory() as folder:
        year, statuses = play(binary, Path(folder), arguments.hours, faulty=True)
        events = year.events()
        print(f"\nWith the fault, {arguments.hours:,} hours; exit statuses {dict(sorted(statuses.items()))}")
        for event in ("degraded", "blocked", "blind", "recovered"):
            expect(f"  {event}", events.count(event), {"degraded": 1, "recovered": 1}.get(event, 0))
        rolled_back = [message for message in year.told() if message["undo_command"]]
        expect("  rollbacks told", len(rolled_back), 1)
        expect("  rollbacks done", statuses.get(5, 0), 1)
        print(f"  a monitor: {year.seconds / year.runs * 1e3:.1f} ms")
        print(f"  store: {(Path(folder) / 'modelguard.db').stat().st_size / 1e6:.1f} MB")
        print(f"  log: {size(Path(folder) / 'state') / 1e6:.2f} MB")
    with tempfile.TemporaryDirectory() as folder:
        year, statuses = play(binary, Path(folder), arguments.hours, labels_stop=True)
        print(f"\nLabels stop; exit statuses {dict(sorted(statuses.items()))}")
        for event in ("blind", "degraded", "blocked"):
            expect(f"  {event}", year.events().count(event), {"blind": 1}.get(event, 0))
    alarmed = 0
    for copy in range(arguments.copies):
        with tempfile.TemporaryDirectory() as folder:
            alarmed += bool(shuffled(binary, Path(folder), copy, arguments.hours // 24))
    print(f"\nNo fault, days shuffled, threshold mode: {alarmed} of {arguments.copies} copies alarmed at least once")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
