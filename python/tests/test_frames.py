"""The same rows by every road: frames, tables, files give the same stored rows and the same metrics."""

from __future__ import annotations

import csv
import datetime
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
        ([{"id": "\ud800", "prediction": 1.0}], "row 1 can't be written"),
    ):
        with pytest.raises(modelguard.Usage, match=words):
            guard.log_predictions(data)
