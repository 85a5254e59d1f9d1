"""Answers are typed, become tables, and look right in a notebook."""

from __future__ import annotations

import dataclasses
import html
import html.parser
import importlib.metadata
import json
import re
import subprocess
import sys
import time
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest
from conftest import rows

import modelguard
from modelguard import _process, results
from modelguard._decode import decode, hints_of
from modelguard.results import decode_any


class _Tags(html.parser.HTMLParser):
    """Counts what is open, and fails where it is closed in another order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)


def test_every_answer_is_well_formed_html_without_fixed_text_colours(guard: modelguard.Guard) -> None:
    guard.log_predictions(rows(400, 1.0, "a"))
    second = guard.register(b"<script>alert(1)</script>", note="<b>&", file_name="a.bin")
    for _ in range(3):
        check = guard.check()
    answers = [
        check,
        guard.monitor(),
        guard.status(),
        guard.history(),
        guard.alerts(),
        guard.log(),
        guard.show(second.version),
        guard.compare("20260101_000000", second.version),
        guard.log_truth([{"id": "a1", "truth": 1.0}], on_conflict="skip"),
    ]
    for answer in answers:
        text = answer._repr_html_()
        tags = _Tags()
        tags.feed(text)
        assert tags.open == [], answer
        assert "script" not in tags.seen
        # Text has the page's own colour, so that it is read on a dark page too.
        assert "color:#" not in text.replace("<b style='color:#", "").replace("fill='#", "")
        assert "background:transparent" in text or "<table" not in text
    assert "<svg" in check._repr_html_()
    assert "healthy" in check._repr_html_()


def test_tables_become_frames(guard: modelguard.Guard) -> None:
    guard.log_predictions(rows(400, 1.0, "a"))
    check = guard.check()
    frame = check.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["name"]) == [metric.name for metric in check.metrics]
    assert frame["baseline.value"][0] == check.metrics[0].baseline.value  # type: ignore[union-attr]
    for answer in (guard.status(), guard.history(), guard.log(), guard.monitor(), guard.alerts()):
        assert isinstance(answer.to_frame(), pandas.DataFrame)


# Keys of the JSON that the classes leave to `document`: what only some projects have.
OF_A_CHECK = {"coverage.truth_empty_count", "drift", "foreign_classes", "guard", "information", "segments", "where"}
WITHOUT = {
    *(f"{place}.{key}" for place in ("Check", "Monitored.models.check") for key in OF_A_CHECK),
    "Comparison.metrics.e_value",
    "Comparison.sequential",
    "Log.operations.detail",
    "Monitored.models.action.activation",
    "Monitored.models.helps",
    "Registered.alias",
    "Shown.imports",
    "Status.models.activation",
    "Status.models.inbox",
    "Status.models.season",
    "Switch.activation",
}


def _missing(kind: Any, data: Any, place: str) -> Iterator[str]:
    """The keys of a document, at any depth, that its class does not have."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        kind = next(one for one in typing.get_args(kind) if one is not type(None))
    if data is None:
        return
    if typing.get_origin(kind) is tuple:
        for one in data:
            yield from _missing(typing.get_args(kind)[0], one, place)
    elif dataclasses.is_dataclass(kind):
        hints = dict(hints_of(kind))
        for key, value in data.items():
            if key in hints:
                yield from _missing(hints[key], value, f"{place}.{key}")
            else:
                yield f"{place}.{key}"


def test_a_class_has_every_key_of_its_document(guard: modelguard.Guard) -> None:
    """The fields are the JSON's: a key that appears in the command appears here, or is named above."""
    guard.log_predictions(rows(400, 3.0, "a"))
    second = guard.register(b"second", reference=rows(300, 1.0, "x"))
    guard.promote("latest")
    answers: list[Any] = [guard.check(), guard.monitor(), guard.status(), guard.history(), guard.alerts(), guard.log(1)]
    answers += [guard.compare("latest", "20260101_000000"), guard.show(), guard.undo(), second]
    guard.log_predictions(rows(400, 3.0, "b"))
    answers += [guard.check(), guard.monitor(), guard.log_truth([{"id": "b1", "truth": 1.0}], on_conflict="skip")]
    missing = {key for answer in answers for key in _missing(type(answer), answer.document["data"], type(answer).__name__)}
    assert missing == WITHOUT
    for answer in answers:
        assert decode(type(answer), answer.document["data"]) == answer


def test_keys_that_are_not_known_are_passed_over() -> None:
    reason = decode(results.Reason, {"code": "stale", "text": "old", "news": 1})
    assert (reason.code, reason.have_count) == ("stale", None)


@pytest.mark.parametrize("text", ["2026-01-05T10:00:00Z", "2026-01-05T10:00:00.5Z", "2026-01-05T10:00:00.123456Z"])
def test_moments_are_aware(text: str) -> None:
    point = decode(results.TrendPoint, {"checked_at": text, "verdict": "healthy"})
    assert point.checked_at.isoformat().startswith("2026-01-05T10:00:00")
    assert point.checked_at.utcoffset() is not None


def test_importing_loads_nothing_else() -> None:
    """What `import modelguard` costs is measured by scripts/bench_python.sh; this is why it costs little."""
    script = "import sys, json; before = set(sys.modules); import modelguard; print(json.dumps(sorted(set(sys.modules) - before)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    assert not {"pandas", "polars", "pyarrow", "sklearn", "subprocess", "dataclasses"} & set(loaded)


def _words(text: str) -> str:
    """What is read of a page, its cells divided by blanks."""
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", text).split()))


def test_pages_say_what_was_answered(guard: modelguard.Guard) -> None:
    ingested = guard.log_predictions(rows(400, 1.0, "a"))
    second = guard.register(b"12345", note="a note", params={"depth": 6}, metrics={"rmse": 1.5}, reference=rows(300, 1.0, "x"))
    shown = _words(guard.show(second.version)._repr_html_())
    for words in (f"version {second.version}", "size_bytes 5", "note a note", "params.depth 6", "metrics.rmse 1.5", "retired no"):
        assert words in shown, words
    assert "periods … to now" in _words(guard.show()._repr_html_())
    stored = _words(ingested._repr_html_())
    for words in ("rows_stored_count 400", "truth_joined_count 400", "attribution 20260101_000000", "changed yes"):
        assert words in stored, words
    made = second._repr_html_()
    assert "reference.rows_count 300" in _words(made)
    assert "ReferenceSample" not in made
    history = _words(guard.history()._repr_html_())
    assert "metrics.rmse" in history
    assert second.version in history
    assert "register" in _words(guard.log()._repr_html_())
    assert _words(guard.alerts()._repr_html_()) == "There is no alert."
    other = decode_any(_process.run(["-C", str(guard.directory), "store", "verify"]))
    assert type(other) is results.Result
    assert len(_words(other._repr_html_()).split()) > 4
    for answer in (ingested, second, guard.history(), guard.log(), guard.show(), guard.status()):
        assert not re.search(r"\w\(|None|datetime", _words(answer._repr_html_())), answer


def test_a_project_shows_itself_and_never_raises(guard: modelguard.Guard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "20260101_000000" in _words(guard._repr_html_())
    assert "no store" in _words(modelguard.Guard(tmp_path)._repr_html_()).lower()
    stubborn = tmp_path / "stubborn"
    stubborn.write_text("#!/bin/sh\nexec sleep 1000\n")
    stubborn.chmod(0o700)
    monkeypatch.setenv("MODELGUARD_BINARY", str(stubborn))
    began = time.monotonic()
    assert "did not answer" in guard._repr_html_()
    assert time.monotonic() - began < 60


def test_answers_are_one_line(guard: modelguard.Guard) -> None:
    ingested = guard.log_predictions(rows(400, 1.0, "a"))
    assert repr(ingested) == "Ingested(model='churn', changed=True, dry_run=False, rows_stored_count=400, truth_joined_count=400)"
    assert repr(guard.check()) == "Check(model='churn', version='20260101_000000', verdict='healthy')"
    assert repr(guard.status()) == "Status(models=['churn'])"
    for answer in (guard.history(), guard.monitor(), guard.log(), guard.show(), guard.alerts()):
        assert len(repr(answer)) < 160


EMPTY = ["alert_id", "opened_at", "resolved_at", "acked_at", "severity", "kind", "model", "version", "reason", "state"]


def test_frames_have_the_same_columns_and_types_with_and_without_rows(guard: modelguard.Guard) -> None:
    nothing = guard.alerts().to_frame()
    assert list(nothing.columns)[:10] == EMPTY
    assert len(nothing) == 0
    before = guard.status().to_frame()
    guard.log_predictions(rows(400, 3.0, "a"))
    metrics = guard.check().to_frame()
    assert (metrics["rows_count"].dtype, metrics["value"].dtype, metrics["decides"].dtype) == ("Int64", "Float64", "boolean")
    assert metrics["undefined_text"].isna().all()
    guard.monitor()
    alerts = guard.alerts().to_frame()
    assert list(alerts.columns) == list(nothing.columns)
    assert (alerts.dtypes == nothing.dtypes).all()
    assert alerts["opened_at"].dtype == "datetime64[us, UTC]"
    assert alerts["resolved_at"].isna().all()
    after = guard.status().to_frame()
    assert list(after.columns) == list(before.columns)
    assert (after.dtypes == before.dtypes).all()
    history = guard.history().to_frame()
    assert history["size_bytes"].dtype == "Int64"
    for frame in (metrics, alerts, before, after, history, guard.monitor().to_frame(), guard.log().to_frame()):
        cells = frame.astype("string").fillna("").stack().to_list()
        assert not [cell for cell in cells if re.search(r"\w\(|None|datetime", cell)]


def test_a_version_is_named_by_what_was_given_back(guard: modelguard.Guard) -> None:
    second = guard.register(b"second")
    assert guard.promote(second).to_version == second.version
    first = guard.history().versions[-1]
    assert guard.show(first).version == first.version
    assert guard.fetch(first, guard.directory / "out").read_bytes() == b"first"
    assert guard.compare(second, first).a.version == second.version
    assert guard.check(second, record=False).version == second.version
    assert guard.rollback(first, from_version=second).to_version == first.version
    assert guard.log_predictions(rows(3, 1.0), version=second).attribution[0].version == second.version


def test_the_module_says_its_version_and_has_its_classes() -> None:
    assert modelguard.__version__ == importlib.metadata.version("modelguard")
    for name in modelguard.__all__:
        assert getattr(modelguard, name) is not None, name
    kinds = {name for name, kind in vars(results).items() if isinstance(kind, type) and kind.__module__ == results.__name__}
    assert kinds <= set(modelguard.__all__)
