"""Turns a fitted object into a file and back.

`joblib` writes a pickle, so loading one runs code that is stored in it; `skops` keeps to types that it knows.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

from .errors import RunsCodeWarning, Usage

# What marks a version as written here, so that `load` knows what it reads: a parameter, since tags can be changed.
PARAM = "saved_with"
FORMATS = ("joblib", "skops")


@contextlib.contextmanager
def as_path(model: Any, file_format: str | None, name: str | None) -> Generator[tuple[Path, dict[str, str]]]:
    """Gives a path that holds the model, and the parameters that say how it was written.

    Raises:
        Usage: the object can't be saved, or the library for it is not installed, or the name is no bare one.
    """
    if name is not None:
        _check_name(model, name)
    if isinstance(model, (str, os.PathLike)):
        if file_format is not None:
            raise Usage("a path is stored as it is: `format` is for fitted objects")
        yield Path(model), {}  # pyright: ignore[reportUnknownArgumentType]
        return
    with tempfile.TemporaryDirectory(prefix="modelguard-") as folder:
        if isinstance(model, (bytes, bytearray, memoryview)):
            if file_format is not None:
                raise Usage("bytes are stored as they are: `format` is for fitted objects")
            path = Path(folder) / (name or "model.bin")
            path.write_bytes(bytes(cast("bytes", model)))
            yield path, {}
            return
        _check_fitted(model)
        file_format = file_format or "joblib"
        path = Path(folder) / (name or f"model.{file_format}")
        _save(model, path, file_format)
        yield path, {PARAM: file_format}


def _check_name(model: Any, name: str) -> None:
    if isinstance(model, (str, os.PathLike)):
        raise Usage("a path is stored under its own name: `file_name` is for bytes and fitted objects")
    # Of either system, so that a project means the same on both.
    if not name or name in (".", "..") or any(part in name for part in ("/", "\\", ":", "\0")):
        raise Usage(f"{name!r} is no bare name of a file", hints=('as "model.bin", without a folder',))


def _check_fitted(model: Any) -> None:
    """Refuses what joblib would save without a word, and what nobody means by a model."""
    kind = type(model).__name__
    if model is None or isinstance(model, type):
        what = "None" if model is None else f"the class {model.__name__}"
        raise Usage(f"{what} is no model", hints=("give the fitted object, a path, or bytes",))
    if isinstance(model, io.IOBase):
        raise Usage(f"a {kind} is no model", hints=("give what is in it: `file.read()`",))
    if type(model).__module__.split(".")[0] in ("pandas", "polars", "pyarrow"):
        raise Usage(f"a {kind} is no model", hints=("rows are given as `reference=`",))


def _save(model: Any, path: Path, file_format: str) -> None:
    library = _library(file_format)
    try:
        library.dump(model, path)
    except Exception as error:
        raise Usage(
            f"a {type(model).__name__} can't be saved with {file_format}",
            causes=(f"{type(error).__name__}: {error}".splitlines()[0],),
            hints=('save it yourself and register the file: `guard.register("model.bin")`',),
        ) from error


def load(path: Path, file_format: str | None, *, trusted: bool) -> Any:
    """Reads an object that `as_path` wrote.

    Raises:
        Usage: it was written by something else, or it has types that skops does not know.
    """
    if file_format not in FORMATS:
        raise Usage(
            f"{path.name} was not saved by this module, so it does not know how to load it",
            hints=("`guard.fetch(ref)` gives its path",),
        )
    library = _library(file_format)
    if file_format == "joblib":
        if not trusted:
            warnings.warn(
                "loading a joblib file runs the code that is stored in it: load only what you registered yourself "
                "(trusted=True says so and ends this warning)",
                RunsCodeWarning,
                stacklevel=3,
            )
        return library.load(path)
    unknown = library.get_untrusted_types(file=path)
    if unknown and not trusted:
        raise Usage(
            f"{path.name} has types that skops does not know: {', '.join(unknown)}",
            hints=("look at them; trusted=True loads them",),
        )
    return library.load(path, trusted=unknown)


def _library(file_format: str) -> Any:
    if file_format == "joblib":
        with contextlib.suppress(ImportError):
            import joblib  # pyright: ignore[reportMissingTypeStubs]

            return joblib
    elif file_format == "skops":
        with contextlib.suppress(ImportError):
            import skops.io  # pyright: ignore[reportMissingTypeStubs]

            return skops.io
    else:
        raise Usage(f"format {file_format!r} is none of {', '.join(FORMATS)}")
    raise Usage(
        f"a fitted object is saved with {file_format}, which is not installed",
        hints=(f"`pip install {file_format}`, or save it yourself and register the file",),
    )
