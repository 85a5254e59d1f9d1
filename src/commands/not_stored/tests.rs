//! Tests of why a file was not stored: the first line that is to blame, and the option that would help.

#![cfg(test)]

use std::path::{Path, PathBuf};

use super::*;
use crate::commands::example::call;
use crate::domain::evidence::Value as Cell;
use crate::files::FileErrorKind;
use crate::store::StoreError;
use crate::ui::colour::Palette;

fn tell(kind: FileKind, reject_file: Option<&Path>, error: IngestError) -> Problem {
    let call = call(&["ingest", "predictions", "a.csv"]);
    let problem = problem(&call, kind, reject_file.is_some(), error);
    let told = problem.render(Palette::plain());
    assert!(told.lines().count() <= 4, "{told}");
    problem
}

fn rejected() -> IngestError {
    IngestError::Rejected {
        path: "a.csv".into(),
        count: 1_200,
        rows_count: 20_000,
        allowed: 0,
        rejects: vec![Reject {
            line_number: 7,
            column: "y_pred".to_owned(),
            code: RejectCode::NoNumber,
            text: "abc is no number".to_owned(),
        }],
    }
}

fn conflicts(kind: FileKind, conflict: Conflict) -> IngestError {
    IngestError::Conflicts {
        path: "a.csv".into(),
        kind,
        column: "y".to_owned(),
        count: 3,
        conflicts: vec![conflict],
    }
}

fn conflict(kept: Option<f64>, found: Option<f64>, earlier_line_number: Option<u64>) -> Conflict {
    Conflict {
        line_number: 9,
        prediction_id: "42".to_owned(),
        kept: kept.map(Cell::Number),
        found: found.map(Cell::Number),
        earlier_line_number,
    }
}

#[test]
fn every_failure_has_its_code_and_exit_status() {
    let predictions = FileKind::Predictions;
    let same = || conflict(Some(1.0), Some(2.0), None);
    let twice = || conflict(Some(1.0), Some(2.0), Some(4));
    for (error, code, exit) in [
        (
            FileErrorKind::Empty.of(Path::new("a.csv")).into(),
            "MG0510",
            2,
        ),
        (
            StoreError::Busy {
                path: PathBuf::from("m.db"),
            }
            .into(),
            "MG0404",
            11,
        ),
        (IngestError::Stopped, "MG0110", 130),
        (nobody(true), "MG0211", 10),
        (rejected(), "MG0507", 2),
        (conflicts(predictions, same()), "MG0512", 2),
        (conflicts(predictions, twice()), "MG0515", 2),
    ] {
        let problem = tell(predictions, None, error);
        assert_eq!(
            (problem.code, problem.exit.code()),
            (code, exit),
            "{problem}"
        );
    }
}

fn nobody(has_versions: bool) -> IngestError {
    IngestError::NoHolder {
        model: "churn".parse().unwrap(),
        has_versions,
    }
}

#[test]
fn without_a_holder_there_are_two_ways_on_and_without_a_version_one() {
    assert_eq!(
        tell(FileKind::Predictions, None, nobody(true)).hints,
        [
            "promote one: `modelguard promote latest`",
            "give the version: `--version REF`"
        ]
    );
    assert_eq!(
        tell(FileKind::Predictions, None, nobody(false)).hints,
        ["register one, then promote it: `modelguard register PATH`, `modelguard promote latest`"]
    );
}

#[test]
fn a_rejected_line_is_named_with_the_option_that_lets_it_pass() {
    let problem = tell(FileKind::Predictions, None, rejected());
    assert_eq!(
        problem.message,
        "a.csv, line 7, column y_pred: abc is no number"
    );
    assert_eq!(
        problem.causes,
        ["1,200 of 20,000 lines are no rows, and --max-rejects allows 0"]
    );
    assert_eq!(
        problem.hints,
        ["correct them, or put them aside: `--max-rejects 1200 --reject-file rejects.csv`"]
    );
    let details = problem.details.unwrap();
    assert_eq!(details["rows_rejected_count"], 1_200);
    assert_eq!(details["rejects"][0]["line_number"], 7);
    let aside = tell(FileKind::Predictions, Some(Path::new("r.csv")), rejected());
    assert_eq!(
        aside.hints,
        ["correct them, or store the others: `--max-rejects 1200`"]
    );
}

#[test]
fn a_contradiction_names_both_values_and_where_the_other_stands() {
    let message = |conflict| {
        let error = conflicts(FileKind::Predictions, conflict);
        tell(FileKind::Predictions, None, error).message
    };
    assert_eq!(
        message(conflict(Some(1.5), Some(2.0), None)),
        "a.csv, line 9, column y: id 42 has the prediction 2, and 1.5 is stored"
    );
    assert_eq!(
        message(conflict(Some(1.5), Some(2.0), Some(4))),
        "a.csv, line 9, column y: id 42 has the prediction 2, and 1.5 on line 4"
    );
    assert_eq!(
        message(conflict(None, Some(2.0), None)),
        "a.csv, line 9, column y: id 42 has the prediction 2, and no value (failed) is stored"
    );
    assert_eq!(
        message(conflict(Some(1.5), Some(1.5), None)),
        "a.csv, line 9, column y: id 42 has other class probabilities, and 1.5 is stored"
    );
}

#[test]
fn only_a_truth_file_can_revise() {
    let hint = |conflicting, file| {
        let error = conflicts(conflicting, conflict(Some(1.0), Some(2.0), None));
        tell(file, None, error).hints.join("")
    };
    assert!(hint(FileKind::Truth, FileKind::Truth).contains("`--on-conflict revise`"));
    for (conflicting, file) in [
        (FileKind::Predictions, FileKind::Predictions),
        (FileKind::Truth, FileKind::Predictions),
    ] {
        let hint = hint(conflicting, file);
        assert!(
            !hint.contains("revise") && hint.contains("`--on-conflict skip`"),
            "{hint}"
        );
    }
}

#[test]
fn a_truth_that_conflicts_is_called_a_truth() {
    let error = conflicts(FileKind::Truth, conflict(Some(1.0), Some(2.0), None));
    let problem = tell(FileKind::Truth, None, error);
    assert!(
        problem
            .message
            .contains("id 42 has the truth 2, and 1 is stored"),
        "{problem}"
    );
    assert_eq!(problem.causes, ["3 such rows; nothing was stored"]);
    let details = problem.details.unwrap();
    assert_eq!(details["rejects"][0]["code"], RejectCode::Conflict.name());
}

#[test]
fn one_conflict_is_told_in_the_singular() {
    let mut error = conflicts(FileKind::Truth, conflict(Some(1.0), Some(2.0), Some(4)));
    if let IngestError::Conflicts { count, .. } = &mut error {
        *count = 1;
    }
    let problem = tell(FileKind::Truth, None, error);
    assert_eq!(problem.causes, ["1 such row; nothing was stored"]);
}

#[test]
fn a_hostile_id_forges_no_line() {
    let mut hostile = conflict(Some(1.0), Some(2.0), None);
    hostile.prediction_id = "1\nerror: gone\u{1b}[2K".to_owned();
    let problem = tell(
        FileKind::Predictions,
        None,
        conflicts(FileKind::Predictions, hostile),
    );
    assert!(!problem.message.contains('\n') && !problem.message.contains('\u{1b}'));
}
