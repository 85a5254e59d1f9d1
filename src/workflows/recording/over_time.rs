//! Tests of recording one check after another: alerts that open and close, blindness, and rules of one check alone.
#![cfg(test)]

use super::*;
use crate::domain::holders::VersionId;
use crate::store::example::minute;
use crate::store::{operations, verify};
use crate::workflows::example::Scene;
use crate::workflows::switching::Wish;

/// Version a, then b with a reference sample 1.0 off; b is live since minute 10.
fn scene() -> (Scene, VersionId) {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("a"), scene.version("b"));
    scene.reference(b, 100, 1.0);
    scene.promote(a, 0);
    scene.promote(b, 10);
    scene.policy.check.window = "n=50".parse().unwrap();
    (scene, b)
}

fn touched(checked: &Checked) -> Vec<(AlertKind, AlertNews)> {
    let alerts = checked.alerts.iter();
    alerts.map(|touched| (touched.kind, touched.news)).collect()
}

fn alert(scene: &mut Scene, id: i64) -> Alert {
    scene
        .example
        .read(|tx| alerts::get(tx, AlertId(id)))
        .unwrap()
}

const DAY: i64 = 1_440;

#[test]
fn a_check_is_one_operation_with_the_hash_of_its_document() {
    let (mut scene, b) = scene();
    scene.rows(b, 20, 50, 2.0);
    let checked = scene.check(100);
    let operation = scene.operation(checked.operation.unwrap()).content;
    assert_eq!(operation.kind, OperationKind::Check);
    let detail: serde_json::Value = serde_json::from_str(&operation.detail).unwrap();
    assert_eq!(detail["evaluation_id"], "e_1");
    assert_eq!(detail["verdict"], "degraded");
    assert_eq!(detail["severity"], "critical");
    assert_eq!(
        detail["alerts"],
        json!([{ "alert_id": "a_1", "kind": "degraded", "state": "opened" }])
    );
    let documents = scene.example.read(verify::check_documents);
    assert_eq!((documents.documents_count, documents.wrong.len()), (1, 0));
    scene.example.assert_whole();
}

#[test]
fn what_is_not_recorded_says_the_same_and_leaves_no_trace() {
    let (mut scene, b) = scene();
    scene.rows(b, 20, 50, 2.0);
    let before = scene.example.bytes();
    let (model, policy) = (scene.model.clone(), scene.policy.clone());
    let author = crate::workflows::example::at(100);
    let looked = check(scene.store(), &author, &model, &policy, None, true, None).unwrap();
    assert_eq!(scene.example.bytes(), before);
    assert_eq!((looked.evaluation, looked.operation), (None, None));
    assert_eq!(touched(&looked), [(AlertKind::Degraded, AlertNews::Opened)]);
    assert_eq!(looked.alert(), None);
    let recorded = scene.check(100);
    assert_eq!(touched(&recorded), touched(&looked));
    assert_eq!(recorded.is_news, looked.is_news);
    assert_eq!(document(&recorded.judgement), document(&looked.judgement));
}

#[test]
fn an_alert_says_what_was_over_the_threshold_and_how_bad_it_is() {
    let (mut scene, b) = scene();
    scene.rows(b, 20, 50, 1.12);
    scene.check(100);
    let first = alert(&mut scene, 1);
    assert_eq!(first.severity, Severity::Medium);
    assert!(first.message.contains("rmse"), "{}", first.message);
    scene.rows(b, 200, 50, 2.0);
    let again = scene.check(300);
    assert_eq!(touched(&again), [(AlertKind::Degraded, AlertNews::Open)]);
    let now = alert(&mut scene, 1);
    assert_eq!(now.severity, Severity::Critical, "it became worse");
    assert_eq!(now.opened_at, minute(100));
    assert_eq!(now.evaluation, again.evaluation);
}

#[test]
fn a_shadow_opens_and_resolves_no_alert() {
    let (mut scene, b) = scene();
    scene.rows(b, 20, 50, 2.0);
    scene.check(100);
    scene.wish(&Wish::RollBackOne, 150).unwrap();
    scene.rows(b, 200, 50, 1.0);
    let checked = scene.check_of("b", 300).unwrap();
    assert_eq!(checked.judgement.decision.verdict, Verdict::Healthy);
    assert_eq!(checked.alerts, []);
    assert!(alert(&mut scene, 1).is_open());
    scene.rows(b, 400, 50, 2.0);
    let checked = scene.check_of("b", 500).unwrap();
    assert_eq!(checked.judgement.decision.verdict, Verdict::Degraded);
    assert_eq!(checked.alerts, []);
    assert!(checked.is_news, "healthy before");
    assert!(!scene.check_of("b", 510).unwrap().is_news);
    scene.example.assert_whole();
}

#[test]
fn rules_of_one_check_may_open_an_alert_and_never_close_one() {
    let (mut scene, b) = scene();
    scene.rows(b, 20, 50, 1.04);
    let mut strict = scene.policy.clone();
    strict.check.threshold_pct = 1.0;
    let opened = scene.check_by(&strict, 100);
    assert_eq!(touched(&opened), [(AlertKind::Degraded, AlertNews::Opened)]);
    let by_policy = scene.check(110);
    assert_eq!(
        touched(&by_policy),
        [(AlertKind::Degraded, AlertNews::Resolved)]
    );

    scene.rows(b, 200, 50, 2.0);
    scene.check(300);
    let mut lenient = scene.policy.clone();
    lenient.check.threshold_pct = 500.0;
    lenient.check.must_detect_pct = 1_000.0;
    let healthy = scene.check_by(&lenient, 310);
    assert_eq!(healthy.judgement.decision.verdict, Verdict::Healthy);
    assert_eq!(healthy.alerts, []);
    assert!(alert(&mut scene, 1).is_open());
    scene.example.assert_whole();
}

#[test]
fn three_days_without_sight_are_one_alert() {
    let (mut scene, _) = scene();
    let almost = scene.check(10 + 3 * DAY - 1);
    assert_eq!(almost.alerts, []);
    let blind = scene.check(10 + 3 * DAY);
    assert_eq!(touched(&blind), [(AlertKind::Blind, AlertNews::Opened)]);
    assert!(blind.is_news);
    let told = alert(&mut scene, 1);
    assert_eq!(told.severity, Severity::Medium);
    assert!(
        told.message.starts_with("no check could decide for 3d: "),
        "{}",
        told.message
    );
    let again = scene.check(10 + 4 * DAY);
    assert_eq!(touched(&again), [(AlertKind::Blind, AlertNews::Open)]);
    assert!(!again.is_news);
    scene.example.assert_whole();
}

#[test]
fn a_verdict_by_rules_of_one_check_is_no_sight() {
    let (mut scene, b) = scene();
    scene.rows(b, 20, 5, 1.0);
    let mut hasty = scene.policy.clone();
    hasty.check.min_rows = 2;
    hasty.check.must_detect_pct = 1_000.0;
    let seen = scene.check_by(&hasty, 2 * DAY);
    assert_eq!(seen.judgement.decision.verdict, Verdict::Healthy);
    let blind = scene.check(4 * DAY);
    assert_eq!(touched(&blind), [(AlertKind::Blind, AlertNews::Opened)]);
}

#[test]
fn sight_begins_anew_with_each_verdict_and_each_tenure() {
    let (mut scene, b) = scene();
    scene.rows(b, 20, 50, 1.0);
    scene.policy.check.max_age = "1d".parse().unwrap();
    let healthy = scene.check(DAY);
    assert_eq!(healthy.judgement.decision.verdict, Verdict::Healthy);
    let blind = |scene: &mut Scene, minutes| !scene.check(minutes).alerts.is_empty();
    assert!(!blind(&mut scene, 4 * DAY - 1));
    assert!(blind(&mut scene, 4 * DAY), "three days after the verdict");
    scene.wish(&Wish::RollBackOne, 4 * DAY + 1).unwrap();
    assert!(!blind(&mut scene, 7 * DAY), "the tenure of a is younger");
    assert!(blind(&mut scene, 7 * DAY + 1));
    assert_eq!(
        scene.example.count("SELECT id FROM alert"),
        2,
        "one of each version"
    );
}

#[test]
fn an_undo_gives_the_version_that_it_brings_back_its_three_days() {
    let (mut scene, b) = scene();
    let c = scene.version("c");
    scene.rows(b, 20, 50, 1.0);
    let healthy = scene.check(100);
    assert_eq!(healthy.judgement.decision.verdict, Verdict::Healthy);
    scene.promote(c, DAY);
    scene.wish(&Wish::Undo(None), 9 * DAY).unwrap();
    let checked = scene.check(9 * DAY + 5);
    let judgement = &checked.judgement;
    assert_eq!(judgement.coverage.truth_count, 50, "its rows count again");
    assert_eq!(judgement.decision.verdict, Verdict::InsufficientData);
    assert_eq!(checked.alerts, [], "it is watched again since the undo");
    let later = scene.check(12 * DAY);
    assert_eq!(touched(&later), [(AlertKind::Blind, AlertNews::Opened)]);
}

#[test]
fn a_degraded_verdict_leaves_the_blind_alert_for_healthy_to_resolve() {
    let (mut scene, b) = scene();
    scene.check(10 + 3 * DAY);
    scene.rows(b, 3 * DAY + 20, 50, 2.0);
    let degraded = scene.check(3 * DAY + 100);
    assert_eq!(
        touched(&degraded),
        [(AlertKind::Degraded, AlertNews::Opened)]
    );
    scene.rows(b, 3 * DAY + 200, 50, 1.0);
    let healthy = scene.check(3 * DAY + 300);
    assert_eq!(
        touched(&healthy),
        [
            (AlertKind::Blind, AlertNews::Resolved),
            (AlertKind::Degraded, AlertNews::Resolved)
        ]
    );
    assert_eq!(healthy.alert(), None, "nothing is wrong now");
    scene.example.assert_whole();
}

#[test]
fn nobody_being_live_is_recorded_and_blind_to_nothing() {
    let mut scene = Scene::new();
    let checked = scene.check(30 * DAY);
    assert_eq!(checked.alerts, []);
    assert!(!checked.is_news);
    let operation = scene.operation(checked.operation.unwrap()).content;
    assert_eq!(operation.version, None);
    scene.example.assert_whole();
}

#[test]
fn every_check_is_kept() {
    let (mut scene, b) = scene();
    scene.rows(b, 20, 50, 1.0);
    for minutes in [100, 110, 120] {
        scene.check(minutes);
    }
    assert_eq!(scene.example.count("SELECT id FROM evaluation"), 3);
    let checks = operations::Filter {
        kinds: vec![OperationKind::Check],
        ..operations::Filter::default()
    };
    assert_eq!(
        scene.example.read(|tx| operations::list(tx, &checks, 0)).1,
        3
    );
}

#[test]
fn words_for_json_are_those_of_the_documents() {
    let news = [AlertNews::Opened, AlertNews::Open, AlertNews::Resolved];
    assert_eq!(news.map(AlertNews::name), ["opened", "open", "resolved"]);
}
