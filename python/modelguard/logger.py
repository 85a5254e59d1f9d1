"""A buffer for a serving process: rows go into files that get their names in the inbox once they are complete."""

from __future__ import annotations

import atexit
import contextlib
import errno
import json
import os
import queue
import sys
import threading
import time as clock
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, cast

from . import _reading
from ._values import plain, text, why_no_id
from .errors import Failed, ModelguardWarning, NotFound

StrPath = str | os.PathLike[str]
# The keys of a row, and its line.
_Row = tuple[tuple[str, ...], str]
_Read = TypeVar("_Read")
# Where a file system has no second names for a file.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.EXDEV})


class Logger:
    """Collects predictions and writes them into the inbox, a file for every `every_rows` rows or `every_seconds`.

        with guard.logger() as log:
            log(request_id, prediction)

    Calling it only adds a line in memory: it never waits for the disk. A thread writes; each file gets its name once
    it is complete and synced, so that `modelguard monitor` never sees half of one. Rows that have other columns (with
    and without a truth) go into files of their own.

    `close`, the end of the `with` block and a normal exit of the interpreter write what is left. **A kill or a power
    cut loses the rows that were not written yet** (`waiting_count`): at most `every_rows` rows or `every_seconds`,
    while the disk keeps up.

    A file that can't be written (disk full) stays in memory and is tried again; `close` raises if it still can't be,
    and may be called again.

    Args:
        inbox: the folder, which has to be there: a mistyped one would stay empty for ever.
        columns: the policy's `[columns]` by field, where it has some; `guard.logger()` gives them.
        task: `regression` refuses what is no number when it is logged, and not when its file is taken in;
            `guard.logger()` gives it.

    Raises:
        NotFound: there is no such folder.
    """

    def __init__(
        self,
        inbox: StrPath,
        *,
        every_rows: int = 1000,
        every_seconds: float = 60.0,
        columns: Mapping[str, str] | None = None,
        task: str | None = None,
    ) -> None:
        if every_rows < 1 or not 0 < every_seconds <= threading.TIMEOUT_MAX:
            raise ValueError("every_rows is at least 1 and every_seconds above 0")
        self.inbox = Path(inbox).absolute()
        if not self.inbox.is_dir():
            raise NotFound(f"there is no folder {self.inbox}", hints=(f"`mkdir {self.inbox}`",))
        self.every_rows = every_rows
        self.every_seconds = every_seconds
        self._names = _Names(columns or {}, is_number=task == "regression")
        self._warned = False
        self._closed = False
        self._start()
        _LOGGERS.add(self)

    def _start(self) -> None:
        """What a process has of its own."""
        self._rows: deque[_Row] = deque()
        # Held for moments: while rows are added or taken. A signal handler may log while its own thread does.
        self._adding = threading.RLock()
        # Held while a file is written.
        self._writing = threading.Lock()
        self._closing = threading.Lock()
        # An event would be stuck where a signal handler sets it while its own thread does; this may be entered again.
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._taking = not self._closed
        self._sequence = 0
        self._pid = os.getpid()
        self._began = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%f")
        self._thread: threading.Thread | None = None

    def __call__(
        self,
        id: object,
        prediction: object,
        *,
        time: datetime | None = None,
        proba: Mapping[Any, float] | None = None,
        truth: object = None,
        version: str | None = None,
    ) -> None:
        """Adds one row.

        Args:
            id: a text or a whole number, which becomes text; several in a tuple where the policy joins columns.
            prediction: a number or a class; `None` or NaN is a prediction that failed.
            time: when it was made; now without it. Without a zone: UTC.
            proba: class probabilities, by class.
            truth: what turned out true, if it is known.
            version: the version that predicted; else who was live at `time`.

        Raises:
            ValueError: the logger is closed, or this row is none: no other row is touched by it.
        """
        moment = datetime.now(timezone.utc) if time is None else time
        cells = self._names.row(id, prediction, moment, proba, truth, version)
        row = (tuple(cells), json.dumps(cells, ensure_ascii=False, allow_nan=False) + "\n")
        with self._adding:
            if not self._taking:
                raise ValueError("the logger is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="modelguard-logger", daemon=True)
                self._thread.start()
                self._close_at_exit()
            self._rows.append(row)
            if len(self._rows) >= self.every_rows and self._wake.empty():
                self._wake.put(None)

    @property
    def waiting_count(self) -> int:
        """Rows that are in memory only: what a kill would lose now."""
        return len(self._rows)

    def flush(self) -> None:
        """Writes what is in memory now and waits until it is on the disk.

        Raises:
            Failed: it can't be written; the rows stay in memory.
        """
        with self._writing:
            left = len(self._rows)
            while left > 0:
                left -= self._write_first(min(left, self.every_rows))

    def close(self) -> None:
        """Writes what is left and ends. Twice is as once.

        Raises:
            Failed: it can't be written; the logger stays open, and closing it can be tried again.
        """
        with self._closing:
            if self._closed:
                return
            with self._adding:
                self._taking = False
            try:
                self.flush()
            except BaseException:
                self._taking = True
                raise
            self._closed = True
            self._wake.put(None)
            if self._thread is not None and self._thread is not threading.current_thread():
                self._thread.join()
            atexit.unregister(self.close)

    def __enter__(self) -> Logger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _close_at_exit(self) -> None:
        atexit.unregister(self.close)
        atexit.register(self.close)
        # What multiprocessing forked ends without what is registered with atexit.
        if "multiprocessing.process" in sys.modules:
            from multiprocessing import process, util

            if process.parent_process() is not None:
                util.Finalize(None, self.close, exitpriority=0)

    def _run(self) -> None:
        due = clock.monotonic() + self.every_seconds
        while not self._closed:
            with contextlib.suppress(queue.Empty):
                self._wake.get(timeout=max(0.0, due - clock.monotonic()))
            is_due = clock.monotonic() >= due
            if is_due:
                due = clock.monotonic() + self.every_seconds
            try:
                self._write_whole()
                if is_due:
                    self.flush()
                self._warned = False
            except Exception as error:
                self._warn(error)
                # A full disk is not asked again at once, nor only when the next row comes.
                threading.Event().wait(min(self.every_seconds, 1.0))
                due = min(due, clock.monotonic() + 1.0)

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            said = f"{error}; {len(self._rows)} rows wait in memory"
            # Where warnings are errors this one must not end the thread.
            with contextlib.suppress(ModelguardWarning):
                warnings.warn(said, ModelguardWarning, stacklevel=1)

    def _write_whole(self) -> None:
        """Writes as long as a whole file's rows wait."""
        with self._writing:
            while len(self._rows) >= self.every_rows:
                self._write_first(self.every_rows)

    def _write_first(self, count: int) -> int:
        """Writes the first rows, a file for each set of columns, and gives how many they were."""
        rows = list(islice(self._rows, count))
        files: dict[tuple[str, ...], list[str]] = {}
        for keys, line in rows:
            files.setdefault(keys, []).append(line)
        written: set[tuple[str, ...]] = set()
        try:
            for keys, lines in files.items():
                self._write(lines)
                written.add(keys)
        except OSError as error:
            raise Failed(f"{self.inbox} can't be written", causes=(str(error),)) from error
        finally:
            if written:
                with self._adding:
                    for _ in rows:
                        self._rows.popleft()
                    self._rows.extendleft(row for row in reversed(rows) if row[0] not in written)
        return count

    def _write(self, lines: list[str]) -> None:
        while True:
            self._sequence += 1
            name = f"predictions-{self._began}-{self._pid}-{self._sequence:06}.jsonl"
            temporary = self.inbox / f".{name}.tmp"
            # A name that is taken is somebody else's: another machine's, on a shared disk.
            with contextlib.suppress(FileExistsError):
                file = temporary.open("x", encoding="utf-8")
                try:
                    with file:
                        file.writelines(lines)
                        file.flush()
                        os.fsync(file.fileno())
                    _name(temporary, self.inbox / name)
                finally:
                    temporary.unlink(missing_ok=True)
                break
        _sync(self.inbox)


class _Names:
    """Under which names the fields of a row are written: those that the command looks for."""

    def __init__(self, columns: Mapping[str, str], *, is_number: bool) -> None:
        self._is_number = is_number
        self._ids = columns.get("id", "id").split("+")
        self._time = columns.get("time", "predicted_at")
        self._prediction = columns.get("prediction", "prediction")
        self._truth = columns.get("truth", "truth")
        self._truth_time = columns.get("truth_time")
        self._version = columns.get("version", "version")
        prefix = "proba."
        self._proba = {key.removeprefix(prefix): column for key, column in columns.items() if key.startswith(prefix)}
        self._score = columns.get("score")
        self._score_of = columns.get("positive") if columns.get("score_is") == "positive" else None
        # What the policy names has to be there in every file.
        named = [columns["version"]] if "version" in columns else []
        self._always = (*named, *self._proba.values(), *([self._score] if self._score else []))

    def row(
        self,
        id: object,
        prediction: object,
        moment: object,
        proba: Mapping[Any, float] | None,
        truth: object,
        version: str | None,
    ) -> dict[str, Any]:
        """The cells of one row.

        Raises:
            ValueError: one of them is no value.
        """
        cells: dict[str, Any] = dict(zip(self._ids, self._id_values(id), strict=True))
        cells[self._time] = _value("time", moment)
        if cells[self._time] is None:
            raise ValueError("time: a moment that is missing is none")
        _check("time", _reading.check_time, cells[self._time])
        predicted = cells[self._prediction] = _value("prediction", prediction)
        if self._is_number:
            _check("prediction", _reading.number, predicted)
        cells.update(dict.fromkeys(self._always))
        cells.update(self._probabilities(proba or {}, prediction, is_read=not _reading.is_failed(predicted)))
        if truth is not None:
            known = cells[self._truth] = _value("truth", truth)
            _check("truth", lambda value: _reading.check_truth(value, is_number=self._is_number), known)
            if self._truth_time is not None:
                # Where it is named it has to be there; empty is the moment in which the file is taken in.
                cells[self._truth_time] = None
        if version is not None:
            cells[self._version] = _value("version", version)
        return cells

    def _probabilities(self, proba: Mapping[Any, float], prediction: object, *, is_read: bool) -> dict[str, Any]:
        cells: dict[str, Any] = {}
        total = 0.0
        for label, value in proba.items():
            column = self._column_of(str(label), prediction)
            if column is None:
                continue
            field = f"proba of {label}"
            cell = cells[text(column)] = _value(field, value)
            if is_read:
                total += _check(field, _reading.probability, cell)
        if total > _reading.MOST_OF_ALL_CLASSES:
            raise ValueError(f"proba: the probabilities of all classes add up to {total:.3f}")
        return cells

    def _id_values(self, id: object) -> list[str]:
        parts: list[object] = [id]
        if len(self._ids) > 1:
            parts = list(cast("tuple[object, ...]", id)) if isinstance(id, (tuple, list)) else []
            if len(parts) != len(self._ids):
                raise ValueError(f"id: the policy joins {' and '.join(self._ids)}; give a tuple of as many")
        return [_id(part) for part in parts]

    def _column_of(self, label: str, prediction: object) -> str | None:
        if self._score is not None:
            # One probability a row: the positive class's or the predicted one's.
            return self._score if label == (self._score_of or str(prediction)) else None
        if self._proba and label not in self._proba:
            raise ValueError(f"proba: the policy names no column for {label!r}")
        return self._proba.get(label, f"proba_{label}")


def _value(field: str, value: object) -> Any:
    try:
        written = plain(value)
    except Exception as error:
        raise ValueError(f"{field}: {error}") from error
    if isinstance(written, (list, dict)):
        raise ValueError(f"{field}: a {type(value).__name__} is no value")
    _check(field, _reading.check_text, written)
    return written


def _check(field: str, read: Callable[[Any], _Read], value: Any) -> _Read:
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"{field}: {error}") from None


def _id(value: object) -> str:
    why = why_no_id(value)
    if why is not None:
        raise ValueError(f"id: {why} is no id; it is text or a whole number")
    written = _value("id", value)
    if written is None or not str(written).strip():
        raise ValueError("id: a row has to have one")
    # 7 and "7" are the same customer.
    return str(written)


def _name(temporary: Path, final: Path) -> None:
    """Gives a file its name, and nothing if that is taken.

    Raises:
        FileExistsError: it is.
    """
    try:
        if os.name == "posix":
            os.link(temporary, final)
            return
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if final.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final)) from error
    temporary.rename(final)


def _sync(folder: Path) -> None:
    """Makes the new name durable; Windows has no such call."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_LOGGERS: weakref.WeakSet[Logger] = weakref.WeakSet()


def _after_fork() -> None:
    """A child has its parent's rows, which the parent will write, its locks, whoever held them, and no thread."""
    for logger in _LOGGERS:
        logger._start()  # pyright: ignore[reportPrivateUsage]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
