//! Tests of judging: which rows are evidence, which version is meant, and what is told besides.
#![cfg(test)]

use super::*;
use crate::domain::holders::VersionId;
use crate::domain::verdict::{ReasonCode, Verdict};
use crate::store::example::{P, T, minute};
use crate::store::predictions::OnConflict;
use crate::workflows::example::Scene;
use crate::workflows::switching::Wish;

/// Versions a and b with reference samples; b is live since minute 100.
fn scene() -> (Scene, [VersionId; 2]) {
    let mut scene = Scene::new();
    let versions = [scene.version("a"), scene.version("b")];
    for version in versions {
        scene.reference(version, 100, 1.0);
    }
    scene.promote(versions[0], 0);
    scene.promote(versions[1], 100);
    (scene, versions)
}

fn judged(scene: &mut Scene, reference: &str, minutes: i64) -> Judgement {
    scene.check_of(reference, minutes).unwrap().judgement
}

fn codes(judgement: &Judgement) -> Vec<ReasonCode> {
    let reasons = judgement.decision.reasons.iter();
    reasons.map(|reason| reason.code).collect()
}

#[test]
fn only_the_rows_of_this_tenure_are_evidence() {
    let (mut scene, [_, b]) = scene();
    scene.rows(b, 10, 50, 9.0);
    let judgement = judged(&mut scene, "@production", 500);
    assert_eq!(judgement.window.rows_count, 0, "b was a shadow then");
    assert_eq!(codes(&judgement), [ReasonCode::NoPredictions]);
    scene.rows(b, 100, 50, 1.0);
    let judgement = judged(&mut scene, "@production", 500);
    assert_eq!(judgement.window.rows_count, 50);
    assert_eq!(judgement.decision.verdict, Verdict::Healthy);
    assert_eq!(
        (judgement.window.from_at, judgement.window.to_at),
        (Some(minute(100)), Some(minute(149)))
    );
    assert_eq!(judgement.newest_label_at, Some(minute(150)));
    assert_eq!(judgement.window.attribution, [(Attribution::Flag, 50)]);
}

#[test]
fn a_version_that_is_not_live_is_judged_on_its_shadow_rows() {
    let (mut scene, [a, _]) = scene();
    scene.rows(a, 10, 30, 9.0);
    scene.rows(a, 200, 40, 1.0);
    let judgement = judged(&mut scene, "a", 500);
    assert!(!judgement.is_live);
    assert_eq!(judgement.role(), Role::Shadow);
    assert_eq!(
        judgement.window.rows_count, 40,
        "not those of when it was live"
    );
    assert_eq!(judgement.tenure, None);
    assert_eq!(judgement.decision.verdict, Verdict::Healthy);
}

#[test]
fn the_live_version_by_its_name_is_the_live_version() {
    let (mut scene, [_, b]) = scene();
    scene.rows(b, 100, 50, 1.0);
    for reference in ["b", "@production", "taxi@production", "latest"] {
        let judgement = judged(&mut scene, reference, 500);
        assert!(judgement.is_live, "{reference}");
        assert_eq!(judgement.tenure.as_ref().unwrap().id, 2);
    }
}

#[test]
fn nobody_being_live_is_a_verdict_and_no_error() {
    let mut scene = Scene::new();
    scene.version("a");
    for reference in ["@production", "TAXI@production"] {
        let judgement = judged(&mut scene, reference, 500);
        assert_eq!(codes(&judgement), [ReasonCode::NoVersion]);
        assert_eq!(judgement.version, None);
    }
    for reference in ["@winter", "@production~1", "churn@production"] {
        assert!(scene.check_of(reference, 500).is_err(), "{reference}");
    }
}

#[test]
fn a_tenure_is_watched_since_the_present_period_began() {
    let (mut scene, [a, b]) = scene();
    let tenure = |scene: &mut Scene| judged(scene, "@production", 500).tenure.unwrap();
    assert_eq!(
        tenure(&mut scene),
        Tenure {
            id: 2,
            from_at: Some(minute(100)),
            watched_since: minute(100),
        }
    );
    scene.promote(a, 200);
    scene.wish(&Wish::Undo(None), 300).unwrap();
    assert_eq!(
        tenure(&mut scene),
        Tenure {
            id: 2,
            from_at: Some(minute(100)),
            watched_since: minute(300),
        }
    );
    scene.rows(b, 110, 50, 1.0);
    scene.rows(b, 310, 50, 1.0);
    scene.rows(b, 210, 50, 9.0);
    let judgement = judged(&mut scene, "@production", 500);
    assert_eq!(
        judgement.window.rows_count, 100,
        "both periods, not the one between"
    );
}

#[test]
fn the_first_tenure_has_no_beginning_and_is_watched_since_it_was_promoted() {
    let mut scene = Scene::new();
    let a = scene.version("a");
    scene.promote(a, 70);
    let tenure = judged(&mut scene, "a", 500).tenure.unwrap();
    assert_eq!((tenure.from_at, tenure.watched_since), (None, minute(70)));
}

#[test]
fn a_window_holds_the_newest_rows_or_those_of_an_age() {
    let (mut scene, [_, b]) = scene();
    scene.rows(b, 100, 50, 2.0);
    scene.rows(b, 300, 50, 1.0);
    for (window, rows, verdict) in [
        ("n=50", 50, Verdict::Healthy),
        ("n=70", 70, Verdict::Degraded),
        ("all", 100, Verdict::Degraded),
        ("1h", 11, Verdict::InsufficientData),
        ("110m", 50, Verdict::Healthy),
    ] {
        scene.policy.check.window = window.parse().unwrap();
        let judgement = judged(&mut scene, "@production", 400);
        assert_eq!(judgement.window.rows_count, rows, "{window}");
        assert_eq!(judgement.decision.verdict, verdict, "{window}");
    }
}

#[test]
fn rows_without_truth_are_counted_and_not_judged() {
    let (mut scene, [_, b]) = scene();
    let rows = [P(b, "x", 110, Some(1.0)), P(b, "y", 111, None)];
    scene.example.ingest(&rows, &[], OnConflict::Error);
    let judgement = judged(&mut scene, "@production", 500);
    assert_eq!(codes(&judgement), [ReasonCode::NoTruth]);
    assert_eq!(judgement.coverage.predictions_count, 2);
    assert_eq!(judgement.coverage.failed_count, 1);
    assert_eq!(judgement.coverage.truth_count, 0);
}

#[test]
fn failed_predictions_count_as_very_wrong_ones() {
    let (mut scene, [_, b]) = scene();
    scene.rows(b, 100, 48, 1.0);
    let failed = [P(b, "x", 150, None), P(b, "y", 151, None)];
    scene.example.ingest(
        &failed,
        &[T("x", 1.0, 152), T("y", 1.0, 152)],
        OnConflict::Error,
    );
    let judgement = judged(&mut scene, "@production", 500);
    assert_eq!(judgement.decision.verdict, Verdict::Degraded);
    let rmse = judgement.deciding().next().unwrap();
    let value = rmse.current.as_ref().unwrap().value;
    // Each costs ten times the mean squared error of the baseline, which is 1.
    assert!((value - (68.0_f64 / 50.0).sqrt()).abs() < 1e-9, "{value}");
}

#[test]
fn old_labels_withhold_healthy() {
    let (mut scene, [_, b]) = scene();
    scene.rows(b, 100, 50, 1.0);
    let in_time = judged(&mut scene, "@production", 150 + 7 * 1_440);
    assert_eq!(in_time.decision.verdict, Verdict::Healthy);
    let late = judged(&mut scene, "@production", 151 + 7 * 1_440);
    assert_eq!(late.decision.verdict, Verdict::InsufficientData);
    assert!(codes(&late).contains(&ReasonCode::Stale));
}

#[test]
fn the_reasons_are_all_that_apply_in_the_order_of_the_design() {
    let (mut scene, [_, b]) = scene();
    scene.rows(b, 100, 3, 1.0);
    scene.policy.check.baseline = crate::domain::policy::BaselineChoice::Recorded;
    let judgement = judged(&mut scene, "@production", 20_000);
    assert_eq!(
        codes(&judgement),
        [
            ReasonCode::NoBaseline,
            ReasonCode::TooFew,
            ReasonCode::Stale
        ]
    );
    let few = &judgement.decision.reasons[1];
    assert_eq!((few.have_count, few.need_count), (Some(3), Some(20)));
}

#[test]
fn recorded_metrics_are_told_where_there_are_no_labelled_rows() {
    let (mut scene, [a, b]) = scene();
    for (version, rmse) in [(a, 2.0), (b, 3.0)] {
        scene.example.metric(version, "rmse", rmse);
        scene.example.metric(version, "mean_error", rmse);
    }
    scene.example.metric(b, "mae", 1.0);
    let judgement = judged(&mut scene, "@production", 500);
    assert_eq!(judgement.decision.verdict, Verdict::InsufficientData);
    let told = judgement.information.unwrap();
    assert_eq!(told.baseline.as_str(), "a");
    let metrics: Vec<_> = told.metrics.iter().map(|judged| judged.metric).collect();
    assert_eq!(
        metrics,
        [Metric::Rmse],
        "what both have and what has a direction"
    );
    scene.rows(b, 100, 50, 1.0);
    let judgement = judged(&mut scene, "@production", 500);
    assert_eq!(judgement.information, None, "rows speak for themselves");
}

#[test]
fn the_deciding_metrics_come_first_and_only_they_decide() {
    let (mut scene, [_, b]) = scene();
    scene.rows(b, 100, 50, 2.0);
    scene.policy.check.decide_on = Some(vec![Metric::R2, Metric::Mae]);
    let judgement = judged(&mut scene, "@production", 500);
    let order: Vec<_> = judgement
        .metrics
        .iter()
        .map(|judged| judged.metric)
        .collect();
    assert_eq!(order[..2], [Metric::R2, Metric::Mae]);
    assert!(order[2..].contains(&Metric::Rmse));
    let decide = judgement.metrics.iter().filter(|judged| judged.decides);
    assert_eq!(decide.count(), 2);
    scene.policy.check.decide_on = Some(vec![Metric::MeanError]);
    let judgement = judged(&mut scene, "@production", 500);
    assert_ne!(
        judgement.decision.verdict,
        Verdict::Degraded,
        "a metric without a direction never says so"
    );
}

#[test]
fn looking_at_a_version_changes_nothing() {
    let (mut scene, [_, b]) = scene();
    scene.rows(b, 100, 50, 2.0);
    let before = scene.example.bytes();
    let (model, policy) = (scene.model.clone(), scene.policy.clone());
    let judgement = scene
        .store()
        .read(|tx| judge(tx, &model, &policy, None, minute(500)))
        .unwrap();
    assert_eq!(judgement.decision.verdict, Verdict::Degraded);
    assert_eq!(scene.example.bytes(), before);
}
