#![cfg(test)]
//! Laws of instants and lengths of time, over random ones.

use super::*;
use proptest::prelude::*;

fn instant() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        (MIN_MICROS..=MAX_MICROS),
        (-2_000_000_000_000_000..4_000_000_000_000_000_i64),
        Just(MIN_MICROS),
        Just(MAX_MICROS),
        Just(0),
        Just(-1),
    ]
    .prop_map(|micros| Timestamp::from_micros(micros).unwrap())
}

proptest! {
    #[test]
    fn what_is_written_reads_back(at in instant()) {
        let reading = Timestamp::read(&at.to_string()).unwrap();
        prop_assert_eq!(reading, Reading { at, zone_named: true });
    }

    #[test]
    fn the_order_of_texts_of_whole_seconds_is_that_of_time(a in 0..4_000_000_000_i64, b in 0..4_000_000_000_i64) {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).unwrap();
        prop_assert_eq!(at(a).to_string().cmp(&at(b).to_string()), a.cmp(&b));
        prop_assert_eq!(at(a).version_name().cmp(&at(b).version_name()), a.cmp(&b));
    }

    #[test]
    fn a_zone_moves_the_clock_and_not_the_instant(seconds in 86_400..4_000_000_000_i64, hours in -14..=14_i64) {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).unwrap();
        let local = at(seconds + hours * 3_600).to_string();
        let sign = if hours < 0 { '-' } else { '+' };
        for text in [
            local.replace('Z', &format!("{sign}{:02}:00", hours.abs())),
            local.replace('Z', &format!("{sign}{:02}00", hours.abs())),
            local.replace('T', " ").replace('Z', &format!("{sign}{:02}:00", hours.abs())),
        ] {
            prop_assert_eq!(Timestamp::read(&text).map(|reading| reading.at), Ok(at(seconds)), "{}", text);
        }
    }

    #[test]
    fn unix_seconds_and_milliseconds_are_told_apart_by_their_size(seconds in 100_000_001..99_999_999_999_i64) {
        let at = Timestamp::from_micros(seconds * 1_000_000).unwrap();
        prop_assert_eq!(Timestamp::read(&seconds.to_string()).map(|reading| reading.at), Ok(at));
        prop_assert_eq!(Timestamp::read(&(seconds * 1_000).to_string()).map(|reading| reading.at), Ok(at));
    }

    #[test]
    fn reading_never_panics(text in "\\PC{0,40}") {
        let _ = Timestamp::read(&text);
        let _ = text.parse::<Length>();
    }

    #[test]
    fn an_hour_begins_at_its_own_beginning(at in instant()) {
        let begins = at.hour().saturating_mul(3_600_000_000);
        prop_assert!(begins <= at.micros());
        prop_assert!(at.micros() - begins < 3_600_000_000);
    }

    #[test]
    fn earlier_and_later_take_each_other_back_inside_the_years(
        micros in -2_000_000_000_000_000..4_000_000_000_000_000_i64,
        seconds in 0..1_000_000_000_u64,
    ) {
        let at = Timestamp::from_micros(micros).unwrap();
        let length = Length::from_seconds(seconds);
        prop_assert_eq!(at.earlier_by(length).later_by(length), at);
        prop_assert_eq!(at.later_by(length).since(at), length);
        prop_assert_eq!(at.earlier_by(length).since(at), Length::from_seconds(0));
    }

    #[test]
    fn nothing_leaves_the_years(at in instant(), days in any::<u64>()) {
        let length = Length::from_days(days);
        for moved in [at.earlier_by(length), at.later_by(length)] {
            prop_assert!(Timestamp::from_micros(moved.micros()).is_ok());
        }
    }

    #[test]
    fn lengths_read_back_and_keep_their_order(number in 0..100_000_u64, other in 0..100_000_u64) {
        for unit in ["ms", "s", "m", "h", "d"] {
            let length: Length = format!("{number}{unit}").parse().unwrap();
            prop_assert_eq!(length.to_string().parse::<Length>(), Ok(length));
            let longer: Length = format!("{other}{unit}").parse().unwrap();
            prop_assert_eq!(length.cmp(&longer), number.cmp(&other));
        }
    }
}

#[test]
fn the_ends_of_the_years_are_known() {
    let first = Timestamp::from_micros(MIN_MICROS).unwrap();
    let last = Timestamp::from_micros(MAX_MICROS).unwrap();
    assert_eq!(first.to_string(), "0001-01-01T00:00:00Z");
    assert_eq!(last.to_string(), "9999-12-31T23:59:59.999999Z");
    assert!(Timestamp::from_micros(MIN_MICROS - 1).is_err());
    assert!(Timestamp::from_micros(MAX_MICROS + 1).is_err());
    assert!(Timestamp::from_micros(i64::MIN).is_err());
    assert!(Timestamp::read("0000-12-31T23:59:59Z").is_err());
}

#[test]
fn people_read_short_times() {
    let at = Timestamp::read("2026-11-05T04:07:09Z").unwrap().at;
    assert_eq!(at.short(), "5 Nov 04:07");
    assert_eq!(at.version_name(), "20261105_040709");
}

#[test]
fn lengths_know_their_parts() {
    let length: Length = "90m".parse().unwrap();
    assert_eq!((length.seconds(), length.millis()), (5_400, 5_400_000));
    assert_eq!(length.micros(), 5_400_000_000);
    assert_eq!(Length::from_days(u64::MAX).micros(), i64::MAX);
    assert_eq!(Length::from_days(7).to_string(), "7d");
}
