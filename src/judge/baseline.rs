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

/// Which metric a check of a classification is about when none is named: log loss where window and baseline have
/// probabilities, else accuracy. `window_has` says whether the rows carry probabilities.
#[must_use]
pub fn has_probabilities(window_has: bool, baselines: &[Standard]) -> bool {
    let nearest = |metric| {
        baselines
            .iter()
            .position(|baseline| baseline.offers(metric))
    };
    window_has
        && match (nearest(Metric::LogLoss), nearest(Metric::Accuracy)) {
            (Some(log_loss), Some(accuracy)) => log_loss <= accuracy,
            (Some(_), None) => true,
            (None, _) => false,
        }
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
