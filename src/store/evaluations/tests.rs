//! Tests of evaluations: what was once said stays, and the newest is found among them.
#![cfg(test)]

use super::*;
use crate::domain::operation::{NewOperation, OperationKind};
use crate::store::example::{Example, author, minute};
use crate::store::{Change, maintain};

/// Records a check of that verdict at a minute; of what is live where a tenure is given.
fn check(
    example: &mut Example,
    version: Option<VersionId>,
    verdict: Verdict,
    tenure: Option<i64>,
    at: i64,
) -> EvaluationId {
    let model = example.model;
    let author = crate::domain::operation::Author {
        at: minute(at),
        ..author()
    };
    example
        .store
        .change(&author, |tx| {
            let new = NewEvaluation {
                model,
                version,
                operation: tx.next_operation()?,
                checked_at: minute(at),
                verdict,
                severity: (verdict == Verdict::Degraded).then_some(Severity::Critical),
                was_live: tenure.is_some(),
                by_policy: true,
                tenure,
                document: "{\"a\":1}",
            };
            let id = insert(tx, &new)?;
            let operation = NewOperation::recording(OperationKind::Check, model);
            Ok::<_, StoreError>(Change::recorded(id, operation))
        })
        .unwrap()
}

#[test]
fn an_evaluation_comes_back_as_it_was_recorded() {
    let mut example = Example::new();
    let a = example.version("a");
    let id = check(&mut example, Some(a), Verdict::Degraded, Some(1), 5);
    let expected = Evaluation {
        id,
        version: Some(a),
        operation: OperationId(3),
        checked_at: minute(5),
        verdict: Verdict::Degraded,
        severity: Some(Severity::Critical),
        was_live: true,
        tenure: Some(1),
        document: "{\"a\":1}".to_owned(),
    };
    assert_eq!(example.read(|tx| newest_of(tx, a)), Some(expected));
    assert_eq!(
        example.read(|tx| document(tx, id)).as_deref(),
        Some("{\"a\":1}")
    );
    assert_eq!(example.read(|tx| document(tx, EvaluationId(9))), None);
    example.assert_whole();
}

#[test]
fn evaluations_refuse_update_delete_and_replace() {
    let mut example = Example::new();
    let a = example.version("a");
    check(&mut example, Some(a), Verdict::Healthy, Some(1), 0);
    let values = "(id, model_id, operation_id, checked_at, verdict, was_live, document)
         VALUES (1, 1, 3, 0, 'healthy', 1, '{}')";
    for sql in [
        "UPDATE evaluation SET verdict = 'insufficient_data'".to_owned(),
        "DELETE FROM evaluation".to_owned(),
        format!("INSERT OR REPLACE INTO evaluation {values}"),
        format!("REPLACE INTO evaluation {values}"),
    ] {
        assert_eq!(
            example.refusal(&sql),
            "evaluations are append-only",
            "{sql}"
        );
    }
}

#[test]
fn a_degraded_evaluation_has_a_severity_and_no_other_has() {
    let mut example = Example::new();
    let insert = |verdict: &str, severity: &str| {
        format!(
            "INSERT INTO evaluation (model_id, operation_id, checked_at, verdict, severity, was_live, by_policy, document)
             VALUES (1, 1, 0, '{verdict}', {severity}, 0, 1, '{{}}')"
        )
    };
    for (verdict, severity) in [
        ("degraded", "NULL"),
        ("healthy", "'low'"),
        ("suspicious", "NULL"),
    ] {
        let said = example.refusal(&insert(verdict, severity));
        assert!(said.contains("CHECK"), "{verdict} {severity}: {said}");
    }
}

#[test]
fn the_newest_of_what_was_live_is_no_check_of_a_shadow() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    let model = example.model;
    assert_eq!(example.read(|tx| newest_of_live(tx, model, true)), None);
    check(&mut example, Some(a), Verdict::Healthy, Some(1), 0);
    let nobody = check(&mut example, None, Verdict::InsufficientData, Some(1), 1);
    let shadow = check(&mut example, Some(b), Verdict::Healthy, None, 2);
    let id = |evaluation: Option<Evaluation>| evaluation.map(|evaluation| evaluation.id);
    let live = example.read(|tx| newest_of_live(tx, model, true));
    assert_eq!(id(live), Some(nobody), "even if nobody was live");
    assert_eq!(id(example.read(|tx| newest_of(tx, b))), Some(shadow));
    assert_eq!(
        id(example.read(|tx| newest_of_live(tx, model + 1, true))),
        None
    );
}

#[test]
fn a_tenure_was_last_decided_by_its_own_checks() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    check(&mut example, Some(a), Verdict::Healthy, Some(1), 1);
    check(&mut example, Some(a), Verdict::Degraded, Some(1), 2);
    check(&mut example, Some(a), Verdict::InsufficientData, Some(1), 3);
    check(&mut example, Some(b), Verdict::Healthy, Some(2), 4);
    check(&mut example, Some(a), Verdict::Healthy, None, 5);
    let mut decided = |version, tenure| example.read(|tx| last_decided_at(tx, version, tenure));
    assert_eq!(decided(a, 1), Some(minute(2)));
    assert_eq!(decided(b, 2), Some(minute(4)));
    assert_eq!(decided(a, 3), None, "a new tenure has no verdict yet");
}

#[test]
fn an_evaluation_without_its_check_is_found() {
    let mut example = Example::new();
    let a = example.version("a");
    check(&mut example, Some(a), Verdict::Healthy, Some(1), 0);
    for sql in [
        "UPDATE evaluation SET operation_id = 2",
        "UPDATE evaluation SET checked_at = checked_at + 1",
    ] {
        let sql = format!("DROP TRIGGER evaluation_never_changes; {sql}");
        let broken = example.planted(&sql, maintain::violations);
        let expected = [("invariant_evaluation_has_operation".to_owned(), 1)];
        assert_eq!(broken, expected, "{sql}");
    }
}

#[test]
fn the_newest_check_of_a_model_is_found_by_its_index() {
    let mut example = Example::new();
    assert_eq!(
        example.plan(NEWEST_OF_MODEL),
        ["SEARCH evaluation USING INDEX evaluation_model (model_id=?)"]
    );
}
