//! Sends one message through one channel.

mod local;
mod message;

use std::path::Path;
use std::time::Duration;

use crate::domain::notification::Message;
use crate::domain::policy::{Carrier, Channel};

/// What a channel needs and the policy only names, read at the moment of use.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The address of a webhook or of Slack.
    pub url: Option<String>,
    /// A webhook's token.
    pub token: Option<String>,
    /// The mail server's password.
    pub password: Option<String>,
}

/// A message did not arrive, or it is not known whether it did.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct SendError {
    /// What went wrong, without a secret in any form.
    pub text: String,
    /// Trying again can't help.
    pub is_permanent: bool,
}

impl SendError {
    fn again(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_permanent: false,
        }
    }
}

/// Sends `message`; `folder` is where relative paths of the channel begin. Gives up after `timeout`.
///
/// # Errors
/// The receiver did not take it, can't be reached, or did not answer in time.
pub fn send(
    channel: &Channel,
    message: &Message,
    secrets: &Secrets,
    folder: &Path,
    timeout: Duration,
) -> Result<(), SendError> {
    let _ = (secrets, timeout);
    match &channel.carrier {
        Carrier::File { path } => local::append(&folder.join(path), message),
        _ => Err(SendError::again("this channel is not built yet")),
    }
}
