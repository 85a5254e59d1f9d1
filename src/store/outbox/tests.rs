//! Tests of the outbox: what is queued comes out as it was, to one process at a time, until it is settled.

use super::sending::MOST;
use super::*;
use crate::domain::holders::VersionId;
use crate::domain::time::Length;
use crate::domain::verdict::{AlertKind, Verdict};
use crate::files::owner::Owner;
use crate::store::alerts::{self, Occurrence};
use crate::store::example::{Example, author, minute};
use crate::store::{Change, Store};

fn scene() -> (Example, AlertId) {
    let mut example = Example::new();
    let version = example.version("a");
    let alert = opened(&mut example, version);
    (example, alert)
}

fn opened(example: &mut Example, version: VersionId) -> AlertId {
    let evaluation = example.evaluate(version, Verdict::Degraded);
    let occurrence = Occurrence {
        model: 1,
        version,
        kind: AlertKind::Degraded,
        severity: Severity::High,
        message: "rmse worse",
        evaluation,
        at: minute(0),
    };
    change(&mut example.store, |tx| alerts::open(tx, &occurrence))
}

fn change<T>(store: &mut Store, act: impl FnOnce(&Tx<'_>) -> Result<T>) -> T {
    store
        .change(&author(), |tx| act(tx).map(Change::staged))
        .unwrap()
}

fn message(alert: AlertId, name: &str) -> Message {
    Message {
        delivery_id: name.to_owned(),
        event: Event::Degraded,
        at: minute(1),
        host: "h".to_owned(),
        model: "taxi".to_owned(),
        version: Some("a".to_owned()),
        alert: Some(alert),
        severity: Some(Severity::High),
        title: "taxi a is degraded".to_owned(),
        lines: vec!["\"quoted\" 1.5 %".to_owned(), String::new()],
        undo_command: Some("modelguard undo op_4".to_owned()),
        head_blake3: None,
    }
}

fn queued(example: &mut Example, alert: AlertId, name: &str) {
    change(&mut example.store, |tx| {
        queue(tx, 1, "team", &message(alert, name))
    });
}

fn claimed(example: &mut Example, at: i64, all: bool) -> Vec<Delivery> {
    claimed_all(example, at, all).due
}

fn claimed_all(example: &mut Example, at: i64, all: bool) -> Claimed {
    change(&mut example.store, |tx| {
        claim(tx, minute(at), minute(at + 1), all)
    })
}

fn settled(example: &mut Example, id: i64, settlement: Settlement<'_>) {
    change(&mut example.store, |tx| {
        settle(tx, id, minute(5), settlement, &[])
    });
}

#[test]
fn a_message_comes_out_as_it_went_in() {
    let (mut example, alert) = scene();
    queued(&mut example, alert, "mg-1");
    let due = claimed(&mut example, 1, false);
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].message, message(alert, "mg-1"));
    assert_eq!(
        (due[0].channel.as_str(), due[0].attempts_count),
        ("team", 0)
    );
}

#[test]
fn the_same_message_is_not_queued_twice() {
    let (mut example, alert) = scene();
    queued(&mut example, alert, "mg-1");
    let again = example.store.change(&author(), |tx| {
        queue(tx, 1, "team", &message(alert, "mg-1")).map(Change::staged)
    });
    assert!(again.is_err());
}

#[test]
fn what_failed_waits_and_what_was_delivered_is_done() {
    let (mut example, alert) = scene();
    queued(&mut example, alert, "mg-1");
    queued(&mut example, alert, "mg-2");
    let due = claimed(&mut example, 1, false);
    settled(&mut example, due[0].id, Settlement::Delivered);
    settled(
        &mut example,
        due[1].id,
        Settlement::Again("refused", minute(10)),
    );
    assert!(claimed(&mut example, 9, false).is_empty());
    assert_eq!(
        claimed(&mut example, 9, true).len(),
        1,
        "asked for, it does not wait"
    );
    change(&mut example.store, |tx| release(tx, &[due[1].id]));
    let due = claimed(&mut example, 10, false);
    assert_eq!((due.len(), due[0].attempts_count), (1, 1));
    assert_eq!(due[0].last_error.as_deref(), Some("refused"));
    settled(
        &mut example,
        due[0].id,
        Settlement::GivenUp("refused again"),
    );
    assert!(claimed(&mut example, 1_000_000, true).is_empty());
    let all = example.read(|tx| of_alert(tx, alert));
    let states: Vec<_> = all.iter().map(|one| one.state).collect();
    assert_eq!(states, [DeliveryState::Delivered, DeliveryState::Failed]);
    assert_eq!(all[1].last_error.as_deref(), Some("refused again"));
    assert_eq!(example.read(|tx| counts(tx, 1)), (0, 1));
}

#[test]
fn what_a_living_process_sends_is_left_to_it_and_what_a_dead_one_sent_is_taken_over() {
    let (mut example, alert) = scene();
    queued(&mut example, alert, "mg-1");
    let present = Owner::present();
    let mut owned_by = |pid: u32, boot: &str, at: i64| {
        change(&mut example.store, |tx| {
            tx.sql.execute(
                "UPDATE delivery SET owner_pid = ?1, owner_boot = ?2, claimed_until = ?3",
                (pid, boot, minute(2).micros()),
            )?;
            claim(tx, minute(at), minute(at + 1), false)
        })
        .due
        .len()
    };
    let parent = std::os::unix::process::parent_id();
    assert_eq!(owned_by(parent, &present.boot, 1), 0, "it lives");
    assert_eq!(
        owned_by(parent, &present.boot, 2),
        1,
        "but no longer than it said"
    );
    assert_eq!(
        owned_by(u32::MAX - 1, &present.boot, 1),
        1,
        "there is no such process"
    );
    assert_eq!(
        owned_by(1, "another machine", 1),
        0,
        "it can't be seen from here"
    );
    assert_eq!(
        owned_by(1, "another machine", 2),
        1,
        "its time is over, wherever it is"
    );
    let until = "SELECT claimed_until FROM delivery";
    let until: i64 = example.read(|tx| Ok(tx.sql.query_row(until, [], |row| row.get(0))?));
    assert_eq!(until, minute(3).micros(), "and its own claim ends too");
}

#[test]
fn addresses_that_were_reached_are_remembered_from_attempt_to_attempt() {
    let (mut example, alert) = scene();
    queued(&mut example, alert, "mg-1");
    for (at, reached) in [(10, "ana@x.org"), (20, "zoe@x.org"), (30, "ana@x.org")] {
        let id = claimed(&mut example, at, false)[0].id;
        change(&mut example.store, |tx| {
            let again = Settlement::Again("refused", minute(at + 10));
            settle(tx, id, minute(at), again, &[reached.to_owned()])
        });
    }
    let delivery = claimed(&mut example, 40, false).remove(0);
    assert_eq!(delivery.reached, ["ana@x.org", "zoe@x.org"]);
    assert_eq!(delivery.first_failed_at, Some(minute(10)));
}

#[test]
fn what_waits_holds_up_its_alert_and_the_recovery_of_its_model_alone() {
    let (mut example, alert) = scene();
    queued(&mut example, alert, "mg-1");
    let first = claimed(&mut example, 1, false).remove(0);
    let again = Settlement::Again("refused", minute(10));
    settled(&mut example, first.id, again);
    let version = example.version("b");
    let other = opened(&mut example, version);
    queued(&mut example, other, "mg-2");
    change(&mut example.store, |tx| {
        let recovered = Message {
            event: Event::Recovered,
            ..message(other, "mg-3")
        };
        queue(tx, 1, "TEAM", &recovered)
    });
    // The alert is open again: what tells of it waits behind the recovery that waits itself.
    queued(&mut example, other, "mg-4");
    let due = claimed(&mut example, 5, false);
    let names: Vec<_> = due.iter().map(|one| &one.message.delivery_id).collect();
    assert_eq!(names, ["mg-2"]);
    assert_eq!(claimed(&mut example, 10, false).len(), 4);
}

#[test]
fn nothing_overtakes_what_waits_about_the_same_alert() {
    let (mut example, alert) = scene();
    queued(&mut example, alert, "mg-1");
    let first = claimed(&mut example, 1, false).remove(0);
    settled(
        &mut example,
        first.id,
        Settlement::Again("refused", minute(10)),
    );
    queued(&mut example, alert, "mg-2");
    change(&mut example.store, |tx| {
        queue(tx, 1, "other", &message(alert, "mg-3"))
    });
    let names = |due: Vec<Delivery>| -> Vec<String> {
        due.into_iter().map(|one| one.message.delivery_id).collect()
    };
    assert_eq!(names(claimed(&mut example, 5, false)), ["mg-3"]);
    assert_eq!(
        names(claimed(&mut example, 10, false)),
        ["mg-1", "mg-2", "mg-3"]
    );
    // Nor what another process is sending.
    let (pid, boot) = (std::os::unix::process::parent_id(), Owner::present().boot);
    change(&mut example.store, |tx| {
        tx.sql.execute(
            "UPDATE delivery SET owner_pid = ?1, owner_boot = ?2, claimed_until = ?3 WHERE name = 'mg-1'",
            (pid, boot, minute(12).micros()),
        )?;
        Ok(())
    });
    let left = claimed_all(&mut example, 11, true);
    assert_eq!(names(left.due), ["mg-3"]);
    assert_eq!(
        left.elsewhere_count, 2,
        "the one that is sent, and the one behind it"
    );
}

#[test]
fn what_one_of_the_recipients_has_holds_up_nothing() {
    let (mut example, alert) = scene();
    queued(&mut example, alert, "mg-1");
    let first = claimed(&mut example, 1, false).remove(0);
    change(&mut example.store, |tx| {
        let again = Settlement::Again("gone refused", minute(10));
        settle(tx, first.id, minute(1), again, &["ana@x.org".to_owned()])
    });
    change(&mut example.store, |tx| {
        let recovered = Message {
            event: Event::Recovered,
            ..message(alert, "mg-2")
        };
        queue(tx, 1, "team", &recovered)
    });
    let due = claimed(&mut example, 5, false);
    let names: Vec<_> = due.iter().map(|one| &one.message.delivery_id).collect();
    assert_eq!(names, ["mg-2"]);
}

#[test]
fn one_run_takes_so_many_messages_of_each_channel() {
    let (mut example, alert) = scene();
    change(&mut example.store, |tx| {
        for number in 0..=MOST {
            let name = format!("mg-{number}");
            let channel = if number % 2 == 0 { "dead" } else { "DEAD" };
            queue(tx, 1, channel, &message(alert, &name))?;
        }
        queue(tx, 1, "team", &message(alert, "mg-last"))
    });
    let claimed = claimed_all(&mut example, 1, false);
    assert_eq!(claimed.due.len(), MOST + 1);
    let last = claimed.due.last().unwrap();
    assert_eq!(last.message.delivery_id, "mg-last");
    assert_eq!(claimed.left.len(), 1);
    let owned = "SELECT count(*) FROM delivery WHERE owner_pid IS NOT NULL";
    let owned: i64 = example.read(|tx| Ok(tx.sql.query_row(owned, [], |row| row.get(0))?));
    assert_eq!(owned, 1_001, "what is left is anybody's");
}

#[test]
fn a_claim_that_another_process_has_taken_over_is_left_to_it() {
    let (mut example, alert) = scene();
    queued(&mut example, alert, "mg-1");
    let id = claimed(&mut example, 1, false)[0].id;
    change(&mut example.store, |tx| {
        let sql = "UPDATE delivery SET owner_boot = 'another machine'";
        tx.sql.execute(sql, [])?;
        Ok(())
    });
    let stands = |example: &mut Example| -> (String, i64, Option<String>) {
        let sql = "SELECT state, attempts_count, owner_boot FROM delivery";
        example.read(|tx| {
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            Ok(tx.sql.query_row(sql, [], row)?)
        })
    };
    let untouched = ("queued".to_owned(), 0, Some("another machine".to_owned()));
    change(&mut example.store, |tx| release(tx, &[id]));
    assert_eq!(stands(&mut example), untouched);
    let again = Settlement::Again("refused", minute(10));
    for failure in [again, Settlement::GivenUp("refused")] {
        settled(&mut example, id, failure);
        assert_eq!(stands(&mut example), untouched);
    }
    change(&mut example.store, |tx| {
        let week = Length::from_days(7);
        fail_rest(tx, "team", minute(5), "refused", minute(10), week).map(drop)
    });
    assert_eq!(stands(&mut example), untouched);
    // Who has it, has it.
    settled(&mut example, id, Settlement::Delivered);
    assert_eq!(stands(&mut example), ("delivered".to_owned(), 1, None));
}

#[test]
fn what_waits_for_a_channel_that_is_out_of_order_fails_with_it() {
    let (mut example, alert) = scene();
    queued(&mut example, alert, "mg-1");
    let hour = Length::from_seconds(3_600);
    let fail = |example: &mut Example, at: i64| {
        let claimed = claimed(example, at, true);
        let given_up = change(&mut example.store, |tx| {
            fail_rest(tx, "TEAM", minute(at), "dead", minute(at + 10), hour)
        });
        (claimed.len(), given_up.len())
    };
    let standing = |example: &mut Example| {
        let now = example.read(|tx| standing(tx, "Team"));
        (now.has_failed, now.has_given_up)
    };
    assert_eq!(standing(&mut example), (false, false));
    assert_eq!(fail(&mut example, 1), (1, 0));
    assert_eq!(standing(&mut example), (true, false));
    assert!(claimed(&mut example, 10, false).is_empty(), "not yet");
    queued(&mut example, alert, "mg-2");
    assert_eq!(fail(&mut example, 31), (2, 0));
    assert_eq!(fail(&mut example, 61), (2, 1), "each after its own time");
    let all = example.read(|tx| of_alert(tx, alert));
    assert_eq!(all[0].state, DeliveryState::Failed);
    assert_eq!(all[0].last_error.as_deref(), Some("dead"));
    assert_eq!(all[1].first_failed_at, Some(minute(31)));
    assert_eq!(all[1].next_attempt_at, minute(71));
    assert_eq!(
        (all[1].attempts_count, all[1].last_error.as_deref()),
        (0, None)
    );
    assert_eq!(standing(&mut example), (true, true));
    // What arrives ends that; later failures are news.
    change(&mut example.store, |tx| {
        settle(tx, all[1].id, minute(80), Settlement::Delivered, &[])
    });
    assert_eq!(standing(&mut example), (false, false));
}
