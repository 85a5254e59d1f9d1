//! Tests of what an ingest says: how much came in, whose it is, what was left out, and each number of one.

#![cfg(test)]

use std::collections::BTreeMap;

use super::*;
use crate::commands::example::{minute, screen, text};
use crate::domain::evidence::BatchId;
use crate::domain::holders::{OperationId, VersionId};
use crate::files::rejects::{Reject, RejectCode};

fn stored(kind: FileKind, report: BatchReport) -> Stored {
    Stored {
        command: "modelguard".to_owned(),
        ingested: Ingested {
            model: "churn".parse().unwrap(),
            kind,
            source: "a.csv".into(),
            changed: true,
            dry_run: false,
            batch: Some(BatchId(3)),
            operation: Some(OperationId(41)),
            same_as: None,
            report,
            versions: BTreeMap::from([(1, "v1".to_owned()), (2, "v2".to_owned())]),
            without_beginning: None,
            odd_labels: crate::workflows::ingesting::OddLabels::default(),
            has_predictions: true,
            rejects: vec![],
            zone_missing_count: 0,
            absent_columns: Vec::new(),
            likely_times: Vec::new(),
            moved: None,
        },
        duration_ms: 12,
    }
}

fn attributed(version: i64, by: &str, role: &str, rows_count: u64) -> Attributed {
    Attributed {
        version,
        by: by.to_owned(),
        role: role.to_owned(),
        rows_count,
    }
}

fn predictions() -> BatchReport {
    BatchReport {
        rows_read_count: 1_731,
        rows_stored_count: 1_731,
        attribution: vec![attributed(1, "held_at", "live", 1_731)],
        first_at_us: Some(minute(0).micros()),
        last_at_us: Some(minute(60).micros()),
        mapping: "id = id".to_owned(),
        ..BatchReport::default()
    }
}

fn truths() -> BatchReport {
    BatchReport {
        rows_read_count: 10,
        rows_stored_count: 10,
        truth_stored_count: 10,
        truth_joined_count: 10,
        ..BatchReport::default()
    }
}

fn say(kind: FileKind, report: BatchReport) -> String {
    text(&stored(kind, report))
}

#[test]
fn predictions_are_told_with_their_times_their_batch_and_whose_they_are() {
    assert_eq!(
        say(FileKind::Predictions, predictions()),
        "Stored 1,731 predictions, 2026-01-01T00:00:00Z – 2026-01-01T01:00:00Z (batch b_3). \
         By time: all count for v1.\n"
    );
}

#[test]
fn one_prediction_is_one() {
    let report = BatchReport {
        rows_stored_count: 1,
        first_at_us: Some(minute(0).micros()),
        last_at_us: Some(minute(0).micros()),
        attribution: vec![attributed(1, "held_at", "live", 1)],
        truth_waiting_count: 1,
        ..predictions()
    };
    assert_eq!(
        say(FileKind::Predictions, report),
        "Stored 1 prediction, 2026-01-01T00:00:00Z (batch b_3). By time: all count for v1. \
         1 prediction of the model waits for its truth.\n"
    );
    let report = BatchReport {
        truth_waiting_count: 1_200,
        ..predictions()
    };
    assert!(
        say(FileKind::Predictions, report)
            .ends_with(" 1,200 predictions of the model wait for their truth.\n")
    );
}

#[test]
fn each_way_of_knowing_whose_they_are_has_its_sentence_in_one_order() {
    let report = BatchReport {
        attribution: vec![
            attributed(1, "present_holder", "live", 4),
            attributed(2, "held_at", "live", 1),
            attributed(1, "held_at", "shadow", 3),
            attributed(2, "column", "shadow", 1_000),
            attributed(9, "flag", "live", 5),
        ],
        ..predictions()
    };
    let said = say(FileKind::Predictions, report);
    let expected = "As given: 5 count for a version. \
         By column: 1,000 count for v2 (shadow: it was not live then). \
         By time: 1 counts for v2, 3 count for v1. \
         Without times, as predicted now: 4 count for v1.\n";
    assert!(said.ends_with(expected), "{said}");
}

#[test]
fn the_first_tenure_has_no_beginning_and_only_rows_by_time_fall_into_it() {
    let told = |by| {
        let mut stored = stored(
            FileKind::Predictions,
            BatchReport {
                attribution: vec![attributed(1, by, "live", 9)],
                ..predictions()
            },
        );
        stored.ingested.without_beginning = Some(VersionId(1));
        text(&stored)
    };
    let first = ", whose tenure is the first and has no beginning.";
    assert!(told("held_at").contains(first));
    assert!(!told("flag").contains(first));
}

#[test]
fn failed_predictions_are_counted() {
    let report = BatchReport {
        rows_failed_count: 7,
        ..predictions()
    };
    let said = say(FileKind::Predictions, report);
    assert!(
        said.contains(" 7 of them failed: empty, NaN or infinite."),
        "{said}"
    );
}

#[test]
fn labels_are_joined_and_those_of_nobody_are_kept() {
    assert_eq!(
        say(FileKind::Truth, truths()),
        "Joined 10 labels; 0 predictions wait (batch b_3).\n"
    );
    let report = BatchReport {
        truth_joined_count: 1,
        truth_waiting_count: 1,
        rows_revised_count: 8,
        ..truths()
    };
    assert_eq!(
        say(FileKind::Truth, report),
        "Joined 1 label (8 revised, the old ones kept in history); 1 prediction waits (batch b_3). \
         1 label belongs to no prediction yet and is kept.\n"
    );
    let report = BatchReport {
        truth_joined_count: 7,
        ..truths()
    };
    assert!(
        say(FileKind::Truth, report)
            .ends_with(" 3 labels belong to no prediction yet and are kept.\n")
    );
}

#[test]
fn what_was_left_out_is_counted_by_its_cause() {
    let report = BatchReport {
        rows_skipped_count: 6,
        conflicts_skipped_count: 5,
        truth_empty_count: 1,
        ..predictions()
    };
    let said = say(FileKind::Predictions, report);
    assert!(
        said.ends_with(
            " 1 row was there already. 5 rows contradict what was there and were left out. \
             1 row has no truth yet.\n"
        ),
        "{said}"
    );
    let report = BatchReport {
        rows_skipped_count: 3,
        conflicts_skipped_count: 1,
        truth_empty_count: 2,
        ..predictions()
    };
    let said = say(FileKind::Predictions, report);
    assert!(
        said.ends_with(
            " 2 rows were there already. 1 row contradicts what was there and was left out. \
             2 rows have no truth yet.\n"
        ),
        "{said}"
    );
}

#[test]
fn where_nothing_is_new_nothing_was_changed() {
    let report = BatchReport {
        rows_stored_count: 0,
        rows_skipped_count: 4,
        ..predictions()
    };
    assert_eq!(
        say(FileKind::Predictions, report),
        "4 rows were there already. Nothing was changed.\n"
    );
    let mut same = stored(FileKind::Predictions, predictions());
    (same.ingested.batch, same.ingested.same_as) = (None, Some(BatchId(2)));
    assert_eq!(
        text(&same),
        "The same file came in as batch b_2; nothing was changed.\n"
    );
    assert_eq!(same.data()["batch_id"], "b_2");
}

#[test]
fn a_dry_run_only_would() {
    for (kind, report, verb) in [
        (
            FileKind::Predictions,
            predictions(),
            "Would store 1,731 predictions",
        ),
        (FileKind::Truth, truths(), "Would join 10 labels"),
    ] {
        let mut dry = stored(kind, report);
        (dry.ingested.dry_run, dry.ingested.batch) = (true, None);
        let said = text(&dry);
        assert!(said.starts_with(verb), "{said}");
        assert!(said.ends_with(" Dry run: nothing was changed.\n"), "{said}");
        assert!(!said.contains("(batch"), "{said}");
        assert_eq!(dry.data()["dry_run"], true);
        assert_eq!(dry.data()["batch_id"], Value::Null);
    }
}

#[test]
fn warnings_say_what_a_person_may_not_have_meant() {
    assert!(stored(FileKind::Truth, truths()).warnings().is_empty());
    let mut odd = stored(
        FileKind::Truth,
        BatchReport {
            truth_joined_count: 0,
            rows_rejected_count: 2,
            ..truths()
        },
    );
    odd.ingested.zone_missing_count = 1;
    odd.ingested.rejects = vec![Reject {
        line_number: 7,
        column: "y".to_owned(),
        code: RejectCode::NoNumber,
        text: "abc is no number".to_owned(),
    }];
    let warnings = odd.warnings();
    let codes: Vec<_> = warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(
        codes,
        ["no_time_zone", "rows_rejected", "no_prediction_matches"]
    );
    assert_eq!(
        warnings[0].text,
        "1 row without a time zone; the times were taken as UTC"
    );
    assert_eq!(
        warnings[1].text,
        "2 of 10 lines are no rows and were left out; the first: a.csv, line 7, column y: abc is no number"
    );
    assert_eq!(
        odd.data()["rejects"],
        json!([{
            "path": "a.csv",
            "line_number": 7,
            "column": "y",
            "code": RejectCode::NoNumber.name(),
            "text": "abc is no number",
        }])
    );
}

#[test]
fn the_document_names_versions_and_writes_times() {
    let report = stored(FileKind::Predictions, predictions());
    assert_eq!(report.schema(), "ingest_predictions");
    assert_eq!(stored(FileKind::Truth, truths()).schema(), "ingest_truth");
    let data = report.data();
    assert_eq!(data["first_at"], "2026-01-01T00:00:00Z");
    assert_eq!(data["last_at"], "2026-01-01T01:00:00Z");
    assert_eq!(data["operation_id"], "op_41");
    assert_eq!(data["duration_ms"], 12);
    assert_eq!(
        data["attribution"],
        json!([{ "version": "v1", "by": "held_at", "role": "live", "rows_count": 1_731 }])
    );
    assert_eq!(report.aside(&screen()), "Columns: id = id\n");
    let nameless = counts(&predictions(), &|_| None);
    assert_eq!(nameless["attribution"][0]["version"], Value::Null);
}

#[test]
fn a_row_is_one_and_rows_have_separators() {
    assert_eq!(rows(0), "0 rows");
    assert_eq!(rows(1), "1 row");
    assert_eq!(rows(12_431), "12,431 rows");
}
