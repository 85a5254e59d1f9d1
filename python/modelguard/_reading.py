"""What the command would make of one value of a row: whether it is a number, a time, nothing, or a reject."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

# Above 1 for what rounding adds; the command has the same.
MOST_OF_ALL_CLASSES = 1.02
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_NO_NUMBER = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_SECONDS = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)? ?(?:[+-]\d\d:?\d\d)?)?[Zz]?", re.ASCII)


def number(value: Any) -> float | None:
    """A value of JSON as a number, perhaps NaN or infinite; `None` for nothing.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool):
        raise ValueError(f"{value} is no number")
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    written = str(value).strip()
    if not isinstance(value, (int, float)) and not _NUMBER.fullmatch(written) and not _NO_NUMBER.fullmatch(written):
        raise ValueError(f"{_short(written)} is no number")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def check_truth(value: Any, *, is_number: bool) -> None:
    """Refuses what can be no truth; NaN is one that is not known.

    Raises:
        ValueError: it is infinite, or no number where one is wanted.
    """
    written = str(value).strip()
    if is_number:
        found = number(value)
        if found is not None and math.isinf(found):
            raise ValueError(f"{written} is infinite")
    elif not isinstance(value, (bool, int)) and _NO_NUMBER.fullmatch(written) and "inf" in written.lower():
        raise ValueError(f"{written} is infinite")


def is_failed(value: Any) -> bool:
    """Whether a prediction is one that failed: the command reads no probability of it."""
    written = value.strip() if isinstance(value, str) else value
    return written is None or written == "" or (isinstance(written, str) and bool(_NO_NUMBER.fullmatch(written)))


def probability(value: Any) -> float:
    """A value of JSON as a probability.

    Raises:
        ValueError: it is none.
    """
    found = number(value)
    if found is None or not 0 <= found <= 1:
        raise ValueError(f"{value} is no probability")
    return found


def check_time(value: Any) -> None:
    """Refuses what can't be read as a time.

    Raises:
        ValueError: it is neither ISO 8601 nor seconds or milliseconds since 1970.
    """
    written = str(value).strip()
    found = _TIME.fullmatch(written)
    if found:
        # There are days that no calendar has.
        datetime.fromisoformat(f"{found[1]} {found[2] or '00:00'}")
    elif isinstance(value, bool) or not _SECONDS.fullmatch(written):
        raise ValueError(f"{_short(written)} is no time")


def check_text(value: Any) -> None:
    """Refuses a text with a NUL.

    Raises:
        ValueError: it has one.
    """
    if isinstance(value, str) and "\0" in value:
        raise ValueError(f"{_short(ascii(value))} has a zero character")


def _short(written: str) -> str:
    return written if len(written) <= 60 else f"{written[:60]}…"
