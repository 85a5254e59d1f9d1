"""A buffer for a serving process: rows go into files that are renamed into the inbox."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import sys
import threading
import warnings
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

from .errors import Failed, ModelguardWarning
from .frames import plain

StrPath = str | os.PathLike[str]


class Logger:
    """Collects predictions and writes them into the inbox, a file for every `every_rows` rows or `every_seconds`.

        with guard.logger() as log:
            log(request_id, prediction)

    Calling it only adds a line to a list in memory: it never waits for the disk. A thread writes; each file gets its name by
    a rename once it is complete and synced, so that `modelguard monitor` never sees half of one.

    `close`, the end of the `with` block and a normal exit of the interpreter write what is left. **A kill or a power
    cut loses the rows that were not written yet** (`waiting_count`): at most `every_rows` rows or `every_seconds`,
    while the disk keeps up.

    A file that can't be written (disk full) stays in memory and is tried again; `close` raises if it still can't be.
    """

    def __init__(self, inbox: StrPath, *, every_rows: int = 1000, every_seconds: float = 60.0) -> None:
        if every_rows < 1 or every_seconds <= 0:
            raise ValueError("every_rows is at least 1 and every_seconds above 0")
        self.inbox = Path(inbox).absolute()
        self.every_rows = every_rows
        self.every_seconds = every_seconds
        self._rows: deque[bytes] = deque()
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._closed = False
        self._sequence = 0
        self._pid = os.getpid()
        self._began = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%f")
        self._warned = False
        self.inbox.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._run, name="modelguard-logger", daemon=True)
        self._thread.start()
        self._close_at_exit()

    def __call__(
        self,
        id: object,
        prediction: object,
        *,
        time: datetime | None = None,
        proba: Mapping[str, float] | None = None,
        truth: object = None,
        version: str | None = None,
    ) -> None:
        """Adds one row.

        Args:
            id: text or a whole number; it becomes text.
            prediction: a number or a class; `None` or NaN is a prediction that failed.
            time: when it was made; now without it. Without a zone: UTC.
            proba: class probabilities, by class.
            truth: what turned out true, if it is known.
            version: the version that predicted; else who was live at `time`.

        Raises:
            ValueError: the logger is closed, or this can be no row: no id, a float as id, a list as a value.
        """
        if self._closed:
            raise ValueError("the logger is closed")
        if os.getpid() != self._pid:
            self._after_fork()
        moment = datetime.now(timezone.utc) if time is None else time
        row: dict[str, Any] = {"id": id, "predicted_at": moment, "prediction": prediction}
        if proba:
            row.update({f"proba_{label}": value for label, value in proba.items()})
        if truth is not None:
            row["truth"] = truth
        if version is not None:
            row["version"] = version
        self._rows.append(_line(row))
        if self._closed:
            # Closed meanwhile by another thread: nobody else would write this row.
            self.flush()
        elif len(self._rows) >= self.every_rows:
            self._wake.set()

    @property
    def waiting_count(self) -> int:
        """Rows that are in memory only: what a kill would lose now."""
        return len(self._rows)

    def flush(self) -> None:
        """Writes what is in memory and waits until it is on the disk.

        Raises:
            Failed: it can't be written; the rows stay in memory.
        """
        if os.getpid() != self._pid:
            self._after_fork()
        with self._writing:
            while self._rows:
                batch = [self._rows[index] for index in range(min(len(self._rows), self.every_rows))]
                try:
                    self._write(batch)
                except OSError as error:
                    raise Failed(f"{self.inbox} can't be written", causes=(str(error),)) from error
                for _ in batch:
                    self._rows.popleft()

    def close(self) -> None:
        """Writes what is left and ends. Twice is as once.

        Raises:
            Failed: it can't be written; the rows stay in memory, and the next `close` tries again.
        """
        if self._closed and not self._rows:
            return
        self._closed = True
        self._wake.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        if os.getpid() == self._pid:
            self.flush()
        atexit.unregister(self.close)

    def __enter__(self) -> Logger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait(self.every_seconds)
            self._wake.clear()
            try:
                self.flush()
                self._warned = False
            except Failed as error:
                if not self._warned:
                    self._warned = True
                    # Where warnings are errors, nobody would catch this one, and the rows would wait for ever.
                    with contextlib.suppress(ModelguardWarning):
                        text = f"{error}; {len(self._rows)} rows wait in memory"
                        warnings.warn(text, ModelguardWarning, stacklevel=1)
                # A full disk is not asked again at once.
                threading.Event().wait(min(self.every_seconds, 1.0))

    def _after_fork(self) -> None:
        """A child has its parent's rows, which the parent will write, and no thread."""
        self._rows.clear()
        self._pid = os.getpid()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="modelguard-logger", daemon=True)
        self._thread.start()
        self._close_at_exit()

    def _close_at_exit(self) -> None:
        atexit.unregister(self.close)
        atexit.register(self.close)
        # What multiprocessing forked ends without what is registered with atexit.
        if "multiprocessing.process" in sys.modules:
            from multiprocessing import process, util

            if process.parent_process() is not None:
                util.Finalize(None, self.close, exitpriority=0)

    def _write(self, rows: list[bytes]) -> None:
        self._sequence += 1
        name = f"predictions-{self._began}-{self._pid}-{self._sequence:06}.jsonl"
        temporary = self.inbox / f".{name}.tmp"
        try:
            with temporary.open("wb") as file:
                file.write(b"".join(rows))
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(self.inbox / name)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        _sync(self.inbox)


def _line(row: dict[str, Any]) -> bytes:
    """One line of a file. What would have the whole file refused is refused here, where its caller is known."""
    cells = {name: plain(value) for name, value in row.items()}
    for name, value in cells.items():
        if isinstance(value, (list, dict)):
            raise ValueError(f"{name} is no single value: {value!r}")
    id = cells["id"]
    if id is None or not str(id).strip():
        raise ValueError("the id is empty")
    if isinstance(id, float):
        raise ValueError(f"the id {id!r} is a float: it would never meet the truth of {id:.0f}")
    # An id is text: 7 and "7" are the same customer.
    cells["id"] = str(id)
    return (json.dumps(cells, ensure_ascii=False) + "\n").encode()


def _sync(folder: Path) -> None:
    """Makes the new name durable; Windows has no such call."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
