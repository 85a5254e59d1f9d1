//! The outbox: messages to people, queued with what they tell, claimed by who sends them, settled one by one.

use rusqlite::{Row, named_params};
use serde_json::{Value, json};

use super::{Result, StoreError, Tx, count, instant, instant_or_none};
use crate::domain::notification::{Event, Message};
use crate::domain::time::{Length, Timestamp};
use crate::domain::verdict::{AlertId, Severity};
use crate::files::owner::Owner;

/// A claim of a process that can't be seen from here is taken over after so long.
const LEASE: Length = Length::from_seconds(600);

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits for its first or next attempt.
    Queued,
    Delivered,
    /// Given up.
    Failed,
}

impl DeliveryState {
    const ALL: [Self; 3] = [Self::Queued, Self::Delivered, Self::Failed];

    /// The word for it in JSON and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// A message on its way through one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub id: i64,
    pub channel: String,
    pub message: Message,
    pub state: DeliveryState,
    pub queued_at: Timestamp,
    pub next_attempt_at: Timestamp,
    pub attempts_count: u64,
    pub last_error: Option<String>,
    pub settled_at: Option<Timestamp>,
}

/// Adds a message for a channel to the outbox.
///
/// # Errors
/// The message is about no alert, or the store can't be written.
pub fn queue(tx: &Tx<'_>, model: i64, channel: &str, message: &Message) -> Result<()> {
    let alert = message
        .alert
        .ok_or_else(|| StoreError::meaningless("message", message.title.clone()))?;
    tx.sql.execute(
        "INSERT INTO delivery (name, model_id, alert_id, channel, event, message, state, queued_at, next_attempt_at,
             attempts_count)
         VALUES (:name, :model, :alert, :channel, :event, :message, 'queued', :at, :at, 0)",
        named_params! {
            ":name": message.delivery_id, ":model": model, ":alert": alert.0, ":channel": channel,
            ":event": message.event.name(), ":message": encoded(message).to_string(), ":at": message.at.micros(),
        },
    )?;
    Ok(())
}

/// What is in the message and in no column of its own.
fn encoded(message: &Message) -> Value {
    json!({
        "host": message.host,
        "model": message.model,
        "version": message.version,
        "severity": message.severity.map(Severity::name),
        "title": message.title,
        "lines": message.lines,
        "undo_command": message.undo_command,
    })
}

const SELECT: &str =
    "SELECT id, name, alert_id, channel, event, message, state, queued_at, next_attempt_at,
        attempts_count, last_error, settled_at
     FROM delivery";

fn delivery(row: &Row<'_>) -> Result<Delivery> {
    let (event, text, state): (String, String, String) = (row.get(4)?, row.get(5)?, row.get(6)?);
    let content: Value = serde_json::from_str(&text)
        .map_err(|_| StoreError::meaningless("message", text.clone()))?;
    let text_of = |key: &str| content[key].as_str().map(str::to_owned);
    let required =
        |key: &str| text_of(key).ok_or_else(|| StoreError::meaningless("message", text.clone()));
    let lines = content["lines"].as_array();
    Ok(Delivery {
        id: row.get(0)?,
        channel: row.get(3)?,
        message: Message {
            delivery_id: row.get(1)?,
            event: Event::from_name(&event)
                .ok_or_else(|| StoreError::meaningless("event", event))?,
            at: instant(row, 7)?,
            host: required("host")?,
            model: required("model")?,
            version: text_of("version"),
            alert: Some(AlertId(row.get(2)?)),
            severity: text_of("severity").and_then(|word| Severity::from_name(&word)),
            title: required("title")?,
            lines: lines
                .into_iter()
                .flatten()
                .filter_map(|line| line.as_str().map(str::to_owned))
                .collect(),
            undo_command: text_of("undo_command"),
            head_blake3: None,
        },
        state: DeliveryState::ALL
            .into_iter()
            .find(|known| known.name() == state)
            .ok_or_else(|| StoreError::meaningless("delivery state", state))?,
        queued_at: instant(row, 7)?,
        next_attempt_at: instant(row, 8)?,
        attempts_count: count(row, 9)?,
        last_error: row.get(10)?,
        settled_at: instant_or_none(row, 11)?,
    })
}

/// Takes the messages that are due for the running process, oldest first: those that nobody else is sending. None
/// overtakes an older one of its channel: behind one that is not due, or that another process is sending, all wait.
///
/// With `all` what failed before and would wait is due too.
///
/// # Errors
/// The store can't be written.
pub fn claim(tx: &Tx<'_>, now: Timestamp, all: bool) -> Result<Vec<Delivery>> {
    let present = Owner::present();
    let mut due = Vec::new();
    {
        let mut statement = tx.sql.prepare_cached(
            "SELECT id, owner_pid, owner_boot, claimed_at, channel, :all OR next_attempt_at <= :now FROM delivery
             WHERE state = 'queued' ORDER BY id",
        )?;
        let mut rows = statement.query(named_params! { ":all": all, ":now": now.micros() })?;
        let mut held_up: Vec<String> = Vec::new();
        while let Some(row) = rows.next()? {
            let channel: String = row.get(4)?;
            if held_up.contains(&channel) {
                continue;
            }
            let owner = row
                .get::<_, Option<u32>>(1)?
                .zip(row.get::<_, Option<String>>(2)?)
                .map(|(pid, boot)| Owner { pid, boot });
            let claimed_at: Option<i64> = row.get(3)?;
            let is_free = owner.is_none_or(|owner| {
                owner == present
                    || owner.is_gone()
                    || claimed_at.is_none_or(|at| now.micros() - at >= LEASE.micros())
            });
            if is_free && row.get(5)? {
                due.push(row.get::<_, i64>(0)?);
            } else {
                held_up.push(channel);
            }
        }
    }
    let mut claimed = Vec::new();
    for id in due {
        tx.sql.execute(
            "UPDATE delivery SET owner_pid = :pid, owner_boot = :boot, claimed_at = :now WHERE id = :id",
            named_params! { ":pid": present.pid, ":boot": present.boot, ":now": now.micros(), ":id": id },
        )?;
        claimed.extend(get(tx, id)?);
    }
    Ok(claimed)
}

fn get(tx: &Tx<'_>, id: i64) -> Result<Option<Delivery>> {
    let mut statement = tx.sql.prepare_cached(&format!("{SELECT} WHERE id = :id"))?;
    let mut rows = statement.query(named_params! { ":id": id })?;
    rows.next()?.map(delivery).transpose()
}

/// What came of a claimed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement<'a> {
    Delivered,
    /// An attempt failed; the next one is not before that time.
    Again(&'a str, Timestamp),
    /// An attempt failed, or there can be none, and no other will be made.
    GivenUp(&'a str),
    /// It was not tried.
    Released,
}

/// Says what came of a claimed message and lets go of it.
///
/// # Errors
/// The store can't be written.
pub fn settle(tx: &Tx<'_>, id: i64, now: Timestamp, settlement: Settlement<'_>) -> Result<()> {
    let (state, error, next, tried) = match settlement {
        Settlement::Delivered => (DeliveryState::Delivered, None, None, 1),
        Settlement::Again(error, next) => (DeliveryState::Queued, Some(error), Some(next), 1),
        Settlement::GivenUp(error) => (DeliveryState::Failed, Some(error), None, 1),
        Settlement::Released => (DeliveryState::Queued, None, None, 0),
    };
    let settled_at = (state != DeliveryState::Queued).then_some(now);
    tx.sql.execute(
        "UPDATE delivery SET state = :state, attempts_count = attempts_count + :tried,
             last_error = CASE WHEN :state = 'delivered' THEN NULL ELSE ifnull(:error, last_error) END,
             next_attempt_at = ifnull(:next, next_attempt_at), settled_at = :settled_at,
             owner_pid = NULL, owner_boot = NULL, claimed_at = NULL
         WHERE id = :id AND state = 'queued'",
        named_params! {
            ":state": state.name(), ":tried": tried, ":error": error, ":next": next.map(Timestamp::micros),
            ":settled_at": settled_at.map(Timestamp::micros), ":id": id,
        },
    )?;
    Ok(())
}

/// All messages about an alert, oldest first.
///
/// # Errors
/// The store can't be read.
pub fn of_alert(tx: &Tx<'_>, alert: AlertId) -> Result<Vec<Delivery>> {
    let mut statement = tx
        .sql
        .prepare_cached(&format!("{SELECT} WHERE alert_id = :alert ORDER BY id"))?;
    let mut rows = statement.query(named_params! { ":alert": alert.0 })?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(delivery(row)?);
    }
    Ok(found)
}

/// How many messages of a model wait, and how many about alerts that are open and that nobody noted were given up.
///
/// # Errors
/// The store can't be read.
pub fn counts(tx: &Tx<'_>, model: i64) -> Result<(u64, u64)> {
    Ok(tx
        .sql
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE delivery.state = 'queued'),
                 count(*) FILTER (WHERE delivery.state = 'failed' AND alert.resolved_at IS NULL AND alert.acked_at IS NULL)
             FROM delivery JOIN alert ON alert.id = delivery.alert_id
             WHERE delivery.model_id = :model AND delivery.state <> 'delivered'",
        )?
        .query_row(named_params! { ":model": model }, |row| {
            Ok((count(row, 0)?, count(row, 1)?))
        })?)
}

#[cfg(test)]
mod tests;
