//! What the values of a Parquet column mean, and the text that CSV would have for each.

use std::fmt::Write;

use parquet::basic::Type as Physical;
use parquet::data_type::Int96;

use crate::domain::time::Timestamp;

/// What the footer says beside the physical type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logical {
    Text,
    Map,
    List,
    Decimal { scale: i32 },
    Date,
    Timestamp { unit: Unit, utc: bool },
    Integer { signed: bool },
    Null,
    Uuid,
    Half,
    Other(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// As its physical type says.
    Plain,
    Unsigned,
    Text,
    Decimal {
        scale: usize,
    },
    Date,
    Timestamp {
        unit: Unit,
        utc: bool,
    },
    Uuid,
    Half,
}

/// The most digits behind the point of a decimal; no writer goes beyond 76.
const MOST_DECIMAL_DIGITS: i32 = 76;
/// The widest decimal: 256 bits.
const WIDEST_DECIMAL: usize = 32;

impl Meaning {
    /// Else what it is that can't be read.
    pub fn of(
        physical: Physical,
        logical: Option<Logical>,
        converted: Option<i32>,
        scale: i32,
        width: i32,
    ) -> Result<Self, &'static str> {
        let logical = logical.or_else(|| old(converted?, scale));
        let is_number = matches!(physical, Physical::INT32 | Physical::INT64);
        Ok(match (physical, logical) {
            (_, Some(Logical::Other(what))) => return Err(what),
            (Physical::INT96, _) => Self::Timestamp {
                unit: Unit::Nanos,
                utc: false,
            },
            (Physical::BYTE_ARRAY, Some(Logical::Text) | None) => Self::Text,
            (_, Some(Logical::Decimal { scale })) => {
                let bytes = physical == Physical::FIXED_LEN_BYTE_ARRAY;
                let fits = !bytes
                    || usize::try_from(width)
                        .is_ok_and(|width| (1..=WIDEST_DECIMAL).contains(&width));
                let can_be = is_number || bytes || physical == Physical::BYTE_ARRAY;
                match usize::try_from(scale) {
                    Ok(digits) if scale <= MOST_DECIMAL_DIGITS && fits && can_be => {
                        Self::Decimal { scale: digits }
                    }
                    _ => return Err("a decimal that is too wide"),
                }
            }
            (Physical::INT32, Some(Logical::Date)) => Self::Date,
            (Physical::INT64, Some(Logical::Timestamp { unit, utc })) => {
                Self::Timestamp { unit, utc }
            }
            (_, Some(Logical::Integer { signed: false })) if is_number => Self::Unsigned,
            (_, Some(Logical::Integer { signed: true })) if is_number => Self::Plain,
            (Physical::FIXED_LEN_BYTE_ARRAY, Some(Logical::Uuid)) if width == 16 => Self::Uuid,
            (Physical::FIXED_LEN_BYTE_ARRAY, Some(Logical::Half)) if width == 2 => Self::Half,
            (Physical::FIXED_LEN_BYTE_ARRAY, _) => return Err("bytes of a fixed length"),
            (_, None | Some(Logical::Null)) => Self::Plain,
            _ => return Err("of a type that makes no sense"),
        })
    }
}

/// What the older way of saying it means.
fn old(converted: i32, scale: i32) -> Option<Logical> {
    Some(match converted {
        0 | 4 | 19 => Logical::Text,
        5 => Logical::Decimal { scale },
        6 => Logical::Date,
        7 | 8 => Logical::Other("a time of day"),
        9 => Logical::Timestamp {
            unit: Unit::Millis,
            utc: true,
        },
        10 => Logical::Timestamp {
            unit: Unit::Micros,
            utc: true,
        },
        11..=14 => Logical::Integer { signed: false },
        15..=18 => Logical::Integer { signed: true },
        20 => Logical::Other("BSON"),
        21 => Logical::Other("an interval"),
        _ => return None,
    })
}

/// Writes a whole number of 32 bits.
pub fn write_small(meaning: Meaning, number: i32, out: &mut String) {
    match meaning {
        Meaning::Unsigned => write(out, number.cast_unsigned()),
        Meaning::Decimal { scale } => write_scaled(&number.to_string(), scale, out),
        Meaning::Date => write_date(number, out),
        _ => write(out, number),
    }
}

/// Writes a whole number of 64 bits.
pub fn write_large(meaning: Meaning, number: i64, out: &mut String) {
    match meaning {
        Meaning::Unsigned => write(out, number.cast_unsigned()),
        Meaning::Decimal { scale } => write_scaled(&number.to_string(), scale, out),
        Meaning::Timestamp { unit, utc } => {
            let (factor, parts) = match unit {
                Unit::Millis => (1_000, 1),
                Unit::Micros => (1, 1),
                Unit::Nanos => (1, 1_000),
            };
            let micros = number.div_euclid(parts).checked_mul(factor);
            let rest = number.rem_euclid(parts);
            write_instant(micros, rest, utc, out);
        }
        _ => write(out, number),
    }
}

/// Writes a time of the older kind: nanoseconds of a day, and the day since 4713 BC.
pub fn write_old_time(time: &Int96, utc: bool, out: &mut String) {
    const EPOCH_DAY: i64 = 2_440_588;
    const MICROS_PER_DAY: i64 = 86_400_000_000;
    let [low, high, day] = time.data() else {
        return;
    };
    let nanos = (u64::from(*high) << 32 | u64::from(*low)).cast_signed();
    let micros = (i64::from(*day) - EPOCH_DAY)
        .checked_mul(MICROS_PER_DAY)
        .and_then(|micros| micros.checked_add(nanos.div_euclid(1_000)));
    write_instant(micros, nanos.rem_euclid(1_000), utc, out);
}

/// Writes a fraction so that it reads back to the last bit.
pub fn write_fraction(number: f64, out: &mut String) {
    // Debug has an exponent where there would be hundreds of digits, and a point where there is none.
    let written = write!(out, "{number:?}");
    debug_assert!(written.is_ok(), "writing to memory can't fail");
}

pub fn write_truth(value: bool, out: &mut String) {
    out.push_str(if value { "true" } else { "false" });
}

/// Writes bytes that are no text; false if they are too long.
pub fn write_bytes(meaning: Meaning, bytes: &[u8], out: &mut String) -> bool {
    match meaning {
        Meaning::Decimal { scale } if bytes.len() <= WIDEST_DECIMAL => {
            let number = big_endian(bytes);
            write_scaled(&number, scale, out);
        }
        Meaning::Uuid => {
            for (at, byte) in bytes.iter().enumerate() {
                if matches!(at, 4 | 6 | 8 | 10) {
                    out.push('-');
                }
                let written = write!(out, "{byte:02x}");
                debug_assert!(written.is_ok(), "writing to memory can't fail");
            }
        }
        Meaning::Half => {
            let bits = bytes.try_into().map_or(0, u16::from_le_bytes);
            write_fraction(half(bits), out);
        }
        _ => return false,
    }
    true
}

fn write(out: &mut String, number: impl std::fmt::Display) {
    let written = write!(out, "{number}");
    debug_assert!(written.is_ok(), "writing to memory can't fail");
}

/// The instant with all its digits, so that two times that differ stay two texts where they are part of an id. What
/// lies outside the years 1 to 9999 is written as a number of microseconds, and is refused as a time.
fn write_instant(micros: Option<i64>, rest_nanos: i64, utc: bool, out: &mut String) {
    let Some(micros) = micros else {
        out.push_str("out of range");
        return;
    };
    let Ok(at) = Timestamp::from_micros(micros) else {
        write(out, format_args!("{micros} µs"));
        return;
    };
    let text = at.to_string();
    let bare = text.strip_suffix('Z').unwrap_or(&text);
    out.push_str(bare);
    if rest_nanos != 0 {
        if micros.rem_euclid(1_000_000) == 0 {
            out.push_str(".000000");
        }
        write(out, format_args!("{rest_nanos:03}"));
    }
    if utc {
        out.push('Z');
    }
}

fn write_date(days: i32, out: &mut String) {
    const MICROS_PER_DAY: i64 = 86_400_000_000;
    let at = i64::from(days)
        .checked_mul(MICROS_PER_DAY)
        .and_then(|micros| Timestamp::from_micros(micros).ok());
    match at {
        Some(at) => out.push_str(at.to_string().get(..10).unwrap_or_default()),
        None => write(out, format_args!("day {days}")),
    }
}

/// Writes the digits of a whole number with a point before the last `scale` of them.
fn write_scaled(number: &str, scale: usize, out: &mut String) {
    let digits = number.strip_prefix('-').unwrap_or(number);
    if digits.len() < number.len() {
        out.push('-');
    }
    if scale == 0 {
        out.push_str(digits);
        return;
    }
    let whole = digits.len().saturating_sub(scale);
    out.push_str(match digits.get(..whole) {
        Some("") | None => "0",
        Some(whole) => whole,
    });
    out.push('.');
    for _ in digits.len()..scale {
        out.push('0');
    }
    out.push_str(digits.get(whole..).unwrap_or_default());
}

/// The decimal digits of a signed number of any width, the largest byte first.
fn big_endian(bytes: &[u8]) -> String {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut rest: Vec<u8> = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in rest.iter_mut().rev() {
            let (flipped, over) = (!*byte).overflowing_add(u8::from(carry));
            *byte = flipped;
            carry = over;
        }
    }
    // The smallest number of a width is its own opposite; as one without a sign it is right.
    let mut digits = Vec::new();
    while rest.iter().any(|byte| *byte != 0) {
        let mut remainder = 0_u32;
        for byte in &mut rest {
            let number = remainder << 8 | u32::from(*byte);
            *byte = u8::try_from(number / 10).unwrap_or(u8::MAX);
            remainder = number % 10;
        }
        digits.push(char::from_digit(remainder, 10).unwrap_or('0'));
    }
    if digits.is_empty() {
        digits.push('0');
    } else if negative {
        digits.push('-');
    }
    digits.iter().rev().collect()
}

/// A number of 16 bits, widened exactly.
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    sign * match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if bits & 0x3ff == 0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::values::{NumberReading, number};
    use super::*;

    fn text(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn whole_numbers_keep_every_digit() {
        let small = |meaning, number| text(|out| write_small(meaning, number, out));
        let large = |meaning, number| text(|out| write_large(meaning, number, out));
        assert_eq!(small(Meaning::Plain, i32::MIN), "-2147483648");
        assert_eq!(small(Meaning::Unsigned, -1), "4294967295");
        assert_eq!(large(Meaning::Plain, i64::MAX), "9223372036854775807");
        assert_eq!(large(Meaning::Unsigned, -1), "18446744073709551615");
    }

    #[test]
    fn decimals_are_exact_and_keep_their_digits() {
        let decimal =
            |scale, number| text(|out| write_large(Meaning::Decimal { scale }, number, out));
        for (scale, number, expected) in [
            (0, 5, "5"),
            (2, 12_345, "123.45"),
            (2, -5, "-0.05"),
            (3, 0, "0.000"),
            (2, 150, "1.50"),
            (4, 12, "0.0012"),
        ] {
            assert_eq!(decimal(scale, number), expected);
        }
        let bytes = |scale, bytes: &[u8]| {
            text(|out| assert!(write_bytes(Meaning::Decimal { scale }, bytes, out)))
        };
        assert_eq!(bytes(2, &[0xff, 0x38]), "-2.00");
        assert_eq!(bytes(1, &[0x80]), "-12.8");
        assert_eq!(bytes(0, &[]), "0");
        for number in [i128::MIN, i128::MAX, -1, 0, 1, 10_i128.pow(38) - 1] {
            assert_eq!(bytes(0, &number.to_be_bytes()), number.to_string());
        }
        let widest = [vec![0x7f], vec![0xff; 31]].concat();
        assert_eq!(
            bytes(76, &widest),
            "5.7896044618658097711785492504343953926634992332820282019728792003956564819967"
        );
        assert!(!write_bytes(
            Meaning::Decimal { scale: 0 },
            &[0; 33],
            &mut String::new()
        ));
    }

    #[test]
    fn times_of_every_unit_are_what_csv_would_say() {
        let time = |unit, utc, number| {
            text(|out| write_large(Meaning::Timestamp { unit, utc }, number, out))
        };
        let moment = 1_767_607_200;
        assert_eq!(
            time(Unit::Millis, true, moment * 1_000),
            "2026-01-05T10:00:00Z"
        );
        assert_eq!(
            time(Unit::Micros, false, moment * 1_000_000),
            "2026-01-05T10:00:00"
        );
        assert_eq!(
            time(Unit::Millis, true, moment * 1_000 + 5),
            "2026-01-05T10:00:00.005000Z"
        );
        assert_eq!(
            time(Unit::Nanos, true, moment * 1_000_000_000 + 7),
            "2026-01-05T10:00:00.000000007Z"
        );
        assert_eq!(
            time(Unit::Nanos, false, moment * 1_000_000_000 + 1_234_567),
            "2026-01-05T10:00:00.001234567"
        );
        assert_eq!(
            time(Unit::Nanos, true, -1),
            "1969-12-31T23:59:59.999999999Z"
        );
        for (unit, number) in [(Unit::Millis, i64::MAX), (Unit::Micros, i64::MIN)] {
            let text = time(unit, true, number);
            assert!(Timestamp::read(&text).is_err(), "{text}");
        }
        // A column without zone is read as one of CSV without zone.
        let reading = Timestamp::read(&time(Unit::Nanos, false, 1_999)).unwrap();
        assert!(!reading.zone_named);
        assert_eq!(reading.at.micros(), 1, "cut, not rounded");
        let reading = Timestamp::read(&time(Unit::Micros, true, -1)).unwrap();
        assert_eq!((reading.zone_named, reading.at.micros()), (true, -1));
    }

    #[test]
    fn dates_and_old_times_are_calendar_times_without_zone() {
        let date = |days| text(|out| write_small(Meaning::Date, days, out));
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(20_458), "2026-01-05");
        assert_eq!(date(-719_162), "0001-01-01");
        assert!(Timestamp::read(&date(i32::MAX)).is_err());
        let mut time = Int96::new();
        time.set_data(1_500, 0, 2_440_589);
        assert_eq!(
            text(|out| write_old_time(&time, false, out)),
            "1970-01-02T00:00:00.000001500"
        );
        time.set_data(u32::MAX, u32::MAX, u32::MAX);
        assert!(Timestamp::read(&text(|out| write_old_time(&time, false, out))).is_err());
    }

    #[test]
    fn fractions_read_back_to_the_last_bit() {
        for value in [
            0.1,
            -0.0,
            1.0,
            1e300,
            5e-324,
            f64::MAX,
            f64::from(0.1_f32),
            1.0 / 3.0,
            100_000.0,
        ] {
            match number(&text(|out| write_fraction(value, out))) {
                NumberReading::Finite(read) => assert_eq!(read.to_bits(), value.to_bits()),
                other => panic!("{value}: {other:?}"),
            }
        }
        assert_eq!(text(|out| write_fraction(1.0, out)), "1.0");
        assert_eq!(
            number(&text(|out| write_fraction(f64::NAN, out))),
            NumberReading::NaN
        );
        for value in [f64::INFINITY, f64::NEG_INFINITY] {
            let written = text(|out| write_fraction(value, out));
            assert_eq!(number(&written), NumberReading::Infinite);
        }
    }

    #[test]
    fn sixteen_bits_are_widened_exactly() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65_504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x3555, 0.333_251_953_125),
            (0x7c00, f64::INFINITY),
        ] {
            assert_eq!(half(bits), value, "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn uuids_are_written_with_hyphens() {
        let bytes: Vec<u8> = (0..16).map(|byte| byte * 17).collect();
        assert_eq!(
            text(|out| assert!(write_bytes(Meaning::Uuid, &bytes, out))),
            "00112233-4455-6677-8899-aabbccddeeff"
        );
    }

    #[test]
    fn what_makes_no_sense_is_no_meaning() {
        let of = |physical, logical, width| Meaning::of(physical, Some(logical), None, 0, width);
        let decimal = |scale| Logical::Decimal { scale };
        assert!(of(Physical::DOUBLE, decimal(2), 0).is_err());
        assert!(of(Physical::INT32, decimal(-1), 0).is_err());
        assert!(of(Physical::INT32, decimal(77), 0).is_err());
        assert!(of(Physical::FIXED_LEN_BYTE_ARRAY, decimal(2), 33).is_err());
        assert!(of(Physical::FIXED_LEN_BYTE_ARRAY, decimal(2), 0).is_err());
        assert!(of(Physical::FIXED_LEN_BYTE_ARRAY, Logical::Uuid, 15).is_err());
        assert!(of(Physical::INT32, Logical::Text, 0).is_err());
        assert!(of(Physical::INT64, Logical::Date, 0).is_err());
        assert_eq!(
            Meaning::of(Physical::BYTE_ARRAY, None, Some(21), 0, 0),
            Err("an interval")
        );
        assert_eq!(of(Physical::INT32, Logical::Null, 0), Ok(Meaning::Plain));
    }
}
