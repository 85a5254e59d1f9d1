//! The message in the forms that channels carry: JSON for machines, a text for people.

use serde_json::{Value, json};

use crate::domain::notification::Message;

/// The message as one JSON document; the keys are those of the command line's JSON.
#[must_use]
pub fn document(message: &Message) -> Value {
    json!({
        "schema": "modelguard.notification/1",
        "delivery_id": message.delivery_id,
        "event": message.event.name(),
        "at": message.at.to_string(),
        "host": message.host,
        "model": message.model,
        "version": message.version,
        "alert_id": message.alert.map(|alert| alert.to_string()),
        "severity": message.severity.map(|severity| severity.name()),
        "title": message.title,
        "lines": message.lines,
        "undo_command": message.undo_command,
        "head_blake3": message.head_blake3,
    })
}
