"""Answers are typed, become tables, and look right in a notebook."""

from __future__ import annotations

import html.parser
import json
import subprocess
import sys

import pandas
import pytest
from conftest import rows

import modelguard
from modelguard import results
from modelguard._decode import decode


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


def test_a_class_has_every_key_of_its_document(guard: modelguard.Guard) -> None:
    """The fields are the JSON's: a key that appears in the command appears here, or is named below."""
    guard.log_predictions(rows(400, 3.0, "a"))
    guard.register(b"second")
    guard.promote("latest")
    answers = [guard.check(), guard.monitor(), guard.status(), guard.history(), guard.alerts(), guard.log(1)]
    answers += [guard.compare("latest", "20260101_000000"), guard.show(), guard.undo()]
    without = {"activation", "deliveries", "guard", "drift", "segments", "where", "information", "helps", "inbox"}
    without |= {"truth_empty_count", "imports", "sequential", "e_value", "detail", "metric", "dry_run"}
    for answer in answers:
        missing = set(answer.document["data"]) - set(type(answer).__dataclass_fields__) - without
        assert not missing, type(answer).__name__
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
