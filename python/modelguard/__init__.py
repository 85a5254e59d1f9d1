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
    from .results import (
        Action,
        Alert,
        Alerts,
        Attribution,
        Baseline,
        Below,
        Check,
        Compared,
        ComparedMetric,
        ComparedOn,
        Comparison,
        Coverage,
        Delivery,
        Fault,
        Fetched,
        History,
        InboxFile,
        Ingested,
        Initialised,
        Judged,
        LastCheck,
        Log,
        Metric,
        ModelStatus,
        Monitored,
        MonitoredAlert,
        MonitoredModel,
        Operation,
        Period,
        Production,
        Reason,
        ReferenceSample,
        Registered,
        Reject,
        Result,
        Shown,
        Status,
        Switch,
        Tenure,
        TrendPoint,
        Truth,
        Version,
        Window,
    )

    __version__: str

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
    "Action": "results",
    "Alert": "results",
    "Alerts": "results",
    "Attribution": "results",
    "Baseline": "results",
    "Below": "results",
    "Check": "results",
    "Compared": "results",
    "ComparedMetric": "results",
    "ComparedOn": "results",
    "Comparison": "results",
    "Coverage": "results",
    "Delivery": "results",
    "Fault": "results",
    "Fetched": "results",
    "History": "results",
    "InboxFile": "results",
    "Ingested": "results",
    "Initialised": "results",
    "Judged": "results",
    "LastCheck": "results",
    "Log": "results",
    "Metric": "results",
    "ModelStatus": "results",
    "Monitored": "results",
    "MonitoredAlert": "results",
    "MonitoredModel": "results",
    "Operation": "results",
    "Period": "results",
    "Production": "results",
    "Reason": "results",
    "ReferenceSample": "results",
    "Registered": "results",
    "Reject": "results",
    "Result": "results",
    "Shown": "results",
    "Status": "results",
    "Switch": "results",
    "Tenure": "results",
    "TrendPoint": "results",
    "Truth": "results",
    "Version": "results",
    "Window": "results",
}

__all__ = [
    "Action",
    "Alert",
    "Alerts",
    "Attribution",
    "Baseline",
    "Below",
    "Bug",
    "Busy",
    "Check",
    "Compared",
    "ComparedMetric",
    "ComparedOn",
    "Comparison",
    "Coverage",
    "Damaged",
    "Degraded",
    "Delivery",
    "Failed",
    "Fault",
    "Fetched",
    "Guard",
    "History",
    "InboxFile",
    "Ingested",
    "Initialised",
    "Interrupted",
    "Judged",
    "LastCheck",
    "Log",
    "Logger",
    "Metric",
    "ModelStatus",
    "ModelguardError",
    "ModelguardWarning",
    "Monitored",
    "MonitoredAlert",
    "MonitoredModel",
    "NotFound",
    "Operation",
    "Period",
    "Production",
    "Reason",
    "ReferenceSample",
    "Refused",
    "Registered",
    "Reject",
    "Result",
    "RunsCodeWarning",
    "Shown",
    "Status",
    "Switch",
    "Tenure",
    "TrendPoint",
    "Truth",
    "Usage",
    "Version",
    "Window",
    "WrongVersion",
    "__version__",
    "init",
    "open",
]


# Names are loaded when they are first used: a serving process that only logs pays for nothing else.
def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{place}", __name__), name)
    globals()[name] = value
    return value


def _version() -> str:
    metadata = importlib.import_module("importlib.metadata")
    try:
        return metadata.version(__name__)
    except metadata.PackageNotFoundError:
        raise AttributeError(f"{__name__} is not installed, so it has no __version__") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
