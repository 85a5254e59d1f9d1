//! Tests of monitoring: it acts once, where it may, and says why where it does not.
#![cfg(test)]

use super::*;
use crate::domain::holders::VersionId;
use crate::domain::policy::BaselineChoice;
use crate::domain::verdict::{AlertId, ReasonCode};
use crate::store::example::minute;
use crate::store::operations;
use crate::workflows::example::{Scene, at};
use crate::workflows::recording::AlertNews;

/// Versions a and b, each with a reference sample 1.0 off; b is live since minute 10. A degraded version rolls back.
fn scene() -> (Scene, [VersionId; 2]) {
    let mut scene = Scene::new();
    scene.policy.action.on_degraded = OnDegraded::Rollback;
    let versions = [scene.version("a"), scene.version("b")];
    for version in versions {
        scene.reference(version, 100, 1.0);
    }
    scene.promote(versions[0], 0);
    scene.promote(versions[1], 10);
    (scene, versions)
}

/// The same, and b has become twice as wrong.
fn degraded() -> (Scene, [VersionId; 2]) {
    let (mut scene, versions) = scene();
    scene.rows(versions[1], 20, 50, 2.0);
    (scene, versions)
}

fn target(action: &Action) -> Option<VersionId> {
    action.target.as_ref().map(|target| target.version.id)
}

fn verdict(monitored: &Monitored) -> Verdict {
    monitored.checked.judgement.decision.verdict
}

fn alert(scene: &mut Scene, id: i64) -> alerts::Alert {
    scene
        .example
        .read(|tx| alerts::get(tx, AlertId(id)))
        .unwrap()
}

fn rearm(scene: &mut Scene, id: i64) {
    scene
        .store()
        .change(&at(0), |tx| {
            alerts::acknowledge(tx, AlertId(id), minute(0), true).map(Change::staged)
        })
        .unwrap();
}

fn detail(scene: &mut Scene, id: OperationId) -> Value {
    serde_json::from_str(&scene.operation(id).content.detail).unwrap()
}

#[test]
fn a_healthy_version_stays_and_the_check_is_logged() {
    let (mut scene, [a, b]) = scene();
    scene.rows(b, 20, 50, 1.0);
    let monitored = scene.monitor(100);
    assert_eq!(verdict(&monitored), Verdict::Healthy);
    assert_eq!(monitored.action.status, ActionStatus::None);
    assert_eq!(monitored.action.wanted, None);
    assert_eq!(scene.stack(), [a, b]);
    let operation = scene.operation(monitored.checked.operation.unwrap());
    assert_eq!(operation.content.kind, OperationKind::Check);
    assert_eq!(operation.content.version, Some(b));
    scene.example.assert_whole();
}

#[test]
fn a_degraded_version_goes_back_in_one_operation_with_its_verdict_and_alert() {
    let (mut scene, [a, b]) = degraded();
    let monitored = scene.monitor(100);
    assert_eq!(verdict(&monitored), Verdict::Degraded);
    assert_eq!(monitored.action.status, ActionStatus::Done);
    assert_eq!(target(&monitored.action), Some(a));
    assert_eq!(scene.stack(), [a]);
    let id = monitored.action.operation.unwrap();
    assert_eq!(
        monitored.checked.operation,
        Some(id),
        "the verdict is recorded by it"
    );
    let operation = scene.operation(id);
    assert_eq!(operation.content.kind, OperationKind::Rollback);
    assert!(operation.content.view.unwrap().left_degraded);
    let reason = operation.content.reason.unwrap();
    assert!(reason.contains("rmse"), "{reason}");
    let alert = alert(&mut scene, 1);
    assert_eq!(alert.acted_operation, Some(id));
    assert_eq!(alert.message, reason);
    assert!(scene.example.read(|tx| versions::is_bad(tx, b)));
    assert_eq!(detail(&mut scene, id)["verdict"], "degraded");
    scene.example.assert_whole();
}

#[test]
fn the_restored_version_begins_anew_and_has_to_wait_for_rows() {
    let (mut scene, [a, _]) = degraded();
    scene.rows(a, 1, 5, 1.0);
    scene.monitor(100);
    let monitored = scene.monitor(110);
    assert_eq!(verdict(&monitored), Verdict::InsufficientData);
    assert_eq!(monitored.checked.judgement.coverage.predictions_count, 0);
    assert!(!monitored.is_news(), "everybody expects that");
    assert_eq!(scene.stack(), [a]);
}

#[test]
fn with_alert_only_nobody_is_switched() {
    let (mut scene, [a, b]) = degraded();
    scene.policy.action.on_degraded = OnDegraded::Alert;
    let monitored = scene.monitor(100);
    assert_eq!(monitored.action.wanted, Some(OnDegraded::Alert));
    assert_eq!(monitored.action.status, ActionStatus::Done);
    assert_eq!(target(&monitored.action), None);
    assert_eq!(monitored.action.operation, None);
    assert_eq!(scene.stack(), [a, b]);
    assert_eq!(alert(&mut scene, 1).acted_operation, None);
    let again = scene.monitor(110);
    assert_eq!(again.checked.alerts[0].news, AlertNews::Open);
    assert!(!again.is_news());
    scene.example.assert_whole();
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let (mut scene, [a, b]) = degraded();
    let before = scene.example.bytes();
    let dry = scene.dry_monitor(100);
    assert_eq!(verdict(&dry), Verdict::Degraded);
    assert_eq!(dry.action.status, ActionStatus::DryRun);
    assert_eq!(target(&dry.action), Some(a));
    assert_eq!(dry.checked.operation, None);
    assert_eq!(dry.checked.alerts[0].news, AlertNews::Opened);
    assert_eq!(dry.checked.alerts[0].id, None);
    assert!(dry.is_news());
    assert_eq!(scene.example.bytes(), before);
    assert_eq!(scene.stack(), [a, b]);
}

#[test]
fn an_alert_that_has_acted_does_not_act_again_until_it_is_rearmed() {
    let (mut scene, [a, b]) = degraded();
    scene.monitor(100);
    scene.wish(&Wish::Undo(None), 110).unwrap();
    assert_eq!(scene.stack(), [a, b], "a person wants b after all");
    let refused = scene.monitor(120);
    assert_eq!(refused.action.status, ActionStatus::Refused);
    assert_eq!(refused.action.operation, None);
    assert_eq!(scene.stack(), [a, b]);
    let check = refused.checked.operation.unwrap();
    assert_eq!(detail(&mut scene, check)["action"], "refused");
    assert_eq!(scene.dry_monitor(125).action.status, ActionStatus::Refused);

    rearm(&mut scene, 1);
    let acted = scene.monitor(130);
    assert_eq!(acted.action.status, ActionStatus::Done);
    assert_eq!(alert(&mut scene, 1).acted_operation, acted.action.operation);
    assert_eq!(scene.stack(), [a]);
    scene.example.assert_whole();
}

#[test]
fn having_acted_outlives_a_recovery() {
    let (mut scene, [a, b]) = degraded();
    scene.policy.check.window = "n=50".parse().unwrap();
    scene.monitor(100);
    scene.wish(&Wish::Undo(None), 110).unwrap();
    scene.rows(b, 120, 50, 1.0);
    let recovered = scene.monitor(200);
    assert_eq!(recovered.checked.alerts[0].news, AlertNews::Resolved);
    scene.rows(b, 220, 50, 2.0);
    let again = scene.monitor(300);
    assert_eq!(again.checked.alerts[0].news, AlertNews::Opened);
    assert_eq!(again.action.status, ActionStatus::Refused);
    assert_eq!(scene.stack(), [a, b]);
    scene.example.assert_whole();
}

#[test]
fn nowhere_to_go_is_said_every_time_with_one_alert() {
    let mut scene = Scene::new();
    scene.policy.action.on_degraded = OnDegraded::Rollback;
    let a = scene.version("a");
    scene.reference(a, 100, 1.0);
    scene.promote(a, 0);
    scene.rows(a, 20, 50, 2.0);
    for minutes in [100, 110, 120] {
        let monitored = scene.monitor(minutes);
        assert_eq!(monitored.action.status, ActionStatus::Impossible);
        assert_eq!(target(&monitored.action), None);
        let check = monitored.checked.operation.unwrap();
        assert_eq!(detail(&mut scene, check)["action"], "impossible");
        assert_eq!(monitored.is_news(), minutes == 100);
    }
    assert_eq!(scene.example.count("SELECT id FROM alert"), 1);
    assert_eq!(scene.stack(), [a]);
}

#[test]
fn nowhere_to_go_comes_before_having_acted() {
    let (mut scene, [a, b]) = degraded();
    scene.monitor(100);
    scene.wish(&Wish::Undo(None), 110).unwrap();
    scene.example.evaluate(a, Verdict::Degraded);
    let monitored = scene.monitor(120);
    assert_eq!(monitored.action.status, ActionStatus::Impossible);
    assert_eq!(scene.stack(), [a, b]);
}

#[test]
fn it_goes_over_bad_and_retired_versions_to_a_good_one() {
    let mut scene = Scene::new();
    scene.policy.action.on_degraded = OnDegraded::Rollback;
    let names = ["a", "b", "c", "d"];
    let [a, b, c, d] = names.map(|name| scene.version(name));
    for (minutes, version) in [(0, a), (1, b), (2, c), (3, d)] {
        scene.promote(version, minutes);
    }
    scene.reference(d, 100, 1.0);
    scene.rows(d, 20, 50, 2.0);
    scene.example.evaluate(c, Verdict::Degraded);
    scene
        .example
        .tampered("UPDATE version SET retired_reason = 'leaks' WHERE name = 'b'");
    let monitored = scene.monitor(100);
    assert_eq!(target(&monitored.action), Some(a));
    assert!(!monitored.action.target.unwrap().was_judged);
    assert_eq!(scene.stack(), [a]);
    scene.example.assert_whole();
}

#[test]
fn with_last_good_it_goes_only_where_a_check_said_healthy() {
    let (mut scene, [a, b]) = degraded();
    scene.policy.action.target = TargetChoice::LastGood;
    let monitored = scene.monitor(100);
    assert_eq!(monitored.action.status, ActionStatus::Impossible);
    assert_eq!(scene.stack(), [a, b]);
    scene.example.evaluate(a, Verdict::Healthy);
    let monitored = scene.monitor(110);
    assert_eq!(monitored.action.status, ActionStatus::Done);
    assert!(monitored.action.target.unwrap().was_judged);
    assert_eq!(scene.stack(), [a]);
}

#[test]
fn where_nobody_is_live_there_is_nothing_to_do_and_no_alert() {
    let mut scene = Scene::new();
    scene.policy.action.on_degraded = OnDegraded::Rollback;
    let monitored = scene.monitor(100);
    assert_eq!(verdict(&monitored), Verdict::InsufficientData);
    let codes: Vec<_> = monitored.checked.judgement.decision.reasons;
    assert_eq!(codes[0].code, ReasonCode::NoVersion);
    assert_eq!(monitored.action.status, ActionStatus::None);
    assert_eq!(monitored.checked.alerts, []);
    scene.example.assert_whole();
}

#[test]
fn two_runs_at_once_act_once() {
    let (mut scene, [a, _]) = degraded();
    let c = scene.version("c");
    scene.promote(c, 15);
    scene.wish(&Wish::Undo(None), 16).unwrap();
    let first = scene.monitor(100);
    assert_eq!(first.action.status, ActionStatus::Done);
    // The second waited for the lock; who is live is read behind it.
    let second = scene.monitor(100);
    assert_eq!(second.action.status, ActionStatus::None);
    assert_eq!(second.checked.judgement.version.unwrap().id, a);
    assert_eq!(scene.stack(), [a]);
}

#[test]
fn a_reference_of_the_policy_that_means_nothing_changes_nothing() {
    let (mut scene, _) = degraded();
    let nowhere = "nowhere".parse().unwrap();
    scene.policy.check.baseline = BaselineChoice::Version(nowhere);
    let before = scene.example.bytes();
    let (model, policy) = (scene.model.clone(), scene.policy.clone());
    let failed = monitor(
        scene.store(),
        &at(100),
        &model,
        &policy,
        &Audience::NOBODY,
        false,
    );
    assert!(matches!(failed, Err(JudgeError::Naming(_))));
    assert_eq!(scene.example.bytes(), before);
}

#[test]
fn a_recovery_resolves_and_is_news_once() {
    let (mut scene, [_, b]) = degraded();
    scene.policy.action.on_degraded = OnDegraded::Alert;
    scene.policy.check.window = "n=50".parse().unwrap();
    scene.monitor(100);
    scene.rows(b, 200, 50, 1.0);
    let recovered = scene.monitor(300);
    assert_eq!(verdict(&recovered), Verdict::Healthy);
    assert_eq!(recovered.checked.alerts[0].news, AlertNews::Resolved);
    assert!(recovered.is_news());
    assert_eq!(alert(&mut scene, 1).resolved_at, Some(minute(300)));
    let after = scene.monitor(310);
    assert_eq!(after.checked.alerts, []);
    assert!(!after.is_news());
    scene.rows(b, 400, 50, 2.0);
    let again = scene.monitor(500);
    assert_eq!(again.checked.alerts[0].news, AlertNews::Opened);
    assert_eq!(
        again.checked.alert(),
        Some(AlertId(1)),
        "the same row for ever"
    );
    scene.example.assert_whole();
}

#[test]
fn every_run_is_one_operation() {
    let (mut scene, _) = degraded();
    let log = |scene: &mut Scene| {
        let all = operations::Filter::default();
        scene.example.read(|tx| operations::list(tx, &all, 0)).1
    };
    let before = log(&mut scene);
    scene.monitor(100);
    scene.monitor(110);
    assert_eq!(log(&mut scene), before + 2);
}

#[test]
fn the_words_of_a_status_are_those_of_the_documents() {
    let statuses = [
        ActionStatus::None,
        ActionStatus::Done,
        ActionStatus::Refused,
        ActionStatus::Impossible,
        ActionStatus::DryRun,
    ];
    assert_eq!(
        statuses.map(ActionStatus::name),
        ["none", "done", "refused", "impossible", "dry_run"]
    );
}
