//! Tests of what people hear: each change of state once, and nothing in between.

use super::*;
use crate::domain::policy::{Carrier, EventKind, Filter, OnDegraded};
use crate::store::Change;
use crate::store::alerts;
use crate::store::example::minute;
use crate::store::outbox::Settlement;
use crate::workflows::example::{Scene, at};

const DAY: i64 = 24 * 60;

fn channel(name: &str, passes: Filter) -> Channel {
    Channel {
        name: name.to_owned(),
        carrier: Carrier::File {
            path: "alerts.jsonl".to_owned(),
        },
        passes,
        required: false,
    }
}

/// Versions a and b, each with a reference sample 1.0 off; b is live and twice as wrong.
fn degraded() -> Scene {
    let mut scene = Scene::new();
    let versions = [scene.version("a"), scene.version("b")];
    for version in versions {
        scene.reference(version, 100, 1.0);
    }
    scene.promote(versions[0], 0);
    scene.promote(versions[1], 10);
    scene.rows(versions[1], 20, 50, 2.0);
    scene.policy.check.max_age = "1000d".parse().unwrap();
    scene.channels = vec![channel("all", Filter::default())];
    scene
}

fn told(scene: &mut Scene) -> Vec<Message> {
    let mut messages = Vec::new();
    for id in 1..=4 {
        let of = scene.example.read(|tx| outbox::of_alert(tx, AlertId(id)));
        messages.extend(of.into_iter().map(|one| one.message));
    }
    messages
}

fn events(scene: &mut Scene) -> Vec<Event> {
    told(scene)
        .into_iter()
        .map(|message| message.event)
        .collect()
}

/// What came of all that waits at a minute, and whom of the recipients of a mail it reached.
fn settle(scene: &mut Scene, minutes: i64, settlement: Settlement<'_>, reached: &[&str]) {
    let reached: Vec<_> = reached.iter().map(|one| (*one).to_owned()).collect();
    scene
        .store()
        .change(&at(minutes), |tx| {
            let now = minute(minutes);
            for one in outbox::claim(tx, now, minute(minutes + 1), true)?.due {
                outbox::settle(tx, one.id, now, settlement, &reached)?;
            }
            Ok::<_, StoreError>(Change::staged(()))
        })
        .unwrap();
}

fn delivered(scene: &mut Scene, minutes: i64) {
    settle(scene, minutes, Settlement::Delivered, &[]);
}

#[test]
fn an_alert_that_stays_open_is_told_once_and_reminded_of_each_day_until_somebody_took_note() {
    let mut scene = degraded();
    for hour in 0..60 {
        scene.monitor(100 + hour * 60);
        delivered(&mut scene, 100 + hour * 60);
    }
    assert_eq!(
        events(&mut scene),
        [Event::Degraded, Event::Reminder, Event::Reminder]
    );
    scene
        .store()
        .change(&at(0), |tx| {
            alerts::acknowledge(tx, AlertId(1), minute(0), false).map(Change::staged)
        })
        .unwrap();
    scene.monitor(100 + 10 * DAY);
    assert_eq!(events(&mut scene).len(), 3);
}

#[test]
fn the_message_of_a_rollback_has_the_numbers_and_how_to_undo_it() {
    let mut scene = degraded();
    scene.policy.action.on_degraded = OnDegraded::Rollback;
    let operation = scene.monitor(100).action.operation.unwrap();
    let messages = told(&mut scene);
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!(message.title, "taxi b is degraded (critical)");
    assert_eq!(
        message.undo_command.as_deref(),
        Some(format!("modelguard -C /srv/taxi -m taxi undo {operation}").as_str())
    );
    let text = message.lines.join("\n");
    for part in [
        "rmse now 2.00",
        "baseline 1.00",
        "worse by 100.0 %",
        "Rolled back to a (was b).",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_rollback_after_a_check_that_was_told_already_is_told_too() {
    let mut scene = degraded();
    scene.check(100);
    assert_eq!(events(&mut scene), [Event::Degraded]);
    scene.policy.action.on_degraded = OnDegraded::Rollback;
    scene.monitor(110);
    assert_eq!(events(&mut scene), [Event::Degraded, Event::Degraded]);
    assert!(told(&mut scene)[1].undo_command.is_some());
}

#[test]
fn nowhere_to_go_is_told_once() {
    let mut scene = Scene::new();
    let only = scene.version("only");
    scene.reference(only, 100, 1.0);
    scene.promote(only, 0);
    scene.rows(only, 20, 50, 2.0);
    scene.channels = vec![channel("all", Filter::default())];
    scene.policy.action.on_degraded = OnDegraded::Rollback;
    for hour in 0..20 {
        scene.monitor(100 + hour * 60);
    }
    assert_eq!(events(&mut scene), [Event::Blocked]);
}

#[test]
fn a_recovery_is_one_message_however_many_alerts_end_with_it() {
    let mut scene = degraded();
    scene.monitor(100);
    let live = scene.stack()[1];
    scene.rows(live, 200, 1_000, 1.0);
    scene.monitor(2_000);
    assert_eq!(events(&mut scene), [Event::Degraded, Event::Recovered]);
    scene.monitor(2_100);
    assert_eq!(events(&mut scene).len(), 2);
}

#[test]
fn a_channel_hears_what_passes_its_filter_and_each_message_has_an_id_of_its_own() {
    let mut scene = degraded();
    let only = |events: &[EventKind]| Filter {
        events: Some(events.to_vec()),
        ..Filter::default()
    };
    let of_models = |name: &str| Filter {
        models: Some(vec![name.parse().unwrap()]),
        ..Filter::default()
    };
    scene.channels = vec![
        channel("all", Filter::default()),
        channel("same", Filter::default()),
        channel("recovered", only(&[EventKind::Recovered])),
        channel("other", of_models("other")),
        channel("taxi", of_models("TAXI")),
    ];
    scene.monitor(100);
    let queued = scene.example.read(|tx| outbox::of_alert(tx, AlertId(1)));
    let names: Vec<_> = queued.iter().map(|one| one.channel.as_str()).collect();
    assert_eq!(names, ["all", "same", "taxi"]);
    let mut ids: Vec<_> = queued
        .iter()
        .map(|one| one.message.delivery_id.clone())
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    assert!(
        ids[0].starts_with("mg-") && ids[0].len() == 35,
        "{}",
        ids[0]
    );
}

#[test]
fn blindness_is_told_once() {
    let mut scene = Scene::new();
    let only = scene.version("only");
    scene.reference(only, 100, 1.0);
    scene.promote(only, 0);
    scene.channels = vec![channel("all", Filter::default())];
    for day in 1..5 {
        scene.monitor(day * DAY);
    }
    assert_eq!(events(&mut scene)[0], Event::Blind);
    let blind = events(&mut scene)
        .into_iter()
        .filter(|event| *event == Event::Blind);
    assert_eq!(blind.count(), 1);
}

/// The inbox refuses a file.
fn refuse(scene: &mut Scene, name: &str, minutes: i64) {
    let (model, channels) = (scene.model.id, scene.channels.clone());
    let audience = Audience {
        channels: &channels,
        ..Audience::NOBODY
    };
    scene
        .store()
        .change(&at(minutes), |tx| {
            let file = alerts::RefusedFile {
                model,
                name,
                hash: hash_bytes(name.as_bytes()),
                message: "no id",
                at: minute(minutes),
            };
            let alert = alerts::open_file(tx, &file)?.unwrap();
            announce_refused(tx, &audience, &at(minutes), alert, name)?;
            Ok::<_, StoreError>(Change::staged(()))
        })
        .unwrap();
}

#[test]
fn all_refused_files_of_a_model_are_reminded_of_in_one_message() {
    let mut scene = Scene::new();
    scene.channels = vec![channel("all", Filter::default())];
    for name in ["a.csv", "b.csv", "c.csv"] {
        refuse(&mut scene, name, 100);
    }
    scene.policy.check.max_age = "1000d".parse().unwrap();
    let live = scene.version("live");
    scene.reference(live, 100, 1.0);
    scene.promote(live, 0);
    scene.rows(live, 20, 50, 1.0);
    for hour in 0..60 {
        scene.monitor(100 + hour * 60);
        delivered(&mut scene, 100 + hour * 60);
    }
    let all = told(&mut scene);
    let reminders: Vec<_> = all
        .iter()
        .filter(|one| one.event == Event::Reminder)
        .collect();
    assert_eq!(reminders.len(), 2);
    assert!(reminders[1].lines[1].starts_with("2 files more were refused"));
}

#[test]
fn what_was_given_up_was_not_heard_and_is_told_again() {
    let mut scene = degraded();
    scene.monitor(100);
    settle(&mut scene, 200, Settlement::GivenUp("dead"), &[]);
    scene.monitor(300);
    scene.monitor(400);
    assert_eq!(events(&mut scene), [Event::Degraded, Event::Degraded]);
}

#[test]
fn what_waits_already_tells_what_a_reminder_would() {
    let mut scene = degraded();
    for day in 0..60 {
        scene.monitor(100 + day * DAY);
        let again = Settlement::Again("dead", minute(100 + day * DAY));
        settle(&mut scene, 100 + day * DAY, again, &[]);
    }
    assert_eq!(events(&mut scene), [Event::Degraded]);
    // It arrives in the end, and a reminder is due a day after that.
    delivered(&mut scene, 100 + 60 * DAY);
    scene.monitor(200 + 60 * DAY);
    assert_eq!(events(&mut scene).len(), 1);
    scene.monitor(100 + 61 * DAY);
    assert_eq!(events(&mut scene), [Event::Degraded, Event::Reminder]);
}

#[test]
fn a_mail_that_one_of_its_recipients_refuses_was_heard_by_the_others() {
    let mut scene = degraded();
    scene.monitor(100);
    let again = Settlement::Again("gone refused", minute(200));
    settle(&mut scene, 100, again, &["ana"]);
    scene.monitor(100 + DAY);
    assert_eq!(events(&mut scene), [Event::Degraded, Event::Reminder]);
    settle(&mut scene, 100 + DAY, Settlement::GivenUp("gone"), &["ana"]);
    scene.monitor(200 + DAY);
    let told = events(&mut scene);
    assert_eq!(told, [Event::Degraded, Event::Reminder], "nobody anew");
    let live = scene.stack()[1];
    scene.rows(live, 300 + DAY, 2_000, 1.0);
    scene.monitor(2_400 + DAY);
    let told = events(&mut scene);
    assert_eq!(told[2..], [Event::Recovered]);
}

#[test]
fn what_was_given_up_of_an_alert_that_no_check_speaks_of_is_told_again() {
    let mut scene = degraded();
    scene.monitor(100);
    settle(&mut scene, 200, Settlement::GivenUp("dead"), &[]);
    // No check can decide any more.
    scene.policy.check.min_rows = 1_000;
    scene.monitor(300);
    scene.monitor(400);
    assert_eq!(events(&mut scene), [Event::Degraded, Event::Degraded]);
    let told = told(&mut scene);
    assert!(told[1].title.ends_with("alert a_1 is still open"));
}

#[test]
fn files_that_were_given_up_are_told_again_in_one_message() {
    let mut scene = Scene::new();
    let live = scene.version("live");
    scene.reference(live, 100, 1.0);
    scene.promote(live, 0);
    scene.rows(live, 20, 50, 1.0);
    scene.policy.check.max_age = "1000d".parse().unwrap();
    scene.channels = vec![channel("all", Filter::default())];
    refuse(&mut scene, "a.csv", 100);
    refuse(&mut scene, "b.csv", 110);
    settle(&mut scene, 200, Settlement::GivenUp("dead"), &[]);
    // What is told about another file says nothing of these, and they wait until it is gone.
    refuse(&mut scene, "c.csv", 300);
    scene.monitor(300);
    assert_eq!(events(&mut scene).len(), 3);
    delivered(&mut scene, 310);
    for minutes in [400, 500] {
        scene.monitor(minutes);
        delivered(&mut scene, minutes + 1);
    }
    let told = told(&mut scene);
    assert_eq!(told.len(), 4);
    let again: Vec<_> = told
        .iter()
        .filter(|one| one.title == "taxi: alert a_2 is still open")
        .collect();
    assert_eq!(again[0].event, Event::RefusedFile);
    assert!(again[0].lines[1].starts_with("2 files more were refused"));
}

#[test]
fn numbers_keep_three_digits() {
    let shown = [0.0, 1.0, 0.412_4, 12.345, 1234.5, 0.000_123_4].map(words::short);
    assert_eq!(shown, ["0", "1.00", "0.412", "12.3", "1234", "0.000123"]);
}
