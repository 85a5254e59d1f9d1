"""A project from Python: register, log, judge, act, look, and what is raised when it fails."""

from __future__ import annotations

import datetime
import decimal
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy
import pytest
from conftest import rows

import modelguard
from modelguard import _process


def test_a_first_hour(guard: modelguard.Guard) -> None:
    stored = guard.log_predictions(rows(400, 1.0, "a"))
    assert (stored.rows_stored_count, stored.truth_joined_count) == (400, 400)
    check = guard.check()
    assert (check.verdict, check.exit_code, check.is_healthy) == ("healthy", 0, True)
    assert check.metrics[0].name == "rmse"
    assert check.metrics[0].rows_count == 400
    assert check.trend[-1].verdict == "healthy"
    assert check.as_of_at.tzinfo == datetime.timezone.utc
    status = guard.status()
    assert status.models[0].production is not None
    assert status.models[0].production.version == "20260101_000000"


def test_a_verdict_is_a_value_unless_asked_otherwise(guard: modelguard.Guard) -> None:
    guard.log_predictions(rows(400, 2.0, "b"))
    check = guard.check()
    assert (check.verdict, check.exit_code, check.severity) == ("degraded", 3, "critical")
    with pytest.raises(modelguard.Degraded) as raised:
        guard.check(raise_if_degraded=True)
    assert isinstance(raised.value.result, type(check))


def test_too_little_data_is_not_healthy(guard: modelguard.Guard) -> None:
    check = guard.check()
    assert (check.verdict, check.exit_code, check.is_healthy) == ("insufficient_data", 4, False)
    assert check.reasons[0].code == "no_predictions"


def test_monitor_rolls_back_once_and_undo_brings_it_back(guard: modelguard.Guard) -> None:
    guard.register(b"second", reference=rows(400, 1.0), version_id="20260102_000000")
    assert guard.promote("20260102_000000", reason="better").changed
    assert not guard.promote("20260102_000000").changed
    guard.log_predictions(rows(400, 3.0, "c"))
    monitored = guard.monitor(auto_rollback=True)
    assert monitored.exit_code == 5
    action = monitored.models[0].action
    assert action is not None
    assert (action.from_version, action.to_version) == ("20260102_000000", "20260101_000000")
    with pytest.warns(modelguard.ModelguardWarning, match="20260102_000000 is bad"):
        assert guard.undo().to_version == "20260102_000000"
    assert guard.redo().to_version == "20260101_000000"
    assert [alert.kind for alert in guard.alerts().alerts] == ["degraded"]
    assert guard.log(3, kind="rollback").operations[0].kind == "rollback"


def test_what_fails_is_raised_by_its_exit_status(guard: modelguard.Guard, tmp_path: Path) -> None:
    with pytest.raises(modelguard.NotFound) as raised:
        guard.promote("nothing")
    assert (raised.value.code, raised.value.exit_code) == ("MG0203", 10)
    assert raised.value.hints
    with pytest.raises(modelguard.NotFound):
        modelguard.open(tmp_path / "churn" / "..")
    with pytest.raises(modelguard.Usage):
        guard.check(metric="nonsense")
    with pytest.raises(modelguard.Failed):
        guard.register(tmp_path / "absent.pkl")
    with pytest.raises(modelguard.Refused):
        guard.register(b"other bytes", version_id="20260101_000000")
    (tmp_path / "churn" / "modelguard.toml").write_text("[check]\ntreshold = 4\n")
    with pytest.raises(modelguard.Usage) as raised:
        guard.check()
    assert "treshold" in str(raised.value)


def test_a_damaged_store_is_damaged(guard: modelguard.Guard, tmp_path: Path) -> None:
    store = tmp_path / "churn" / "modelguard.db"
    store.write_bytes(b"this is no store" * 1000)
    with pytest.raises(modelguard.Damaged):
        guard.status()


def test_a_store_that_is_written_is_busy(guard: modelguard.Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    monkeypatch.setenv("MODELGUARD_LOCK_TIMEOUT", "100ms")
    holder = sqlite3.connect(tmp_path / "churn" / "modelguard.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(modelguard.Busy):
        guard.check()
    holder.execute("ROLLBACK")
    holder.close()
    assert guard.check().verdict == "insufficient_data"


def test_rejected_rows_are_named(guard: modelguard.Guard) -> None:
    bad = [*rows(3, 1.0, "d"), {"id": "x", "prediction": "abc", "truth": 1.0}]
    with pytest.raises(modelguard.Usage) as raised:
        guard.log_predictions(bad)
    assert raised.value.details["rejects"][0]["line_number"] == 4
    with pytest.warns(modelguard.ModelguardWarning, match="1 of 4"):
        answer = guard.log_predictions(bad, max_rejects=1)
    assert answer.rejects[0].line_number == 4


def test_warnings_of_the_command_are_pythons(guard: modelguard.Guard) -> None:
    naive = [{**row, "time": "2026-01-02 10:00:00"} for row in rows(3, 1.0, "e")]
    with pytest.warns(modelguard.ModelguardWarning) as caught:
        guard.log_predictions(naive)
    assert any(warning.filename == __file__ for warning in caught)


def test_ctrl_c_ends_the_command_and_nothing_is_left(guard: modelguard.Guard, tmp_path: Path) -> None:
    # So many rows that the command is at work for seconds.
    big = tmp_path / "big.csv"
    big.write_text("id,prediction\n" + "".join(f"big{index},1.5\n" for index in range(1_000_000)))
    script = (
        "import modelguard, sys\n"
        f"guard = modelguard.open({str(tmp_path / 'churn')!r})\n"
        "print('ready', flush=True)\n"
        "try:\n"
        f"    guard.log_predictions({str(big)!r})\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
    )
    words = [sys.executable, "-c", script]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as notebook:
        assert notebook.stdout is not None
        assert notebook.stdout.readline() == "ready\n"
        child = _child_of(notebook.pid)
        # As a notebook's kernel gets it: alone, not with its children.
        notebook.send_signal(signal.SIGINT)
        assert notebook.stdout.readline() == "interrupted\n"
        assert notebook.wait() == 0
    assert not Path(f"/proc/{child}").exists()
    assert guard.log_predictions(rows(3, 1.0, "f")).rows_stored_count == 3
    assert guard.check(record=False).coverage.predictions_count == 3  # type: ignore[union-attr]


def _child_of(pid: int) -> int:
    while True:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.01)


def test_two_threads_may_ask_at_once(guard: modelguard.Guard) -> None:
    verdicts: list[str] = []
    threads = [threading.Thread(target=lambda: verdicts.append(guard.check().verdict)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == ["insufficient_data"] * 4


def test_the_command_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODELGUARD_BINARY", str(tmp_path / "absent"))
    with pytest.raises(modelguard.Failed):
        _process.run(["status"])


def test_a_second_ctrl_c_does_not_leave_the_command_running(tmp_path: Path) -> None:
    # A command that says where it is and does not leave when it is told to.
    stubborn = tmp_path / "modelguard"
    said = tmp_path / "pid"
    stubborn.write_text(
        f"#!{sys.executable}\nimport os, signal, time\n"
        "signal.signal(signal.SIGINT, lambda *_: open(PATH + '.told', 'w').close())\n"
        "open(PATH + '.tmp', 'w').write(str(os.getpid()))\nos.rename(PATH + '.tmp', PATH)\n"
        "while True: time.sleep(1)\n".replace("PATH", repr(str(said)))
    )
    stubborn.chmod(0o700)
    script = (
        "from modelguard import _process\n"
        "try:\n    _process.run(['status'])\nexcept KeyboardInterrupt:\n    print('interrupted', flush=True)\n"
    )
    environment = {**os.environ, "MODELGUARD_BINARY": str(stubborn)}
    words = [sys.executable, "-c", script]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as notebook:
        _wait_for(said)
        notebook.send_signal(signal.SIGINT)
        _wait_for(Path(f"{said}.told"))
        notebook.send_signal(signal.SIGINT)
        assert notebook.stdout is not None
        assert notebook.stdout.read() == "interrupted\n"
        assert notebook.wait() == 0
    assert not Path(f"/proc/{said.read_text()}").exists()


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


def test_a_ctrl_c_while_the_command_starts_ends_it_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def start(*words: Any, **options: Any) -> subprocess.Popen[bytes]:
        process = real(*words, **options)
        started.append(process)
        # As it comes before anybody knows the process.
        signal.raise_signal(signal.SIGINT)
        return process

    script = tmp_path / "modelguard"
    script.write_text("#!/bin/sh\nexec sleep 1000\n")
    script.chmod(0o700)
    monkeypatch.setenv("MODELGUARD_BINARY", str(script))
    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(KeyboardInterrupt):
        _process.run(["status"])
    assert started[0].returncode is not None
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_command_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "modelguard"
    script.write_text("#!/bin/sh\nexec sleep 1000\n")
    script.chmod(0o700)
    monkeypatch.setenv("MODELGUARD_BINARY", str(script))
    with pytest.raises(modelguard.Busy, match="did not answer"):
        _process.run(["status"], within_s=0.2)


def test_numbers_of_any_library_are_numbers(guard: modelguard.Guard) -> None:
    guard.log_predictions(rows(400, 1.0, "n"))
    with pytest.warns(modelguard.ModelguardWarning):
        check = guard.check(threshold=numpy.float64(5.0), min_rows=numpy.int64(100))
    assert check.metrics[0].threshold_pct == 5.0
    with pytest.warns(modelguard.ModelguardWarning):
        assert guard.check(threshold=decimal.Decimal("7.5")).metrics[0].threshold_pct == 7.5  # type: ignore[arg-type]
    made = guard.register(
        b"numbers",
        metrics={"rmse": decimal.Decimal("1.5"), "mae": numpy.float32(0.5)},  # type: ignore[dict-item]
        params={"rate": numpy.float64(0.25), "depth": numpy.int64(6), "kind": "gbm"},
    )
    shown = guard.show(made.version)
    assert shown.metrics == {"rmse": 1.5, "mae": 0.5}
    assert shown.params == {"rate": "0.25", "depth": "6", "kind": "gbm"}
    compared = guard.compare(made.version, "20260101_000000", confidence=numpy.float64(0.9))
    assert compared.metrics[0].confidence_ratio in (0.9, None)
    with pytest.raises(modelguard.Usage, match="threshold is 'much', and that is no number"):
        guard.check(threshold="much")  # type: ignore[arg-type]


def test_what_no_command_line_can_hold_is_refused(guard: modelguard.Guard) -> None:
    for note in ("a\0b", "\ud800"):
        with pytest.raises(modelguard.Usage, match="no command can be told"):
            guard.register(b"other", note=note)
    for kind in ("metrics", "params", "tags"):
        with pytest.raises(modelguard.Usage, match="can't have ="):
            guard.register(b"other", **{kind: {"a=b": 1.0}})


def test_a_warning_that_is_an_error_comes_after_the_work(guard: modelguard.Guard) -> None:
    naive = [{"id": "a", "prediction": 1.0, "time": "2026-01-02 10:00:00"}]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(modelguard.ModelguardWarning, match="without"):
            guard.log_predictions(naive, version="20260101_000000")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", modelguard.ModelguardWarning)
        assert not guard.log_predictions(naive, version="20260101_000000").changed


def test_names_may_begin_with_a_dash_and_a_metric_is_a_number(guard: modelguard.Guard) -> None:
    registered = guard.register(b"dashes", note="-n", tags={"-a": "-b"}, params={"-p": "-1"}, metrics={"rmse": 0.5})
    shown = guard.show(registered.version)
    assert shown.tags == {"-a": "-b"}
    with pytest.raises(modelguard.Usage, match="the metric 'rmse' is nan"):
        guard.register(b"other", metrics={"rmse": float("nan")})


def test_an_empty_name_is_not_none(guard: modelguard.Guard) -> None:
    guard.register(b"second", alias="production", version_id="20260102_000000")
    for refused in (
        lambda: guard.undo(""),
        lambda: guard.rollback(""),
        lambda: guard.rollback(from_version=""),
        lambda: guard.check(""),
        lambda: guard.log_predictions([{"id": "a", "prediction": 1.0}], version=""),
    ):
        with pytest.raises(modelguard.Usage):
            refused()
    assert guard.show().version == "20260102_000000"


def test_a_version_that_begins_with_a_dash_is_no_option(guard: modelguard.Guard) -> None:
    guard.register(b"second", alias="production", version_id="20260102_000000")
    for refused in (
        lambda: guard.rollback("--last-good"),
        lambda: guard.rollback("--dry-run"),
        lambda: guard.undo("--dry-run"),
        lambda: guard.promote("--help"),
        lambda: guard.check("--no-record"),
        lambda: guard.show("--help"),
        lambda: guard.compare("--help", "--help"),
    ):
        with pytest.raises(modelguard.Usage, match="(names no version|an operation is written)"):
            refused()
    assert guard.show().version == "20260102_000000"


def test_all_models_are_monitored_also_by_the_guard_of_one(guard: modelguard.Guard, tmp_path: Path) -> None:
    one = modelguard.init(tmp_path / "churn", task="regression", model="other")
    one.register(b"other", reference=rows(400, 1.0), alias="production")
    monitored = one.monitor(all_models=True, dry_run=True)
    assert sorted(model.model for model in monitored.models) == ["churn", "other"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no groups of processes")
def test_a_ctrl_c_at_a_terminal_reaches_the_command_once(tmp_path: Path) -> None:
    # A command that counts and leaves a moment after the first.
    counting = tmp_path / "modelguard"
    said = tmp_path / "count"
    counting.write_text(
        f"#!{sys.executable}\nimport os, signal, time\ncounts = []\n"
        "signal.signal(signal.SIGINT, lambda *_: counts.append(1))\n"
        "open(PATH + '.ready', 'w').close()\n"
        "while not counts: time.sleep(0.01)\n"
        "time.sleep(0.5)\nopen(PATH, 'w').write(str(len(counts)))\n".replace("PATH", repr(str(said)))
    )
    counting.chmod(0o700)
    # The handler is slow, so that two signals do not become one.
    script = (
        "import signal, time\nfrom modelguard import _process\n"
        "def handler(*_):\n    time.sleep(0.2)\n    raise KeyboardInterrupt\n"
        "signal.signal(signal.SIGINT, handler)\n"
        "try:\n    _process.run(['status'])\nexcept KeyboardInterrupt:\n    print('interrupted', flush=True)\n"
    )
    environment = {**os.environ, "MODELGUARD_BINARY": str(counting)}
    words = [sys.executable, "-c", script]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True) as shell:
        _wait_for(Path(f"{said}.ready"))
        os.killpg(shell.pid, signal.SIGINT)
        assert shell.stdout is not None
        assert shell.stdout.read() == "interrupted\n"
    assert said.read_text() == "1"


def test_a_project_shows_itself_in_time_also_where_the_command_does_not_leave(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "modelguard"
    script.write_text("#!/bin/sh\ntrap '' INT\nwhile true; do sleep 0.1; done\n")
    script.chmod(0o700)
    monkeypatch.setenv("MODELGUARD_BINARY", str(script))
    began = time.monotonic()
    assert "did not answer" in modelguard.Guard(tmp_path)._repr_html_()
    assert time.monotonic() - began < 6


def test_a_folder_that_is_not_there_is_no_project_of_the_one_above(guard: modelguard.Guard, tmp_path: Path) -> None:
    with pytest.raises(modelguard.NotFound, match="there is no folder"):
        modelguard.open(tmp_path / "churn" / "missing")
