"""Hands rows over: writes a data frame, a table or a list of dicts into a file that the command reads.

Frames travel as Parquet, so that types survive; rows of dicts as JSON lines.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import importlib
import json
import math
import os
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from .errors import Usage

# Rows of one row group: the command holds one in memory at a time.
_ROW_GROUP = 131_072


@contextlib.contextmanager
def as_file(data: Any, mapped: Mapping[str, str], ids: tuple[str, ...]) -> Generator[Path]:
    """Gives the path of a file with the rows of `data`; a temporary one is removed afterwards.

    Args:
        data: a path; a pandas or polars frame; a pyarrow table; anything with `__arrow_c_stream__`; dicts, one a row.
        mapped: which column is which field. These must be there.
        ids: the columns of the id, which have to be text or whole numbers.

    Raises:
        Usage: a mapped column is missing, an id is a float, or nothing of this kind can be written.
    """
    if isinstance(data, (str, os.PathLike)):
        path = Path(data)  # pyright: ignore[reportUnknownArgumentType]
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="modelguard-") as folder:
        yield _write(data, Path(folder), tuple(mapped.values()), ids)


def _write(data: Any, folder: Path, columns: tuple[str, ...], ids: tuple[str, ...]) -> Path:
    wanted = tuple(dict.fromkeys((*columns, *ids)))
    pandas, polars, pyarrow = (sys.modules.get(name) for name in ("pandas", "polars", "pyarrow"))
    if pandas is not None and isinstance(data, pandas.DataFrame):
        return _write_pandas(data, folder, wanted, ids)
    if polars is not None and isinstance(data, polars.LazyFrame):
        data = data.collect()
    if polars is not None and isinstance(data, polars.DataFrame):
        _check(list(data.columns), wanted)
        _check_rows(data.height)
        _check_ids({name: data.schema[name].is_float() for name in _id_columns(data.columns, ids)})
        objects = [name for name, kind in data.schema.items() if kind == polars.Object]
        if set(objects) & set(wanted):
            return _write_rows(data.iter_rows(named=True), folder, wanted, ids)
        data = data.drop(objects)
        path = folder / "rows.parquet"
        data.write_parquet(path, compression="snappy", row_group_size=_ROW_GROUP)
        return path
    if pyarrow is not None and isinstance(data, pyarrow.RecordBatch):
        data = pyarrow.Table.from_batches([data])
    if hasattr(data, "__arrow_c_stream__"):
        return _write_arrow(_arrow_table(data), folder, wanted, ids)
    if isinstance(data, Mapping):
        raise Usage(
            "one dict is no list of rows",
            hints=("give a list with a dict for each row, or a data frame",),
        )
    if isinstance(data, Iterable):
        return _write_rows(data, folder, wanted, ids)  # pyright: ignore[reportUnknownArgumentType]
    raise _no_rows(data)


def _no_rows(data: Any) -> Usage:
    return Usage(
        f"rows can't be read from a {type(data).__name__}",
        hints=("give a pandas or polars data frame, a pyarrow table, a list of dicts, or a file's path",),
    )


def _arrow_table(data: Any) -> Any:
    try:
        pyarrow = _pyarrow()
    except ImportError as error:
        raise Usage(
            f"a {type(data).__name__} is read with pyarrow, which is not installed",
            hints=("`pip install pyarrow`",),
        ) from error
    try:
        return data if isinstance(data, pyarrow.Table) else pyarrow.table(data)
    except (pyarrow.ArrowException, TypeError, ValueError) as error:
        raise _no_rows(data) from error


def _pyarrow() -> Any:
    importlib.import_module("pyarrow.parquet")
    return importlib.import_module("pyarrow")


def _write_arrow(table: Any, folder: Path, wanted: tuple[str, ...], ids: tuple[str, ...]) -> Path:
    pyarrow = _pyarrow()
    _check(table.column_names, wanted)
    _check_rows(table.num_rows)
    kinds = {name: table.schema.field(name).type for name in _id_columns(table.column_names, ids)}
    kinds = {name: kind.value_type if pyarrow.types.is_dictionary(kind) else kind for name, kind in kinds.items()}
    _check_ids({name: pyarrow.types.is_floating(kind) for name, kind in kinds.items()})
    path = folder / "rows.parquet"
    pyarrow.parquet.write_table(table, path, compression="snappy", row_group_size=_ROW_GROUP)
    return path


def _write_pandas(frame: Any, folder: Path, wanted: tuple[str, ...], ids: tuple[str, ...]) -> Path:
    absent = [name for name in wanted if name not in frame.columns]
    if absent and set(absent) <= set(frame.index.names):
        frame = frame.reset_index()
    if not all(isinstance(name, str) for name in frame.columns):
        frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    _check(list(frame.columns), wanted)
    _check_rows(len(frame))
    ids = _id_columns(frame.columns, ids)
    _check_ids({name: frame[name].dtype.kind == "f" for name in ids})
    try:
        pyarrow = _pyarrow()
    except ImportError:
        return _write_rows(_pandas_rows(frame), folder, wanted, ids)
    columns: dict[str, Any] = {}
    for name in frame.columns:
        try:
            columns[name] = pyarrow.array(frame[name], from_pandas=True)
        except (pyarrow.ArrowException, TypeError, ValueError, OverflowError):
            # Values of several types in one column: text for each, as JSON has it.
            _check_ids({name: name in ids and any(_is_number(value) for value in frame[name])})
            try:
                columns[name] = pyarrow.array([_text(value) for value in frame[name]], pyarrow.string())
            except (pyarrow.ArrowException, TypeError, ValueError) as error:
                if name in wanted:
                    raise Usage(f"the column {name!r} holds what is no text", causes=(str(error),)) from error
    return _write_arrow(pyarrow.table(columns), folder, wanted, ids)


def _is_number(value: Any) -> bool:
    return isinstance(value, float) and not math.isnan(value)


def _text(value: Any) -> str | None:
    value = plain(value)
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _pandas_rows(frame: Any) -> Iterator[dict[str, Any]]:
    names = list(frame.columns)
    for values in frame.itertuples(index=False, name=None):
        yield dict(zip(names, values, strict=True))


def _write_rows(rows: Iterable[Any], folder: Path, wanted: tuple[str, ...], ids: tuple[str, ...]) -> Path:
    path = folder / "rows.jsonl"
    number = 0
    with path.open("wb") as file:
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, Mapping):
                raise Usage(f"row {number} is a {type(row).__name__}, not a dict")
            cells: Mapping[str, Any] = row  # pyright: ignore[reportUnknownVariableType]
            absent = [name for name in wanted if name not in cells]
            if absent and number == 1:
                _check(list(cells), wanted)
            for name in ids:
                _check_ids({name: _is_number(cells.get(name))})
            try:
                line = json.dumps({str(key): plain(value) for key, value in cells.items()}, ensure_ascii=False)
                file.write(line.encode() + b"\n")
            except (TypeError, ValueError, RecursionError) as error:
                raise Usage(f"row {number} can't be written as text", causes=(str(error),)) from error
    _check_rows(number)
    return path


def plain(value: Any) -> Any:
    """A value as JSON has it. NaN and what pandas calls NA become null: a prediction that failed."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (datetime.datetime, datetime.date)):
        # A NaT is a datetime that equals nothing.
        return value.isoformat() if value == value else None  # noqa: PLR0124
    if isinstance(value, decimal.Decimal):
        return str(value) if value.is_finite() else None
    if type(value).__name__ == "NAType":
        return None
    if hasattr(value, "item"):
        try:
            return plain(value.item())
        except (TypeError, ValueError, RuntimeError):
            # Several values, as arrays and tensors have them.
            return plain(value.tolist()) if hasattr(value, "tolist") else str(value)
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in cast("list[Any]", value)]
    if isinstance(value, dict):
        pairs = cast("dict[Any, Any]", value)
        return {str(key): plain(one) for key, one in pairs.items()}
    return str(value)


def _check(present: list[Any], wanted: tuple[str, ...]) -> None:
    absent = [name for name in wanted if name not in present]
    if absent:
        shown = ", ".join(str(name) for name in present[:12]) + (", …" if len(present) > 12 else "")
        raise Usage(
            f"there is no column {absent[0]!r}",
            causes=(f"the columns are {shown}",),
            hints=('name the column that holds it: `prediction="y_pred"`',),
        )
    if len(set(present)) < len(present):
        twice = next(name for name in present if present.count(name) > 1)
        raise Usage(f"two columns are called {twice!r}", hints=("rename one, or leave it out",))


def _check_rows(count: int) -> None:
    if count == 0:
        raise Usage("there is no row", hints=('an empty input is never taken for "no predictions"',))


def _id_columns(present: Iterable[str], ids: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of the id: those that are named, else those that the command finds by their name."""
    return ids or tuple(name for name in present if name.lower() in ("id", "prediction_id"))


def _check_ids(is_float: dict[str, bool]) -> None:
    for name, floating in is_float.items():
        if floating:
            raise Usage(
                f"the id column {name!r} holds floats: 7 would be stored as 7.0 and never meet its truth",
                hints=(f"make it whole numbers or text first: `df[{name!r}].astype('Int64')`",),
            )
