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

#[test]
fn an_alert_that_stays_open_is_told_once_and_reminded_of_each_day_until_somebody_took_note() {
    let mut scene = degraded();
    for hour in 0..60 {
        scene.monitor(100 + hour * 60);
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
    scene
        .store()
        .change(&at(200), |tx| {
            let queued = outbox::of_alert(tx, AlertId(1))?.remove(0);
            outbox::settle(tx, queued.id, minute(200), Settlement::GivenUp("dead"), &[])?;
            Ok::<_, StoreError>(Change::staged(()))
        })
        .unwrap();
    scene.monitor(300);
    scene.monitor(400);
    assert_eq!(events(&mut scene), [Event::Degraded, Event::Degraded]);
}

#[test]
fn numbers_keep_three_digits() {
    let shown = [0.0, 1.0, 0.412_4, 12.345, 1234.5, 0.000_123_4].map(words::short);
    assert_eq!(shown, ["0", "1.00", "0.412", "12.3", "1234", "0.000123"]);
}
