//! `alerts ack`: somebody took note; with `--rearm` the alert may act once more.

use serde_json::{Value, json};

use super::{found, missing};
use crate::commands::call::Call;
use crate::commands::output::{Report, Screen};
use crate::commands::{Outcome, messages, problems};
use crate::domain::holders::OperationId;
use crate::domain::operation::{NewOperation, OperationKind};
use crate::domain::verdict::{AlertId, AlertKind};
use crate::store::outbox::{self, Delivery};
use crate::store::{Access, Change, StoreError, alerts};

pub fn run(call: &Call, id: AlertId, rearm: bool, note: Option<String>) -> Outcome {
    let mut session = call.session(Access::Write)?;
    let author = session.author.clone();
    let done = session.store.change(&author, |tx| {
        let Some(alert) = found(tx, call, id)? else {
            return Ok(Change::nothing(None));
        };
        let deliveries = outbox::of_alert(tx, id)?;
        let rearms = rearm && alert.acted_operation.is_some();
        if alert.acked_at.is_some() && !rearms && note.is_none() {
            return Ok(Change::nothing(Some((alert, deliveries, None))));
        }
        let operation = tx.next_operation()?;
        alerts::acknowledge(tx, id, author.at, rearm)?;
        let content = NewOperation {
            version: alert.version_id,
            reason: note.clone(),
            detail: json!({ "alert_id": id.to_string(), "rearm": rearms }).to_string(),
            ..NewOperation::recording(OperationKind::Acknowledge, alert.model_id)
        };
        Ok::<_, StoreError>(Change::recorded(
            Some((alert, deliveries, Some(operation))),
            content,
        ))
    });
    let done = done.map_err(|error| problems::store(call, error))?;
    let (alert, deliveries, operation) = done.ok_or_else(|| missing(call, id))?;
    Ok(Box::new(Acknowledged {
        id,
        operation,
        rearmed: rearm && alert.acted_operation.is_some(),
        is_open: alert.is_open() && alert.kind != AlertKind::RefusedFile,
        deliveries,
    }))
}

struct Acknowledged {
    id: AlertId,
    operation: Option<OperationId>,
    rearmed: bool,
    is_open: bool,
    /// Who was told of it, or will be.
    deliveries: Vec<Delivery>,
}

impl Report for Acknowledged {
    fn schema(&self) -> &'static str {
        "alerts_ack"
    }

    fn data(&self) -> Value {
        json!({
            "changed": self.operation.is_some(),
            "alert_id": self.id.to_string(),
            "rearmed": self.rearmed,
            "operation_id": self.operation.map(|id| id.to_string()),
            "deliveries": messages::queued_data(&self.deliveries),
        })
    }

    fn text(&self, _: &Screen) -> String {
        let id = self.id;
        match (self.operation, self.rearmed) {
            (None, _) => format!("{id} was noted before; nothing was changed.\n"),
            (Some(_), true) => format!("Noted {id}. It may roll back once more.\n"),
            (Some(_), false) if self.is_open => {
                format!("Noted {id}. It stays open until what is live is healthy.\n")
            }
            (Some(_), false) => format!("Noted {id}. It is resolved.\n"),
        }
    }
}
