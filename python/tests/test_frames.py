"""The same rows by every road: frames, tables, files give the same stored rows and the same metrics."""

from __future__ import annotations

import csv
import datetime
import decimal
import json
import sqlite3
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest
from conftest import nasty_rows, rows

import modelguard
from modelguard import Logger, frames

ROWS = 100_000


def _csv(made: list[dict[str, Any]], path: Path) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(made[0]), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows({key: repr(value) if isinstance(value, float) else value for key, value in row.items()} for row in made)
    return path


def _jsonl(made: list[dict[str, Any]], path: Path) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")
    return path


def _parquet(made: list[dict[str, Any]], path: Path) -> Path:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(made), path)
    return path


ROADS: dict[str, Callable[[list[dict[str, Any]], Path], Any]] = {
    "dicts": lambda made, _: made,
    "pandas": lambda made, _: pandas.DataFrame(made),
    "pandas_category": lambda made, _: pandas.DataFrame(made).astype({"prediction": "category", "truth": "category"}),
    "polars": lambda made, _: polars.DataFrame(made),
    "pyarrow": lambda made, _: pyarrow.Table.from_pylist(made),
    "parquet": lambda made, folder: _parquet(made, folder / "rows.parquet"),
    "csv": lambda made, folder: _csv(made, folder / "rows.csv"),
    "jsonl": lambda made, folder: _jsonl(made, folder / "rows.jsonl"),
}


def test_a_hundred_thousand_nasty_rows_are_the_same_by_every_road(tmp_path: Path) -> None:
    made = nasty_rows(ROWS)
    stored: dict[str, list[tuple[Any, ...]]] = {}
    metrics: dict[str, list[tuple[str, float | None]]] = {}
    for road, carry in ROADS.items():
        folder = tmp_path / road
        guard = modelguard.init(folder, task="classification", model="m")
        guard.register(b"x", reference=nasty_rows(500), alias="production", version_id="1")
        answer = guard.log_predictions(carry(made, tmp_path))
        assert answer.rows_stored_count == ROWS, road
        assert answer.truth_joined_count == ROWS, road
        with sqlite3.connect(folder / "modelguard.db") as store:
            stored[road] = store.execute(
                "SELECT prediction_id, class, hex(probabilities), truth_id IS NULL FROM prediction ORDER BY prediction_id"
            ).fetchall()
        store.close()
        with warnings.catch_warnings():
            # That it is judged by other rules than the policy's.
            warnings.simplefilter("ignore", modelguard.ModelguardWarning)
            check = guard.check(window="all", metric=["log_loss", "accuracy", "roc_auc", "brier"])
        metrics[road] = [(metric.name, metric.value) for metric in check.metrics]
    first = stored["dicts"]
    assert {row[0] for row in first} == {row["id"] for row in made}
    for road in ROADS:
        assert stored[road] == first, road
        assert metrics[road] == metrics["dicts"], road
    assert all(value is not None for _, value in metrics["dicts"])


def test_whole_number_ids_meet_text_ids(guard: modelguard.Guard) -> None:
    frame = pandas.DataFrame({"customer": pandas.array([1, 2, 3], dtype="Int64"), "p": [1.0, 2.0, 3.0]})
    guard.log_predictions(frame, id="customer", prediction="p")
    labels = polars.DataFrame({"customer": ["1", "2", "3"], "y": [1.0, 2.5, 3.0]})
    assert guard.log_truth(labels, id="customer", truth="y").truth_joined_count == 3


def test_float_ids_are_refused_before_they_miss_their_truth(guard: modelguard.Guard) -> None:
    for frame in (
        pandas.DataFrame({"id": [1.0, 2.0], "prediction": [1.0, 2.0]}),
        polars.DataFrame({"id": [1.0, 2.0], "prediction": [1.0, 2.0]}),
        [{"id": 1.0, "prediction": 1.0}],
    ):
        with pytest.raises(modelguard.Usage, match="holds floats"):
            guard.log_predictions(frame, id="id", prediction="prediction")


def test_a_missing_column_is_named(guard: modelguard.Guard) -> None:
    with pytest.raises(modelguard.Usage, match="there is no column 'y_pred'"):
        guard.log_predictions(pandas.DataFrame(rows(3, 1.0)), prediction="y_pred")


def test_times_keep_their_zone(guard: modelguard.Guard, tmp_path: Path) -> None:
    zoned = pandas.to_datetime(["2026-01-05 10:00", "2026-01-05 11:00"]).tz_localize("America/New_York")
    frame = pandas.DataFrame({"id": ["a", "b"], "prediction": [1.0, 2.0], "when": zoned})
    answer = guard.log_predictions(frame, time="when")
    assert answer.first_at == datetime.datetime(2026, 1, 5, 15, tzinfo=datetime.timezone.utc)


def test_a_missing_prediction_is_a_failed_one(guard: modelguard.Guard) -> None:
    for name, frame in {
        "pandas": pandas.DataFrame({"id": ["a", "b"], "prediction": [1.0, float("nan")]}),
        "polars": polars.DataFrame({"id": ["c", "d"], "prediction": [1.0, None]}),
        "dicts": [{"id": "e", "prediction": 1.0}, {"id": "f", "prediction": float("nan")}],
        "nullable": pandas.DataFrame({"id": ["g", "h"], "prediction": pandas.array([1, None], dtype="Int64")}),
    }.items():
        answer = guard.log_predictions(frame)
        assert (answer.rows_stored_count, answer.rows_failed_count) == (2, 1), name


def test_an_index_can_be_the_id_and_columns_can_join(guard: modelguard.Guard) -> None:
    frame = pandas.DataFrame({"p": [1.0, 2.0]}, index=pandas.Index(["a", "b"], name="customer"))
    assert guard.log_predictions(frame, id="customer", prediction="p").rows_stored_count == 2
    two = pandas.DataFrame({"a": ["x", "y"], "b": [1, 2], "p": [1.0, 2.0]})
    assert guard.log_predictions(two, id=["a", "b"], prediction="p").rows_stored_count == 2
    assert not guard.log_predictions(two, id=["a", "b"], prediction="p").changed


def test_mixed_types_and_columns_that_nobody_asked_for_do_not_stop_a_frame(guard: modelguard.Guard) -> None:
    frame = pandas.DataFrame({"id": ["a", 7], "prediction": [1.0, 2.0], "other": [object(), {1: 2}]})
    assert guard.log_predictions(frame, id="id", prediction="prediction").rows_stored_count == 2


def test_what_is_no_table_is_said(guard: modelguard.Guard) -> None:
    for data in (7, {"id": 1}, [1, 2]):
        with pytest.raises(modelguard.Usage):
            guard.log_predictions(data)


def _stored(tmp_path: Path, columns: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(tmp_path / "churn" / "modelguard.db") as store:
        found = store.execute(f"SELECT {columns} FROM prediction ORDER BY prediction_id").fetchall()
    store.close()
    return found


ROADS_OF_OBJECTS: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "pandas": lambda columns: pandas.DataFrame({name: pandas.Series(values, dtype=object) for name, values in columns.items()}),
    "polars": lambda columns: polars.DataFrame({name: polars.Series(values, dtype=polars.Object) for name, values in columns.items()}),
    "dicts": lambda columns: [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)],
}


@pytest.mark.parametrize("road", ROADS_OF_OBJECTS)
def test_columns_that_nobody_named_are_found_whatever_their_types(guard: modelguard.Guard, tmp_path: Path, road: str) -> None:
    moment = datetime.datetime(2026, 1, 5, 10, tzinfo=datetime.timezone.utc)
    guard.register(b"second", version_id="other")
    columns: dict[str, list[Any]] = {
        "prediction_id": ["a", 7],
        "predicted_at": [moment, "2026-01-06T10:00:00Z"],
        "prediction": [1, "2.5"],
        "truth": [decimal.Decimal("1.5"), "2"],
        "version": ["other", None],
        "other": [object(), {1: 2}],
    }
    answer = guard.log_predictions(ROADS_OF_OBJECTS[road](columns))
    assert (answer.rows_stored_count, answer.truth_joined_count) == (2, 2)
    assert (answer.first_at, answer.last_at) == (moment, moment + datetime.timedelta(days=1))
    assert {one.version for one in answer.attribution} == {"other", "20260101_000000"}
    assert _stored(tmp_path, "prediction_id, value") == [("7", 2.5), ("a", 1.0)]


def test_a_column_that_is_needed_and_has_no_values_is_refused_by_name(guard: modelguard.Guard) -> None:
    for made in (pandas.DataFrame, polars.DataFrame, lambda columns: [{key: values[0] for key, values in columns.items()}]):
        with pytest.raises(modelguard.Usage, match="'p'"):
            guard.log_predictions(made({"id": ["a"], "p": [object()]}), prediction="p")
        with pytest.raises(modelguard.Usage, match="prediction"):
            guard.log_predictions(made({"id": ["a"], "prediction": [object()]}))
    with pytest.raises(modelguard.Usage, match="row 2, column 'p': a object"):
        guard.log_predictions(pandas.DataFrame({"id": ["a", "b"], "p": [1.0, object()]}), prediction="p")


FLOAT_IDS: dict[str, Callable[[str], Any]] = {
    "pandas": lambda name: pandas.DataFrame({name: [1.0, 2.0], "prediction": [1.0, 2.0]}),
    "category": lambda name: pandas.DataFrame({name: pandas.Categorical([1.0, 2.0]), "prediction": [1.0, 2.0]}),
    "objects": lambda name: pandas.DataFrame({name: pandas.Series([1, 2.0], dtype=object), "prediction": [1.0, 2.0]}),
    "mixed": lambda name: pandas.DataFrame({name: ["a", 2.0], "prediction": [1.0, 2.0]}),
    "truth values": lambda name: pandas.DataFrame({name: [True, False], "prediction": [1.0, 2.0]}),
    "bytes": lambda name: pandas.DataFrame({name: [b"a", b"b"], "prediction": [1.0, 2.0]}),
    "polars": lambda name: polars.DataFrame({name: [1.0, 2.0], "prediction": [1.0, 2.0]}),
    "polars objects": lambda name: polars.DataFrame({name: polars.Series([1, 2.0], dtype=polars.Object), "prediction": [1.0, 2.0]}),
    "arrow": lambda name: pyarrow.table({name: pyarrow.array([1.0, 2.0]).dictionary_encode(), "prediction": [1.0, 2.0]}),
    "dicts": lambda name: [{name: "a", "prediction": 1.0}, {name: 2.0, "prediction": 1.0}],
    "numpy": lambda name: [{name: numpy.float32(2), "prediction": 1.0}],
    "decimals": lambda name: [{name: decimal.Decimal("7.00"), "prediction": 1.0}],
    "pandas decimals": lambda name: pandas.DataFrame({name: [decimal.Decimal(7), decimal.Decimal("8.5")], "prediction": [1.0, 2.0]}),
    "polars decimals": lambda name: polars.DataFrame({name: [decimal.Decimal("7.00")], "prediction": [1.0]}),
    "arrow decimals": lambda name: pyarrow.table({name: [decimal.Decimal("7.00")], "prediction": [1.0]}),
    "numpy truth": lambda name: [{name: numpy.bool_(True), "prediction": 1.0}],
}


@pytest.mark.parametrize("kind", FLOAT_IDS)
def test_an_id_that_would_miss_its_truth_is_refused_however_it_is_found(guard: modelguard.Guard, tmp_path: Path, kind: str) -> None:
    for name in ("id", "prediction_id", "ID"):
        with pytest.raises(modelguard.Usage, match=f"the id column '{name}' holds"):
            guard.log_predictions(FLOAT_IDS[kind](name))
    policy = tmp_path / "churn" / "modelguard.toml"
    policy.write_text(policy.read_text() + '\n[models.churn.columns]\nid = "customer"\n')
    with pytest.raises(modelguard.Usage, match="the id column 'customer' holds"):
        guard.log_predictions(FLOAT_IDS[kind]("customer"))


def test_periods_are_times_and_other_extensions_are_refused(guard: modelguard.Guard) -> None:
    months = pandas.period_range("2026-01", periods=2, freq="M")
    frame = pandas.DataFrame({"id": ["a", "b"], "prediction": [1.0, 2.0], "predicted_at": months})
    table = pyarrow.Table.from_pandas(frame)
    wanted = datetime.datetime(2026, 2, 1, tzinfo=datetime.timezone.utc)
    for number, data in enumerate((frame, table, frame.to_dict("records"))):
        with pytest.warns(modelguard.ModelguardWarning, match="without"):
            answer = guard.log_predictions(data, version="20260101_000000", dry_run=True)
        assert answer.last_at == wanted, number
    steps = pandas.DataFrame({"id": ["a"], "prediction": pandas.to_timedelta([1], unit="s")})
    ranges = pandas.DataFrame({"id": ["a"], "prediction": pandas.interval_range(0, 1)})
    for frame in (steps, ranges, polars.DataFrame({"id": ["a"], "prediction": [datetime.timedelta(seconds=1)]})):
        with pytest.raises(modelguard.Usage, match="prediction"):
            guard.log_predictions(frame)
        with pytest.raises(modelguard.Usage, match="column 'prediction' is of type"):
            guard.log_predictions(frame, prediction="prediction")
        assert guard.log_predictions(_with_numbers(frame), prediction="p", dry_run=True).rows_stored_count == 1


def _with_numbers(frame: Any) -> Any:
    if isinstance(frame, pandas.DataFrame):
        return frame.rename(columns={"prediction": "x"}).assign(p=1.0)
    return frame.rename({"prediction": "x"}).with_columns(p=polars.lit(1.0))


def test_values_mean_the_same_in_dicts_and_in_frames(guard: modelguard.Guard, tmp_path: Path) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    values: list[Any] = [
        datetime.datetime(2026, 1, 5, 10, 0, 0, 5000, tzinfo=zone),
        datetime.datetime(2026, 1, 5, 10),
        datetime.date(2026, 1, 5),
        pandas.Timestamp("2026-01-05T10:00:00.000000007", tz="America/New_York"),
        numpy.datetime64("2026-01-05T10:00:00.000000007", "ns"),
        numpy.datetime64("2026-01-05T10:00", "m").astype("datetime64[ms]"),
        decimal.Decimal("150"),
        numpy.int8(7),
        numpy.str_("007"),
    ]
    for number, value in enumerate(values):
        row = {"a": value, "b": f"{number:02}", "p": 1.0}
        from_dict = guard.log_predictions([row], id=["a", "b"], prediction="p")
        assert from_dict.rows_stored_count == 1, value
        from_frame = guard.log_predictions(pandas.DataFrame([row]), id=["a", "b"], prediction="p")
        assert not from_frame.changed, (value, _stored(tmp_path, "prediction_id"))


def test_an_infinite_truth_is_no_missing_one(guard: modelguard.Guard) -> None:
    row = {"id": "a", "prediction": 1.0, "truth": float("inf")}
    for data in ([row], pandas.DataFrame([row]), [{**row, "truth": numpy.float32("-inf")}], [{**row, "truth": decimal.Decimal("Infinity")}]):
        with pytest.raises(modelguard.Usage, match="infinite"):
            guard.log_predictions(data)


@pytest.mark.parametrize("value", [object(), numpy.array([1.0, 2.0]), numpy.timedelta64(1, "s"), 1j, b"\xff", "\ud800", datetime.timedelta(1)])
def test_a_value_that_means_nothing_is_refused_with_its_row_and_column(guard: modelguard.Guard, value: Any) -> None:
    with pytest.raises(modelguard.Usage, match="row 2, column 'prediction'"):
        guard.log_predictions([{"id": "a", "prediction": 1.0}, {"id": "b", "prediction": value}], prediction="prediction")


def test_bytes_are_their_text_as_in_parquet(tmp_path: Path) -> None:
    guard = modelguard.init(tmp_path / "churn", task="classification")
    guard.register(b"x", alias="production")
    guard.log_predictions([{"id": "a", "prediction": b"yes"}])
    guard.log_predictions(pandas.DataFrame({"id": ["b"], "prediction": [b"yes"]}))
    assert _stored(tmp_path, "class") == [("yes",), ("yes",)]


def test_what_other_libraries_raise_is_ours(guard: modelguard.Guard) -> None:
    twice = pandas.DataFrame([["a", 1.0, 2.0]], columns=["id", "prediction", "prediction"])
    odd: list[tuple[Any, str]] = [
        (twice, "two columns are called 'prediction'"),
        (pandas.DataFrame([["a", 1.0]], columns=[1, "1"]), "two columns are called '1'"),
        (pyarrow.Table.from_arrays([pyarrow.array(["a"]), pyarrow.array([1.0])], ["id", "id"]), "two columns are called 'id'"),
        (pandas.Series([1.0, 2.0]), "one column"),
        (polars.Series([1.0, 2.0]), "one column"),
        (pandas.DataFrame({"id": pandas.Series(["\ud800"], dtype=object), "prediction": [1.0]}), "id"),
        (pandas.DataFrame([["a", 1.0, 1.0]], columns=pandas.Index(["id", "prediction", "\ud800"], dtype=object)), "no Unicode"),
        ([{"id": "a", "prediction": 1.0, "\ud800": 1.0}], "no Unicode"),
        (b"bytes", "can't be read from a bytes"),
        (pandas.DataFrame(), "no column"),
        (pyarrow.table({}), "no column"),
        ([{}], "no column"),
    ]
    for data, said in odd:
        with pytest.raises(modelguard.Usage, match=said):
            guard.log_predictions(data)


def test_an_empty_frame_has_no_row_as_an_empty_csv(guard: modelguard.Guard, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("id,prediction\n")
    frame = pandas.DataFrame({"id": pandas.Series([], dtype=str), "prediction": pandas.Series([], dtype=float)})
    said: set[str] = set()
    for data in (tmp_path / "empty.csv", frame, polars.from_pandas(frame)):
        with pytest.raises(modelguard.Usage, match="no row") as raised:
            guard.log_predictions(data)
        said.add(raised.value.code)
    assert said == {"MG0510"}


def test_a_class_with_an_equals_sign_is_refused_and_not_cut(tmp_path: Path) -> None:
    guard = modelguard.init(tmp_path / "churn", task="classification")
    guard.register(b"x", alias="production")
    frame = pandas.DataFrame({"id": ["a"], "prediction": ["a"], "p": [0.5], "q": [0.5]})
    with pytest.raises(modelguard.Usage, match="the class 'a=b' can't have ="):
        guard.log_predictions(frame, proba={"a=b": "p", "a": "q"})


def test_without_pyarrow_a_pandas_frame_is_the_same(guard: modelguard.Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> Any:
        raise ImportError

    monkeypatch.setattr(frames, "_pyarrow", absent)
    frame = pandas.DataFrame({"id": ["a", 7], "prediction": [1.0, float("nan")], "other": [object(), {1: 2}]})
    answer = guard.log_predictions(frame)
    assert (answer.rows_stored_count, answer.rows_failed_count) == (2, 1)
    with pytest.raises(modelguard.Usage, match="holds floats"):
        guard.log_predictions(pandas.DataFrame({"id": [1.0], "prediction": [1.0]}))


def test_a_float_id_is_refused_also_where_its_name_alone_says_that_it_is_one(guard: modelguard.Guard) -> None:
    for frame in (
        pandas.DataFrame({"id": [1.0, 2.0], "prediction": [1.0, 2.0]}),
        pandas.DataFrame({"id": pandas.Categorical([1.0, 2.0]), "prediction": [1.0, 2.0]}),
        pandas.DataFrame({"id": ["a", 2.0], "prediction": [1.0, 2.0]}),
        polars.DataFrame({"ID": [1.0, 2.0], "prediction": [1.0, 2.0]}),
    ):
        with pytest.raises(modelguard.Usage, match="holds floats"):
            guard.log_predictions(frame)


def test_the_callers_frame_stays_as_it_is(guard: modelguard.Guard) -> None:
    frame = pandas.DataFrame({0: ["a", "b"], 1: [1.0, 2.0]})
    assert guard.log_predictions(frame, id="0", prediction="1").rows_stored_count == 2
    assert list(frame.columns) == [0, 1]


def test_a_mixed_column_leaves_the_others_there(guard: modelguard.Guard) -> None:
    ids = pandas.DataFrame({"id": ["a", 7], "prediction": [1.0, 2.0]})
    assert guard.log_predictions(ids).rows_stored_count == 2
    numbers = pandas.DataFrame({"id": ["c", "d"], "y": [1.0, "2"], "other": [object(), numpy.array([1, 2])]})
    assert guard.log_predictions(numbers, prediction="y").rows_stored_count == 2
    objects = polars.DataFrame({"id": ["e"], "prediction": [1.0], "o": polars.Series([object()], dtype=polars.Object)})
    assert guard.log_predictions(objects).rows_stored_count == 1


def test_what_can_not_be_handed_over_is_said_before_the_command_runs(guard: modelguard.Guard) -> None:
    twins = pandas.DataFrame([["a", 1.0, 2.0]], columns=["id", "prediction", "prediction"])
    for data, words in (
        (twins, "two columns are called 'prediction'"),
        (pandas.DataFrame({"id": [], "prediction": []}), "no row"),
        (polars.DataFrame({"id": [], "prediction": []}), "no row"),
        (pyarrow.table({"id": [], "prediction": []}), "no row"),
        ([], "no row"),
        (pandas.Series([1.0], name="prediction"), "from a Series"),
        (polars.Series("prediction", [1.0]), "from a Series"),
        ([{"id": "\ud800", "prediction": 1.0}], "line 1, column id"),
    ):
        with pytest.raises(modelguard.Usage, match=words):
            guard.log_predictions(data)


AWARE = datetime.datetime(2026, 1, 1, 23, 59, tzinfo=datetime.timezone.utc)
OBJECTS: dict[str, list[Any]] = {
    "date and time": [datetime.date(2026, 1, 1), datetime.datetime(2026, 1, 1, 23, 59)],
    "time and date": [datetime.datetime(2026, 1, 1, 23, 59), datetime.date(2026, 1, 1)],
    "date and aware time": [datetime.date(2026, 1, 1), AWARE],
    "aware and naive": [AWARE, datetime.datetime(2026, 1, 1, 23, 59)],
    "nanoseconds": [pandas.Timestamp(1), pandas.Timestamp(2)],
    "numpy": [numpy.datetime64("2026-01-01", "D"), numpy.datetime64("2026-01-01T05:00", "s")],
}


@pytest.mark.filterwarnings("ignore::modelguard.ModelguardWarning")
@pytest.mark.parametrize("kind", OBJECTS)
def test_moments_in_a_column_of_objects_mean_what_they_mean_in_dicts(guard: modelguard.Guard, tmp_path: Path, kind: str) -> None:
    columns = {"id": OBJECTS[kind], "predicted_at": OBJECTS[kind], "prediction": [1.0, 2.0]}
    guard.log_predictions(ROADS_OF_OBJECTS["dicts"](columns), version="20260101_000000")
    from_dicts = _stored(tmp_path, "prediction_id, predicted_at")
    assert len(from_dicts) == 2
    frame = ROADS_OF_OBJECTS["pandas"](columns)
    categories = frame.astype({"id": pandas.CategoricalDtype(pandas.Index(OBJECTS[kind], dtype=object))})
    for data in (frame, categories, ROADS_OF_OBJECTS["polars"](columns)):
        assert not guard.log_predictions(data, version="20260101_000000").changed
    assert _stored(tmp_path, "prediction_id, predicted_at") == from_dicts


def _with(column: Any) -> Any:
    if isinstance(column, polars.Series):
        return polars.DataFrame({"id": ["a", "b"], "prediction": [1.0, 2.0], "x": column})
    if isinstance(column, pyarrow.Array):
        return pyarrow.table({"id": ["a", "b"], "prediction": [1.0, 2.0], "x": column})
    return pandas.DataFrame({"id": ["a", "b"], "prediction": [1.0, 2.0], "x": column})


NO_VALUES: dict[str, Callable[[], Any]] = {
    "categories of intervals": lambda: pandas.cut(pandas.Series([20, 70]), [0, 50, 99]),
    "categories of durations": lambda: pandas.Categorical(pandas.to_timedelta([1, 2], unit="s")),
    "empty dicts": lambda: [{}, {}],
    "lists of empty dicts": lambda: [[{}], [{}]],
    "empty structs": lambda: polars.Series([{}, {}], dtype=polars.Struct([])),
    "far times": lambda: numpy.array([2**62, 5], dtype="datetime64[s]"),
    "dictionary of structs": lambda: pyarrow.DictionaryArray.from_arrays([0, 1], pyarrow.array([{"a": 1}, {"a": 2}])),
    "lists of steps": lambda: pyarrow.ListArray.from_arrays(
        [0, 1, 2], pyarrow.array([None, None], pyarrow.month_day_nano_interval())
    ),
    "no bytes": lambda: pyarrow.array([b"", b""], pyarrow.binary(0)),
}


@pytest.mark.parametrize("kind", NO_VALUES)
def test_a_column_that_can_not_be_written_is_passed_over_or_named(guard: modelguard.Guard, kind: str) -> None:
    data = _with(NO_VALUES[kind]())
    assert guard.log_predictions(data).rows_stored_count == 2
    with pytest.raises(modelguard.Usage, match="column 'x'"):
        guard.log_predictions(data, truth="x")


def test_categories_of_periods_are_times_and_those_of_nothing_are_missing(guard: modelguard.Guard) -> None:
    months = pandas.Categorical(pandas.period_range("2026-01", periods=2, freq="M"))
    with pytest.warns(modelguard.ModelguardWarning, match="without"):
        answer = guard.log_predictions(_with(months), time="x", version="20260101_000000")
    assert answer.last_at == datetime.datetime(2026, 2, 1, tzinfo=datetime.timezone.utc)
    nothing = pandas.DataFrame({"id": ["c", "d"], "prediction": pandas.Categorical([None, None])})
    assert guard.log_predictions(nothing).rows_failed_count == 2


def test_a_decimal_without_places_is_a_whole_number(guard: modelguard.Guard, tmp_path: Path) -> None:
    seven = {"id": [decimal.Decimal(7)], "prediction": [1.0]}
    frames_of_seven = [pandas.DataFrame(seven), polars.DataFrame(seven), pyarrow.table(seven)]
    for data in ([{"id": 7, "prediction": 1.0}], *frames_of_seven):
        guard.log_predictions(data, on_conflict="skip")
    assert _stored(tmp_path, "prediction_id") == [("7",)]


def _classes(tmp_path: Path, data: Any) -> list[str]:
    folder = tmp_path / f"m{len(list(tmp_path.iterdir()))}"
    guard = modelguard.init(folder, task="classification", model="m")
    guard.register(b"x", alias="production", version_id="1")
    guard.log_predictions(data, version="1")
    with sqlite3.connect(folder / "modelguard.db") as store:
        found = store.execute("SELECT class FROM prediction ORDER BY prediction_id").fetchall()
    store.close()
    return [row[0] for row in found]


CLASSES: dict[str, list[Any]] = {
    "floats": [1e-5, 1e16, 1.0, 0.1, 0.0001, 123456789012345680.0, 5e-324, -0.0, 1.5e300, -2.5e-7],
    "numpy floats": [numpy.float32(1e-5), numpy.float32(0.1), numpy.float64(1e16)],
    "truth values": [True, False],
    "mixed": [1e-5, 1, "x", False, 2.5, 1e16],
    "decimals": [decimal.Decimal("1.50"), decimal.Decimal("1E+3"), decimal.Decimal(2)],
}


@pytest.mark.parametrize("kind", CLASSES)
def test_a_class_is_the_same_in_dicts_and_in_frames(tmp_path: Path, kind: str) -> None:
    columns = {"id": list("abcdefghij")[: len(CLASSES[kind])], "prediction": CLASSES[kind]}
    from_dicts = _classes(tmp_path, ROADS_OF_OBJECTS["dicts"](columns))
    for road in ("pandas", "polars"):
        assert _classes(tmp_path, ROADS_OF_OBJECTS[road](columns)) == from_dicts, road
    for frame in (pandas.DataFrame(columns), pandas.DataFrame(columns).astype({"prediction": "category"})):
        assert _classes(tmp_path, frame) == from_dicts
    with Logger(tmp_path, every_rows=1000) as log:
        for id, prediction in zip(columns["id"], columns["prediction"], strict=True):
            log(id, prediction)
    file = next(path for path in tmp_path.iterdir() if path.is_file())
    assert _classes(tmp_path, file) == from_dicts


def test_a_column_may_be_named_by_a_number(guard: modelguard.Guard, tmp_path: Path) -> None:
    frame = pandas.DataFrame([["a", 1.0, 7], ["b", 2.0, 8]])
    for data in (frame, frame.to_dict("records"), frame.set_index(0).rename_axis(index=0)):
        guard.log_predictions(data, id=0, prediction=1)
    assert _stored(tmp_path, "prediction_id, value") == [("a", 1.0), ("b", 2.0)]
    assert guard.log_predictions(frame, id=[0, numpy.int64(2)], prediction=1).rows_stored_count == 2
