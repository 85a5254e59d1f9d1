"""Answers as rows of cells: the fields of a nested object become `outer.inner`, a list becomes a text."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from ._decode import hints_of

if TYPE_CHECKING:
    import pandas  # pyright: ignore[reportMissingTypeStubs]

# The types of columns in which a missing value stays one, by the type of the field.
_DTYPES = {int: "Int64", float: "Float64", bool: "boolean", datetime: "datetime64[us, UTC]"}
_TEXT = "string"
# What a row of a list is named by, the first that it has.
_NAMES = ("text", "version", "name", "kind", "channel", "path", "verdict")


def flat(row: Any, prefix: str = "") -> dict[str, Any]:
    """The cells of one row: numbers, texts, times and truth values."""
    cells: dict[str, Any] = {}
    for name, value in _values(row):
        if _is_row(value):
            cells.update(flat(value, f"{prefix}{name}."))
        elif isinstance(value, tuple):
            cells[prefix + name] = ", ".join(map(brief, cast("tuple[Any, ...]", value))) or None
        elif isinstance(value, dict):
            pairs = cast("dict[str, Any]", value)
            cells.update({f"{prefix}{name}.{key}": one for key, one in pairs.items()})
        else:
            cells[prefix + name] = value
    return cells


def brief(value: Any) -> str:
    """One of a list in a few words."""
    if isinstance(value, datetime):
        return moment(value)
    if not _is_row(value):
        return str(value)
    cells = flat(value)
    if "from_at" in cells:
        begin, end = cells["from_at"], cells["to_at"]
        return f"{moment(begin) if begin else '…'} to {moment(end) if end else 'now'}"
    name = next((str(cells[name]) for name in _NAMES if cells.get(name) is not None), "")
    state = cells.get("state")
    return f"{name} {state}" if state else name


def moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M}Z"


def frame(kind: type[Any], rows: Iterable[Any]) -> pandas.DataFrame:
    """A data frame whose columns are the same whatever the rows are, also where there are none."""
    try:
        import pandas  # pyright: ignore[reportMissingTypeStubs]
    except ImportError as error:
        raise ImportError("to_frame() makes a pandas data frame: `pip install pandas`") from error
    cells = [flat(row) for row in rows]
    columns: dict[str, str] = {}
    for name, dtype in _columns(kind):
        if name.endswith(".*"):
            # The keys of a dict, as they come.
            found = (key for row in cells for key in row if key.startswith(name[:-1]))
            columns.update(dict.fromkeys(found, dtype))
        else:
            columns[name] = dtype
    made = {name: pandas.array([row.get(name) for row in cells], dtype=dtype) for name, dtype in columns.items()}
    return pandas.DataFrame(made)


def _columns(kind: type[Any], prefix: str = "") -> list[tuple[str, str]]:
    """The columns of a class and their types; `NAME.*` for those of a dict."""
    columns: list[tuple[str, str]] = []
    for name, hint in hints_of(kind):
        inner = _without_none(hint)
        if typing.get_origin(inner) is dict:
            columns.append((f"{prefix}{name}.*", _DTYPES.get(typing.get_args(inner)[1], _TEXT)))
        elif is_dataclass(inner):
            columns += _columns(cast("type[Any]", inner), f"{prefix}{name}.")
        else:
            columns.append((prefix + name, _DTYPES.get(inner, _TEXT)))
    return columns


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(one for one in typing.get_args(hint) if one is not type(None))
    return hint


def _values(row: Any) -> list[tuple[str, Any]]:
    return [(field.name, getattr(row, field.name)) for field in fields(row)]


def _is_row(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type)
