"""The measurements of bench_python.sh."""

import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas
import pyarrow
import pyarrow.parquet

import modelguard
from modelguard import _process

ROWS = 1_000_000
ROUNDS = 3
STARTS = 21


def main():
    frame = pandas.DataFrame(
        {
            "customer": [f"c{index:07}" for index in range(ROWS)],
            "y_pred": [random.Random(index).gauss(0, 1) for index in range(ROWS)],
        }
    )
    module, yardstick = [], []
    for _ in range(ROUNDS):
        yardstick.append(timed(lambda guard: by_hand(guard, frame)))
        module.append(timed(lambda guard: guard.log_predictions(frame, id="customer", prediction="y_pred")))
    ratio = min(module) / min(yardstick)
    print(f"log_predictions of {ROWS:,} rows  {min(module):.2f} s")
    print(f"to_parquet + modelguard ingest   {min(yardstick):.2f} s")
    print(f"ratio                            {ratio:.2f} (at most 1.5)")
    ours, theirs = start("import modelguard"), start("import json")
    bare = start("pass")
    print(f"python -c 'import modelguard'    {ours * 1e3:.1f} ms, import json {theirs * 1e3:.1f} ms, nothing {bare * 1e3:.1f} ms")
    cost, limit = ours - bare, 2 * (theirs - bare) + 0.010
    print(f"import modelguard / limit        {cost / limit:.2f} (at most 1)")
    sys.exit(0 if ratio <= 1.5 and cost <= limit else 1)


def timed(work):
    with tempfile.TemporaryDirectory() as folder:
        guard = modelguard.init(Path(folder) / "bench", task="regression")
        guard.register(b"model", alias="production")
        began = time.perf_counter()
        work(guard)
        return time.perf_counter() - began


def by_hand(guard, frame):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        pyarrow.parquet.write_table(pyarrow.Table.from_pandas(frame, preserve_index=False), path)
        words = [_process.binary(), "-C", guard.directory, "ingest", "predictions", path, "-q"]
        words += ["--map", "id=customer", "--map", "prediction=y_pred"]
        subprocess.run(words, check=True)


def start(script):
    """Seconds of the median start of an interpreter that runs one line."""
    times = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", script], check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


if __name__ == "__main__":
    main()
