//! Measures rows: every metric, with its interval and what each row adds, as scikit-learn defines it.
//!
//! Where this differs from scikit-learn: probabilities are clipped to 1e-15 and never renormalised; Brier is the halved
//! one for any number of classes; R² of constant truth and the AUC of one class are undefined instead of 0, 1 or NaN;
//! macro AUC runs over the classes that have both positives and negatives; a loss is at most 1e140.
//!
//! A failed prediction counts, as a loss of its own: 1 for accuracy and Brier, else ten times a mean loss. For
//! precision, recall and F1 it is the other class of two, and of more a miss of the true class and nobody's false alarm;
//! for the AUC its score is on the wrong side of all others. The mean error alone leaves it out: it never decides.

mod area;
mod classes;
mod counts;
mod numbers;

use super::Undefined;
use super::interval::{Confidence, Estimate, mean};
use crate::domain::metric::Metric;
use crate::domain::sample::{NumberSample, Sample};

/// What a failed prediction costs, in mean losses.
const FAILED_LOSS_FACTOR: f64 = 10.0;

/// The largest loss of a row, so that squares of losses stay finite.
const LOSS_LIMIT: f64 = 1e140;

/// Measures `metric` on the rows.
///
/// The value is in the metric's unit (MAPE is a fraction, not percent; the mean error is prediction − truth).
/// `failed_mean_loss` is the baseline's mean loss ([`mean_loss`]: squares for RMSE and R²), ten times of which a failed
/// prediction costs; without it, ten times the mean loss of these rows.
///
/// # Errors
/// Says why the metric has no value here.
pub fn measure(
    metric: Metric,
    sample: &Sample,
    failed_mean_loss: Option<f64>,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    match (metric, sample) {
        (
            Metric::Rmse | Metric::Mae | Metric::Mape | Metric::MeanError | Metric::R2,
            Sample::Numbers(sample),
        ) => numbers::measure(metric, sample, failed_mean_loss, confidence),
        (Metric::Accuracy, Sample::Classes(sample)) => classes::accuracy(sample, confidence),
        (Metric::Precision | Metric::Recall | Metric::F1, Sample::Classes(sample)) => {
            counts::measure(metric, sample, confidence)
        }
        (Metric::RocAuc, Sample::Classes(sample)) => area::measure(sample, confidence),
        (Metric::LogLoss | Metric::Brier, Sample::Classes(sample)) => {
            classes::probability_loss(metric, sample, failed_mean_loss, confidence)
        }
        _ => Err(Undefined::WrongTask),
    }
}

/// Measures R² against a baseline's variance of the truth: 1 − MSE/V, V the population variance, taken as known.
///
/// R² with the window's own variance falls when the truth becomes quieter and the errors stay the same.
///
/// # Errors
/// The truth is constant in the rows or in the baseline (V not above 0), or see [`measure`].
pub fn r_squared_against(
    sample: &Sample,
    baseline_truth_variance: f64,
    failed_mean_loss: Option<f64>,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    match sample {
        Sample::Numbers(sample) => numbers::r_squared_against(
            sample,
            baseline_truth_variance,
            failed_mean_loss,
            confidence,
        ),
        Sample::Classes(_) => Err(Undefined::WrongTask),
    }
}

/// The mean loss of the predictions that did not fail: what [`measure`] takes as `failed_mean_loss`.
///
/// Squared error for RMSE and R², the error rate for accuracy; accuracy and Brier count a failure as the 1 it costs.
/// `None` for metrics that are no mean of losses (mean error, precision, recall, F1, AUC), where every prediction
/// failed, or where [`measure`] finds the rows undefined.
#[must_use]
pub fn mean_loss(metric: Metric, sample: &Sample) -> Option<f64> {
    pooled_mean_loss(metric, &[sample])
}

/// The mean loss over the rows of several samples: a cost of failures that favours none of them.
#[must_use]
pub fn pooled_mean_loss(metric: Metric, samples: &[&Sample]) -> Option<f64> {
    let mut finite = Vec::new();
    for sample in samples {
        finite.extend(losses(metric, sample).ok()?.into_iter().flatten());
    }
    mean(&finite)
}

/// The mean loss that a recorded metric stands for: RMSE², MAE, MAPE, log loss or Brier itself, 1 − accuracy.
///
/// R² alone does not tell (its version's RMSE does): `None`.
#[must_use]
pub fn recorded_mean_loss(metric: Metric, value: f64) -> Option<f64> {
    let loss = match metric {
        Metric::Rmse => value * value,
        Metric::Mae | Metric::Mape | Metric::LogLoss | Metric::Brier => value,
        Metric::Accuracy => 1.0 - value,
        Metric::MeanError
        | Metric::R2
        | Metric::Precision
        | Metric::Recall
        | Metric::F1
        | Metric::RocAuc => return None,
    };
    (loss.is_finite() && loss >= 0.0).then_some(loss)
}

/// The variance of the truth that recorded numbers stand for: RMSE²/(1 − R²); `None` where R² is 1 or more.
#[must_use]
pub fn recorded_truth_variance(rmse: f64, r_squared: f64) -> Option<f64> {
    let variance = rmse * rmse / (1.0 - r_squared);
    (variance.is_finite() && variance > 0.0).then_some(variance)
}

/// The population variance of the truth; `None` where it is constant, absent or not finite.
#[must_use]
pub fn truth_variance(sample: &NumberSample) -> Option<f64> {
    numbers::truth_variance(&sample.truth).ok()
}

/// Whether all rows have the same truth; so have none and one.
#[must_use]
pub fn is_constant_truth(sample: &NumberSample) -> bool {
    numbers::is_constant(&sample.truth)
}

/// The loss of each row; `None` for a failed prediction that costs a multiple of a mean loss.
pub(super) fn losses(metric: Metric, sample: &Sample) -> Result<Vec<Option<f64>>, Undefined> {
    match sample {
        Sample::Numbers(sample) => numbers::losses(metric, sample),
        Sample::Classes(sample) => classes::losses(metric, sample),
    }
}

/// The losses with those of failed predictions filled in: ten times the baseline's mean loss, else the rows' own.
pub(super) fn filled(
    losses: Vec<Option<f64>>,
    failed_mean_loss: Option<f64>,
) -> Result<Vec<f64>, Undefined> {
    if losses.iter().all(Option::is_some) {
        return Ok(losses.into_iter().flatten().collect());
    }
    let own_mean = || {
        let finite: Vec<f64> = losses.iter().copied().flatten().collect();
        mean(&finite)
    };
    let mean = failed_mean_loss
        .or_else(own_mean)
        .ok_or(Undefined::NoFiniteLoss)?;
    if !(mean.is_finite() && mean >= 0.0) {
        return Err(Undefined::NotFinite);
    }
    let failed = (FAILED_LOSS_FACTOR * mean).min(LOSS_LIMIT);
    Ok(losses
        .into_iter()
        .map(|loss| loss.unwrap_or(failed))
        .collect())
}

/// Fails where a number of the estimate is not finite: the last gate of every metric.
fn finite(estimate: Estimate) -> Result<Estimate, Undefined> {
    let ends = [
        estimate.value,
        estimate.low,
        estimate.high,
        estimate.standard_error,
    ];
    if ends
        .iter()
        .chain(&estimate.influence)
        .all(|number| number.is_finite())
    {
        Ok(estimate)
    } else {
        Err(Undefined::NotFinite)
    }
}

#[cfg(test)]
mod tests;
