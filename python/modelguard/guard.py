"""One project: its store, its policy, one model. Every method runs one command and gives its typed answer."""

from __future__ import annotations

import math
import numbers
import os
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, SupportsFloat, TypeVar

from . import _process, artifacts, frames, results
from ._policy import Policy
from ._values import plain
from .errors import Degraded, ModelguardError, ModelguardWarning, NotFound, Usage
from .results import decode_any

if TYPE_CHECKING:
    from .logger import Logger

R = TypeVar("R", bound=results.Result)
StrPath = str | os.PathLike[str]
# The name of a column; pandas lets it be a number.
Name = str | int
# The field of an ingested row; a sequence of columns joins them into one id.
Column = Name | Sequence[Name]
# How a version is named: as on the command line, or by what `register`, `show` and `history` gave.
Ref = str | results.Registered | results.Version
Task = Literal["classification", "regression"]
Preset = Literal["default", "original"]
Evidence = Literal["live", "recorded"]
Severity = Literal["low", "medium", "high", "critical"]
# How long a notebook waits for what a project shows of itself, in seconds.
_GLANCE_S = 3.0


def open(
    directory: StrPath = ".",
    *,
    model: str | None = None,
    db: StrPath | None = None,
    config: StrPath | None = None,
    actor: str | None = None,
) -> Guard:
    """Opens the project in a folder.

    Args:
        directory: the folder with `modelguard.toml`, or one below it.
        model: which model of the store; needed where there are several.
        db: the store, if not the policy's.
        config: the policy, if not the nearest `modelguard.toml` upwards.
        actor: who acts, for the log; by default the system's user.

    Raises:
        NotFound: there is no such folder, or no store.
        ModelguardError: it can't be opened.
    """
    if not Path(directory).is_dir():
        raise NotFound(
            f"there is no folder {os.fspath(directory)}",
            hints=("a project is opened by the folder with modelguard.toml; `modelguard.init` makes one",),
        )
    guard = Guard(directory, model=model, db=db, config=config, actor=actor)
    guard.status()
    return guard


def init(
    directory: StrPath = ".",
    *,
    task: Task | None = None,
    model: str | None = None,
    preset: Preset | None = None,
    actor: str | None = None,
) -> Guard:
    """Makes a project, or adds a model to one. Twice is as once.

    Args:
        directory: the project's folder; its name is the model's unless `model` is given.
        task: `classification` or `regression`; needed for a new model.
        preset: `default`, or `original`: recorded metrics only, 5 %, automatic rollback.

    Raises:
        Usage: no task for a new model, or another one than it has.
    """
    # The folder may not be there yet, so the command starts here.
    made = Guard(".", model=model, actor=actor)
    words = ["init", *_option("--task", task), *_option("--preset", preset), *_positional(os.fspath(directory))]
    initialised = made._run(results.Initialised, words)  # pyright: ignore[reportPrivateUsage]
    return Guard(directory, model=initialised.model, actor=actor)


class Guard:
    """A project, as `modelguard.open` and `modelguard.init` give it.

    Every method may raise `ModelguardError`, by the command's exit status: `NotFound`, `Busy`, `Damaged`, `Usage`,
    `Refused`, `Failed`, `WrongVersion`. A verdict is a value and no exception.
    """

    def __init__(
        self,
        directory: StrPath = ".",
        *,
        model: str | None = None,
        db: StrPath | None = None,
        config: StrPath | None = None,
        actor: str | None = None,
    ) -> None:
        # Absolute, so that it stays the same project when the notebook changes its folder.
        self.directory = Path(directory).absolute()
        self.model = model
        self._only_model: str | None = None
        self._globals = [
            "-C",
            str(self.directory),
            *_option("--db", None if db is None else str(Path(db).absolute())),
            *_option("--config", None if config is None else str(Path(config).absolute())),
            *_option("--actor", actor),
        ]

    def __repr__(self) -> str:
        named = f", model={self.model!r}" if self.model else ""
        return f"modelguard.open({str(self.directory)!r}{named})"

    def _repr_html_(self) -> str:
        from . import _html

        try:
            with warnings.catch_warnings():
                # The page has them.
                warnings.simplefilter("ignore", ModelguardWarning)
                return _html.page(self._run(results.Status, ["status"], within_s=_GLANCE_S))
        except ModelguardError as error:
            return _html.failed(repr(self), error)

    def _run(
        self, kind: type[R], words: Sequence[str], *, all_models: bool = False, within_s: float | None = None
    ) -> R:
        model = None if all_models else self.model
        document = _process.run([*self._globals, *_option("--model", model), *words], within_s=within_s)
        result = decode_any(document)
        if not isinstance(result, kind):
            raise Usage(
                f"the command answered {document['schema']}, which this module does not know",
                hints=("install the command and the module from the same wheel",),
            )
        return result

    # Versions -------------------------------------------------------------------------------------------------

    def register(
        self,
        model: Any,
        *,
        metrics: Mapping[str, SupportsFloat] | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        note: str | None = None,
        reference: Any = None,
        reference_columns: Mapping[str, Column] | None = None,
        alias: str | None = None,
        version_id: str | None = None,
        format: str | None = None,
        file_name: str | None = None,
    ) -> results.Registered:
        """Stores a version. The same bytes with the same metadata are the same version (`created` is false).

        Args:
            model: a path (file or folder), bytes, or a fitted object, which is saved with `format`.
            metrics: what was measured in training, by name.
            params: parameters of the training.
            tags: can be changed later.
            reference: a held-out sample with predictions and truth: a frame, a table, dicts or a path. It becomes the
                version's baseline.
            reference_columns: its columns by field: `{"prediction": "y_pred", "truth": "y", "proba.yes": "p1"}`;
                detected by name without it.
            alias: an alias that the version takes, also from another version; `production` makes it the live one.
            version_id: an id of your own instead of the time.
            format: `joblib` (the default; a pickle) or `skops`, for a fitted object.
            file_name: the artifact's name in the store, for bytes and fitted objects.

        Raises:
            Usage: the object can't be saved, or a metric is no number.
            Refused: `version_id` is held by other bytes.
        """
        if artifacts.PARAM in {**(params or {}), **(tags or {})}:
            raise Usage(
                f"{artifacts.PARAM} is this module's own: `load` goes by it",
                hints=("give yours another name",),
            )
        with artifacts.as_path(model, format, file_name) as (path, own_params):
            words = ["register", *_file(path)]
            numbers = {name: _number(value, f"the metric {name!r}") for name, value in (metrics or {}).items()}
            words += _pairs("--metric", numbers)
            words += _pairs("--param", {**_texts(params or {}), **own_params})
            words += _pairs("--tag", _texts(tags or {}))
            words += [*_option("--note", note), *_option("--version-id", version_id)]
            words += [*_option("--alias", alias), *(["--yes"] if alias else [])]
            if reference is None:
                return self._run(results.Registered, words)
            columns, ids = _columns(reference_columns or {})
            with frames.as_file(reference, _single(columns).values(), ids) as sample:
                words += ["--reference", str(sample.absolute()), *_mapping(columns)]
                return self._run(results.Registered, words)

    def fetch(self, ref: Ref = "@production", output: StrPath | None = None, *, overwrite: bool = False) -> Path:
        """Writes a version's artifact, verified on the way, and gives its path.

        Args:
            ref: a version, a unique beginning of one, `latest`, `@ALIAS` or `@ALIAS~N`.
            output: where to; by default its own name in the current folder.

        Raises:
            NotFound: there is no such version.
            Damaged: the stored bytes are not what they were.
        """
        target = Path(output) if output is not None else Path(self.show(ref).file_name)
        words = ["fetch", "--output", str(target.absolute()), *(["--overwrite"] if overwrite else [])]
        return self._run(results.Fetched, [*words, *_positional(_ref(ref))]).as_path()

    def load(self, ref: Ref = "@production", *, trusted: bool = False) -> Any:
        """Loads a version that was registered from a fitted object.

        **Loading a pickle (`joblib`) runs code that is stored in it.** It warns each time unless `trusted` is true.
        What was registered from a path or bytes is not loaded: `fetch` gives its path.

        Raises:
            Usage: this module did not save it, or (`skops`) it has types that are not known.
        """
        import tempfile

        shown = self.show(ref)
        with tempfile.TemporaryDirectory(prefix="modelguard-") as folder:
            path = Path(folder) / shown.file_name
            saved_with = shown.params.get(artifacts.PARAM)
            if saved_with in artifacts.FORMATS:
                self.fetch(shown.version, path)
            return artifacts.load(path, saved_with, trusted=trusted)

    def show(self, ref: Ref = "@production") -> results.Shown:
        """Tells all about one version."""
        return self._run(results.Shown, ["show", *_positional(_ref(ref))])

    def history(self, limit: int = 10) -> results.History:
        """Lists versions, the newest first, with who was live when."""
        return self._run(results.History, ["history", *_positional(str(limit))])

    # Rows -----------------------------------------------------------------------------------------------------

    def log_predictions(
        self,
        data: Any,
        *,
        id: Column | None = None,
        prediction: Name | None = None,
        time: Name | None = None,
        proba: Mapping[str, Name] | None = None,
        truth: Name | None = None,
        truth_time: Name | None = None,
        version: Ref | None = None,
        version_column: Name | None = None,
        on_conflict: Literal["error", "skip"] | None = None,
        max_rejects: int | None = None,
        dry_run: bool = False,
    ) -> results.Ingested:
        """Stores predictions, all or none. The same rows again change nothing.

        Args:
            data: a pandas or polars frame, a pyarrow table, dicts (one a row), or the path of a CSV, JSON lines or
                Parquet file.
            id: the column of the id, or several that are joined. Columns that are not named are detected.
            time: the column of the moment of the prediction; it decides whose prediction it is. Without a zone: UTC.
            proba: the columns of the class probabilities, by class: `{"yes": "p1"}`.
            truth: the column of the truth, where it is known already.
            version: the version that predicted; else who was live at `time`.
            version_column: the column that names it.
            on_conflict: `error` (default): an id with another prediction stops all; `skip`: the first one stays.
            max_rejects: store the other rows if no more than this are none.

        Raises:
            Usage: a column is missing or a row is none; `details["rejects"]` lists the first.
            NotFound: nothing was live and no version was given.
        """
        fields: dict[str, Column | None] = {
            "id": id,
            "prediction": prediction,
            "time": time,
            "truth": truth,
            "truth_time": truth_time,
            "version": version_column,
            **{f"proba.{label}": column for label, column in (proba or {}).items()},
        }
        options = _option("--version", None if version is None else _ref(version))
        options += _option("--on-conflict", on_conflict)
        return self._ingest("predictions", data, fields, options, max_rejects, dry_run)

    def log_truth(
        self,
        data: Any,
        *,
        id: Column | None = None,
        truth: Name | None = None,
        truth_time: Name | None = None,
        on_conflict: Literal["error", "skip", "revise"] | None = None,
        max_rejects: int | None = None,
        dry_run: bool = False,
    ) -> results.Ingested:
        """Stores what turned out true, all or none; it reaches every version that predicted the id.

        Args:
            data: as for `log_predictions`.
            truth_time: the column of the moment at which the truth became known; by default now.
            on_conflict: `error` (default), `skip`, or `revise`: the newest truth holds, the old one is kept.

        Raises:
            Usage: a column is missing, a row is none, or an id has another truth already.
        """
        fields: dict[str, Column | None] = {"id": id, "truth": truth, "truth_time": truth_time}
        return self._ingest("truth", data, fields, _option("--on-conflict", on_conflict), max_rejects, dry_run)

    def _ingest(
        self,
        kind: str,
        data: Any,
        fields: Mapping[str, Column | None],
        options: list[str],
        max_rejects: int | None,
        dry_run: bool,
    ) -> results.Ingested:
        columns, ids = _columns({name: column for name, column in fields.items() if column is not None})
        of_policy = () if ids or isinstance(data, (str, os.PathLike)) else self._policy_id()
        with frames.as_file(data, _single(columns).values(), ids, of_policy) as path:
            words = ["ingest", kind, *_file(path), *_mapping(columns), *options]
            words += _option("--max-rejects", None if max_rejects is None else str(max_rejects))
            words += ["--dry-run"] if dry_run else []
            return self._run(results.Ingested, words)

    def logger(
        self,
        inbox: StrPath | None = None,
        *,
        every_rows: int = 1000,
        every_seconds: float = 60.0,
    ) -> Logger:
        """Gives a buffer for a serving process that writes files into the inbox; see `Logger`.

        Args:
            inbox: the folder; by default the policy's `ingest.inbox`.
            every_rows: write a file when so many rows wait.
            every_seconds: write a file at least so often, if a row waits.

        Raises:
            Usage: the policy has no inbox and none was given.
        """
        from .logger import Logger

        policy = self._policy()
        if inbox is None:
            inbox = policy.inbox()
        task = self._task(policy.model())
        return Logger(inbox, every_rows=every_rows, every_seconds=every_seconds, columns=policy.columns(), task=task)

    def _task(self, of_policy: str | None) -> str | None:
        meant = self.model or of_policy
        tasks = [one.task for one in self.status().models if meant is None or one.model == meant]
        return tasks[0] if len(tasks) == 1 else None

    def _policy(self) -> Policy:
        policy = self._policy_of(self.model)
        if policy.model() is None:
            # The only model of the store is meant, and may have keys of its own.
            if self._only_model is None:
                models = self.status().models
                self._only_model = models[0].model if len(models) == 1 else None
            policy = self._policy_of(self._only_model)
        return policy

    def _policy_of(self, model: str | None) -> Policy:
        words = [*self._globals, *_option("--model", model), "config", "show"]
        return Policy(_process.run(words), self.directory)

    def _policy_id(self) -> tuple[str, ...]:
        column = self._policy().columns().get("id")
        return tuple(column.split("+")) if column else ()

    # Judging and acting ---------------------------------------------------------------------------------------

    def check(
        self,
        ref: Ref | None = None,
        *,
        metric: str | Sequence[str] | None = None,
        threshold: SupportsFloat | None = None,
        window: str | None = None,
        min_rows: int | None = None,
        baseline: str | None = None,
        evidence: Evidence | None = None,
        record: bool = True,
        raise_if_degraded: bool = False,
    ) -> results.Check:
        """Judges the live version, or `ref`, and records the verdict. It never changes what is live.

        Args:
            metric: which metric decides; the policy's without it. So for the others.
            threshold: how much worse it may be, in percent.
            window: `n=1000` (labelled rows, the newest), `7d` or `all`.
            min_rows: labelled rows below which nothing is decided.
            baseline: `auto`, `reference`, `recorded`, `previous` or a version.
            evidence: `live` or `recorded`.
            record: false leaves no trace in the store.
            raise_if_degraded: raise `Degraded` instead of giving the verdict back.
        """
        words = ["check", *_judging(metric, threshold, window, min_rows, baseline, evidence)]
        words += [] if record else ["--no-record"]
        words += [] if ref is None else _positional(_ref(ref))
        result = self._run(results.Check, words)
        if raise_if_degraded and result.is_degraded:
            text = "; ".join(reason.text for reason in result.reasons) or "degraded"
            raise Degraded(
                f"{result.model} {result.version} is degraded: {text}",
                exit_code=result.exit_code,
                result=result,
            )
        return result

    def compare(
        self,
        a: Ref,
        b: Ref = "@production",
        *,
        metric: str | Sequence[str] | None = None,
        window: str | None = None,
        confidence: SupportsFloat | None = None,
    ) -> results.Comparison:
        """Compares two versions on the rows that both predicted, else each on its own, else as recorded.

        Args:
            confidence: the share of intervals that hold the true value, between 0 and 1.
        """
        words = ["compare", *_judging(metric, None, window, None, None, None)]
        words += _option("--confidence", None if confidence is None else _number(confidence, "confidence"))
        return self._run(results.Comparison, [*words, *_positional(_ref(a), _ref(b))])

    def monitor(
        self,
        *,
        auto_rollback: bool | None = None,
        all_models: bool = False,
        dry_run: bool = False,
        raise_if_degraded: bool = False,
    ) -> results.Monitored:
        """Takes in what lies in the inbox, judges, and acts as the policy says.

        Args:
            auto_rollback: true: roll back if degraded; false: only alert; `None`: as the policy says.
            all_models: every model of the store.
            raise_if_degraded: raise `Degraded` if any model is, after everything was done.
        """
        words = ["monitor"]
        if auto_rollback is not None:
            words.append("--auto-rollback" if auto_rollback else "--no-auto-rollback")
        words += ["--all"] if all_models else []
        words += ["--dry-run"] if dry_run else []
        result = self._run(results.Monitored, words, all_models=all_models)
        if raise_if_degraded and result.verdict == "degraded":
            raise Degraded("degraded", exit_code=result.exit_code, result=result)
        return result

    def promote(
        self,
        ref: Ref,
        *,
        to: str | None = None,
        since: datetime | str | None = None,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> results.Switch:
        """Makes a version the live one (or the holder of alias `to`).

        Args:
            since: when it really went live; not in the future, not before the present one did.
        """
        moment = since.isoformat() if isinstance(since, datetime) else since
        words = ["promote", *_option("--to", to), *_option("--since", moment)]
        return self._switch(words, reason, dry_run, _ref(ref))

    def rollback(
        self,
        ref: Ref | None = None,
        *,
        last_good: bool = False,
        from_version: Ref | None = None,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> results.Switch:
        """Goes back: to the version below, to `ref`, or to the last that was judged healthy.

        Args:
            from_version: only if this one is still live; else nothing changes (`changed` is false).
        """
        words = ["rollback", *(["--last-good"] if last_good else [])]
        words += _option("--from", None if from_version is None else _ref(from_version))
        return self._switch(words, reason, dry_run, None if ref is None else _ref(ref))

    def undo(self, operation: str | None = None, *, reason: str | None = None, dry_run: bool = False) -> results.Switch:
        """Takes back the model's newest promote, rollback or alias change that is not undone."""
        return self._switch(["undo"], reason, dry_run, operation)

    def redo(self, *, reason: str | None = None, dry_run: bool = False) -> results.Switch:
        """Takes back the newest undo."""
        return self._switch(["redo"], reason, dry_run)

    def _switch(
        self, words: list[str], reason: str | None, dry_run: bool, meant: str | None = None
    ) -> results.Switch:
        # Calling the method is the consent that the command would ask for.
        words = [*words, "--yes", *_option("--reason", reason), *(["--dry-run"] if dry_run else [])]
        words += [] if meant is None else _positional(meant)
        return self._run(results.Switch, words)

    # Looking --------------------------------------------------------------------------------------------------

    def status(self) -> results.Status:
        """Tells what is live, since when, and how it was last judged."""
        return self._run(results.Status, ["status"])

    def alerts(self, limit: int = 10, *, open_only: bool = False, severity: Severity | None = None) -> results.Alerts:
        """Lists alerts, the last opened first."""
        words = ["alerts", "list", "-n", str(limit), *(["--open"] if open_only else [])]
        return self._run(results.Alerts, [*words, *_option("--severity", severity)])

    def log(self, limit: int = 10, *, kind: str | Sequence[str] | None = None) -> results.Log:
        """Lists the operations of the append-only log, the newest first."""
        kinds = kind if isinstance(kind, str) or kind is None else ",".join(kind)
        return self._run(results.Log, ["log", "-n", str(limit), *_option("--kind", kinds)])


def _ref(ref: Ref) -> str:
    return ref if isinstance(ref, str) else ref.version


def _number(value: Any, name: str) -> str:
    """The shortest digits that read back as a number of any library, which a metric or an option takes.

    Raises:
        Usage: it is none.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Usage(f"{name} is {value!r}, and that is no number") from error
    if not math.isfinite(number):
        raise Usage(f"{name} is {number}, and that is no number")
    return repr(number)


def _positional(*words: str) -> list[str]:
    # Behind -- a word that begins with a dash is no option.
    return ["--", *words]


def _pairs(option: str, pairs: Mapping[str, str]) -> list[str]:
    """An option for each pair.

    Raises:
        Usage: a name would be cut at its `=`.
    """
    for name in pairs:
        _check_name(name, f"{option.lstrip('-')} {name!r}")
    return [f"{option}={name}={value}" for name, value in pairs.items()]


def _check_name(name: str, what: str) -> None:
    if "=" in name:
        raise Usage(f"{what} can't have = in its name", hints=("give it another name",))


def _option(name: str, value: str | None) -> list[str]:
    # With = a value may begin with a dash.
    return [] if value is None else [f"{name}={value}"]


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Values of numpy as the numbers that they are; anything else as its own text."""
    written: dict[str, str] = {}
    for name, value in values.items():
        try:
            simple = plain(value)
        except Exception:
            simple = None
        if isinstance(value, numbers.Real) and isinstance(simple, str):
            simple = float(value)
        is_number = isinstance(simple, (int, float)) and not isinstance(simple, bool)
        written[name] = str(simple) if is_number else str(value)
    return written


def _file(path: Path) -> list[str]:
    # The command starts in the project's folder, and a name may begin with a dash.
    return [str(path.absolute())]


def _columns(fields: Mapping[str, Column]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The columns by field as the command takes them, and which columns make the id."""
    for name in fields:
        _check_name(name, f"the class {name.removeprefix('proba.')!r}")
    names = {field: _names(column) for field, column in fields.items()}
    return {field: "+".join(parts) for field, parts in names.items()}, names.get("id", ())


def _names(column: Column) -> tuple[str, ...]:
    # A number is its digits, as in the file that is handed over.
    several = column if isinstance(column, Sequence) and not isinstance(column, str) else (column,)
    return tuple(str(name) for name in several)


def _single(columns: Mapping[str, str]) -> dict[str, str]:
    return {name: column for name, column in columns.items() if name != "id"}


def _mapping(columns: Mapping[str, str]) -> list[str]:
    return [f"--map={name}={column}" for name, column in columns.items()]


def _judging(
    metric: str | Sequence[str] | None,
    threshold: SupportsFloat | None,
    window: str | None,
    min_rows: int | None,
    baseline: str | None,
    evidence: Evidence | None,
) -> list[str]:
    metrics = [metric] if isinstance(metric, str) else list(metric or ())
    return [
        *(f"--metric={name}" for name in metrics),
        *_option("--threshold", None if threshold is None else _number(threshold, "threshold")),
        *_option("--window", window),
        *_option("--min-rows", None if min_rows is None else str(min_rows)),
        *_option("--baseline", baseline),
        *_option("--evidence", evidence),
    ]
