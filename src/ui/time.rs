//! Writes moments for people: an age on a terminal, UTC on a pipe.

use chrono::{DateTime, Datelike, SecondsFormat, Utc};

use super::number::duration;

const MINUTE_MICROS: i64 = 60 * 1_000_000;
const DAY_MICROS: i64 = 24 * 60 * MINUTE_MICROS;

/// How moments are written in one run of the tool.
///
/// Moments are microseconds since 1970 in UTC. The zone of the machine is left out on purpose:
/// the log, the policy and the messages speak UTC, and two people who compare what they see
/// should read the same digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// For a terminal: `3 h ago`, beyond a day `20 Nov 14:17`, in another year `20 Nov 2025`.
    Relative { now_micros: i64 },
    /// For a pipe: `2026-11-20T14:17:00Z`.
    Absolute,
}

impl Times {
    /// Chooses by whether the answer goes to a terminal.
    pub const fn for_stream(is_terminal: bool, now_micros: i64) -> Self {
        if is_terminal {
            Self::Relative { now_micros }
        } else {
            Self::Absolute
        }
    }

    /// Writes one moment.
    pub fn show(self, micros: i64) -> String {
        match self {
            Self::Absolute => absolute(micros),
            Self::Relative { now_micros } => relative(micros, now_micros),
        }
    }

    /// Writes a moment that may be absent, as `-`.
    pub fn show_if(self, micros: Option<i64>) -> String {
        micros.map_or_else(|| "-".to_owned(), |moment| self.show(moment))
    }

    /// Writes a stretch of time; an end that is absent is `now`.
    pub fn range(self, from_micros: i64, to_micros: Option<i64>) -> String {
        let to = to_micros.map_or_else(|| "now".to_owned(), |moment| self.date(moment));
        format!("{} – {to}", self.date(from_micros))
    }

    /// Writes the date and time even where the moment is recent: `20 Nov 14:17`.
    pub fn date(self, micros: i64) -> String {
        match self {
            Self::Absolute => absolute(micros),
            Self::Relative { now_micros } => dated(micros, now_micros),
        }
    }
}

/// Writes RFC 3339 in UTC to the second: `2026-11-20T14:17:00Z`.
pub fn absolute(micros: i64) -> String {
    match DateTime::from_timestamp_micros(micros) {
        Some(moment) => moment.to_rfc3339_opts(SecondsFormat::Secs, true),
        None => outside_the_calendar(micros),
    }
}

fn relative(micros: i64, now_micros: i64) -> String {
    let age = i128::from(now_micros) - i128::from(micros);
    let Ok(length) = u64::try_from(age.unsigned_abs()) else {
        return absolute(micros);
    };
    if length >= DAY_MICROS.unsigned_abs() {
        dated(micros, now_micros)
    } else if length < MINUTE_MICROS.unsigned_abs() {
        "just now".to_owned()
    } else if age > 0 {
        format!("{} ago", duration(length))
    } else {
        format!("in {}", duration(length))
    }
}

fn dated(micros: i64, now_micros: i64) -> String {
    let Some(moment) = DateTime::from_timestamp_micros(micros) else {
        return outside_the_calendar(micros);
    };
    let this_year =
        DateTime::from_timestamp_micros(now_micros).map(|now: DateTime<Utc>| now.year());
    if this_year == Some(moment.year()) {
        moment.format("%-d %b %H:%M").to_string()
    } else {
        moment.format("%-d %b %Y").to_string()
    }
}

fn outside_the_calendar(micros: i64) -> String {
    format!("{micros} µs after 1970")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T14:17:42Z.
    const NOW: i64 = 1_795_184_262_000_000;
    const HOUR: i64 = 60 * MINUTE_MICROS;

    fn ago(micros: i64) -> String {
        Times::for_stream(true, NOW).show(NOW - micros)
    }

    #[test]
    fn a_pipe_gets_utc_to_the_second() {
        assert_eq!(
            Times::for_stream(false, NOW).show(NOW),
            "2026-11-20T14:17:42Z"
        );
        assert_eq!(absolute(NOW + 999_999), "2026-11-20T14:17:42Z");
        assert_eq!(absolute(0), "1970-01-01T00:00:00Z");
        assert_eq!(absolute(-1), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn a_terminal_gets_an_age_within_a_day() {
        assert_eq!(ago(0), "just now");
        assert_eq!(ago(59 * 1_000_000), "just now");
        assert_eq!(ago(5 * MINUTE_MICROS), "5 min ago");
        assert_eq!(ago(3 * HOUR + 59 * MINUTE_MICROS), "3 h ago");
        assert_eq!(ago(DAY_MICROS - 1), "23 h ago");
    }

    #[test]
    fn beyond_a_day_it_is_a_date() {
        assert_eq!(ago(DAY_MICROS), "19 Nov 14:17");
        assert_eq!(ago(8 * DAY_MICROS), "12 Nov 14:17");
        assert_eq!(ago(19 * DAY_MICROS), "1 Nov 14:17");
        assert_eq!(ago(400 * DAY_MICROS), "16 Oct 2025");
    }

    #[test]
    fn the_future_is_said_to_be_one() {
        assert_eq!(ago(-3 * HOUR), "in 3 h");
        assert_eq!(ago(-2 * DAY_MICROS), "22 Nov 14:17");
        assert_eq!(ago(-30 * 1_000_000), "just now");
    }

    #[test]
    fn a_stretch_of_time_ends_now_or_at_a_date() {
        let times = Times::for_stream(true, NOW);
        assert_eq!(times.range(NOW - HOUR, None), "20 Nov 13:17 – now");
        assert_eq!(
            times.range(NOW - DAY_MICROS, Some(NOW)),
            "19 Nov 14:17 – 20 Nov 14:17"
        );
        assert_eq!(
            Times::Absolute.range(NOW, Some(NOW)),
            "2026-11-20T14:17:42Z – 2026-11-20T14:17:42Z"
        );
    }

    #[test]
    fn an_absent_moment_is_a_dash() {
        assert_eq!(Times::Absolute.show_if(None), "-");
        assert_eq!(Times::Absolute.show_if(Some(0)), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn no_number_of_microseconds_panics() {
        for micros in [i64::MIN, i64::MIN + 1, i64::MAX, i64::MAX - 1] {
            assert!(!absolute(micros).is_empty());
            for now in [i64::MIN, 0, i64::MAX] {
                assert!(!Times::for_stream(true, now).show(micros).is_empty());
                assert!(!Times::for_stream(true, now).date(micros).is_empty());
            }
        }
    }
}
