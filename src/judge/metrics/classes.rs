//! Measures classes row by row: accuracy, log loss, Brier; and checks that the rows of classes fit together.

use super::super::interval::{
    APPROXIMATE_BELOW, Bounds, Confidence, Estimate, mean, standard_error_of_mean, wilson,
};
use super::super::{Undefined, real};
use super::{filled, finite};
use crate::domain::metric::Metric;
use crate::domain::sample::ClassSample;

/// The smallest probability that log loss knows.
const PROBABILITY_FLOOR: f64 = 1e-15;

/// The share of rows whose prediction is the truth; a failed prediction is not. Wilson's interval.
pub(super) fn accuracy(
    sample: &ClassSample,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    check(sample)?;
    let hits: Vec<bool> = hits(sample).collect();
    let (right, rows_count) = (hits.iter().filter(|hit| **hit).count(), hits.len());
    let value = real(right) / real(rows_count);
    let bounds = wilson(right, rows_count, confidence);
    finite(Estimate {
        value,
        low: bounds.low,
        high: bounds.high,
        standard_error: bounds.standard_error(confidence),
        influence: hits
            .iter()
            .map(|hit| real(usize::from(*hit)) - value)
            .collect(),
        ..blank(sample)
    })
}

/// Log loss or Brier: a mean of losses, with a normal interval.
///
/// Where all rows lose the same the standard error is 0: nothing in them says how far a further row could be off.
pub(super) fn probability_loss(
    metric: Metric,
    sample: &ClassSample,
    failed_mean_loss: Option<f64>,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    let losses = filled(losses(metric, sample)?, failed_mean_loss)?;
    if losses.len() < 2 {
        return Err(Undefined::OneRow);
    }
    let value = mean(&losses).ok_or(Undefined::NotFinite)?;
    let standard_error = standard_error_of_mean(&losses).ok_or(Undefined::NotFinite)?;
    let most = if metric == Metric::Brier {
        1.0
    } else {
        f64::MAX
    };
    let bounds = Bounds::around(value, standard_error, confidence).within(0.0, most);
    finite(Estimate {
        value,
        low: bounds.low,
        high: bounds.high,
        standard_error,
        influence: losses.iter().map(|loss| loss - value).collect(),
        unseen_truth_count: unseen_truth_count(sample),
        ..blank(sample)
    })
}

/// The loss of each row: 1 where the class is wrong; −ln max(p, 1e-15) with p that of the true class; half the sum over
/// the classes of (p − y)². `None` for the log loss of a failed prediction.
pub(super) fn losses(metric: Metric, sample: &ClassSample) -> Result<Vec<Option<f64>>, Undefined> {
    check(sample)?;
    match metric {
        Metric::Accuracy => {
            return Ok(hits(sample)
                .map(|hit| Some(real(usize::from(!hit))))
                .collect());
        }
        Metric::LogLoss | Metric::Brier => {}
        _ => return Err(Undefined::WrongTask),
    }
    (0..sample.truth.len())
        .map(|row| {
            let truth = sample.truth[row];
            Ok(match (probabilities(sample, row)?, metric) {
                (None, Metric::Brier) => Some(1.0),
                (None, _) => None,
                (Some(given), Metric::Brier) => Some(brier(given, truth)),
                (Some(given), _) => {
                    let likely = of_class(given, truth).clamp(PROBABILITY_FLOOR, 1.0);
                    // Adding 0 turns -0 into 0.
                    Some(-likely.ln() + 0.0)
                }
            })
        })
        .collect()
}

/// Half the squared distance between the probabilities and the truth; in 0 to 1, for two classes (p − y)².
fn brier(given: &[f64], truth: usize) -> f64 {
    let others = given
        .iter()
        .enumerate()
        .filter(|(class, _)| *class != truth)
        .map(|(_, p)| p * p)
        .sum::<f64>();
    let missing = 1.0 - of_class(given, truth);
    (0.5 * (others + missing * missing)).min(1.0)
}

/// The probabilities of a row; `None` where its prediction failed.
pub(super) fn probabilities(sample: &ClassSample, row: usize) -> Result<Option<&[f64]>, Undefined> {
    match (sample.prediction[row], &sample.probabilities[row]) {
        (None, _) => Ok(None),
        (Some(_), Some(given)) => Ok(Some(given)),
        (Some(_), None) => Err(Undefined::NoProbabilities),
    }
}

/// The probability of a class; a class without a column has 0.
pub(super) fn of_class(given: &[f64], class: usize) -> f64 {
    given.get(class).copied().unwrap_or(0.0)
}

/// How many rows have a true class that the model gives probability 0 in every row: it never learnt it.
pub(super) fn unseen_truth_count(sample: &ClassSample) -> usize {
    let mut known = vec![false; sample.labels.len()];
    let mut any = false;
    for given in sample.probabilities.iter().flatten() {
        any = true;
        for (known, p) in known.iter_mut().zip(given) {
            *known |= *p > 0.0;
        }
    }
    sample
        .truth
        .iter()
        .filter(|class| any && !known[**class])
        .count()
}

/// An estimate of these rows whose numbers are still to be filled in.
pub(super) fn blank(sample: &ClassSample) -> Estimate {
    let rows_count = sample.truth.len();
    Estimate {
        value: 0.0,
        low: 0.0,
        high: 0.0,
        standard_error: 0.0,
        rows_count,
        failed_count: sample.prediction.iter().filter(|p| p.is_none()).count(),
        effective_count: rows_count,
        approximate: rows_count < APPROXIMATE_BELOW,
        influence: Vec::new(),
        classes_count: None,
        unseen_truth_count: 0,
        zero_by_convention: false,
    }
}

fn hits(sample: &ClassSample) -> impl Iterator<Item = bool> {
    sample
        .truth
        .iter()
        .zip(&sample.prediction)
        .map(|(truth, prediction)| *prediction == Some(*truth))
}

/// Fails for rows that no metric of classes can be computed from.
pub(super) fn check(sample: &ClassSample) -> Result<(), Undefined> {
    let (rows, classes) = (sample.truth.len(), sample.labels.len());
    let classes_fit = sample
        .truth
        .iter()
        .chain(sample.prediction.iter().flatten())
        .chain(&sample.positive)
        .all(|class| *class < classes);
    let given = || sample.probabilities.iter().flatten();
    if sample.prediction.len() != rows
        || sample.probabilities.len() != rows
        || !classes_fit
        || given().any(|given| given.len() > classes)
    {
        return Err(Undefined::Malformed);
    }
    if rows == 0 {
        return Err(Undefined::NoRows);
    }
    if given()
        .flat_map(|given| given.iter())
        .all(|p| (0.0..=1.0).contains(p))
    {
        Ok(())
    } else {
        Err(Undefined::NotFinite)
    }
}
