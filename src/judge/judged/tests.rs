//! Tests of one metric's judgement: every direction, every kind of absence, and which baseline is taken.

#![cfg(test)]

use std::collections::BTreeMap;

use super::*;
use crate::domain::sample::NumberSample;

const SURE: Confidence = Confidence::NINETY_FIVE;

fn recorded(metrics: &[(Metric, f64)]) -> Standard {
    let metrics = metrics.iter();
    let named: BTreeMap<String, f64> = metrics
        .map(|(metric, value)| (metric.name().to_owned(), *value))
        .collect();
    Standard::Recorded(named)
}

/// `n` rows whose errors are `error` to both sides.
fn off_by(error: f64, n: usize) -> Sample {
    let truth: Vec<f64> = (0..n).map(|row| row as f64).collect();
    let sides = truth.iter().enumerate();
    let prediction = sides
        .map(|(row, t)| Some(if row % 2 == 0 { t + error } else { t - error }))
        .collect();
    Sample::Numbers(NumberSample { truth, prediction })
}

fn of_rows(metric: Metric, window: &Sample, baselines: &[Standard]) -> Judged {
    judge_rows(metric, true, window, baselines, 5.0, SURE)
}

#[test]
fn every_metric_with_a_direction_is_degraded_by_the_worse_and_never_by_the_better() {
    for metric in Metric::ALL {
        let (up, down) = (
            judge_recorded(metric, true, Some(0.6), Some(0.5), 5.0),
            judge_recorded(metric, true, Some(0.4), Some(0.5), 5.0),
        );
        let worse = |judged: &Judged| judged.compared.as_ref().and_then(|c| c.worse_pct);
        let (when_up, when_down) = match metric.direction() {
            Direction::HigherIsBetter => (MetricOutcome::Healthy, MetricOutcome::Degraded),
            Direction::LowerIsBetter => (MetricOutcome::Degraded, MetricOutcome::Healthy),
            Direction::None => (MetricOutcome::Shown, MetricOutcome::Shown),
        };
        assert_eq!((up.outcome, down.outcome), (when_up, when_down), "{metric}");
        if metric.direction() == Direction::None {
            assert_eq!((worse(&up), worse(&down)), (None, None), "{metric}");
        } else {
            let sum = worse(&up).unwrap() + worse(&down).unwrap();
            assert!(sum.abs() < 1e-9, "{metric}: the sign follows the direction");
        }
    }
}

#[test]
fn a_change_of_just_the_threshold_is_healthy() {
    let at = |current| judge_recorded(Metric::Rmse, true, Some(current), Some(100.0), 5.0).outcome;
    assert_eq!(at(105.0), MetricOutcome::Healthy);
    assert_eq!(at(105.000_001), MetricOutcome::Degraded);
    assert_eq!(at(100.0), MetricOutcome::Healthy);
}

#[test]
fn each_absence_of_a_recorded_number_has_its_outcome() {
    let of = |current, baseline| judge_recorded(Metric::Rmse, true, current, baseline, 5.0);
    let neither = of(None, None);
    assert_eq!(neither.outcome, MetricOutcome::NoBaseline);
    assert_eq!(neither.baseline_index, None);
    assert_eq!(of(Some(1.0), None).outcome, MetricOutcome::NoBaseline);
    let lost = of(None, Some(1.0));
    assert_eq!(
        lost.outcome,
        MetricOutcome::Undefined(Undefined::NotRecorded)
    );
    assert_eq!(lost.baseline, Some(Number::recorded(1.0)));
    assert_eq!(lost.baseline_index, Some(0));
    assert!(!lost.rows_could_help, "no row brings a recorded number");
    let zero = of(Some(1.0), Some(0.0));
    assert_eq!(
        zero.outcome,
        MetricOutcome::Undefined(Undefined::BaselineZero)
    );
    assert_eq!(zero.compared.and_then(|compared| compared.worse_pct), None);
}

#[test]
fn recorded_numbers_have_neither_interval_nor_rows() {
    let judged = judge_recorded(Metric::Mae, false, Some(1.0), Some(1.0), 5.0);
    let current = judged.current.unwrap();
    assert_eq!((current.bounds, current.rows_count), (None, None));
    assert!(!current.approximate && !judged.decides);
    let compared = judged.compared.unwrap();
    assert_eq!(compared.detectable_pct, None);
    assert_eq!(compared.healthy_flagged_ratio, None);
}

#[test]
fn without_a_baseline_the_value_is_shown_and_nothing_is_said() {
    let judged = of_rows(
        Metric::Mae,
        &off_by(2.0, 100),
        &[recorded(&[(Metric::Rmse, 1.0)])],
    );
    assert_eq!(judged.outcome, MetricOutcome::NoBaseline);
    assert_eq!((judged.baseline_index, judged.compared), (None, None));
    let current = judged.current.unwrap();
    assert!((current.value - 2.0).abs() < 1e-9);
    assert_eq!(current.rows_count, Some(100));
    let mean_error = of_rows(Metric::MeanError, &off_by(2.0, 100), &[]);
    assert_eq!(mean_error.outcome, MetricOutcome::Shown);
}

#[test]
fn the_first_baseline_that_speaks_of_the_metric_is_taken_and_named() {
    let baselines = [
        recorded(&[(Metric::R2, 0.9)]),
        recorded(&[(Metric::Mae, 2.0)]),
        recorded(&[(Metric::Mae, 200.0)]),
    ];
    let judged = of_rows(Metric::Mae, &off_by(2.0, 100), &baselines);
    assert_eq!(judged.baseline_index, Some(1));
    assert_eq!(judged.outcome, MetricOutcome::Healthy);
    assert_eq!(judged.baseline, Some(Number::recorded(2.0)));
}

#[test]
fn rows_against_rows_have_intervals_on_both_sides() {
    let baselines = [Standard::Rows(off_by(2.0, 400))];
    for (error, expected) in [
        (1.0, MetricOutcome::Healthy),
        (2.0, MetricOutcome::Healthy),
        (2.2, MetricOutcome::Degraded),
    ] {
        let judged = of_rows(Metric::Mae, &off_by(error, 400), &baselines);
        assert_eq!(judged.outcome, expected, "{error}");
        assert!(judged.baseline.unwrap().bounds.is_some());
        assert!(judged.current.unwrap().bounds.is_some());
    }
}

#[test]
fn a_window_without_rows_is_undefined_and_more_rows_could_help() {
    let empty = Sample::Numbers(NumberSample {
        truth: vec![],
        prediction: vec![],
    });
    let judged = of_rows(Metric::Mae, &empty, &[recorded(&[(Metric::Mae, 2.0)])]);
    assert_eq!(judged.outcome, MetricOutcome::Undefined(Undefined::NoRows));
    assert!(judged.rows_could_help);
    assert_eq!(judged.current, None);
}

#[test]
fn a_baseline_without_a_value_is_undefined_and_no_row_helps() {
    let r2_alone = [recorded(&[(Metric::R2, 0.9)])];
    let judged = of_rows(Metric::R2, &off_by(2.0, 100), &r2_alone);
    assert_eq!(
        judged.outcome,
        MetricOutcome::Undefined(Undefined::NoTruthVariance)
    );
    assert!(!judged.rows_could_help);
    assert_eq!((judged.baseline, judged.baseline_index), (None, Some(0)));
}

#[test]
fn failed_predictions_cost_ten_times_the_baselines_mean_loss() {
    let Sample::Numbers(mut sample) = off_by(2.0, 100) else {
        panic!("they are numbers")
    };
    sample.prediction[0] = None;
    let window = Sample::Numbers(sample);
    let judged = of_rows(Metric::Mae, &window, &[recorded(&[(Metric::Mae, 3.0)])]);
    // 99 rows of 2 and one of 10 · 3.
    let expected = (99.0 * 2.0 + 30.0) / 100.0;
    let value = judged.current.unwrap().value;
    assert!((value - expected).abs() < 1e-9, "{value} {expected}");
}
