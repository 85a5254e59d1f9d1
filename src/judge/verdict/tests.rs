//! Tests of verdicts: the reasons one by one, their order, and that nothing is degraded that did not become worse.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::metric::{Direction, Metric, Task};
use crate::domain::sample::{ClassSample, NumberSample, Sample};
use crate::judge::Undefined;
use crate::judge::baseline::Standard;
use crate::judge::foreign::foreign_classes;
use crate::judge::interval::Confidence;
use crate::judge::judged::{judge_recorded, judge_rows};

const RULES: Rules = Rules {
    threshold_pct: 5.0,
    min_rows: 20,
    max_age: Length::from_days(7),
    must_detect_pct: 50.0,
};

fn numbers(rows: impl IntoIterator<Item = (f64, Option<f64>)>) -> Sample {
    let (truth, prediction) = rows.into_iter().unzip();
    Sample::Numbers(NumberSample { truth, prediction })
}

/// `n` rows whose errors are `error` to both sides.
fn off_by(error: f64, n: usize) -> Sample {
    numbers((0..n).map(|row| {
        let truth = row as f64;
        let side = if row % 2 == 0 { error } else { -error };
        (truth, Some(truth + side))
    }))
}

fn recorded(metrics: &[(&str, f64)]) -> Standard {
    Standard::Recorded(
        metrics
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect(),
    )
}

fn evidence(rows: u64) -> Evidence {
    Evidence {
        no_predictions: "no live predictions in this tenure".to_owned(),
        place: "in this tenure".to_owned(),
        predictions_count: rows,
        labelled_count: rows,
        window_rows_count: rows,
        window_failed_count: 0,
        since_count: rows,
        since_failed_count: 0,
        newest_label_age: Some(Length::from_seconds(60)),
        newest_label_is_ahead: false,
        foreign: None,
    }
}

fn judged(metric: Metric, window: &Sample, baselines: &[Standard]) -> Judged {
    judge_rows(
        metric,
        true,
        window,
        baselines,
        5.0,
        Confidence::NINETY_FIVE,
    )
}

fn codes(decision: &Decision) -> Vec<&'static str> {
    decision
        .reasons
        .iter()
        .map(|reason| reason.code.name())
        .collect()
}

fn of_rows(evidence: Evidence, judged: &[Judged]) -> Decision {
    decide(
        &Basis::Rows(evidence),
        judged,
        "nothing to compare with",
        &RULES,
    )
}

#[test]
fn healthy_says_what_it_would_have_noticed() {
    let rows = judged(
        Metric::Rmse,
        &off_by(1.0, 40),
        &[Standard::Rows(off_by(1.0, 40))],
    );
    let decision = of_rows(evidence(40), &[rows]);
    assert_eq!(decision.verdict, Verdict::Healthy);
    assert!(decision.reasons.is_empty());
    assert!(
        (decision.detectable_pct.unwrap() - 5.0).abs() < 1e-9,
        "{decision:?}"
    );
}

#[test]
fn degraded_names_the_metric_and_has_a_severity() {
    let rows = judged(
        Metric::Rmse,
        &off_by(1.2, 40),
        &[recorded(&[("rmse", 1.0)])],
    );
    let decision = of_rows(evidence(40), &[rows]);
    assert_eq!(decision.verdict, Verdict::Degraded);
    assert_eq!(decision.severity, Some(Severity::Critical));
    assert_eq!(
        decision.reasons[0].text,
        "rmse worse by 20 %, more than 5 %"
    );
}

#[test]
fn a_threshold_is_told_as_it_is_written() {
    let rows = judged(
        Metric::Rmse,
        &off_by(1.2, 40),
        &[recorded(&[("rmse", 1.0)])],
    );
    for (threshold_pct, told) in [(0.05, "more than 0.05 %"), (7.25, "more than 7.25 %")] {
        let rules = Rules {
            threshold_pct,
            ..RULES
        };
        let reason = over_threshold([&rows].into_iter(), &rules);
        assert!(reason.text.ends_with(told), "{}", reason.text);
    }
}

#[test]
fn too_few_rows_decide_nothing_whichever_way_they_point() {
    for error in [1.0, 9.0] {
        let rows = judged(
            Metric::Rmse,
            &off_by(error, 19),
            &[recorded(&[("rmse", 1.0)])],
        );
        let decision = of_rows(evidence(19), &[rows]);
        assert_eq!(codes(&decision), ["too_few"]);
        assert_eq!(decision.verdict, Verdict::InsufficientData);
        assert_eq!(
            decision.reasons[0].text,
            "19 labelled rows in this tenure, 20 needed"
        );
        assert_eq!(
            (
                decision.reasons[0].have_count,
                decision.reasons[0].need_count
            ),
            (Some(19), Some(20))
        );
    }
}

#[test]
fn missing_predictions_truth_and_rows_are_told_apart() {
    let none = of_rows(evidence(0), &[]);
    assert_eq!(codes(&none), ["no_baseline", "no_predictions"]);
    let unlabelled = Evidence {
        predictions_count: 12_431,
        newest_label_age: None,
        newest_label_is_ahead: false,
        ..evidence(0)
    };
    let rows = judge_recorded(Metric::Rmse, true, Some(1.0), Some(1.0), 5.0);
    let decision = of_rows(unlabelled, &[rows]);
    assert_eq!(codes(&decision), ["no_truth"]);
    assert_eq!(
        decision.reasons[0].text,
        "none of 12,431 predictions has its truth"
    );
}

#[test]
fn stale_failed_and_coarse_withhold_only_healthy() {
    let bad = Evidence {
        window_failed_count: 2,
        newest_label_age: Some(Length::from_days(9)),
        newest_label_is_ahead: false,
        ..evidence(40)
    };
    let fine = judged(
        Metric::Rmse,
        &off_by(1.0, 40),
        &[recorded(&[("rmse", 1.0)])],
    );
    let decision = of_rows(bad.clone(), &[fine]);
    assert_eq!(codes(&decision), ["stale", "failed_predictions"]);
    assert_eq!(decision.verdict, Verdict::InsufficientData);
    let worse = judged(
        Metric::Rmse,
        &off_by(2.0, 40),
        &[recorded(&[("rmse", 1.0)])],
    );
    let decision = of_rows(bad, &[worse]);
    assert_eq!(
        codes(&decision),
        ["stale", "failed_predictions", "over_threshold"]
    );
    assert_eq!(decision.verdict, Verdict::Degraded);
    let wild = numbers((0..40).map(|row| (0.0, Some(if row == 0 { 6.0 } else { 0.01 }))));
    let rows = judged(Metric::Rmse, &wild, &[recorded(&[("rmse", 1.0)])]);
    let decision = of_rows(evidence(40), &[rows]);
    assert_eq!(codes(&decision), ["too_coarse"], "{decision:?}");
    assert_eq!(decision.verdict, Verdict::InsufficientData);
}

#[test]
fn a_feed_that_turned_to_nan_is_seen_before_its_labels_come() {
    let fine = judged(
        Metric::Rmse,
        &off_by(1.0, 40),
        &[recorded(&[("rmse", 1.0)])],
    );
    let turned = Evidence {
        since_count: 1_000,
        since_failed_count: 11,
        ..evidence(40)
    };
    let decision = of_rows(turned, std::slice::from_ref(&fine));
    assert_eq!(codes(&decision), ["failed_predictions"]);
    assert_eq!(
        decision.reasons[0].text,
        "11 of 1,000 predictions failed, at most 1 % may"
    );
    let at_one_percent = Evidence {
        since_count: 1_000,
        since_failed_count: 10,
        ..evidence(40)
    };
    assert_eq!(of_rows(at_one_percent, &[fine]).verdict, Verdict::Healthy);
}

#[test]
fn any_degraded_metric_wins_over_an_undefined_one() {
    let constant = |error: f64| {
        numbers((0..40).map(|row| (3.0, Some(3.0 + if row % 2 == 0 { error } else { -error }))))
    };
    let baseline = [recorded(&[("rmse", 1.0), ("r2", 0.8)])];
    let both = |error| {
        let window = constant(error);
        [
            judged(Metric::R2, &window, &baseline),
            judged(Metric::Rmse, &window, &baseline),
        ]
    };
    let decision = of_rows(evidence(40), &both(1.0));
    assert_eq!(codes(&decision), ["undefined_metric"]);
    assert!(
        decision.reasons[0]
            .text
            .starts_with("r2: the truth is the same")
    );
    assert_eq!(of_rows(evidence(40), &both(2.0)).verdict, Verdict::Degraded);
}

#[test]
fn truth_in_foreign_classes_decides_nothing_whichever_way_it_points() {
    let class = |rows: &[(usize, usize)]| {
        Sample::Classes(ClassSample {
            labels: ["0", "1", "no", "yes"].map(str::to_owned).to_vec(),
            truth: rows.iter().map(|row| row.0).collect(),
            prediction: rows.iter().map(|row| Some(row.1)).collect(),
            probabilities: vec![None; rows.len()],
            positive: None,
        })
    };
    let right: Vec<_> = (0..40).map(|row| (2 + row % 2, 2 + row % 2)).collect();
    let recoded: Vec<_> = (0..40).map(|row| (row % 2, 2 + row % 2)).collect();
    let (baseline, window) = (class(&right), class(&recoded));
    let accuracy = |window| {
        judged(
            Metric::Accuracy,
            window,
            &[Standard::Rows(baseline.clone())],
        )
    };
    let worse = accuracy(&window);
    assert_eq!(worse.outcome, MetricOutcome::Degraded);
    let of = |metric: &Judged, rows| {
        let evidence = Evidence {
            foreign: foreign_classes(&window, [&baseline]),
            ..evidence(rows)
        };
        of_rows(evidence, std::slice::from_ref(metric))
    };
    for metric in [worse.clone(), accuracy(&baseline)] {
        let decision = of(&metric, 40);
        assert_eq!(decision.verdict, Verdict::InsufficientData);
        assert_eq!(decision.severity, None);
        assert_eq!(codes(&decision), ["foreign_classes"]);
        assert_eq!(
            decision.reasons[0].text,
            "none of 40 labels has a class that predictions or baseline have: 0, 1; they have no, yes"
        );
        let counts = (
            decision.reasons[0].have_count,
            decision.reasons[0].need_count,
        );
        assert_eq!(counts, (Some(0), Some(1)));
    }
    assert_eq!(
        codes(&of(&worse, 19)),
        ["too_few"],
        "few rows say nothing of classes"
    );
    let known = of_rows(evidence(40), &[worse]);
    assert_eq!(known.verdict, Verdict::Degraded);
}

#[test]
fn what_cannot_be_a_baseline_is_undefined_and_never_a_percentage() {
    for (metric, baseline, why) in [
        (
            Metric::R2,
            vec![("r2", 0.1), ("rmse", 1.0)],
            Undefined::BaselineTooLow,
        ),
        (
            Metric::R2,
            vec![("r2", -3.0), ("rmse", 1.0)],
            Undefined::BaselineTooLow,
        ),
        (Metric::R2, vec![("r2", 0.8)], Undefined::NoTruthVariance),
        (Metric::Rmse, vec![("rmse", 0.0)], Undefined::BaselineZero),
    ] {
        let rows = judged(metric, &off_by(1.0, 40), &[recorded(&baseline)]);
        assert_eq!(rows.outcome, MetricOutcome::Undefined(why), "{baseline:?}");
        let decision = of_rows(evidence(40), &[rows]);
        assert_eq!(codes(&decision), ["undefined_metric"]);
        assert_eq!(decision.worse_pct, None);
    }
    let flat = Standard::Rows(numbers((0..40).map(|_| (1.0, Some(2.0)))));
    let rows = judged(Metric::R2, &off_by(1.0, 40), &[flat]);
    assert_eq!(
        rows.outcome,
        MetricOutcome::Undefined(Undefined::ConstantTruth)
    );
}

#[test]
fn rows_are_measured_against_the_baselines_spread_of_truth() {
    // RMSE 1 and R² 0.75 mean a variance of 4; errors of 1.1 leave 1 − 1.21/4.
    let rows = judged(
        Metric::R2,
        &off_by(1.1, 40),
        &[recorded(&[("r2", 0.75), ("rmse", 1.0)])],
    );
    assert!((rows.current.unwrap().value - (1.0 - 1.21 / 4.0)).abs() < 1e-12);
}

#[test]
fn the_nearest_baseline_that_speaks_of_a_metric_is_taken() {
    let baselines = [recorded(&[("other", 1.0)]), Standard::Rows(off_by(2.0, 40))];
    let rows = judged(Metric::Mae, &off_by(1.0, 40), &baselines);
    assert_eq!(
        (rows.baseline_index, rows.outcome),
        (Some(1), MetricOutcome::Healthy)
    );
    let none = judged(Metric::Mae, &off_by(1.0, 40), &baselines[..1]);
    assert_eq!(none.outcome, MetricOutcome::NoBaseline);
    assert!(none.current.is_some());
    let decision = of_rows(evidence(40), &[none]);
    assert_eq!(codes(&decision), ["no_baseline"]);
}

#[test]
fn a_window_that_saw_fewer_classes_is_measured_like_its_baseline() {
    let classes = |labels: &[&str], rows: &[(usize, usize)]| ClassSample {
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        truth: rows.iter().map(|row| row.0).collect(),
        prediction: rows.iter().map(|row| Some(row.1)).collect(),
        probabilities: vec![None; rows.len()],
        positive: None,
    };
    let two: Vec<_> = (0..40).map(|row| (row % 2, row % 2)).collect();
    let three: Vec<_> = (0..42).map(|row| (row % 3, row % 3)).collect();
    let window = Sample::Classes(classes(&["a", "b"], &two));
    let baseline = Standard::Rows(Sample::Classes(classes(&["a", "b", "c"], &three)));
    let rows = judged(Metric::F1, &window, &[baseline]);
    assert_eq!(
        rows.outcome,
        MetricOutcome::Healthy,
        "both are macro averages"
    );
}

#[test]
fn a_mean_error_is_shown_and_never_judged() {
    let rows = judge_rows(
        Metric::MeanError,
        false,
        &off_by(9.0, 40),
        &[Standard::Rows(off_by(1.0, 40))],
        5.0,
        Confidence::NINETY_FIVE,
    );
    assert_eq!(rows.outcome, MetricOutcome::Shown);
}

#[test]
fn recorded_numbers_are_compared_by_the_inherited_formula() {
    let judge = |metric, current, baseline| judge_recorded(metric, true, current, baseline, 5.0);
    let decide = |judged: &[Judged]| decide(&Basis::Recorded, judged, "none", &RULES);
    let healthy = decide(&[judge(Metric::Rmse, Some(1.05), Some(1.0))]);
    assert_eq!(
        (healthy.verdict, codes(&healthy)),
        (Verdict::Healthy, vec!["recorded_metrics_only"])
    );
    assert_eq!(healthy.detectable_pct, None);
    let degraded = decide(&[
        judge(Metric::R2, Some(0.7), Some(0.8)),
        judge(Metric::Rmse, Some(1.0), Some(1.0)),
    ]);
    assert_eq!(
        codes(&degraded),
        ["recorded_metrics_only", "over_threshold"]
    );
    assert_eq!(degraded.severity, Some(Severity::Medium));
    let missing = decide(&[judge(Metric::Rmse, Some(1.0), None)]);
    assert_eq!(codes(&missing), ["no_baseline", "recorded_metrics_only"]);
    let own_missing = decide(&[judge(Metric::Rmse, None, Some(1.0))]);
    assert_eq!(
        codes(&own_missing),
        ["undefined_metric", "recorded_metrics_only"]
    );
}

#[test]
fn without_a_version_nothing_else_is_said() {
    let decision = decide(&Basis::NoVersion, &[], "none", &RULES);
    assert_eq!(codes(&decision), ["no_version"]);
    assert_eq!(decision.verdict, Verdict::InsufficientData);
}

fn got_worse(metric: Metric, baseline: f64, current: f64) -> bool {
    match metric.direction() {
        Direction::HigherIsBetter => current < baseline,
        Direction::LowerIsBetter => current > baseline,
        Direction::None => false,
    }
}

/// Numbers around zero and of every size, of either sign.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(-0.0),
        -2.0..2.0_f64,
        -1e-12..1e-12_f64,
        -1e12..1e12_f64,
        any::<f64>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_recorded_number_is_degraded_that_did_not_get_worse(
        pairs in prop::collection::vec((any_number(), any_number(), any::<bool>()), Metric::ALL.len()),
        threshold_pct in 0.1..50.0_f64,
    ) {
        let judged: Vec<_> = Metric::ALL.into_iter().zip(&pairs)
            .map(|(metric, (current, baseline, decides))| judge_recorded(metric, *decides && metric != Metric::MeanError, Some(*current), Some(*baseline), threshold_pct))
            .collect();
        let rules = Rules { threshold_pct, ..RULES };
        let decision = decide(&Basis::Recorded, &judged, "none", &rules);
        let worse = Metric::ALL.into_iter().zip(&pairs).zip(&judged)
            .any(|((metric, (current, baseline, _)), judged)| judged.decides && got_worse(metric, *baseline, *current));
        prop_assert!(worse || decision.verdict != Verdict::Degraded, "{decision:?} {judged:?}");
        // An R² of the baseline that low is never a percentage.
        let r_squared = judged.iter().find(|judged| judged.metric == Metric::R2).unwrap();
        if pairs[4].1 <= 0.1 {
            prop_assert!(matches!(r_squared.outcome, MetricOutcome::Undefined(_)));
        }
        prop_assert!(decision.worse_pct.is_none_or(f64::is_finite));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_rows_are_degraded_that_did_not_get_worse(
        rows in prop::collection::vec((-5.0..5.0_f64, prop::option::weighted(0.95, -5.0..5.0_f64), 0..3_usize, 0..3_usize), 20..60),
        base in prop::collection::vec((-5.0..5.0_f64, prop::option::weighted(0.95, -5.0..5.0_f64), 0..3_usize, 0..3_usize), 20..60),
        values in prop::collection::vec(any_number(), Metric::ALL.len()),
        of_rows_too in any::<bool>(),
    ) {
        let recorded: BTreeMap<String, f64> = Metric::ALL.into_iter().zip(values).filter(|(_, v)| v.is_finite()).map(|(m, v)| (m.name().to_owned(), v)).collect();
        type Rows = [(f64, Option<f64>, usize, usize)];
        let number = |rows: &Rows| numbers(rows.iter().map(|row| (row.0, row.1)));
        let class = |rows: &Rows| Sample::Classes(ClassSample {
            labels: vec!["a".into(), "b".into(), "c".into()],
            truth: rows.iter().map(|row| row.2).collect(),
            prediction: rows.iter().map(|row| row.1.map(|_| row.3)).collect(),
            probabilities: rows.iter().map(|row| Some([row.2, row.3, 2].map(|c| 0.1 + c as f64 / 10.0).into())).collect(),
            positive: None,
        });
        for task in [Task::Regression, Task::Classification] {
            let sample = |rows: &Rows| match task { Task::Regression => number(rows), Task::Classification => class(rows) };
            let baselines = if of_rows_too { vec![Standard::Rows(sample(&base))] } else { vec![Standard::Recorded(recorded.clone())] };
            let judged: Vec<_> = Metric::ALL.into_iter()
                .filter(|metric| metric.task() == task && *metric != Metric::MeanError)
                .map(|metric| judged(metric, &sample(&rows), &baselines))
                .collect();
            let decision = of_rows(evidence(rows.len() as u64), &judged);
            let worse = judged.iter().any(|judged| match (&judged.baseline, &judged.current) {
                (Some(baseline), Some(current)) => got_worse(judged.metric, baseline.value, current.value),
                _ => false,
            });
            prop_assert!(worse || decision.verdict != Verdict::Degraded, "{decision:?} {judged:?}");
            prop_assert_eq!(decision.severity.is_some(), decision.verdict == Verdict::Degraded);
            prop_assert!(decision.reasons.is_sorted_by_key(|reason| reason.code));
        }
    }
}

/// A metric that says this, by so many percent worse.
fn saying(metric: Metric, outcome: MetricOutcome, worse_pct: f64, detectable_pct: f64) -> Judged {
    let mut judged = judge_recorded(metric, true, Some(0.5), Some(0.5), 5.0);
    judged.outcome = outcome;
    if let Some(compared) = &mut judged.compared {
        compared.worse_pct = Some(worse_pct);
        compared.detectable_pct = Some(detectable_pct);
    }
    judged
}

#[test]
fn all_reasons_that_apply_are_listed_in_one_order() {
    let all = Evidence {
        window_failed_count: 10,
        newest_label_age: Some(Length::from_days(8)),
        ..evidence(30)
    };
    let metrics = [
        saying(Metric::Rmse, MetricOutcome::Degraded, 30.0, 90.0),
        saying(
            Metric::Mae,
            MetricOutcome::Undefined(Undefined::BaselineZero),
            0.0,
            10.0,
        ),
        saying(Metric::R2, MetricOutcome::NoBaseline, 0.0, 10.0),
    ];
    let every_order = [[0, 1, 2], [2, 1, 0], [1, 2, 0]];
    for order in every_order {
        let metrics = order.map(|at| metrics[at].clone());
        let decision = of_rows(all.clone(), &metrics);
        assert_eq!(
            codes(&decision),
            [
                "no_baseline",
                "stale",
                "undefined_metric",
                "failed_predictions",
                "too_coarse",
                "over_threshold"
            ]
        );
        assert_eq!(decision.verdict, Verdict::Degraded);
        let listed = decision.reasons.iter().map(|reason| reason.code);
        assert!(listed.is_sorted());
    }
}

#[test]
fn the_severity_is_that_of_the_worst_metric_that_decides() {
    let severity = |worst: f64, decides: bool| {
        let mut worse = saying(Metric::Mae, MetricOutcome::Degraded, worst, 10.0);
        worse.decides = decides;
        let metrics = [
            saying(Metric::Rmse, MetricOutcome::Degraded, 6.0, 10.0),
            worse,
        ];
        of_rows(evidence(30), &metrics).severity.unwrap()
    };
    for (pct, expected) in [
        (9.99, Severity::Low),
        (10.0, Severity::Medium),
        (14.99, Severity::Medium),
        (15.0, Severity::High),
        (19.99, Severity::High),
        (20.0, Severity::Critical),
        (500.0, Severity::Critical),
    ] {
        assert_eq!(severity(pct, true), expected, "{pct}");
        assert_eq!(severity(pct, false), Severity::Low, "{pct}");
    }
}

#[test]
fn an_improvement_has_no_severity() {
    let better = saying(Metric::Rmse, MetricOutcome::Healthy, -30.0, 10.0);
    let decision = of_rows(evidence(30), &[better]);
    assert_eq!(decision.verdict, Verdict::Healthy);
    assert_eq!(decision.severity, None);
    assert_eq!(decision.worse_pct, Some(-30.0));
}

#[test]
fn the_resolution_is_that_of_the_metric_that_sees_least() {
    let metrics = [
        saying(Metric::Rmse, MetricOutcome::Healthy, 0.0, 8.0),
        saying(Metric::Mae, MetricOutcome::Healthy, 0.0, 40.0),
    ];
    let decision = of_rows(evidence(30), &metrics);
    assert_eq!(decision.detectable_pct, Some(40.0));
    assert_eq!(decision.verdict, Verdict::Healthy);
}

#[test]
fn just_what_must_be_seen_is_fine_enough() {
    let verdict = |pct| {
        let metric = saying(Metric::Rmse, MetricOutcome::Healthy, 0.0, pct);
        of_rows(evidence(30), &[metric]).verdict
    };
    assert_eq!(verdict(50.0), Verdict::Healthy);
    assert_eq!(verdict(50.01), Verdict::InsufficientData);
}

#[test]
fn just_enough_rows_and_just_old_enough_labels_decide() {
    let healthy = [saying(Metric::Rmse, MetricOutcome::Healthy, 0.0, 8.0)];
    let of = |rows, age| {
        let evidence = Evidence {
            newest_label_age: Some(age),
            ..evidence(rows)
        };
        codes(&of_rows(evidence, &healthy))
    };
    assert!(of(20, Length::from_days(7)).is_empty());
    assert_eq!(of(19, Length::from_days(7)), ["too_few"]);
    assert_eq!(of(20, Length::from_seconds(7 * 86_400 + 1)), ["stale"]);
}

#[test]
fn one_percent_of_failures_may_be_and_more_may_not() {
    let healthy = [saying(Metric::Rmse, MetricOutcome::Healthy, 0.0, 8.0)];
    let of = |failed| {
        let evidence = Evidence {
            window_failed_count: failed,
            ..evidence(200)
        };
        of_rows(evidence, &healthy)
    };
    assert!(codes(&of(2)).is_empty());
    let decision = of(3);
    assert_eq!(codes(&decision), ["failed_predictions"]);
    assert_eq!(decision.reasons[0].have_count, Some(3));
    assert_eq!(decision.reasons[0].need_count, Some(2));
}

#[test]
fn without_any_deciding_metric_nothing_can_be_compared() {
    let mut shown = saying(Metric::Rmse, MetricOutcome::Degraded, 30.0, 8.0);
    shown.decides = false;
    let decision = of_rows(evidence(30), &[shown]);
    assert_eq!(codes(&decision), ["no_baseline"]);
    assert_eq!(decision.verdict, Verdict::InsufficientData);
    assert_eq!((decision.worse_pct, decision.detectable_pct), (None, None));
}

#[test]
fn recorded_numbers_are_said_to_be_recorded_whatever_the_verdict() {
    for (current, verdict, expected) in [
        (0.5, Verdict::Healthy, vec!["recorded_metrics_only"]),
        (
            0.9,
            Verdict::Degraded,
            vec!["recorded_metrics_only", "over_threshold"],
        ),
    ] {
        let judged = judge_recorded(Metric::Rmse, true, Some(current), Some(0.5), 5.0);
        let decision = decide(&Basis::Recorded, &[judged], "no baseline", &RULES);
        assert_eq!(decision.verdict, verdict);
        assert_eq!(codes(&decision), expected);
        assert_eq!(decision.detectable_pct, None);
    }
}
