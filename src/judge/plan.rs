//! What a baseline will be able to show: the smallest degradation that a window can find, and the rows that a given
//! one takes.

use super::interval::Estimate;
use super::threshold::NOTICED_Z;

/// How much worse, in percent, the metric must become to be called degraded with probability 95 % on a window of
/// `rows_count` rows: `threshold_pct + 100 · 1.645 · se/|baseline|`, se² the sum of both variances, the window's taken
/// to be the baseline's per row. `None`: the baseline is 0.
#[must_use]
pub fn detectable_pct(baseline: &Estimate, threshold_pct: f64, rows_count: u64) -> Option<f64> {
    if rows_count == 0 || baseline.value == 0.0 {
        return None;
    }
    let share = baseline.rows_count as f64 / rows_count as f64;
    let error = baseline.standard_error * (1.0 + share).sqrt();
    let pct = threshold_pct + 100.0 * NOTICED_Z * error / baseline.value.abs();
    pct.is_finite().then_some(pct)
}

/// The rows that a window needs so that a degradation of `worse_pct` is noticed with probability 95 %; the inverse of
/// [`detectable_pct`]. `None`: the baseline is too small a sample for that however many rows there are.
#[must_use]
pub fn rows_needed(baseline: &Estimate, threshold_pct: f64, worse_pct: f64) -> Option<u64> {
    let wanted_error = (worse_pct - threshold_pct) / (100.0 * NOTICED_Z) * baseline.value.abs();
    let own = baseline.standard_error;
    let room = wanted_error.powi(2) - own.powi(2);
    if wanted_error <= 0.0 || room <= 0.0 {
        return None;
    }
    let rows = (baseline.rows_count as f64 * own.powi(2) / room).ceil();
    // At most 2⁵³, so that the cast is exact.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be a whole number in range"
    )]
    (rows.is_finite() && rows <= 9e15).then_some((rows as u64).max(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metric::Metric;
    use crate::domain::sample::{NumberSample, Sample};
    use crate::judge::interval::Confidence;
    use crate::judge::metrics::measure;

    fn baseline() -> Estimate {
        let truth: Vec<f64> = (0..400).map(f64::from).collect();
        let prediction = truth
            .iter()
            .map(|t| Some(t + 1.0 + (t * 0.7).sin()))
            .collect();
        let sample = Sample::Numbers(NumberSample { truth, prediction });
        measure(Metric::Mae, &sample, None, Confidence::NINETY_FIVE).unwrap()
    }

    #[test]
    fn the_rows_that_are_needed_detect_just_that() {
        let baseline = baseline();
        let rows = rows_needed(&baseline, 5.0, 20.0).unwrap();
        assert!(detectable_pct(&baseline, 5.0, rows).unwrap() <= 20.0);
        assert!(detectable_pct(&baseline, 5.0, rows - 1).unwrap() > 20.0);
    }

    #[test]
    fn what_lies_within_the_tolerance_takes_for_ever() {
        assert_eq!(rows_needed(&baseline(), 5.0, 5.0), None);
        assert_eq!(rows_needed(&baseline(), 5.0, 5.1), None);
    }

    #[test]
    fn more_rows_detect_less() {
        let baseline = baseline();
        let few = detectable_pct(&baseline, 5.0, 50).unwrap();
        let many = detectable_pct(&baseline, 5.0, 5_000).unwrap();
        assert!(many < few && many > 5.0, "{many} {few}");
        assert_eq!(detectable_pct(&baseline, 5.0, 0), None);
    }

    #[test]
    fn a_baseline_of_zero_detects_nothing() {
        let zero = Estimate {
            value: 0.0,
            ..baseline()
        };
        assert_eq!(detectable_pct(&zero, 5.0, 100), None);
        assert_eq!(rows_needed(&zero, 5.0, 50.0), None);
    }

    #[test]
    fn a_window_as_large_as_the_baseline_has_the_error_of_both() {
        let baseline = baseline();
        let by_hand = 5.0 + 164.5 * 2.0_f64.sqrt() * baseline.standard_error / baseline.value.abs();
        let pct = detectable_pct(&baseline, 5.0, baseline.rows_count as u64).unwrap();
        // 1.645 is the quantile to three decimals.
        assert!((pct - by_hand).abs() < 1e-3, "{pct} {by_hand}");
    }

    #[test]
    fn the_sign_of_the_baseline_does_not_matter() {
        let plus = baseline();
        let minus = Estimate {
            value: -plus.value,
            ..plus.clone()
        };
        assert_eq!(
            detectable_pct(&plus, 5.0, 300),
            detectable_pct(&minus, 5.0, 300)
        );
        assert_eq!(
            rows_needed(&plus, 5.0, 30.0),
            rows_needed(&minus, 5.0, 30.0)
        );
    }

    #[test]
    fn two_rows_are_the_least_that_give_an_interval() {
        assert_eq!(rows_needed(&baseline(), 5.0, 1e9), Some(2));
    }
}
