//! Channels that stay on this machine: a file of JSON lines, a program.

use std::path::Path;

use super::SendError;
use super::message::document;
use crate::domain::notification::Message;
use crate::files::write;

/// Appends the message to a file of JSON lines.
pub(super) fn append(path: &Path, message: &Message) -> Result<(), SendError> {
    write::append_line(path, &document(message).to_string())
        .map_err(|error| SendError::again(error.to_string()))
}
