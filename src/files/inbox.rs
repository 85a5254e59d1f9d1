//! A folder that services drop files into: which of its files wait, and what else lies there.
//!
//! A service writes under a name that waits (`.x.csv.tmp`) and renames.
#![expect(
    clippy::disallowed_methods,
    reason = "files is the room that touches the disk"
)]

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use super::error::{FileError, FileErrorKind};
use super::logfile::is_log;
use super::{look, read};

mod moving;
mod refused;

pub use moving::{Claimed, Inbox, Watched};
pub use refused::{Aside, put_aside};

/// Where files go that came in.
pub const DONE: &str = "done";
/// Where files go that can't be used.
pub const REJECTED: &str = "rejected";
/// What the name of the document beside a rejected file ends with.
pub const ERROR_ENDING: &str = ".error.json";
/// Files on their way.
const CLAIMED: &str = ".taking";
/// What a file is that `--log-file` has put here.
pub const LOG: &str = "a log of modelguard";

/// What lies in an inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The names of the files that are to be taken in, in their order.
    pub waiting: Vec<OsString>,
    /// What is no file of a service and stays where it is, and what it is.
    pub odd: Vec<(OsString, &'static str)>,
    /// Files that an ended process had claimed.
    pub claimed_count: usize,
}

/// Looks into an inbox and changes nothing.
///
/// # Errors
/// There is no such folder, or it can't be read.
pub fn look(folder: &Path) -> Result<Listing, FileError> {
    let mut listing = Listing::default();
    for (name, metadata) in entries(folder)? {
        if is_unfinished(&name) {
            continue;
        }
        let own = name == DONE || name == REJECTED;
        match odd(&metadata) {
            // It would be refused in every sweep that follows a run which writes it.
            None if is_log(&folder.join(&name)) => listing.odd.push((name, LOG)),
            None => listing.waiting.push(name),
            Some(_) if own => {}
            Some(what) => listing.odd.push((name, what)),
        }
    }
    let claimed = folder.join(CLAIMED);
    if look::exists(&claimed) {
        listing.claimed_count = entries(&claimed)?.len();
    }
    Ok(listing)
}

/// How many files were refused and are still there: those with a document beside them. A document whose file was taken
/// away to be mended is none.
///
/// # Errors
/// The folder can't be read.
pub fn rejected_count(folder: &Path) -> Result<usize, FileError> {
    let rejected = folder.join(REJECTED);
    if !look::exists(&rejected) {
        return Ok(0);
    }
    let entries = entries(&rejected)?;
    let names: BTreeSet<_> = entries.iter().map(|(name, _)| name).collect();
    let has_document =
        |name: &OsString| names.contains(&with_ending(name.as_os_str(), ERROR_ENDING));
    Ok(names.iter().filter(|name| has_document(name)).count())
}

/// Names and what they stand for, in the order of the names; what went away meanwhile is left out.
fn entries(folder: &Path) -> Result<Vec<(OsString, Metadata)>, FileError> {
    let failed = |source| FileError::reading(folder, source);
    if read::kind_of(folder)? == read::PathKind::Absent {
        return Err(FileErrorKind::Missing.of(folder));
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        match entry.path().symlink_metadata() {
            Ok(metadata) => entries.push((entry.file_name(), metadata)),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(FileError::reading(&entry.path(), source)),
        }
    }
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(entries)
}

/// Whether a name says that its file is still being written.
fn is_unfinished(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    name.starts_with('.') || name.ends_with(".tmp") || name.ends_with(".part")
}

/// What something is that is no file.
fn odd(metadata: &Metadata) -> Option<&'static str> {
    if metadata.is_file() {
        None
    } else if metadata.is_dir() {
        Some("a folder")
    } else if metadata.is_symlink() {
        Some("a symbolic link")
    } else {
        Some("a device, socket or named pipe")
    }
}

fn with_ending(name: &OsStr, ending: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(ending);
    name
}

#[cfg(test)]
mod tests;
