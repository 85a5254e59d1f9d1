//! Tests of how versions are listed: which columns there are, when each was live, what speaks against it.

#![cfg(test)]

use super::super::example::{minute, screen, standing, text, version, with_metrics};
use super::*;
use crate::domain::holders::OperationId;
use crate::domain::operation::OperationKind;
use crate::workflows::facts::Stretch;

fn facts_of(name: &str, id: i64) -> Facts {
    Facts {
        version: version(name, id),
        aliases: vec![],
        bad: false,
        live: vec![],
        standing: standing(None),
    }
}

fn with(name: &str, metrics: &[(&str, f64)]) -> Facts {
    let mut facts = facts_of(name, 1);
    facts.version = with_metrics(facts.version, metrics);
    facts
}

fn history(versions: Vec<Facts>) -> History {
    History {
        total: versions.len() as u64,
        versions,
        more: String::new(),
        empty: "No version of churn is registered yet: `modelguard register PATH`\n".to_owned(),
        rows: None,
    }
}

fn stretch(from: Option<i64>, to: Option<i64>) -> Stretch {
    Stretch {
        from: from.map(minute),
        end: to.map(|to| (minute(to), OperationId(3), OperationKind::Rollback)),
    }
}

fn header(versions: Vec<Facts>) -> Vec<String> {
    let said = text(&history(versions));
    let header = said.lines().next().unwrap().split("  ").map(str::trim);
    header
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn args(since: Option<&str>, until: Option<&str>) -> Args {
    Args {
        limit: 10,
        since: since.map(str::to_owned),
        until: until.map(str::to_owned),
        rows: None,
    }
}

#[test]
fn the_further_command_keeps_the_times_and_can_be_pasted() {
    assert_eq!(options(&args(None, None)), "");
    assert_eq!(
        options(&args(Some("30d"), Some("2026-01-01 00:05"))),
        " --since 30d --until '2026-01-01 00:05'"
    );
}

#[test]
fn a_column_is_there_only_where_a_version_fills_it() {
    let plain = ["version", "registered", "live", "last verdict", "size"];
    assert_eq!(header(vec![facts_of("v1", 1)]), plain);
    let mut full = with("v2", &[("rmse", 4.2)]);
    full.bad = true;
    full.aliases = vec!["winter".parse().unwrap()];
    full.version.metadata.note = Some("tuned".to_owned());
    assert_eq!(
        header(vec![facts_of("v1", 1), full]),
        [
            "version",
            "registered",
            "live",
            "rmse",
            "last verdict",
            "state",
            "aliases",
            "size",
            "note",
        ]
    );
    let mut live = facts_of("v3", 3);
    live.aliases = vec!["production".parse().unwrap()];
    assert_eq!(header(vec![live]), plain, "the mark says it");
}

#[test]
fn four_metrics_are_shown_those_that_most_versions_have_by_name() {
    let versions = vec![
        with("v1", &[("a", 1.0), ("d", 1.0), ("e", 1.0)]),
        with("v2", &[("b", 1.0), ("d", 1.0), ("e", 1.0)]),
        with("v3", &[("c", 1.0), ("e", 1.0)]),
    ];
    assert_eq!(history(versions).metrics(), ["a", "b", "d", "e"]);
    assert!(history(vec![]).metrics().is_empty());
}

#[test]
fn only_the_live_version_is_marked() {
    let mut live = facts_of("v2", 2);
    live.aliases = vec!["production".parse().unwrap()];
    live.standing.by_policy = Some(Verdict::InsufficientData);
    let said = text(&history(vec![live, facts_of("v1", 1)]));
    let lines: Vec<_> = said.lines().collect();
    assert!(
        lines[1].starts_with('*') && lines[1].contains("v2"),
        "{said}"
    );
    assert!(lines[1].contains("insufficient data"), "{said}");
    assert!(!lines[2].contains('*') && lines[2].contains("v1"), "{said}");
}

#[test]
fn the_newest_stretches_come_first_and_earlier_ones_are_counted() {
    let mut facts = facts_of("v1", 1);
    assert_eq!(live(&facts, &screen()), "-");
    facts.live = vec![stretch(None, Some(1))];
    assert_eq!(live(&facts, &screen()), "… – 2026-01-01T00:01:00Z");
    facts.live.push(stretch(Some(2), Some(3)));
    facts.live.push(stretch(Some(4), Some(5)));
    facts.live.push(stretch(Some(6), None));
    assert_eq!(
        live(&facts, &screen()),
        "2026-01-01T00:06:00Z – now, 2026-01-01T00:04:00Z – 2026-01-01T00:05:00Z, 2 earlier"
    );
    facts.live = vec![stretch(None, None)];
    assert_eq!(live(&facts, &screen()), "… – now");
}

#[test]
fn what_speaks_against_a_version_is_a_word_or_two() {
    let mut facts = facts_of("v1", 1);
    let state = |facts: &Facts| versions::state(facts).0;
    assert_eq!(state(&facts), "");
    facts.bad = true;
    assert_eq!(state(&facts), "bad");
    facts.version.retired_reason = Some("x".to_owned());
    assert_eq!(state(&facts), "bad, retired");
    facts.bad = false;
    assert_eq!(state(&facts), "retired");
}

#[test]
fn a_model_without_versions_says_how_to_register_one() {
    let mut report = history(vec![]);
    assert_eq!(
        text(&report),
        "No version of churn is registered yet: `modelguard register PATH`\n"
    );
    report.total = 3;
    report.more = "3 more: `modelguard history 3`\n".to_owned();
    let said = text(&report);
    assert!(
        !said.contains("No version"),
        "a limit of 0 hides them: {said}"
    );
    assert!(said.ends_with("3 more: `modelguard history 3`\n"));
}

#[test]
fn the_document_has_the_keys_of_the_csv_in_their_order() {
    let mut facts = with("v1", &[("rmse", 4.2)]);
    facts.live = vec![stretch(None, Some(5))];
    let document = versions::document(&facts);
    let keys: Vec<_> = document.as_object().unwrap().keys().collect();
    assert_eq!(keys, versions::KEYS);
    assert_eq!(document["metrics"], serde_json::json!({ "rmse": 4.2 }));
    assert_eq!(
        document["periods"],
        serde_json::json!([{
            "from_at": null,
            "to_at": "2026-01-01T00:05:00Z",
            "ended_by": "rollback",
            "ended_operation_id": "op_3",
        }])
    );
    assert_eq!(document["last_verdict"], Value::Null);
}

#[test]
fn rows_for_a_program_are_rows_and_nothing_else() {
    let mut report = history(vec![facts_of("v1", 1), facts_of("v2", 2)]);
    report.more = "3 more".to_owned();
    report.rows = Some(RowFormat::Csv);
    assert_eq!(text(&report).lines().count(), 3);
    report.rows = Some(RowFormat::Jsonl);
    assert_eq!(text(&report).lines().count(), 2);
    let mut none = history(vec![]);
    none.rows = Some(RowFormat::Jsonl);
    assert_eq!(text(&none), "");
    assert_eq!(report.data()["total_count"], 2);
}
