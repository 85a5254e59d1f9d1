"""Finds the command and runs it: words in, one JSON document out."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import warnings
from pathlib import Path
from typing import Any

from .errors import BY_EXIT_STATUS, Failed, ModelguardError, ModelguardWarning, NotFound

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
            hints=("`pip install --force-reinstall modelguard`, or set MODELGUARD_BINARY to its path",),
        )
    return Path(found)


def run(words: list[str]) -> dict[str, Any]:
    """Runs the command and gives its JSON document.

    Raises:
        ModelguardError: by its exit status.
        KeyboardInterrupt: the command was told to stop, and has.
    """
    command = [str(binary()), *words, "--json", "--no-input", "--no-progress"]
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise Failed(f"{command[0]} can't be run", causes=(str(error),)) from error
    try:
        stdout, stderr = process.communicate()
    except BaseException:
        _stop(process)
        raise
    document = _document(stdout)
    if process.returncode in _ANSWERS and document is not None:
        for warning in document.get("warnings", ()):
            warnings.warn(warning["text"], ModelguardWarning, stacklevel=_frames_up())
        return document
    raise _error(process.returncode, document, stderr.decode(errors="replace"))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Interrupts the command as Ctrl-C would and waits until it has left."""
    if process.poll() is None:
        process.send_signal(signal.CTRL_C_EVENT if sys.platform == "win32" else signal.SIGINT)
        try:
            process.communicate(timeout=_PATIENCE)
        except BaseException as error:
            # Too slow, or interrupted once more: it is not left behind.
            process.kill()
            process.communicate()
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
