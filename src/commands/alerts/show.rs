//! `alerts show`: one alert, with the check that found it.

use serde_json::{Value, json};

use super::{alert_data, found, missing, state};
use crate::commands::call::Call;
use crate::commands::output::{Report, Screen};
use crate::commands::{Outcome, problems};
use crate::domain::hash::Hash;
use crate::domain::time::Timestamp;
use crate::domain::verdict::AlertId;
use crate::store::alerts::Alert;
use crate::store::outbox::{self, Delivery, DeliveryState};
use crate::store::{Access, StoreError, evaluations, operations};
use crate::ui::line::one_line;

pub fn run(call: &Call, id: AlertId) -> Outcome {
    let mut session = call.session(Access::Read)?;
    let (alert, deliveries, head, document) = session
        .store
        .read(|tx| {
            let alert = found(tx, call, id)?;
            let document = match &alert {
                Some(Alert {
                    evaluation: Some(id),
                    ..
                }) => evaluations::document(tx, *id)?,
                _ => None,
            };
            let deliveries = outbox::of_alert(tx, id)?;
            Ok((alert, deliveries, operations::head(tx)?.1, document))
        })
        .map_err(|error: StoreError| problems::store(call, error))?;
    let alert = alert.ok_or_else(|| missing(call, id))?;
    Ok(Box::new(Shown {
        check: document.and_then(|text| serde_json::from_str(&text).ok()),
        alert,
        deliveries,
        head,
    }))
}

struct Shown {
    alert: Alert,
    deliveries: Vec<Delivery>,
    /// The newest check that found its condition.
    check: Option<Value>,
    head: Hash,
}

impl Shown {
    /// One line for each message.
    fn told(&self, screen: &Screen) -> String {
        let line = |delivery: &Delivery| {
            let error = delivery.last_error.as_deref().unwrap_or_default();
            let state = match delivery.state {
                DeliveryState::Delivered => "delivered".to_owned(),
                DeliveryState::Queued if error.is_empty() => "waits".to_owned(),
                DeliveryState::Queued => format!("waits: {error}"),
                DeliveryState::Failed => format!("given up: {error}"),
            };
            let attempts = delivery.attempts_count;
            format!(
                "  {channel}: {event} of {queued}, {attempts} attempt{s}, {state}\n",
                channel = delivery.channel,
                event = delivery.message.event.name(),
                queued = screen.times.show(delivery.queued_at.micros()),
                s = if attempts == 1 { "" } else { "s" },
                state = one_line(&state),
            )
        };
        self.deliveries.iter().map(line).collect()
    }
}

impl Report for Shown {
    fn schema(&self) -> &'static str {
        "alerts_show"
    }

    fn data(&self) -> Value {
        let mut data = alert_data(&self.alert, &self.deliveries);
        data["check"] = json!(self.check);
        data["head_blake3"] = json!(self.head.to_string());
        data
    }

    fn text(&self, screen: &Screen) -> String {
        let alert = &self.alert;
        let time = |at: Option<Timestamp>| screen.times.show_if(at.map(Timestamp::micros));
        let opened = screen.times.show(alert.opened_at.micros());
        let (noted, resolved) = (time(alert.acked_at), time(alert.resolved_at));
        let id = alert.id;
        let head = format!(
            "{kind}, severity {severity}, {state}\n  {message}\n  opened {opened}, noted {noted}, resolved {resolved}",
            kind = alert.kind.name(),
            severity = alert.severity,
            state = state(alert),
            message = alert.message,
        );
        let (Some(version), Some(check)) = (&alert.version, alert.evaluation) else {
            return format!("{id}  {}  {head}\n{}", alert.model, self.told(screen));
        };
        let acted = alert.acted_operation.map_or_else(
            || "has not rolled back".to_owned(),
            |id| format!("has rolled back by {id}, and acts again only after `--rearm`"),
        );
        format!(
            "{id}  {}  {version}  {head}; newest check {check}\n  {acted}\n{}",
            alert.model,
            self.told(screen)
        )
    }

    fn afterwards(&self, _: &Screen) -> String {
        format!("head {}\n", self.head)
    }
}
