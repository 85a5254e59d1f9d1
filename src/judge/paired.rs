//! Compares two versions: on the same rows, or each on its own.

use std::collections::BTreeSet;

use super::interval::{Bounds, Confidence, Estimate, standard_error_of_mean};
use super::metrics::{filled, losses, measure, pooled_mean_loss};
use super::{Undefined, real, special};
use crate::domain::metric::Metric;
use crate::domain::sample::{ClassSample, Sample};

/// Which test a p-value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// Exact, on the rows where exactly one version is right.
    McNemar,
    /// The difference over its standard error is standard normal.
    Normal,
}

/// How far two versions differ, `a − b`, in the metric's unit. All numbers are finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub standard_error: f64,
    /// Two-sided, of "there is no difference"; `None` where all rows differ by the same and the test has no spread.
    pub p_value: Option<f64>,
    pub test: Test,
    /// The sign test on rows that do not tie: exact, of "each is as often the better one"; metrics of row losses.
    pub sign_p_value: Option<f64>,
    /// Fewer than 30 effective rows on either side.
    pub approximate: bool,
}

/// The difference `a − b` on rows that both versions predicted: the same rows in the same order.
///
/// Accuracy, and recall of one class, by the discordant rows: exact McNemar and the interval of Agresti and Min 2005,
/// which is not centred on the value. All others by the row-wise difference of the influence values: value ± z sd/√n.
/// Where that has no spread in a metric of classes, the interval is Agresti and Min's of no discordant row.
/// `failed_mean_loss` costs failures of both versions alike; without it the mean loss of both together does.
///
/// # Errors
/// The rows are not the same ones (their number or truth differs), or the metric is undefined for either.
pub fn paired_difference(
    metric: Metric,
    a: &Sample,
    b: &Sample,
    failed_mean_loss: Option<f64>,
    confidence: Confidence,
) -> Result<Difference, Undefined> {
    let (a, b) = &aligned(a, b)?;
    let cost = failed_mean_loss.or_else(|| pooled_mean_loss(metric, &[a, b]));
    let of_a = measure(metric, a, cost, confidence)?;
    let of_b = measure(metric, b, cost, confidence)?;
    let value = of_a.value - of_b.value;
    let approximate = of_a.approximate || of_b.approximate;
    if let Some((only_a, only_b, trials)) = discordant(metric, a, b) {
        let bounds = agresti_min(only_a, only_b, trials, confidence);
        return Ok(Difference {
            value,
            low: bounds.low,
            high: bounds.high,
            standard_error: bounds.standard_error(confidence),
            p_value: Some(sign_test(only_a, only_b)),
            test: Test::McNemar,
            sign_p_value: None,
            approximate,
        });
    }
    let parts: Vec<f64> = of_a
        .influence
        .iter()
        .zip(&of_b.influence)
        .map(|(a, b)| a - b)
        .collect();
    let spread = match standard_error_of_mean(&parts) {
        Some(spread) => spread,
        None if parts.len() < 2 => return Err(Undefined::OneRow),
        None => return Err(Undefined::NotFinite),
    };
    let counted = matches!(
        metric,
        Metric::Precision | Metric::Recall | Metric::F1 | Metric::RocAuc
    );
    let standard_error = if spread <= 0.0 && counted {
        let trials = of_a.effective_count.min(of_b.effective_count);
        agresti_min(0, 0, trials, confidence).standard_error(confidence)
    } else {
        spread
    };
    normal(
        value,
        standard_error,
        signs(metric, a, b, cost),
        approximate,
        confidence,
    )
}

/// The difference `a − b` of versions that were measured on rows of their own: variances add.
///
/// # Errors
/// The numbers are too large for their difference to be finite.
pub fn unpaired_difference(
    a: &Estimate,
    b: &Estimate,
    confidence: Confidence,
) -> Result<Difference, Undefined> {
    let standard_error = a.standard_error.hypot(b.standard_error);
    let approximate = a.approximate || b.approximate;
    normal(
        a.value - b.value,
        standard_error,
        None,
        approximate,
        confidence,
    )
}

/// The exact two-sided sign test, which is McNemar's: min(1, 2 P(Bin(b + c, ½) ≤ min(b, c))).
#[must_use]
pub fn sign_test(one: usize, other: usize) -> f64 {
    let (smaller, trials) = (one.min(other) as u64, (one + other) as u64);
    special::binomial_cdf(smaller, trials, 0.5).map_or(1.0, |tail| (2.0 * tail).min(1.0))
}

/// The interval of Agresti and Min 2005 for (b − c)/n from paired shares: a half is added to each discordant count,
/// two to n. Within −1 to 1.
#[must_use]
pub fn agresti_min(only_a: usize, only_b: usize, trials: usize, confidence: Confidence) -> Bounds {
    let (b, c, n) = (real(only_a) + 0.5, real(only_b) + 0.5, real(trials) + 2.0);
    let difference = (b - c) / n;
    let variance = ((b + c) - (b - c) * (b - c) / n) / (n * n);
    Bounds::around(difference, variance.max(0.0).sqrt(), confidence).within(-1.0, 1.0)
}

fn normal(
    value: f64,
    standard_error: f64,
    sign_p_value: Option<f64>,
    approximate: bool,
    confidence: Confidence,
) -> Result<Difference, Undefined> {
    let bounds = Bounds::around(value, standard_error, confidence);
    if ![value, standard_error, bounds.low, bounds.high]
        .iter()
        .all(|n| n.is_finite())
    {
        return Err(Undefined::NotFinite);
    }
    let p_value = if standard_error > 0.0 {
        Some(2.0 * special::normal_cdf(-value.abs() / standard_error))
    } else {
        (value.abs() <= 0.0).then_some(1.0)
    };
    Ok(Difference {
        value,
        low: bounds.low,
        high: bounds.high,
        standard_error,
        p_value,
        test: Test::Normal,
        sign_p_value,
        approximate,
    })
}

/// For shares over the same rows: how often only `a` is right, only `b`, and of how many.
fn discordant(metric: Metric, a: &Sample, b: &Sample) -> Option<(usize, usize, usize)> {
    let (Sample::Classes(a), Sample::Classes(b)) = (a, b) else {
        return None;
    };
    let only_class = match metric {
        Metric::Accuracy => None,
        Metric::Recall if a.labels.len() <= 2 => Some(a.positive?),
        _ => return None,
    };
    let (mut only_a, mut only_b, mut trials) = (0, 0, 0);
    for (row, truth) in a.truth.iter().enumerate() {
        if only_class.is_some_and(|class| class != *truth) {
            continue;
        }
        trials += 1;
        match (
            a.prediction[row] == Some(*truth),
            b.prediction[row] == Some(*truth),
        ) {
            (true, false) => only_a += 1,
            (false, true) => only_b += 1,
            _ => {}
        }
    }
    Some((only_a, only_b, trials))
}

/// The sign test on the rows' losses; `None` for metrics that are no mean of losses.
fn signs(metric: Metric, a: &Sample, b: &Sample, cost: Option<f64>) -> Option<f64> {
    let of_a = filled(losses(metric, a).ok()?, cost).ok()?;
    let of_b = filled(losses(metric, b).ok()?, cost).ok()?;
    let pairs = || of_a.iter().zip(&of_b);
    let worse = pairs().filter(|(a, b)| a > b).count();
    let better = pairs().filter(|(a, b)| a < b).count();
    Some(sign_test(worse, better))
}

/// The two samples over the same labels, once their truths are found equal row by row.
fn aligned(a: &Sample, b: &Sample) -> Result<(Sample, Sample), Undefined> {
    match (a, b) {
        (Sample::Numbers(of_a), Sample::Numbers(of_b)) => {
            let same = of_a.truth.len() == of_b.truth.len()
                && of_a
                    .truth
                    .iter()
                    .zip(&of_b.truth)
                    .all(|(a, b)| a.total_cmp(b).is_eq() || (a - b).abs() <= 0.0);
            if same {
                Ok((a.clone(), b.clone()))
            } else {
                Err(Undefined::NotPaired)
            }
        }
        (Sample::Classes(of_a), Sample::Classes(of_b)) => {
            let labels: BTreeSet<&String> = of_a.labels.iter().chain(&of_b.labels).collect();
            let labels: Vec<String> = labels.into_iter().cloned().collect();
            let of_a = relabelled(of_a, &labels)?;
            let of_b = relabelled(of_b, &labels)?;
            let positive = of_a.positive.or(of_b.positive);
            if of_a.truth != of_b.truth || positive != of_b.positive.or(of_a.positive) {
                return Err(Undefined::NotPaired);
            }
            Ok((
                Sample::Classes(ClassSample { positive, ..of_a }),
                Sample::Classes(ClassSample { positive, ..of_b }),
            ))
        }
        _ => Err(Undefined::WrongTask),
    }
}

/// The same rows over a longer list of labels, which holds all of theirs.
pub(super) fn relabelled(
    sample: &ClassSample,
    labels: &[String],
) -> Result<ClassSample, Undefined> {
    let places: Vec<usize> = sample
        .labels
        .iter()
        .map(|label| {
            labels
                .binary_search(label)
                .map_err(|_| Undefined::Malformed)
        })
        .collect::<Result<_, _>>()?;
    let place = |class: usize| places.get(class).copied().ok_or(Undefined::Malformed);
    let widened = |given: &[f64]| {
        let mut wide = vec![0.0; labels.len()];
        for (class, p) in given.iter().enumerate() {
            wide[place(class)?] = *p;
        }
        Ok(wide.into_boxed_slice())
    };
    Ok(ClassSample {
        labels: labels.to_vec(),
        truth: sample
            .truth
            .iter()
            .map(|class| place(*class))
            .collect::<Result<_, _>>()?,
        prediction: sample
            .prediction
            .iter()
            .map(|class| class.map(place).transpose())
            .collect::<Result<_, _>>()?,
        probabilities: sample
            .probabilities
            .iter()
            .map(|given| given.as_deref().map(widened).transpose())
            .collect::<Result<_, _>>()?,
        positive: sample.positive.map(place).transpose()?,
    })
}

#[cfg(test)]
mod tests;
