//! `alerts flush`: sends all that waits in the outbox, also what would wait longer after a failure.

use serde_json::{Value, json};

use crate::commands::call::Call;
use crate::commands::messages::{self, Listeners};
use crate::commands::output::{Report, Screen, Warning};
use crate::commands::{Outcome, problems};
use crate::store::Access;
use crate::store::outbox::DeliveryState;
use crate::ui::exit::ExitStatus;
use crate::workflows::delivering::{self, Sending, Sent};

pub fn run(call: &Call) -> Outcome {
    let mut session = call.session(Access::Write)?;
    let listeners = Listeners::of(&session, false);
    let terms = listeners.terms(true);
    let sending = delivering::deliver(&mut session.store, &session.author, &terms)
        .map_err(|error| problems::store(call, error))?;
    Ok(Box::new(Flushed {
        sending,
        warnings: listeners.warnings(),
    }))
}

struct Flushed {
    sending: Sending,
    warnings: Vec<Warning>,
}

impl Report for Flushed {
    fn schema(&self) -> &'static str {
        "alerts_flush"
    }

    fn data(&self) -> Value {
        let delivered = |one: &Sent| one.state == DeliveryState::Delivered;
        json!({
            "changed": self.sending.sent.iter().any(delivered),
            "deliveries": messages::all_sent(&self.sending.sent),
            "elsewhere_count": self.sending.elsewhere_count,
        })
    }

    fn text(&self, _: &Screen) -> String {
        let sent = &self.sending.sent;
        let text = messages::summary(sent) + &messages::missed(sent);
        match self.sending.elsewhere_count {
            0 if sent.is_empty() => "Nothing waits.\n".to_owned(),
            0 => text,
            1 => text + "1 message is being sent by another run.\n",
            others => text + &format!("{others} messages are being sent by another run.\n"),
        }
    }

    fn exit(&self) -> ExitStatus {
        // Whoever asks for all to be sent wants to know that it was not.
        let missed = self
            .sending
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
        warnings.extend(messages::failures(&self.sending.sent));
        warnings
    }
}
