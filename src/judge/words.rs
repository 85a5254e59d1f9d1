//! Says the reasons of a verdict in words.

use crate::domain::time::Length;

/// A count with separators: `12,431`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A percentage with one decimal, none where it is whole or above 100: `5 %`, `13.1 %`, `183 %`.
pub(super) fn percent(pct: f64) -> String {
    let whole = pct.round();
    if pct.abs() >= 100.0 || (pct - whole).abs() < 0.05 {
        format!("{whole:.0} %")
    } else {
        format!("{pct:.1} %")
    }
}

/// `1 prediction`, `2 predictions`.
pub(super) fn counted(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { more })
}

/// An age in its largest whole unit: `9 d`, `5 h`.
pub(super) fn age(length: Length) -> String {
    let seconds = length.seconds();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [0, 999, 1_000, 12_431, 1_000_000].map(count),
            ["0", "999", "1,000", "12,431", "1,000,000"]
        );
        assert_eq!(
            [5.0, 13.12, 183.4, 0.1].map(percent),
            ["5 %", "13.1 %", "183 %", "0.1 %"]
        );
        assert_eq!(counted(1, "row", "rows"), "1 row");
        assert_eq!(
            ["59s", "90m", "47h", "9d"].map(|text| age(text.parse().unwrap())),
            ["59 s", "1 h", "47 h", "9 d"]
        );
    }
}
