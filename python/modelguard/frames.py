"""Hands rows over: writes a data frame, a table or a list of dicts into a file that the command reads.

Frames travel as Parquet, so that types survive; rows of dicts as JSON lines. No column is left out, because the
command looks for those that were not named: what it could not read is written as a list, which it refuses by name
where it needs the column, and otherwise passes over.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from ._values import plain, text, why_no_id
from .errors import Failed, ModelguardError, Usage

# Rows of one row group: the command holds one in memory at a time.
_ROW_GROUP = 131_072


@contextlib.contextmanager
def as_file(
    data: Any, named: Iterable[str], ids: tuple[str, ...], found_ids: tuple[str, ...] = ()
) -> Generator[Path]:
    """Gives the path of a file with the rows of `data`; a temporary one is removed afterwards.

    Args:
        data: a path; a pandas or polars frame; a pyarrow table; anything with `__arrow_c_stream__`; dicts, one a row.
        named: the columns that were named. These must be there.
        ids: those of the id, which must be there too and hold text or whole numbers.
        found_ids: where no id was named, what the policy names, or nothing: then it is found by its name.

    Raises:
        Usage: a named column is missing, an id is a float, or nothing of this kind can be written.
    """
    if isinstance(data, (str, os.PathLike)):
        path = Path(data)  # pyright: ignore[reportUnknownArgumentType]
        yield path
        return
    columns = _Columns(named, ids, found_ids)
    with tempfile.TemporaryDirectory(prefix="modelguard-") as folder:
        yield _write(data, Path(folder), columns)


class _Columns:
    """Which columns somebody speaks of."""

    def __init__(self, named: Iterable[str], ids: tuple[str, ...], found_ids: tuple[str, ...]) -> None:
        self.named = tuple(dict.fromkeys((*named, *ids)))
        self._ids = ids
        self._found_ids = found_ids

    def check(self, present: list[Any]) -> None:
        """Refuses a table without a named column, and one that has a name twice."""
        if not present:
            raise Usage("the rows have no column")
        absent = [name for name in self.named if name not in present]
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

    def ids(self, present: Iterable[str]) -> tuple[str, ...]:
        """The columns of the id, as the command finds them."""
        if self._ids or self._found_ids:
            return self._ids or self._found_ids
        by_name = {name.lower(): name for name in present}
        found = by_name.get("id", by_name.get("prediction_id"))
        return () if found is None else (found,)


def _write(data: Any, folder: Path, columns: _Columns) -> Path:
    pandas, polars, pyarrow = (sys.modules.get(name) for name in ("pandas", "polars", "pyarrow"))
    if pandas is not None and isinstance(data, pandas.DataFrame):
        return _write_pandas(data, folder, columns)
    if polars is not None and isinstance(data, polars.LazyFrame):
        data = data.collect()
    if polars is not None and isinstance(data, polars.DataFrame):
        return _write_polars(polars, data, folder, columns)
    if pyarrow is not None and isinstance(data, pyarrow.RecordBatch):
        data = pyarrow.Table.from_batches([data])
    kind = type(data).__name__
    if kind == "Series":
        raise Usage("rows can't be read from a Series, which is one column", hints=("give `series.to_frame()`",))
    if hasattr(data, "__arrow_c_stream__"):
        return _write_arrow(_arrow_table(data), folder, columns)
    if isinstance(data, Mapping):
        raise Usage(
            "one dict is no list of rows",
            hints=("give a list with a dict for each row, or a data frame",),
        )
    if isinstance(data, Iterable) and not isinstance(data, (bytes, bytearray, memoryview)):
        return _write_rows(data, folder, columns)  # pyright: ignore[reportUnknownArgumentType]
    raise Usage(
        f"rows can't be read from a {kind}",
        hints=("give a pandas or polars data frame, a pyarrow table, a list of dicts, or a file's path",),
    )


# Arrow ------------------------------------------------------------------------------------------------------------


def _pyarrow() -> Any:
    importlib.import_module("pyarrow.parquet")
    importlib.import_module("pyarrow.compute")
    return importlib.import_module("pyarrow")


def _arrow_table(data: Any) -> Any:
    try:
        pyarrow = _pyarrow()
    except ImportError as error:
        raise Usage(
            f"a {type(data).__name__} is read with pyarrow, which is not installed",
            hints=("`pip install pyarrow`",),
        ) from error
    with _refusing(f"a {type(data).__name__} can't be read as a table"):
        return data if isinstance(data, pyarrow.Table) else pyarrow.table(data)


def _write_arrow(table: Any, folder: Path, columns: _Columns) -> Path:
    pyarrow = _pyarrow()
    names: list[str] = table.column_names
    columns.check(names)
    _check_rows(table.num_rows)
    for name in columns.ids(names):
        if name in names:
            _check_id_type(name, _arrow_kind(pyarrow, table.column(name).type))
    path = folder / "rows.parquet"
    with _refusing("the rows can't be written"):
        made = {name: _readable(pyarrow, table.column(name), table.field(name), columns.named) for name in names}
        try:
            _write_table(pyarrow, made, path)
        except Exception:
            for name, column in made.items():
                with _passing_over(name, column.type, columns.named) as passed:
                    _write_table(pyarrow, {name: column}, pyarrow.BufferOutputStream())
                if passed:
                    made[name] = _no_values(pyarrow, column)
            _write_table(pyarrow, made, path)
    return path


def _write_table(pyarrow: Any, made: Mapping[str, Any], target: Any) -> None:
    # Without the metadata, which speaks of the types as they were.
    table = pyarrow.table(dict(made))
    pyarrow.parquet.write_table(table, target, compression="snappy", row_group_size=_ROW_GROUP)


@contextlib.contextmanager
def _passing_over(name: str, kind: Any, named: tuple[str, ...]) -> Generator[list[Exception]]:
    """Keeps what a column raises by itself, which must not stop the others.

    Raises:
        Usage: somebody named it.
    """
    passed: list[Exception] = []
    try:
        yield passed
    except Exception as error:
        if name in named:
            said = str(error).strip().splitlines()
            _refuse_column(name, str(kind), (": ".join((type(error).__name__, *said[:1])),))
        passed.append(error)


def _readable(pyarrow: Any, column: Any, field: Any, named: tuple[str, ...]) -> Any:
    """The column in a type that Parquet has and means the same."""
    types, kind, name = pyarrow.types, column.type, field.name
    values = kind.value_type if types.is_dictionary(kind) or types.is_run_end_encoded(kind) else kind
    if b"ARROW:extension:name" in (field.metadata or {}):
        return _unreadable(pyarrow, column, name, field.metadata[b"ARROW:extension:name"].decode(), named)
    if isinstance(kind, pyarrow.BaseExtensionType):
        extension = getattr(kind, "extension_name", "")
        if extension == "pandas.period":
            # A period is a number since 1970 in its storage; its beginning is a time.
            column = pyarrow.chunked_array([pyarrow.array(column.to_pandas().dt.to_timestamp())])
        elif extension == "arrow.bool8":
            column = column.cast(kind.storage_type).cast(pyarrow.bool_())
        elif extension != "arrow.uuid":
            return _unreadable(pyarrow, column, name, f"{kind}", named)
    elif types.is_duration(values) or types.is_interval(values) or types.is_union(values):
        return _unreadable(pyarrow, column, name, f"{kind}", named)
    elif types.is_run_end_encoded(kind):
        column = pyarrow.compute.run_end_decode(column)
    elif types.is_string_view(kind) or types.is_binary_view(kind):
        column = column.cast(pyarrow.large_string() if types.is_string_view(kind) else pyarrow.large_binary())
    elif types.is_dictionary(kind) and types.is_null(values):
        column = pyarrow.nulls(len(column))
    return column


def _unreadable(pyarrow: Any, column: Any, name: str, kind: str, named: tuple[str, ...]) -> Any:
    if name in named:
        _refuse_column(name, kind)
    return _no_values(pyarrow, column)


def _no_values(pyarrow: Any, column: Any) -> Any:
    return pyarrow.array([[]] * len(column), pyarrow.list_(pyarrow.int8()))


def _arrow_kind(pyarrow: Any, kind: Any) -> str | None:
    types = pyarrow.types
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        kind = kind.value_type
    if types.is_floating(kind):
        return "floats"
    if types.is_boolean(kind) or getattr(kind, "extension_name", "") == "arrow.bool8":
        return "truth values"
    if types.is_decimal(kind) and kind.scale != 0:
        return "decimals"
    binary = types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind)
    return "bytes" if binary or types.is_fixed_size_binary(kind) else None


# Polars -----------------------------------------------------------------------------------------------------------


def _write_polars(polars: Any, frame: Any, folder: Path, columns: _Columns) -> Path:
    columns.check(list(frame.columns))
    _check_rows(frame.height)
    changed: list[Any] = []
    ids = columns.ids(frame.columns)
    for name, kind in frame.schema.items():
        if name in ids and kind != polars.Object:
            numbers = "floats" if kind.is_float() else "decimals" if getattr(kind, "scale", 0) else None
            _check_id_type(name, {polars.Boolean: "truth values", polars.Binary: "bytes"}.get(kind, numbers))
        if kind == polars.Object:
            texts = _texts(frame[name], name, columns, is_id=name in ids)
            changed.append(
                polars.Series(name, [[]] * len(frame), dtype=polars.List(polars.Int8))
                if texts is None
                else polars.Series(name, texts, dtype=polars.String)
            )
        elif kind == polars.Duration or _is_polars_extension(polars, kind):
            if name in columns.named:
                _refuse_column(name, str(kind))
            changed.append(polars.Series(name, [[]] * len(frame), dtype=polars.List(polars.Int8)))
    path = folder / "rows.parquet"
    with _refusing("the rows can't be written"):
        whole = frame.with_columns(changed) if changed else frame
        try:
            whole.write_parquet(path, compression="snappy", row_group_size=_ROW_GROUP)
        except Exception:
            for name, kind in whole.schema.items():
                with _passing_over(name, kind, columns.named) as passed:
                    whole.select(name).write_parquet(io.BytesIO())
                if passed:
                    no_values = polars.Series(name, [[]] * len(frame), dtype=polars.List(polars.Int8))
                    whole = whole.with_columns(no_values)
            whole.write_parquet(path, compression="snappy", row_group_size=_ROW_GROUP)
    return path


def _is_polars_extension(polars: Any, kind: Any) -> bool:
    extension = getattr(polars, "BaseExtension", None)
    return extension is not None and isinstance(kind, extension)


# Pandas -----------------------------------------------------------------------------------------------------------


def _write_pandas(frame: Any, folder: Path, columns: _Columns) -> Path:
    absent = set(columns.named) - {str(name) for name in frame.columns}
    if absent and absent <= {str(name) for name in frame.index.names if name is not None}:
        with _refusing("the index can't become columns"):
            frame = frame.reset_index()
    # The caller's frame keeps its names.
    names = [_name(name) for name in frame.columns]
    columns.check(names)
    _check_rows(len(frame))
    frame = frame.set_axis(names, axis=1)
    try:
        pyarrow = _pyarrow()
    except ImportError:
        return _write_rows(_pandas_rows(frame), folder, columns)
    ids = columns.ids(names)
    made: dict[str, Any] = {}
    for name in names:
        column = frame[name]
        if name in ids and column.dtype == object:
            # One by one: numbers of several types become one type in Arrow.
            for number, value in enumerate(column, start=1):
                _check_id(name, value, number)
        array = _array(pyarrow, column)
        if array is not None:
            made[name] = array
        else:
            # A text for each, as JSON has it.
            texts = _texts(column.astype(object), name, columns, is_id=name in ids)
            made[name] = _no_values(pyarrow, column) if texts is None else pyarrow.array(texts, pyarrow.string())
    with _refusing("the rows can't be written"):
        table = pyarrow.table(made)
    return _write_arrow(table, folder, columns)


def _array(pyarrow: Any, column: Any) -> Any:
    """The column as Arrow has it; `None` where its values are of several types, or would be others in Arrow."""
    try:
        array = pyarrow.array(column, from_pandas=True)
    except (pyarrow.ArrowException, TypeError, ValueError, OverflowError, AttributeError):
        return None
    types, kind = pyarrow.types, array.type
    if types.is_dictionary(kind):
        kind = kind.value_type
    # A date and a time become two dates, nanoseconds are cut, 1.5 and 2 become 1.5 and 2.0.
    is_alike = types.is_temporal(kind) or types.is_decimal(kind)
    categories = getattr(column.dtype, "categories", column)
    is_extension = isinstance(kind, pyarrow.BaseExtensionType) and categories is not column
    return None if is_extension or (is_alike and categories.dtype == object) else array


def _pandas_rows(frame: Any) -> Iterator[dict[str, Any]]:
    names = list(frame.columns)
    for values in frame.itertuples(index=False, name=None):
        yield dict(zip(names, values, strict=True))


def _name(name: Any) -> str:
    """The name of a column, which pandas lets be anything."""
    try:
        return text(name if isinstance(name, str) else str(name))
    except ValueError as error:
        raise Usage(f"the name of a column: {error}") from error


# Values one by one ------------------------------------------------------------------------------------------------


def _texts(values: Iterable[Any], name: str, columns: _Columns, *, is_id: bool) -> list[str | None] | None:
    """A column of anything as text; `None` where a value has no text and nobody named the column.

    Raises:
        Usage: a value of a named column has no text; the row is said.
    """
    made: list[str | None] = []
    for number, value in enumerate(values, start=1):
        if is_id:
            _check_id(name, value, number)
        try:
            written = plain(value)
            if isinstance(written, (list, dict)):
                raise ValueError(f"a {type(value).__name__} is no value")
        except Exception as error:
            if name in columns.named:
                _refuse_value(number, name, error)
            return None
        made.append(written if written is None or isinstance(written, str) else json.dumps(written))
    return made


def _write_rows(rows: Iterable[Any], folder: Path, columns: _Columns) -> Path:
    path = folder / "rows.jsonl"
    ids: tuple[str, ...] = ()
    number = 0
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, Mapping):
                raise Usage(f"row {number} is a {type(row).__name__}, not a dict")
            cells: Mapping[Any, Any] = row  # pyright: ignore[reportUnknownVariableType]
            if number == 1:
                names = [_name(key) for key in cells]
                columns.check(names)
                ids = columns.ids(names)
            written: dict[str, Any] = {}
            for key, value in cells.items():
                name = _name(key)
                if name in ids:
                    _check_id(name, value, number)
                try:
                    written[name] = plain(value)
                except Exception as error:
                    # A foreign object may raise anything when it is asked for its value.
                    if name in columns.named:
                        _refuse_value(number, name, error)
                    written[name] = []
            file.write(json.dumps(written, ensure_ascii=False))
            file.write("\n")
    _check_rows(number)
    return path


# What is refused --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _refusing(what: str) -> Generator[None]:
    """Makes one of ours of what other libraries raise."""
    try:
        yield
    except ModelguardError:
        raise
    except (OSError, MemoryError) as error:
        raise Failed(what, causes=(str(error),)) from error
    except Exception as error:
        said = str(error).strip().splitlines()
        raise Usage(what, causes=(": ".join((type(error).__name__, *said[:1])),)) from error


def _check_rows(count: int) -> None:
    # As the command says it of a file.
    if count == 0:
        raise Usage("there is no row", code="MG0510", hints=('an empty input is never taken for "no predictions"',))


def _refuse_column(name: str, kind: str, causes: tuple[str, ...] = ()) -> NoReturn:
    raise Usage(
        f"column {name!r} is of type {kind}, which is no value",
        causes=causes,
        hints=("make it numbers, texts or times first",),
    )


def _refuse_value(number: int, name: str, error: Exception) -> NoReturn:
    raise Usage(f"row {number}, column {ascii(name)}: {error}") from error


def _check_id(name: str, value: Any, number: int) -> None:
    why = why_no_id(value)
    if why is not None:
        several = {"a float": "floats,", "a decimal": "decimals,"}
        _refuse_id(name, f"{several.get(why, why)} in row {number}")


def _check_id_type(name: str, kind: str | None) -> None:
    if kind is not None:
        _refuse_id(name, kind)


def _refuse_id(name: str, what: str) -> NoReturn:
    if what.startswith("floats"):
        raise Usage(
            f"the id column {name!r} holds {what}: 7 would be stored as 7.0 and never meet its truth",
            hints=(f"make it whole numbers or text first: `df[{name!r}].astype('Int64')`",),
        )
    if what.startswith("decimals"):
        raise Usage(
            f"the id column {name!r} holds {what}: 7.00 would be stored as such and never meet the truth of 7",
            hints=("make it whole numbers or text first",),
        )
    raise Usage(f"the id column {name!r} holds {what}", hints=("an id is text or a whole number",))
