"""Keeps every version of a model, notices when the live one becomes worse, and puts the better one back.

    import modelguard

    guard = modelguard.open("churn/")
    guard.log_predictions(frame, id="customer_id", prediction="y_pred", time="scored_at")
    guard.log_truth(labels, id="customer_id", truth="churned")
    guard.check()

The work is done by the `modelguard` command that is installed with this module; its JSON is all that is read of it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import (
        Bug,
        Busy,
        Damaged,
        Degraded,
        Failed,
        Interrupted,
        ModelguardError,
        ModelguardWarning,
        NotFound,
        Refused,
        RunsCodeWarning,
        Usage,
        WrongVersion,
    )
    from .guard import Guard, init, open
    from .logger import Logger

_PLACES = {
    "Guard": "guard",
    "init": "guard",
    "open": "guard",
    "Logger": "logger",
    "Bug": "errors",
    "Busy": "errors",
    "Damaged": "errors",
    "Degraded": "errors",
    "Failed": "errors",
    "Interrupted": "errors",
    "ModelguardError": "errors",
    "ModelguardWarning": "errors",
    "NotFound": "errors",
    "Refused": "errors",
    "RunsCodeWarning": "errors",
    "Usage": "errors",
    "WrongVersion": "errors",
}

__all__ = [
    "Bug",
    "Busy",
    "Damaged",
    "Degraded",
    "Failed",
    "Guard",
    "Interrupted",
    "Logger",
    "ModelguardError",
    "ModelguardWarning",
    "NotFound",
    "Refused",
    "RunsCodeWarning",
    "Usage",
    "WrongVersion",
    "init",
    "open",
]


# Names are loaded when they are first used: a serving process that only logs pays for nothing else.
def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{place}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
