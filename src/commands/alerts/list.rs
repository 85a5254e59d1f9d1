//! `alerts list`: what people had to be told, last opened first.

use serde_json::{Value, json};

use super::{alert_data, state};
use crate::commands::call::Call;
use crate::commands::lists::{self, RowFormat};
use crate::commands::output::{Report, Screen};
use crate::commands::{Outcome, problems};
use crate::domain::hash::Hash;
use crate::domain::verdict::Severity;
use crate::store::alerts::{self, Alert, Filter};
use crate::store::outbox::{self, Delivery, DeliveryState};
use crate::store::{Access, operations};
use crate::ui::colour::Tone;
use crate::ui::table::{Column, Table};
use crate::workflows::naming::{self, NamingError};

pub fn run(
    call: &Call,
    limit: u64,
    severity: Option<Severity>,
    open_only: bool,
    format: Option<RowFormat>,
) -> Outcome {
    let format = RowFormat::alone(format, call)?;
    let mut session = call.session(Access::Read)?;
    let named = Call::named_model(&session);
    let listed = session
        .store
        .read(|tx| {
            let model = match &named {
                Some(name) => Some(naming::model(tx, Some(name))?.id),
                None => None,
            };
            let filter = Filter {
                model,
                severity,
                open_only,
            };
            let (alerts, total) = alerts::list(tx, filter, limit)?;
            let mut listed = Vec::new();
            for alert in alerts {
                let deliveries = outbox::of_alert(tx, alert.id)?;
                listed.push((alert, deliveries));
            }
            Ok::<_, NamingError>((listed, total, operations::head(tx)?.1))
        })
        .map_err(|error| problems::naming(call, error))?;
    let (alerts, total, head) = listed;
    Ok(Box::new(Listed {
        more: call.follow_up(&format!("alerts list -n {total}")),
        alerts,
        total,
        head,
        format,
    }))
}

/// The keys of a row, in their order.
const KEYS: [&str; 13] = [
    "alert_id",
    "opened_at",
    "resolved_at",
    "acked_at",
    "severity",
    "kind",
    "model",
    "version",
    "reason",
    "state",
    "evaluation_id",
    "acted_operation_id",
    "deliveries",
];

struct Listed {
    alerts: Vec<(Alert, Vec<Delivery>)>,
    total: u64,
    head: Hash,
    more: String,
    format: Option<RowFormat>,
}

impl Listed {
    fn rows(&self) -> Vec<Value> {
        let alerts = self.alerts.iter();
        alerts
            .map(|(alert, deliveries)| alert_data(alert, deliveries))
            .collect()
    }
}

/// How many of the channels that were to be told have all their messages: `yes`, `2 of 3`; `waits` or `given up` where
/// none has; `-` for an alert that nobody was to be told of.
fn told(deliveries: &[Delivery]) -> String {
    let mut channels: Vec<&str> = deliveries.iter().map(|one| one.channel.as_str()).collect();
    channels.sort_unstable();
    channels.dedup();
    let has = |channel: &str, state| {
        let mut of = deliveries.iter().filter(|one| one.channel == channel);
        of.any(|one| one.state == state)
    };
    let lacking = |state| channels.iter().filter(|name| has(name, state)).count();
    let given_up = lacking(DeliveryState::Failed);
    let is_told =
        |name: &&&str| !has(name, DeliveryState::Failed) && !has(name, DeliveryState::Queued);
    match (channels.iter().filter(is_told).count(), channels.len()) {
        (_, 0) => "-".to_owned(),
        (told, all) if told == all => "yes".to_owned(),
        (0, _) if given_up > 0 => "given up".to_owned(),
        (0, _) => "waits".to_owned(),
        (told, all) if given_up > 0 => format!("{told} of {all}, {given_up} given up"),
        (told, all) => format!("{told} of {all}"),
    }
}

impl Report for Listed {
    fn schema(&self) -> &'static str {
        "alerts_list"
    }

    fn data(&self) -> Value {
        let alerts = self.rows();
        json!({ "alerts": alerts, "total_count": self.total, "head_blake3": self.head.to_string() })
    }

    fn text(&self, screen: &Screen) -> String {
        if let Some(format) = self.format {
            return format.write(&KEYS, &self.rows());
        }
        if self.alerts.is_empty() {
            return "No alerts.\n".to_owned();
        }
        let mut table = Table::new(vec![
            Column::words("alert", 0),
            Column::words("opened", 1),
            Column::words("state", 0),
            Column::words("severity", 2),
            Column::words("kind", 0),
            Column::words("model", 3),
            Column::words("version", 0),
            Column::words("told", 5),
            Column::words("reason", 4),
        ]);
        for (alert, deliveries) in &self.alerts {
            table.row(vec![
                alert.id.to_string(),
                screen.times.show(alert.opened_at.micros()),
                state(alert).to_owned(),
                alert.severity.to_string(),
                alert.kind.name().to_owned(),
                alert.model.to_string(),
                alert
                    .version
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), ToString::to_string),
                told(deliveries),
                alert.message.clone(),
            ]);
            table.tone(2, alert.is_open().then_some(Tone::Bad));
        }
        let mut text = table.render_painted(screen.width, screen.palette);
        text.push_str(&lists::more(self.alerts.len(), self.total, |_| {
            self.more.clone()
        }));
        text
    }

    fn afterwards(&self, _: &Screen) -> String {
        format!("head {}\n", self.head)
    }
}
