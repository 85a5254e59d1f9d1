//! Opens a store, creates one whole or not at all, and brings an older one to the present layout.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, backup};

use super::{Change, Result, Store, StoreError, Tx};
use crate::domain::operation::{Author, NewOperation, OperationKind};
use crate::domain::time::Length;
use crate::files::error::FileErrorKind;
use crate::files::lock::Lock;
use crate::files::read::{PathKind, kind_of};
use crate::files::write::{claim_beside, publish_new, remove_if_there};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// The layout that this build reads and writes.
pub const SCHEMA: u32 = 2;

/// `mgrd`, at byte 68 of the file.
const APPLICATION_ID: i32 = 0x6d67_7264;

/// What a command may do with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Looks only. The connection may still replay the journal of a crashed writer.
    Read,
    /// Records or changes. An older store is migrated first.
    Write,
}

/// Whether `create` made the store.
#[derive(Debug)]
pub enum Created<T> {
    New(T),
    /// There was one already; nothing was changed.
    Already,
}

impl Store {
    /// Opens the store at `path`. An operation of kind `upgrade` is logged where `Access::Write` had to migrate it.
    ///
    /// # Errors
    /// There is none, it is no modelguard store, of a newer or (for reading) older layout, damaged, forbidden, or
    /// busy for longer than `lock_timeout`.
    pub fn open(
        path: &Path,
        access: Access,
        lock_timeout: Length,
        author: &Author,
    ) -> Result<Self> {
        match kind_of(path) {
            // SQLite takes it for a database that nobody has written to yet.
            Ok(PathKind::File { size_bytes: 0 }) => {
                return Err(StoreError::Foreign {
                    path: path.to_path_buf(),
                    cause: "it is empty".to_owned(),
                });
            }
            Ok(PathKind::File { .. }) => {}
            Ok(PathKind::Absent) => return Err(StoreError::Missing(path.to_path_buf())),
            Ok(PathKind::Directory | PathKind::Other) => {
                return Err(StoreError::Foreign {
                    path: path.to_path_buf(),
                    cause: "it is no regular file".to_owned(),
                });
            }
            Err(error) => {
                return Err(StoreError::Forbidden {
                    path: path.to_path_buf(),
                    cause: error.to_string(),
                });
            }
        }
        let connection = connect(path, access, lock_timeout)?;
        let mut store = Self {
            connection,
            path: path.to_path_buf(),
            upgraded_from: None,
        };
        let found = store.schema()?;
        if found < SCHEMA {
            if access == Access::Read {
                return Err(StoreError::Older {
                    path: path.to_path_buf(),
                    found,
                    known: SCHEMA,
                });
            }
            store.upgrade(lock_timeout, author)?;
        }
        store.configure(access).map_err(|error| error.at(path))?;
        Ok(store)
    }

    /// Creates a store at `path`, whole or not at all: it is built beside it and appears by one link.
    ///
    /// # Errors
    /// The folder can't be written, or `fill` fails.
    pub fn create<T>(
        path: &Path,
        author: &Author,
        fill: impl FnOnce(&Tx<'_>) -> Result<Change<T>>,
    ) -> Result<Created<T>> {
        let io = |error: crate::files::error::FileError| StoreError::Io {
            path: path.to_path_buf(),
            cause: error.to_string(),
        };
        if kind_of(path).map_err(io)? != PathKind::Absent {
            return Ok(Created::Already);
        }
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        if let Some(folder) = folder
            && matches!(kind_of(folder), Ok(PathKind::Absent))
        {
            return Err(StoreError::NoFolder {
                path: path.to_path_buf(),
                folder: folder.to_path_buf(),
            });
        }
        let temporary = claim_beside(path).map_err(io)?;
        // A journal of that name would be taken for ours.
        remove_if_there(&beside(&temporary, "-journal")).map_err(io)?;
        let built = build(&temporary, author, fill);
        let published = built.and_then(|value| match publish_new(&temporary, path) {
            Ok(()) => Ok(Created::New(value)),
            Err(_) if matches!(kind_of(path), Ok(PathKind::File { .. })) => Ok(Created::Already),
            Err(error) => Err(io(error)),
        });
        for suffix in ["", "-journal"] {
            let mut leftover = temporary.clone().into_os_string();
            leftover.push(suffix);
            remove_if_there(&PathBuf::from(leftover)).map_err(io)?;
        }
        published
    }

    /// The layout of the file.
    fn schema(&self) -> Result<u32> {
        let path = self.path.clone();
        let pragma = |name: &str| {
            self.connection
                .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
                .map_err(|error| StoreError::Sql(error).at(&path))
        };
        if pragma("application_id")? != i64::from(APPLICATION_ID) {
            return Err(StoreError::Foreign {
                path,
                cause: "it is an SQLite file of another program".to_owned(),
            });
        }
        let found = u32::try_from(pragma("user_version")?).unwrap_or(u32::MAX);
        if found > SCHEMA {
            return Err(StoreError::Newer {
                path,
                found,
                known: SCHEMA,
            });
        }
        Ok(found)
    }

    /// Settings of a connection that do not lie in the file.
    fn configure(&self, access: Access) -> Result<()> {
        self.connection.set_prepared_statement_cache_capacity(64);
        self.connection.execute_batch(
            "PRAGMA foreign_keys = ON;
             PRAGMA synchronous = FULL;
             PRAGMA cache_size = -16384;
             PRAGMA mmap_size = 0;
             PRAGMA trusted_schema = OFF;",
        )?;
        match access {
            Access::Read => self.connection.execute_batch("PRAGMA query_only = ON;")?,
            Access::Write => {
                self.connection
                    .query_row("PRAGMA journal_mode = TRUNCATE", [], |_| Ok(()))?;
            }
        }
        Ok(())
    }

    /// Copies the file to `FILE.vN.bak`, then runs the missing migrations in one transaction.
    ///
    /// Under a file lock of its own, because two processes that both find an old store would both migrate it.
    fn upgrade(&mut self, lock_timeout: Length, author: &Author) -> Result<()> {
        let path = self.path.clone();
        let io = |error: crate::files::error::FileError| StoreError::Io {
            path: path.clone(),
            cause: error.to_string(),
        };
        let lock =
            Lock::take(&beside(&path, ".upgrade.lock"), lock_timeout).map_err(
                |error| match *error.kind {
                    FileErrorKind::Locked { .. } => StoreError::Busy { path: path.clone() },
                    _ => io(error),
                },
            )?;
        let found = self.schema()?;
        if found < SCHEMA {
            let backup = backup_path(&path, found);
            copy_whole(&self.connection, &backup).map_err(|error| error.at(&path))?;
            migrate(&mut self.connection, &path)?;
            self.connection
                .execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;")
                .map_err(|error| StoreError::Sql(error).at(&path))?;
            let operation = NewOperation {
                detail: serde_json::json!({
                    "from_schema_id": found, "to_schema_id": SCHEMA,
                })
                .to_string(),
                ..NewOperation::without_model(OperationKind::Upgrade)
            };
            self.change(author, |_| {
                Ok::<_, StoreError>(Change::recorded((), operation))
            })?;
            self.upgraded_from = Some(found);
        }
        // Only now, after success: whoever waits on the lock finds a store that needs nothing.
        lock.remove().map_err(io)?;
        Ok(())
    }
}

/// Where the store of an older layout is kept when it is brought up to date.
#[must_use]
pub fn backup_path(path: &Path, layout: u32) -> PathBuf {
    beside(path, &format!(".v{layout}.bak"))
}

/// The path with something behind its file name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the room's one way to a connection"
)]
fn connect(path: &Path, access: Access, lock_timeout: Length) -> Result<Connection> {
    let named = |error: rusqlite::Error| StoreError::Sql(error).at(path);
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let timeout = std::time::Duration::from_millis(lock_timeout.millis());
    let opened = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE);
    let connection = match opened {
        Ok(connection) => connection,
        Err(error)
            if access == Access::Read
                && error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen) =>
        {
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)
                .map_err(|error| forbidden(path, &error))?
        }
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen) => {
            return Err(forbidden(path, &error));
        }
        Err(error) => return Err(named(error)),
    };
    connection.busy_timeout(timeout).map_err(named)?;
    // SQLite quietly opens for reading what may not be written.
    if access == Access::Write && connection.is_readonly("main").map_err(named)? {
        return Err(StoreError::Forbidden {
            path: path.to_path_buf(),
            cause: "it may be read and not written".to_owned(),
        });
    }
    Ok(connection)
}

/// A file that exists and can't be opened is one that we may not open.
fn forbidden(path: &Path, error: &rusqlite::Error) -> StoreError {
    StoreError::Forbidden {
        path: path.to_path_buf(),
        cause: error.to_string(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a new store is made here and nowhere else"
)]
fn build<T>(
    temporary: &Path,
    author: &Author,
    fill: impl FnOnce(&Tx<'_>) -> Result<Change<T>>,
) -> Result<T> {
    let named = |error: rusqlite::Error| StoreError::Sql(error).at(temporary);
    let mut connection = Connection::open(temporary).map_err(named)?;
    connection
        .execute_batch("PRAGMA page_size = 16384; PRAGMA synchronous = FULL;")
        .map_err(named)?;
    migrate(&mut connection, temporary)?;
    let mut store = Store {
        connection,
        path: temporary.to_path_buf(),
        upgraded_from: None,
    };
    store.configure(Access::Write)?;
    let value = store.change(author, fill)?;
    store
        .connection
        .close()
        .map_err(|(_, error)| named(error))?;
    Ok(value)
}

/// What a store of this layout consists of, by a fresh one in memory: type, name and SQL of each thing.
#[expect(
    clippy::disallowed_methods,
    reason = "a fresh store to compare with is a connection of its own"
)]
pub(super) fn fresh_schema() -> Result<BTreeSet<(String, String, String)>> {
    let mut connection = Connection::open_in_memory()?;
    migrate(&mut connection, Path::new(":memory:"))?;
    schema_of(&connection)
}

/// What the file consists of: type, name and SQL of each thing.
pub(super) fn schema_of(connection: &Connection) -> Result<BTreeSet<(String, String, String)>> {
    let mut statement = connection.prepare(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'refinery%'
             AND name NOT LIKE 'sqlite_stat%'",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Runs the migrations that the file lacks, all of them in one transaction.
fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    embedded::migrations::runner()
        .set_grouped(true)
        .run(connection)
        .map(|_| ())
        .map_err(|error| StoreError::Io {
            path: path.to_path_buf(),
            cause: format!("the layout can't be brought up to date: {error}"),
        })
}

/// Copies a store through SQLite, page by page, under its own locks; the copy appears whole.
#[expect(
    clippy::disallowed_methods,
    reason = "a copy is a connection of its own"
)]
fn copy_whole(source: &Connection, target: &Path) -> Result<()> {
    let io = |error: crate::files::error::FileError| StoreError::Io {
        path: target.to_path_buf(),
        cause: error.to_string(),
    };
    let temporary = claim_beside(target).map_err(io)?;
    let copied = || -> Result<()> {
        let mut copy = Connection::open(&temporary)?;
        backup::Backup::new(source, &mut copy)?.run_to_completion(
            1_024,
            std::time::Duration::ZERO,
            None,
        )?;
        copy.close().map_err(|(_, error)| error)?;
        Ok(())
    };
    let published = copied().and_then(|()| {
        remove_if_there(target).map_err(io)?;
        publish_new(&temporary, target).map_err(io)
    });
    if published.is_err() {
        // What can't be removed either is only a file that nobody reads.
        let _ = remove_if_there(&temporary);
    }
    published
}

#[cfg(test)]
mod tests;
