//! Tests of who holds an alias, and when: periods, tenures, and a clock that runs backwards.
#![cfg(test)]

use super::*;
use crate::domain::metric::Task;
use crate::domain::operation::OperationKind::{
    AliasRemove, AliasSet, Promote, Redo, Rollback, Undo,
};
use crate::store::example::{Example, View, minute};
use crate::store::maintain::violations;

fn production() -> AliasName {
    AliasName::production()
}

/// A model with versions `a`, `b` and `c`.
fn three() -> (Example, [VersionId; 3]) {
    let mut example = Example::new();
    let versions = [
        example.version("a"),
        example.version("b"),
        example.version("c"),
    ];
    (example, versions)
}

fn stack(example: &mut Example, alias: &str) -> Vec<VersionId> {
    let (model, alias) = (example.model, alias.parse().unwrap());
    example
        .read(|tx| holders(tx, model, &alias))
        .entries()
        .to_vec()
}

fn all_periods(example: &mut Example, alias: &str) -> Vec<Period> {
    let (model, alias) = (example.model, alias.parse().unwrap());
    example.read(|tx| periods(tx, model, &alias, Periods::All))
}

fn present_tenure(example: &mut Example) -> Vec<Period> {
    let model = example.model;
    example.read(|tx| periods(tx, model, &production(), Periods::PresentTenure))
}

/// Version, tenure and span of every period of production, in minutes.
fn spans(example: &mut Example) -> Vec<(VersionId, i64, Option<i64>, Option<i64>)> {
    let minutes = |at: Timestamp| (at.micros() - minute(0).micros()) / 60_000_000;
    all_periods(example, "production")
        .into_iter()
        .map(|period| {
            (
                period.version,
                period.tenure,
                period.from.map(minutes),
                period.to.map(minutes),
            )
        })
        .collect()
}

#[test]
fn an_alias_that_nobody_held_has_no_stack_and_no_periods() {
    let mut example = Example::new();
    assert_eq!(stack(&mut example, "production"), []);
    assert_eq!(all_periods(&mut example, "production"), []);
    assert_eq!(present_tenure(&mut example), []);
    let model = example.model;
    assert_eq!(example.read(|tx| list(tx, model)), []);
}

#[test]
fn the_first_holder_has_no_beginning() {
    let (mut example, [a, ..]) = three();
    let first = example.view(View {
        at: 10,
        ..View::of(Promote, &[a])
    });
    let period = all_periods(&mut example, "production")[0];
    assert_eq!((period.from, period.to), (None, None));
    assert_eq!((period.from_operation, period.to_operation), (first, None));
    assert!(
        period.contains(minute(-1_000_000)),
        "history older than the store counts"
    );
    example.assert_whole();
}

#[test]
fn a_first_holder_with_a_given_time_begins_then() {
    let (mut example, [a, ..]) = three();
    example.view(View {
        at: -60,
        at_was_given: true,
        ..View::of(Promote, &[a])
    });
    let period = all_periods(&mut example, "production")[0];
    assert_eq!(period.from, Some(minute(-60)));
    assert!(!period.contains(minute(-61)));
    assert!(period.contains(minute(-60)), "the beginning belongs to it");
    example.assert_whole();
}

#[test]
fn the_next_holder_begins_where_the_one_before_ends() {
    let (mut example, [a, b, _]) = three();
    example.promote(a, None);
    let second = example.view(View {
        at: 30,
        ..View::of(Promote, &[a, b])
    });
    assert_eq!(
        spans(&mut example),
        [(a, 1, None, Some(30)), (b, 2, Some(30), None)]
    );
    let [of_a, of_b] = all_periods(&mut example, "production")[..] else {
        panic!("there are two periods")
    };
    assert_eq!(of_a.to_operation, Some(second));
    assert!(!of_a.contains(minute(30)), "the end does not belong to it");
    assert!(of_b.contains(minute(30)));
    example.assert_whole();
}

#[test]
fn a_clock_that_was_turned_back_ends_no_period_before_it_began() {
    let (mut example, [a, b, c]) = three();
    example.promote(a, Some(100));
    example.promote(b, Some(50));
    example.promote(c, Some(20));
    assert_eq!(
        spans(&mut example),
        [
            (a, 1, Some(100), Some(100)),
            (b, 2, Some(100), Some(100)),
            (c, 3, Some(100), None)
        ]
    );
    let at_the_moment: Vec<_> = all_periods(&mut example, "production")
        .into_iter()
        .filter(|period| period.contains(minute(100)))
        .map(|period| period.version)
        .collect();
    assert_eq!(at_the_moment, [c], "one version holds at any moment");
    example.assert_whole();
}

#[test]
fn a_clock_that_was_turned_back_does_not_break_an_undo() {
    let (mut example, [a, b, _]) = three();
    example.promote(a, None);
    let second = example.view(View {
        at: 100,
        ..View::of(Promote, &[a, b])
    });
    example.view(View {
        at: 40,
        restores: Some(second),
        ..View::of(Undo, &[a])
    });
    assert_eq!(
        spans(&mut example),
        [
            (a, 1, None, Some(100)),
            (b, 2, Some(100), Some(100)),
            (a, 1, Some(100), None)
        ]
    );
    example.assert_whole();
}

#[test]
fn an_undo_continues_the_tenure_that_the_undone_change_ended() {
    let (mut example, [a, b, _]) = three();
    example.promote(a, None);
    let second = example.view(View {
        at: 10,
        ..View::of(Promote, &[a, b])
    });
    example.view(View {
        at: 20,
        restores: Some(second),
        ..View::of(Undo, &[a])
    });
    assert_eq!(
        spans(&mut example),
        [
            (a, 1, None, Some(10)),
            (b, 2, Some(10), Some(20)),
            (a, 1, Some(20), None)
        ]
    );
    let versions: Vec<_> = present_tenure(&mut example)
        .iter()
        .map(|period| period.version)
        .collect();
    assert_eq!(versions, [a, a], "both periods, and not the one between");
    example.assert_whole();
}

#[test]
fn undo_and_redo_go_on_for_ever_with_one_tenure_each() {
    let (mut example, [a, b, _]) = three();
    example.promote(a, None);
    let second = example.view(View {
        at: 10,
        ..View::of(Promote, &[a, b])
    });
    let mut undone = second;
    for round in 0..3 {
        let undo = example.view(View {
            at: 20 + 20 * round,
            restores: Some(undone),
            ..View::of(Undo, &[a])
        });
        let redo = example.view(View {
            at: 30 + 20 * round,
            restores: Some(undo),
            ..View::of(Redo, &[a, b])
        });
        undone = redo;
        example.assert_whole();
    }
    let tenures: Vec<_> = spans(&mut example)
        .into_iter()
        .map(|(version, tenure, ..)| (version, tenure))
        .collect();
    assert_eq!(
        tenures,
        [
            (a, 1),
            (b, 2),
            (a, 1),
            (b, 2),
            (a, 1),
            (b, 2),
            (a, 1),
            (b, 2)
        ]
    );
}

#[test]
fn a_rollback_begins_a_new_tenure_of_the_restored_version() {
    let (mut example, [a, b, _]) = three();
    example.promote(a, None);
    example.promote(b, Some(10));
    example.view(View {
        at: 20,
        ..View::of(Rollback, &[a])
    });
    assert_eq!(
        spans(&mut example),
        [
            (a, 1, None, Some(10)),
            (b, 2, Some(10), Some(20)),
            (a, 3, Some(20), None)
        ]
    );
    let present = present_tenure(&mut example);
    assert_eq!(present.len(), 1, "the earlier tenure of it is another one");
    assert_eq!(present[0].from, Some(minute(20)));
    example.assert_whole();
}

#[test]
fn an_undo_continues_only_the_tenure_that_this_change_ended() {
    let (mut example, [a, b, _]) = three();
    example.promote(a, None);
    example.promote(b, Some(10));
    example.promote(a, Some(20));
    let fourth = example.view(View {
        at: 30,
        ..View::of(Promote, &[a, b, a, b])
    });
    example.view(View {
        at: 40,
        restores: Some(fourth),
        ..View::of(Undo, &[a, b, a])
    });
    let tenures: Vec<_> = spans(&mut example).iter().map(|span| span.1).collect();
    assert_eq!(tenures, [1, 2, 3, 4, 3]);
    example.assert_whole();
}

#[test]
fn undoing_the_first_promote_leaves_the_alias_empty() {
    let (mut example, [a, b, _]) = three();
    let first = example.view(View::of(Promote, &[a]));
    example.view(View {
        at: 10,
        restores: Some(first),
        ..View::of(Undo, &[])
    });
    assert_eq!(stack(&mut example, "production"), []);
    assert_eq!(spans(&mut example), [(a, 1, None, Some(10))]);
    assert_eq!(present_tenure(&mut example), []);
    example.assert_whole();

    example.view(View {
        at: 20,
        ..View::of(Promote, &[b])
    });
    assert_eq!(
        spans(&mut example)[1],
        (b, 2, Some(20), None),
        "only the very first holder has no beginning"
    );
    example.assert_whole();
}

#[test]
fn switching_says_who_left_and_who_came() {
    let (mut example, [a, b, _]) = three();
    example.promote(a, None);
    let model = example.model;
    let change = example.planted("SELECT 1", |tx| {
        let wish = Switch {
            model,
            alias: &production(),
            after: Holders::from_bottom(vec![a, b]),
            at: minute(5),
            at_was_given: false,
            restores: None,
            left_degraded: true,
        };
        switch(tx, tx.next_operation()?, wish)
    });
    assert_eq!(change.alias, "production");
    assert_eq!((change.from, change.to), (Some(a), Some(b)));
    assert_eq!(change.stack, [a, b]);
    assert!(change.left_degraded);
    assert_eq!(stack(&mut example, "production"), [a], "it was taken back");
}

#[test]
fn an_alias_touches_no_other_and_no_other_model() {
    let (mut example, [a, b, c]) = three();
    example.promote(a, None);
    example.view(View {
        alias: "winter",
        at: 10,
        ..View::of(AliasSet, &[b])
    });
    let taxi = example.model;
    example.other_model("churn", Task::Classification);
    let other = example.version("a");
    example.promote(other, None);

    let churn = example.model;
    assert_eq!(stack(&mut example, "production"), [other]);
    assert_eq!(stack(&mut example, "winter"), []);
    example.model = taxi;
    example.promote(c, Some(20));
    assert_eq!(stack(&mut example, "production"), [a, c]);
    assert_eq!(stack(&mut example, "winter"), [b]);
    let winter = all_periods(&mut example, "winter");
    assert_eq!(
        (winter.len(), winter[0].from),
        (1, Some(minute(10))),
        "of production alone the first holder has no beginning"
    );
    example.model = churn;
    assert_eq!(spans(&mut example), [(other, 3, None, None)]);
    example.assert_whole();
}

#[test]
fn all_aliases_are_listed_by_name_with_the_present_period() {
    let (mut example, [a, b, c]) = three();
    let winter = example.view(View {
        alias: "winter",
        ..View::of(AliasSet, &[c])
    });
    example.promote(a, None);
    let second = example.view(View {
        at: 10,
        ..View::of(Promote, &[a, b])
    });
    example.view(View {
        alias: "gone",
        ..View::of(AliasSet, &[a])
    });
    example.view(View {
        alias: "gone",
        ..View::of(AliasRemove, &[])
    });
    let model = example.model;
    let held = example.read(|tx| list(tx, model));
    let expected = [
        Held {
            alias: production(),
            version: b,
            since: Some(minute(10)),
            operation: second,
        },
        Held {
            alias: "winter".parse().unwrap(),
            version: c,
            since: Some(minute(0)),
            operation: winter,
        },
    ];
    assert_eq!(held, expected);
    example.assert_whole();
}

#[test]
fn the_periods_of_one_version_are_its_own() {
    let (mut example, [a, b, c]) = three();
    example.promote(a, None);
    example.promote(b, Some(10));
    example.promote(a, Some(20));
    let minutes = |periods: Vec<Period>| -> Vec<_> {
        periods.into_iter().map(|period| period.from).collect()
    };
    assert_eq!(minutes(example.periods(a)), [None, Some(minute(20))]);
    assert_eq!(minutes(example.periods(b)), [Some(minute(10))]);
    assert_eq!(minutes(example.periods(c)), []);
}

#[test]
fn an_alias_can_not_have_two_holders_at_once() {
    let (mut example, [a, ..]) = three();
    example.promote(a, None);
    let second_open =
        "INSERT INTO period (model_id, alias, version_id, tenure, from_at, from_operation_id)
         VALUES (1, 'production', 2, 2, 0, 1)";
    let refusal = example.refusal(second_open);
    assert!(refusal.contains("UNIQUE"), "{refusal}");
    let backwards = "UPDATE period SET from_at = 2, to_at = 1, to_operation_id = 1";
    let refusal = example.refusal(backwards);
    assert!(refusal.contains("CHECK"), "{refusal}");
}

/// Each line breaks one invariant of aliases; the view that must be empty says so.
#[test]
fn every_broken_alias_is_found_by_its_invariant() {
    let (mut example, [a, b, _]) = three();
    example.promote(a, None);
    example.promote(b, Some(10));
    example.other_model("churn", Task::Classification);
    example.version("x");
    example.assert_whole();
    for (sql, found) in [
        (
            "UPDATE alias SET version_id = 1",
            &[
                "invariant_alias_is_top_of_stack",
                "invariant_holder_has_open_period",
            ][..],
        ),
        (
            "UPDATE alias SET operation_id = 5",
            &["invariant_alias_is_top_of_stack"],
        ),
        (
            "DELETE FROM period WHERE to_at IS NULL",
            &["invariant_holder_has_open_period"],
        ),
        (
            "UPDATE period SET from_at = from_at - 1 WHERE to_at IS NULL",
            &["invariant_periods_do_not_overlap"],
        ),
        (
            "UPDATE period SET tenure = 1",
            &["invariant_tenure_has_one_version"],
        ),
        (
            "UPDATE period SET version_id = 4 WHERE id = 1",
            &["invariant_model_is_the_same"],
        ),
    ] {
        let names: Vec<_> = example
            .planted(sql, violations)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, found, "{sql}");
    }
    example.assert_whole();
}

#[test]
fn an_operation_that_leaves_a_version_which_did_not_hold_is_found() {
    let (mut example, [a, b, c]) = three();
    example.promote(a, None);
    let model = example.model;
    let broken = example
        .store
        .change(&crate::store::example::author(), |tx| {
            let id = tx.next_operation()?;
            let wish = Switch {
                model,
                alias: &production(),
                after: Holders::from_bottom(vec![a, b]),
                at: minute(5),
                at_was_given: false,
                restores: None,
                left_degraded: false,
            };
            let view = switch(tx, id, wish)?;
            let operation = crate::domain::operation::NewOperation {
                view: Some(ViewChange {
                    from: Some(c),
                    ..view
                }),
                ..crate::domain::operation::NewOperation::recording(Promote, model)
            };
            Ok::<_, StoreError>(crate::store::Change::recorded((), operation))
        });
    broken.unwrap();
    assert_eq!(
        example.read(violations),
        [("invariant_operation_leaves_the_holder".to_owned(), 1)]
    );
}

#[test]
fn a_stack_that_is_no_list_of_versions_is_said_to_be_meaningless() {
    let (mut example, [a, ..]) = three();
    example.promote(a, None);
    let model = example.model;
    let damage = "DROP TRIGGER operation_never_changes;
                  UPDATE operation SET stack = '[\"a\"]' WHERE stack IS NOT NULL";
    let said = example.planted(damage, |tx| {
        Ok(holders(tx, model, &production()).unwrap_err().to_string())
    });
    assert_eq!(said, "the stored stack \"[\\\"a\\\"]\" has no meaning");
}

#[test]
fn reading_who_holds_looks_at_no_more_than_the_aliases_asked_for() {
    let mut example = Example::new();
    assert_eq!(
        example.plan(STACK),
        [
            "SEARCH alias USING PRIMARY KEY (model_id=? AND name=?)",
            "SEARCH operation USING INTEGER PRIMARY KEY (rowid=?)",
        ]
    );
    assert_eq!(
        example.plan(LIST),
        [
            "SEARCH alias USING PRIMARY KEY (model_id=?)",
            "SEARCH period USING INDEX period_open (model_id=? AND alias=?) LEFT-JOIN",
        ]
    );
}
