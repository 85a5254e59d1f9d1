//! What can go wrong with a store.

use std::path::{Path, PathBuf};

use super::open::beside;
use crate::domain::hash::Hash;
use crate::domain::holders::OperationId;
use crate::files::user::{self, Rights};

/// A store can't be opened, read or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no store at {}", .0.display())]
    Missing(PathBuf),
    #[error("{} is no modelguard store", .path.display())]
    Foreign { path: PathBuf, cause: String },
    #[error("the store {} is damaged", .path.display())]
    Damaged { path: PathBuf, cause: String },
    #[error("no permission for the store {}", .path.display())]
    Forbidden { path: PathBuf, cause: String },
    #[error("no permission for the journal of the store {}", .path.display())]
    Journal {
        path: PathBuf,
        journal: PathBuf,
        /// What the journal has.
        rights: Rights,
        /// What the store has.
        wanted: Rights,
    },
    #[error("there is no folder {} for the store {}", .folder.display(), .path.display())]
    NoFolder { path: PathBuf, folder: PathBuf },
    #[error("the store {} is busy", .path.display())]
    Busy { path: PathBuf },
    #[error("a crashed writer left {}-journal, and it can't be replayed on a read-only medium", .path.display())]
    HotJournal { path: PathBuf },
    #[error("the store {} was written by a newer modelguard", .path.display())]
    Newer {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    #[error("the store {} has an older layout", .path.display())]
    Older {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    #[error("the store {} can't be written", .path.display())]
    Io { path: PathBuf, cause: String },
    #[error("artifact {expected} does not match its hash")]
    ArtifactHash { expected: Hash, found: Hash },
    #[error("artifact {0} has lost pieces")]
    ArtifactTorn(Hash),
    #[error("the log is broken at {id}")]
    ChainBroken { id: OperationId, cause: String },
    #[error("the stored {what} {value:?} has no meaning")]
    Meaningless { what: &'static str, value: String },
    #[error("the unfinished {0} was removed by another process")]
    Vanished(&'static str),
    #[error("the output can't be written")]
    Output(#[source] std::io::Error),
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
}

impl StoreError {
    /// Says which of the known causes an SQLite error is; the path is the store's.
    #[must_use]
    pub fn at(self, path: &Path) -> Self {
        use rusqlite::ErrorCode as Code;
        let Self::Sql(error) = self else { return self };
        let path = path.to_path_buf();
        let cause = error.to_string();
        match error.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Busy { path },
            Some(Code::DatabaseCorrupt) => Self::Damaged { path, cause },
            Some(Code::NotADatabase) => Self::Foreign { path, cause },
            Some(
                Code::PermissionDenied | Code::ReadOnly | Code::AuthorizationForStatementDenied,
            ) => {
                if error.sqlite_error().is_some_and(|e| {
                    e.extended_code == rusqlite::ffi::SQLITE_READONLY_ROLLBACK
                        || e.extended_code == rusqlite::ffi::SQLITE_READONLY_RECOVERY
                }) {
                    Self::HotJournal { path }
                } else {
                    Self::Forbidden { path, cause }
                }
            }
            Some(Code::CannotOpen | Code::DiskFull | Code::SystemIoFailure) => {
                journal_of_another(&path).unwrap_or(Self::Io { path, cause })
            }
            _ => Self::Sql(error),
        }
    }

    /// A stored word that this build does not know.
    pub(super) fn meaningless(what: &'static str, value: impl Into<String>) -> Self {
        Self::Meaningless {
            what,
            value: value.into(),
        }
    }
}

/// A journal that another user left with rights of its own: SQLite only says that the disk failed.
fn journal_of_another(path: &Path) -> Option<StoreError> {
    let journal = beside(path, "-journal");
    if !user::is_forbidden(&journal) {
        return None;
    }
    let (rights, wanted) = (user::rights(&journal)?, user::rights(path)?);
    (rights != wanted).then(|| StoreError::Journal {
        path: path.to_path_buf(),
        journal,
        rights,
        wanted,
    })
}

/// The result of everything in this room.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

#[cfg(test)]
mod tests;
