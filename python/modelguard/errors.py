"""What goes wrong, by exit status. A verdict is never one of these unless the caller asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .results import Result


class ModelguardError(Exception):
    """A command failed; nothing was half done.

    Attributes:
        code: the error's code, as `MG0203`; `modelguard help MG0203` explains it. Empty where there is none.
        causes: the nearest first.
        hints: what to do about it.
        exit_code: the exit status of the command; `None` where no command ran.
        details: the rows that are to blame, where rows are.
        result: the document that the command printed all the same, or `None`.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        causes: tuple[str, ...] = (),
        hints: tuple[str, ...] = (),
        exit_code: int | None = None,
        details: dict[str, Any] | None = None,
        result: Result | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.causes = causes
        self.hints = hints
        self.exit_code = exit_code
        self.details = details or {}
        self.result = result

    def __str__(self) -> str:
        lines = [self.message]
        lines += [f"  cause: {cause}" for cause in self.causes]
        lines += [f"   hint: {hint}" for hint in self.hints]
        if self.code:
            lines.append(f"   code: {self.code}")
        return "\n".join(lines)


class Failed(ModelguardError):
    """The work could not be done: a file, the disk, SQL, a required notification (exit status 1)."""


class Usage(ModelguardError):
    """Something was asked for wrongly, or a file has bad content (exit status 2)."""


class Refused(ModelguardError):
    """A rule forbids it; nothing was changed (exit status 3)."""


class Degraded(ModelguardError):
    """The verdict, where `raise_if_degraded` made it an exception. `result` has the numbers."""


class NotFound(ModelguardError):
    """There is no such store, model, version, alias or batch, or nothing to go back to (exit status 10)."""


class Busy(ModelguardError):
    """Another process writes to the store (exit status 11). Trying again is safe."""


class Damaged(ModelguardError):
    """The store, an artifact or the log is not what it was (exit status 12)."""


class WrongVersion(ModelguardError):
    """The store or the policy needs another modelguard (exit status 13)."""


class Interrupted(ModelguardError):
    """A signal ended the command (exit status 130 or 143). What was not committed did not happen."""


class Bug(ModelguardError):
    """An internal error of modelguard (exit status 70)."""


class ModelguardWarning(UserWarning):
    """Something that a command did not stop at: times without a zone, a label never seen before."""


class RunsCodeWarning(ModelguardWarning):
    """Loading this object runs code that is stored in it."""


BY_EXIT_STATUS: dict[int, type[ModelguardError]] = {
    1: Failed,
    2: Usage,
    3: Refused,
    6: Refused,
    10: NotFound,
    11: Busy,
    12: Damaged,
    13: WrongVersion,
    70: Bug,
    130: Interrupted,
    143: Interrupted,
}
