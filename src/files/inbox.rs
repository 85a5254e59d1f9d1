//! A folder that services drop files into: which of its files wait, and how each is moved away, never over another.
//!
//! A service writes under a name that waits (`.x.csv.tmp`) and renames. A file is moved in three steps, so that what
//! is moved is what was read, even if the service renames a newer file to the same name meanwhile: it is watched
//! (kept open), claimed (renamed into a folder that nobody else looks at, where it is compared with what was
//! watched), and put where it belongs. What a crash left among the claimed goes back at the next visit.
#![expect(
    clippy::disallowed_methods,
    reason = "files is the room that touches the disk"
)]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::error::{FileError, FileErrorKind};
use super::lock::Lock;
use super::{look, read, write};
use crate::domain::time::Length;

/// Where files go that came in.
pub const DONE: &str = "done";
/// Where files go that can't be used.
pub const REJECTED: &str = "rejected";
/// What the name of the document beside a rejected file ends with.
pub const ERROR_ENDING: &str = ".error.json";
/// Files on their way.
const CLAIMED: &str = ".taking";
/// One visitor at a time.
const LOCK: &str = ".modelguard.lock";
/// An error document is far smaller.
const DOCUMENT_BYTES: u64 = 1 << 20;

/// What lies in an inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The names of the files that are to be taken in, in their order.
    pub waiting: Vec<OsString>,
    /// What is no file and stays where it is, and what it is.
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

/// How many files were refused and are still there.
///
/// # Errors
/// The folder can't be read.
pub fn rejected_count(folder: &Path) -> Result<usize, FileError> {
    let rejected = folder.join(REJECTED);
    if !look::exists(&rejected) {
        return Ok(0);
    }
    let names: Vec<_> = entries(&rejected)?
        .into_iter()
        .filter(|(name, metadata)| metadata.is_file() && !is_unfinished(name))
        .map(|(name, _)| name)
        .collect();
    let documents = |name: &OsStr| with_ending(name, ERROR_ENDING);
    let is_document = |name: &OsString| {
        names
            .iter()
            .any(|other| documents(other).as_os_str() == name)
    };
    Ok(names.iter().filter(|name| !is_document(name)).count())
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

/// An inbox that nobody else visits at the same time.
#[derive(Debug)]
pub struct Inbox {
    folder: PathBuf,
    /// Held until the visit ends.
    _lock: Lock,
}

/// A file that is being read, kept open so that no other can look like it.
#[derive(Debug)]
pub struct Watched {
    _open: File,
    identity: Identity,
}

/// A file that was taken out of the inbox and is not yet where it belongs.
#[derive(Debug)]
pub struct Claimed<'a> {
    inbox: &'a Inbox,
    name: OsString,
    path: PathBuf,
}

/// What tells a file from a later one of the same name, and from itself once it has grown.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    #[cfg(unix)]
    inode: (u64, u64),
    size_bytes: u64,
    /// Down to the nanosecond.
    modified: String,
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            #[cfg(unix)]
            inode: (metadata.dev(), metadata.ino()),
            size_bytes: metadata.len(),
            modified: format!("{:?}", metadata.modified().ok()),
        }
    }
}

impl Inbox {
    /// Visits an inbox, waiting at most `timeout` until another visitor has left. What a visitor that died had claimed
    /// is put back.
    ///
    /// # Errors
    /// There is no such folder, it can't be written, or another visitor stayed ([`FileErrorKind::Locked`]).
    pub fn visit(folder: &Path, timeout: Length) -> Result<Self, FileError> {
        if read::kind_of(folder)? == read::PathKind::Absent {
            return Err(FileErrorKind::Missing.of(folder));
        }
        let inbox = Self {
            folder: folder.to_owned(),
            _lock: Lock::take(&folder.join(LOCK), timeout)?,
        };
        let claimed = folder.join(CLAIMED);
        if look::exists(&claimed) {
            for (name, _) in entries(&claimed)? {
                settle(&claimed.join(&name), folder, &name)?;
            }
        }
        Ok(inbox)
    }

    /// Where a file of that name lies.
    #[must_use]
    pub fn path(&self, name: &OsStr) -> PathBuf {
        self.folder.join(name)
    }

    /// Opens a file; `None`: it is gone, or is no file any more.
    ///
    /// # Errors
    /// It can't be read.
    pub fn watch(&self, name: &OsStr) -> Result<Option<Watched>, FileError> {
        let path = self.path(name);
        let failed = |source| FileError::reading(&path, source);
        // A named pipe would be waited for.
        match path.symlink_metadata() {
            Ok(metadata) if odd(&metadata).is_none() => {}
            Ok(_) => return Ok(None),
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed(source)),
        }
        let open = match File::open(&path) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            open => open.map_err(failed)?,
        };
        let identity = Identity::of(&open.metadata().map_err(failed)?);
        Ok(Some(Watched {
            _open: open,
            identity,
        }))
    }

    /// Takes a file out of the inbox; `None`: under this name lies another one by now, a changed one or none, and it
    /// stays.
    ///
    /// # Errors
    /// It can't be moved.
    pub fn claim(&self, name: &OsStr, watched: &Watched) -> Result<Option<Claimed<'_>>, FileError> {
        let folder = self.folder.join(CLAIMED);
        write::create_directory_all(&folder)?;
        let (from, path) = (self.path(name), folder.join(name));
        match fs::rename(&from, &path) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            moved => moved.map_err(|source| FileError::writing(&from, source))?,
        }
        let claimed = Claimed {
            inbox: self,
            name: name.to_owned(),
            path,
        };
        let found = claimed
            .path
            .symlink_metadata()
            .map_err(|source| FileError::reading(&claimed.path, source))?;
        if Identity::of(&found) == watched.identity {
            return Ok(Some(claimed));
        }
        claimed.put_back()?;
        Ok(None)
    }
}

impl Claimed<'_> {
    /// Where it lies meanwhile.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it among those that came in, and says where.
    ///
    /// # Errors
    /// It can't be moved; it stays claimed.
    pub fn done(&self) -> Result<PathBuf, FileError> {
        let folder = self.inbox.folder.join(DONE);
        write::create_directory_all(&folder)?;
        self.settled_in(&folder)
    }

    /// Puts it among the refused, with a document beside it that says why, and says where. `mark` is a text of the
    /// document that no document about another file has: one that a crash left without its file is taken again.
    ///
    /// # Errors
    /// It can't be moved, or the document can't be written; it stays claimed.
    pub fn rejected(&self, document: &[u8], mark: &str) -> Result<PathBuf, FileError> {
        let folder = self.inbox.folder.join(REJECTED);
        write::create_directory_all(&folder)?;
        for number in 0_u64.. {
            let target = folder.join(numbered(&self.name, number));
            if look::exists(&target) && !is_same(&self.path, &target) {
                continue;
            }
            let beside = target.with_file_name(with_ending(
                target.file_name().unwrap_or_default(),
                ERROR_ENDING,
            ));
            if look::exists(&beside) {
                let found = read::bytes(&beside, DOCUMENT_BYTES).unwrap_or_default();
                if !String::from_utf8_lossy(&found).contains(mark) {
                    continue;
                }
                write::replace(&beside, document)?;
            } else {
                write::create_new(&beside, document)?;
            }
            match publish(&self.path, &target) {
                Ok(true) => return self.left(target),
                // Somebody else took the name meanwhile.
                Ok(false) => {
                    write::remove_if_there(&beside)?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(FileErrorKind::Exists.of(&folder))
    }

    /// Puts it back into the inbox; under another name where a newer file has its own by now.
    ///
    /// # Errors
    /// It can't be moved; the next visit tries again.
    pub fn put_back(&self) -> Result<(), FileError> {
        self.settled_in(&self.inbox.folder).map(|_| ())
    }

    fn settled_in(&self, folder: &Path) -> Result<PathBuf, FileError> {
        let target = settle(&self.path, folder, &self.name)?;
        self.left(target)
    }

    /// Makes it durable that the file is not in the inbox any more.
    fn left(&self, target: PathBuf) -> Result<PathBuf, FileError> {
        write::sync_directory(&write::parent(&self.path))?;
        write::sync_directory(&self.inbox.folder)?;
        Ok(target)
    }
}

/// Moves a file into a folder under its name or the next that is free.
fn settle(from: &Path, folder: &Path, name: &OsStr) -> Result<PathBuf, FileError> {
    for number in 0_u64.. {
        let target = folder.join(numbered(name, number));
        if look::exists(&target) && !is_same(from, &target) {
            continue;
        }
        if publish(from, &target)? {
            return Ok(target);
        }
    }
    Err(FileErrorKind::Exists.of(folder))
}

/// Gives a file another name; false: something has it. A crash may have left the file under both.
fn publish(from: &Path, to: &Path) -> Result<bool, FileError> {
    if is_same(from, to) {
        write::remove_if_there(from)?;
        write::sync_directory(&write::parent(to))?;
        return Ok(true);
    }
    match write::publish_new(from, to) {
        Ok(()) => Ok(true),
        Err(error) if matches!(*error.kind, FileErrorKind::Exists) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether two paths are one file.
fn is_same(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        match (one.symlink_metadata(), other.symlink_metadata()) {
            (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (one, other);
        false
    }
}

/// `x.csv`, `x.1.csv`, `x.2.csv`: the ending says what a file is and stays.
fn numbered(name: &OsStr, number: u64) -> OsString {
    if number == 0 {
        return name.to_owned();
    }
    let path = Path::new(name);
    let mut new = path.file_stem().unwrap_or(name).to_owned();
    new.push(format!(".{number}"));
    if let Some(extension) = path.extension() {
        new.push(".");
        new.push(extension);
    }
    new
}

fn with_ending(name: &OsStr, ending: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(ending);
    name
}

#[cfg(test)]
mod tests;
