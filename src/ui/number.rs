//! Writes numbers for people: three significant digits, separators, units, direction in words.

/// Writes a measured value with three significant digits.
///
/// Digits before the decimal point are never rounded away (`1,731`, not `1,730`). What is closer
/// to zero than 0.0001, or beyond 10¹², is written with an exponent (`4.12e-5`).
pub fn value(number: f64) -> String {
    if !number.is_finite() {
        return not_finite(number).to_owned();
    }
    let size = number.abs();
    if number == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e12).contains(&size) {
        format!("{number:.2e}")
    } else {
        fixed(number, decimals_for(size))
    }
}

/// Writes a difference: as [`value`], with its sign also where it is positive.
pub fn signed(number: f64) -> String {
    with_plus(number, value(number))
}

/// Writes an estimate with its interval: `0.412 [0.398, 0.427]`.
///
/// All three have the same number of decimals, so that they can be compared by eye: that of the
/// estimate, or of half the interval where the estimate is closer to zero than it is wide.
pub fn interval(estimate: f64, low: f64, high: f64) -> String {
    triple(estimate, low, high, |_, text| text)
}

/// Writes a difference with its interval, signs included: `-0.014 [-0.031, +0.002]`.
pub fn signed_interval(estimate: f64, low: f64, high: f64) -> String {
    triple(estimate, low, high, with_plus)
}

/// Writes a count with separators: `1,731`.
pub fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// Writes a percentage with one decimal: `6.2 %`.
pub fn percent(pct: f64) -> String {
    if pct.is_finite() {
        format!("{} %", fixed(pct, 1))
    } else {
        not_finite(pct).to_owned()
    }
}

/// Says a change in words: `worse by 6.2 %`, `better by 2.6 %`, `unchanged`.
///
/// `worse_pct` is positive when worse, whatever direction the metric has.
pub fn change(worse_pct: f64) -> String {
    if !worse_pct.is_finite() {
        return "change undefined".to_owned();
    }
    let size = if worse_pct.abs() < 1e6 {
        fixed(worse_pct.abs(), 1)
    } else {
        value(worse_pct.abs())
    };
    if size == "0.0" {
        "unchanged".to_owned()
    } else if worse_pct > 0.0 {
        format!("worse by {size} %")
    } else {
        format!("better by {size} %")
    }
}

/// Writes the smallest degradation that would have been noticed: `+23 %`, `+4.1 %`.
pub fn resolution(detectable_pct: f64) -> String {
    if !detectable_pct.is_finite() {
        return not_finite(detectable_pct).to_owned();
    }
    let decimals = usize::from(detectable_pct.abs() < 9.95);
    let text = if detectable_pct.abs() < 1e6 {
        fixed(detectable_pct, decimals)
    } else {
        value(detectable_pct)
    };
    format!("{} %", with_plus(detectable_pct, text))
}

/// Writes a size in decimal units: `512 B`, `18.4 MB`.
pub fn bytes(size_bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if size_bytes < 1000 {
        return format!("{size_bytes} B");
    }
    let mut scaled = size_bytes as f64;
    let mut unit = "B";
    for larger in UNITS {
        // Half a unit below the next thousand would be written as 1000.
        if scaled < 999.5 {
            break;
        }
        scaled /= 1000.0;
        unit = larger;
    }
    format!("{} {unit}", value(scaled))
}

/// Writes a length of time: `84 ms`, `3.2 s`, `42 s`, `12 min`, `3 h`, `2 d 4 h`, `12 d`.
///
/// Whole units are counted as passed, never rounded up: 59 minutes are not an hour.
pub fn duration(micros: u64) -> String {
    const SECOND: u64 = 1_000_000;
    const MINUTE: u64 = 60 * SECOND;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    if micros < 1_000 {
        "under 1 ms".to_owned()
    } else if micros < SECOND {
        format!("{} ms", micros / 1_000)
    } else if micros < 10 * SECOND {
        let tenths = micros / 100_000;
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else if micros < MINUTE {
        format!("{} s", micros / SECOND)
    } else if micros < HOUR {
        format!("{} min", micros / MINUTE)
    } else if micros < DAY {
        format!("{} h", micros / HOUR)
    } else {
        let days = micros / DAY;
        let hours = (micros % DAY) / HOUR;
        if days >= 10 || hours == 0 {
            format!("{} d", count(days))
        } else {
            format!("{days} d {hours} h")
        }
    }
}

fn not_finite(number: f64) -> &'static str {
    if number.is_nan() {
        "undefined"
    } else {
        "infinite"
    }
}

fn with_plus(number: f64, text: String) -> String {
    // The sign belongs to what is shown: a difference that rounds to zero has none.
    if number > 0.0 && text.chars().any(|digit| ('1'..='9').contains(&digit)) {
        format!("+{text}")
    } else {
        text
    }
}

fn triple(estimate: f64, low: f64, high: f64, sign: impl Fn(f64, String) -> String) -> String {
    if ![estimate, low, high]
        .iter()
        .all(|number| number.is_finite())
    {
        let show = |number| sign(number, value(number));
        return format!("{} [{}, {}]", show(estimate), show(low), show(high));
    }
    let scale = estimate.abs().max((high - low).abs() / 2.0);
    let tiny_or_huge = scale != 0.0 && !(1e-4..1e12).contains(&scale);
    let show = |number: f64| {
        let text = if tiny_or_huge {
            value(number)
        } else {
            fixed(number, decimals_for(scale))
        };
        sign(number, text)
    };
    format!("{} [{}, {}]", show(estimate), show(low), show(high))
}

/// Counts the decimals that leave three significant digits of a number of this size.
fn decimals_for(size: f64) -> usize {
    if size == 0.0 {
        return 0;
    }
    // The exponent after rounding to three digits: 0.9996 is 1.00, not 1.000.
    let rounded = format!("{size:.2e}");
    let exponent: i32 = rounded
        .split_once('e')
        .and_then(|(_, digits)| digits.parse().ok())
        .unwrap_or(0);
    usize::try_from(2 - exponent).unwrap_or(0)
}

/// Writes with a fixed number of decimals and separators; never a negative zero.
fn fixed(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) if rest.chars().any(|digit| ('1'..='9').contains(&digit)) => ("-", rest),
        Some(rest) => ("", rest),
        None => ("", text.as_str()),
    };
    match digits.split_once('.') {
        Some((whole, fraction)) => format!("{sign}{}.{fraction}", grouped(whole)),
        None => format!("{sign}{}", grouped(digits)),
    }
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_have_three_significant_digits() {
        let cases = [
            (0.412, "0.412"),
            (0.41249, "0.412"),
            (17.2, "17.2"),
            (17.249, "17.2"),
            (0.00123, "0.00123"),
            (0.0012345, "0.00123"),
            (1.0, "1.00"),
            (0.9996, "1.00"),
            (9.996, "10.0"),
            (99.96, "100"),
            (100.4, "100"),
            (999.6, "1,000"),
            (1731.4, "1,731"),
            (1_234_567.8, "1,234,568"),
            (-0.412, "-0.412"),
            (-1731.0, "-1,731"),
            (0.0, "0"),
            (-0.0, "0"),
            (0.0000412, "4.12e-5"),
            (-3.0e-9, "-3.00e-9"),
            (2.5e17, "2.50e17"),
            (4.5e12, "4.50e12"),
            (4.5e11, "450,000,000,000"),
            (f64::NAN, "undefined"),
            (f64::INFINITY, "infinite"),
        ];
        for (number, text) in cases {
            assert_eq!(value(number), text, "{number}");
        }
    }

    #[test]
    fn the_bounds_of_an_interval_have_the_decimals_of_the_estimate() {
        assert_eq!(interval(0.412, 0.398, 0.427), "0.412 [0.398, 0.427]");
        assert_eq!(
            interval(0.0972, 0.08312, 0.11302),
            "0.0972 [0.0831, 0.1130]"
        );
        assert_eq!(interval(17.2, 9.81, 24.6), "17.2 [9.8, 24.6]");
        assert_eq!(interval(0.00012, -0.5, 0.5), "0.000 [-0.500, 0.500]");
        assert_eq!(interval(1731.0, 1600.0, 1850.0), "1,731 [1,600, 1,850]");
        assert_eq!(interval(0.0, 0.0, 0.0), "0 [0, 0]");
        assert_eq!(interval(1.0, 0.996, 1.0), "1.00 [1.00, 1.00]");
        assert_eq!(interval(2e-6, 1e-6, 3e-6), "2.00e-6 [1.00e-6, 3.00e-6]");
        assert_eq!(interval(0.5, f64::NAN, 0.6), "0.500 [undefined, 0.600]");
    }

    #[test]
    fn differences_carry_their_sign() {
        assert_eq!(signed(0.031), "+0.0310");
        assert_eq!(signed(-0.031), "-0.0310");
        assert_eq!(signed(0.0), "0");
        assert_eq!(
            signed_interval(-0.14, -0.31, 0.02),
            "-0.140 [-0.310, +0.020]"
        );
        assert_eq!(signed_interval(1e-9, -0.5, 0.5), "0.000 [-0.500, +0.500]");
    }

    #[test]
    fn direction_is_said_in_words() {
        assert_eq!(change(6.2), "worse by 6.2 %");
        assert_eq!(change(-2.6), "better by 2.6 %");
        assert_eq!(change(0.04), "unchanged");
        assert_eq!(change(-0.0), "unchanged");
        assert_eq!(change(1234.56), "worse by 1,234.6 %");
        assert_eq!(change(f64::NAN), "change undefined");
    }

    #[test]
    fn percentages_have_one_decimal() {
        assert_eq!(percent(6.25), "6.2 %");
        assert_eq!(percent(100.0), "100.0 %");
        assert_eq!(percent(-0.01), "0.0 %");
        assert_eq!(percent(f64::INFINITY), "infinite");
    }

    #[test]
    fn a_resolution_is_as_coarse_as_it_is_large() {
        assert_eq!(resolution(23.4), "+23 %");
        assert_eq!(resolution(4.12), "+4.1 %");
        assert_eq!(resolution(9.96), "+10 %");
        assert_eq!(resolution(0.0), "0.0 %");
    }

    #[test]
    fn counts_have_separators() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_731), "1,731");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn sizes_take_the_largest_unit_that_fits() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.00 kB"),
            (18_400_000, "18.4 MB"),
            (999_499, "999 kB"),
            (999_500, "1.00 MB"),
            (1_730_000_000, "1.73 GB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (size_bytes, text) in cases {
            assert_eq!(bytes(size_bytes), text, "{size_bytes}");
        }
    }

    #[test]
    fn lengths_of_time_count_whole_units() {
        let second = 1_000_000;
        let hour = 3600 * second;
        let cases = [
            (0, "under 1 ms"),
            (84_999, "84 ms"),
            (999_999, "999 ms"),
            (3_290_000, "3.2 s"),
            (42 * second, "42 s"),
            (59 * 60 * second, "59 min"),
            (3 * hour + 59 * 60 * second, "3 h"),
            (24 * hour, "1 d"),
            (52 * hour, "2 d 4 h"),
            (300 * hour, "12 d"),
        ];
        for (micros, text) in cases {
            assert_eq!(duration(micros), text, "{micros}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_within_half_a_percent(number in -1e11_f64..1e11) {
            let shown: f64 = value(number).replace(',', "").parse().expect("because it is a number");
            prop_assert!((shown - number).abs() <= number.abs() * 0.005 + f64::MIN_POSITIVE);
        }
    }
}
