"""Projects on real stores, and frames with nasty ids."""

from __future__ import annotations

import random
import signal
from pathlib import Path
from typing import Any

import pytest

import modelguard

NASTY = ["007", "1e5", "1.0", "ä ö", " leading", "trailing ", 'quo"te', "new\nline", "com,ma", "NaN", "true", "-", "日本", "'"]


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_counts() -> None:
    # A shell that starts the tests in the background has it ignored, and what they start would ignore it too.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DB", "CONFIG", "MODEL", "NOW", "ACTOR"):
        monkeypatch.delenv(f"MODELGUARD_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def guard(tmp_path: Path) -> modelguard.Guard:
    """A regression with one version, live, that has a reference sample of 400 rows."""
    guard = modelguard.init(tmp_path / "churn", task="regression")
    guard.register(b"first", reference=rows(400, noise=1.0), alias="production", version_id="20260101_000000")
    return guard


def rows(count: int, noise: float, prefix: str = "r") -> list[dict[str, Any]]:
    """Predictions with their truth; the error is normal with standard deviation `noise`."""
    source = random.Random(f"{count} {noise} {prefix}")
    made = []
    for index in range(count):
        truth = source.gauss(0, 5)
        made.append({"id": f"{prefix}{index}", "prediction": truth + source.gauss(0, noise), "truth": truth})
    return made


def nasty_rows(count: int) -> list[dict[str, Any]]:
    """Rows of a classification whose ids are hard to keep as they are."""
    source = random.Random(7)
    made = []
    for index in range(count):
        nasty = NASTY[index % len(NASTY)]
        truth = source.choice(["yes", "no"])
        share = source.random()
        made.append(
            {
                "id": nasty if index < len(NASTY) else f"{nasty}{index}",
                "prediction": "yes" if share > 0.5 else "no",
                "proba_yes": share,
                "proba_no": 1 - share,
                "truth": truth,
            }
        )
    return made
