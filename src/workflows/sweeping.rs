//! Takes in the files that services renamed into a model's inbox: stores each, then moves it; one that can't be used is
//! put aside and told of once.
//!
//! A file comes in before it is moved. Whatever ends the process between, the next sweep finds the file again: the
//! store knows its hash, so that no row is stored twice, and an open alert says that it was told of.

pub mod places;
mod refusing;
mod taking;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::announcing::Audience;
use super::ingesting::{IngestError, Ingested, Request, read_through};
use crate::domain::evidence::BatchId;
use crate::domain::operation::Author;
use crate::domain::time::{Length, Timestamp};
use crate::domain::verdict::AlertId;
use crate::files::columns::{ColumnChoices, FileKind};
use crate::files::inbox::{self, Inbox};
use crate::files::input::Source;
use crate::files::mapping::Mapping;
use crate::files::table::{Format, Table};
use crate::files::{FileError, FileErrorClass, FileErrorKind};
use crate::store::models::Model;
use crate::store::predictions::OnConflict;
use crate::store::{Store, StoreError};

use taking::Taking;

/// Whose inbox is swept, and how its files are read.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    pub model: &'a Model,
    pub folder: &'a Path,
    pub choices: &'a ColumnChoices,
    /// How long to wait for another sweep to end.
    pub lock_timeout: Length,
    /// Who hears of a file that was refused.
    pub audience: Audience<'a>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    Ingested,
    /// All that it says was there already.
    Seen,
    /// It can't be used, and was put aside.
    Rejected,
    /// It can't be used, and the next sweep will put it aside; only a look says so.
    Unusable,
    /// It stays for the next sweep.
    Waiting,
}

impl FileState {
    /// The word for it in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingested => "ingested",
            Self::Seen => "seen",
            Self::Rejected => "rejected",
            Self::Unusable => "unusable",
            Self::Waiting => "waiting",
        }
    }
}

/// A file of an inbox and what became of it.
#[derive(Clone, Debug)]
pub struct SweptFile {
    /// Where it lay.
    pub path: PathBuf,
    /// Where it lies now, if it was moved.
    pub moved_to: Option<PathBuf>,
    /// `None`: it could not be read far enough to tell.
    pub kind: Option<FileKind>,
    pub state: FileState,
    /// The batch that has its rows.
    pub batch: Option<BatchId>,
    pub rows_stored_count: u64,
    /// What was found in it, if it was new.
    pub ingested: Option<Box<Ingested>>,
    /// Why it was refused, or stays.
    pub why: Option<Why>,
    /// It stays in the inbox until somebody mends what keeps it there: it can't be read or moved.
    pub is_stuck: bool,
    /// The alert about it that this sweep opened.
    pub alert: Option<AlertId>,
}

/// Why a file was not stored, as people and programs are told it.
#[derive(Clone, Debug)]
pub struct Why {
    pub code: &'static str,
    pub message: String,
    /// The problem as an object of JSON.
    pub document: Value,
}

/// What a sweep found.
#[derive(Debug, Default)]
pub struct Swept {
    /// In the order in which they were taken.
    pub files: Vec<SweptFile>,
    /// What is no file of a service and stays where it is, and what it is.
    pub odd: Vec<(PathBuf, &'static str)>,
    /// Why the files after those were not looked at.
    pub halt: Option<Halt>,
}

/// What ends a sweep before all files were taken.
#[derive(Debug)]
pub enum Halt {
    /// The run was asked to stop.
    Stopped,
    Store(StoreError),
    /// What was moved can't be made durable.
    File(FileError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Words an error about a file of that kind.
pub type Explain<'a> = &'a dyn Fn(Option<FileKind>, IngestError) -> Why;

/// Takes in the files that lie in the inbox now, in the order of their names. `tick` hears how many rows of a file were
/// read and says whether to go on.
///
/// # Errors
/// There is no such folder, it can't be written, or another sweep goes on in it. What goes wrong with a single file, or
/// with the store, is part of the result.
pub fn sweep(
    store: &mut Store,
    author: &Author,
    visit: &Visit<'_>,
    explain: Explain<'_>,
    tick: &mut dyn FnMut(u64) -> bool,
) -> Result<Swept, FileError> {
    let inbox = Inbox::visit(visit.folder, visit.lock_timeout)?;
    let listing = inbox::look(visit.folder)?;
    let mut swept = Swept {
        odd: placed(visit.folder, listing.odd),
        ..Swept::default()
    };
    let mut taking = Taking::new(store, author, visit, &inbox, explain, tick);
    let halt = taking.take_all(&listing.waiting);
    let synced = inbox.sync();
    swept.files = taking.into_files();
    swept.halt = halt.or(synced.err().map(Halt::File));
    Ok(swept)
}

/// What a sweep would take and what it would refuse, by reading: nothing is moved, locked or stored. What contradicts
/// the store is not found.
///
/// # Errors
/// There is no such folder, or it can't be read.
pub fn preview(
    visit: &Visit<'_>,
    now: Timestamp,
    explain: Explain<'_>,
    tick: &mut dyn FnMut(u64) -> bool,
) -> Result<Swept, FileError> {
    let listing = inbox::look(visit.folder)?;
    let mut swept = Swept {
        odd: placed(visit.folder, listing.odd),
        ..Swept::default()
    };
    for name in listing.waiting {
        let path = visit.folder.join(&name);
        let kind = kind(visit, &name, &path);
        let of = kind.as_ref().ok().copied();
        let source = Source::File(path.clone());
        let read = kind.map_err(IngestError::from).and_then(|kind| {
            read_through(visit.model.task, &visit.request(&source, kind), now, tick)
        });
        let file = SweptFile {
            kind: of,
            ..waiting(path)
        };
        swept.files.push(match read {
            Ok(()) => file,
            Err(_) if !tick(0) => {
                swept.halt = Some(Halt::Stopped);
                break;
            }
            Err(error) => SweptFile {
                state: if is_refusal(&error) {
                    FileState::Unusable
                } else {
                    FileState::Waiting
                },
                why: Some(explain(of, error)),
                ..file
            },
        });
    }
    Ok(swept)
}

impl<'a> Visit<'a> {
    /// What is asked of a file: all of it, or nothing.
    fn request<'b>(&self, source: &'b Source, kind: FileKind) -> Request<'b>
    where
        'a: 'b,
    {
        Request {
            source,
            kind,
            format: Format::Auto,
            choices: self.choices,
            version: None,
            on_conflict: OnConflict::Error,
            reject_file: None,
            max_rejects: 0,
            dry_run: false,
        }
    }
}

fn placed(folder: &Path, odd: Vec<(OsString, &'static str)>) -> Vec<(PathBuf, &'static str)> {
    let odd = odd.into_iter();
    odd.map(|(name, what)| (folder.join(name), what)).collect()
}

fn waiting(path: PathBuf) -> SweptFile {
    SweptFile {
        path,
        moved_to: None,
        kind: None,
        state: FileState::Waiting,
        batch: None,
        rows_stored_count: 0,
        ingested: None,
        why: None,
        is_stuck: false,
        alert: None,
    }
}

/// What a file holds, by its name, else by its columns.
fn kind(visit: &Visit<'_>, name: &OsStr, path: &Path) -> Result<FileKind, FileError> {
    if let Some(kind) = FileKind::of_name(&name.to_string_lossy()) {
        return Ok(kind);
    }
    let table = Table::open(&Source::File(path.to_owned()), Format::Auto)?;
    Mapping::kind_of(&table, visit.choices)
}

/// Whether the file is to blame: whoever tries again meets the same.
fn is_refusal(error: &IngestError) -> bool {
    match error {
        IngestError::Rejected { .. } | IngestError::Conflicts { .. } => true,
        IngestError::File(error) => {
            let is_content = matches!(
                error.class(),
                FileErrorClass::Content | FileErrorClass::Columns
            );
            is_content && !matches!(*error.kind, FileErrorKind::Changed)
        }
        IngestError::NoHolder { .. } | IngestError::Stopped | IngestError::Store(_) => false,
    }
}

/// Whether the file can't be read or moved, now or later. One that somebody writes or took away is another matter.
fn is_lasting(error: &IngestError) -> bool {
    match error {
        IngestError::File(error) => {
            !matches!(*error.kind, FileErrorKind::Changed | FileErrorKind::Missing)
        }
        _ => false,
    }
}
