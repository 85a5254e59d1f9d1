//! What people are told: one message for each change of state, the same words for every channel.

use crate::domain::policy::EventKind;
use crate::domain::time::Timestamp;
use crate::domain::verdict::{AlertId, Severity};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The live version became worse; what was done about it is part of the message.
    Degraded,
    /// It became worse, a rollback is wanted, and there is nowhere to go.
    Blocked,
    /// For too long no check could decide.
    Blind,
    /// What was degraded, blocked or blind is healthy again.
    Recovered,
    /// An alert is still open.
    Reminder,
    /// A file of the inbox was refused.
    RefusedFile,
    /// `alerts test`: nothing happened. Passes every filter.
    Test,
}

impl Event {
    pub const ALL: [Self; 7] = [
        Self::Degraded,
        Self::Blocked,
        Self::Blind,
        Self::Recovered,
        Self::Reminder,
        Self::RefusedFile,
        Self::Test,
    ];

    /// The word for it in JSON and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            other => other.kind().name(),
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }

    /// The word by which a channel's filter knows it. A test goes as what would matter most.
    #[must_use]
    pub const fn kind(self) -> EventKind {
        match self {
            Self::Degraded | Self::Test => EventKind::Degraded,
            Self::Blocked => EventKind::Blocked,
            Self::Blind => EventKind::Blind,
            Self::Recovered => EventKind::Recovered,
            Self::Reminder => EventKind::Reminder,
            Self::RefusedFile => EventKind::RefusedFile,
        }
    }
}

/// One message. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same for every attempt and different for every message and channel: receivers tell duplicates by it.
    /// Letters, digits and dashes.
    pub delivery_id: String,
    pub event: Event,
    pub at: Timestamp,
    pub host: String,
    pub model: String,
    pub version: Option<String>,
    pub alert: Option<AlertId>,
    pub severity: Option<Severity>,
    /// One line.
    pub title: String,
    /// The lines below it: numbers, what was done, how to undo it, the head of the log.
    pub lines: Vec<String>,
    pub undo_command: Option<String>,
    /// The head of the log when it was written, as hexadecimal digits.
    pub head_blake3: Option<String>,
}
