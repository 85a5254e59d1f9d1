"""What the commands answer, typed. The fields are the keys of the command's JSON (docs/json.md).

The end of a name is its unit: `_at` (an aware `datetime` in UTC), `_s`, `_ms`, `_bytes`, `_count`, `_pct` (0 to 100),
`_ratio` (0 to 1); `value`, `ci_low` and `ci_high` are in the unit of the metric beside them. Unknown is `None`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from . import _tables
from ._decode import decode

if TYPE_CHECKING:
    import pandas  # pyright: ignore[reportMissingTypeStubs]

R = TypeVar("R", bound="type[Result]")
_BY_SCHEMA: dict[str, type[Result]] = {}

Verdict = Literal["healthy", "degraded", "insufficient_data"]
# What says most about an answer in one line.
_TELLING = (
    *("model", "version", "verdict", "overall", "alias", "from_version", "to_version", "created", "changed", "dry_run"),
    *("rows_stored_count", "truth_joined_count", "total_count", "path"),
)


def _answers(*commands: str) -> Callable[[R], R]:
    """Marks the class of a command's document."""

    def mark(kind: R) -> R:
        for command in commands:
            _BY_SCHEMA[f"modelguard.{command}/1"] = kind
        # In place of the one of `dataclass`, which has every field of every row.
        setattr(kind, "__repr__", Result.__repr__)  # noqa: B010
        return kind

    return mark


class Result:
    """The answer of one command."""

    _document: dict[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        """The whole JSON document, with its envelope."""
        return self._document

    @property
    def exit_code(self) -> int:
        """The exit status of the command: 0, or 3, 4, 5, 6 where a verdict or what was done says so."""
        return int(self._document["exit_code"])

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(warning["text"] for warning in self._document["warnings"])

    def __repr__(self) -> str:
        said = [f"{name}={getattr(self, name)!r}" for name in _TELLING if getattr(self, name, None) is not None]
        models: tuple[Any, ...] = getattr(self, "models", ())
        said += [f"models={[one.model for one in models]!r}"] if models else []
        return f"{type(self).__name__}({', '.join(said)})"

    def _repr_html_(self) -> str:
        from ._html import page

        return page(self)


def decode_any(document: dict[str, Any]) -> Result:
    """Builds the typed answer of a document; a plain `Result` for a command that has no class of its own."""
    kind = _BY_SCHEMA.get(document["schema"], Result)
    result = decode(kind, document["data"] or {}) if is_dataclass(kind) else kind()
    object.__setattr__(result, "_document", document)
    return result


@dataclass(frozen=True)
class Reason:
    """Why a verdict is what it is. `code` is the word to branch on."""

    code: str
    text: str
    have_count: float | None
    need_count: float | None
    since_at: datetime | None


@dataclass(frozen=True)
class Baseline:
    """What a metric is compared with."""

    value: float | None
    ci_low: float | None
    ci_high: float | None
    rows_count: int | None
    kind: str | None
    version: str | None
    origin: str | None
    bad: bool | None


@dataclass(frozen=True)
class Metric:
    """One metric of a check: the estimate, its interval, and what it is compared with."""

    name: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    rows_count: int | None
    direction: str
    decides: bool
    confidence_ratio: float | None
    baseline: Baseline | None
    change_value: float | None
    worse_pct: float | None
    threshold_pct: float
    limit_value: float | None
    detectable_pct: float | None
    outcome: str
    undefined_text: str | None


@dataclass(frozen=True)
class Window:
    label: str
    from_at: datetime | None
    to_at: datetime | None
    rows_count: int


@dataclass(frozen=True)
class Tenure:
    """Since a version last became live."""

    from_at: datetime | None
    rows_count: int


@dataclass(frozen=True)
class Coverage:
    predictions_count: int
    truth_count: int
    failed_count: int
    coverage_ratio: float | None
    min_rows_count: int
    newest_label_at: datetime | None
    lag_p50_s: float | None


@dataclass(frozen=True)
class Attribution:
    """Whose rows they are, and why."""

    version: str | None
    by: str
    role: str | None
    rows_count: int


@dataclass(frozen=True)
class TrendPoint:
    """One earlier check of the same tenure."""

    checked_at: datetime
    verdict: Verdict
    metric: str | None
    value: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True)
class Judged:
    """A verdict and all that it rests on.

    `verdict` is `healthy`, `degraded` or `insufficient_data`; `trend` has the earlier checks of the same tenure.
    """

    model: str
    version: str | None
    verdict: Verdict
    role: str
    evaluation_id: str | None
    operation_id: str | None
    alert_id: str | None
    severity: str | None
    mode: str
    evidence: str
    as_of_at: datetime
    tenure: Tenure | None
    window: Window | None
    attribution: tuple[Attribution, ...]
    metrics: tuple[Metric, ...]
    healthy_flagged_ratio: float | None
    detectable_pct: float | None
    coverage: Coverage | None
    reasons: tuple[Reason, ...]
    trend: tuple[TrendPoint, ...]

    @property
    def is_healthy(self) -> bool:
        """False also where nothing could be decided."""
        return self.verdict == "healthy"

    @property
    def is_degraded(self) -> bool:
        return self.verdict == "degraded"

    def to_frame(self) -> pandas.DataFrame:
        """The metrics, a row each."""
        return _tables.frame(Metric, self.metrics)


@_answers("check")
@dataclass(frozen=True)
class Check(Judged, Result):
    """The answer of `check`."""


@dataclass(frozen=True)
class Compared:
    version: str
    rows_count: int | None


@dataclass(frozen=True)
class ComparedOn:
    kind: str
    rows_count: int | None
    from_at: datetime | None
    to_at: datetime | None


@dataclass(frozen=True)
class ComparedMetric:
    """One metric of two versions; `diff_value` is a − b."""

    name: str
    direction: str
    decides: bool
    a_value: float | None
    a_low: float | None
    a_high: float | None
    a_rows_count: int | None
    a_recorded_value: float | None
    a_reference_value: float | None
    b_value: float | None
    b_low: float | None
    b_high: float | None
    b_rows_count: int | None
    b_recorded_value: float | None
    b_reference_value: float | None
    diff_value: float | None
    diff_low: float | None
    diff_high: float | None
    confidence_ratio: float | None
    p_value: float | None
    sign_p_value: float | None
    approximate: bool | None
    outcome: str
    undefined_text: str | None


@_answers("compare")
@dataclass(frozen=True)
class Comparison(Result):
    """Two versions side by side."""

    model: str
    a: Compared
    b: Compared
    on: ComparedOn
    metrics: tuple[ComparedMetric, ...]
    overall: str | None
    reasons: tuple[Reason, ...]

    def to_frame(self) -> pandas.DataFrame:
        """The metrics, a row each."""
        return _tables.frame(ComparedMetric, self.metrics)


@dataclass(frozen=True)
class Delivery:
    """One message to one channel."""

    channel: str
    state: str
    attempts_count: int | None


@dataclass(frozen=True)
class MonitoredAlert:
    alert_id: str | None
    kind: str
    state: str
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True)
class InboxFile:
    """A file that lay in the inbox and what became of it."""

    path: str
    kind: str | None
    state: str
    batch_id: str | None
    error_code: str | None


@dataclass(frozen=True)
class Action:
    """What was wanted about a verdict, and what was done."""

    wanted: str
    status: str
    refused_by: str | None
    from_version: str | None
    to_version: str | None
    to_was_judged: bool | None
    operation_id: str | None
    undo_command: str | None


@dataclass(frozen=True)
class Fault:
    """Why one model could not be judged, with `monitor(all_models=True)`."""

    code: str
    kind: str
    message: str
    causes: tuple[str, ...]
    hints: tuple[str, ...]
    exit_code: int


@dataclass(frozen=True)
class MonitoredModel:
    model: str
    exit_code: int
    inbox: tuple[InboxFile, ...]
    check: Judged | None
    action: Action | None
    alerts: tuple[MonitoredAlert, ...]
    error: Fault | None


@_answers("monitor")
@dataclass(frozen=True)
class Monitored(Result):
    """What one run of `monitor` found and did."""

    models: tuple[MonitoredModel, ...]
    dry_run: bool
    head_blake3: str

    @property
    def verdict(self) -> Verdict | None:
        """The worst of all models."""
        return self._document["verdict"]

    def to_frame(self) -> pandas.DataFrame:
        """The models, a row each: the verdict's numbers and what was done."""
        return _tables.frame(MonitoredModel, self.models)


@_answers("promote", "rollback", "undo", "redo", "alias_set", "alias_remove", "season_apply")
@dataclass(frozen=True)
class Switch(Result):
    """Who holds an alias now. `changed` is false where it was so already."""

    changed: bool
    model: str
    alias: str
    from_version: str | None
    to_version: str | None
    stack: tuple[str, ...]
    operation_id: str | None
    reason: str | None
    actor: str
    undo_command: str | None
    dry_run: bool


@dataclass(frozen=True)
class ReferenceSample:
    """What the reference sample of a version says."""

    rows_count: int
    truth_empty_count: int
    metric: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    limit_value: float | None
    detectable_pct: float | None
    rows_for_20_pct_count: int | None
    rows_for_50_pct_count: int | None


@_answers("register")
@dataclass(frozen=True)
class Registered(Result):
    """A version in the store. `created` is false where the same bytes and metadata were there already."""

    model: str
    version: str
    created: bool
    changed: bool
    size_bytes: int
    stored_bytes: int
    artifact_blake3: str
    operation_id: str | None
    reference: ReferenceSample | None

    def __str__(self) -> str:
        return self.version


@dataclass(frozen=True)
class Reject:
    """A row that is none."""

    path: str
    line_number: int
    column: str | None
    code: str
    text: str


@_answers("ingest_predictions", "ingest_truth")
@dataclass(frozen=True)
class Ingested(Result):
    """What was taken in. `changed` is false where the same rows were there already."""

    changed: bool
    dry_run: bool
    model: str
    batch_id: str | None
    operation_id: str | None
    rows_read_count: int
    rows_stored_count: int
    rows_skipped_count: int
    rows_revised_count: int
    rows_rejected_count: int
    rows_failed_count: int
    rows_labelled_count: int
    truth_stored_count: int
    truth_joined_count: int
    truth_waiting_count: int
    truth_empty_count: int
    attribution: tuple[Attribution, ...]
    first_at: datetime | None
    last_at: datetime | None
    source: str
    mapping: str
    rejects: tuple[Reject, ...]
    duration_ms: float

    def to_frame(self) -> pandas.DataFrame:
        """The rejected rows (the first of them), a row each."""
        return _tables.frame(Reject, self.rejects)


@dataclass(frozen=True)
class Production:
    version: str
    since_at: datetime | None
    operation_id: str
    bad: bool


@dataclass(frozen=True)
class Below:
    version: str
    bad: bool
    retired: bool
    last_verdict: Verdict | None


@dataclass(frozen=True)
class LastCheck:
    evaluation_id: str
    version: str | None
    of_present_tenure: bool
    checked_at: datetime
    verdict: Verdict
    severity: str | None
    evidence: str
    metric: str | None
    value: float | None
    ci_low: float | None
    ci_high: float | None
    rows_count: int | None
    worse_pct: float | None
    detectable_pct: float | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Truth:
    predictions_count: int
    truth_count: int
    coverage_ratio: float | None
    pending_count: int
    lag_p50_s: float | None
    newest_at: datetime | None


@dataclass(frozen=True)
class ModelStatus:
    model: str
    task: str
    production: Production | None
    below: tuple[Below, ...]
    below_count: int
    last_check: LastCheck | None
    truth: Truth | None
    alerts_open_count: int
    messages_queued_count: int
    messages_failed_count: int


@_answers("status")
@dataclass(frozen=True)
class Status(Result):
    """What is live, and how it was last judged."""

    models: tuple[ModelStatus, ...]
    head_blake3: str

    def to_frame(self) -> pandas.DataFrame:
        """The models, a row each."""
        return _tables.frame(ModelStatus, self.models)


@dataclass(frozen=True)
class Period:
    """From when to when a version was live."""

    from_at: datetime | None
    to_at: datetime | None
    ended_by: str | None
    ended_operation_id: str | None


@dataclass(frozen=True)
class Version:
    version: str
    registered_at: datetime
    size_bytes: int
    artifact_blake3: str
    format: str
    file_name: str
    note: str | None
    tags: dict[str, str]
    params: dict[str, str]
    metrics: dict[str, float]
    aliases: tuple[str, ...]
    is_production: bool
    retired: bool
    retired_reason: str | None
    bad: bool
    periods: tuple[Period, ...]
    last_verdict: Verdict | None
    reference_rows_count: int


@_answers("history")
@dataclass(frozen=True)
class History(Result):
    """The versions, the newest first."""

    versions: tuple[Version, ...]
    total_count: int

    def to_frame(self) -> pandas.DataFrame:
        """The versions, a row each."""
        return _tables.frame(Version, self.versions)


@_answers("show")
@dataclass(frozen=True)
class Shown(Version, Result):
    """One version."""

    model: str
    chunks_count: int
    stored_bytes: int


@_answers("fetch")
@dataclass(frozen=True)
class Fetched(Result):
    """The bytes of a version, verified while they were written."""

    model: str
    version: str
    path: str
    size_bytes: int
    artifact_blake3: str

    def __fspath__(self) -> str:
        return self.path

    def as_path(self) -> Path:
        return Path(self.path)


@dataclass(frozen=True)
class Alert:
    alert_id: str
    opened_at: datetime
    resolved_at: datetime | None
    acked_at: datetime | None
    severity: str | None
    kind: str
    model: str
    version: str | None
    reason: str
    state: str
    evaluation_id: str | None
    acted_operation_id: str | None
    deliveries: tuple[Delivery, ...]


@_answers("alerts_list")
@dataclass(frozen=True)
class Alerts(Result):
    """The alerts, the last opened first."""

    alerts: tuple[Alert, ...]
    total_count: int
    head_blake3: str

    def to_frame(self) -> pandas.DataFrame:
        """The alerts, a row each."""
        return _tables.frame(Alert, self.alerts)


@dataclass(frozen=True)
class Operation:
    """One committed change of the append-only log."""

    operation_id: str
    committed_at: datetime
    kind: str
    actor: str
    host: str
    command_line: str
    reason: str | None
    model: str | None
    version: str | None
    alias: str | None
    from_version: str | None
    to_version: str | None
    stack: tuple[str, ...]
    restores_operation_id: str | None
    left_degraded: bool | None
    clock: str
    prev_blake3: str
    entry_blake3: str


@_answers("log")
@dataclass(frozen=True)
class Log(Result):
    """The operations, the newest first, and the hash of the newest."""

    operations: tuple[Operation, ...]
    total_count: int
    head_blake3: str

    def to_frame(self) -> pandas.DataFrame:
        """The operations, a row each."""
        return _tables.frame(Operation, self.operations)


@_answers("init")
@dataclass(frozen=True)
class Initialised(Result):
    """A store and its model. `created` is false where both were there already."""

    db_path: str
    policy_path: str | None
    model: str
    task: str
    created: bool
