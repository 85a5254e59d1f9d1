//! Channels that stay on this machine: a file of JSON lines, a program, the local mail program.

use std::path::Path;

use super::mail::mail;
use super::message::document;
use super::{Limits, Secrets, SendError};
use crate::domain::notification::Message;
use crate::files::FileError;
use crate::files::read::{self, PathKind};
use crate::files::write;
use crate::process::{self, Ended, Program};

/// Appends the message to a file of JSON lines, durably: once it counts as delivered nobody says it again.
///
/// Only to a regular file: whoever opens a pipe that nobody reads waits for ever, and no time limit ends that.
pub(super) fn append(path: &Path, message: &Message) -> Result<(), SendError> {
    let failed = |error: FileError| SendError::again(error.to_string());
    match read::kind_of(path).map_err(failed)? {
        PathKind::Absent | PathKind::File { .. } => {
            write::append_line(path, &document(message).to_string()).map_err(failed)
        }
        PathKind::Directory | PathKind::Other => Err(SendError::again(format!(
            "{} is no regular file, and a channel of the kind file appends to nothing else",
            path.display()
        ))),
    }
}

/// Runs a program with the message as JSON on its standard input.
pub(super) fn command(
    words: &[String],
    message: &Message,
    folder: &Path,
    limits: &Limits,
) -> Result<(), SendError> {
    let input = format!("{}\n", document(message));
    run(words, &input, message, folder, limits)
}

/// Gives an e-mail to a program that takes it as sendmail does.
pub(super) fn sendmail(
    program: &str,
    from: &str,
    to: &[String],
    message: &Message,
    folder: &Path,
    limits: &Limits,
) -> Result<(), SendError> {
    let words = [program.to_owned(), "-t".to_owned(), "-i".to_owned()];
    // A program reads lines as this system ends them.
    let input = mail(message, from, to)?.replace("\r\n", "\n");
    run(&words, &input, message, folder, limits)
}

fn run(
    words: &[String],
    input: &str,
    message: &Message,
    folder: &Path,
    limits: &Limits,
) -> Result<(), SendError> {
    let ended = process::run(&Program {
        words,
        folder,
        variables: &[
            ("MODELGUARD_EVENT", message.event.name()),
            ("MODELGUARD_DELIVERY", &message.delivery_id),
        ],
        input: input.as_bytes(),
        timeout: limits.timeout,
        stop: &limits.stop,
    })
    .map_err(|error| SendError::again(error.to_string()))?;
    match ended.status {
        Some(0) => Ok(()),
        status => Err(SendError::again(why(&words[0], status, &ended))),
    }
}

/// How it ended, and the first line of what it said about that.
fn why(program: &str, status: Option<i32>, ended: &Ended) -> String {
    let what = match status {
        Some(status) => format!("{program} ended with {status}"),
        None => format!("{program} was ended by a signal"),
    };
    let line = ended.stderr.lines().find(|line| !line.trim().is_empty());
    Secrets::default().with_quote(&what, line.unwrap_or_default())
}
