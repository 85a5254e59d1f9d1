"""Finds the command and runs it: words in, one JSON document out."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import warnings
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Any

from .errors import BY_EXIT_STATUS, Busy, Failed, ModelguardError, ModelguardWarning, NotFound, Usage

# These come with a document: a verdict, or what was done about it.
_ANSWERS = frozenset({0, 3, 4, 5, 6})
# How long an interrupted command may take to leave, in seconds.
_PATIENCE = 10.0


def binary() -> Path:
    """Says where the command is.

    `MODELGUARD_BINARY` names it; otherwise it is what was installed with this module, or the first on the `PATH`.

    Raises:
        NotFound: there is none.
    """
    named = os.environ.get("MODELGUARD_BINARY")
    if named:
        return Path(named)
    name = "modelguard.exe" if sys.platform == "win32" else "modelguard"
    package = Path(__file__).resolve().parent
    user = f"{os.name}_user" if sys.platform != "darwin" else "posix_user"
    folders = [
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", user) if user in sysconfig.get_scheme_names() else None,
        str(package.parent / "bin"),
    ]
    for folder in folders:
        if folder and (Path(folder) / name).is_file():
            return Path(folder) / name
    found = shutil.which(name)
    if found is None:
        raise NotFound(
            "the modelguard command is not installed beside this module",
            hints=("install the wheel again, which has both, or set MODELGUARD_BINARY to its path",),
        )
    return Path(found)


def run(words: list[str], *, within_s: float | None = None) -> dict[str, Any]:
    """Runs the command and gives its JSON document.

    Args:
        within_s: how long it may take, in seconds, before it is killed, so only for what changes nothing; as long as
            it needs without it.

    Raises:
        ModelguardError: by its exit status; `Busy` where it took too long.
        KeyboardInterrupt: the command was told to stop, and has.
    """
    command = [str(binary()), "--json", "--no-input", "--no-progress", *words]
    process: subprocess.Popen[bytes] | None = None
    try:
        with _interrupts_later():
            process = _started(command)
        stdout, stderr = process.communicate(timeout=within_s)
    except BaseException as error:
        is_late = isinstance(error, subprocess.TimeoutExpired)
        if process is not None:
            _stop(process, patience_s=0.0 if is_late else _PATIENCE)
        if is_late:
            raise Busy(f"the command did not answer within {within_s} s") from None
        raise
    document = _document(stdout)
    if process.returncode in _ANSWERS and document is not None:
        for warning in document.get("warnings", ()):
            warnings.warn(warning["text"], ModelguardWarning, stacklevel=_frames_up())
        return document
    raise _error(process.returncode, document, stderr.decode(errors="replace"))


def _started(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        # In a session of its own, so that a Ctrl-C at a terminal reaches it through this process and only once: a
        # second one would kill it.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise Failed(f"{command[0]} can't be run", causes=(str(error),)) from error
    except ValueError as error:
        # A NUL, or half of a pair of surrogates.
        broken = next((word for word in command if "\0" in word or not word.isprintable()), "")
        raise Usage(f"no command can be told {ascii(broken)}", causes=(str(error),)) from error


@contextlib.contextmanager
def _interrupts_later() -> Generator[None]:
    """Keeps a Ctrl-C until the block ends: one between the start of a process and knowing it would leave it running."""
    former = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(former):
        yield
        return
    kept: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: kept.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
        if kept:
            former(*kept[-1])


def _stop(process: subprocess.Popen[bytes], patience_s: float) -> None:
    """Interrupts the command as Ctrl-C would and waits until it has left; a second Ctrl-C does not wait."""
    with process:
        if process.poll() is not None:
            return
        if patience_s <= 0.0:
            process.kill()
            return
        try:
            process.send_signal(signal.CTRL_C_EVENT if sys.platform == "win32" else signal.SIGINT)
            process.communicate(timeout=patience_s)
        except BaseException as error:
            process.kill()
            process.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise


def _frames_up() -> int:
    """How far up the caller of this module is, so that a warning names the user's line."""
    here = str(Path(__file__).resolve().parent)
    frame, depth = sys._getframe(1), 1  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame, depth = frame.f_back, depth + 1
    return depth


def _document(text: bytes) -> dict[str, Any] | None:
    lines = text.decode(errors="replace").strip().splitlines()
    return _object(lines[-1]) if lines else None


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType]


def _error(status: int, document: dict[str, Any] | None, stderr: str) -> ModelguardError:
    lines = [line for line in stderr.strip().splitlines() if line.strip()]
    said = next((found for line in reversed(lines) if (found := _object(line))), None)
    kind = BY_EXIT_STATUS.get(status, ModelguardError)
    if said is None or "message" not in said:
        ended = f"signal {-status}" if status < 0 else f"exit status {status}"
        if document is not None:
            from .results import decode_any

            message = f"the command ended with {ended}"
            return kind(message, exit_code=status, result=decode_any(document))
        return kind(f"the command ended with {ended}", causes=tuple(lines[-3:]), exit_code=status)
    return kind(
        said["message"],
        code=said.get("code", ""),
        causes=tuple(said.get("causes", ())),
        hints=tuple(said.get("hints", ())),
        exit_code=status,
        details=said.get("details"),
    )
