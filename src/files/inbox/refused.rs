//! Puts files that can't be used aside, many at once, each with a document beside it that says why.
//!
//! The documents are written and synced before the first file moves: none lies among the refused without its reason.

use std::path::{Path, PathBuf};

use super::moving::{Claimed, is_same, name_for, publish};
use super::{ERROR_ENDING, REJECTED, entries, with_ending};
use crate::files::error::{FileError, FileErrorKind};
use crate::files::write::{Existing, NAME_BYTES, ReplaceFile};
use crate::files::{look, read, write};

/// An error document is far smaller.
const DOCUMENT_BYTES: u64 = 1 << 20;

/// A file to put aside.
#[derive(Debug)]
pub struct Aside<'a> {
    pub claimed: &'a Claimed<'a>,
    /// Why.
    pub document: String,
    /// A text of the document that no document about another file has: one that a crash left without its file is taken
    /// again.
    pub mark: String,
}

/// A document that is written and has not yet its name.
struct Written {
    document: ReplaceFile,
    beside: PathBuf,
    target: PathBuf,
    /// Which of the file's names that is.
    number: u64,
}

/// Puts files among the refused and says where each lies, in their order.
///
/// # Errors
/// Of each: it can't be moved, or its document can't be written; it stays claimed.
#[must_use]
pub fn put_aside(files: &[Aside<'_>]) -> Vec<Result<PathBuf, FileError>> {
    let first = files.first();
    if let Some(Ok(folder)) = first.map(|file| file.claimed.inbox.own_folder(REJECTED)) {
        // What can't be removed is in nobody's way.
        let _ = remove_unfinished(&folder);
    }
    let written: Vec<_> = files.iter().map(|file| file.write_from(0)).collect();
    let synced: Vec<_> = written
        .into_iter()
        .map(|written| written.and_then(Written::synced))
        .collect();
    let files = files.iter().zip(synced);
    files.map(|(file, written)| file.settle(written?)).collect()
}

impl Aside<'_> {
    /// Writes the document beside where the file is to lie, under the first of its names from `number` on that is free.
    fn write_from(&self, number: u64) -> Result<Written, FileError> {
        let Claimed { inbox, name, path } = self.claimed;
        let folder = inbox.own_folder(REJECTED)?;
        for number in number.. {
            let room = NAME_BYTES - ERROR_ENDING.len();
            let target = folder.join(name_for(path, name, number, room)?);
            if look::exists(&target) && !is_same(path, &target) {
                continue;
            }
            let beside = target.with_file_name(with_ending(
                target.file_name().unwrap_or_default(),
                ERROR_ENDING,
            ));
            let existing = if look::exists(&beside) {
                let found = read::bytes(&beside, DOCUMENT_BYTES).unwrap_or_default();
                if !String::from_utf8_lossy(&found).contains(&self.mark) {
                    continue;
                }
                Existing::Replace
            } else {
                Existing::Refuse
            };
            let mut document = match ReplaceFile::create(&beside, existing) {
                Err(error) if matches!(*error.kind, FileErrorKind::Exists) => continue,
                created => created?,
            };
            document.append(self.document.as_bytes())?;
            return Ok(Written {
                document,
                beside,
                target,
                number,
            });
        }
        Err(FileErrorKind::Exists.of(&folder))
    }

    /// Gives the document and the file their names; others where somebody took them meanwhile.
    fn settle(&self, mut written: Written) -> Result<PathBuf, FileError> {
        let Claimed { inbox, path, .. } = self.claimed;
        loop {
            let Written {
                document,
                beside,
                target,
                number,
            } = written;
            match document.publish() {
                Ok(()) if publish(path, &target)? => {
                    inbox.touch(path, &write::parent(&target));
                    return Ok(target);
                }
                Ok(()) => {
                    write::remove_if_there(&beside)?;
                }
                Err(error) if matches!(*error.kind, FileErrorKind::Exists) => {}
                Err(error) => return Err(error),
            }
            written = self.write_from(number + 1)?.synced()?;
        }
    }
}

impl Written {
    fn synced(self) -> Result<Self, FileError> {
        self.document.sync().map(|()| self)
    }
}

/// Removes documents that a visitor began and did not live to finish.
fn remove_unfinished(folder: &Path) -> Result<(), FileError> {
    let begun = format!("{ERROR_ENDING}.mg-");
    for (name, _) in entries(folder)? {
        let text = name.to_string_lossy();
        if text.starts_with('.') && text.contains(&begun) && text.ends_with(".tmp") {
            write::remove_if_there(&folder.join(&name))?;
        }
    }
    Ok(())
}
