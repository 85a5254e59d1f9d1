//! Who sends what waits in the outbox: it is claimed by a process, and settled one by one or let go of.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Row, named_params};
use serde_json::json;

use super::{Delivery, DeliveryState, SELECT, delivery};
use crate::domain::time::{Length, Timestamp};
use crate::files::owner::Owner;
use crate::store::{Result, Tx, instant_or_none};

/// What a run took from the outbox, and what it left to others.
#[derive(Debug)]
pub struct Claimed {
    /// For the running process to send, the oldest first.
    pub due: Vec<Delivery>,
    /// What is due and more than one run sends.
    pub left: Vec<Delivery>,
    /// So many are in the hands of other processes that send now, or wait behind such a one.
    pub elsewhere_count: u64,
}

/// The most messages that one run sends through a channel; what is left is for the next one.
pub(super) const MOST: usize = 1_000;

/// Takes the messages that are due for the running process, oldest first: those that nobody else is sending, and that
/// [wait behind](Delivery::waits_behind) none that is not due or is being sent.
///
/// They are the process's own until `until`, then anybody's: it may be gone where nobody can see that. With `all` what
/// failed before and would wait is due too.
///
/// # Errors
/// The store can't be written.
pub fn claim(tx: &Tx<'_>, now: Timestamp, until: Timestamp, all: bool) -> Result<Claimed> {
    let present = Owner::present();
    let mut claimed = Claimed {
        due: Vec::new(),
        left: Vec::new(),
        elsewhere_count: 0,
    };
    {
        let mut statement = tx
            .sql
            .prepare_cached(&format!("{SELECT} WHERE state = 'queued' ORDER BY id"))?;
        let mut rows = statement.query([])?;
        // What waits, and whether another process is the reason.
        let mut held_up: Vec<(Delivery, bool)> = Vec::new();
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let delivery = delivery(row)?;
            let held = held_up
                .iter()
                .find(|(older, _)| delivery.waits_behind(older));
            if let Some((_, by_another)) = held {
                let by_another = *by_another;
                claimed.elsewhere_count += u64::from(by_another);
                // What waits behind this one waits as well.
                held_up.push((delivery, by_another));
                continue;
            }
            let is_free = is_free(row, &present, now)?;
            if !is_free || !all && delivery.next_attempt_at > now {
                claimed.elsewhere_count += u64::from(!is_free);
                held_up.push((delivery, !is_free));
                continue;
            }
            let taken = taken
                .entry(delivery.channel.to_ascii_lowercase())
                .or_default();
            if *taken < MOST {
                *taken += 1;
                claimed.due.push(delivery);
            } else {
                claimed.left.push(delivery);
            }
        }
    }
    for delivery in &claimed.due {
        tx.sql
            .prepare_cached(
                "UPDATE delivery SET owner_pid = :pid, owner_boot = :boot, claimed_until = :until WHERE id = :id",
            )?
            .execute(named_params! {
                ":pid": present.pid, ":boot": present.boot, ":until": until.micros(), ":id": delivery.id,
            })?;
    }
    Ok(claimed)
}

/// Whether nobody else is sending the message of that row.
fn is_free(row: &Row<'_>, present: &Owner, now: Timestamp) -> Result<bool> {
    let owner = row
        .get::<_, Option<u32>>(14)?
        .zip(row.get::<_, Option<String>>(15)?)
        .map(|(pid, boot)| Owner { pid, boot });
    let claimed_until = instant_or_none(row, 16)?;
    Ok(owner.is_none_or(|owner| {
        owner == *present || owner.is_gone() || claimed_until.is_none_or(|until| now >= until)
    }))
}

/// Lets go of claimed messages that were not tried, as far as they are still the process's own.
///
/// # Errors
/// The store can't be written.
pub fn release(tx: &Tx<'_>, ids: &[i64]) -> Result<()> {
    let present = Owner::present();
    for id in ids {
        tx.sql
            .prepare_cached(
                "UPDATE delivery SET owner_pid = NULL, owner_boot = NULL, claimed_until = NULL
                 WHERE id = :id AND state = 'queued' AND owner_pid = :pid AND owner_boot = :boot",
            )?
            .execute(named_params! { ":id": id, ":pid": present.pid, ":boot": present.boot })?;
    }
    Ok(())
}

/// What came of a claimed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement<'a> {
    Delivered,
    /// An attempt failed; the next one is not before that time.
    Again(&'a str, Timestamp),
    /// An attempt failed, or there can be none, and no other will be made.
    GivenUp(&'a str),
}

/// Says what came of a claimed message and lets go of it; the attempt reached these addresses, perhaps not all.
///
/// Who was reached stays reached. A failure counts only as long as the message is still the process's own.
///
/// # Errors
/// The store can't be written.
pub fn settle(
    tx: &Tx<'_>,
    id: i64,
    now: Timestamp,
    settlement: Settlement<'_>,
    reached: &[String],
) -> Result<()> {
    let (state, error, next) = match settlement {
        Settlement::Delivered => (DeliveryState::Delivered, None, None),
        Settlement::Again(error, next) => (DeliveryState::Queued, Some(error), Some(next)),
        Settlement::GivenUp(error) => (DeliveryState::Failed, Some(error), None),
    };
    let settled_at = (state != DeliveryState::Queued).then_some(now);
    let present = Owner::present();
    if !reached.is_empty() {
        tx.sql.execute(
            "UPDATE delivery SET reached = (SELECT json_group_array(value) FROM
                 (SELECT value FROM json_each(reached) UNION SELECT value FROM json_each(:reached)))
             WHERE id = :id",
            named_params! { ":reached": json!(reached).to_string(), ":id": id },
        )?;
    }
    tx.sql.execute(
        "UPDATE delivery SET state = :state, attempts_count = attempts_count + 1, last_error = :error,
             first_failed_at = CASE WHEN :error IS NULL THEN first_failed_at ELSE ifnull(first_failed_at, :now) END,
             next_attempt_at = ifnull(:next, next_attempt_at), settled_at = :settled_at,
             owner_pid = NULL, owner_boot = NULL, claimed_until = NULL
         WHERE id = :id AND state = 'queued'
             AND (:error IS NULL OR owner_pid = :pid AND owner_boot = :boot)",
        named_params! {
            ":state": state.name(), ":error": error, ":now": now.micros(), ":next": next.map(Timestamp::micros),
            ":settled_at": settled_at.map(Timestamp::micros), ":id": id, ":pid": present.pid, ":boot": present.boot,
        },
    )?;
    Ok(())
}

/// A channel is out of order: what waits for it and nobody else is sending failed with the message that was tried. It
/// is let go of and waits until `next`. What of the claimed has failed for so long is given up; gives that.
///
/// # Errors
/// The store can't be written.
pub fn fail_rest(
    tx: &Tx<'_>,
    channel: &str,
    now: Timestamp,
    error: &str,
    next: Timestamp,
    give_up_after: Length,
) -> Result<BTreeSet<i64>> {
    let present = Owner::present();
    let mut given_up = BTreeSet::new();
    {
        let mut statement = tx.sql.prepare_cached(
            "UPDATE delivery SET state = 'failed', settled_at = :now, last_error = ifnull(last_error, :error),
                 first_failed_at = ifnull(first_failed_at, :now),
                 owner_pid = NULL, owner_boot = NULL, claimed_until = NULL
             WHERE channel = :channel COLLATE NOCASE AND state = 'queued'
                 AND owner_pid = :pid AND owner_boot = :boot
                 AND :now - ifnull(first_failed_at, :now) >= :give_up_after
             RETURNING id",
        )?;
        let mut rows = statement.query(named_params! {
            ":channel": channel, ":now": now.micros(), ":error": error, ":pid": present.pid, ":boot": present.boot,
            ":give_up_after": give_up_after.micros(),
        })?;
        while let Some(row) = rows.next()? {
            given_up.insert(row.get(0)?);
        }
    }
    tx.sql
        .prepare_cached(
            "UPDATE delivery SET first_failed_at = ifnull(first_failed_at, :now),
                 next_attempt_at = max(next_attempt_at, :next),
                 owner_pid = NULL, owner_boot = NULL, claimed_until = NULL
             WHERE channel = :channel COLLATE NOCASE AND state = 'queued'
                 AND (owner_pid IS NULL OR owner_pid = :pid AND owner_boot = :boot)",
        )?
        .execute(named_params! {
            ":channel": channel, ":now": now.micros(), ":next": next.micros(),
            ":pid": present.pid, ":boot": present.boot,
        })?;
    Ok(given_up)
}

/// What a channel has become since it took a message last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// A message failed for the first time.
    pub has_failed: bool,
    /// A message was given up.
    pub has_given_up: bool,
}

/// How a channel stands. Where some of the recipients have a message, it took it.
///
/// # Errors
/// The store can't be read.
pub fn standing(tx: &Tx<'_>, channel: &str) -> Result<Standing> {
    Ok(tx
        .sql
        .prepare_cached(
            "SELECT ifnull(max(first_failed_at) > delivered.last, 0), ifnull(max(settled_at) > delivered.last, 0)
             FROM delivery, (SELECT ifnull(max(settled_at), 0) AS last FROM delivery
                             WHERE channel = :channel COLLATE NOCASE AND state = 'delivered') AS delivered
             WHERE channel = :channel COLLATE NOCASE AND state <> 'delivered' AND reached = '[]'",
        )?
        .query_row(named_params! { ":channel": channel }, |row| {
            Ok(Standing {
                has_failed: row.get(0)?,
                has_given_up: row.get(1)?,
            })
        })?)
}
