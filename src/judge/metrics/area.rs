//! Measures how well scores tell classes apart: the area under the ROC curve, with DeLong's standard error.

use super::super::interval::{
    APPROXIMATE_BELOW, Bounds, Confidence, Estimate, standard_error_of_mean, wilson_of_share,
};
use super::super::{Undefined, real};
use super::classes::{blank, check, of_class, probabilities, unseen_truth_count};
use super::finite;
use crate::domain::sample::ClassSample;

/// One class against the rest.
struct Area {
    value: f64,
    positives: usize,
    negatives: usize,
    /// Per row; their standard error of the mean is DeLong's.
    influence: Vec<f64>,
    /// DeLong's variance says nothing: all pairs agree, or one side has a single row.
    degenerate: bool,
}

/// The area under the ROC curve: of the positive class for two classes (the last label where none is named), for more
/// the mean over the classes that have both positives and negatives, one against the rest.
///
/// A failed prediction scores below all others where its row is of the class, above all others where it is not, so that
/// it loses every comparison. DeLong, DeLong and Clarke-Pearson 1988; where that variance says nothing, Wilson's with as
/// many trials as the rarer side has rows (the independent pairs).
pub(super) fn measure(sample: &ClassSample, confidence: Confidence) -> Result<Estimate, Undefined> {
    check(sample)?;
    let two = sample.labels.len() <= 2;
    let classes = if two {
        let class = sample.positive.unwrap_or(sample.labels.len() - 1);
        class..class + 1
    } else {
        0..sample.labels.len()
    };
    let rows = sample.truth.len();
    let (mut count, mut total, mut sparse_variance) = (0_usize, 0.0, 0.0);
    let mut influence = vec![0.0; rows];
    let mut rarer = rows;
    let mut last = None;
    for class in classes {
        let Some(area) = one_against_rest(sample, class)? else {
            continue;
        };
        count += 1;
        total += area.value;
        rarer = area.positives.min(area.negatives);
        for (sum, part) in influence.iter_mut().zip(&area.influence) {
            *sum += part;
        }
        let wilson = wilson_of_share(area.value, rarer, confidence);
        if area.degenerate {
            sparse_variance += wilson.standard_error(confidence).powi(2);
            last = Some(wilson);
        }
    }
    if count == 0 {
        return Err(Undefined::OneClass);
    }
    let classes = real(count);
    for part in &mut influence {
        *part /= classes;
    }
    let value = total / classes;
    let effective_count = if two { rarer } else { rows };
    let (standard_error, bounds) = match last {
        Some(wilson) if two => (wilson.standard_error(confidence), wilson),
        _ => {
            let spread = standard_error_of_mean(&influence).ok_or(Undefined::NotFinite)?;
            let standard_error = (spread * spread + sparse_variance / (classes * classes)).sqrt();
            let bounds = Bounds::around(value, standard_error, confidence).within(0.0, 1.0);
            (standard_error, bounds)
        }
    };
    finite(Estimate {
        value,
        low: bounds.low,
        high: bounds.high,
        standard_error,
        effective_count,
        approximate: effective_count < APPROXIMATE_BELOW,
        influence,
        classes_count: (!two).then_some(count),
        unseen_truth_count: unseen_truth_count(sample),
        ..blank(sample)
    })
}

/// The area of one class, in O(n log n); `None` where all rows or none are of it.
fn one_against_rest(sample: &ClassSample, class: usize) -> Result<Option<Area>, Undefined> {
    let rows = sample.truth.len();
    let is_positive = |row: usize| sample.truth[row] == class;
    let positives = (0..rows).filter(|row| is_positive(*row)).count();
    let negatives = rows - positives;
    let mut scored = Vec::with_capacity(rows);
    for row in 0..rows {
        let score = match probabilities(sample, row)? {
            // Adding 0 turns -0 into 0, which sorts apart from it.
            Some(given) => of_class(given, class) + 0.0,
            None if is_positive(row) => f64::NEG_INFINITY,
            None => f64::INFINITY,
        };
        scored.push((score, row));
    }
    if positives == 0 || negatives == 0 {
        return Ok(None);
    }
    scored.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    // Twice the number of rows of the other side that a row beats, ties half.
    let mut doubled_wins = vec![0_usize; rows];
    let (mut positives_below, mut negatives_below) = (0, 0);
    for tied in scored.chunk_by(|one, other| one.0 >= other.0) {
        let here = tied.iter().filter(|(_, row)| is_positive(*row)).count();
        let there = tied.len() - here;
        for (_, row) in tied {
            doubled_wins[*row] = if is_positive(*row) {
                2 * negatives_below + there
            } else {
                2 * (positives - positives_below - here) + here
            };
        }
        positives_below += here;
        negatives_below += there;
    }
    let won: usize = (0..rows)
        .filter(|row| is_positive(*row))
        .map(|row| doubled_wins[row])
        .sum();
    let pairs = 2.0 * real(positives) * real(negatives);
    let value = real(won) / pairs;
    let influence = doubled_wins
        .iter()
        .enumerate()
        .map(|(row, wins)| {
            let (own, other) = if is_positive(row) {
                (positives, negatives)
            } else {
                (negatives, positives)
            };
            (real(*wins) / (2.0 * real(other)) - value) * weight(rows, own)
        })
        .collect();
    let unanimous = won == 0 || real(won) >= pairs;
    Ok(Some(Area {
        value,
        positives,
        negatives,
        influence,
        degenerate: unanimous || positives < 2 || negatives < 2,
    }))
}

/// What turns a row's share of wins into its influence: n/m, times a factor near 1 that makes the variance of the mean
/// influence, which divides by n − 1, the one of DeLong, which divides by m − 1 on each side.
fn weight(rows: usize, own: usize) -> f64 {
    let (n, m) = (real(rows), real(own));
    if own < 2 {
        return n / m;
    }
    n / m * ((n - 1.0) * m / (n * (m - 1.0))).sqrt()
}
