//! The normal and the binomial distribution: what intervals and tests are read from.

use statrs::function::erf;

/// The normal distribution function Φ(z).
///
/// Formula: ½ erfc(−z/√2), which keeps its relative precision far out in the lower tail.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * erf::erfc(-z / std::f64::consts::SQRT_2)
}

/// The normal quantile: the z with Φ(z) = `probability`; ±infinity at 1 and 0.
///
/// `None` for a probability outside 0 to 1 or NaN.
#[must_use]
pub fn normal_quantile(probability: f64) -> Option<f64> {
    (0.0..=1.0)
        .contains(&probability)
        // The sum turns the quantile of a half from -0 into 0.
        .then(|| -std::f64::consts::SQRT_2 * erf::erfc_inv(2.0 * probability) + 0.0)
}

/// P(X ≤ `successes`) for X binomial with `trials` and `probability`.
///
/// `None` for a probability outside 0 to 1 or NaN. The tail is summed outwards from the term next to `successes`,
/// that term after Loader 2000, "Fast and accurate computation of binomial probabilities". Not through the incomplete
/// beta function: its continued fraction in statrs stops after 140 steps and gives 0.499 for 0.500 at 10⁶ trials.
#[must_use]
pub fn binomial_cdf(successes: u64, trials: u64, probability: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&probability) {
        return None;
    }
    if successes >= trials || probability <= 0.0 {
        return Some(1.0);
    }
    if probability >= 1.0 {
        return Some(0.0);
    }
    let (k, n) = (real(successes), real(trials));
    let odds = probability / (1.0 - probability);
    let below_mean = k <= n * probability;
    // The tail that shrinks away from the mean: X ≤ k below it, X ≥ k + 1 above it.
    let mut index = if below_mean { k } else { k + 1.0 };
    let mut term = binomial_term(index, n, probability);
    let mut total = 0.0;
    while term > total * 1e-18 {
        total += term;
        if below_mean {
            term *= index / ((n - index + 1.0) * odds);
            index -= 1.0;
        } else {
            term *= (n - index) * odds / (index + 1.0);
            index += 1.0;
        }
    }
    let cdf = if below_mean { total } else { 1.0 - total };
    Some(cdf.clamp(0.0, 1.0))
}

/// P(X = `k`) for 0 ≤ k ≤ n and 0 < p < 1 (Loader 2000).
fn binomial_term(k: f64, n: f64, p: f64) -> f64 {
    let q = 1.0 - p;
    if k <= 0.0 {
        return (n * (-p).ln_1p()).exp();
    }
    if k >= n {
        return (n * p.ln()).exp();
    }
    let log_term = stirling_error(n)
        - stirling_error(k)
        - stirling_error(n - k)
        - deviance(k, n * p)
        - deviance(n - k, n * q);
    (n / (std::f64::consts::TAU * k * (n - k))).sqrt() * log_term.exp()
}

/// ln n! less Stirling's formula for it: ½ ln(2πn) + n ln n − n.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        let mut log_factorial = 0.0;
        let mut factor = 2.0;
        while factor <= n {
            log_factorial += f64::ln(factor);
            factor += 1.0;
        }
        return log_factorial - 0.5 * (std::f64::consts::TAU * n).ln() - n * n.ln() + n;
    }
    let square = n * n;
    (1.0 / 12.0
        - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / square) / square) / square)
            / square)
        / n
}

/// x ln(x/m) + m − x without cancellation for x near m.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() + m - x;
    }
    let v = (x - m) / (x + m);
    let mut total = (x - m) * v;
    let mut power = 2.0 * x * v;
    let mut order = 3.0;
    loop {
        power *= v * v;
        let next = total + power / order;
        if (next - total).abs() <= total.abs() * f64::EPSILON {
            return next;
        }
        total = next;
        order += 2.0;
    }
}

/// A count as a real number; exact up to 2⁵³.
fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::vectors;
    use proptest::prelude::*;
    use statrs::distribution::{Binomial, DiscreteCDF};

    fn close(value: f64, reference: f64, tolerance: f64) {
        assert!(
            (value - reference).abs() <= tolerance * reference.abs().max(1e-300),
            "{value:e} is not {reference:e}"
        );
    }

    #[test]
    fn the_normal_distribution_agrees_with_the_reference() {
        for file in ["special", "guard_vectors"] {
            for case in vectors::list(&vectors::read(file)["norm_ppf"]) {
                let probability = vectors::number(&case["p"]);
                let quantile = normal_quantile(probability).unwrap();
                assert!((quantile - vectors::number(&case["out"])).abs() < 1e-9);
                close(normal_cdf(quantile), probability, 1e-9);
            }
        }
        for case in vectors::list(&vectors::read("special")["norm_cdf"]) {
            close(
                normal_cdf(vectors::number(&case["z"])),
                vectors::number(&case["out"]),
                1e-10,
            );
        }
    }

    #[test]
    fn the_binomial_distribution_agrees_with_the_reference() {
        for file in ["special", "guard_vectors"] {
            for case in vectors::list(&vectors::read(file)["binom_cdf"]) {
                let (k, n) = (vectors::count(&case["k"]), vectors::count(&case["n"]));
                let value = binomial_cdf(k as u64, n as u64, vectors::number(&case["p"]));
                close(value.unwrap(), vectors::number(&case["out"]), 1e-9);
            }
        }
    }

    #[test]
    fn hand_values() {
        assert!((normal_cdf(0.0) - 0.5).abs() < 1e-16);
        assert!(normal_quantile(0.5).unwrap().abs() < 1e-16);
        // Of 16 outcomes of four fair tosses, one has no head and four have one.
        close(binomial_cdf(1, 4, 0.5).unwrap(), 5.0 / 16.0, 1e-14);
        close(binomial_cdf(0, 3, 0.2).unwrap(), 0.512, 1e-14);
        assert_eq!(binomial_cdf(0, 0, 0.5), Some(1.0));
        assert_eq!(binomial_cdf(0, 5, 0.0), Some(1.0));
        assert_eq!(binomial_cdf(4, 5, 1.0), Some(0.0));
    }

    #[test]
    fn what_is_no_probability_has_no_answer() {
        for probability in [-0.1, 1.1, f64::NAN] {
            assert_eq!(normal_quantile(probability), None);
            assert_eq!(binomial_cdf(1, 2, probability), None);
        }
    }

    proptest! {
        #[test]
        fn both_tails_are_one(trials in 1_u64..3000, share in 0.0..1.0_f64, probability in 0.01..0.99_f64) {
            let successes = (share * trials as f64) as u64;
            let lower = binomial_cdf(successes, trials, probability).unwrap();
            // X ≤ k exactly if n − X ≥ n − k.
            let upper = if successes == trials {
                0.0
            } else {
                binomial_cdf(trials - successes - 1, trials, 1.0 - probability).unwrap()
            };
            prop_assert!((lower + upper - 1.0).abs() < 1e-11);
        }

        #[test]
        fn small_counts_agree_with_statrs(trials in 1_u64..300, share in 0.0..1.0_f64, probability in 0.01..0.99_f64) {
            let successes = (share * trials as f64) as u64;
            let other = Binomial::new(probability, trials).unwrap().cdf(successes);
            prop_assert!((binomial_cdf(successes, trials, probability).unwrap() - other).abs() < 1e-10);
        }

        #[test]
        fn the_quantile_undoes_the_distribution(z in -8.0..5.0_f64) {
            prop_assert!((normal_quantile(normal_cdf(z)).unwrap() - z).abs() < 1e-8);
        }
    }
}
