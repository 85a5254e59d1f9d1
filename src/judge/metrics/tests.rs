//! Tests of the metrics: hand values, scikit-learn's values on real data, laws, failed predictions.
#![cfg(test)]

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::domain::metric::Task;
use crate::domain::sample::ClassSample;
use crate::judge::interval::{standard_error_of_mean, sum};
use crate::judge::real;
use crate::judge::vectors;

const SURE: Confidence = Confidence::NINETY_FIVE;

fn numbers(truth: &[f64], prediction: &[Option<f64>]) -> Sample {
    Sample::Numbers(NumberSample {
        truth: truth.to_vec(),
        prediction: prediction.to_vec(),
    })
}

/// Rows of as many classes as `labels` says, the last one positive.
fn classes(
    labels: usize,
    truth: &[usize],
    prediction: &[Option<usize>],
    probabilities: Option<&[&[f64]]>,
) -> Sample {
    Sample::Classes(ClassSample {
        labels: (0..labels).map(|label| label.to_string()).collect(),
        truth: truth.to_vec(),
        prediction: prediction.to_vec(),
        probabilities: match probabilities {
            None => vec![None; truth.len()],
            Some(rows) => rows.iter().map(|row| Some((*row).into())).collect(),
        },
        positive: (labels == 2).then_some(1),
    })
}

/// A sample from a fixture's truth and model.
fn from_fixture(labels: &Value, truth: &Value, model: &Value) -> Sample {
    if labels.is_null() {
        return Sample::Numbers(NumberSample {
            truth: vectors::numbers(truth),
            prediction: vectors::numbers(&model["prediction"])
                .into_iter()
                .map(Some)
                .collect(),
        });
    }
    let names = vectors::list(labels);
    Sample::Classes(ClassSample {
        labels: names
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect(),
        truth: vectors::list(truth).iter().map(vectors::count).collect(),
        prediction: vectors::list(&model["prediction"])
            .iter()
            .map(|class| Some(vectors::count(class)))
            .collect(),
        probabilities: match model["probabilities"].as_array() {
            None => vec![None; vectors::list(truth).len()],
            Some(rows) => rows
                .iter()
                .map(|row| Some(vectors::numbers(row).into()))
                .collect(),
        },
        positive: (names.len() == 2).then_some(1),
    })
}

fn value(metric: Metric, sample: &Sample) -> Result<f64, Undefined> {
    measure(metric, sample, None, SURE).map(|estimate| estimate.value)
}

#[track_caller]
fn close(value: f64, reference: f64, tolerance: f64) {
    let scale = reference.abs().max(1.0);
    assert!(
        (value - reference).abs() <= tolerance * scale,
        "{value} is not {reference}"
    );
}

/// The size of what a metric adds up, where that is larger than the metric: R² subtracts MSE/V from 1, the mean error
/// adds errors of both signs.
fn scale_of_summands(metric: Metric, sample: &Sample) -> f64 {
    match metric {
        Metric::MeanError => value(Metric::Mae, sample).unwrap(),
        // scikit-learn takes at least 2.2e-16 from a probability of 1.
        Metric::R2 | Metric::LogLoss => 1.0,
        _ => 0.0,
    }
}

fn metrics_of(sample: &Sample) -> impl Iterator<Item = Metric> {
    let task = match sample {
        Sample::Numbers(_) => Task::Regression,
        Sample::Classes(_) => Task::Classification,
    };
    Metric::ALL
        .into_iter()
        .filter(move |metric| metric.task() == task)
}

/// Every (data set, model, sample, its reference numbers) of the fixture.
fn real_samples() -> Vec<(String, Sample, Value)> {
    let fixture = vectors::read("metrics");
    let mut samples = Vec::new();
    for data in vectors::list(&fixture["data"]) {
        for (key, model) in data["models"].as_object().unwrap() {
            let name = format!("{} {key}", data["name"]);
            let sample = from_fixture(&data["labels"], &data["truth"], model);
            samples.push((name, sample, model["metrics"].clone()));
        }
    }
    samples
}

#[test]
fn every_metric_agrees_with_scikit_learn_on_real_data() {
    let mut seen = Vec::new();
    for (name, sample, reference) in real_samples() {
        for metric in metrics_of(&sample) {
            let reference = vectors::number(&reference[metric.name()]["value"]);
            let value = value(metric, &sample).unwrap();
            let tolerance = 1e-9 * reference.abs().max(scale_of_summands(metric, &sample));
            assert!(
                (value - reference).abs() <= tolerance,
                "{name} {metric}: {value} {reference}"
            );
            seen.push(metric);
        }
    }
    assert!(
        Metric::ALL
            .iter()
            .all(|metric| seen.iter().filter(|s| *s == metric).count() >= 2)
    );
}

#[test]
fn every_metric_agrees_with_scikit_learn_in_edge_cases() {
    let fixture = vectors::read("metrics");
    for case in vectors::list(&fixture["edges"]) {
        let sample = from_fixture(&case["labels"], &case["truth"], case);
        for metric in metrics_of(&sample) {
            let got = value(metric, &sample);
            match case["values"][metric.name()].as_f64() {
                None => assert!(got.is_err(), "{} {metric}: {got:?}", case["name"]),
                Some(reference) => {
                    let tolerance = 1e-9 * reference.abs().max(scale_of_summands(metric, &sample));
                    let got = got.unwrap_or_else(|why| panic!("{} {metric}: {why}", case["name"]));
                    assert!(
                        (got - reference).abs() <= tolerance,
                        "{} {metric}: {got}",
                        case["name"]
                    );
                }
            }
        }
    }
}

#[test]
fn influence_values_agree_with_a_jackknife_through_sample_weights() {
    for (name, sample, reference) in real_samples() {
        for metric in metrics_of(&sample) {
            let reference = vectors::number(&reference[metric.name()]["influence_standard_error"]);
            let estimate = measure(metric, &sample, None, SURE).unwrap();
            let spread = standard_error_of_mean(&estimate.influence).unwrap();
            // DeLong divides by one row less on each side, and digits has 25 rows a class.
            let tolerance = if metric == Metric::RocAuc { 0.03 } else { 1e-5 };
            assert!(
                (spread / reference - 1.0).abs() < tolerance,
                "{name} {metric}: {spread} {reference}"
            );
            // The factor that brings DeLong's divisors keeps the mean at 0.
            let mean = sum(estimate.influence.iter().copied()) / real(estimate.rows_count);
            assert!(mean.abs() <= 1e-9 * spread.max(1e-300) * real(estimate.rows_count).sqrt());
        }
    }
}

#[test]
fn standard_errors_agree_with_the_bootstrap() {
    for (name, sample, reference) in real_samples() {
        for metric in metrics_of(&sample) {
            let reference = vectors::number(&reference[metric.name()]["bootstrap_standard_error"]);
            let estimate = measure(metric, &sample, None, SURE).unwrap();
            let spread = standard_error_of_mean(&estimate.influence).unwrap();
            assert!(
                (spread / reference - 1.0).abs() < 0.15,
                "{name} {metric}: {spread} {reference}"
            );
            // Wilson's is a little wider or, near a half, narrower; unanimous classes add to the others.
            assert!(estimate.standard_error > 0.8 * reference, "{name} {metric}");
        }
    }
}

#[test]
fn shares_have_wilsons_interval_and_the_area_has_delongs() {
    let mut found = 0;
    for (_, sample, reference) in real_samples() {
        for metric in metrics_of(&sample) {
            let estimate = measure(metric, &sample, None, SURE).unwrap();
            let reference = &reference[metric.name()];
            if let Some(wilson) = reference["wilson"].as_array() {
                close(estimate.low, vectors::number(&wilson[0]), 1e-9);
                close(estimate.high, vectors::number(&wilson[1]), 1e-9);
                found += 1;
            }
            if let Some(delong) = reference["delong_standard_error"].as_f64() {
                assert!((estimate.standard_error / delong - 1.0).abs() < 1e-9);
                found += 1;
            }
            if let Some(count) = reference["classes_count"].as_u64() {
                assert_eq!(
                    estimate.classes_count.map(|count| count as u64),
                    Some(count)
                );
                found += 1;
            }
        }
    }
    // Breast cancer: three shares and an area a model; wine and digits: accuracy and two counts of classes.
    assert_eq!(found, 2 * 4 + 4 * 3);
}

#[test]
fn the_unseen_class_of_digits_is_counted() {
    for (name, sample, _) in real_samples() {
        let unseen = measure(Metric::LogLoss, &sample, None, SURE).map(|e| e.unseen_truth_count);
        let Sample::Classes(rows) = &sample else {
            continue;
        };
        let sevens = rows.truth.iter().filter(|class| **class == 7).count();
        assert_eq!(unseen, Ok(sevens), "{name}");
        assert_eq!(name.contains("digits"), sevens > 0);
    }
}

#[test]
fn hand_values_of_numbers() {
    // Errors 1, −2, 0, 4 against truths 1, 2, 3, 6 of variance 3.5.
    let sample = numbers(
        &[1.0, 2.0, 3.0, 6.0],
        &[Some(2.0), Some(0.0), Some(3.0), Some(10.0)],
    );
    close(
        value(Metric::Rmse, &sample).unwrap(),
        5.25_f64.sqrt(),
        1e-15,
    );
    close(value(Metric::Mae, &sample).unwrap(), 1.75, 1e-15);
    close(
        value(Metric::Mape, &sample).unwrap(),
        (1.0 + 1.0 + 4.0 / 6.0) / 4.0,
        1e-15,
    );
    close(value(Metric::MeanError, &sample).unwrap(), 0.75, 1e-15);
    close(value(Metric::R2, &sample).unwrap(), 1.0 - 5.25 / 3.5, 1e-15);
    // sd of 1, 2, 0, 4 is √(35/12); √(35/12/4).
    let mae = measure(Metric::Mae, &sample, None, SURE).unwrap();
    close(mae.standard_error, (35.0_f64 / 48.0).sqrt(), 1e-15);
    close(
        mae.high,
        1.75 + 1.959_963_984_540_054 * mae.standard_error,
        1e-15,
    );
    assert!(mae.approximate);
}

#[test]
fn hand_values_of_classes() {
    // One true positive, one false alarm, two misses, one true negative.
    let truth = [1, 0, 1, 1, 0];
    let prediction = [Some(1), Some(1), Some(0), Some(0), Some(0)];
    let sample = classes(2, &truth, &prediction, None);
    close(value(Metric::Accuracy, &sample).unwrap(), 0.4, 1e-15);
    close(value(Metric::Precision, &sample).unwrap(), 0.5, 1e-15);
    close(value(Metric::Recall, &sample).unwrap(), 1.0 / 3.0, 1e-15);
    close(value(Metric::F1, &sample).unwrap(), 2.0 / 5.0, 1e-15);
    assert_eq!(
        value(Metric::RocAuc, &sample),
        Err(Undefined::NoProbabilities)
    );
    // Positives score .8, .4; negatives .4, .1: three wins and a tie of four pairs.
    let given: &[&[f64]] = &[&[0.2, 0.8], &[0.6, 0.4], &[0.6, 0.4], &[0.9, 0.1]];
    let sample = classes(
        2,
        &[1, 1, 0, 0],
        &[Some(1), Some(0), Some(0), Some(0)],
        Some(given),
    );
    close(value(Metric::RocAuc, &sample).unwrap(), 3.5 / 4.0, 1e-15);
    close(
        value(Metric::Brier, &sample).unwrap(),
        (0.04 + 0.36 + 0.16 + 0.01) / 4.0,
        1e-15,
    );
    let log_loss = -(0.8_f64.ln() + 0.4_f64.ln() + 0.6_f64.ln() + 0.9_f64.ln()) / 4.0;
    close(value(Metric::LogLoss, &sample).unwrap(), log_loss, 1e-15);
    // DeLong by hand: wins of the positives 1, .75 (variance 1/32), of the negatives .75, 1.
    let area = measure(Metric::RocAuc, &sample, None, SURE).unwrap();
    close(area.standard_error, (2.0_f64 / 32.0 / 2.0).sqrt(), 1e-14);
}

#[test]
fn a_metric_of_classes_is_never_infinitely_sure() {
    let truth: Vec<usize> = (0..90).map(|row| row % 3).collect();
    for labels in [2, 3] {
        let truth: Vec<usize> = truth.iter().map(|class| class % labels).collect();
        let right: Vec<Option<usize>> = truth.iter().copied().map(Some).collect();
        let wrong: Vec<Option<usize>> = truth
            .iter()
            .map(|class| Some((class + 1) % labels))
            .collect();
        for (prediction, expected) in [(right, 1.0), (wrong, 0.0)] {
            let rows: Vec<Vec<f64>> = prediction
                .iter()
                .map(|class| {
                    (0..labels)
                        .map(|label| f64::from(*class == Some(label)))
                        .collect()
                })
                .collect();
            let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
            let sample = classes(labels, &truth, &prediction, Some(&rows));
            for metric in [
                Metric::Accuracy,
                Metric::Precision,
                Metric::Recall,
                Metric::F1,
                Metric::RocAuc,
            ] {
                let estimate = measure(metric, &sample, None, SURE).unwrap();
                if labels == 2 || expected > 0.5 || metric != Metric::RocAuc {
                    close(estimate.value, expected, 1e-15);
                    assert!(
                        estimate.standard_error > 0.004,
                        "{metric} {labels} {estimate:?}"
                    );
                    assert!(estimate.high - estimate.low > 0.01);
                    assert!(estimate.low >= 0.0 && estimate.high <= 1.0);
                }
            }
        }
    }
}

#[test]
fn undefined_says_why() {
    let none = numbers(&[], &[]);
    assert_eq!(value(Metric::Rmse, &none), Err(Undefined::NoRows));
    assert_eq!(
        value(Metric::Accuracy, &classes(2, &[], &[], None)),
        Err(Undefined::NoRows)
    );
    let one = numbers(&[1.0], &[Some(2.0)]);
    assert_eq!(value(Metric::Mae, &one), Err(Undefined::OneRow));
    assert_eq!(value(Metric::R2, &one), Err(Undefined::ConstantTruth));
    assert_eq!(value(Metric::Accuracy, &one), Err(Undefined::WrongTask));
    assert_eq!(
        value(Metric::Rmse, &classes(2, &[0], &[Some(0)], None)),
        Err(Undefined::WrongTask)
    );
    // The mean of three times 0.1 is not 0.1; the truth is constant all the same.
    let constant = numbers(&[0.1; 3], &[Some(0.1), Some(0.2), Some(0.3)]);
    assert_eq!(value(Metric::R2, &constant), Err(Undefined::ConstantTruth));
    let against = r_squared_against(&constant, 4.0, None, SURE);
    assert_eq!(against.map(|e| e.value), Err(Undefined::ConstantTruth));
    assert_eq!(
        value(Metric::Mae, &numbers(&[f64::NAN, 1.0], &[Some(1.0); 2])),
        Err(Undefined::NotFinite)
    );
    assert_eq!(
        value(Metric::R2, &numbers(&[1e200, -1e200], &[Some(1.0); 2])),
        Err(Undefined::NotFinite)
    );
    assert_eq!(
        value(Metric::Mae, &numbers(&[1.0], &[])),
        Err(Undefined::Malformed)
    );
    assert_eq!(
        value(Metric::Accuracy, &classes(2, &[2], &[Some(0)], None)),
        Err(Undefined::Malformed)
    );
    let nameless = Sample::Classes(ClassSample {
        labels: vec!["a".into(), "b".into()],
        truth: vec![0, 1],
        prediction: vec![Some(0), Some(1)],
        probabilities: vec![None, None],
        positive: None,
    });
    assert_eq!(
        value(Metric::F1, &nameless),
        Err(Undefined::NoPositiveClass)
    );
    assert_eq!(
        value(Metric::LogLoss, &nameless),
        Err(Undefined::NoProbabilities)
    );
    let failed = numbers(&[1.0, 2.0], &[None, None]);
    assert_eq!(value(Metric::Rmse, &failed), Err(Undefined::NoFiniteLoss));
    assert_eq!(
        value(Metric::MeanError, &failed),
        Err(Undefined::NoFiniteLoss)
    );
}

#[test]
fn huge_errors_are_finite_losses() {
    let sample = numbers(&[f64::MAX, 2.0], &[Some(f64::MIN), Some(3.0)]);
    for metric in [Metric::Rmse, Metric::Mae, Metric::Mape, Metric::MeanError] {
        let estimate = measure(metric, &sample, None, SURE).unwrap();
        assert!(
            estimate.value.abs() >= 1e69 && estimate.high.is_finite(),
            "{metric}"
        );
    }
}

#[test]
fn a_zero_divided_by_zero_is_marked() {
    let silent = classes(2, &[0; 40], &[Some(0); 40], None);
    let missed = classes(2, &[1; 40], &[Some(0); 40], None);
    for metric in [Metric::Precision, Metric::Recall, Metric::F1] {
        let estimate = measure(metric, &silent, None, SURE).unwrap();
        assert!(estimate.zero_by_convention && estimate.value <= 0.0);
        assert!(estimate.high >= 1.0 && estimate.approximate);
        // Precision of a class that is never predicted but true is 0 because the model is wrong.
        assert!(
            !measure(metric, &missed, None, SURE)
                .unwrap()
                .zero_by_convention
        );
    }
}

#[test]
fn failed_numbers_cost_ten_mean_losses() {
    let sample = numbers(&[1.0, 2.0, 5.0], &[Some(2.0), Some(5.0), None]);
    // Squared errors 1 and 9: their own mean is 5, a failure costs 50; against a baseline of 2 it costs 20.
    close(
        value(Metric::Rmse, &sample).unwrap(),
        20.0_f64.sqrt(),
        1e-15,
    );
    let rmse = |cost| measure(Metric::Rmse, &sample, cost, SURE).map(|e| e.value);
    close(rmse(Some(2.0)).unwrap(), 10.0_f64.sqrt(), 1e-15);
    assert_eq!(rmse(Some(f64::NAN)), Err(Undefined::NotFinite));
    close(
        value(Metric::Mae, &sample).unwrap(),
        (1.0 + 3.0 + 20.0) / 3.0,
        1e-15,
    );
    let variance = truth_variance(&NumberSample {
        truth: vec![1.0, 2.0, 5.0],
        prediction: vec![],
    })
    .unwrap();
    close(
        value(Metric::R2, &sample).unwrap(),
        1.0 - 20.0 / variance,
        1e-15,
    );
    let against = r_squared_against(&sample, 40.0, Some(2.0), SURE).unwrap();
    close(against.value, 0.75, 1e-15);
    assert_eq!((against.rows_count, against.failed_count), (3, 1));
    // The mean error leaves it out and says so.
    let bias = measure(Metric::MeanError, &sample, None, SURE).unwrap();
    close(bias.value, 2.0, 1e-15);
    assert_eq!(
        (bias.rows_count, bias.effective_count, bias.failed_count),
        (3, 2, 1)
    );
    close(
        standard_error_of_mean(&bias.influence).unwrap() / bias.standard_error,
        1.224_744_871,
        0.3,
    );
}

#[test]
fn a_failed_class_hurts_every_metric() {
    let given: &[&[f64]] = &[
        &[0.2, 0.8],
        &[0.3, 0.7],
        &[0.9, 0.1],
        &[0.6, 0.4],
        &[0.1, 0.9],
        &[0.8, 0.2],
    ];
    let truth = [1, 1, 0, 0, 1, 0];
    let good: Vec<Option<usize>> = truth.iter().copied().map(Some).collect();
    let whole = classes(2, &truth, &good, Some(given));
    for row in [0, 2] {
        let mut prediction = good.clone();
        prediction[row] = None;
        let broken = classes(2, &truth, &prediction, Some(given));
        for metric in metrics_of(&whole) {
            let (before, after) = (
                value(metric, &whole).unwrap(),
                value(metric, &broken).unwrap(),
            );
            let worse = metric.worse_pct(before, after).unwrap();
            // A negative that fails is no miss, and a positive that fails no false alarm.
            let untouched =
                (metric == Metric::Recall && row == 2) || (metric == Metric::Precision && row == 0);
            assert!(
                if untouched {
                    worse.abs() < 1e-12
                } else {
                    worse > 1.0
                },
                "{metric} {row} {worse}"
            );
        }
        // Brier counts it as 1, log loss as ten mean losses.
        let rest: f64 = (0..6)
            .filter(|r| *r != row)
            .map(|r| (1.0 - given[r][truth[r]]).powi(2))
            .sum();
        close(
            value(Metric::Brier, &broken).unwrap(),
            (rest + 1.0) / 6.0,
            1e-14,
        );
        let cost = measure(Metric::LogLoss, &broken, Some(0.5), SURE)
            .unwrap()
            .value;
        let rest: f64 = (0..6)
            .filter(|r| *r != row)
            .map(|r| -given[r][truth[r]].ln())
            .sum();
        close(cost, (rest + 5.0) / 6.0, 1e-14);
        // The failed row loses its three pairs.
        close(value(Metric::RocAuc, &broken).unwrap(), 6.0 / 9.0, 1e-14);
    }
}

#[test]
fn a_failure_of_many_classes_is_a_miss_and_no_false_alarm() {
    let sample = classes(3, &[0, 0, 1, 2], &[Some(0), None, Some(1), Some(2)], None);
    close(value(Metric::Precision, &sample).unwrap(), 1.0, 1e-15);
    close(value(Metric::Recall, &sample).unwrap(), 2.5 / 3.0, 1e-15);
    close(
        value(Metric::F1, &sample).unwrap(),
        (2.0 / 3.0 + 2.0) / 3.0,
        1e-15,
    );
    close(value(Metric::Accuracy, &sample).unwrap(), 0.75, 1e-15);
}

#[test]
fn all_failed_is_as_bad_as_can_be() {
    let sample = classes(2, &[0, 1, 1], &[None; 3], None);
    for metric in [
        Metric::Accuracy,
        Metric::Precision,
        Metric::Recall,
        Metric::F1,
        Metric::RocAuc,
    ] {
        close(value(metric, &sample).unwrap(), 0.0, 1e-15);
    }
    close(value(Metric::Brier, &sample).unwrap(), 1.0, 1e-15);
    assert_eq!(
        value(Metric::LogLoss, &sample),
        Err(Undefined::NoFiniteLoss)
    );
    close(
        measure(Metric::LogLoss, &sample, Some(0.3), SURE)
            .unwrap()
            .value,
        3.0,
        1e-15,
    );
}

#[test]
fn the_baseline_tells_what_a_failure_costs() {
    let sample = numbers(&[1.0, 2.0, 5.0], &[Some(2.0), Some(5.0), None]);
    assert_eq!(mean_loss(Metric::Rmse, &sample), Some(5.0));
    assert_eq!(mean_loss(Metric::R2, &sample), Some(5.0));
    assert_eq!(mean_loss(Metric::Mae, &sample), Some(2.0));
    assert_eq!(mean_loss(Metric::MeanError, &sample), None);
    assert_eq!(mean_loss(Metric::Accuracy, &sample), None);
    assert_eq!(mean_loss(Metric::Mae, &numbers(&[1.0], &[None])), None);
    assert_eq!(recorded_mean_loss(Metric::Rmse, 3.0), Some(9.0));
    assert_eq!(recorded_mean_loss(Metric::LogLoss, 0.3), Some(0.3));
    assert_eq!(recorded_mean_loss(Metric::Mae, -1.0), None);
    assert_eq!(recorded_mean_loss(Metric::R2, 0.9), None);
    close(recorded_truth_variance(2.0, 0.8).unwrap(), 20.0, 1e-14);
    assert_eq!(recorded_truth_variance(2.0, 1.0), None);
}

#[test]
fn against_its_own_variance_r_squared_is_the_same() {
    for (_, sample, _) in real_samples() {
        let Sample::Numbers(rows) = &sample else {
            continue;
        };
        let variance = truth_variance(rows).unwrap();
        let against = r_squared_against(&sample, variance, None, SURE).unwrap();
        close(against.value, value(Metric::R2, &sample).unwrap(), 1e-14);
        // Influence (MSE − loss)/V: the standard error is that of the MSE over V.
        let squares: Vec<f64> = losses(Metric::R2, &sample)
            .unwrap()
            .into_iter()
            .flatten()
            .collect();
        close(
            against.standard_error,
            standard_error_of_mean(&squares).unwrap() / variance,
            1e-12,
        );
        assert_eq!(
            r_squared_against(&sample, 0.0, None, SURE).map(|e| e.value),
            Err(Undefined::ConstantTruth)
        );
        assert!(!is_constant_truth(rows));
    }
}

/// The sample with its rows in another order, each as often as it is named.
fn picked(sample: &Sample, rows: &[usize]) -> Sample {
    match sample {
        Sample::Numbers(sample) => Sample::Numbers(NumberSample {
            truth: rows.iter().map(|row| sample.truth[*row]).collect(),
            prediction: rows.iter().map(|row| sample.prediction[*row]).collect(),
        }),
        Sample::Classes(sample) => Sample::Classes(ClassSample {
            labels: sample.labels.clone(),
            truth: rows.iter().map(|row| sample.truth[*row]).collect(),
            prediction: rows.iter().map(|row| sample.prediction[*row]).collect(),
            probabilities: rows
                .iter()
                .map(|row| sample.probabilities[*row].clone())
                .collect(),
            positive: sample.positive,
        }),
    }
}

fn any_numbers() -> impl Strategy<Value = Sample> {
    prop::collection::vec(
        (
            -100.0..100.0_f64,
            prop::option::weighted(0.9, -100.0..100.0_f64),
        ),
        30..60,
    )
    .prop_map(|rows| {
        let (truth, prediction): (Vec<f64>, Vec<Option<f64>>) = rows.into_iter().unzip();
        numbers(&truth, &prediction)
    })
}

fn any_classes() -> impl Strategy<Value = Sample> {
    (2..5_usize).prop_flat_map(|labels| {
        let row = (
            0..labels,
            prop::option::weighted(0.9, 0..labels),
            prop::collection::vec(0..9_u8, labels),
        );
        prop::collection::vec(row, 30..60).prop_map(move |rows| {
            let given: Vec<Vec<f64>> = rows
                .iter()
                .map(|(_, _, weights)| {
                    let total: f64 = weights.iter().map(|w| f64::from(*w) + 0.125).sum();
                    weights
                        .iter()
                        .map(|w| (f64::from(*w) + 0.125) / total)
                        .collect()
                })
                .collect();
            let given: Vec<&[f64]> = given.iter().map(Vec::as_slice).collect();
            let truth: Vec<usize> = rows.iter().map(|row| row.0).collect();
            let prediction: Vec<Option<usize>> = rows.iter().map(|row| row.1).collect();
            classes(labels, &truth, &prediction, Some(&given))
        })
    })
}

fn any_sample() -> impl Strategy<Value = Sample> {
    prop_oneof![any_numbers(), any_classes()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_rows_does_not_matter(sample in any_sample(), turn in 1..29_usize) {
        let rows = sample.rows_count();
        let order: Vec<usize> = (0..rows).map(|row| (rows - 1 - row + turn) % rows).collect();
        let other = picked(&sample, &order);
        for metric in metrics_of(&sample) {
            let (Ok(one), Ok(two)) = (measure(metric, &sample, None, SURE), measure(metric, &other, None, SURE)) else {
                continue;
            };
            let scale = one.value.abs().max(one.standard_error);
            prop_assert!((one.value - two.value).abs() <= 1e-11 * scale);
            prop_assert!((one.standard_error - two.standard_error).abs() <= 1e-9 * scale);
            for (place, row) in order.iter().enumerate() {
                prop_assert!((one.influence[*row] - two.influence[place]).abs() <= 1e-9 * scale.max(one.influence[*row].abs()));
            }
        }
    }

    #[test]
    fn rows_four_times_keep_the_value_and_halve_the_standard_error(sample in any_sample()) {
        let rows = sample.rows_count();
        let fourfold = picked(&sample, &(0..4 * rows).map(|row| row % rows).collect::<Vec<_>>());
        for metric in metrics_of(&sample) {
            let (Ok(one), Ok(four)) = (measure(metric, &sample, None, SURE), measure(metric, &fourfold, None, SURE)) else {
                continue;
            };
            prop_assert!((one.value - four.value).abs() <= 1e-11 * one.value.abs().max(one.standard_error));
            let spread = |e: &Estimate| standard_error_of_mean(&e.influence).unwrap();
            let (before, after) = (spread(&one), spread(&four));
            // n − 1 instead of n, and DeLong's m − 1 on the rarer side.
            let few = if metric == Metric::RocAuc { 0.6 } else { 0.02 };
            prop_assert!((2.0 * after - before).abs() <= few * before, "{metric} {before} {after}");
            prop_assert!(four.high - four.low <= one.high - one.low + 1e-12);
        }
    }

    #[test]
    fn an_estimate_is_finite_and_lies_in_its_interval(sample in any_sample(), cost in prop::option::of(0.0..50.0_f64)) {
        for metric in metrics_of(&sample) {
            let Ok(estimate) = measure(metric, &sample, cost, SURE) else { continue };
            prop_assert!(estimate.low <= estimate.value && estimate.value <= estimate.high, "{metric} {estimate:?}");
            prop_assert!(estimate.standard_error >= 0.0 && estimate.influence.len() == estimate.rows_count);
            if metric.task() == Task::Classification && metric != Metric::LogLoss {
                prop_assert!(estimate.low >= 0.0 && estimate.high <= 1.0);
            }
        }
    }

    #[test]
    fn r_squared_ignores_scale_and_origin(sample in any_numbers(), scale in 0.1..50.0_f64, shift in -9.0..9.0_f64) {
        let Sample::Numbers(rows) = &sample else { unreachable!() };
        let moved = numbers(
            &rows.truth.iter().map(|y| y * scale + shift).collect::<Vec<_>>(),
            &rows.prediction.iter().map(|p| p.map(|p| p * scale + shift)).collect::<Vec<_>>(),
        );
        let (one, two) = (measure(Metric::R2, &sample, None, SURE).unwrap(), measure(Metric::R2, &moved, None, SURE).unwrap());
        prop_assert!((one.value - two.value).abs() <= 1e-9 * one.value.abs().max(1.0));
        let (one, two) = (value(Metric::Rmse, &sample).unwrap(), value(Metric::Rmse, &moved).unwrap());
        prop_assert!((one * scale - two).abs() <= 1e-9 * two);
    }

    #[test]
    fn the_area_turns_round_with_the_positive_class(sample in any_classes()) {
        let Sample::Classes(rows) = &sample else { unreachable!() };
        if rows.labels.len() == 2 {
            let turned = Sample::Classes(ClassSample { positive: Some(0), ..rows.clone() });
            if let (Ok(one), Ok(two)) = (measure(Metric::RocAuc, &sample, None, SURE), measure(Metric::RocAuc, &turned, None, SURE)) {
                prop_assert!((one.value - two.value).abs() < 1e-12);
                prop_assert!((one.standard_error - two.standard_error).abs() < 1e-12);
            }
        }
    }
}
