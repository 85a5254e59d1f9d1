//! Judges one metric by a relative change: degraded beyond the threshold in the bad direction, and what it would have
//! noticed.

use super::interval::Estimate;
use super::{Undefined, special};
use crate::domain::metric::{Direction, Metric};

/// The quantile of the standard normal at 95 %, as the resolution is defined.
pub(super) const NOTICED_Z: f64 = 1.645;

/// An R² of the baseline up to here leaves no room for a relative change: a little noise is a large percentage of it.
pub const R_SQUARED_FLOOR: f64 = 0.1;

/// A change this little beyond the threshold, in percentage points, is rounding: 0.76 against 0.8 is 5 %, not more.
const ROUNDING_PCT: f64 = 1e-9;

/// The number that a version is judged against, in the metric's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BaselineNumber {
    pub value: f64,
    /// `None`: recorded, taken as exact.
    pub standard_error: Option<f64>,
    /// The value is 0 because no row spoke about the metric ([`Estimate::zero_by_convention`]).
    pub zero_by_convention: bool,
}

impl BaselineNumber {
    /// A number that was recorded with the version, without the rows it came from.
    #[must_use]
    pub const fn recorded(value: f64) -> Self {
        Self {
            value,
            standard_error: None,
            zero_by_convention: false,
        }
    }
}

impl From<&Estimate> for BaselineNumber {
    fn from(estimate: &Estimate) -> Self {
        Self {
            value: estimate.value,
            standard_error: Some(estimate.standard_error),
            zero_by_convention: estimate.zero_by_convention,
        }
    }
}

/// What one metric says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Healthy,
    Degraded,
    Undefined(Undefined),
}

/// What one metric says, and the numbers behind it. `None` where the comparison is undefined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdOutcome {
    pub outcome: Outcome,
    /// Current − baseline, in the metric's unit.
    pub change_value: Option<f64>,
    /// The change in percent of the baseline's size; positive is worse, whatever the metric's direction.
    pub worse_pct: Option<f64>,
    /// The value beyond which the metric is degraded, in its unit.
    pub limit_value: Option<f64>,
    /// The smallest true worsening, in percent of the baseline, that is called degraded with probability 95 %.
    /// `None` for recorded evidence.
    pub detectable_pct: Option<f64>,
    /// The share of checks of an unchanged version that would be called degraded, 0 to 1. `None` for recorded evidence.
    pub healthy_flagged_ratio: Option<f64>,
}

impl ThresholdOutcome {
    const fn undefined(why: Undefined) -> Self {
        Self {
            outcome: Outcome::Undefined(why),
            change_value: None,
            worse_pct: None,
            limit_value: None,
            detectable_pct: None,
            healthy_flagged_ratio: None,
        }
    }
}

/// Judges rows against a baseline.
///
/// With se the standard error of (current − baseline), the root of the sum of both squares, and tol = threshold/100:
/// `detectable_pct` = threshold + 100 · 1.645 · se/|baseline|, `healthy_flagged_ratio` = 1 − Φ(tol · |baseline|/se).
#[must_use]
pub fn live_outcome(
    metric: Metric,
    baseline: BaselineNumber,
    current: &Estimate,
    threshold_pct: f64,
) -> ThresholdOutcome {
    if current.zero_by_convention || baseline.zero_by_convention {
        return ThresholdOutcome::undefined(Undefined::NoPositiveRows);
    }
    let compared = recorded_outcome(metric, baseline.value, current.value, threshold_pct);
    if matches!(compared.outcome, Outcome::Undefined(_)) {
        return compared;
    }
    let standard_error = current
        .standard_error
        .hypot(baseline.standard_error.unwrap_or(0.0));
    let error_pct = 100.0 * standard_error / baseline.value.abs();
    let detectable_pct = threshold_pct + NOTICED_Z * error_pct;
    if !detectable_pct.is_finite() {
        return ThresholdOutcome::undefined(Undefined::NotFinite);
    }
    let healthy_flagged_ratio = if error_pct > 0.0 {
        special::normal_cdf(-threshold_pct / error_pct)
    } else {
        0.0
    };
    ThresholdOutcome {
        detectable_pct: Some(detectable_pct),
        healthy_flagged_ratio: Some(healthy_flagged_ratio),
        ..compared
    }
}

/// Compares two recorded numbers: no interval, no resolution.
///
/// Degraded where the change in the bad direction is more than `threshold_pct` percent of |baseline|. Undefined for a
/// metric without direction, a baseline of 0, an R² of the baseline of 0.1 or less, and numbers that are not finite.
#[must_use]
pub fn recorded_outcome(
    metric: Metric,
    baseline: f64,
    current: f64,
    threshold_pct: f64,
) -> ThresholdOutcome {
    let sign = match metric.direction() {
        Direction::HigherIsBetter => -1.0,
        Direction::LowerIsBetter => 1.0,
        Direction::None => return ThresholdOutcome::undefined(Undefined::NoDirection),
    };
    if ![baseline, current, threshold_pct]
        .iter()
        .all(|number| number.is_finite())
    {
        return ThresholdOutcome::undefined(Undefined::NotFinite);
    }
    if metric == Metric::R2 && baseline <= R_SQUARED_FLOOR {
        return ThresholdOutcome::undefined(Undefined::BaselineTooLow);
    }
    if baseline.abs() <= 0.0 {
        return ThresholdOutcome::undefined(Undefined::BaselineZero);
    }
    let limit_value = baseline + sign * threshold_pct / 100.0 * baseline.abs();
    let change_value = current - baseline;
    let Some(worse_pct) = metric.worse_pct(baseline, current) else {
        return ThresholdOutcome::undefined(Undefined::NotFinite);
    };
    if !(limit_value.is_finite() && change_value.is_finite()) {
        return ThresholdOutcome::undefined(Undefined::NotFinite);
    }
    let degraded = worse_pct > 0.0 && worse_pct > threshold_pct + ROUNDING_PCT;
    ThresholdOutcome {
        outcome: if degraded {
            Outcome::Degraded
        } else {
            Outcome::Healthy
        },
        change_value: Some(change_value),
        worse_pct: Some(worse_pct),
        limit_value: Some(limit_value),
        detectable_pct: None,
        healthy_flagged_ratio: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::vectors;
    use proptest::prelude::*;

    fn estimate(value: f64, standard_error: f64) -> Estimate {
        Estimate {
            value,
            low: value,
            high: value,
            standard_error,
            rows_count: 200,
            failed_count: 0,
            effective_count: 200,
            approximate: false,
            influence: Vec::new(),
            classes_count: None,
            unseen_truth_count: 0,
            zero_by_convention: false,
        }
    }

    #[test]
    fn verdicts_agree_with_the_vectors() {
        for case in vectors::list(&vectors::read("guard_vectors")["threshold"]) {
            let metric: Metric = case["metric"].as_str().unwrap().parse().unwrap();
            let [baseline, current, tolerance] =
                ["baseline", "current", "tol"].map(|key| vectors::number(&case[key]));
            let outcome = recorded_outcome(metric, baseline, current, 100.0 * tolerance).outcome;
            match case["out"].as_bool() {
                Some(degraded) => assert_eq!(outcome == Outcome::Degraded, degraded, "{case}"),
                None => assert!(matches!(outcome, Outcome::Undefined(_)), "{case}"),
            }
        }
    }

    #[test]
    fn hand_values() {
        // RMSE from 10 (se 0.3) to 11 (se 0.4): 10 % worse; se of the difference 0.5, which is 5 %.
        let baseline = BaselineNumber::from(&estimate(10.0, 0.3));
        let outcome = live_outcome(Metric::Rmse, baseline, &estimate(11.0, 0.4), 5.0);
        assert_eq!(outcome.outcome, Outcome::Degraded);
        assert_eq!(outcome.change_value, Some(1.0));
        assert_eq!(outcome.worse_pct, Some(10.0));
        assert_eq!(outcome.limit_value, Some(10.5));
        assert!((outcome.detectable_pct.unwrap() - (5.0 + 1.645 * 5.0)).abs() < 1e-12);
        // 1 − Φ(1).
        assert!((outcome.healthy_flagged_ratio.unwrap() - 0.158_655_253_931_457_05).abs() < 1e-10);
        // A recorded baseline is taken as exact.
        let outcome = live_outcome(
            Metric::Accuracy,
            BaselineNumber::recorded(0.9),
            &estimate(0.9, 0.02),
            5.0,
        );
        assert_eq!(outcome.outcome, Outcome::Healthy);
        assert!((outcome.limit_value.unwrap() - 0.855).abs() < 1e-12);
        assert!((outcome.detectable_pct.unwrap() - (5.0 + 164.5 * 0.02 / 0.9)).abs() < 1e-12);
    }

    #[test]
    fn recorded_numbers_have_no_resolution() {
        let outcome = recorded_outcome(Metric::R2, 0.8, 0.6, 5.0);
        assert_eq!(outcome.outcome, Outcome::Degraded);
        assert_eq!(
            (outcome.detectable_pct, outcome.healthy_flagged_ratio),
            (None, None)
        );
    }

    #[test]
    fn the_threshold_itself_is_still_healthy() {
        // In binary both are 5.000000000000004 %, or a little less.
        for (metric, baseline, current) in [
            (Metric::Accuracy, 0.8, 0.76),
            (Metric::R2, 0.6, 0.57),
            (Metric::Rmse, 0.2, 0.21),
            (Metric::Mae, 1.1, 1.155),
        ] {
            assert_eq!(
                recorded_outcome(metric, baseline, current, 5.0).outcome,
                Outcome::Healthy,
                "{metric}"
            );
        }
        assert_eq!(
            recorded_outcome(Metric::Accuracy, 0.8, 0.759_99, 5.0).outcome,
            Outcome::Degraded
        );
    }

    #[test]
    fn undefined_says_why() {
        let outcome =
            |metric, baseline, current| recorded_outcome(metric, baseline, current, 5.0).outcome;
        assert_eq!(
            outcome(Metric::R2, 0.1, -3.0),
            Outcome::Undefined(Undefined::BaselineTooLow)
        );
        assert_eq!(
            outcome(Metric::R2, -0.4, -3.0),
            Outcome::Undefined(Undefined::BaselineTooLow)
        );
        assert_eq!(outcome(Metric::R2, 0.11, -3.0), Outcome::Degraded);
        assert_eq!(
            outcome(Metric::Rmse, 0.0, 3.0),
            Outcome::Undefined(Undefined::BaselineZero)
        );
        assert_eq!(
            outcome(Metric::Rmse, -0.0, 3.0),
            Outcome::Undefined(Undefined::BaselineZero)
        );
        assert_eq!(
            outcome(Metric::MeanError, 1.0, 3.0),
            Outcome::Undefined(Undefined::NoDirection)
        );
        assert_eq!(
            outcome(Metric::Mae, 1.0, f64::NAN),
            Outcome::Undefined(Undefined::NotFinite)
        );
        assert_eq!(
            outcome(Metric::Mae, 1e-300, 1e300),
            Outcome::Undefined(Undefined::NotFinite)
        );
        // The error is a finite percentage of this baseline, 1.645 times it is not.
        let tiny = BaselineNumber::recorded(8e-307);
        let outcome = live_outcome(Metric::Accuracy, tiny, &estimate(0.0, 0.99), 0.0);
        assert_eq!(outcome.outcome, Outcome::Undefined(Undefined::NotFinite));
        let silent = Estimate {
            zero_by_convention: true,
            ..estimate(0.0, 0.2)
        };
        let outcome = live_outcome(Metric::Recall, BaselineNumber::recorded(0.8), &silent, 5.0);
        assert_eq!(
            outcome.outcome,
            Outcome::Undefined(Undefined::NoPositiveRows)
        );
        assert_eq!(outcome.detectable_pct, None);
        let outcome = live_outcome(
            Metric::Recall,
            BaselineNumber::from(&silent),
            &estimate(0.5, 0.1),
            5.0,
        );
        assert_eq!(
            outcome.outcome,
            Outcome::Undefined(Undefined::NoPositiveRows)
        );
    }

    /// Negative, zero, sign-crossing, huge and equal numbers.
    fn any_number() -> impl Strategy<Value = f64> {
        prop_oneof![
            -2.0..2.0_f64,
            prop::num::f64::NORMAL,
            prop::sample::select(vec![0.0, -0.0, 0.1, 1.0, -1.0, 0.1 + f64::EPSILON, 5e-324]),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn nothing_is_degraded_that_did_not_get_worse(
            metric in prop::sample::select(Metric::ALL.to_vec()),
            baseline in any_number(),
            current in any_number(),
            threshold_pct in prop_oneof![-10.0..50.0_f64, Just(0.0), Just(5.0)],
            standard_error in 0.0..10.0_f64,
        ) {
            // The direction in words of its own, not through Metric::direction.
            let worse = match metric.name() {
                "rmse" | "mae" | "mape" | "log_loss" | "brier" => current > baseline,
                "mean_error" => false,
                _ => current < baseline,
            };
            let recorded = recorded_outcome(metric, baseline, current, threshold_pct);
            let live = live_outcome(metric, BaselineNumber::recorded(baseline), &estimate(current, standard_error), threshold_pct);
            for outcome in [recorded, live] {
                prop_assert!(worse || outcome.outcome != Outcome::Degraded);
                let numbers = [outcome.change_value, outcome.worse_pct, outcome.limit_value, outcome.detectable_pct, outcome.healthy_flagged_ratio];
                prop_assert!(numbers.iter().flatten().all(|number| number.is_finite()));
                prop_assert_eq!(matches!(outcome.outcome, Outcome::Undefined(_)), outcome.worse_pct.is_none());
                prop_assert!(outcome.healthy_flagged_ratio.is_none_or(|ratio| (0.0..=1.0).contains(&ratio)));
            }
        }

        #[test]
        fn a_change_well_beyond_the_threshold_is_degraded(
            metric in prop::sample::select(Metric::ALL.to_vec()),
            baseline in prop_oneof![0.11..5.0_f64, -5.0..-0.11_f64],
            threshold_pct in 0.0..50.0_f64,
            beyond_pct in 0.001..200.0_f64,
        ) {
            let change = (threshold_pct + beyond_pct) / 100.0 * baseline.abs();
            let outcome = match metric.name() {
                "rmse" | "mae" | "mape" | "log_loss" | "brier" => recorded_outcome(metric, baseline, baseline + change, threshold_pct),
                "mean_error" => return Ok(()),
                "r2" if baseline <= 0.1 => return Ok(()),
                _ => recorded_outcome(metric, baseline, baseline - change, threshold_pct),
            };
            prop_assert_eq!(outcome.outcome, Outcome::Degraded);
        }

        #[test]
        fn a_surer_check_sees_more(baseline in 0.2..5.0_f64, one in 0.001..1.0_f64, two in 0.001..1.0_f64) {
            let see = |error| live_outcome(Metric::Mae, BaselineNumber::recorded(baseline), &estimate(baseline, error), 5.0);
            let (fine, coarse) = (see(one.min(two)), see(one.max(two)));
            prop_assert!(fine.detectable_pct <= coarse.detectable_pct);
            prop_assert!(fine.healthy_flagged_ratio <= coarse.healthy_flagged_ratio);
            prop_assert!(fine.detectable_pct > Some(5.0));
        }

        #[test]
        fn units_do_not_matter(baseline in 0.2..5.0_f64, ratio in 0.5..2.0_f64, error in 0.001..1.0_f64, unit in 0.01..100.0_f64) {
            let see = |unit: f64| live_outcome(Metric::Rmse, BaselineNumber::recorded(baseline * unit), &estimate(baseline * ratio * unit, error * unit), 5.0);
            let (one, other) = (see(1.0), see(unit));
            prop_assert!((one.worse_pct.unwrap() - other.worse_pct.unwrap()).abs() < 1e-9);
            prop_assert!((one.detectable_pct.unwrap() - other.detectable_pct.unwrap()).abs() < 1e-8);
        }
    }
}
