//! Measures classes by counting: precision, recall, F1; of the positive class for two classes, macro for more.

use super::super::interval::{
    APPROXIMATE_BELOW, Bounds, Confidence, Estimate, standard_error_of_mean, wilson,
};
use super::super::{Undefined, real};
use super::classes::{blank, check};
use super::finite;
use crate::domain::metric::Metric;
use crate::domain::sample::ClassSample;

/// How often a class is true, predicted, both.
#[derive(Clone, Copy, Default)]
struct Counts {
    actual: usize,
    predicted: usize,
    both: usize,
}

/// A true class and what was predicted; `None` is nobody's prediction.
type Row = (usize, Option<usize>);

/// Precision, recall or F1. A division by 0 is 0, as `zero_division=0` of scikit-learn.
///
/// Two classes: Wilson's interval of both/predicted or both/actual; F1 = 2p/(1 + p) of Wilson's interval for
/// p = both/either, whose standard error is that of the delta method and does not vanish at 0 and 1. More classes: the
/// mean over the labels that occur in truth or prediction, the delta method through influence values, to which each
/// class whose ratio is 0 or 1 adds the variance of its Wilson interval.
pub(super) fn measure(
    metric: Metric,
    sample: &ClassSample,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    check(sample)?;
    if sample.labels.len() > 2 {
        return macro_average(metric, sample, confidence);
    }
    let positive = sample.positive.ok_or(Undefined::NoPositiveClass)?;
    let rows: Vec<Row> = sample
        .truth
        .iter()
        .zip(&sample.prediction)
        .map(|(truth, prediction)| {
            // A failed prediction is the other class.
            let failed = (*truth != positive).then_some(positive);
            (*truth, prediction.or(failed))
        })
        .collect();
    let counts = count(&rows, sample.labels.len());
    let class = counts[positive];
    let bounds = bounds(metric, class, confidence);
    let effective_count = trials(metric, class);
    let nothing_missed = class.actual == 0;
    finite(Estimate {
        value: ratio(metric, class),
        low: bounds.low,
        high: bounds.high,
        standard_error: bounds.standard_error(confidence),
        effective_count,
        approximate: effective_count < APPROXIMATE_BELOW,
        influence: influence(metric, &rows, &counts, Some(positive)),
        zero_by_convention: effective_count == 0 && nothing_missed,
        ..blank(sample)
    })
}

fn macro_average(
    metric: Metric,
    sample: &ClassSample,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    let rows: Vec<Row> = sample
        .truth
        .iter()
        .copied()
        .zip(sample.prediction.iter().copied())
        .collect();
    let counts = count(&rows, sample.labels.len());
    let present: Vec<Counts> = counts
        .iter()
        .copied()
        .filter(|class| class.actual + class.predicted > 0)
        .collect();
    let classes = real(present.len());
    let value = present
        .iter()
        .map(|class| ratio(metric, *class))
        .sum::<f64>()
        / classes;
    let influence = influence(metric, &rows, &counts, None);
    let spread = standard_error_of_mean(&influence).unwrap_or(0.0);
    let unanimous = present
        .iter()
        .filter(|class| class.both == 0 || class.both == trials(metric, **class))
        .map(|class| {
            (bounds(metric, *class, confidence).standard_error(confidence) / classes).powi(2)
        })
        .sum::<f64>();
    let standard_error = (spread * spread + unanimous).sqrt();
    let bounds = Bounds::around(value, standard_error, confidence).within(0.0, 1.0);
    finite(Estimate {
        value,
        low: bounds.low,
        high: bounds.high,
        standard_error,
        influence,
        classes_count: Some(present.len()),
        ..blank(sample)
    })
}

fn count(rows: &[Row], classes: usize) -> Vec<Counts> {
    let mut counts = vec![Counts::default(); classes];
    for (truth, prediction) in rows {
        counts[*truth].actual += 1;
        if let Some(prediction) = prediction {
            counts[*prediction].predicted += 1;
            counts[*prediction].both += usize::from(prediction == truth);
        }
    }
    counts
}

/// The rows that the class's ratio rests on.
fn trials(metric: Metric, class: Counts) -> usize {
    match metric {
        Metric::Precision => class.predicted,
        Metric::Recall => class.actual,
        _ => class.predicted + class.actual - class.both,
    }
}

/// Numerator and denominator of the class's ratio.
fn fraction(metric: Metric, class: Counts) -> (f64, f64) {
    match metric {
        Metric::Precision => (real(class.both), real(class.predicted)),
        Metric::Recall => (real(class.both), real(class.actual)),
        _ => (2.0 * real(class.both), real(class.predicted + class.actual)),
    }
}

fn ratio(metric: Metric, class: Counts) -> f64 {
    let (above, below) = fraction(metric, class);
    if below > 0.0 { above / below } else { 0.0 }
}

/// Wilson's interval of the class's ratio. A class that 0/0 speaks of has as many rows as it occurs in.
fn bounds(metric: Metric, class: Counts, confidence: Confidence) -> Bounds {
    let trials = match trials(metric, class) {
        0 => class.actual + class.predicted,
        some => some,
    };
    let share = wilson(class.both, trials, confidence);
    match metric {
        Metric::F1 => Bounds {
            low: 2.0 * share.low / (1.0 + share.low),
            high: 2.0 * share.high / (1.0 + share.high),
        },
        _ => share,
    }
}

/// Per row: n · (its part of the numerator − ratio · its part of the denominator)/denominator, the mean over the
/// classes; `only` one class where it is named.
fn influence(metric: Metric, rows: &[Row], counts: &[Counts], only: Option<usize>) -> Vec<f64> {
    let classes = match only {
        Some(_) => 1,
        None => counts
            .iter()
            .filter(|class| class.actual + class.predicted > 0)
            .count(),
    };
    let scale = real(rows.len()) / real(classes);
    let terms: Vec<(f64, f64)> = counts
        .iter()
        .map(|class| {
            (
                ratio(metric, *class),
                scale / fraction(metric, *class).1.max(1.0),
            )
        })
        .collect();
    let (by_truth, by_prediction) = match metric {
        Metric::Precision => (0.0, 1.0),
        Metric::Recall => (1.0, 0.0),
        _ => (1.0, 1.0),
    };
    rows.iter()
        .map(|(truth, prediction)| {
            let part = |class: usize, weight: f64| {
                let (ratio, scale) = terms[class];
                let hit = if *prediction == Some(*truth) {
                    1.0
                } else {
                    0.0
                };
                let wanted = only.is_none_or(|only| only == class);
                if wanted {
                    weight * (hit - ratio) * scale
                } else {
                    0.0
                }
            };
            // A hit counts once on each side for F1: (2 − 2 F1); a miss is −F1 in either class.
            part(*truth, by_truth) + prediction.map_or(0.0, |class| part(class, by_prediction))
        })
        .collect()
}
