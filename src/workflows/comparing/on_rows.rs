//! Tests of comparing by what is there: the same predictions, else each version's own rows, else recorded metrics.
#![cfg(test)]

use super::*;
use crate::domain::holders::VersionId;
use crate::domain::policy::Window;
use crate::store::example::{P, T, minute};
use crate::store::predictions::OnConflict;
use crate::store::versions;
use crate::workflows::example::Scene;

fn scene() -> (Scene, [VersionId; 2]) {
    let mut scene = Scene::new();
    let versions = [scene.version("a"), scene.version("b")];
    (scene, versions)
}

fn compared_by(scene: &mut Scene, only: &[Metric], versions: [VersionId; 2]) -> Comparison {
    let (model, policy) = (scene.model.clone(), scene.policy.clone());
    let [a, b] = versions;
    scene.example.read(|tx| {
        let versions = (versions::get(tx, a)?, versions::get(tx, b)?);
        let confidence = Confidence::NINETY_FIVE;
        compare(
            tx,
            &model,
            &policy,
            versions,
            only,
            confidence,
            minute(1_000),
        )
    })
}

fn compared(scene: &mut Scene, versions: [VersionId; 2]) -> Comparison {
    compared_by(scene, &[], versions)
}

/// Labelled predictions of the same ids by both versions, each so far off.
fn both(scene: &mut Scene, [a, b]: [VersionId; 2], from: i64, count: i64, errors: [f64; 2]) {
    let ids: Vec<_> = (from..from + count).map(|id| format!("s{id}")).collect();
    // So that not every row differs by the same.
    let wobble = |row: usize| (row % 7) as f64 / 100.0;
    let mut predictions = Vec::new();
    let mut truths = Vec::new();
    for (row, (id, at)) in ids.iter().zip(from..).enumerate() {
        let truth = (row % 10) as f64;
        predictions.push(P(a, id, at, Some(truth + errors[0] + wobble(row))));
        predictions.push(P(b, id, at, Some(truth - errors[1])));
        truths.push(T(id, truth, at + 1));
    }
    scene
        .example
        .ingest(&predictions, &truths, OnConflict::Error);
}

fn codes(comparison: &Comparison) -> Vec<ReasonCode> {
    let reasons = comparison.reasons.iter();
    reasons.map(|reason| reason.code).collect()
}

fn rmse(comparison: &Comparison) -> &Pair {
    let mut pairs = comparison.pairs.iter();
    pairs.find(|pair| pair.metric == Metric::Rmse).unwrap()
}

#[test]
fn predictions_of_the_same_ids_are_compared_pair_by_pair() {
    let (mut scene, [a, b]) = scene();
    both(&mut scene, [a, b], 0, 60, [1.0, 2.0]);
    scene.rows(a, 500, 40, 9.0);
    let comparison = compared(&mut scene, [a, b]);
    assert_eq!(comparison.on, On::SharedIds);
    assert_eq!((comparison.a_rows_count, comparison.b_rows_count), (60, 60));
    assert_eq!(
        (comparison.from_at, comparison.to_at),
        (Some(minute(0)), Some(minute(59)))
    );
    assert_eq!(comparison.overall, Favours::A);
    let difference = rmse(&comparison).difference.unwrap();
    assert!(difference.high < 0.0, "a is wrong by less");
    assert_eq!(codes(&comparison), []);
}

#[test]
fn the_other_way_round_the_other_one_is_better_by_the_same() {
    let (mut scene, [a, b]) = scene();
    both(&mut scene, [a, b], 0, 60, [1.0, 2.0]);
    let there = compared(&mut scene, [a, b]);
    let back = compared(&mut scene, [b, a]);
    assert_eq!(back.overall, Favours::B);
    let (there, back) = (
        rmse(&there).difference.unwrap(),
        rmse(&back).difference.unwrap(),
    );
    assert!((there.value + back.value).abs() < 1e-12);
    assert!((there.low + back.high).abs() < 1e-12);
}

#[test]
fn versions_that_are_equally_wrong_are_not_told_apart() {
    let (mut scene, [a, b]) = scene();
    scene.rows(a, 0, 60, 1.0);
    scene.rows(b, 0, 60, 1.0);
    let comparison = compared(&mut scene, [a, b]);
    assert_eq!(comparison.overall, Favours::Neither);
    assert_eq!(comparison.on, On::OwnWindows);
}

#[test]
fn without_two_shared_ids_each_is_measured_on_its_own_rows() {
    let (mut scene, [a, b]) = scene();
    both(&mut scene, [a, b], 0, 1, [1.0, 1.0]);
    scene.rows(a, 100, 50, 1.0);
    scene.rows(b, 300, 40, 3.0);
    let comparison = compared(&mut scene, [a, b]);
    assert_eq!(comparison.on, On::OwnWindows);
    assert_eq!((comparison.a_rows_count, comparison.b_rows_count), (51, 41));
    assert_eq!(comparison.overall, Favours::A);
    assert_eq!(comparison.to_at, Some(minute(339)));
}

#[test]
fn few_rows_are_shown_and_decide_nothing() {
    let (mut scene, [a, b]) = scene();
    both(&mut scene, [a, b], 0, 12, [1.0, 9.0]);
    let comparison = compared(&mut scene, [a, b]);
    assert_eq!(comparison.overall, Favours::InsufficientData);
    assert_eq!(codes(&comparison), [ReasonCode::TooFew]);
    let reason = &comparison.reasons[0];
    assert_eq!((reason.have_count, reason.need_count), (Some(12), Some(30)));
    assert!(rmse(&comparison).difference.is_some());
}

#[test]
fn without_rows_recorded_metrics_are_compared_and_it_is_said() {
    let (mut scene, [a, b]) = scene();
    scene.example.metric(a, "rmse", 2.0);
    scene.example.metric(b, "rmse", 3.0);
    scene.example.metric(b, "mae", 1.0);
    let comparison = compared(&mut scene, [a, b]);
    assert_eq!(comparison.on, On::Recorded);
    assert_eq!(comparison.overall, Favours::A);
    assert_eq!((comparison.from_at, comparison.to_at), (None, None));
    assert_eq!(codes(&comparison), [ReasonCode::RecordedMetricsOnly]);
    let mae = comparison
        .pairs
        .iter()
        .find(|pair| pair.metric == Metric::Mae)
        .unwrap();
    assert_eq!(mae.favours, Some(Favours::InsufficientData));
    assert!(!mae.decides, "what only one recorded is shown");
}

#[test]
fn with_nothing_at_all_it_is_said_what_is_missing() {
    let (mut scene, versions) = scene();
    let comparison = compared(&mut scene, versions);
    assert_eq!(comparison.overall, Favours::InsufficientData);
    assert_eq!(codes(&comparison), [ReasonCode::NoTruth]);
    let metrics: Vec<_> = comparison.pairs.iter().map(|pair| pair.metric).collect();
    assert_eq!(metrics, [Metric::Rmse], "only what decides is left");
}

#[test]
fn named_metrics_are_the_only_ones_and_decide() {
    let (mut scene, [a, b]) = scene();
    both(&mut scene, [a, b], 0, 60, [1.0, 2.0]);
    let only = [Metric::Mae, Metric::R2];
    let comparison = compared_by(&mut scene, &only, [a, b]);
    let metrics: Vec<_> = comparison.pairs.iter().map(|pair| pair.metric).collect();
    assert_eq!(metrics, only);
    assert!(comparison.pairs.iter().all(|pair| pair.decides));
    assert_eq!(comparison.overall, Favours::A);
}

#[test]
fn recorded_metrics_are_shown_beside_those_of_the_rows() {
    let (mut scene, [a, b]) = scene();
    both(&mut scene, [a, b], 0, 60, [1.0, 2.0]);
    scene.example.metric(a, "rmse", 99.0);
    let comparison = compared(&mut scene, [a, b]);
    let pair = rmse(&comparison);
    assert_eq!((pair.a_recorded, pair.b_recorded), (Some(99.0), None));
    assert_eq!(pair.favours, Some(Favours::A), "and decide nothing");
}

#[test]
fn the_window_of_the_policy_holds_for_both() {
    let (mut scene, [a, b]) = scene();
    both(&mut scene, [a, b], 0, 60, [5.0, 1.0]);
    both(&mut scene, [a, b], 100, 50, [1.0, 2.0]);
    scene.policy.check.window = Window::Rows(50);
    let comparison = compared(&mut scene, [a, b]);
    assert_eq!(comparison.a_rows_count, 50);
    assert_eq!(comparison.overall, Favours::A);
    scene.policy.check.window = Window::All;
    let comparison = compared(&mut scene, [a, b]);
    assert_eq!(comparison.a_rows_count, 110);
    assert_eq!(comparison.overall, Favours::B);
}

#[test]
fn failed_predictions_cost_both_versions_the_same() {
    let (mut scene, [a, b]) = scene();
    both(&mut scene, [a, b], 0, 60, [1.0, 1.2]);
    let failed = [P(a, "f", 70, None), P(b, "f", 70, None)];
    let truth = [T("f", 1.0, 71)];
    scene.example.ingest(&failed, &truth, OnConflict::Error);
    let comparison = compared(&mut scene, [a, b]);
    assert_eq!(comparison.a_rows_count, 61);
    assert_eq!(comparison.overall, Favours::A);
    let pair = rmse(&comparison);
    let squares = |number: &Option<Number>| number.as_ref().unwrap().value.powi(2) * 61.0;
    let without_the_failure: f64 = (0..60)
        .map(|row| 1.2_f64.powi(2) - (1.0 + f64::from(row % 7) / 100.0).powi(2))
        .sum();
    let difference = squares(&pair.b) - squares(&pair.a);
    assert!(
        (difference - without_the_failure).abs() < 1e-9,
        "{difference}"
    );
}

#[test]
fn words_for_json_are_those_of_the_documents() {
    let on = [On::SharedIds, On::OwnWindows, On::Recorded];
    assert_eq!(on.map(On::name), ["shared_ids", "own_windows", "recorded"]);
    let favours = [
        Favours::A,
        Favours::B,
        Favours::Neither,
        Favours::InsufficientData,
    ];
    assert_eq!(
        favours.map(Favours::name),
        [
            "a_better",
            "b_better",
            "indistinguishable",
            "insufficient_data"
        ]
    );
}
