//! Seasons of the year: on which day each begins, which one a moment lies in, and when it was the time before.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::names::AliasName;
use super::time::Timestamp;

/// A day that every year has: month and day, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearDay {
    month: u32,
    day: u32,
}

/// A text was no day of every year.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YearDaySyntax {
    #[error("{0:?} is no day of the year; write month and day, as in \"11-01\"")]
    Syntax(String),
    #[error("02-29 is a day of every fourth year only; write 02-28 or 03-01")]
    LeapDay,
}

/// Any year without a leap day.
const COMMON_YEAR: i32 = 2023;

impl YearDay {
    /// The first instant of the day in a year.
    fn begin(self, year: i32) -> Option<Timestamp> {
        Timestamp::begin_of_day(year, self.month, self.day)
    }
}

impl FromStr for YearDay {
    type Err = YearDaySyntax;

    fn from_str(text: &str) -> Result<Self, YearDaySyntax> {
        let wrong = || YearDaySyntax::Syntax(text.to_owned());
        let number = |part: &str| {
            let is_two_digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            is_two_digits.then(|| part.parse().ok()).flatten()
        };
        let (month, day) = text.split_once('-').ok_or_else(wrong)?;
        let month = number(month).ok_or_else(wrong)?;
        let day = number(day).ok_or_else(wrong)?;
        if (month, day) == (2, 29) {
            return Err(YearDaySyntax::LeapDay);
        }
        let of_year = Self { month, day };
        of_year
            .begin(COMMON_YEAR)
            .map(|_| of_year)
            .ok_or_else(wrong)
    }
}

impl fmt::Display for YearDay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:02}-{:02}", self.month, self.day)
    }
}

/// When each season begins, by the alias that holds its version. Each lasts until the next begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seasons(BTreeMap<AliasName, YearDay>);

/// A season of one year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Season {
    pub alias: AliasName,
    pub from: Timestamp,
    /// When the next one begins.
    pub to: Timestamp,
}

impl Seasons {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a season.
    pub fn insert(&mut self, alias: AliasName, from: YearDay) {
        self.0.insert(alias, from);
    }

    /// Every season and the day on which it begins, by their names.
    pub fn iter(&self) -> impl Iterator<Item = (&AliasName, YearDay)> {
        self.0.iter().map(|(alias, from)| (alias, *from))
    }

    /// The seasons in the order of the year.
    #[must_use]
    pub fn by_day(&self) -> Vec<(&AliasName, YearDay)> {
        let mut seasons: Vec<_> = self.iter().collect();
        seasons.sort_by_key(|(_, from)| *from);
        seasons
    }

    /// The season that a moment lies in; none where there are no seasons.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Option<Season> {
        self.around(now)
            .into_iter()
            .rfind(|season| season.from <= now)
    }

    /// When a season next begins after a moment.
    #[must_use]
    pub fn next_begin(&self, alias: &AliasName, now: Timestamp) -> Option<Timestamp> {
        let from = self.0.get(alias)?;
        let year = now.year();
        (year..=year + 1)
            .filter_map(|year| from.begin(year))
            .find(|begin| *begin > now)
    }

    /// The same season a year before.
    #[must_use]
    pub fn before(&self, season: &Season) -> Option<Season> {
        self.around(season.from)
            .into_iter()
            .rfind(|other| other.alias == season.alias && other.from < season.from)
    }

    /// The seasons of the year of a moment, of the two before it and of the year after it, in the order of time.
    fn around(&self, moment: Timestamp) -> Vec<Season> {
        let year = moment.year();
        let mut begins: Vec<(Timestamp, &AliasName)> = (year - 2..=year + 2)
            .flat_map(|year| {
                self.0
                    .iter()
                    .filter_map(move |(alias, from)| Some((from.begin(year)?, alias)))
            })
            .collect();
        begins.sort_unstable();
        let next = begins.iter().skip(1);
        begins
            .iter()
            .zip(next)
            .map(|((from, alias), (to, _))| Season {
                alias: (*alias).clone(),
                from: *from,
                to: *to,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seasons(written: &[(&str, &str)]) -> Seasons {
        let mut seasons = Seasons::default();
        for (alias, from) in written {
            seasons.insert(alias.parse().unwrap(), from.parse().unwrap());
        }
        seasons
    }

    fn two() -> Seasons {
        seasons(&[("winter", "11-01"), ("summer", "03-01")])
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::read(text).unwrap().at
    }

    fn season(alias: &str, from: &str, to: &str) -> Season {
        Season {
            alias: alias.parse().unwrap(),
            from: at(from),
            to: at(to),
        }
    }

    #[test]
    fn each_season_holds_until_the_next_begins() {
        let winter = season("winter", "2025-11-01", "2026-03-01");
        let summer = season("summer", "2026-03-01", "2026-11-01");
        for (moment, expected) in [
            ("2025-11-01", &winter),
            ("2025-12-31T23:59:59Z", &winter),
            ("2026-01-01", &winter),
            ("2026-02-28T23:59:59Z", &winter),
            ("2026-03-01", &summer),
            ("2026-10-31T23:59:59Z", &summer),
        ] {
            assert_eq!(two().at(at(moment)).as_ref(), Some(expected), "{moment}");
        }
        assert_eq!(Seasons::default().at(at("2026-01-01")), None);
    }

    #[test]
    fn a_leap_year_has_no_gap() {
        let held = two().at(at("2028-02-29T12:00:00Z"));
        assert_eq!(held, Some(season("winter", "2027-11-01", "2028-03-01")));
    }

    #[test]
    fn the_same_season_was_there_a_year_before() {
        let winter = two().at(at("2026-01-05")).unwrap();
        assert_eq!(
            two().before(&winter),
            Some(season("winter", "2024-11-01", "2025-03-01"))
        );
        let alone = seasons(&[("renewed", "06-15")]);
        let now = alone.at(at("2026-06-14")).unwrap();
        assert_eq!(now, season("renewed", "2025-06-15", "2026-06-15"));
        assert_eq!(
            alone.before(&now),
            Some(season("renewed", "2024-06-15", "2025-06-15"))
        );
    }

    #[test]
    fn the_next_beginning_lies_after_now() {
        let next = |alias: &str, now: &str| two().next_begin(&alias.parse().unwrap(), at(now));
        assert_eq!(next("winter", "2026-10-31"), Some(at("2026-11-01")));
        assert_eq!(next("winter", "2026-11-01"), Some(at("2027-11-01")));
        assert_eq!(next("summer", "2026-11-01"), Some(at("2027-03-01")));
        assert_eq!(next("autumn", "2026-11-01"), None);
    }

    #[test]
    fn the_order_is_that_of_the_year() {
        let days: Vec<_> = two()
            .by_day()
            .into_iter()
            .map(|(alias, from)| format!("{alias} {from}"))
            .collect();
        assert_eq!(days, ["summer 03-01", "winter 11-01"]);
    }

    #[test]
    fn a_day_is_one_that_every_year_has() {
        for text in ["01-01", "02-28", "12-31"] {
            assert_eq!(text.parse::<YearDay>().unwrap().to_string(), text);
        }
        for text in [
            "", "11", "11-1", "1-01", "11-31", "13-01", "00-10", "10-00", "+1-01", "11-01-",
        ] {
            assert!(
                matches!(text.parse::<YearDay>(), Err(YearDaySyntax::Syntax(_))),
                "{text}"
            );
        }
        assert_eq!("02-29".parse::<YearDay>(), Err(YearDaySyntax::LeapDay));
    }

    #[test]
    fn the_ends_of_time_have_seasons_too() {
        for now in ["0001-01-01", "9999-12-31"] {
            let held = two().at(at(now)).unwrap();
            assert_eq!(held.alias.as_str(), "winter", "{now}");
            assert!(
                two()
                    .before(&held)
                    .is_none_or(|before| before.from <= held.from)
            );
        }
    }
}
