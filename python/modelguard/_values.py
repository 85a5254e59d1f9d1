"""What a single value is as JSON: what the command would read of it in a Parquet file, or a `ValueError`."""

from __future__ import annotations

import datetime
import decimal
import math
import numbers
import uuid
from typing import Any, cast


def plain(value: Any) -> Any:
    """A value as JSON has it. NaN and what pandas calls NA become null: a prediction that failed.

    Raises:
        ValueError: it has no plain meaning, so that a text of it would be made up.
    """
    if value is None or isinstance(value, bool) or type(value) is int:
        return value
    if type(value) is float:
        return _fraction(value)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return _fraction(float(value))
    if isinstance(value, datetime.date):
        return _moment(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f") if value.is_finite() else _fraction(float(value))
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return _bytes(bytes(value))
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in cast("list[Any]", value)]
    if isinstance(value, dict):
        pairs = cast("dict[Any, Any]", value)
        return {text(str(key)): plain(one) for key, one in pairs.items()}
    return _foreign(value)


def text(value: str) -> str:
    """A text that UTF-8 can write.

    Raises:
        ValueError: it has half of a pair of surrogates.
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{ascii(value)} is no Unicode text") from None
    return str.__str__(value)


def why_no_id(value: Any) -> str | None:
    """What an id can't be: it would be stored as a text that never meets that of its truth."""
    if getattr(value, "shape", None) == () and type(value).__name__ == "ndarray":
        value = value.item()
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return "a truth value"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes"
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        return None if math.isnan(float(value)) else "a float"
    if isinstance(value, decimal.Decimal) and not value.is_nan() and value.as_tuple().exponent != 0:
        return "a decimal"
    return None


def _fraction(value: float) -> float | str | None:
    if math.isfinite(value):
        # JSON would have 1e-05 where a number of Parquet becomes the class 1e-5.
        digits, e, exponent = repr(value).partition("e")
        return f"{digits}e{int(exponent)}" if e else value
    # JSON has no infinity; as text it is what CSV and Parquet have, which is not "nothing".
    return None if math.isnan(value) else ("inf" if value > 0 else "-inf")


def _moment(value: datetime.date) -> str | None:
    # A NaT is a datetime that equals nothing.
    if value != value:  # noqa: PLR0124
        return None
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat()


def _bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise ValueError("bytes that are no UTF-8 are no value") from None


def _foreign(value: Any) -> Any:
    """Values of numpy, pandas and libraries like them, known by their names: none of them need be there."""
    kind = type(value).__name__
    if kind == "NAType":
        return None
    if kind == "Period":
        return _moment(value.to_timestamp())
    if kind == "datetime64":
        return _numpy_moment(value)
    if hasattr(value, "item") and kind != "timedelta64":
        found = value.item()
        if isinstance(found, (str, bool, int, float, bytes)) or found is None:
            return plain(found)
    raise ValueError(f"a {kind} is no value: make it a number, a text or a time")


def _numpy_moment(value: Any) -> str | None:
    written = str(value)
    if written == "NaT":
        return None
    whole, _, fraction = written.partition(".")
    if "T" in whole:
        # Minutes and hours alone are no ISO time everywhere.
        whole = datetime.datetime.fromisoformat(whole if ":" in whole else f"{whole}:00").isoformat()
    elif whole.count("-") < 2:
        raise ValueError(f"{written} is a {value.dtype} and no day")
    micros, nanos = fraction[:6].ljust(6, "0"), fraction[6:9].ljust(3, "0")
    if nanos != "000":
        return f"{whole}.{micros}{nanos}"
    return whole if micros == "000000" else f"{whole}.{micros}"
