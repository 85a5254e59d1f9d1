//! What time is: an instant in UTC with microseconds, a length of time, and how both are read and written.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime};

/// An instant: microseconds since 1970-01-01T00:00:00Z, within the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// A text was no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeSyntax {
    #[error("{0} is no time; write 2026-01-31T14:00:00Z, 2026-01-31 or Unix seconds")]
    Instant(String),
    #[error("{0} is no length of time; write 90s, 15m, 6h or 7d")]
    Length(String),
    #[error("{0} is outside the years 1 to 9999")]
    Range(String),
    #[error(
        "{text} is a date or Unix seconds of 1970, and nobody can say which; write {date} or {text}.0"
    )]
    DateOrSeconds { text: String, date: String },
}

/// An instant as a data file writes it, and whether it named its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub at: Timestamp,
    /// False: a calendar time without zone, taken as UTC.
    pub zone_named: bool,
}

const MICROS_PER_SECOND: i64 = 1_000_000;
/// 0001-01-01T00:00:00Z.
const MIN_MICROS: i64 = -62_135_596_800 * MICROS_PER_SECOND;
/// 9999-12-31T23:59:59.999999Z.
const MAX_MICROS: i64 = 253_402_300_800 * MICROS_PER_SECOND - 1;

impl Timestamp {
    /// # Errors
    /// The instant is outside the years 1 to 9999.
    pub fn from_micros(micros: i64) -> Result<Self, TimeSyntax> {
        if (MIN_MICROS..=MAX_MICROS).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(TimeSyntax::Range(format!("{micros} µs")))
        }
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Hours since the Unix epoch, rounded down.
    #[must_use]
    pub const fn hour(self) -> i64 {
        self.0.div_euclid(3_600 * MICROS_PER_SECOND)
    }

    /// The instant that lies `length` earlier, or the earliest one.
    #[must_use]
    pub fn earlier_by(self, length: Length) -> Self {
        Self(self.0.saturating_sub(length.micros()).max(MIN_MICROS))
    }

    /// The instant that lies `length` later, or the latest one.
    #[must_use]
    pub fn later_by(self, length: Length) -> Self {
        Self(self.0.saturating_add(length.micros()).min(MAX_MICROS))
    }

    /// The time from `earlier` to here; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Length {
        Length(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `20260105_143022`: how a version is named after the second of its registration.
    #[must_use]
    pub fn version_name(self) -> String {
        self.calendar().format("%Y%m%d_%H%M%S").to_string()
    }

    /// `2026-01-05`: its day in UTC.
    #[must_use]
    pub fn day(self) -> String {
        self.calendar().format("%Y-%m-%d").to_string()
    }

    /// `20 Nov 14:17`, for people.
    #[must_use]
    pub fn short(self) -> String {
        self.calendar().format("%-d %b %H:%M").to_string()
    }

    /// `Mon, 05 Jan 2026 14:30:22 +0000`: the date of an e-mail.
    #[must_use]
    pub fn mail_date(self) -> String {
        self.calendar()
            .format("%a, %d %b %Y %H:%M:%S +0000")
            .to_string()
    }

    /// The calendar's year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.calendar().year()
    }

    /// The first instant of a day, within the years that there are; `None`: the year has no such day.
    #[must_use]
    pub fn begin_of_day(year: i32, month: u32, day: u32) -> Option<Self> {
        let begin = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(0, 0, 0)?;
        let micros = begin.and_utc().timestamp_micros();
        Some(Self(micros.clamp(MIN_MICROS, MAX_MICROS)))
    }

    fn calendar(self) -> DateTime<chrono::Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Reads a time as data files write it: RFC 3339, the same with a space or without zone (taken as UTC),
    /// a date (its first instant), or Unix seconds (above 10¹¹ milliseconds), fractions allowed.
    ///
    /// # Errors
    /// The text is none of these, or lies outside the years 1 to 9999.
    pub fn read(text: &str) -> Result<Reading, TimeSyntax> {
        let text = text.trim();
        let wrong = || TimeSyntax::Instant(text.to_owned());
        if let Some(date) = bare_date(text) {
            return Err(TimeSyntax::DateOrSeconds {
                text: text.to_owned(),
                date,
            });
        }
        if let Some(micros) = unix_micros(text) {
            let at = Self::from_micros(micros.map_err(|()| TimeSyntax::Range(text.to_owned()))?)?;
            return Ok(Reading {
                at,
                zone_named: true,
            });
        }
        if let Ok(at) = DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%:z"))
            .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f %z"))
            .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        {
            return Ok(Reading {
                at: Self::from_micros(at.timestamp_micros())?,
                zone_named: true,
            });
        }
        let (text, zone_named) = text
            .strip_suffix(['Z', 'z'])
            .map_or((text, false), |bare| (bare, true));
        const FORMATS: [&str; 4] = [
            "%Y-%m-%dT%H:%M:%S%.f",
            "%Y-%m-%d %H:%M:%S%.f",
            "%Y-%m-%dT%H:%M",
            "%Y-%m-%d %H:%M",
        ];
        let naive = FORMATS
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .or_else(|| {
                NaiveDate::parse_from_str(text, "%Y-%m-%d")
                    .ok()
                    .and_then(|date| date.and_hms_opt(0, 0, 0))
            })
            .ok_or_else(wrong)?;
        Ok(Reading {
            at: Self::from_micros(naive.and_utc().timestamp_micros())?,
            zone_named,
        })
    }

    /// Reads a time as the command line writes it: all of [`Timestamp::read`], `@1767623422`, or a length of time
    /// before `now` (`7d`, `90m`).
    ///
    /// # Errors
    /// The text is none of these.
    pub fn read_argument(text: &str, now: Self) -> Result<Self, TimeSyntax> {
        if let Ok(length) = text.parse::<Length>() {
            return Ok(now.earlier_by(length));
        }
        let bare = text.strip_prefix('@').unwrap_or(text);
        Self::read(bare).map(|reading| reading.at)
    }
}

/// The day that eight digits are, if they look like one of the last or this century: `20240131` is `2024-01-31`. As Unix
/// seconds they would be a day of August 1970.
fn bare_date(text: &str) -> Option<String> {
    let is_written_so = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let day = NaiveDate::parse_from_str(text, "%Y%m%d").ok()?;
    (is_written_so && (1900..2100).contains(&day.year())).then(|| day.to_string())
}

/// Unix seconds, or milliseconds above 10¹¹; `None` if the text is no number, `Err` if it is out of range.
fn unix_micros(text: &str) -> Option<Result<i64, ()>> {
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'+'))
    {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>() {
        let factor = if whole.unsigned_abs() > 100_000_000_000 {
            1_000
        } else {
            MICROS_PER_SECOND
        };
        return Some(whole.checked_mul(factor).ok_or(()));
    }
    let number = text.parse::<f64>().ok()?;
    let micros = if number.abs() > 1e11 {
        number * 1e3
    } else {
        number * 1e6
    };
    if micros.abs() >= 9e18 {
        return Some(Err(()));
    }
    // In range by the check above; the fraction below a microsecond is dropped on purpose.
    #[expect(clippy::cast_possible_truncation, reason = "checked to fit above")]
    Some(Ok(micros.round() as i64))
}

/// RFC 3339 in UTC with `Z`; fractions only where there are some.
impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = if self.0 % MICROS_PER_SECOND == 0 {
            "%Y-%m-%dT%H:%M:%SZ"
        } else {
            "%Y-%m-%dT%H:%M:%S%.6fZ"
        };
        write!(out, "{}", self.calendar().format(format))
    }
}

/// A length of time, in microseconds; never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Length(u64);

impl Length {
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    #[must_use]
    pub const fn from_days(days: u64) -> Self {
        Self::from_seconds(days.saturating_mul(86_400))
    }

    /// Whole microseconds, at most `i64::MAX`.
    #[must_use]
    pub fn micros(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0 / 1_000
    }
}

impl From<Duration> for Length {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    }
}

const UNITS: [(&str, u64); 5] = [
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];

impl FromStr for Length {
    type Err = TimeSyntax;

    fn from_str(text: &str) -> Result<Self, TimeSyntax> {
        let wrong = || TimeSyntax::Length(text.to_owned());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .and_then(|(_, micros)| number.checked_mul(*micros))
            .map(Self)
            .ok_or_else(wrong)
    }
}

/// The largest unit that divides it: `7d`, `90m`, `5s`.
impl fmt::Display for Length {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, micros) = UNITS
            .iter()
            .rev()
            .find(|(_, micros)| self.0 >= *micros && self.0.is_multiple_of(*micros))
            .copied()
            .unwrap_or(("s", 1_000_000));
        write!(out, "{}{name}", self.0 / micros)
    }
}

#[cfg(test)]
mod laws;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::read(text).unwrap().at
    }

    #[test]
    fn equal_instants_in_every_spelling() {
        let expected = at("2026-01-05T14:30:22Z");
        for text in [
            "2026-01-05T14:30:22",
            "2026-01-05 14:30:22",
            "2026-01-05 14:30:22Z",
            "2026-01-05T16:30:22+02:00",
            "2026-01-05 16:30:22+02:00",
            "2026-01-05T14:30:22.000000Z",
            "1767623422",
            "1767623422000",
            "1767623422.0",
        ] {
            assert_eq!(at(text), expected, "{text}");
        }
        assert_eq!(expected.to_string(), "2026-01-05T14:30:22Z");
        assert_eq!(expected.version_name(), "20260105_143022");
    }

    #[test]
    fn a_missing_zone_is_said() {
        assert!(!Timestamp::read("2026-01-05T14:30:22").unwrap().zone_named);
        assert!(Timestamp::read("2026-01-05T14:30:22Z").unwrap().zone_named);
        assert!(Timestamp::read("1767623422").unwrap().zone_named);
    }

    #[test]
    fn nonsense_and_far_times_are_refused() {
        for text in [
            "",
            "x",
            "2026-13-01",
            "2026-02-30T00:00:00Z",
            "--",
            "99999999999999999999",
            "999999999999999999",
            "1e9",
            "12:30",
        ] {
            assert!(Timestamp::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lengths_round_trip() {
        for text in ["7d", "90m", "5s", "36h", "250ms", "0s"] {
            assert_eq!(text.parse::<Length>().unwrap().to_string(), text);
        }
        for text in ["", "7", "d", "-1d", "1.5h", "7 d", "99999999999999999999d"] {
            assert!(text.parse::<Length>().is_err(), "{text}");
        }
    }

    #[test]
    fn arguments_may_be_relative() {
        let now = at("2026-01-08T00:00:00Z");
        assert_eq!(
            Timestamp::read_argument("7d", now).unwrap(),
            at("2026-01-01")
        );
        assert_eq!(
            Timestamp::read_argument("@1767623422", now).unwrap(),
            at("1767623422")
        );
    }
}
