//! Tests of changing who holds an alias: what a plan says, what is refused, and where an automatic act would go.
#![cfg(test)]

use super::*;
use crate::domain::metric::Task;
use crate::domain::verdict::Verdict::{Degraded, Healthy, InsufficientData};
use crate::store::example::minute;
use crate::workflows::example::{Scene, at};

/// Versions a, b, c; a was promoted at minute 10, b at 20.
fn scene() -> (Scene, [VersionId; 3]) {
    let mut scene = Scene::new();
    let versions = [scene.version("a"), scene.version("b"), scene.version("c")];
    scene.promote(versions[0], 10);
    scene.promote(versions[1], 20);
    (scene, versions)
}

fn planned(scene: &mut Scene, wish: &Wish, minutes: i64) -> Result<Plan, SwitchError> {
    let model = scene.model.clone();
    let production = AliasName::production();
    scene
        .store()
        .read(|tx| plan(tx, &model, &production, wish, minute(minutes)))
}

fn promote(version: VersionId) -> Wish {
    Wish::Promote {
        version,
        since: None,
    }
}

fn since(version: VersionId, minutes: i64) -> Wish {
    Wish::Promote {
        version,
        since: Some(minute(minutes)),
    }
}

fn said(result: Result<impl Sized, SwitchError>) -> String {
    result.err().expect("it is refused").to_string()
}

fn id(party: &Option<Party>) -> Option<VersionId> {
    party.as_ref().map(|party| party.version.id)
}

fn retire(scene: &mut Scene, version: VersionId) {
    scene
        .store()
        .change(&at(0), |tx| {
            versions::set_retired(tx, version, Some("leaks")).map(Change::staged)
        })
        .unwrap();
}

#[test]
fn a_plan_shows_who_leaves_and_who_comes_and_changes_nothing() {
    let (mut scene, [a, b, c]) = scene();
    scene.example.evaluate(b, Degraded);
    let before = scene.example.bytes();
    let plan = planned(&mut scene, &promote(c), 30).unwrap();
    assert_eq!((id(&plan.from), id(&plan.to)), (Some(b), Some(c)));
    assert_eq!(plan.after.entries(), [a, b, c]);
    assert_eq!(plan.kind, OperationKind::Promote);
    assert_eq!(plan.from_since, Some(minute(20)));
    assert!(plan.changes);
    let from = plan.from.unwrap();
    assert_eq!((from.bad, from.standing.last), (true, Some(Degraded)));
    let to = plan.to.unwrap();
    assert_eq!((to.bad, to.standing.last), (false, None));
    assert_eq!(scene.example.bytes(), before);
}

#[test]
fn promoting_the_holder_changes_nothing_and_logs_nothing() {
    let (mut scene, [_, b, _]) = scene();
    let before = scene.example.bytes();
    let switched = scene.wish(&promote(b), 30).unwrap();
    assert!(!switched.plan.changes);
    assert_eq!(switched.operation, None);
    assert_eq!(scene.example.bytes(), before);
}

#[test]
fn what_was_carried_out_is_named_bottom_first() {
    let (mut scene, [.., c]) = scene();
    let switched = scene.wish(&promote(c), 30).unwrap();
    let names: Vec<_> = switched.stack.iter().map(VersionName::as_str).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let operation = scene.operation(switched.operation.unwrap());
    assert_eq!(operation.content.kind, OperationKind::Promote);
    assert_eq!(operation.content.version, Some(c));
    scene.example.assert_whole();
}

#[test]
fn rolling_back_twice_goes_two_holders_back() {
    let (mut scene, [a, b, c]) = scene();
    scene.promote(c, 30);
    scene.wish(&Wish::RollBackOne, 40).unwrap();
    assert_eq!(scene.stack(), [a, b]);
    scene.wish(&Wish::RollBackOne, 50).unwrap();
    assert_eq!(scene.stack(), [a]);
    let refused = scene.wish(&Wish::RollBackOne, 60);
    assert_eq!(said(refused), "nothing lies below a of model taxi");
    assert_eq!(scene.stack(), [a]);
}

#[test]
fn rolling_back_to_a_version_pops_to_its_newest_entry_or_puts_it_on_top() {
    let (mut scene, [a, b, c]) = scene();
    scene.promote(a, 30);
    scene.promote(b, 40);
    scene.wish(&Wish::RollBackTo(a), 50).unwrap();
    assert_eq!(scene.stack(), [a, b, a]);
    let plan = planned(&mut scene, &Wish::RollBackTo(c), 60).unwrap();
    assert_eq!(plan.kind, OperationKind::Rollback);
    assert_eq!(plan.after.entries(), [a, b, a, c]);
    let stays = scene.wish(&Wish::RollBackTo(a), 60).unwrap();
    assert_eq!(stays.operation, None);
}

#[test]
fn nothing_can_be_taken_off_an_alias_that_nobody_holds() {
    let mut scene = Scene::new();
    scene.version("a");
    for wish in [
        Wish::RollBackOne,
        Wish::RollBackToLastGood,
        Wish::RemoveAlias,
    ] {
        let refused = scene.wish(&wish, 10);
        assert_eq!(said(refused), "no version of model taxi holds @production");
    }
}

#[test]
fn a_rollback_by_hand_from_a_bad_version_says_that_it_was_left_degraded() {
    let (mut scene, [_, b, _]) = scene();
    scene.example.evaluate(b, Degraded);
    let operation = scene
        .wish(&Wish::RollBackOne, 30)
        .unwrap()
        .operation
        .unwrap();
    let view = scene.operation(operation).content.view.unwrap();
    assert!(view.left_degraded);
    scene.example.evaluate(b, Healthy);
    assert!(scene.example.read(|tx| versions::is_bad(tx, b)));
}

#[test]
fn a_rollback_from_a_good_version_and_a_promote_from_a_bad_one_leave_nobody_degraded() {
    let (mut scene, [_, b, c]) = scene();
    let back = scene
        .wish(&Wish::RollBackOne, 30)
        .unwrap()
        .operation
        .unwrap();
    assert!(!scene.operation(back).content.view.unwrap().left_degraded);
    scene.promote(b, 40);
    scene.example.evaluate(b, Degraded);
    let on = scene.promote(c, 50);
    assert!(!scene.operation(on).content.view.unwrap().left_degraded);
}

#[test]
fn a_version_went_live_neither_in_the_future_nor_before_the_present_one() {
    let (mut scene, [.., c]) = scene();
    let refused = planned(&mut scene, &since(c, 31), 30);
    assert_eq!(said(refused), "2026-01-01T00:31:00Z is in the future");
    let refused = planned(&mut scene, &since(c, 19), 30);
    assert_eq!(
        said(refused),
        "2026-01-01T00:19:00Z is before 2026-01-01T00:20:00Z, when the present tenure began"
    );
    scene.wish(&since(c, 20), 30).unwrap();
    assert_eq!(scene.example.periods(c)[0].from, Some(minute(20)));
    scene.example.assert_whole();
}

#[test]
fn a_version_may_have_gone_live_long_before_the_store_was_made() {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("a"), scene.version("b"));
    scene.wish(&since(a, -1_000), 10).unwrap();
    assert_eq!(scene.example.periods(a)[0].from, Some(minute(-1_000)));
    let refused = planned(&mut scene, &since(b, -1_001), 10);
    assert!(matches!(refused, Err(SwitchError::SinceTooEarly { .. })));
    scene.wish(&since(b, -500), 10).unwrap();
    assert_eq!(scene.example.periods(a)[0].to, Some(minute(-500)));
    scene.example.assert_whole();
}

#[test]
fn after_an_undone_first_promote_nobody_went_live_before_the_undo() {
    let mut scene = Scene::new();
    let a = scene.version("a");
    scene.promote(a, 10);
    scene.wish(&Wish::Undo(None), 20).unwrap();
    let refused = planned(&mut scene, &since(a, 15), 30);
    assert!(matches!(refused, Err(SwitchError::SinceTooEarly { .. })));
    scene.wish(&since(a, 20), 30).unwrap();
    scene.example.assert_whole();
}

#[test]
fn undo_and_redo_walk_the_changes_back_and_forth() {
    let (mut scene, [a, b, c]) = scene();
    scene.promote(c, 30);
    for expected in [&[a, b][..], &[a], &[]] {
        scene.wish(&Wish::Undo(None), 40).unwrap();
        assert_eq!(scene.stack(), expected);
    }
    let nothing = said(scene.wish(&Wish::Undo(None), 50));
    assert_eq!(nothing, "there is nothing to undo in model taxi");
    for expected in [&[a][..], &[a, b], &[a, b, c]] {
        scene.wish(&Wish::Redo, 60).unwrap();
        assert_eq!(scene.stack(), expected);
    }
    let nothing = said(scene.wish(&Wish::Redo, 70));
    assert_eq!(nothing, "there is nothing to redo in model taxi");
    scene.example.assert_whole();
}

#[test]
fn a_change_clears_what_could_be_redone() {
    let (mut scene, [a, _, c]) = scene();
    scene.wish(&Wish::Undo(None), 30).unwrap();
    scene.promote(c, 40);
    assert!(matches!(
        scene.wish(&Wish::Redo, 50),
        Err(SwitchError::NothingToRedo(_))
    ));
    assert_eq!(scene.stack(), [a, c]);
}

#[test]
fn a_named_operation_waits_for_the_newer_ones() {
    let (mut scene, [a, ..]) = scene();
    let [first, second] = [OperationId(5), OperationId(6)];
    let refused = scene.wish(&Wish::Undo(Some(first)), 30);
    assert_eq!(
        said(refused),
        "op_5 lies below newer changes of taxi that stand: op_6"
    );
    scene.wish(&Wish::Undo(Some(second)), 30).unwrap();
    assert_eq!(scene.stack(), [a]);
    let again = scene.wish(&Wish::Undo(Some(second)), 40).unwrap();
    assert_eq!(again.operation, None, "it is undone already");
    assert_eq!(id(&again.plan.from), id(&again.plan.to));
    assert_eq!(again.plan.after.entries(), [a]);
    scene.wish(&Wish::Undo(Some(first)), 50).unwrap();
    assert_eq!(scene.stack(), []);
    scene.example.assert_whole();
}

#[test]
fn only_changes_of_this_model_can_be_undone() {
    let (mut scene, _) = scene();
    let undo = scene
        .wish(&Wish::Undo(None), 30)
        .unwrap()
        .operation
        .unwrap();
    let register = OperationId(2);
    for (operation, kind) in [(register, "register"), (undo, "undo")] {
        let refused = scene.wish(&Wish::Undo(Some(operation)), 40);
        let expected = format!("{operation} is an operation of kind {kind}, which can't be undone");
        assert_eq!(said(refused), expected);
    }
    let refused = scene.wish(&Wish::Undo(Some(OperationId(99))), 40);
    assert_eq!(said(refused), "there is no operation op_99");

    let taxi = scene.model.clone();
    scene.model = scene.other_model("churn", Task::Classification);
    let version = scene.version("x");
    let of_churn = scene.promote(version, 50);
    let churn = std::mem::replace(&mut scene.model, taxi);
    let refused = scene.wish(&Wish::Undo(Some(of_churn)), 60);
    assert!(matches!(refused, Err(SwitchError::NotUndoable { .. })));
    scene.wish(&Wish::Undo(None), 60).unwrap();
    scene.model = churn;
    assert_eq!(scene.stack(), [version], "it never touches another model");
    scene.example.assert_whole();
}

#[test]
fn undo_takes_back_the_newest_change_of_whichever_alias() {
    let (mut scene, [a, b, c]) = scene();
    let winter: AliasName = "winter".parse().unwrap();
    scene.wish_on(&winter, &Wish::SetAlias(c), 30).unwrap();
    let switched = scene.wish(&Wish::Undo(None), 40).unwrap();
    assert_eq!(switched.plan.alias, winter);
    assert_eq!(id(&switched.plan.to), None);
    assert_eq!(scene.stack(), [a, b]);
    scene.wish(&Wish::Redo, 50).unwrap();
    scene.wish_on(&winter, &Wish::RemoveAlias, 60).unwrap();
    let held = |scene: &mut Scene| {
        let model = scene.model.id;
        scene
            .example
            .read(|tx| aliases::holders(tx, model, &winter))
    };
    assert_eq!(held(&mut scene).holder(), None);
    scene.wish(&Wish::Undo(None), 70).unwrap();
    assert_eq!(held(&mut scene).holder(), Some(c));
    scene.example.assert_whole();
}

#[test]
fn redo_of_leaving_a_degraded_version_leaves_it_degraded_again() {
    let (mut scene, [_, b, _]) = scene();
    scene.example.evaluate(b, Degraded);
    scene.wish(&Wish::RollBackOne, 30).unwrap();
    let bad = |scene: &mut Scene| scene.example.read(|tx| versions::is_bad(tx, b));
    let says_so = |scene: &mut Scene, wish, at| {
        let id = scene.wish(&wish, at).unwrap().operation.unwrap();
        scene.operation(id).content.view.unwrap().left_degraded
    };
    assert!(!says_so(&mut scene, Wish::Undo(None), 40));
    assert!(!bad(&mut scene), "a person took it back");
    assert!(says_so(&mut scene, Wish::Redo, 50), "the log has it");
    assert!(bad(&mut scene));
    assert!(!says_so(&mut scene, Wish::Undo(None), 60));
    assert!(!bad(&mut scene));
    scene.example.assert_whole();
}

#[test]
fn an_undo_clears_only_while_what_it_went_back_to_stands() {
    let (mut scene, [a, b, c]) = scene();
    let bad = |scene: &mut Scene| scene.example.read(|tx| versions::is_bad(tx, a));
    let target = |scene: &mut Scene| {
        let stack = Holders::from_bottom(scene.stack());
        scene.example.read(|tx| automatic_target(tx, &stack, false))
    };
    scene.example.evaluate(a, Degraded);
    scene.wish(&Wish::RollBackTo(a), 30).unwrap();
    scene.example.evaluate(a, InsufficientData);
    scene.promote(b, 40);
    assert_eq!(target(&mut scene), None, "the only one below is bad");
    scene.wish(&Wish::Undo(None), 50).unwrap();
    assert!(!bad(&mut scene), "a person brought it back");
    scene.wish(&Wish::Undo(None), 60).unwrap();
    assert_eq!(scene.stack(), [a, b], "by the first promote of b");
    assert!(bad(&mut scene), "going back to it was taken back");
    assert_eq!(target(&mut scene), None);
    scene.wish(&Wish::Redo, 70).unwrap();
    assert_eq!(scene.stack(), [a]);
    assert!(!bad(&mut scene), "and stands again");
    scene.wish(&Wish::Redo, 80).unwrap();
    assert!(bad(&mut scene), "the bringing back was itself taken back");
    scene.wish(&Wish::Undo(None), 90).unwrap();
    scene.promote(c, 100);
    assert!(!bad(&mut scene), "leaving it later says nothing of it");
    scene.example.assert_whole();
}

#[test]
fn a_promote_that_was_undone_clears_nothing() {
    let (mut scene, [a, b, _]) = scene();
    let bad = |scene: &mut Scene, id| scene.example.read(|tx| versions::is_bad(tx, id));
    scene.example.evaluate(a, Degraded);
    scene.promote(a, 30);
    assert!(!bad(&mut scene, a), "a person promoted it");
    scene.wish(&Wish::Undo(None), 40).unwrap();
    assert!(bad(&mut scene, a));
    scene.wish(&Wish::Redo, 50).unwrap();
    assert!(!bad(&mut scene, a), "the promote stands again");
    scene.example.evaluate(a, Degraded);
    assert!(bad(&mut scene, a), "a later verdict counts");
    scene.wish(&Wish::Undo(None), 60).unwrap();
    scene.wish(&Wish::Redo, 70).unwrap();
    assert!(bad(&mut scene, a), "a redo is no promote anew");
    assert!(!bad(&mut scene, b));
    scene.example.assert_whole();
}

#[test]
fn a_leaving_that_was_undone_leaves_nothing_behind() {
    let (mut scene, [a, b, _]) = scene();
    let bad = |scene: &mut Scene| scene.example.read(|tx| versions::is_bad(tx, b));
    scene.example.evaluate(b, Degraded);
    scene.wish(&Wish::RollBackTo(a), 30).unwrap();
    scene.example.evaluate(b, Healthy);
    assert!(bad(&mut scene), "it was left because it was degraded");
    scene.wish(&Wish::Undo(None), 40).unwrap();
    scene.wish(&Wish::Undo(None), 50).unwrap();
    assert_eq!(scene.stack(), [a], "before b was ever live");
    assert!(!bad(&mut scene), "the last verdict says healthy");
    scene.example.assert_whole();
}

#[test]
fn the_last_good_is_the_newest_below_that_was_healthy_when_last_judged() {
    let (mut scene, [a, b, c]) = scene();
    scene.promote(c, 30);
    let refused = scene.wish(&Wish::RollBackToLastGood, 40);
    assert_eq!(
        said(refused),
        "no version below the live one of model taxi was healthy when last judged"
    );
    scene.example.evaluate(a, Healthy);
    scene.example.evaluate(b, Healthy);
    scene.example.evaluate(b, Degraded);
    scene.example.evaluate(a, InsufficientData);
    scene.wish(&Wish::RollBackToLastGood, 50).unwrap();
    assert_eq!(scene.stack(), [a]);
}

#[test]
fn a_healthy_by_rules_of_one_check_makes_no_last_good() {
    let (mut scene, [_, b, c]) = scene();
    scene.reference(b, 100, 1.0);
    scene.rows(b, 20, 50, 2.0);
    let mut lenient = scene.policy.clone();
    lenient.check.threshold_pct = 500.0;
    lenient.check.must_detect_pct = 1_000.0;
    let checked = scene.check_by(&lenient, 100);
    assert_eq!(checked.judgement.decision.verdict, Healthy);
    scene.promote(c, 110);
    let refused = scene.wish(&Wish::RollBackToLastGood, 120);
    assert!(matches!(refused, Err(SwitchError::NoLastGood(_))));
}

#[test]
fn neither_bad_nor_retired_versions_are_automatic_targets() {
    let (mut scene, [a, b, c]) = scene();
    scene.promote(c, 30);
    let target = |scene: &mut Scene, healthy_only| {
        let model = scene.model.id;
        scene.example.read(|tx| {
            let holders = aliases::holders(tx, model, &AliasName::production())?;
            automatic_target(tx, &holders, healthy_only)
        })
    };
    assert_eq!(
        target(&mut scene, false),
        Some(b),
        "never judged is eligible"
    );
    assert_eq!(target(&mut scene, true), None);
    scene.example.evaluate(b, Healthy);
    assert_eq!(target(&mut scene, true), Some(b));
    scene.example.evaluate(a, Healthy);
    scene.example.evaluate(b, Degraded);
    assert_eq!(target(&mut scene, false), Some(a));
    assert_eq!(target(&mut scene, true), Some(a));
    retire(&mut scene, a);
    assert_eq!(target(&mut scene, false), None);
    assert_eq!(target(&mut scene, true), None);
    scene.example.evaluate(b, Healthy);
    assert_eq!(target(&mut scene, false), Some(b));
}

#[test]
fn the_holder_is_not_the_target_of_leaving_it() {
    let (mut scene, [a, b, _]) = scene();
    scene.promote(a, 30);
    scene.example.evaluate(a, Healthy);
    scene.example.evaluate(b, Degraded);
    let model = scene.model.id;
    let targets = scene.example.read(|tx| {
        let holders = aliases::holders(tx, model, &AliasName::production())?;
        let targets = [false, true].map(|healthy| automatic_target(tx, &holders, healthy));
        Ok(targets.map(Result::unwrap))
    });
    assert_eq!(
        targets,
        [None, None],
        "a lies below b, and a is what is left"
    );
}

#[test]
fn a_plan_that_came_out_otherwise_is_not_carried_out() {
    let (mut scene, [a, b, c]) = scene();
    let agreed = planned(&mut scene, &Wish::RollBackOne, 30).unwrap();
    scene.promote(c, 40);
    let (model, production) = (scene.model.clone(), AliasName::production());
    let carry = |scene: &mut Scene, minutes| {
        let wish = &Wish::RollBackOne;
        let store = scene.store();
        carry_out(
            store,
            &at(minutes),
            &model,
            &production,
            wish,
            Some(&agreed),
            None,
        )
    };
    let refused = carry(&mut scene, 50);
    assert_eq!(
        said(refused),
        "what holds @production changed after the plan was made"
    );
    assert_eq!(scene.stack(), [a, b, c]);
    scene.wish(&Wish::Undo(None), 60).unwrap();
    carry(&mut scene, 70).unwrap();
    assert_eq!(scene.stack(), [a], "it is again what was agreed to");
}

#[test]
fn the_reason_that_was_given_stands_in_the_log() {
    let (mut scene, [_, _, c]) = scene();
    let (model, production) = (scene.model.clone(), AliasName::production());
    let reason = Some("summer's over".to_owned());
    let switched = carry_out(
        scene.store(),
        &at(30),
        &model,
        &production,
        &promote(c),
        None,
        reason.clone(),
    );
    let operation = switched.unwrap().operation.unwrap();
    assert_eq!(scene.operation(operation).content.reason, reason);
}

#[test]
fn a_tenure_that_an_undo_continued_began_when_it_first_began() {
    let (mut scene, [_, b, c]) = scene();
    scene.promote(c, 30);
    scene.wish(&Wish::Undo(None), 40).unwrap();
    let plan = planned(&mut scene, &promote(c), 50).unwrap();
    assert_eq!(id(&plan.from), Some(b));
    assert_eq!(plan.from_since, Some(minute(20)));
}
