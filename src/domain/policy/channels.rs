//! Whom the policy tells: the channels of `[[notify]]`, what passes each, and how long delivery may take.

use super::choices::{Encryption, EventKind};
use crate::domain::names::ModelName;
use crate::domain::notification::{Event, Message};
use crate::domain::time::Length;
use crate::domain::verdict::Severity;

/// One `[[notify]]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Unique among the channels, without regard to case; by default the carrier's word.
    pub name: String,
    pub carrier: Carrier,
    pub passes: Filter,
    /// A delivery that fails makes the command that tried it fail (exit 1).
    pub required: bool,
}

/// How a channel carries a message. Paths are as written: relative to the policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// POSTs the message as JSON.
    Webhook {
        url: SecretSource,
        /// Sent as `Authorization: Bearer`.
        token: Option<SecretSource>,
        /// PEM certificates to trust besides the common ones.
        ca_file: Option<String>,
    },
    /// POSTs the message in Slack's blocks format.
    Slack {
        url: SecretSource,
        ca_file: Option<String>,
    },
    Email {
        from: String,
        /// Never empty.
        to: Vec<String>,
        mailer: Mailer,
    },
    /// Runs a program with the message as JSON on its standard input; the first word is the program.
    Command { words: Vec<String> },
    /// Appends the message as one line of JSON.
    File { path: String },
}

/// What takes an e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mailer {
    Smtp {
        host: String,
        port: u16,
        encryption: Encryption,
        user: Option<String>,
        password: Option<SecretSource>,
        ca_file: Option<String>,
    },
    /// A local program that takes the message as `sendmail -t -i` does.
    Sendmail { program: String },
}

/// Where a secret is read from, at the moment of use. It is never written in the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// A file; what surrounds its first line is not part of it.
    File(String),
    /// An environment variable.
    Variable(String),
}

/// What passes to a channel; what is not written lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub min_severity: Option<Severity>,
    pub models: Option<Vec<ModelName>>,
    pub events: Option<Vec<EventKind>>,
}

impl Filter {
    /// Whether a message passes. What has no severity passes any `min_severity`.
    #[must_use]
    pub fn lets_through(&self, message: &Message) -> bool {
        let event = message.event.kind();
        let severe = match (self.min_severity, message.severity) {
            (Some(least), Some(severity)) => severity >= least,
            _ => true,
        };
        let of_model = self.models.as_ref().is_none_or(|models| {
            let same = |name: &ModelName| name.as_str().eq_ignore_ascii_case(&message.model);
            models.iter().any(same)
        });
        let of_event = self
            .events
            .as_ref()
            .is_none_or(|events| events.contains(&event));
        message.event == Event::Test || (severe && of_model && of_event)
    }
}

/// `[delivery]`: how long telling people may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryRules {
    /// All deliveries of one command together.
    pub total_timeout: Length,
    /// One attempt.
    pub attempt_timeout: Length,
    /// An alert that is still open after so long is told again, and again after as long.
    pub remind_after: Length,
    /// A delivery that has failed for so long is given up.
    pub give_up_after: Length,
}

impl Default for DeliveryRules {
    fn default() -> Self {
        Self {
            total_timeout: Length::from_seconds(15),
            attempt_timeout: Length::from_seconds(5),
            remind_after: Length::from_days(1),
            give_up_after: Length::from_days(7),
        }
    }
}
