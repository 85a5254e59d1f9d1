//! Sends one message through one channel.

#[cfg(feature = "net")]
mod email;
mod local;
mod mail;
mod message;
mod secrets;
#[cfg(feature = "net")]
mod webhook;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::domain::notification::Message;
use crate::domain::policy::{Carrier, Channel, Mailer};

pub use secrets::Secrets;

/// Whether channels that leave this machine are part of this build.
pub const HAS_NETWORK: bool = cfg!(feature = "net");

/// A message did not arrive, or it is not known whether it did.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct SendError {
    /// What went wrong, without a secret in any form.
    pub text: String,
    /// Trying again can't help.
    pub is_permanent: bool,
    /// The e-mail addresses that have it nevertheless.
    pub reached: Vec<String>,
}

impl SendError {
    /// Trying again may help.
    #[must_use]
    pub fn again(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_permanent: false,
            reached: Vec::new(),
        }
    }

    fn never(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_permanent: true,
            reached: Vec::new(),
        }
    }
}

/// How long an attempt may go on.
#[derive(Clone, Debug)]
pub struct Limits {
    pub timeout: Duration,
    /// Once it is set, a program is killed, and a mail server is told nothing more. A web server's answer is waited
    /// for as before; whoever sets it leaves that to itself.
    pub stop: Arc<AtomicBool>,
}

impl Limits {
    /// As long as that, and nobody stops it.
    #[must_use]
    pub fn of(timeout: Duration) -> Self {
        Self {
            timeout,
            stop: Arc::default(),
        }
    }
}

/// Sends `message` within the limits; `folder` is where relative paths of the channel begin.
///
/// # Errors
/// The receiver did not take it, can't be reached, or did not answer in time.
pub fn send(
    channel: &Channel,
    message: &Message,
    secrets: &Secrets,
    folder: &Path,
    limits: &Limits,
) -> Result<(), SendError> {
    let limits = Limits {
        // Nobody waits longer, and the clock has no room for much more.
        timeout: limits.timeout.min(Duration::from_secs(86_400)),
        stop: Arc::clone(&limits.stop),
    };
    let attempt = || through(&channel.carrier, message, secrets, folder, &limits);
    let broken = |_| Err(SendError::again("the attempt broke off: an internal error"));
    let sent = catching(attempt);
    sent.unwrap_or_else(broken).map_err(|error| SendError {
        text: secrets.without(error.text),
        ..error
    })
}

thread_local! {
    static CATCHES: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would be an attempt that failed: it is told as that, and its own words, which may
/// hold a secret, are told nowhere.
#[must_use]
pub fn catches_panics() -> bool {
    CATCHES.try_with(Cell::get).unwrap_or(false)
}

/// A mistake in a library that is used here ends one attempt, not the run that waits for it.
fn catching<T>(attempt: impl FnOnce() -> T) -> std::thread::Result<T> {
    CATCHES.set(true);
    let result = catch_unwind(AssertUnwindSafe(attempt));
    CATCHES.set(false);
    result
}

fn through(
    carrier: &Carrier,
    message: &Message,
    secrets: &Secrets,
    folder: &Path,
    limits: &Limits,
) -> Result<(), SendError> {
    match carrier {
        Carrier::File { path } => local::append(&folder.join(path), message),
        _ if limits.timeout.is_zero() => Err(SendError::again("there was no time left for it")),
        Carrier::Command { words } => local::command(words, message, folder, limits),
        Carrier::Email {
            from,
            to,
            mailer: Mailer::Sendmail { program },
        } => local::sendmail(program, from, to, message, folder, limits),
        Carrier::Webhook { .. }
        | Carrier::Slack { .. }
        | Carrier::Email {
            mailer: Mailer::Smtp { .. },
            ..
        } => network::send(carrier, message, secrets, folder, limits),
    }
}

#[cfg(feature = "net")]
mod network {
    use std::path::Path;

    use super::email::{self, Letter, Server};
    use super::mail::{host, mail};
    use super::{Limits, Secrets, SendError, webhook};
    use crate::domain::notification::Message;
    use crate::domain::policy::{Carrier, Mailer, without_brackets};
    use crate::files::read;

    /// More than all certificates that a company has.
    const CERTIFICATES_BYTES: u64 = 4 << 20;

    pub(super) fn send(
        carrier: &Carrier,
        message: &Message,
        secrets: &Secrets,
        folder: &Path,
        limits: &Limits,
    ) -> Result<(), SendError> {
        match carrier {
            Carrier::Webhook { ca_file, .. } => {
                let ca = certificates(folder, ca_file.as_deref())?;
                webhook::post_json(message, secrets, ca.as_deref(), limits.timeout)
            }
            Carrier::Slack { ca_file, .. } => {
                let ca = certificates(folder, ca_file.as_deref())?;
                webhook::post_blocks(message, secrets, ca.as_deref(), limits.timeout)
            }
            Carrier::Email {
                from,
                to,
                mailer:
                    Mailer::Smtp {
                        host: server,
                        port,
                        encryption,
                        user,
                        ca_file,
                        ..
                    },
            } => {
                let letter = Letter {
                    text: mail(message, from, to)?,
                    from: from.clone(),
                    to: to.clone(),
                };
                let server = Server {
                    host: without_brackets(server).to_owned(),
                    port: *port,
                    encryption: *encryption,
                    user: user.clone(),
                    ca_pem: certificates(folder, ca_file.as_deref())?,
                    own_name: host(&message.host),
                };
                email::submit(server, letter, secrets, limits)
            }
            Carrier::File { .. } | Carrier::Command { .. } | Carrier::Email { .. } => {
                Err(SendError::never("this channel does not leave this machine"))
            }
        }
    }

    fn certificates(folder: &Path, file: Option<&str>) -> Result<Option<Vec<u8>>, SendError> {
        file.map(|file| read::bytes(&folder.join(file), CERTIFICATES_BYTES))
            .transpose()
            .map_err(|error| SendError::again(error.to_string()))
    }
}

#[cfg(not(feature = "net"))]
mod network {
    use std::path::Path;

    use super::{Limits, Secrets, SendError};
    use crate::domain::notification::Message;
    use crate::domain::policy::Carrier;

    pub(super) fn send(
        _: &Carrier,
        _: &Message,
        _: &Secrets,
        _: &Path,
        _: &Limits,
    ) -> Result<(), SendError> {
        Err(SendError::again(
            "this build has no network code; a channel of the kind file, command or email through a local program works",
        ))
    }
}

#[cfg(test)]
mod tests;
