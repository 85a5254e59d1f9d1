//! Judges one metric of a version: measures its rows as the baseline was measured, and compares.

use std::collections::BTreeSet;

use super::Undefined;
use super::baseline::{MetricBaseline, Standard};
use super::interval::{Confidence, Estimate};
use super::metrics::{measure, r_squared_against};
use super::paired::relabelled;
use super::threshold::{Outcome, ThresholdOutcome, live_outcome, recorded_outcome};
use crate::domain::metric::{Direction, Metric};
use crate::domain::sample::{ClassSample, Sample};

/// A number with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    pub value: f64,
    /// `None`: recorded, or without an interval.
    pub bounds: Option<(f64, f64)>,
    /// `None`: recorded.
    pub rows_count: Option<u64>,
    /// The interval rests on fewer than 30 rows.
    pub approximate: bool,
}

impl Number {
    #[must_use]
    pub const fn recorded(value: f64) -> Self {
        Self {
            value,
            bounds: None,
            rows_count: None,
            approximate: false,
        }
    }
}

impl From<&Estimate> for Number {
    fn from(estimate: &Estimate) -> Self {
        Self {
            value: estimate.value,
            bounds: Some((estimate.low, estimate.high)),
            rows_count: Some(estimate.rows_count as u64),
            approximate: estimate.approximate,
        }
    }
}

/// What one metric says of a version.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub metric: Metric,
    /// Whether it can say degraded.
    pub decides: bool,
    pub current: Option<Number>,
    pub baseline: Option<Number>,
    /// Which of the baselines that were offered it is compared with; `None`: none of them speaks of it.
    pub baseline_index: Option<usize>,
    pub outcome: MetricOutcome,
    /// What the comparison gave, where it is defined.
    pub compared: Option<ThresholdOutcome>,
    /// More rows could make an undefined comparison a defined one.
    pub rows_could_help: bool,
}

/// The answer of one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricOutcome {
    Healthy,
    Degraded,
    Undefined(Undefined),
    /// Nothing to compare it with.
    NoBaseline,
    /// Shown, and never judged: it has no better direction.
    Shown,
}

/// Judges one metric of the rows in a window against the first of the baselines that speaks of it.
#[must_use]
pub fn judge_rows(
    metric: Metric,
    decides: bool,
    window: &Sample,
    baselines: &[Standard],
    threshold_pct: f64,
    confidence: Confidence,
) -> Judged {
    let index = baselines
        .iter()
        .position(|baseline| baseline.offers(metric));
    let Some((index, standard)) = index.and_then(|index| Some((index, baselines.get(index)?)))
    else {
        let own = measure(metric, window, None, confidence).ok();
        return Judged {
            current: own.as_ref().map(Number::from),
            ..without_baseline(metric, decides)
        };
    };
    let aligned = aligned(window, standard);
    let (window, standard) = aligned
        .as_ref()
        .map_or((window, standard), |(window, standard)| (window, standard));
    let baseline = standard.metric(metric, confidence);
    let current = measured_alike(metric, window, baseline.as_ref().ok(), confidence);
    let (outcome, compared, rows_could_help) = match (&baseline, &current) {
        _ if metric.direction() == Direction::None => (MetricOutcome::Shown, None, false),
        (Err(why), _) => (MetricOutcome::Undefined(*why), None, false),
        (Ok(_), Err(why)) => (MetricOutcome::Undefined(*why), None, true),
        (Ok(baseline), Ok(current)) => {
            let compared = live_outcome(metric, baseline.number, current, threshold_pct);
            (
                outcome_of(&compared),
                Some(compared),
                current.zero_by_convention,
            )
        }
    };
    Judged {
        metric,
        decides,
        current: current.as_ref().ok().map(Number::from),
        baseline: baseline.ok().map(|baseline| match &baseline.estimate {
            Some(estimate) => Number::from(estimate),
            None => Number::recorded(baseline.number.value),
        }),
        baseline_index: Some(index),
        outcome,
        compared,
        rows_could_help,
    }
}

/// Judges one recorded number of a version against that of another one.
#[must_use]
pub fn judge_recorded(
    metric: Metric,
    decides: bool,
    current: Option<f64>,
    baseline: Option<f64>,
    threshold_pct: f64,
) -> Judged {
    let (outcome, compared) = match (current, baseline) {
        _ if metric.direction() == Direction::None => (MetricOutcome::Shown, None),
        (_, None) => (MetricOutcome::NoBaseline, None),
        (None, Some(_)) => (MetricOutcome::Undefined(Undefined::NotRecorded), None),
        (Some(current), Some(baseline)) => {
            let compared = recorded_outcome(metric, baseline, current, threshold_pct);
            (outcome_of(&compared), Some(compared))
        }
    };
    Judged {
        metric,
        decides,
        current: current.map(Number::recorded),
        baseline: baseline.map(Number::recorded),
        baseline_index: baseline.map(|_| 0),
        outcome,
        compared,
        rows_could_help: false,
    }
}

fn outcome_of(compared: &ThresholdOutcome) -> MetricOutcome {
    match compared.outcome {
        Outcome::Healthy => MetricOutcome::Healthy,
        Outcome::Degraded => MetricOutcome::Degraded,
        Outcome::Undefined(why) => MetricOutcome::Undefined(why),
    }
}

fn without_baseline(metric: Metric, decides: bool) -> Judged {
    Judged {
        metric,
        decides,
        current: None,
        baseline: None,
        baseline_index: None,
        outcome: match metric.direction() {
            Direction::None => MetricOutcome::Shown,
            Direction::HigherIsBetter | Direction::LowerIsBetter => MetricOutcome::NoBaseline,
        },
        compared: None,
        rows_could_help: false,
    }
}

/// Measures rows as the baseline was: failed predictions cost what they cost there, R² against the variance there.
fn measured_alike(
    metric: Metric,
    window: &Sample,
    baseline: Option<&MetricBaseline>,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    let cost = baseline.and_then(|baseline| baseline.failed_mean_loss);
    match baseline.and_then(|baseline| baseline.truth_variance) {
        Some(variance) => r_squared_against(window, variance, cost, confidence),
        None => measure(metric, window, cost, confidence),
    }
}

/// Window and baseline over the same labels, so that both are measured as two classes or both as many; `None` where
/// they have the same ones or none.
fn aligned(window: &Sample, standard: &Standard) -> Option<(Sample, Standard)> {
    let (Sample::Classes(window), Standard::Rows(Sample::Classes(rows))) = (window, standard)
    else {
        return None;
    };
    if window.labels == rows.labels {
        return None;
    }
    let labels: BTreeSet<&String> = window.labels.iter().chain(&rows.labels).collect();
    let labels: Vec<String> = labels.into_iter().cloned().collect();
    let wide = |sample: &ClassSample| relabelled(sample, &labels).ok();
    let (window, rows) = (wide(window)?, wide(rows)?);
    let positive = window.positive.or(rows.positive);
    Some((
        Sample::Classes(ClassSample { positive, ..window }),
        Standard::Rows(Sample::Classes(ClassSample { positive, ..rows })),
    ))
}

#[cfg(test)]
mod tests;
