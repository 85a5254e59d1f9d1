//! How a version is written in tables and JSON: what `history` and `show` have in common.

use serde_json::{Value, json};

use crate::ui::colour::Tone;
use crate::ui::time::Times;
use crate::workflows::facts::{Facts, Stretch};

/// The keys of [`document`], for CSV.
pub const KEYS: &[&str] = &[
    "version",
    "registered_at",
    "size_bytes",
    "artifact_blake3",
    "format",
    "file_name",
    "note",
    "tags",
    "params",
    "metrics",
    "aliases",
    "is_production",
    "retired",
    "retired_reason",
    "bad",
    "periods",
    "last_verdict",
    "reference_rows_count",
];

/// A version as JSON has it.
pub fn document(facts: &Facts) -> Value {
    let version = &facts.version;
    let aliases: Vec<_> = facts.aliases.iter().map(ToString::to_string).collect();
    let periods: Vec<_> = facts.live.iter().map(period).collect();
    json!({
        "version": version.name.to_string(),
        "registered_at": version.registered_at.to_string(),
        "size_bytes": version.size_bytes,
        "artifact_blake3": version.artifact_blake3.to_string(),
        "format": version.artifact_kind.name(),
        "file_name": version.file_name,
        "note": version.metadata.note,
        "tags": version.metadata.tags,
        "params": version.metadata.params,
        "metrics": version.metadata.metrics,
        "aliases": aliases,
        "is_production": facts.is_production(),
        "retired": version.retired_reason.is_some(),
        "retired_reason": version.retired_reason,
        "bad": facts.bad,
        "periods": periods,
        "last_verdict": facts.standing.by_policy.map(|verdict| verdict.name()),
        "reference_rows_count": version.reference_rows_count,
    })
}

fn period(stretch: &Stretch) -> Value {
    json!({
        "from_at": stretch.from.map(|from| from.to_string()),
        "to_at": stretch.end.map(|(to, _, _)| to.to_string()),
        "ended_by": stretch.end.map(|(_, _, kind)| kind.name()),
        "ended_operation_id": stretch.end.map(|(_, id, _)| id.to_string()),
    })
}

/// When it was live: `20 Nov 14:17 – now`; the first holder of all has no beginning.
pub fn live(stretch: &Stretch, times: Times) -> String {
    let to = stretch.end.map(|(to, _, _)| to.micros());
    match stretch.from {
        Some(from) => times.range(from.micros(), to),
        None => {
            let to = to.map_or_else(|| "now".to_owned(), |to| times.date(to));
            format!("… – {to}")
        }
    }
}

/// What speaks against a version, in a word or two.
pub fn state(facts: &Facts) -> (&'static str, Option<Tone>) {
    match (facts.bad, facts.version.retired_reason.is_some()) {
        (true, true) => ("bad, retired", Some(Tone::Bad)),
        (true, false) => ("bad", Some(Tone::Bad)),
        (false, true) => ("retired", Some(Tone::Faint)),
        (false, false) => ("", None),
    }
}
