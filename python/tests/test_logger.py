"""The buffer of a serving process: whole files in the inbox, nothing lost on a normal exit."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

import modelguard
from modelguard import Logger, results


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


def test_a_folder_that_can_not_be_written_keeps_the_rows(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    log = Logger(inbox, every_rows=1000)
    log("a", 1.0)
    # Gone, since root writes into a folder of any mode.
    inbox.rmdir()
    with pytest.raises(modelguard.Failed, match="can't be written"):
        log.flush()
    assert log.waiting_count == 1
    inbox.mkdir()
    log.close()
    assert len(_lines(inbox)) == 1


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


def _files(inbox: Path) -> list[Path]:
    return sorted(path for path in inbox.iterdir() if path.is_file())


@pytest.mark.parametrize("value", [numpy.array([1.0, 2.0]), "\ud800", object(), 1j, b"\xff", [1.0]])
def test_a_bad_value_is_its_callers_error_and_no_other_rows(tmp_path: Path, value: Any) -> None:
    with Logger(tmp_path, every_rows=1) as log:
        log("a", 1.0)
        for keys in ({"prediction": value}, {"prediction": 1.0, "truth": value}, {"prediction": 1.0, "proba": {"x": value}}):
            with pytest.raises(ValueError, match="prediction: |truth: |proba of x: "):
                log("bad", **keys)
        log("b", 1.0)
        _until(lambda: log.waiting_count == 0)
    assert [row["id"] for row in _lines(tmp_path)] == ["a", "b"]


def test_the_thread_outlives_whatever_a_write_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync
    failures = [RuntimeError("odd"), OSError("full")]

    def fsync(handle: int) -> None:
        if failures:
            raise failures.pop()
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    # Warnings are errors here, and those must not end it either.
    with Logger(tmp_path, every_rows=1, every_seconds=0.01) as log:
        log("a", 1.0)
        _until(lambda: log.waiting_count == 0)
        assert [row["id"] for row in _lines(tmp_path)] == ["a"]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert is_so()


def test_a_file_that_was_begun_is_removed_whatever_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Logger(tmp_path)
    log("a", 1.0)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            log.flush()
    assert list(tmp_path.iterdir()) == []
    log.close()
    assert len(_lines(tmp_path)) == 1


def test_rows_of_several_shapes_are_files_of_their_own_and_all_taken(tmp_path: Path) -> None:
    guard = _with_inbox(tmp_path, "")
    guard.register(b"y", version_id="other")
    with guard.logger() as log:
        for number in range(4):
            log(f"a{number}", 1.0)
            log(f"b{number}", 1.0, truth=2.0)
            log(f"c{number}", 1.0, version="other")
    assert len(_files(tmp_path / "churn" / "inbox")) == 3
    monitored = guard.monitor()
    assert [one.state for one in monitored.models[0].inbox] == ["ingested"] * 3
    assert _coverage(monitored) == (8, 4)


def _coverage(monitored: results.Monitored) -> tuple[int, int]:
    check = monitored.models[0].check
    assert check is not None
    assert check.coverage is not None
    return check.coverage.predictions_count, check.coverage.truth_count


def _with_inbox(tmp_path: Path, columns: str, task: str = "regression") -> modelguard.Guard:
    modelguard.init(tmp_path / "churn", task=task)
    policy = tmp_path / "churn" / "modelguard.toml"
    policy.write_text(f'{policy.read_text()}\n[models.churn.ingest]\ninbox = "in\'box"\n{columns}')
    policy.write_text(policy.read_text().replace("in'box", "inbox"))
    (tmp_path / "churn" / "inbox").mkdir()
    # Without a name of the model: the store has one only.
    guard = modelguard.open(tmp_path / "churn")
    guard.register(b"x", alias="production")
    return guard


def test_the_policys_names_of_columns_are_the_loggers(tmp_path: Path) -> None:
    columns = (
        '[models.churn.columns]\nid = "customer+day"\nprediction = "guess"\ntime = "when"\ntruth = "came"\n'
        'truth_time = "known"\nversion = "who"\n[models.churn.columns.proba]\n"is so" = "p1"\nno = "p0"\n'
    )
    guard = _with_inbox(tmp_path, columns, "classification")
    with guard.logger() as log:
        log(("a", 1), "no", proba={"is so": 0.25, "no": 0.75})
        log(("b", 1), "is so", proba={"is so": 1.0, "no": 0.0}, truth="no")
        log(("c", 1), None)
        with pytest.raises(ValueError, match="joins customer and day"):
            log("d", "no")
        with pytest.raises(ValueError, match="no column for 'maybe'"):
            log(("d", 1), "no", proba={"maybe": 1.0})
    first = _lines(tmp_path / "churn" / "inbox")[0]
    assert (first["customer"], first["day"], first["guess"], first["p1"]) == ("a", "1", "no", 0.25)
    monitored = guard.monitor()
    assert [one.state for one in monitored.models[0].inbox] == ["ingested"] * 2
    assert _coverage(monitored) == (3, 1)


def test_one_probability_a_row_is_the_positive_class(tmp_path: Path) -> None:
    columns = '[models.churn.columns]\nscore = "p"\nscore_is = "positive"\npositive = "yes"\n'
    guard = _with_inbox(tmp_path, columns, "classification")
    with guard.logger() as log:
        log("a", "no", proba={"yes": 0.25, "no": 0.75})
    assert _lines(tmp_path / "churn" / "inbox")[0]["p"] == 0.25
    assert [one.state for one in guard.monitor().models[0].inbox] == ["ingested"]


def test_rows_that_trickle_in_make_no_small_files(tmp_path: Path) -> None:
    with Logger(tmp_path, every_rows=50, every_seconds=3600) as log:
        for index in range(520):
            log(index, 1.0)
            if index % 20 == 0:
                time.sleep(0.001)
        _until(lambda: log.waiting_count == 20)
        assert [len(path.read_text().splitlines()) for path in _files(tmp_path)] == [50] * 10
    assert len(_files(tmp_path)) == 11


def test_flush_returns_while_rows_keep_coming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Logger(tmp_path, every_rows=1000, every_seconds=3600)
    real = os.fsync

    def fsync(handle: int) -> None:
        # Another thread's row comes while a file is written.
        log("late", 1.0)
        real(handle)

    log("early", 1.0)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        log.flush()
    assert [row["id"] for row in _lines(tmp_path)] == ["early"]
    assert log.waiting_count > 0
    log.close()


@pytest.mark.parametrize("id", [None, float("nan"), 1.0, numpy.float32(1), True, numpy.bool_(True), b"a", "", pandas.NA, [1]])
def test_an_id_that_would_miss_its_truth_is_refused(tmp_path: Path, id: Any) -> None:
    with Logger(tmp_path) as log:
        with pytest.raises(ValueError, match="id"):
            log(id, 1.0)
        log(uuid.UUID(int=7), 1.0)
        log(numpy.int64(7), 1.0)
    assert [row["id"] for row in _lines(tmp_path)] == [str(uuid.UUID(int=7)), "7"]


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(modelguard.NotFound):
        Logger(tmp_path / "inbx")
    assert not (tmp_path / "inbx").exists()


def test_a_close_that_failed_can_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Logger(tmp_path)
    log("a", 1.0)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(modelguard.Failed, match="No space left"):
            log.close()
    log("b", 1.0)
    log.close()
    assert [row["id"] for row in _lines(tmp_path)] == ["a", "b"]
    with pytest.raises(ValueError, match="closed"):
        log("c", 1.0)


def test_a_forked_child_flushes_first_and_overwrites_nothing(tmp_path: Path) -> None:
    script = (
        f"import os\nfrom modelguard import Logger\nlog = Logger({str(tmp_path)!r})\nlog('parent', 1.0)\n"
        "ready, written = os.pipe()\nchild = os.fork()\n"
        "if child == 0:\n    os.read(ready, 1)\n    log.flush()\n    log('child', 2.0)\n    log.flush()\n    os._exit(0)\n"
        "log('parent again', 1.0)\nlog.flush()\nos.write(written, b'x')\n"
        "assert os.waitpid(child, 0)[1] == 0\nlog.close()\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True)
    assert sorted(str(row["id"]) for row in _lines(tmp_path)) == ["child", "parent", "parent again"]
    assert len({path.name.split("-")[2] for path in _files(tmp_path)}) == 2


def test_a_child_of_a_fork_is_not_stopped_by_a_lock_of_its_parent(tmp_path: Path) -> None:
    log = Logger(tmp_path)
    with log._writing, log._adding:
        child = os.fork()
        if child == 0:
            log("child", 1.0)
            log.flush()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    log.close()
    assert [row["id"] for row in _lines(tmp_path)] == ["child"]


@pytest.mark.parametrize("links", [True, False])
def test_a_name_that_is_taken_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "no links here")))
    log = Logger(tmp_path)
    other = tmp_path / f"predictions-{log._began}-{os.getpid()}-000001.jsonl"
    other.write_text('{"id": "another machine"}\n')
    log("a", 1.0)
    log.close()
    assert [row["id"] for row in _lines(tmp_path)] == ["another machine", "a"]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_inbox_of_the_only_model_needs_no_name(tmp_path: Path) -> None:
    modelguard.init(tmp_path / "churn", task="regression")
    with (tmp_path / "churn" / "modelguard.toml").open("a") as policy:
        policy.write('\n[models.churn.ingest]\ninbox = "own"\n')
    (tmp_path / "churn" / "own").mkdir()
    with modelguard.open(tmp_path / "churn").logger() as log:
        assert log.inbox == tmp_path / "churn" / "own"


def test_what_is_no_row_is_refused_at_once_and_stops_no_other(tmp_path: Path) -> None:
    with Logger(tmp_path, every_rows=1) as log:
        for id, prediction in (
            (None, 1.0),
            ("", 1.0),
            (7.0, 1.0),
            (float("nan"), 1.0),
            ("\ud800", 1.0),
            ("a", [1.0, 2.0]),
            ("a", numpy.array([1.0, 2.0])),
        ):
            with pytest.raises(ValueError):
                log(id, prediction)
        log("b", numpy.array([1.0]))
    assert [(row["id"], row["prediction"]) for row in _lines(tmp_path)] == [("b", 1.0)]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_process_of_multiprocessing_writes_its_rows_when_it_ends(tmp_path: Path) -> None:
    script = (
        "import multiprocessing\nfrom modelguard import Logger\n"
        f"log = Logger({str(tmp_path)!r})\nlog('parent', 1.0)\n"
        "def here(): log('child', 2.0)\n"
        f"def own(): Logger({str(tmp_path)!r})('own', 3.0)\n"
        "for work in (here, own):\n"
        "    child = multiprocessing.get_context('fork').Process(target=work)\n"
        "    child.start()\n    child.join()\n    assert child.exitcode == 0\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True)
    assert sorted(str(row["id"]) for row in _lines(tmp_path)) == ["child", "own", "parent"]


REJECTS: list[dict[str, Any]] = [
    {"id": "nul\0"},
    {"id": "  "},
    {"prediction": "nul\0"},
    {"truth": "nul\0"},
    {"truth": float("inf")},
    {"time": "nonsense"},
    {"time": "2026-02-30"},
    {"time": True},
    {"proba": {"a": 1.5}},
    {"proba": {"a": -0.1}},
    {"proba": {"a": "x"}},
    {"proba": {"a": float("nan")}},
    {"proba": {"a": None}},
    {"proba": {"a": 0.9, "b": 0.9}},
]


@pytest.mark.parametrize("number", range(len(REJECTS)))
def test_what_the_command_would_reject_is_an_error_of_its_call(tmp_path: Path, number: int) -> None:
    with Logger(tmp_path) as log:
        with pytest.raises(ValueError):
            log(**{"id": "z", "prediction": "a", **REJECTS[number]})
        log("b", "a")
    assert [row["id"] for row in _lines(tmp_path)] == ["b"]


def test_a_regression_takes_numbers_only(tmp_path: Path) -> None:
    guard = _with_inbox(tmp_path, "")
    with guard.logger() as log:
        for keys in ({"prediction": "abc"}, {"prediction": True}, {"prediction": 1.0, "truth": "abc"}):
            with pytest.raises(ValueError, match="is no number"):
                log("bad", **keys)
        with pytest.raises(ValueError, match="infinite"):
            log("bad", 1.0, truth="-Infinity")
        for id, prediction in enumerate((None, float("inf"), float("nan"), "nan", " 2.5 ", 10**400, numpy.float32(1))):
            log(id, prediction, truth=float("nan") if id else 1)
    states = [one.state for one in guard.monitor().models[0].inbox]
    assert states == ["ingested"]


@pytest.mark.filterwarnings("ignore::modelguard.ModelguardWarning")
def test_what_the_command_takes_is_taken(tmp_path: Path) -> None:
    guard = _with_inbox(tmp_path, "", "classification")
    moments = ["2026-01-05", "2026-01-05T10:00:00.123456789+05:45", "2026-01-05 10:00:00 +0100", "2026-01-05T10:00z"]
    with guard.logger() as log:
        for id, moment in enumerate([*moments, 1767623422, "1767623422.5", pandas.Timestamp(1, tz="UTC")]):
            log(id, "a", time=moment, version=guard.show().version)
        log("failed", None, proba={"a": None, "b": 7}, version=guard.show().version)
        log("truth", True, truth="information", proba={"a": "0.5", "b": 0.5}, version=guard.show().version)
    states = {one.state for one in guard.monitor().models[0].inbox}
    assert states == {"ingested"}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_signal_handler_may_log_while_its_thread_does(tmp_path: Path) -> None:
    script = (
        "import collections, signal\nfrom modelguard import Logger\n"
        f"log = Logger({str(tmp_path)!r})\n"
        "signal.signal(signal.SIGUSR1, lambda *_: log('handler', 1.0))\n"
        "class Rows(collections.deque):\n"
        "    def append(self, row):\n"
        "        super().append(row)\n"
        "        if len(self) == 1:\n"
        "            signal.raise_signal(signal.SIGUSR1)\n"
        "log._rows = Rows()\nlog('main', 1.0)\nlog.close()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=10)
    assert [row["id"] for row in _lines(tmp_path)] == ["main", "handler"]
