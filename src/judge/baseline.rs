//! What a version is compared with: rows or recorded numbers, and what each metric is there.

use std::collections::BTreeMap;

use super::Undefined;
use super::interval::{Confidence, Estimate};
use super::metrics::{
    mean_loss, measure, recorded_mean_loss, recorded_truth_variance, truth_variance,
};
use super::threshold::BaselineNumber;
use crate::domain::metric::{Direction, Metric, Task};
use crate::domain::sample::Sample;

/// Where the numbers of a baseline come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Standard {
    /// Labelled rows.
    Rows(Sample),
    /// Numbers that were recorded with a version, by the metric's name.
    Recorded(BTreeMap<String, f64>),
}

/// One metric of a baseline, and what is needed to measure other rows alike.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricBaseline {
    pub number: BaselineNumber,
    /// `None`: recorded.
    pub estimate: Option<Estimate>,
    /// What ten times of is the loss of a failed prediction.
    pub failed_mean_loss: Option<f64>,
    /// R² only: the variance against which other rows are measured.
    pub truth_variance: Option<f64>,
}

impl Standard {
    /// Whether it speaks of the metric at all, defined or not.
    #[must_use]
    pub fn offers(&self, metric: Metric) -> bool {
        match self {
            Self::Recorded(metrics) => metrics.contains_key(metric.name()),
            Self::Rows(Sample::Classes(sample)) => {
                metric.task() == Task::Classification
                    && (!metric.needs_probabilities() || sample.has_probabilities())
            }
            Self::Rows(Sample::Numbers(_)) => metric.task() == Task::Regression,
        }
    }

    /// The metric of this baseline.
    ///
    /// # Errors
    /// Says why it has no value here. R² of recorded numbers needs their RMSE too: without it the variance of the
    /// truth, against which rows are measured, is unknown.
    pub fn metric(
        &self,
        metric: Metric,
        confidence: Confidence,
    ) -> Result<MetricBaseline, Undefined> {
        match self {
            Self::Rows(sample) => {
                let estimate = measure(metric, sample, None, confidence)?;
                Ok(MetricBaseline {
                    number: BaselineNumber::from(&estimate),
                    failed_mean_loss: mean_loss(metric, sample),
                    truth_variance: match (metric, sample) {
                        (Metric::R2, Sample::Numbers(sample)) => {
                            Some(truth_variance(sample).ok_or(Undefined::ConstantTruth)?)
                        }
                        _ => None,
                    },
                    estimate: Some(estimate),
                })
            }
            Self::Recorded(metrics) => recorded(metric, metrics),
        }
    }
}

fn recorded(metric: Metric, metrics: &BTreeMap<String, f64>) -> Result<MetricBaseline, Undefined> {
    let of = |metric: Metric| metrics.get(metric.name()).copied();
    let value = of(metric).ok_or(Undefined::NotRecorded)?;
    let mut baseline = MetricBaseline {
        number: BaselineNumber::recorded(value),
        estimate: None,
        failed_mean_loss: recorded_mean_loss(metric, value),
        truth_variance: None,
    };
    if metric == Metric::R2 {
        let rmse = of(Metric::Rmse).ok_or(Undefined::NoTruthVariance)?;
        let variance = recorded_truth_variance(rmse, value).ok_or(Undefined::NoTruthVariance)?;
        baseline.truth_variance = Some(variance);
        baseline.failed_mean_loss = recorded_mean_loss(Metric::Rmse, rmse);
    }
    Ok(baseline)
}

/// Whether a check of a classification is about log loss when no metric is named, else about accuracy.
///
/// A sample that is compared with decides it: rows that come without probabilities later leave log loss undefined, and
/// never change the question. Beside recorded numbers alone it is log loss once any row of the window has probabilities
/// (`window_has_some`).
#[must_use]
pub fn is_about_log_loss(window_has_some: bool, baselines: &[Standard]) -> bool {
    let nearest = |metric| {
        baselines
            .iter()
            .position(|baseline| baseline.offers(metric))
    };
    let Some(log_loss) = nearest(Metric::LogLoss) else {
        return false;
    };
    let asked = window_has_some || matches!(baselines.get(log_loss), Some(Standard::Rows(_)));
    asked && nearest(Metric::Accuracy).is_none_or(|accuracy| log_loss <= accuracy)
}

/// Which metrics decide over recorded numbers when none is named: the usual one of the task where both versions have
/// it, else the first that both have.
#[must_use]
pub fn recorded_metric(
    usual: &[Metric],
    current: &BTreeMap<String, f64>,
    baseline: &BTreeMap<String, f64>,
) -> Option<Metric> {
    let both = |metric: &Metric| {
        current.contains_key(metric.name()) && baseline.contains_key(metric.name())
    };
    let task = usual.first()?.task();
    let others = Metric::ALL
        .into_iter()
        .filter(|metric| metric.task() == task && metric.direction() != Direction::None);
    usual.iter().copied().chain(others).find(both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{ClassSample, NumberSample};

    const SURE: Confidence = Confidence::NINETY_FIVE;

    fn recorded(metrics: &[(&str, f64)]) -> Standard {
        Standard::Recorded(
            metrics
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect(),
        )
    }

    fn numbers(rows: &[(f64, Option<f64>)]) -> Standard {
        Standard::Rows(Sample::Numbers(NumberSample {
            truth: rows.iter().map(|row| row.0).collect(),
            prediction: rows.iter().map(|row| row.1).collect(),
        }))
    }

    fn classes(with_probabilities: bool) -> Standard {
        let given = with_probabilities.then(|| vec![0.5, 0.5].into_boxed_slice());
        Standard::Rows(Sample::Classes(ClassSample {
            labels: vec!["no".to_owned(), "yes".to_owned()],
            truth: vec![0, 1],
            prediction: vec![Some(0), Some(0)],
            probabilities: vec![given; 2],
            positive: Some(1),
        }))
    }

    #[test]
    fn a_baseline_offers_what_it_speaks_of() {
        assert!(recorded(&[("mae", 1.0)]).offers(Metric::Mae));
        assert!(!recorded(&[("mae", 1.0)]).offers(Metric::Rmse));
        assert!(numbers(&[]).offers(Metric::Rmse), "defined or not");
        assert!(!numbers(&[]).offers(Metric::Accuracy));
        assert!(classes(false).offers(Metric::F1));
        assert!(!classes(false).offers(Metric::LogLoss));
        assert!(classes(true).offers(Metric::LogLoss));
        assert!(!classes(true).offers(Metric::Mae));
    }

    #[test]
    fn failures_cost_what_they_cost_in_the_baseline() {
        let rows = numbers(&[(0.0, Some(1.0)), (2.0, Some(5.0))]);
        let of = |metric| rows.metric(metric, SURE).unwrap();
        assert_eq!(of(Metric::Mae).failed_mean_loss, Some(2.0));
        assert_eq!(of(Metric::Rmse).failed_mean_loss, Some(5.0));
        let r_squared = of(Metric::R2);
        assert_eq!(r_squared.truth_variance, Some(1.0));
        assert_eq!(r_squared.failed_mean_loss, Some(5.0));
        let told = recorded(&[("rmse", 3.0), ("r2", 0.75), ("accuracy", 0.9)]);
        let of = |metric| told.metric(metric, SURE).unwrap();
        assert_eq!(of(Metric::Rmse).failed_mean_loss, Some(9.0));
        let r_squared = of(Metric::R2);
        assert_eq!(
            (r_squared.truth_variance, r_squared.failed_mean_loss),
            (Some(36.0), Some(9.0))
        );
        assert!((of(Metric::Accuracy).failed_mean_loss.unwrap() - 0.1).abs() < 1e-12);
        assert_eq!(of(Metric::Accuracy).estimate, None);
    }

    #[test]
    fn undefined_baselines_say_why() {
        let of = |standard: Standard, metric| standard.metric(metric, SURE).unwrap_err();
        assert_eq!(of(recorded(&[]), Metric::Mae), Undefined::NotRecorded);
        assert_eq!(
            of(recorded(&[("r2", 0.8)]), Metric::R2),
            Undefined::NoTruthVariance
        );
        let perfect = recorded(&[("r2", 1.0), ("rmse", 0.0)]);
        assert_eq!(of(perfect, Metric::R2), Undefined::NoTruthVariance);
        assert_eq!(of(numbers(&[]), Metric::Mae), Undefined::NoRows);
        let flat = numbers(&[(1.0, Some(2.0)), (1.0, Some(3.0))]);
        assert_eq!(of(flat, Metric::R2), Undefined::ConstantTruth);
        assert_eq!(
            of(classes(false), Metric::LogLoss),
            Undefined::NoProbabilities
        );
    }

    #[test]
    fn log_loss_is_chosen_where_both_sides_have_probabilities() {
        let accuracy = recorded(&[("accuracy", 0.9)]);
        let both = recorded(&[("accuracy", 0.9), ("log_loss", 0.3)]);
        assert!(is_about_log_loss(true, &[classes(true)]));
        assert!(is_about_log_loss(true, std::slice::from_ref(&both)));
        assert!(!is_about_log_loss(false, std::slice::from_ref(&both)));
        assert!(
            !is_about_log_loss(true, &[classes(false), both.clone()]),
            "the nearest speaks"
        );
        assert!(!is_about_log_loss(true, &[accuracy]));
        assert!(is_about_log_loss(true, &[recorded(&[]), both]));
        assert!(!is_about_log_loss(true, &[]));
    }

    #[test]
    fn over_recorded_numbers_the_metric_is_one_that_both_have() {
        let metrics = |names: &[&str]| -> BTreeMap<String, f64> {
            names.iter().map(|name| ((*name).to_owned(), 1.0)).collect()
        };
        let classes = [Metric::LogLoss, Metric::Accuracy];
        let choose = |usual: &[Metric], a: &[&str], b: &[&str]| {
            recorded_metric(usual, &metrics(a), &metrics(b))
        };
        let all = ["log_loss", "accuracy"];
        assert_eq!(choose(&classes, &all, &all), Some(Metric::LogLoss));
        assert_eq!(
            choose(&classes, &all, &["accuracy"]),
            Some(Metric::Accuracy)
        );
        assert_eq!(choose(&classes, &["f1"], &["f1", "r2"]), Some(Metric::F1));
        assert_eq!(
            choose(&classes, &["r2"], &["r2"]),
            None,
            "of the other task"
        );
        assert_eq!(
            choose(&[Metric::Rmse], &["mean_error"], &["mean_error"]),
            None
        );
        assert_eq!(choose(&[], &all, &all), None);
    }

    #[test]
    fn a_recorded_mean_loss_is_taken_from_the_metric_that_is_one() {
        let cost = |name: &str, metric| {
            let standard = recorded(&[(name, 2.0)]);
            standard.metric(metric, SURE).unwrap().failed_mean_loss
        };
        // A root mean square of 2 is a mean square of 4.
        assert_eq!(cost("rmse", Metric::Rmse), Some(4.0));
        assert_eq!(cost("mae", Metric::Mae), Some(2.0));
        assert_eq!(cost("log_loss", Metric::LogLoss), Some(2.0));
        assert_eq!(cost("accuracy", Metric::Accuracy), None);
    }

    #[test]
    fn recorded_r2_needs_its_rmse_and_then_knows_the_spread_of_the_truth() {
        let both = recorded(&[("r2", 0.75), ("rmse", 2.0)]);
        let r2 = both.metric(Metric::R2, SURE).unwrap();
        // RMSE² / (1 − R²) = 4 / 0.25.
        assert_eq!(r2.truth_variance, Some(16.0));
        assert_eq!(r2.failed_mean_loss, Some(4.0));
        let alone = recorded(&[("r2", 0.75)]);
        assert_eq!(
            alone.metric(Metric::R2, SURE),
            Err(Undefined::NoTruthVariance)
        );
        let perfect = recorded(&[("r2", 1.0), ("rmse", 2.0)]);
        assert_eq!(
            perfect.metric(Metric::R2, SURE),
            Err(Undefined::NoTruthVariance)
        );
    }

    #[test]
    fn what_was_not_recorded_is_not_recorded() {
        let standard = recorded(&[("mae", 2.0)]);
        assert_eq!(
            standard.metric(Metric::Rmse, SURE),
            Err(Undefined::NotRecorded)
        );
    }

    #[test]
    fn the_metric_of_recorded_numbers_is_the_usual_one_else_any_with_a_direction() {
        let of = |names: &[&str]| -> BTreeMap<String, f64> {
            names.iter().map(|name| ((*name).to_owned(), 1.0)).collect()
        };
        let choose = |a: &[&str], b: &[&str]| {
            recorded_metric(&[Metric::LogLoss, Metric::Accuracy], &of(a), &of(b))
        };
        assert_eq!(
            choose(&["accuracy", "log_loss"], &["accuracy", "log_loss"]),
            Some(Metric::LogLoss)
        );
        assert_eq!(
            choose(&["accuracy", "log_loss"], &["accuracy"]),
            Some(Metric::Accuracy)
        );
        assert_eq!(choose(&["f1"], &["f1"]), Some(Metric::F1));
        assert_eq!(choose(&["f1"], &["brier"]), None);
        assert_eq!(choose(&["rmse"], &["rmse"]), None, "of the other task");
        let mean_error = of(&["mean_error"]);
        assert_eq!(
            recorded_metric(&[Metric::Rmse], &mean_error, &mean_error),
            None
        );
        assert_eq!(recorded_metric(&[], &mean_error, &mean_error), None);
    }
}
