//! How sure a number is: the estimate with its interval, Wilson's interval, exact sums, the spread of a mean.

use super::{real, special};

/// Below this many rows an interval is called approximate.
pub const APPROXIMATE_BELOW: usize = 30;

/// The share of intervals that hold the true value, between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confidence {
    ratio: f64,
    z: f64,
}

impl Confidence {
    /// 95 %.
    pub const NINETY_FIVE: Self = Self {
        ratio: 0.95,
        z: 1.959_963_984_540_054,
    };

    /// A confidence of `ratio`; `None` unless it lies strictly between 0 and 1.
    #[must_use]
    pub fn new(ratio: f64) -> Option<Self> {
        let z = special::normal_quantile(0.5 + 0.5 * ratio)?;
        (z.is_finite() && z > 0.0).then_some(Self { ratio, z })
    }

    /// The share itself, 0 to 1.
    #[must_use]
    pub const fn ratio(self) -> f64 {
        self.ratio
    }

    /// How many standard errors the interval reaches to each side.
    #[must_use]
    pub const fn z(self) -> f64 {
        self.z
    }
}

impl Default for Confidence {
    fn default() -> Self {
        Self::NINETY_FIVE
    }
}

/// A metric on rows, and how sure it is. All numbers are finite, in the metric's own unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    pub value: f64,
    /// Ends of the interval; for a share of rows within 0 to 1.
    pub low: f64,
    pub high: f64,
    /// Never 0 for a metric of classes: where all rows agree it is half the width of Wilson's interval over z.
    pub standard_error: f64,
    /// All labelled rows, failed predictions included.
    pub rows_count: usize,
    pub failed_count: usize,
    /// The rows the interval rests on: for precision the rows predicted positive, for recall those that are positive,
    /// for F1 those that are either, for the AUC of two classes the rarer class, for the mean error the predictions
    /// that did not fail; else all.
    pub effective_count: usize,
    /// Fewer than 30 effective rows.
    pub approximate: bool,
    /// Per row, in their order: what it adds. Their mean is 0, and `value + mean` over other rows of the same kind
    /// approximates the value there; differences of two versions on the same rows are judged by them.
    pub influence: Vec<f64>,
    /// How many classes a macro average runs over.
    pub classes_count: Option<usize>,
    /// Rows whose true class has probability 0 in every row: the model does not know it. AUC, log loss, Brier.
    pub unseen_truth_count: usize,
    /// The value is 0 by scikit-learn's convention for 0/0: no row spoke about the metric.
    pub zero_by_convention: bool,
}

/// The ends of an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub low: f64,
    pub high: f64,
}

impl Bounds {
    /// `value` ± z · `standard_error`.
    #[must_use]
    pub fn around(value: f64, standard_error: f64, confidence: Confidence) -> Self {
        let half = confidence.z() * standard_error;
        Self {
            low: value - half,
            high: value + half,
        }
    }

    /// The part within `low` to `high`.
    #[must_use]
    pub fn within(self, low: f64, high: f64) -> Self {
        Self {
            low: self.low.clamp(low, high),
            high: self.high.clamp(low, high),
        }
    }

    /// The standard error that a normal interval of this width has.
    #[must_use]
    pub fn standard_error(self, confidence: Confidence) -> f64 {
        (self.high - self.low) / (2.0 * confidence.z())
    }
}

/// Wilson's interval for `successes` of `trials`: the p with |k/n − p| ≤ z √(p(1 − p)/n) (Wilson 1927).
///
/// It has a width even at 0 and at n successes; 0 trials give 0 to 1.
#[must_use]
pub fn wilson(successes: usize, trials: usize, confidence: Confidence) -> Bounds {
    wilson_of_share(real(successes) / real(trials.max(1)), trials, confidence)
}

/// Wilson's interval around a `share` (0 to 1) that need not be a whole number of successes.
#[must_use]
pub fn wilson_of_share(share: f64, trials: usize, confidence: Confidence) -> Bounds {
    if trials == 0 {
        return Bounds {
            low: 0.0,
            high: 1.0,
        };
    }
    let (n, square) = (real(trials), confidence.z() * confidence.z());
    let centre = (share + square / (2.0 * n)) / (1.0 + square / n);
    let variance = share * (1.0 - share) / n + square / (4.0 * n * n);
    let half = variance.max(0.0).sqrt() * confidence.z() / (1.0 + square / n);
    Bounds {
        low: if share <= 0.0 { 0.0 } else { centre - half },
        high: if share >= 1.0 { 1.0 } else { centre + half },
    }
    .within(0.0, 1.0)
}

/// The sum with Neumaier's compensation: the rounding of each addition is kept and added last.
#[must_use]
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() {
            (total - next) + value
        } else {
            (value - next) + total
        };
        total = next;
    }
    total + lost
}

/// The arithmetic mean; `None` of nothing, or where the sum is not finite.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    let mean = sum(values.iter().copied()) / real(values.len());
    mean.is_finite().then_some(mean)
}

/// The variance with divisor n, in two passes; `None` of nothing, or where it is not finite.
#[must_use]
pub fn variance(values: &[f64]) -> Option<f64> {
    let centre = mean(values)?;
    let squares = sum(values
        .iter()
        .map(|value| (value - centre) * (value - centre)));
    let variance = squares / real(values.len());
    variance.is_finite().then_some(variance)
}

/// The standard error of the mean of `values`: √(Σ(x − mean)²/(n(n − 1))); `None` below two values.
#[must_use]
pub fn standard_error_of_mean(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    Some((variance(values)? / (real(values.len()) - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::vectors;
    use proptest::prelude::*;

    const SURE: Confidence = Confidence::NINETY_FIVE;

    #[test]
    fn ninety_five_percent_is_what_the_quantile_says() {
        assert!((Confidence::new(0.95).unwrap().z() - SURE.z()).abs() < 1e-12);
        assert!((Confidence::new(0.5).unwrap().z() - 0.674_489_750_196_081_7).abs() < 1e-12);
        for ratio in [0.0, 1.0, -0.5, 1.5, f64::NAN] {
            assert_eq!(Confidence::new(ratio), None);
        }
        assert_eq!(Confidence::default(), SURE);
    }

    #[test]
    fn wilson_agrees_with_the_reference() {
        for case in vectors::list(&vectors::read("special")["wilson"]) {
            let bounds = wilson(vectors::count(&case["k"]), vectors::count(&case["n"]), SURE);
            let reference = vectors::numbers(&case["out"]);
            assert!(
                (bounds.low - reference[0]).abs() < 1e-12,
                "{case} {bounds:?}"
            );
            assert!(
                (bounds.high - reference[1]).abs() < 1e-12,
                "{case} {bounds:?}"
            );
        }
    }

    #[test]
    fn wilson_by_hand() {
        // All of n: low = n/(n + z²), the root of n (1 − p) = z² p.
        let square = SURE.z() * SURE.z();
        let bounds = wilson(10, 10, SURE);
        assert!((bounds.low - 10.0 / (10.0 + square)).abs() < 1e-14);
        assert_eq!(bounds.high, 1.0);
        assert_eq!(wilson(0, 10, SURE).low, 0.0);
        assert_eq!(
            wilson(0, 0, SURE),
            Bounds {
                low: 0.0,
                high: 1.0
            }
        );
        assert!(
            (bounds.standard_error(SURE) - square / (10.0 + square) / 2.0 / SURE.z()).abs() < 1e-14
        );
    }

    #[test]
    fn sums_keep_what_plain_addition_loses() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(sum([0.1; 10]), 1.0);
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[f64::MAX, f64::MAX]), None);
        // Two passes: the naive Σx² − n·mean² gives 0 or worse here.
        let variance = variance(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]).unwrap();
        assert!((variance - 2.0 / 3.0).abs() < 1e-12);
        // Deviations ±1, 0: √(2/(3 · 2)).
        let error = standard_error_of_mean(&[1.0, 2.0, 3.0]).unwrap();
        assert!((error - (1.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        assert_eq!(standard_error_of_mean(&[1.0]), None);
    }

    proptest! {
        #[test]
        fn wilson_mirrors_and_contains_the_share(trials in 1_usize..5000, part in 0.0..=1.0_f64, ratio in 0.5..0.999_f64) {
            let confidence = Confidence::new(ratio).unwrap();
            let successes = ((trials as f64) * part) as usize;
            let (bounds, mirror) = (wilson(successes, trials, confidence), wilson(trials - successes, trials, confidence));
            let share = successes as f64 / trials as f64;
            prop_assert!(0.0 <= bounds.low && bounds.low <= share && share <= bounds.high && bounds.high <= 1.0);
            prop_assert!((bounds.low + mirror.high - 1.0).abs() < 1e-12);
            prop_assert!(bounds.standard_error(confidence) > 0.0);
            // Both ends solve |share − p| = z √(p(1 − p)/n).
            for end in [bounds.low, bounds.high] {
                let distance = confidence.z() * (end * (1.0 - end) / trials as f64).sqrt();
                let inner = end > 0.0 && end < 1.0;
                prop_assert!(!inner || ((share - end).abs() - distance).abs() < 1e-9);
            }
        }

        #[test]
        fn more_trials_are_surer(trials in 1_usize..2000, successes in 0_usize..2000) {
            let successes = successes.min(trials);
            let (few, many) = (wilson(successes, trials, SURE), wilson(2 * successes, 2 * trials, SURE));
            prop_assert!(many.high - many.low < few.high - few.low);
        }
    }
}
