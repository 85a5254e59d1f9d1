//! Tests of what a version is compared with: which version, which of its numbers, and what is said where there are none.
#![cfg(test)]

use super::*;
use crate::domain::names::Reference;
use crate::domain::policy::Window;
use crate::domain::verdict::{ReasonCode, Verdict};
use crate::workflows::example::Scene;

/// The kind, the version and the origin of every source.
fn sources(judgement: &Judgement) -> Vec<(&'static str, &str, &'static str)> {
    judgement
        .sources
        .iter()
        .map(|source| {
            (
                source.kind.name(),
                source.version.as_str(),
                source.origin.name(),
            )
        })
        .collect()
}

fn judged(scene: &mut Scene) -> Judgement {
    scene.check(1_000).judgement
}

/// What is missing, where there is no baseline.
fn missing(judgement: &Judgement) -> &str {
    let mut reasons = judgement.decision.reasons.iter();
    let reason = reasons.find(|reason| reason.code == ReasonCode::NoBaseline);
    &reason.expect("there is no baseline").text
}

fn outcome(judgement: &Judgement, metric: Metric) -> &crate::judge::judged::Judged {
    let mut metrics = judgement.metrics.iter();
    metrics.find(|judged| judged.metric == metric).unwrap()
}

/// Versions a, b and c in this order on the stack; c is live since minute 20 and has fifty rows that are 1.0 off.
fn scene() -> (Scene, [VersionId; 3]) {
    let mut scene = Scene::new();
    let versions = ["a", "b", "c"].map(|name| scene.version(name));
    for (minutes, version) in [0, 10, 20].into_iter().zip(versions) {
        scene.promote(version, minutes);
    }
    scene.rows(versions[2], 30, 50, 1.0);
    (scene, versions)
}

fn choose(scene: &mut Scene, text: &str) {
    let reference: Reference = text.parse().unwrap();
    scene.policy.check.baseline = BaselineChoice::Version(reference);
}

#[test]
fn the_own_reference_sample_comes_first() {
    let (mut scene, [_, b, c]) = scene();
    scene.reference(c, 100, 1.0);
    scene.reference(b, 100, 1.0);
    scene.example.metric(c, "rmse", 0.5);
    let judgement = judged(&mut scene);
    assert_eq!(
        sources(&judgement),
        [("reference", "c", "reference_sample")]
    );
    assert_eq!(judgement.decision.verdict, Verdict::Healthy);
}

#[test]
fn without_a_sample_the_own_recorded_metrics_count() {
    let (mut scene, [_, b, c]) = scene();
    scene.reference(b, 100, 1.0);
    scene.example.metric(c, "rmse", 0.5);
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [("recorded", "c", "recorded_metrics")]);
    assert_eq!(
        judgement.decision.verdict,
        Verdict::Degraded,
        "1.0 against 0.5"
    );
}

#[test]
fn recorded_metrics_that_do_not_name_the_deciding_one_are_not_enough() {
    let (mut scene, [_, b, c]) = scene();
    scene.example.metric(c, "mae", 1.0);
    scene.reference(b, 100, 1.0);
    let judgement = judged(&mut scene);
    assert_eq!(
        sources(&judgement),
        [
            ("recorded", "c", "recorded_metrics"),
            ("previous", "b", "reference_sample")
        ]
    );
    let rmse = outcome(&judgement, Metric::Rmse);
    assert_eq!(judgement.source(rmse).unwrap().kind, BaselineKind::Previous);
    let mae = outcome(&judgement, Metric::Mae);
    assert_eq!(judgement.source(mae).unwrap().kind, BaselineKind::Recorded);
    assert_eq!(judgement.decision.verdict, Verdict::Healthy);
}

#[test]
fn where_there_is_nothing_it_is_said_what_all_is_missing() {
    let (mut scene, _) = scene();
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), []);
    assert_eq!(judgement.decision.verdict, Verdict::InsufficientData);
    assert_eq!(
        missing(&judgement),
        "c has no reference sample and no recorded value of it, and b has no reference sample, \
         fewer than 20 labelled live rows of earlier tenures and no recorded value of it"
    );
}

#[test]
fn the_first_version_has_none_before_it() {
    let mut scene = Scene::new();
    let a = scene.version("a");
    scene.promote(a, 0);
    scene.rows(a, 30, 50, 1.0);
    let judgement = judged(&mut scene);
    assert_eq!(
        missing(&judgement),
        "a has no reference sample and no recorded value of it, and no version lies below a"
    );
}

#[test]
fn a_baseline_that_is_named_is_the_only_one_that_counts() {
    let (mut scene, [a, b, c]) = scene();
    scene.example.metric(c, "rmse", 1.0);
    scene.policy.check.baseline = BaselineChoice::Reference;
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), []);
    assert_eq!(missing(&judgement), "c has no reference sample");
    scene.policy.check.baseline = BaselineChoice::Recorded;
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [("recorded", "c", "recorded_metrics")]);
    scene.reference(b, 100, 1.0);
    scene.policy.check.baseline = BaselineChoice::Previous;
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [("previous", "b", "reference_sample")]);
    scene.example.metric(a, "rmse", 1.0);
    choose(&mut scene, "@production~2");
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [("version", "a", "recorded_metrics")]);
}

#[test]
fn recorded_without_the_deciding_metric_says_so() {
    let (mut scene, [_, _, c]) = scene();
    scene.example.metric(c, "mae", 1.0);
    scene.policy.check.baseline = BaselineChoice::Recorded;
    let judgement = judged(&mut scene);
    assert_eq!(missing(&judgement), "c has no recorded value of it");
}

#[test]
fn a_baseline_that_means_no_version_is_an_error() {
    let (mut scene, _) = scene();
    choose(&mut scene, "nowhere");
    let failed = scene.check_of("@production", 1_000).unwrap_err();
    assert_eq!(failed.to_string(), "version nowhere is not in model taxi");
}

#[test]
fn previous_is_the_newest_below_that_is_not_bad() {
    let (mut scene, [a, b, _]) = scene();
    for version in [a, b] {
        scene.reference(version, 100, 1.0);
    }
    scene.policy.check.baseline = BaselineChoice::Previous;
    scene.example.evaluate(b, Verdict::Degraded);
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [("previous", "a", "reference_sample")]);
    assert!(!judgement.sources[0].is_bad);
    scene.example.evaluate(a, Verdict::Degraded);
    let judgement = judged(&mut scene);
    assert_eq!(
        sources(&judgement),
        [("previous", "b", "reference_sample")],
        "all are bad: the newest"
    );
    assert!(judgement.sources[0].is_bad, "and that it is bad is said");
}

#[test]
fn previous_is_never_the_version_itself() {
    let (mut scene, [_, b, c]) = scene();
    scene.promote(b, 100);
    scene.promote(c, 110);
    scene.rows(c, 120, 50, 1.0);
    for version in [b, c] {
        scene.reference(version, 100, 1.0);
    }
    scene.policy.check.baseline = BaselineChoice::Previous;
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [("previous", "b", "reference_sample")]);
    scene.example.evaluate(b, Verdict::Degraded);
    let judgement = judged(&mut scene);
    assert_eq!(
        sources(&judgement),
        [],
        "c lies below itself, but a is next"
    );
    assert!(missing(&judgement).starts_with("a has no reference sample"));
}

#[test]
fn a_version_that_is_not_on_the_stack_is_compared_with_what_is_live() {
    let (mut scene, [_, _, c]) = scene();
    let d = scene.version("d");
    scene.rows(d, 40, 50, 1.0);
    scene.reference(c, 100, 1.0);
    scene.policy.check.baseline = BaselineChoice::Previous;
    let judgement = scene.check_of("d", 1_000).unwrap().judgement;
    assert!(!judgement.is_live);
    assert_eq!(sources(&judgement), [("previous", "c", "reference_sample")]);
    assert_eq!(judgement.decision.verdict, Verdict::Healthy);
}

#[test]
fn a_version_below_is_compared_with_those_below_it() {
    let (mut scene, [a, b, _]) = scene();
    scene.rows(b, 40, 50, 1.0);
    scene.reference(a, 100, 1.0);
    scene.policy.check.baseline = BaselineChoice::Previous;
    let judgement = scene.check_of("b", 1_000).unwrap().judgement;
    assert_eq!(sources(&judgement), [("previous", "a", "reference_sample")]);
}

#[test]
fn where_nobody_is_live_there_is_no_previous() {
    let mut scene = Scene::new();
    let a = scene.version("a");
    scene.rows(a, 30, 50, 1.0);
    scene.policy.check.baseline = BaselineChoice::Previous;
    let judgement = scene.check_of("a", 1_000).unwrap().judgement;
    assert_eq!(missing(&judgement), "no version is live or lies below a");
}

#[test]
fn the_live_rows_of_an_earlier_tenure_stand_for_a_sample() {
    let (mut scene, [_, b, _]) = scene();
    scene.policy.check.baseline = BaselineChoice::Previous;
    scene.rows(b, 11, 8, 1.0);
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [], "eight are too few");
    scene.policy.check.min_rows = 8;
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [("previous", "b", "live_rows")]);
    scene.example.metric(b, "rmse", 1.0);
    let judgement = judged(&mut scene);
    assert_eq!(
        sources(&judgement),
        [
            ("previous", "b", "live_rows"),
            ("previous", "b", "recorded_metrics")
        ],
        "recorded metrics speak of what the rows can't"
    );
}

#[test]
fn rows_of_the_time_when_it_was_not_live_are_no_baseline() {
    let (mut scene, [_, b, _]) = scene();
    scene.policy.check.baseline = BaselineChoice::Previous;
    scene.rows(b, 100, 50, 1.0);
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [], "they are shadow rows");
}

#[test]
fn a_version_can_be_compared_with_its_own_earlier_tenure_but_not_with_this_one() {
    let (mut scene, [_, b, c]) = scene();
    choose(&mut scene, "c");
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [], "this tenure is what is judged");
    scene.promote(b, 200);
    scene.promote(c, 210);
    scene.rows(c, 220, 50, 2.0);
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [("version", "c", "live_rows")]);
    assert_eq!(judgement.decision.verdict, Verdict::Degraded);
}

#[test]
fn a_tenure_that_an_undo_continued_is_one_tenure() {
    let (mut scene, [_, b, c]) = scene();
    scene.promote(b, 200);
    let wish = crate::workflows::switching::Wish::Undo(None);
    scene.wish(&wish, 210).unwrap();
    choose(&mut scene, "c");
    let judgement = judged(&mut scene);
    assert_eq!(judgement.version.as_ref().unwrap().id, c);
    assert_eq!(sources(&judgement), []);
    assert_eq!(judgement.window.rows_count, 50, "its rows count again");
}

#[test]
fn r2_against_recorded_numbers_needs_the_variance_that_rmse_gives() {
    let (mut scene, [_, _, c]) = scene();
    scene.policy.check.decide_on = Some(vec![Metric::R2]);
    scene.policy.check.baseline = BaselineChoice::Recorded;
    scene.example.metric(c, "r2", 0.9);
    let judgement = judged(&mut scene);
    let alone = outcome(&judgement, Metric::R2);
    assert!(matches!(
        alone.outcome,
        crate::judge::judged::MetricOutcome::Undefined(_)
    ));
    let codes: Vec<_> = judgement
        .decision
        .reasons
        .iter()
        .map(|reason| reason.code)
        .collect();
    assert_eq!(codes, [ReasonCode::UndefinedMetric]);

    // V = RMSE²/(1 − R²) = 0.825/0.1 = 8.25, and 1 − MSE/V = 1 − 1/8.25.
    scene.example.metric(c, "rmse", 0.825_f64.sqrt());
    let judgement = judged(&mut scene);
    let r2 = outcome(&judgement, Metric::R2);
    let value = r2.current.as_ref().unwrap().value;
    assert!((value - (1.0 - 1.0 / 8.25)).abs() < 1e-9, "{value}");
    assert_eq!(judgement.decision.verdict, Verdict::Healthy);
}

#[test]
fn r2_of_rows_is_measured_against_the_variance_of_the_baseline() {
    let (mut scene, [_, _, c]) = scene();
    scene.policy.check.decide_on = Some(vec![Metric::R2]);
    scene.reference(c, 100, 1.0);
    let judgement = judged(&mut scene);
    let r2 = outcome(&judgement, Metric::R2);
    let (current, baseline) = (r2.current.as_ref().unwrap(), r2.baseline.as_ref().unwrap());
    assert!(
        (current.value - baseline.value).abs() < 1e-9,
        "the same errors"
    );
    // The window's own truth hardly varies; that is no news about the model.
    scene.policy.check.window = Window::Rows(20);
    let judgement = judged(&mut scene);
    let narrow = outcome(&judgement, Metric::R2)
        .current
        .as_ref()
        .unwrap()
        .value;
    assert!((narrow - baseline.value).abs() < 1e-9, "{narrow}");
}

#[test]
fn recorded_evidence_compares_with_the_previous_version_by_its_metrics() {
    let (mut scene, [a, b, c]) = scene();
    scene.policy.check.evidence = crate::domain::policy::EvidenceKind::Recorded;
    scene.policy.check.baseline = BaselineChoice::Auto;
    for (version, rmse) in [(a, 4.0), (b, 2.0), (c, 2.2)] {
        scene.example.metric(version, "rmse", rmse);
    }
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [("previous", "b", "recorded_metrics")]);
    assert_eq!(
        judgement.decision.verdict,
        Verdict::Degraded,
        "ten percent worse"
    );
    let codes: Vec<_> = judgement
        .decision
        .reasons
        .iter()
        .map(|reason| reason.code)
        .collect();
    assert_eq!(
        codes,
        [ReasonCode::RecordedMetricsOnly, ReasonCode::OverThreshold]
    );
    assert_eq!(judgement.decision.detectable_pct, None);
    choose(&mut scene, "a");
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), [("version", "a", "recorded_metrics")]);
    assert_eq!(judgement.decision.verdict, Verdict::Healthy);
}

#[test]
fn recorded_evidence_is_never_compared_with_itself() {
    let (mut scene, [_, _, c]) = scene();
    scene.policy.check.evidence = crate::domain::policy::EvidenceKind::Recorded;
    scene.example.metric(c, "rmse", 2.0);
    choose(&mut scene, "c");
    let judgement = judged(&mut scene);
    assert_eq!(sources(&judgement), []);
    assert_eq!(judgement.decision.verdict, Verdict::InsufficientData);
}

#[test]
fn recorded_evidence_says_which_version_has_no_number() {
    let (mut scene, [_, b, c]) = scene();
    scene.policy.check.evidence = crate::domain::policy::EvidenceKind::Recorded;
    scene.example.metric(c, "rmse", 2.0);
    let judgement = judged(&mut scene);
    assert_eq!(missing(&judgement), "b has no recorded value of it");
    scene.example.metric(b, "mae", 2.0);
    let judgement = judged(&mut scene);
    assert_eq!(missing(&judgement), "b has no recorded value of it");
    scene.example.metric(c, "mae", 3.0);
    let judgement = judged(&mut scene);
    assert_eq!(
        judgement
            .deciding()
            .map(|judged| judged.metric)
            .collect::<Vec<_>>(),
        [Metric::Mae],
        "the one that both have"
    );
    assert_eq!(judgement.decision.verdict, Verdict::Degraded);
}

#[test]
fn a_metric_that_the_policy_names_is_not_replaced_by_another() {
    let (mut scene, [_, b, c]) = scene();
    scene.policy.check.evidence = crate::domain::policy::EvidenceKind::Recorded;
    scene.policy.check.metric = Some(Metric::Rmse);
    for version in [b, c] {
        scene.example.metric(version, "mae", 2.0);
    }
    let judgement = judged(&mut scene);
    assert_eq!(judgement.decision.verdict, Verdict::InsufficientData);
}

/// The minutes at which summer begins, and the next winter.
const SUMMER: i64 = 139 * 1_440;
const NEXT_WINTER: i64 = 365 * 1_440;

/// Winter from the first minute on, with `w`; in summer `s`; in the next winter `w` again. In winter the rows are 1.0
/// off, in summer 5.0; nobody has a reference sample or recorded metrics.
fn two_winters() -> (Scene, [VersionId; 2]) {
    two_winters_until(SUMMER)
}

/// The same, with `w` live until this minute.
fn two_winters_until(changeover: i64) -> (Scene, [VersionId; 2]) {
    let mut scene = Scene::new();
    for (alias, from) in [("winter", "01-01"), ("summer", "05-20")] {
        let seasons = &mut scene.policy.season;
        seasons.insert(alias.parse().unwrap(), from.parse().unwrap());
    }
    let [w, s] = ["w", "s"].map(|name| scene.version(name));
    hold(&mut scene, "winter", w, 0);
    hold(&mut scene, "summer", s, 0);
    scene.promote(w, 0);
    scene.rows(w, 100, 50, 1.0);
    scene.promote(s, changeover);
    scene.rows(s, changeover + 100, 50, 5.0);
    (scene, [w, s])
}

fn hold(scene: &mut Scene, alias: &str, version: VersionId, minutes: i64) {
    let wish = crate::workflows::switching::Wish::SetAlias(version);
    scene
        .wish_on(&alias.parse().unwrap(), &wish, minutes)
        .unwrap();
}

fn judged_in_winter(scene: &mut Scene, version: VersionId, error: f64) -> Judgement {
    scene.promote(version, NEXT_WINTER);
    scene.rows(version, NEXT_WINTER + 100, 50, error);
    scene.check(NEXT_WINTER + 1_000).judgement
}

#[test]
fn a_seasons_version_is_compared_with_its_own_season_a_year_before() {
    for (error, verdict) in [(1.0, Verdict::Healthy), (2.0, Verdict::Degraded)] {
        let (mut scene, [w, _]) = two_winters();
        let judgement = judged_in_winter(&mut scene, w, error);
        assert_eq!(sources(&judgement), [("season", "w", "live_rows")]);
        assert_eq!(judgement.decision.verdict, verdict, "summer was 5.0 off");
        assert!(!judgement.sources[0].is_bad);
    }
}

#[test]
fn rows_of_other_seasons_are_left_out() {
    let (mut scene, [w, s]) = two_winters_until(SUMMER + 1_000);
    // The changeover came late, and w is live once more in the summer, where everything is harder.
    scene.rows(w, SUMMER + 100, 50, 5.0);
    scene.promote(w, SUMMER + 2_000);
    scene.rows(w, SUMMER + 2_100, 50, 5.0);
    scene.promote(s, SUMMER + 3_000);
    let judgement = judged_in_winter(&mut scene, w, 2.0);
    let Standard::Rows(sample) = &judgement.sources[0].standard else {
        panic!("{:?}", judgement.sources);
    };
    assert_eq!(sample.rows_count(), 50);
    assert_eq!(judgement.decision.verdict, Verdict::Degraded);
}

#[test]
fn a_new_version_of_a_season_is_compared_with_the_one_that_the_season_had_before() {
    let (mut scene, _) = two_winters();
    let v = scene.version("v");
    hold(&mut scene, "winter", v, SUMMER + 10);
    let judgement = judged_in_winter(&mut scene, v, 2.0);
    assert_eq!(sources(&judgement), [("season", "w", "live_rows")]);
    assert_eq!(judgement.decision.verdict, Verdict::Degraded);
}

#[test]
fn recorded_metrics_of_the_seasons_former_version_count_where_it_has_no_rows() {
    let (mut scene, [_, s]) = two_winters();
    let [old, new] = ["old", "new"].map(|name| scene.version(name));
    scene.example.metric(old, "rmse", 1.0);
    scene.example.metric(s, "rmse", 5.0);
    hold(&mut scene, "winter", old, SUMMER + 10);
    hold(&mut scene, "winter", new, SUMMER + 20);
    let judgement = judged_in_winter(&mut scene, new, 2.0);
    assert_eq!(sources(&judgement), [("season", "old", "recorded_metrics")]);
    assert_eq!(judgement.decision.verdict, Verdict::Degraded);
    // The same of recorded evidence.
    scene.example.metric(new, "rmse", 2.0);
    scene.policy.check.evidence = crate::domain::policy::EvidenceKind::Recorded;
    scene.policy.check.baseline = BaselineChoice::Previous;
    let judgement = scene.check(NEXT_WINTER + 2_000).judgement;
    assert_eq!(sources(&judgement), [("season", "old", "recorded_metrics")]);
    assert_eq!(judgement.decision.verdict, Verdict::Degraded);
}

#[test]
fn what_is_no_version_of_the_season_or_has_too_little_is_compared_as_ever() {
    let (mut scene, [_, s]) = two_winters();
    let other = scene.version("other");
    let judgement = judged_in_winter(&mut scene, other, 5.0);
    assert_eq!(sources(&judgement), [("previous", "s", "live_rows")]);

    let (mut scene, [w, _]) = two_winters();
    scene.policy.check.min_rows = 50;
    assert_eq!(
        sources(&judged_in_winter(&mut scene, w, 1.0)),
        [("season", "w", "live_rows")]
    );
    let (mut scene, [w, _]) = two_winters();
    scene.policy.check.min_rows = 51;
    scene.reference(s, 100, 5.0);
    assert_eq!(
        sources(&judged_in_winter(&mut scene, w, 1.0)),
        [("previous", "s", "reference_sample")]
    );
}
