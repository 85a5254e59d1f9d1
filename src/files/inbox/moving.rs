//! Moves files out of an inbox, one visitor at a time, never over another file, and never one that was not read.
//!
//! Three steps, so that what is moved is what was read, even if the service renames a newer file to the same name
//! meanwhile: a file is watched (kept open), claimed (renamed into a folder that nobody else looks at, where it is
//! compared with what was watched), and put where it belongs. What a crash left among the claimed goes back at the
//! next visit.
//!
//! A move is durable after [`Inbox::sync`], once for the moves of a whole visit. A power failure before it leaves files
//! in the inbox, where the next visit finds them.
#![expect(
    clippy::disallowed_methods,
    reason = "files is the room that touches the disk"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::{CLAIMED, DONE, entries, odd};
use crate::domain::time::Length;
use crate::files::error::{FileError, FileErrorKind};
use crate::files::hash::hash_bytes;
use crate::files::lock::Lock;
use crate::files::pipe::open_regular;
use crate::files::write::NAME_BYTES;
use crate::files::{look, read, write};

/// Endings that say how a file is packed, and not what is in it.
const PACKINGS: [&str; 2] = ["gz", "zst"];
/// A longer ending is none, but a part of the name.
const ENDING_BYTES: usize = 64;
/// One visitor at a time.
const LOCK: &str = ".modelguard.lock";

/// An inbox that nobody else visits at the same time.
#[derive(Debug)]
pub struct Inbox {
    folder: PathBuf,
    /// Folders that names were moved into or out of since they were last synced.
    touched: RefCell<BTreeSet<PathBuf>>,
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
    pub(super) inbox: &'a Inbox,
    pub(super) name: OsString,
    pub(super) path: PathBuf,
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
        let lock = folder.join(LOCK);
        // Whoever may write here would have a file made anywhere by a link, and a sweep wait for ever at a pipe.
        if let Ok(found) = lock.symlink_metadata()
            && let Some(what) = odd(&found)
        {
            return Err(FileErrorKind::Irreplaceable(what).of(&lock));
        }
        let inbox = Self {
            folder: folder.to_owned(),
            touched: RefCell::default(),
            _lock: Lock::take(&lock, timeout)?,
        };
        if look::exists(&folder.join(CLAIMED)) {
            let claimed = inbox.own_folder(CLAIMED)?;
            for (name, _) in entries(&claimed)? {
                let path = claimed.join(&name);
                settle(&path, folder, &name)?;
                inbox.touch(&path, folder);
            }
            inbox.sync()?;
        }
        Ok(inbox)
    }

    /// Makes all moves so far durable.
    ///
    /// # Errors
    /// The system refuses. What was moved lies where it was moved to, and may lie in the inbox after a power failure.
    pub fn sync(&self) -> Result<(), FileError> {
        let touched = self.touched.take();
        touched
            .iter()
            .try_for_each(|folder| write::sync_directory(folder))
    }

    /// Remembers that a file has left its folder for another one.
    pub(super) fn touch(&self, from: &Path, to: &Path) {
        let mut touched = self.touched.borrow_mut();
        touched.insert(write::parent(from));
        touched.insert(to.to_owned());
    }

    /// A folder of the inbox, made where it is missing. A link would lead files anywhere.
    pub(super) fn own_folder(&self, name: &str) -> Result<PathBuf, FileError> {
        let folder = self.folder.join(name);
        write::create_directory_all(&folder)?;
        match folder.symlink_metadata() {
            Ok(found) if found.is_dir() => Ok(folder),
            _ => Err(FileErrorKind::NotDirectory.of(&folder)),
        }
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
        let open = match open_regular(&path) {
            Err(error)
                if matches!(
                    *error.kind,
                    FileErrorKind::Missing | FileErrorKind::Special(_)
                ) =>
            {
                return Ok(None);
            }
            open => open?,
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
        let folder = self.own_folder(CLAIMED)?;
        let (from, path) = (self.path(name), folder.join(name));
        match fs::rename(&from, &path) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            moved => moved.map_err(|source| FileError::writing(&from, source))?,
        }
        self.touch(&from, &folder);
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
        let folder = self.inbox.own_folder(DONE)?;
        self.settled_in(&folder)
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
        self.inbox.touch(&self.path, folder);
        Ok(target)
    }
}

/// Moves a file into a folder under its name, or another where that is taken.
fn settle(from: &Path, folder: &Path, name: &OsStr) -> Result<PathBuf, FileError> {
    for number in 0_u64.. {
        let target = folder.join(name_for(from, name, number, NAME_BYTES)?);
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
pub(super) fn publish(from: &Path, to: &Path) -> Result<bool, FileError> {
    if is_same(from, to) {
        return write::remove_if_there(from).map(|_| true);
    }
    match write::rename_new(from, to) {
        Ok(()) => Ok(true),
        Err(error) if matches!(*error.kind, FileErrorKind::Exists) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether two paths are one file.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
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

/// `x.csv.gz`, `x.1f3a9c2e.csv.gz`, `x.1f3a9c2e.1.csv.gz`: its own name, then that with eight letters which are this
/// file's alone, so that a service that uses one name for ever has not a name tried for each file it ever sent. The
/// ending says what a file is and stays. What is before it is cut where the whole would have more than `room` bytes.
pub(super) fn name_for(
    file: &Path,
    name: &OsStr,
    number: u64,
    room: usize,
) -> Result<OsString, FileError> {
    if number == 0 && name.len() <= room {
        return Ok(name.to_owned());
    }
    let (mut stem, mut ending) = parted(name);
    if ending.len() > ENDING_BYTES {
        (stem, ending) = (name.to_owned(), OsString::new());
    }
    let mut behind = OsString::new();
    if number > 0 {
        behind.push(".");
        behind.push(mark(file, number)?);
    }
    if !ending.is_empty() {
        behind.push(".");
        behind.push(ending);
    }
    let mut new = cut(stem, room.saturating_sub(behind.len()));
    new.push(behind);
    Ok(new)
}

/// At most that many bytes of it. One that is no UTF-8 is given in letters then.
fn cut(stem: OsString, room: usize) -> OsString {
    if stem.len() <= room {
        return stem;
    }
    let text = stem.to_string_lossy();
    let begins = text.char_indices().map(|(at, _)| at);
    let end = begins.take_while(|at| *at <= room).last();
    text[..end.unwrap_or_default()].into()
}

/// Eight letters that are this file's alone, from the second try on with a number.
fn mark(file: &Path, number: u64) -> Result<String, FileError> {
    let found = file
        .symlink_metadata()
        .map_err(|source| FileError::reading(file, source))?;
    let mut mark = hash_bytes(format!("{:?}", Identity::of(&found)).as_bytes()).to_string();
    mark.truncate(8);
    if number > 1 {
        mark.push_str(&format!(".{}", number - 1));
    }
    Ok(mark)
}

/// A name before its ending, and the ending: both parts of one that says how a file is packed.
fn parted(name: &OsStr) -> (OsString, OsString) {
    let path = Path::new(name);
    let stem = path.file_stem().unwrap_or(name);
    let Some(ending) = path.extension() else {
        return (stem.to_owned(), OsString::new());
    };
    let is_packing = PACKINGS
        .iter()
        .any(|packing| ending.eq_ignore_ascii_case(packing));
    let inner = Path::new(stem);
    match (inner.file_stem(), inner.extension()) {
        (Some(stem), Some(first)) if is_packing => {
            let mut both = first.to_owned();
            both.push(".");
            both.push(ending);
            (stem.to_owned(), both)
        }
        _ => (stem.to_owned(), ending.to_owned()),
    }
}
