//! Tests of alerts: one row for ever, which opens, is resolved, opens again, and remembers that it has acted.
#![cfg(test)]

use super::*;
use crate::domain::metric::Task;
use crate::domain::operation::{NewOperation, OperationKind};
use crate::domain::verdict::Verdict;
use crate::store::example::{Example, View, author, minute};
use crate::store::{Change, maintain};

fn kept<V>(example: &mut Example, act: impl FnOnce(&Tx<'_>) -> Result<V>) -> V {
    example
        .store
        .change(&author(), |tx| act(tx).map(Change::staged))
        .unwrap()
}

/// A check found the condition again.
fn occurs(
    example: &mut Example,
    version: VersionId,
    kind: AlertKind,
    severity: Severity,
    at: i64,
) -> AlertId {
    let evaluation = example.evaluate(version, Verdict::Degraded);
    let model = example.model;
    kept(example, |tx| {
        open(
            tx,
            &Occurrence {
                model,
                version,
                kind,
                severity,
                message: &format!("seen at {at}"),
                evaluation,
                at: minute(at),
            },
        )
    })
}

fn degraded(example: &mut Example, version: VersionId, at: i64) -> AlertId {
    occurs(example, version, AlertKind::Degraded, Severity::High, at)
}

fn one(example: &mut Example, id: AlertId) -> Alert {
    example.read(|tx| get(tx, id)).unwrap()
}

#[test]
fn an_alert_says_what_was_found_about_which_version() {
    let mut example = Example::new();
    let a = example.version("a");
    let id = degraded(&mut example, a, 5);
    let expected = Alert {
        id,
        model: "taxi".parse().unwrap(),
        model_id: example.model,
        version: "a".parse().ok(),
        version_id: Some(a),
        kind: AlertKind::Degraded,
        severity: Severity::High,
        message: "seen at 5".into(),
        opened_at: minute(5),
        resolved_at: None,
        acked_at: None,
        evaluation: Some(EvaluationId(1)),
        acted_operation: None,
    };
    assert_eq!(one(&mut example, id), expected);
    let found = example.read(|tx| find(tx, a, AlertKind::Degraded));
    assert_eq!(found, Some(expected));
    assert_eq!(example.read(|tx| find(tx, a, AlertKind::Blind)), None);
    assert_eq!(example.read(|tx| get(tx, AlertId(9))), None);
    example.assert_whole();
}

#[test]
fn an_open_alert_is_brought_up_to_date_and_keeps_its_time() {
    let mut example = Example::new();
    let a = example.version("a");
    let id = degraded(&mut example, a, 5);
    kept(&mut example, |tx| acknowledge(tx, id, minute(6), false));
    let again = occurs(&mut example, a, AlertKind::Degraded, Severity::Low, 9);
    assert_eq!(again, id);
    let alert = one(&mut example, id);
    assert_eq!(alert.opened_at, minute(5));
    assert_eq!(
        alert.acked_at,
        Some(minute(6)),
        "it is the one that was noted"
    );
    assert_eq!(alert.severity, Severity::Low);
    assert_eq!(alert.message, "seen at 9");
    assert_eq!(alert.evaluation, Some(EvaluationId(2)));
}

#[test]
fn a_resolved_alert_opens_again_in_the_same_row_and_nobody_has_noted_it() {
    let mut example = Example::new();
    let a = example.version("a");
    let id = degraded(&mut example, a, 5);
    kept(&mut example, |tx| acknowledge(tx, id, minute(6), false));
    let model = example.model;
    let resolved = kept(&mut example, |tx| resolve_all(tx, model, minute(7)));
    assert_eq!(resolved, [id]);
    let alert = one(&mut example, id);
    assert_eq!(
        (alert.is_open(), alert.resolved_at),
        (false, Some(minute(7)))
    );
    assert_eq!(degraded(&mut example, a, 9), id);
    let alert = one(&mut example, id);
    assert!(alert.is_open());
    assert_eq!((alert.opened_at, alert.acked_at), (minute(9), None));
    example.assert_whole();
}

#[test]
fn what_an_alert_has_acted_outlives_everything_but_rearming() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    example.promote(a, None);
    example.promote(b, Some(1));
    let id = degraded(&mut example, b, 5);
    let rollback = example.view(View {
        left_degraded: true,
        ..View::of(OperationKind::Rollback, &[a])
    });
    kept(&mut example, |tx| set_acted(tx, id, rollback));
    let model = example.model;
    kept(&mut example, |tx| resolve_all(tx, model, minute(7)));
    degraded(&mut example, b, 9);
    kept(&mut example, |tx| acknowledge(tx, id, minute(10), false));
    assert_eq!(one(&mut example, id).acted_operation, Some(rollback));
    example.assert_whole();
    kept(&mut example, |tx| acknowledge(tx, id, minute(11), true));
    let alert = one(&mut example, id);
    assert_eq!(alert.acted_operation, None);
    assert_eq!(alert.acked_at, Some(minute(10)), "first noted then");
    example.assert_whole();
}

#[test]
fn an_alert_that_acted_by_something_else_than_a_rollback_of_its_version_is_found() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    example.promote(a, None);
    example.promote(b, Some(1));
    let rollback = example.view(View::of(OperationKind::Rollback, &[a]));
    for (version, operation) in [(a, rollback), (b, OperationId(4))] {
        let id = degraded(&mut example, version, 5);
        kept(&mut example, |tx| set_acted(tx, id, operation));
        let broken = [("invariant_alert_acted_by_rollback".to_owned(), 1)];
        assert_eq!(example.read(maintain::violations), broken);
        kept(&mut example, |tx| acknowledge(tx, id, minute(6), true));
    }
    example.assert_whole();
}

#[test]
fn each_kind_and_version_has_its_own_row_and_healthy_resolves_all_of_the_model() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    let ids = [
        degraded(&mut example, a, 1),
        occurs(&mut example, a, AlertKind::Blind, Severity::Medium, 2),
        degraded(&mut example, b, 3),
    ];
    let taxi = example.model;
    example.other_model("churn", Task::Classification);
    let other_version = example.version("c");
    let other = degraded(&mut example, other_version, 4);
    assert_eq!(example.read(|tx| open_of(tx, taxi)), ids);
    let resolved = kept(&mut example, |tx| resolve_all(tx, taxi, minute(5)));
    assert_eq!(resolved, ids);
    assert_eq!(example.read(|tx| open_of(tx, taxi)), []);
    let churn = example.model;
    assert_eq!(example.read(|tx| open_of(tx, churn)), [other]);
    let again = kept(&mut example, |tx| resolve_all(tx, taxi, minute(6)));
    assert_eq!(again, [], "what is resolved is not resolved again");
    assert_eq!(one(&mut example, ids[0]).resolved_at, Some(minute(5)));
}

#[test]
fn a_clock_that_was_turned_back_resolves_no_alert_before_it_opened() {
    let mut example = Example::new();
    let a = example.version("a");
    let id = degraded(&mut example, a, 100);
    let model = example.model;
    kept(&mut example, |tx| resolve_all(tx, model, minute(50)));
    assert_eq!(one(&mut example, id).resolved_at, Some(minute(100)));
}

#[test]
fn alerts_are_listed_last_opened_first_and_filtered() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    let first = degraded(&mut example, a, 30);
    let second = occurs(&mut example, a, AlertKind::Blind, Severity::Medium, 10);
    let third = degraded(&mut example, b, 30);
    let taxi = example.model;
    example.other_model("churn", Task::Classification);
    let other_version = example.version("c");
    let other = degraded(&mut example, other_version, 20);
    let churn = example.model;
    kept(&mut example, |tx| resolve_all(tx, churn, minute(40)));
    let mut ids = |filter, limit| {
        let (alerts, total) = example.read(|tx| list(tx, filter, limit));
        let ids: Vec<_> = alerts.iter().map(|alert| alert.id).collect();
        (ids, total)
    };
    let all = Filter::default();
    assert_eq!(ids(all, 9), (vec![third, first, other, second], 4));
    assert_eq!(ids(all, 2), (vec![third, first], 4));
    let of_taxi = Filter {
        model: Some(taxi),
        ..all
    };
    assert_eq!(ids(of_taxi, 9), (vec![third, first, second], 3));
    let medium = Filter {
        severity: Some(Severity::Medium),
        ..all
    };
    assert_eq!(ids(medium, 9), (vec![second], 1));
    let open_of_churn = Filter {
        model: Some(churn),
        open_only: true,
        ..all
    };
    assert_eq!(ids(open_of_churn, 9), (vec![], 0));
}

#[test]
fn alerts_are_joined_to_their_names_by_row() {
    let mut example = Example::new();
    let by_id = format!("{SELECT} WHERE alert.id = :id");
    let by_version = format!(
        "{SELECT} WHERE alert.model_id = (SELECT model_id FROM version WHERE id = :version)
           AND alert.version_id = :version AND alert.kind = :kind"
    );
    for query in [by_id, by_version] {
        for step in example.plan(&query) {
            assert!(!step.starts_with("SCAN"), "{step}");
        }
    }
}

fn refused(example: &mut Example, name: &str, hash: u8, at: i64) -> Option<AlertId> {
    let model = example.model;
    let act = |tx: &Tx<'_>| {
        let file = RefusedFile {
            model,
            name,
            hash: Hash([hash; 32]),
            message: &format!("refused at {at}"),
            at: minute(at),
        };
        let Some(id) = open_file(tx, &file)? else {
            return Ok(Change::nothing(None));
        };
        let operation = NewOperation {
            detail: format!("{{\"alert_id\":\"{id}\"}}"),
            ..NewOperation::recording(OperationKind::Refuse, model)
        };
        Ok::<_, StoreError>(Change::recorded(Some(id), operation))
    };
    example.store.change(&author(), act).unwrap()
}

#[test]
fn an_alert_about_a_file_that_the_log_does_not_name_is_found() {
    let mut example = Example::new();
    let id = refused(&mut example, "a.csv", 1, 5).unwrap();
    example.assert_whole();
    kept(&mut example, |tx| {
        let sql = "INSERT INTO alert (model_id, kind, subject, severity, message, opened_at)
                   SELECT model_id, kind, 'x', severity, message, opened_at FROM alert WHERE id = :id";
        Ok(tx.sql.execute(sql, named_params! { ":id": id.0 })?)
    });
    let broken = [("invariant_refused_file_has_operation".to_owned(), 1)];
    assert_eq!(example.read(maintain::violations), broken);
}

#[test]
fn a_refused_file_has_one_alert_which_healthy_leaves_open_and_a_note_resolves() {
    let mut example = Example::new();
    let model = example.model;
    let id = refused(&mut example, "a.csv", 1, 5).unwrap();
    assert_eq!(refused(&mut example, "a.csv", 1, 6), None, "told already");
    let other_content = refused(&mut example, "a.csv", 2, 7).unwrap();
    let other_name = refused(&mut example, "b.csv", 1, 8).unwrap();
    assert!(id != other_content && id != other_name && other_content != other_name);
    assert_eq!(
        kept(&mut example, |tx| resolve_all(tx, model, minute(9))),
        []
    );
    let alert = one(&mut example, id);
    assert!(alert.is_open());
    assert_eq!(
        (&alert.version, alert.version_id, alert.evaluation),
        (&None, None, None)
    );
    assert_eq!(
        (alert.kind, alert.severity, alert.message.as_str()),
        (AlertKind::RefusedFile, Severity::Medium, "refused at 5")
    );
    assert_eq!(example.read(|tx| open_of(tx, model)).len(), 3);

    kept(&mut example, |tx| acknowledge(tx, id, minute(10), false));
    assert_eq!(one(&mut example, id).resolved_at, Some(minute(10)));
    assert_eq!(
        refused(&mut example, "a.csv", 1, 11),
        Some(id),
        "what came again after somebody took note is told again, in the same row"
    );
    let alert = one(&mut example, id);
    assert_eq!((alert.acked_at, alert.resolved_at), (None, None));
    let found = example.read(|tx| find_file(tx, model, "a.csv", Hash([1; 32])));
    assert_eq!(found, Some(alert));
    example.assert_whole();
}
