"""How answers look in a notebook: verdict, numbers with their intervals, a sparkline. Right on light and dark pages.

Colours are the text's own (`currentColor`), but for three mid-tones that repeat what is said in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from datetime import datetime
from html import escape
from typing import Any, cast

from . import _tables, results
from .errors import ModelguardError

_COLOURS = {"healthy": "#2f9e5b", "degraded": "#d9534f", "insufficient_data": "#b8862b"}
_WORDS = {"healthy": "healthy", "degraded": "degraded", "insufficient_data": "insufficient data"}
_TABLE = "border-collapse:collapse;color:inherit;background:transparent;font-variant-numeric:tabular-nums;margin:.3em 0"
_CELL = "padding:.15em .8em .15em 0;border:0;text-align:{};color:inherit;background:transparent"


def page(result: results.Result) -> str:
    """One answer as a piece of HTML."""
    if isinstance(result, results.Judged):
        body = judged(result)
    elif isinstance(result, results.Monitored):
        body = "".join(_monitored(one) for one in result.models)
    elif isinstance(result, results.Comparison):
        body = _compared(result)
    elif isinstance(result, results.Status):
        body = "".join(_status(one) for one in result.models) or "<p>The store has no model.</p>"
    else:
        body = _plain(result)
    notes = "".join(f"<div style='opacity:.75'>warning: {escape(text)}</div>" for text in result.warnings)
    return f"<div style='line-height:1.45'>{body}{notes}</div>"


def failed(name: str, error: ModelguardError) -> str:
    """In place of an answer that there is none."""
    return f"<div><b>{escape(name)}</b></div><pre style='color:inherit;background:transparent'>{escape(str(error))}</pre>"


def judged(check: results.Judged) -> str:
    """A verdict with its numbers."""
    title = f"<b>{escape(check.model)}</b> {escape(check.version or 'nothing live')} {_badge(check.verdict)}"
    if check.severity:
        title += f" severity {escape(check.severity)}"
    if check.verdict == "healthy" and check.detectable_pct is not None:
        title += f", would have noticed +{_number(check.detectable_pct)} % or more"
    rows = [
        (
            metric.name,
            _interval(metric.value, metric.ci_low, metric.ci_high),
            _number(metric.baseline.value) if metric.baseline else "",
            _change(metric.worse_pct),
            _number(metric.limit_value) if metric.decides else "",
            _count(metric.rows_count),
        )
        for metric in check.metrics
        if metric.value is not None or metric.decides
    ]
    table = _rows(("metric", "now", "baseline", "change", "limit", "rows"), rows, left=1)
    reasons = "".join(f"<div>{escape(reason.text)}</div>" for reason in check.reasons)
    return f"<div>{title} {sparkline(check)}</div>{table}{reasons}"


def sparkline(check: results.Judged) -> str:
    """The deciding metric over the last checks of the tenure, the limit dashed; nothing for fewer than two."""
    points = [(one.value, one.verdict) for one in check.trend if one.value is not None]
    if len(points) < 2:
        return ""
    deciding = next((metric for metric in check.metrics if metric.decides), None)
    limit = deciding.limit_value if deciding else None
    values = [value for value, _ in points] + ([limit] if limit is not None else [])
    low, high = min(values), max(values)
    width, height, edge = 120.0, 24.0, 3.0

    def across(index: int) -> float:
        return edge + index * (width - 2 * edge) / (len(points) - 1)

    def down(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return height - edge - share * (height - 2 * edge)

    line = " ".join(f"{across(i):.1f},{down(value):.1f}" for i, (value, _) in enumerate(points))
    dots = "".join(
        f"<circle cx='{across(i):.1f}' cy='{down(value):.1f}' r='1.7' fill='{_COLOURS.get(verdict, 'currentColor')}'/>"
        for i, (value, verdict) in enumerate(points)
    )
    dashed = ""
    if limit is not None:
        y = down(limit)
        dashed = (
            f"<line x1='0' x2='{width:.0f}' y1='{y:.1f}' y2='{y:.1f}' stroke='currentColor' "
            "stroke-opacity='.5' stroke-dasharray='3 2'/>"
        )
    name = escape(f"{deciding.name if deciding else 'value'} over the last {len(points)} checks", quote=True)
    return (
        f"<svg role='img' aria-label='{name}' width='{width:.0f}' height='{height:.0f}' "
        f"viewBox='0 0 {width:.0f} {height:.0f}' style='vertical-align:middle'><title>{name}</title>{dashed}"
        f"<polyline points='{line}' fill='none' stroke='currentColor' stroke-opacity='.6'/>{dots}</svg>"
    )


def _monitored(one: results.MonitoredModel) -> str:
    if one.error is not None:
        return f"<div><b>{escape(one.model)}</b> failed: {escape(one.error.message)}</div>"
    body = judged(one.check) if one.check else f"<div><b>{escape(one.model)}</b></div>"
    action = one.action
    if action is not None and action.operation_id is not None and action.to_version is not None:
        undo = f" undo: <code>{escape(action.undo_command)}</code>" if action.undo_command else ""
        body += (
            f"<div>Rolled back to <b>{escape(action.to_version)}</b> (was {escape(action.from_version or 'nobody')})."
            f"{undo}</div>"
        )
    elif action is not None and action.status not in ("none", "done"):
        body += f"<div>action {escape(action.wanted)}: {escape(action.status)}</div>"
    return body


def _compared(comparison: results.Comparison) -> str:
    title = (
        f"<div><b>{escape(comparison.model)}</b> {escape(comparison.a.version)} against "
        f"{escape(comparison.b.version)}, on {escape(comparison.on.kind.replace('_', ' '))}: "
        f"<b>{escape((comparison.overall or 'not decided').replace('_', ' '))}</b></div>"
    )
    rows = [
        (
            metric.name,
            _number(metric.a_value if metric.a_value is not None else metric.a_recorded_value),
            _number(metric.b_value if metric.b_value is not None else metric.b_recorded_value),
            _interval(metric.diff_value, metric.diff_low, metric.diff_high),
            metric.outcome.replace("_", " "),
        )
        for metric in comparison.metrics
    ]
    reasons = "".join(f"<div>{escape(reason.text)}</div>" for reason in comparison.reasons)
    return title + _rows(("metric", "a", "b", "a − b", ""), rows, left=1) + reasons


def _status(one: results.ModelStatus) -> str:
    live = one.production.version if one.production else "nothing live"
    last = one.last_check
    verdict = f"{_badge(last.verdict)} at {_tables.moment(last.checked_at)}" if last else "never judged"
    below = ", ".join(escape(version.version) + (" (bad)" if version.bad else "") for version in one.below)
    line = f"<div><b>{escape(one.model)}</b> {escape(live)} {verdict}"
    if last and last.value is not None:
        line += f", {escape(last.metric or '')} {_interval(last.value, last.ci_low, last.ci_high)}"
    line += f", open alerts: {one.alerts_open_count}</div>"
    return line + (f"<div style='opacity:.75'>below: {below}</div>" if below else "")


def _plain(result: results.Result) -> str:
    """A list of versions, operations or alerts as a table, anything else as names and values."""
    if isinstance(result, results.History):
        return _list_of(result.versions, "No version is registered.")
    if isinstance(result, results.Log):
        return _list_of(result.operations, "The log is empty.")
    if isinstance(result, results.Alerts):
        return _list_of(result.alerts, "There is no alert.")
    cells = _tables.flat(result) if is_dataclass(result) else dict(_json(result.document.get("data")))
    pairs = [(name, _text(value)) for name, value in cells.items()]
    return _rows(("", ""), [pair for pair in pairs if pair[1]], left=2)


def _json(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The names and values of an answer that has no class."""
    if isinstance(value, dict):
        for key, one in cast("dict[str, Any]", value).items():
            yield from _json(one, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for index, one in enumerate(cast("list[Any]", value)):
            yield from _json(one, f"{name}.{index}")
    else:
        yield name, value


def _list_of(rows: tuple[Any, ...], without: str) -> str:
    cells = [{name: _text(value) for name, value in _tables.flat(row).items()} for row in rows]
    # A column that is empty in all rows says nothing; dicts may have other keys in each.
    names = list(dict.fromkeys(name for row in cells for name in row if any(other.get(name) for other in cells)))
    table = _rows(names, [[row.get(name, "") for name in names] for row in cells], left=len(names))
    return table or f"<p>{without}</p>"


def _rows(head: Iterable[str], rows: Iterable[Iterable[str]], left: int) -> str:
    def row(cells: Iterable[str], tag: str) -> str:
        parts = (
            f"<{tag} style='{_CELL.format('left' if index < left else 'right')}'>{escape(cell)}</{tag}>"
            for index, cell in enumerate(cells)
        )
        return f"<tr style='background:transparent'>{''.join(parts)}</tr>"

    body = "".join(row(cells, "td") for cells in rows)
    return f"<table style='{_TABLE}'><thead>{row(head, 'th')}</thead><tbody>{body}</tbody></table>" if body else ""


def _badge(verdict: str) -> str:
    return f"<b style='color:{_COLOURS.get(verdict, 'inherit')}'>{escape(_WORDS.get(verdict, verdict))}</b>"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return ""
    return _number(value) if low is None or high is None else f"{_number(value)} [{_number(low)}, {_number(high)}]"


def _change(worse_pct: float | None) -> str:
    if worse_pct is None:
        return ""
    return f"{'worse' if worse_pct > 0 else 'better'} by {_number(abs(worse_pct))} %" if worse_pct else "unchanged"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _tables.moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _number(value) if isinstance(value, float) else str(value)
