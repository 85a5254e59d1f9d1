//! Measures numbers against their truth: RMSE, MAE, MAPE, mean error, R².

use super::super::interval::{
    APPROXIMATE_BELOW, Bounds, Confidence, Estimate, mean, standard_error_of_mean, variance,
};
use super::super::{Undefined, real};
use super::{LOSS_LIMIT, filled, finite};
use crate::domain::metric::Metric;
use crate::domain::sample::NumberSample;

/// Measures a metric of numbers; see [`super::measure`].
pub(super) fn measure(
    metric: Metric,
    sample: &NumberSample,
    failed_mean_loss: Option<f64>,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    if metric == Metric::MeanError {
        return mean_error(sample, confidence);
    }
    let losses = filled(losses(metric, sample)?, failed_mean_loss)?;
    match metric {
        Metric::Rmse => root_mean(sample, &losses, confidence),
        Metric::R2 => r_squared(sample, &losses, confidence),
        _ => {
            let value = mean(&losses).ok_or(Undefined::NotFinite)?;
            let influence = losses.iter().map(|loss| loss - value).collect();
            estimate(sample, value, influence, (0.0, f64::MAX), confidence)
        }
    }
}

/// The loss of each row: squared error for RMSE and R², |error| for MAE, |error|/max(|truth|, ε) for MAPE with the
/// machine's ε as in scikit-learn; at most 1e140. `None` for a failed prediction.
pub(super) fn losses(metric: Metric, sample: &NumberSample) -> Result<Vec<Option<f64>>, Undefined> {
    check(sample)?;
    let loss: fn(f64, f64) -> f64 = match metric {
        Metric::Rmse | Metric::R2 => |error, _| error * error,
        Metric::Mae => |error, _| error.abs(),
        Metric::Mape => |error, truth| error.abs() / truth.abs().max(f64::EPSILON),
        _ => return Err(Undefined::WrongTask),
    };
    Ok(rows(sample)
        .map(|(truth, prediction)| Some(loss(prediction? - truth, truth).min(LOSS_LIMIT)))
        .collect())
}

/// 1 − MSE/V with a variance from elsewhere, taken as known; see [`super::r_squared_against`].
///
/// Influence: (MSE − loss)/V.
pub(super) fn r_squared_against(
    sample: &NumberSample,
    baseline_truth_variance: f64,
    failed_mean_loss: Option<f64>,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    let losses = filled(losses(Metric::R2, sample)?, failed_mean_loss)?;
    if !baseline_truth_variance.is_finite() {
        return Err(Undefined::NotFinite);
    }
    if baseline_truth_variance <= 0.0 || is_constant(&sample.truth) {
        return Err(Undefined::ConstantTruth);
    }
    let mse = mean(&losses).ok_or(Undefined::NotFinite)?;
    let influence = losses
        .iter()
        .map(|loss| (mse - loss) / baseline_truth_variance)
        .collect();
    let value = 1.0 - mse / baseline_truth_variance;
    estimate(sample, value, influence, (f64::MIN, 1.0), confidence)
}

/// The population variance of the truth. Constant truth has none, whatever rounding would say.
pub(super) fn truth_variance(truth: &[f64]) -> Result<f64, Undefined> {
    if is_constant(truth) {
        return Err(Undefined::ConstantTruth);
    }
    let variance = variance(truth).ok_or(Undefined::NotFinite)?;
    // Differences below 1e-162 square to 0.
    if variance > 0.0 {
        Ok(variance)
    } else {
        Err(Undefined::ConstantTruth)
    }
}

/// Whether no two numbers differ.
pub(super) fn is_constant(truth: &[f64]) -> bool {
    truth
        .windows(2)
        .all(|pair| (pair[0] - pair[1]).abs() <= 0.0)
}

/// √(mean loss). Influence by the delta method: (loss − MSE)/(2 RMSE).
fn root_mean(
    sample: &NumberSample,
    losses: &[f64],
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    let mse = mean(losses).ok_or(Undefined::NotFinite)?;
    let value = mse.sqrt();
    let influence = losses
        .iter()
        .map(|loss| {
            if value > 0.0 {
                (loss - mse) / (2.0 * value)
            } else {
                0.0
            }
        })
        .collect();
    estimate(sample, value, influence, (0.0, f64::MAX), confidence)
}

/// 1 − MSE/V with V the variance of these rows' own truth.
///
/// Influence by the delta method: (MSE − loss)/V + MSE ((truth − mean)² − V)/V².
fn r_squared(
    sample: &NumberSample,
    losses: &[f64],
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    let spread = truth_variance(&sample.truth)?;
    let centre = mean(&sample.truth).ok_or(Undefined::NotFinite)?;
    let mse = mean(losses).ok_or(Undefined::NotFinite)?;
    let ratio = mse / spread;
    let influence = losses
        .iter()
        .zip(&sample.truth)
        .map(|(loss, truth)| {
            let square = (truth - centre) * (truth - centre);
            (mse - loss) / spread + ratio * (square / spread - 1.0)
        })
        .collect();
    estimate(sample, 1.0 - ratio, influence, (f64::MIN, 1.0), confidence)
}

/// The mean of prediction − truth over the predictions that did not fail: positive where the model predicts too much.
fn mean_error(sample: &NumberSample, confidence: Confidence) -> Result<Estimate, Undefined> {
    check(sample)?;
    let errors: Vec<Option<f64>> = rows(sample)
        .map(|(truth, prediction)| Some((prediction? - truth).clamp(-LOSS_LIMIT, LOSS_LIMIT)))
        .collect();
    let known: Vec<f64> = errors.iter().copied().flatten().collect();
    if known.is_empty() {
        return Err(Undefined::NoFiniteLoss);
    }
    let value = mean(&known).ok_or(Undefined::NotFinite)?;
    let weight = real(errors.len()) / real(known.len());
    let influence = errors
        .iter()
        .map(|error| error.map_or(0.0, |error| (error - value) * weight))
        .collect();
    let standard_error = standard_error_of_mean(&known).ok_or(Undefined::OneRow)?;
    let estimate = estimate(sample, value, influence, (f64::MIN, f64::MAX), confidence)?;
    let bounds = Bounds::around(value, standard_error, confidence);
    finite(Estimate {
        low: bounds.low,
        high: bounds.high,
        standard_error,
        effective_count: known.len(),
        approximate: known.len() < APPROXIMATE_BELOW,
        ..estimate
    })
}

/// An estimate whose interval is normal, within the numbers that the metric can take.
fn estimate(
    sample: &NumberSample,
    value: f64,
    influence: Vec<f64>,
    possible: (f64, f64),
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    let rows_count = influence.len();
    if rows_count < 2 {
        return Err(Undefined::OneRow);
    }
    let standard_error = standard_error_of_mean(&influence).ok_or(Undefined::NotFinite)?;
    let bounds = Bounds::around(value, standard_error, confidence).within(possible.0, possible.1);
    finite(Estimate {
        value,
        low: bounds.low,
        high: bounds.high,
        standard_error,
        rows_count,
        failed_count: sample.prediction.iter().filter(|p| p.is_none()).count(),
        effective_count: rows_count,
        approximate: rows_count < APPROXIMATE_BELOW,
        influence,
        classes_count: None,
        unseen_truth_count: 0,
        zero_by_convention: false,
    })
}

fn rows(sample: &NumberSample) -> impl Iterator<Item = (f64, Option<f64>)> {
    sample
        .truth
        .iter()
        .copied()
        .zip(sample.prediction.iter().copied())
}

/// Fails for rows that no metric of numbers can be computed from.
fn check(sample: &NumberSample) -> Result<(), Undefined> {
    if sample.truth.len() != sample.prediction.len() {
        return Err(Undefined::Malformed);
    }
    if sample.truth.is_empty() {
        return Err(Undefined::NoRows);
    }
    let predictions = sample.prediction.iter().flatten();
    if sample
        .truth
        .iter()
        .chain(predictions)
        .all(|number| number.is_finite())
    {
        Ok(())
    } else {
        Err(Undefined::NotFinite)
    }
}
