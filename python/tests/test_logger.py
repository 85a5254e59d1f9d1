"""The buffer of a serving process: whole files in the inbox, nothing lost on a normal exit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import modelguard
from modelguard import Logger


def _lines(inbox: Path) -> list[dict[str, object]]:
    files = sorted(path for path in inbox.iterdir() if path.is_file())
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_come_out_in_order_and_in_whole_files(tmp_path: Path) -> None:
    with Logger(tmp_path, every_rows=10) as log:
        for index in range(95):
            log(index, index / 2, proba={"yes": 0.25, "no": 0.75})
    written = _lines(tmp_path)
    assert [row["id"] for row in written] == [str(index) for index in range(95)]
    assert written[1]["proba_yes"] == 0.25
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_row_is_written_in_time_even_if_no_other_comes(tmp_path: Path) -> None:
    with Logger(tmp_path, every_rows=1000, every_seconds=0.05) as log:
        log("a", 1.0)
        deadline = time.monotonic() + 20
        while log.waiting_count > 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert log.waiting_count == 0
        assert [row["id"] for row in _lines(tmp_path)] == ["a"]


def test_a_normal_exit_without_close_loses_nothing(tmp_path: Path) -> None:
    script = (
        f"from modelguard import Logger\nlog = Logger({str(tmp_path)!r})\nfor i in range(7): log(i, 1.0)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert len(_lines(tmp_path)) == 7


def test_a_kill_loses_only_what_was_waiting_and_leaves_no_half_file(tmp_path: Path) -> None:
    script = (
        f"import os, signal\nfrom modelguard import Logger\nlog = Logger({str(tmp_path)!r}, every_rows=5)\n"
        "for i in range(12): log(i, 1.0)\n"
        "log.flush()\n"
        "for i in range(12, 15): log(i, 1.0)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert [row["id"] for row in _lines(tmp_path)] == [str(index) for index in range(12)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_can_not_be_written_keeps_the_rows(tmp_path: Path) -> None:
    log = Logger(tmp_path, every_rows=1000)
    log("a", 1.0)
    tmp_path.chmod(0o500)
    with pytest.raises(modelguard.Failed):
        log.flush()
    assert log.waiting_count == 1
    tmp_path.chmod(0o700)
    log.close()
    assert len(_lines(tmp_path)) == 1


def test_a_fork_does_not_write_its_parents_rows_again(tmp_path: Path) -> None:
    script = (
        f"import os\nfrom modelguard import Logger\nlog = Logger({str(tmp_path)!r})\nlog('parent', 1.0)\n"
        "child = os.fork()\n"
        "if child == 0:\n    log('child', 2.0)\n    log.close()\n    os._exit(0)\n"
        "os.waitpid(child, 0)\nlog.close()\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True)
    assert sorted(str(row["id"]) for row in _lines(tmp_path)) == ["child", "parent"]


def test_values_of_numpy_and_missing_ones_are_plain(tmp_path: Path) -> None:
    import numpy

    with Logger(tmp_path) as log:
        log(numpy.int64(7), numpy.float32(0.5))
        log("b", float("nan"), truth=None)
    first, second = _lines(tmp_path)
    assert (first["id"], first["prediction"]) == ("7", 0.5)
    assert second["prediction"] is None


def test_a_closed_logger_takes_nothing(tmp_path: Path) -> None:
    log = Logger(tmp_path)
    log.close()
    log.close()
    with pytest.raises(ValueError, match="closed"):
        log("a", 1.0)


def test_the_inbox_of_the_policy_is_swept(tmp_path: Path) -> None:
    guard = modelguard.init(tmp_path / "churn", task="regression")
    policy = tmp_path / "churn" / "modelguard.toml"
    text = policy.read_text()
    assert text.count("[ingest]\n") == 1
    policy.write_text(text.replace("[ingest]\n", '[ingest]\ninbox = "inbox"\n'))
    guard.register(b"x", alias="production")
    with pytest.raises(modelguard.NotFound, match="there is no folder"):
        guard.logger()
    (tmp_path / "churn" / "inbox").mkdir()
    with guard.logger() as log:
        for index in range(3):
            log(index, 1.0)
    monitored = guard.monitor()
    assert [one.state for one in monitored.models[0].inbox] == ["ingested"]
    assert monitored.models[0].check is not None
    assert monitored.models[0].check.coverage is not None
    assert monitored.models[0].check.coverage.predictions_count == 3


def test_without_an_inbox_the_policy_is_named(guard: modelguard.Guard) -> None:
    with pytest.raises(modelguard.Usage, match="no inbox"):
        guard.logger()
