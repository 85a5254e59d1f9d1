"""Fitted objects, bytes and paths: what is registered comes back."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pandas
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

import modelguard
from modelguard import _process


@pytest.mark.parametrize("saved_with", ["joblib", "skops"])
def test_a_fitted_object_comes_back_and_predicts_the_same(guard: modelguard.Guard, saved_with: str) -> None:
    features, target = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=1000).fit(features, target)
    registered = guard.register(model, format=saved_with, metrics={"accuracy": model.score(features, target)})
    assert guard.show(registered.version).file_name == f"model.{saved_with}"
    loaded = guard.load(registered.version, trusted=True)
    assert (loaded.predict(features) == model.predict(features)).all()


def test_loading_a_pickle_says_that_it_runs_code(guard: modelguard.Guard) -> None:
    registered = guard.register(LogisticRegression(), format="joblib")
    with pytest.warns(modelguard.RunsCodeWarning, match="runs the code"):
        guard.load(registered.version)


def test_only_what_this_module_saved_is_loaded(guard: modelguard.Guard) -> None:
    with pytest.raises(modelguard.Usage, match="was not saved by this module"):
        guard.load()


def test_what_can_not_be_saved_is_said(guard: modelguard.Guard) -> None:
    with pytest.raises(modelguard.Usage, match="can't be saved with joblib"):
        guard.register(threading.Lock())


def test_paths_folders_and_bytes_come_back(guard: modelguard.Guard, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.bin").write_bytes(bytes(range(256)))
    folder = guard.register(tmp_path / "model", tags={"git": "abc"}, params={"depth": 6}, note="a folder")
    out = guard.fetch(folder.version, tmp_path / "out")
    assert (out / "weights.bin").read_bytes() == bytes(range(256))
    shown = guard.show(folder.version)
    assert (shown.tags, shown.params, shown.note) == ({"git": "abc"}, {"depth": "6"}, "a folder")
    raw = guard.register(b"\x00\x01", file_name="m.bin")
    assert guard.fetch(raw.version, tmp_path / "m.bin").read_bytes() == b"\x00\x01"
    assert not guard.register(b"\x00\x01", file_name="m.bin").created


@pytest.mark.parametrize("name", ["/PATH/mine", "../mine", "a/b", "a\\b", "", "..", "c:x"])
def test_a_file_name_is_a_bare_name_and_overwrites_nothing(guard: modelguard.Guard, tmp_path: Path, name: str) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    with pytest.raises(modelguard.Usage, match="no bare name"):
        guard.register(b"bytes", file_name=name.replace("/PATH", str(tmp_path)))
    assert mine.read_text() == "mine"
    with pytest.raises(modelguard.Usage, match="under its own name"):
        guard.register(mine, file_name="other")


def test_how_a_version_was_saved_can_not_be_claimed(guard: modelguard.Guard) -> None:
    for kind in ("tags", "params"):
        with pytest.raises(modelguard.Usage, match="saved_with"):
            guard.register(b"a pickle of somebody", **{kind: {"saved_with": "joblib"}})
    registered = guard.register(b"a pickle of somebody")
    _process.run(["-C", str(guard.directory), "tag", registered.version, "saved_with=joblib"])
    with pytest.raises(modelguard.Usage, match="was not saved by this module"):
        guard.load(registered.version, trusted=True)


@pytest.mark.parametrize("model", [None, dict, io.BytesIO(b"x"), pandas.DataFrame({"a": [1]}), pandas.Series([1])])
def test_what_is_no_model_is_refused(guard: modelguard.Guard, model: object) -> None:
    with pytest.raises(modelguard.Usage, match="is no model"):
        guard.register(model)
