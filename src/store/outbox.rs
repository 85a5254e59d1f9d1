//! The outbox: messages to people, queued with what they tell, and how each of them stands.

use rusqlite::{Row, named_params};
use serde_json::{Value, json};

use super::{Result, StoreError, Tx, count, instant, instant_or_none};
use crate::domain::notification::{Event, Message};
use crate::domain::time::Timestamp;
use crate::domain::verdict::{AlertId, Severity};

mod sending;

pub use sending::{Claimed, Settlement, Standing, claim, fail_rest, release, settle, standing};

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
    pub first_failed_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// The e-mail addresses that have it already, where an attempt reached some of them.
    pub reached: Vec<String>,
    pub settled_at: Option<Timestamp>,
}

impl Delivery {
    /// Whether it may not arrive before `older` has: both are for one channel, and about the same alert, or this one is a
    /// recovery and the older one tells of trouble of its model. What somebody has already keeps nothing from him.
    #[must_use]
    pub fn waits_behind(&self, older: &Self) -> bool {
        let (this, that) = (&self.message, &older.message);
        let trouble = [Event::Degraded, Event::Blocked, Event::Blind];
        let ends_it = this.event == Event::Recovered
            && trouble.contains(&that.event)
            && this.model == that.model;
        (this.alert == that.alert || ends_it)
            && older.reached.is_empty()
            && self.channel.eq_ignore_ascii_case(&older.channel)
    }
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
        attempts_count, first_failed_at, last_error, reached, settled_at, owner_pid, owner_boot, claimed_until
     FROM delivery";

fn delivery(row: &Row<'_>) -> Result<Delivery> {
    let (event, text, state): (String, String, String) = (row.get(4)?, row.get(5)?, row.get(6)?);
    let reached: String = row.get(12)?;
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
        first_failed_at: instant_or_none(row, 10)?,
        last_error: row.get(11)?,
        reached: serde_json::from_str(&reached)
            .map_err(|_| StoreError::meaningless("list of addresses", reached))?,
        settled_at: instant_or_none(row, 13)?,
    })
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
