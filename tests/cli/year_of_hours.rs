//! Hour after hour over the demo's flights, by library calls: what people hear in a year, and how often for nothing.
//!
//! The flights of a week are flown again each week. Before the fault it is the demo's first week, then its second, in
//! which the newer version reads seconds for minutes. Predictions come in within the hour, labels when the flight has
//! landed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use modelguard::domain::operation::Author;
use modelguard::domain::policy::Policy;
use modelguard::domain::time::{Length, Timestamp};
use modelguard::files::columns::{ColumnChoices, FileKind};
use modelguard::files::input::Source;
use modelguard::files::table::Format;
use modelguard::policy::load;
use modelguard::store::models::{self, Model};
use modelguard::store::predictions::OnConflict;
use modelguard::store::{Access, Store};
use modelguard::workflows::announcing::Audience;
use modelguard::workflows::delivering::{Terms, deliver};
use modelguard::workflows::ingesting::{Request, ingest};
use modelguard::workflows::monitoring::monitor;
use serde_json::Value;

use crate::support::Sandbox;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;
/// 2013-11-04T09:00:00Z: the first flight of the demo, and the newer version goes live.
const BEGIN: i64 = 1_383_555_600;

/// A flight: when it departed and landed, what each version said and what was true.
#[derive(Clone, Debug)]
struct Flight {
    id: String,
    departed: i64,
    landed: Option<i64>,
    newer: String,
    older: String,
    late: String,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo")
}

fn rows(file: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(fixtures().join(file)).unwrap();
    let row = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().skip(1).map(row).collect()
}

fn seconds(text: &str) -> i64 {
    Timestamp::read(text).unwrap().at.micros() / 1_000_000
}

/// Two weeks of flights, in seconds after [`BEGIN`].
fn flights() -> Vec<Flight> {
    let mut truth = BTreeMap::new();
    let mut said: BTreeMap<String, (i64, [String; 2])> = BTreeMap::new();
    for (part, newer_is_live) in [
        ("1_week", true),
        ("2_fault", true),
        ("3_hours", false),
        ("4_days", false),
    ] {
        for row in rows(&format!("{part}_truth.csv")) {
            truth.insert(row[0].clone(), (row[1].clone(), seconds(&row[2])));
        }
        for (file, is_newer) in [("live", newer_is_live), ("shadow", !newer_is_live)] {
            for row in rows(&format!("{part}_{file}.csv")) {
                let empty = || (seconds(&row[1]), [String::new(), String::new()]);
                let entry = said.entry(row[0].clone()).or_insert_with(empty);
                entry.1[usize::from(is_newer)].clone_from(&row[2]);
            }
        }
    }
    let flights = said.into_iter().map(|(id, (departed, [older, newer]))| {
        let (late, landed) = match truth.get(&id) {
            Some((late, landed)) => (late.clone(), Some(*landed - BEGIN)),
            None => (String::new(), None),
        };
        Flight {
            id,
            departed: departed - BEGIN,
            landed,
            newer,
            older,
            late,
        }
    });
    flights.collect()
}

/// A project in which the newer version has just gone live over the older one.
struct Year {
    sandbox: Sandbox,
    store: Store,
    model: Model,
    policy: Policy,
    /// What departs and lands, in the order of time.
    departures: Vec<Flight>,
    landings: Vec<Flight>,
    newer_is_live: bool,
    rollbacks_count: usize,
}

fn author(at: i64) -> Author {
    Author {
        at: Timestamp::from_micros((BEGIN + at) * 1_000_000).unwrap(),
        clock_overridden: true,
        actor: "cron".to_owned(),
        host: "srv1".to_owned(),
        command_line: "modelguard monitor".to_owned(),
    }
}

impl Year {
    fn new(flights: Vec<Flight>, check: &str) -> Self {
        let sandbox = Sandbox::empty();
        let text = format!(
            "[check]\n{check}\n[action]\non_degraded = \"rollback\"\n[delivery]\nremind_after = \"3650d\"\n\
             [[notify]]\nkind = \"file\"\npath = \"alerts.jsonl\"\n"
        );
        for (name, days) in [("clock_times", 3), ("feed_delay", 0)] {
            sandbox.set_clock(u64::try_from(BEGIN - days * DAY).unwrap());
            if days > 0 {
                sandbox.ok("init --model flights --task classification");
                sandbox.write("modelguard.toml", text.as_bytes());
            }
            let path = |file: String| fixtures().join(file).display().to_string();
            let (artifact, sample) = (
                path(format!("{name}.json")),
                path(format!("reference_{name}.csv")),
            );
            sandbox.ok(&format!("register {artifact} --reference {sample}"));
            sandbox.ok("promote latest --yes");
        }
        let lock = Length::from_seconds(5);
        let mut store = Store::open(&sandbox.store(), Access::Write, lock, &author(0)).unwrap();
        let model = store.read(models::list).unwrap().remove(0);
        let policy = load::parse(&text, &sandbox.file("modelguard.toml")).unwrap();
        let mut departures = flights;
        departures.sort_by_key(|flight| flight.departed);
        let mut landings: Vec<_> = departures
            .iter()
            .filter(|one| one.landed.is_some())
            .cloned()
            .collect();
        landings.sort_by_key(|flight| flight.landed);
        departures.reverse();
        landings.reverse();
        Self {
            sandbox,
            store,
            model,
            policy,
            departures,
            landings,
            newer_is_live: true,
            rollbacks_count: 0,
        }
    }

    fn ingest(&mut self, kind: FileKind, text: &str, at: i64) {
        let path = self.sandbox.write("hour.csv", text.as_bytes());
        let request = Request {
            source: &Source::File(path),
            kind,
            format: Format::Auto,
            choices: &ColumnChoices::default(),
            version: None,
            on_conflict: OnConflict::Error,
            reject_file: None,
            max_rejects: 0,
            dry_run: false,
        };
        ingest(
            &mut self.store,
            &author(at),
            &self.model,
            &request,
            &mut |_| true,
        )
        .unwrap();
    }

    /// What a service and a job do at the end of an hour.
    fn hour(&mut self, at: i64) {
        let time = |at: i64| author(at).at.to_string();
        let mut predictions = "id,predicted_at,prediction\n".to_owned();
        let mut truth = "id,truth,truth_at\n".to_owned();
        let (heads, mut counts) = (predictions.len(), [0, 0]);
        while let Some(flight) = self.departures.pop_if(|flight| flight.departed < at) {
            let said = if self.newer_is_live {
                &flight.newer
            } else {
                &flight.older
            };
            predictions.push_str(&format!("{},{},{said}\n", flight.id, time(flight.departed)));
            counts[0] += 1;
        }
        while let Some(flight) = self
            .landings
            .pop_if(|flight| flight.landed.is_some_and(|landed| landed < at))
        {
            let landed = flight.landed.unwrap_or_default();
            truth.push_str(&format!("{},{},{}\n", flight.id, flight.late, time(landed)));
            counts[1] += 1;
        }
        assert!(heads > 0);
        if counts[0] > 0 {
            self.ingest(FileKind::Predictions, &predictions, at);
        }
        if counts[1] > 0 {
            self.ingest(FileKind::Truth, &truth, at);
        }
        let audience = Audience {
            channels: &self.policy.channels,
            remind_after: self.policy.delivery.remind_after,
            command: "modelguard",
        };
        let rules = self.policy.for_model(&self.model.name);
        let found = monitor(
            &mut self.store,
            &author(at),
            &self.model,
            &rules,
            &audience,
            false,
        )
        .unwrap();
        if found.action.operation.is_some() {
            self.newer_is_live = false;
            self.rollbacks_count += 1;
        }
        let terms = Terms {
            channels: &self.policy.channels,
            rules: self.policy.delivery,
            folder: &self.sandbox.path(),
            began: std::time::Instant::now(),
            all: false,
        };
        deliver(&mut self.store, &author(at), &terms, &|| false).unwrap();
    }

    fn hours(&mut self, count: i64) {
        for hour in 1..=count {
            self.hour(hour * HOUR);
        }
    }

    fn events(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.sandbox.file("alerts.jsonl")).unwrap_or_default();
        let event = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["event"].as_str().unwrap().to_owned()
        };
        text.lines().map(event).collect()
    }

    fn alerts(&self, kind: &str) -> i64 {
        self.sandbox
            .number(&format!("SELECT count(*) FROM alert WHERE kind = '{kind}'"))
    }
}

/// The flights of so many weeks; from `fault` on those of the demo's second week.
fn weeks(count: i64, fault: i64) -> Vec<Flight> {
    let flights = flights();
    let mut all = Vec::new();
    for week in 0..count {
        let second = i64::from(week >= fault);
        // In the first two hours of the second week the feed is still right.
        let of = |flight: &&Flight| {
            flight.departed / WEEK == second && flight.departed >= second * (WEEK + 2 * HOUR)
        };
        all.extend(flights.iter().filter(of).map(|flight| Flight {
            id: format!("{week}-{}", flight.id),
            departed: flight.departed + (week - second) * WEEK,
            landed: flight.landed.map(|landed| landed + (week - second) * WEEK),
            ..flight.clone()
        }));
    }
    all
}

/// A window of as many rows as a day and a half has, so that one bad day alone says nothing.
const PATIENT: &str = "min_rows = 500";

fn one_fault(weeks_count: i64, fault: i64, hours: i64) -> Year {
    let mut year = Year::new(weeks(weeks_count, fault), PATIENT);
    year.hours(hours);
    assert_eq!(year.events(), ["degraded", "recovered"]);
    assert_eq!(
        (
            year.alerts("degraded"),
            year.alerts("blind"),
            year.rollbacks_count
        ),
        (1, 0, 1)
    );
    assert!(!year.newer_is_live);
    year
}

#[test]
fn one_fault_in_four_weeks_of_hours_is_one_alert_one_rollback_and_one_recovery() {
    one_fault(4, 2, 4 * 168);
}

#[test]
#[ignore = "8,760 hours by library calls take minutes: scripts/play_years.sh"]
fn one_fault_in_a_year_of_hours_is_one_alert_one_rollback_and_one_recovery() {
    let year = one_fault(53, 20, 8_760);
    let size = std::fs::metadata(year.sandbox.store()).unwrap().len();
    let number = |query: &str| year.sandbox.number(query);
    let log = "SELECT sum(length(command_line) + length(detail) + length(actor) + length(host) + 200) FROM operation";
    println!(
        "a year: the store has {size} bytes; {} operations of about {} bytes, {} checks with documents of {} bytes, {} predictions",
        number("SELECT count(*) FROM operation"),
        number(log),
        number("SELECT count(*) FROM evaluation"),
        number("SELECT sum(length(document)) FROM evaluation"),
        number("SELECT count(*) FROM prediction"),
    );
}

#[test]
fn where_labels_stop_there_is_one_blind_alert() {
    let mut flights = weeks(4, 99);
    for flight in &mut flights {
        flight.landed = flight.landed.filter(|landed| *landed < WEEK);
    }
    let mut year = Year::new(flights, PATIENT);
    year.hours(4 * 168);
    assert_eq!(year.events(), ["blind"]);
    assert_eq!(
        (
            year.alerts("degraded"),
            year.alerts("blind"),
            year.rollbacks_count
        ),
        (0, 1, 0)
    );
}

/// The same flights with the days of each week in another order.
fn shuffled(weeks_count: i64, copy: u64) -> Vec<Flight> {
    let flights = weeks(1, 99);
    let mut state = copy.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut below = |limit: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let mut all = Vec::new();
    for week in 0..weeks_count {
        let mut days: Vec<i64> = (0..7).collect();
        for last in (1..7_u64).rev() {
            let other = usize::try_from(below(last + 1)).unwrap();
            days.swap(usize::try_from(last).unwrap(), other);
        }
        for (place, day) in (0..).zip(days) {
            let shift = week * WEEK + (place - day) * DAY;
            let of_day = flights.iter().filter(|flight| flight.departed / DAY == day);
            all.extend(of_day.map(|flight| Flight {
                id: format!("{week}-{}", flight.id),
                departed: flight.departed + shift,
                landed: flight.landed.map(|landed| landed + shift),
                ..flight.clone()
            }));
        }
    }
    all
}

/// In how many of 20 copies without a fault people are alarmed within a year, each played up to its first alarm.
#[expect(
    clippy::print_stdout,
    reason = "the figures are for who plays the years"
)]
fn copies_with_an_alarm(check: &str) -> usize {
    let alarmed = (1..=20).filter(|copy| {
        let mut year = Year::new(shuffled(53, *copy), check);
        let first = (1..=8_760).find(|hour| {
            year.hour(hour * HOUR);
            !year.events().is_empty()
        });
        match first {
            Some(hour) => println!(
                "{check}, copy {copy}: {} on day {}",
                year.events()[0],
                1 + hour / 24
            ),
            None => println!("{check}, copy {copy}: no alarm"),
        }
        first.is_some()
    });
    let count = alarmed.count();
    println!(
        "without a fault, the days of each week shuffled, {check}: {count} of 20 copies alarm within a year"
    );
    count
}

#[test]
#[ignore = "up to 20 years of hours take long: scripts/play_years.sh"]
fn without_a_fault_so_many_copies_alarm_in_threshold_mode_as_the_docs_state() {
    assert_eq!(copies_with_an_alarm("min_rows = 200"), 12);
}

#[test]
#[ignore = "up to 20 years of hours take long: scripts/play_years.sh"]
fn with_more_rows_before_the_first_verdict_hardly_fewer_alarm() {
    assert_eq!(copies_with_an_alarm(PATIENT), 10);
}
