//! `alerts flush`: sends all that waits in the outbox, also what would wait longer after a failure.

use serde_json::{Value, json};

use crate::commands::call::Call;
use crate::commands::messages::{self, Listeners};
use crate::commands::output::{Report, Screen, Warning};
use crate::commands::{Outcome, problems};
use crate::store::Access;
use crate::store::outbox::DeliveryState;
use crate::ui::exit::ExitStatus;
use crate::workflows::delivering::{self, Sent};

pub fn run(call: &Call) -> Outcome {
    let mut session = call.session(Access::Write)?;
    let listeners = Listeners::of(&session, false);
    let terms = listeners.terms(true);
    let sent = delivering::deliver(&mut session.store, &session.author, &terms)
        .map_err(|error| problems::store(call, error))?;
    Ok(Box::new(Flushed {
        sent,
        warnings: listeners.warnings(),
    }))
}

struct Flushed {
    sent: Vec<Sent>,
    warnings: Vec<Warning>,
}

impl Report for Flushed {
    fn schema(&self) -> &'static str {
        "alerts_flush"
    }

    fn data(&self) -> Value {
        let delivered = |one: &Sent| one.state == DeliveryState::Delivered;
        json!({
            "changed": self.sent.iter().any(delivered),
            "deliveries": messages::all_sent(&self.sent),
        })
    }

    fn text(&self, _: &Screen) -> String {
        if self.sent.is_empty() {
            return "Nothing waits.\n".to_owned();
        }
        messages::summary(&self.sent)
    }

    fn exit(&self) -> ExitStatus {
        // Whoever asks for all to be sent wants to know that it was not.
        let missed = self
            .sent
            .iter()
            .any(|one| one.state != DeliveryState::Delivered);
        if missed {
            ExitStatus::Failed
        } else {
            ExitStatus::Ok
        }
    }

    fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.warnings.clone();
        warnings.extend(messages::failures(&self.sent));
        warnings
    }
}
