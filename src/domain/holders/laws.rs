#![cfg(test)]
//! Laws of the stack and of undo, over random stacks and logs.

use super::*;
use proptest::prelude::*;

fn stack() -> impl Strategy<Value = Holders> {
    proptest::collection::vec(0..6_i64, 0..12).prop_map(|entries| {
        let mut holders = Holders::default();
        for entry in entries {
            holders.promote(VersionId(entry));
        }
        holders
    })
}

/// A log that the tool could have written: undo and redo take what they may.
fn log() -> impl Strategy<Value = Vec<ViewStep>> {
    proptest::collection::vec(0..3_u8, 0..30).prop_map(|wishes| {
        let mut steps: Vec<ViewStep> = Vec::new();
        for (number, wish) in (1..).zip(wishes) {
            let history = UndoHistory::from_steps(steps.iter().copied());
            let kind = match wish {
                0 => Some(ViewKind::Change),
                1 => history.undoable().map(ViewKind::Undo),
                _ => history.redoable().map(|(undo, _)| ViewKind::Redo(undo)),
            };
            steps.extend(kind.map(|kind| ViewStep {
                id: OperationId(number),
                kind,
            }));
        }
        steps
    })
}

fn folded(steps: &[ViewStep]) -> UndoHistory {
    UndoHistory::from_steps(steps.iter().copied())
}

fn then(steps: &[ViewStep], kind: ViewKind) -> Vec<ViewStep> {
    let id = OperationId(steps.last().map_or(1, |step| step.id.0 + 1));
    [steps, &[ViewStep { id, kind }]].concat()
}

proptest! {
    #[test]
    fn a_holder_never_lies_on_itself(holders in stack()) {
        prop_assert!(holders.entries().windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn going_back_one_takes_back_a_promote(holders in stack(), version in 0..6_i64) {
        let mut after = holders.clone();
        if after.promote(VersionId(version)) && holders.holder().is_some() {
            prop_assert_eq!(after.go_back_one(), holders.holder());
            prop_assert_eq!(after, holders);
        }
    }

    #[test]
    fn going_back_one_leaves_somebody_or_changes_nothing(holders in stack()) {
        let mut after = holders.clone();
        match after.go_back_one() {
            None => prop_assert_eq!(after, holders),
            Some(next) => {
                prop_assert_eq!(after.holder(), Some(next));
                prop_assert_eq!(holders.below(1), Some(next));
            }
        }
    }

    #[test]
    fn going_back_to_a_version_makes_it_the_holder_and_keeps_what_lies_below(
        holders in stack(),
        version in 0..8_i64,
    ) {
        let version = VersionId(version);
        let mut after = holders.clone();
        let changed = after.go_back_to(version);
        prop_assert_eq!(after.holder(), Some(version));
        prop_assert_eq!(changed, holders.holder() != Some(version));
        prop_assert!(!after.go_back_to(version));
        let common = after.entries().len().min(holders.entries().len());
        let kept = common.saturating_sub(usize::from(!holders.entries().contains(&version)));
        prop_assert_eq!(&after.entries()[..kept], &holders.entries()[..kept]);
    }

    #[test]
    fn what_lies_below_is_counted_alike_everywhere(holders in stack()) {
        let lower: Vec<_> = holders.lower().collect();
        for (depth, version) in (1..).zip(&lower) {
            prop_assert_eq!(holders.below(depth), Some(*version));
        }
        prop_assert_eq!(holders.below(lower.len() + 1), None);
        if let Some(holder) = holders.holder() {
            prop_assert_eq!(holders.lower_than(holder).collect::<Vec<_>>(), lower);
        }
    }

    #[test]
    fn an_undo_and_its_redo_leave_the_history_as_it_was(steps in log()) {
        let before = folded(&steps);
        let Some(change) = before.undoable() else { return Ok(()) };
        let undone = then(&steps, ViewKind::Undo(change));
        let (undo, brought_back) = folded(&undone).redoable().unwrap();
        prop_assert_eq!(brought_back, change);
        let redone = folded(&then(&undone, ViewKind::Redo(undo)));
        prop_assert_eq!(redone.undoable(), before.undoable());
        prop_assert_eq!(redone.redoable(), before.redoable());
    }

    #[test]
    fn undoing_goes_strictly_back(steps in log()) {
        let mut steps = steps;
        let mut last = None;
        while let Some(change) = folded(&steps).undoable() {
            if let Some(last) = last {
                prop_assert!(change < last);
            }
            last = Some(change);
            steps = then(&steps, ViewKind::Undo(change));
        }
        prop_assert_eq!(folded(&steps).undoable(), None);
    }

    #[test]
    fn every_change_is_undoable_undone_or_below_newer_ones(steps in log()) {
        let history = folded(&steps);
        let newest = history.undoable();
        for step in &steps {
            let answer = history.may_undo(step.id);
            match step.kind {
                ViewKind::Undo(_) | ViewKind::Redo(_) => {
                    prop_assert_eq!(answer, Err(UndoRefusal::Unknown));
                }
                ViewKind::Change => match answer {
                    Ok(()) => prop_assert_eq!(Some(step.id), newest),
                    Err(UndoRefusal::NewerStand(newer)) => {
                        prop_assert_eq!(newer.first().copied(), newest);
                        prop_assert!(newer.iter().all(|id| *id > step.id));
                    }
                    Err(UndoRefusal::AlreadyUndone) => prop_assert!(Some(step.id) != newest),
                    Err(UndoRefusal::Unknown) => prop_assert!(false, "{:?} is forgotten", step.id),
                },
            }
        }
    }

    #[test]
    fn a_change_clears_what_could_be_redone(steps in log()) {
        prop_assert_eq!(folded(&then(&steps, ViewKind::Change)).redoable(), None);
    }
}
