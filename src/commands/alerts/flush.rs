//! `alerts flush`: sends all that waits in the outbox, also what would wait longer after a failure.

use serde_json::{Value, json};

use crate::commands::call::Call;
use crate::commands::messages::{self, Listeners};
use crate::commands::output::{Report, Screen, Warning};
use crate::commands::{Outcome, problems};
use crate::store::Access;
use crate::store::outbox::DeliveryState;
use crate::ui::exit::ExitStatus;
use crate::ui::interrupt::Signal;
use crate::workflows::delivering::{self, Sending, Sent};

pub fn run(call: &Call) -> Outcome {
    let mut session = call.session(Access::Write)?;
    let listeners = Listeners::of(call, &session, false);
    let terms = listeners.terms(true);
    let is_stopped = || call.stop.requested().is_some();
    let sending = delivering::deliver(&mut session.store, &session.author, &terms, &is_stopped)
        .map_err(|error| problems::store(call, error))?;
    let was_cut_short = sending.sent.iter().any(|one| one.was_cut_short);
    Ok(Box::new(Flushed {
        stopped: call.stop.requested().filter(|_| was_cut_short),
        sending,
        warnings: listeners.warnings(),
    }))
}

struct Flushed {
    sending: Sending,
    /// What kept some messages from being sent.
    stopped: Option<Signal>,
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
        if let Some(signal) = self.stopped {
            return signal.exit();
        }
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
